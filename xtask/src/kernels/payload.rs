//! What a guest gets beside its kernel: the tests, the programs that they start, and every library of theirs.
//!
//! Everything has the path in the guest that it has on this machine, so that programs find what they look for.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::cpio::{Archive, entries};
use crate::process::{self, Result, cargo, check, doing, failed, output, shown};

/// Optimised a little (Cargo.toml says how): it pays in emulation.
const PROFILE: &str = "--profile=emulated";
/// The tests' own directories below the root of the repository.
const DATA: [&str; 4] = ["tests/rulesets", "tests/kernel", "src/language", "examples"];
/// Programs that tests start or that the guest's own start needs. Tests skip themselves where the last ones miss.
const NEEDED: [&str; 4] = ["sh", "kmod", "unshare", "mount"];
const WANTED: [&str; 4] = ["nft", "setpriv", "conntrack", "ip"];
/// The names under which iptables' one program is started.
const IPTABLES: [&str; 4] = ["iptables", "ip6tables", "arptables", "ebtables"];

/// The test program and its data, as an archive.
pub(crate) struct Payload {
    /// The test program's path in the guest.
    pub(crate) tests: PathBuf,
    /// A program that prints what the kernel can do, one `feature: answer` a line; it goes into the matrix.
    pub(crate) probe: Option<PathBuf>,
    /// The names of all tests, without those that run only when asked for.
    pub(crate) names: Vec<String>,
    /// The archive.
    pub(crate) archive: Vec<u8>,
}

impl Payload {
    /// Builds the tests, or takes those that were built for the last run, and packs them.
    pub(crate) fn get(cache: &Path, build: bool) -> Result<Payload> {
        let note = cache.join("program");
        let tests = if build {
            let examples = ["build", "--workspace", "--all-features", "--examples", PROFILE];
            process::run(cargo().args(examples))?;
            let tests = test_program()?;
            std::fs::write(&note, tests.as_os_str().as_encoded_bytes())
                .map_err(doing(format!("write {}", note.display())))?;
            tests
        } else {
            let noted = std::fs::read_to_string(&note);
            PathBuf::from(noted.map_err(doing(format!("read {}", note.display())))?)
        };
        let mut archive = Archive::default();
        pack_programs(&tests, cache, &mut archive)?;
        for directory in DATA {
            let directory = process::root().join(directory);
            archive.copy_tree_as(&directory, &directory)?;
        }
        pack_system(&mut archive)?;
        let probe = Some(tests.with_file_name("../examples/probe")).filter(|probe| probe.is_file());
        let ignored = names(&tests, &["--list", "--ignored"]);
        let mut names = names(&tests, &["--list"]);
        names.retain(|name| !ignored.contains(name));
        Ok(Payload { tests, probe, names, archive: archive.finish() })
    }
}

/// Builds the kernel tests; where cargo put them is in what it says.
fn test_program() -> Result<PathBuf> {
    let mut build = cargo();
    build.args(["test", "--workspace", "--all-features", "--test", "kernel", PROFILE]);
    build.args(["--no-run", "--color=never"]);
    let output =
        build.stderr(Stdio::piped()).output().map_err(doing(format!("start `{}`", shown(&build))))?;
    let said = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() {
        eprintln!("{said}");
        check(&build, output.status)?;
    }
    let program = said.lines().rev().find_map(|line| {
        line.contains("Executable tests/kernel").then(|| line.split_once('(')?.1.strip_suffix(')'))?
    });
    match program {
        Some(program) => Ok(process::root().join(program)),
        None => failed(format!("cargo did not say where the kernel tests are: {said}")),
    }
}

/// The names that a test program lists.
fn names(tests: &Path, arguments: &[&str]) -> Vec<String> {
    let listed = output(Command::new(tests).args(arguments)).unwrap_or_default();
    listed.lines().filter_map(|line| line.strip_suffix(": test")).map(str::to_owned).collect()
}

/// Packs the tests and examples without what only a debugger reads: it is most of them, and the guest is slow.
fn pack_programs(tests: &Path, cache: &Path, archive: &mut Archive) -> Result {
    let mut programs = vec![tests.to_owned()];
    let profile = tests.ancestors().nth(2).unwrap_or(Path::new("/"));
    for (name, path) in entries(&profile.join("examples"))? {
        // Beside each is a copy whose name has a hash, and a list of sources.
        if path.is_file() && !name.to_string_lossy().contains(['-', '.']) {
            programs.push(path);
        }
    }
    let stripped = cache.join(format!("stripped-{}", std::process::id()));
    for program in programs {
        process::run(process::command("strip").arg("-o").args([&stripped, &program]))?;
        archive.copy_as(&stripped, &program)?;
        pack_libraries(&program, archive)?;
    }
    std::fs::remove_file(&stripped).map_err(doing(format!("remove {}", stripped.display())))
}

/// Packs the system's programs and settings.
fn pack_system(archive: &mut Archive) -> Result {
    for name in NEEDED {
        let Some(program) = found(name) else {
            return failed(format!("the program {name} is missing: install it and try again"));
        };
        pack(&program, &program, archive)?;
    }
    for name in WANTED {
        if let Some(program) = found(name) {
            pack(&program, &program, archive)?;
        }
    }
    if let Some(program) = found("xtables-nft-multi") {
        pack(&program, &program, archive)?;
        for name in IPTABLES
            .iter()
            .flat_map(|family| ["", "-restore", "-save"].map(|verb| format!("{family}-nft{verb}")))
        {
            archive.link(program.with_file_name(name), &program);
        }
        let extensions = output(process::command("pkg-config").args(["--variable=xtlibdir", "xtables"]));
        let extensions = extensions.as_deref().map_or("/usr/lib/x86_64-linux-gnu/xtables", str::trim_end);
        for (_, extension) in entries(Path::new(extensions))? {
            pack(&extension, &extension, archive)?;
        }
    }
    let Some(busybox) = found("busybox") else {
        return failed("the program busybox is missing: install busybox-static and try again");
    };
    pack(&busybox, Path::new("/bin/busybox"), archive)?;
    for name in [
        "nsswitch.conf",
        "host.conf",
        "passwd",
        "group",
        "protocols",
        "services",
        "ethertypes",
        "connlabel.conf",
    ] {
        let file = Path::new("/etc").join(name);
        if file.is_file() {
            archive.copy_as(&file, &file)?;
        }
    }
    // nft's words for marks, realms, routing tables.
    let words = Path::new("/etc/iproute2");
    if words.is_dir() {
        archive.copy_tree_as(words, words)?;
    }
    Ok(())
}

/// Packs a program or library with the libraries that it needs.
fn pack(from: &Path, to: &Path, archive: &mut Archive) -> Result {
    archive.copy_as(from, to)?;
    pack_libraries(from, archive)
}

fn pack_libraries(program: &Path, archive: &mut Archive) -> Result {
    // A static program has none, which ldd takes for a failure.
    let said = output(Command::new("ldd").arg(program)).unwrap_or_default();
    for library in said.split_whitespace().filter(|word| word.starts_with('/')).map(Path::new) {
        if !archive.contains(library) {
            archive.copy_as(library, library)?;
        }
    }
    Ok(())
}

/// Where a program is.
fn found(name: &str) -> Option<PathBuf> {
    let places = ["/usr/sbin", "/usr/bin", "/sbin", "/bin"].map(|place| Path::new(place).join(name));
    places.into_iter().find(|path| path.is_file())
}
