//! No word is forgotten.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

/// Words that no sentence holds, and why.
const NOT_HELD: &[(&str, &str)] = &[
    ("use_connlimit", "nft 1.0.6 has no word for such an object, nor declares one"),
    ("use_tunnel", "nft 1.0.6 has no word for such an object, nor declares one"),
];

/// The files in which words are, and those that hold them.
const WORDS: [&str; 2] = ["src/language/matches", "src/language/targets"];
const HELD: &str = "tests/kernel/oracle";
/// Of these, the files that hold no sentence.
const HARNESS: [&str; 3] = ["mod.rs", "bytes.rs", "every_word.rs"];

#[test]
fn every_word_is_held() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    if !WORDS.iter().all(|folder| root.join(folder).is_dir()) {
        portcullis_world::skip!("the sources are not at {}: they were built elsewhere", root.display());
    }
    let words: BTreeMap<String, PathBuf> =
        WORDS.iter().flat_map(|folder| rust_files(&root.join(folder))).flat_map(words_of).collect();
    assert!(words.len() > 100, "only {} words found: has their form changed?", words.len());

    let tests = rust_files(&root.join(HELD))
        .into_iter()
        .filter(|path| !HARNESS.iter().any(|name| path.ends_with(name)));
    let tests: String = tests.map(|path| read(&path)).collect();
    let held = |word: &str| tests.contains(&format!(".{word}("));
    let excused: BTreeSet<_> = NOT_HELD.iter().map(|(word, _)| *word).collect();
    let mut problems = Vec::new();
    for (word, path) in &words {
        match (held(word), excused.contains(word.as_str())) {
            (false, false) => problems.push(format!("{word} ({}) is held by no sentence", path.display())),
            (true, true) => problems.push(format!("{word} is held: it needs no excuse")),
            _ => {}
        }
    }
    let unknown = excused.iter().filter(|word| !words.contains_key(**word));
    problems.extend(unknown.map(|word| format!("{word} has an excuse and does not exist")));
    assert!(problems.is_empty(), "\n{}", problems.join("\n"));
}

/// `pub fn name(self` and `pub fn name(mut self`, with where it is.
fn words_of(path: PathBuf) -> Vec<(String, PathBuf)> {
    let text = read(&path);
    let definitions = text.lines().filter_map(|line| line.trim().strip_prefix("pub fn "));
    let methods = definitions.filter_map(|definition| {
        let (name, arguments) = definition.split_once('(')?;
        let taken = arguments.strip_prefix("mut ").unwrap_or(arguments).strip_prefix("self")?;
        let name = name.split('<').next()?;
        taken.starts_with([',', ')']).then(|| name.to_owned())
    });
    methods.map(|name| (name, path.clone())).collect()
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let paths = entries.map(|entry| entry.expect("an entry").path());
    let files = paths.flat_map(|path| if path.is_dir() { rust_files(&path) } else { vec![path] });
    files.filter(|path| path.extension().is_some_and(|extension| extension == "rs")).collect()
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
