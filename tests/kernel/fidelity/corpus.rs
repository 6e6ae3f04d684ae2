//! The rulesets of `tests/rulesets`, and the programs that load them.

use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use portcullis_world::{Host, link};

/// A file of the corpus.
pub(super) struct Ruleset {
    /// The file's name.
    pub(super) name: String,
    path: PathBuf,
}

/// Every ruleset, or with `PORTCULLIS_RULESET` those whose names have that in them.
pub(super) fn rulesets() -> Vec<Ruleset> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/rulesets");
    let wanted = std::env::var("PORTCULLIS_RULESET").unwrap_or_default();
    let entries = std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut rulesets: Vec<Ruleset> = entries
        .map(|entry| entry.expect("an entry of the folder").path())
        .filter(|path| loader(path).is_some())
        .map(|path| Ruleset { name: path.file_name().unwrap().to_string_lossy().into_owned(), path })
        .filter(|ruleset| ruleset.name.contains(&wanted))
        .collect();
    rulesets.sort_by(|a, b| a.name.cmp(&b.name));
    rulesets
}

/// The program for a file, by how its name ends.
fn loader(path: &Path) -> Option<Vec<&'static str>> {
    Some(match path.extension()?.to_str()? {
        "nft" => vec!["nft", "-f", "-"],
        "iptables" => vec!["iptables-nft-restore", "-c"],
        "ip6tables" => vec!["ip6tables-nft-restore", "-c"],
        "arptables" => vec!["arptables-nft-restore"],
        "ebtables" => vec!["ebtables-nft-restore"],
        _ => return None,
    })
}

impl Ruleset {
    /// Loads it in a host; the program's complaint where it cannot.
    pub(super) fn load(&self, host: &Host) -> Result<(), String> {
        let program = loader(&self.path).unwrap_or_default();
        let file = std::fs::File::open(&self.path).map_err(|error| error.to_string())?;
        run(host, &program, file.into()).map(drop)
    }
}

/// A host with the devices that the rulesets name. They are down: nobody sends, so counters stand still.
pub(super) fn host(name: &str) -> Host {
    let host = Host::new(name);
    link(&host, "eth0", &host, "eth1");
    host.down("eth0");
    host.down("eth1");
    host
}

/// What a program prints in a host, or its complaint.
pub(super) fn run(host: &Host, program: &[&str], input: Stdio) -> Result<Vec<u8>, String> {
    let (name, arguments) = program.split_first().ok_or("no program")?;
    let mut command = Command::new(name);
    command.args(arguments).stdin(input);
    let output = host.run(|| command.output()).map_err(|error| format!("{name}: {error}"))?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(said.lines().take(3).collect::<Vec<_>>().join(" / "))
}

/// As [`run`], with a text to read.
pub(super) fn feed(host: &Host, program: &[&str], text: &[u8]) -> Result<Vec<u8>, String> {
    use std::io::{Seek, Write};
    let mut file = tempfile()?;
    file.write_all(text).and_then(|()| file.rewind()).map_err(|error| error.to_string())?;
    run(host, program, file.into())
}

/// A file without a name.
fn tempfile() -> Result<std::fs::File, String> {
    let path = std::env::temp_dir().join(format!("portcullis-{:?}", std::thread::current().id()));
    let open = std::fs::File::options().create(true).truncate(true).read(true).write(true).open(&path);
    let file = open.map_err(|error| format!("{}: {error}", path.display()))?;
    std::fs::remove_file(&path).map_err(|error| error.to_string())?;
    Ok(file)
}
