//! `cargo xtask libraries`: the library with other versions of libnftnl and libmnl than this system's.
//!
//! They come from suites of Debian, unpacked under `target/libraries` and not installed. The C side is built and
//! tested against each. The other tests are built once, against this system's, and run with each: what a version
//! lacks, the loader finds at once (`LD_BIND_NOW`). And a program built without libnftnl must not ask for it.
//!
//! `cargo xtask libraries DIRECTORY …` tries versions that no suite has, as their own `make install` leaves them.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::archive::{self, Archive};
use crate::process::{self, Result, cargo, command, doing, failed, output, seconds, shown};
use crate::test::Counts;
use crate::{namespace, setup, skips};

/// The suites, oldest first. No suite has libnftnl 1.2.0, the oldest that is promised: it was tried from its own source
/// (README, "Install"). Debian 11 has 1.1.9, with no symbol less.
const SUITES: [&str; 4] = ["bullseye", "bookworm", "trixie", "sid"];
const PACKAGES: [&str; 4] = ["libnftnl11", "libnftnl-dev", "libmnl0", "libmnl-dev"];

/// What is built against each version, too: the C side with its tests.
const BUILT: [&str; 6] = ["test", "--locked", "-p", "portcullis-sys", "--all-features", "--lib"];
/// What is built once: features and members as in `cargo xtask test`, so that nothing is built anew after that.
const PROGRAMS: [&str; 8] =
    ["test", "--workspace", "--all-features", "--lib", "--test", "codec", "--test", "kernel"];
/// What runs with each: the codec, every word against nft and libnftnl, and tests of transactions and objects, with and
/// without a kernel. None of these starts an example, for which it would look beside the loader.
const RUN: [&str; 7] = ["golden::", "netlink::", "transaction", "objects::", "sets::", "oracle::", "nftnl"];
/// Left out where libnftnl is older than promised: what it prints is read by nobody.
const TEXTS: [&str; 4] = ["--skip", "oracle::", "--skip", "judge::"];
/// A program without libmnl and libnftnl.
const BARE: [&str; 7] =
    ["build", "--locked", "-p", "portcullis", "--no-default-features", "--example", "minimal"];

/// Tries these versions, or each suite's where none is named, prints what came of it, and looks at the program without
/// libnftnl.
pub(crate) fn run(arguments: Vec<OsString>) -> Result {
    let directories = directories(arguments)?;
    setup::libraries()?;
    namespace::check_privileged()?;
    let place = process::target_dir().join("libraries");
    std::fs::create_dir_all(&place).map_err(doing(format!("make {}", place.display())))?;
    let versions: Result<Vec<_>> = if directories.is_empty() {
        archive::check_apt()?;
        SUITES.iter().map(|suite| Version::of_suite(suite, &place)).collect()
    } else {
        directories.iter().map(|dir| Version::installed(dir)).collect()
    };
    let mut built = Vec::new();
    for version in versions? {
        println!("\n== {}: the C side, built for it", version.name);
        // Built before it is run: an ordinary user's namespace has no network to fetch a dependency by.
        process::run(version.build(cargo(), &place).arg("--no-run"))?;
        let trial = tried(&mut version.build(namespace::privileged(cargo().get_program()), &place), &place)?;
        built.push((version, trial));
    }
    let bare = without_libnftnl(&place)?;
    println!("\n== building the other tests");
    process::run(cargo().args(PROGRAMS).arg("--no-run"))?;
    let mut lines = Vec::new();
    let mut all_well = true;
    for (version, built) in built {
        println!("\n== {}: codec and kernel tests", version.name);
        let ran = tried(&mut version.ran()?, &place)?;
        all_well &= built.is_success() && ran.is_success();
        lines.push(format!("{:<44}{:>24}{:>36}", version.name, built.text(), ran.text()));
    }
    println!("\n{:<44}{:>24}{:>36}", "", "C side, built for it", "codec and kernel tests");
    lines.iter().for_each(|line| println!("{line}"));
    println!("\n{bare}");
    if all_well { Ok(()) } else { failed("tests failed with some of these libraries: they are named above") }
}

/// The command line: directories only.
fn directories(arguments: Vec<OsString>) -> Result<Vec<PathBuf>> {
    let mut parser = lexopt::Parser::from_args(arguments);
    let mut directories = Vec::new();
    while let Some(argument) = parser.next()? {
        match argument {
            lexopt::Arg::Value(directory) => directories.push(directory.into()),
            other => return Err(other.unexpected().into()),
        }
    }
    Ok(directories)
}

/// One pair of libraries.
struct Version {
    /// Such as `libnftnl 1.2.9, libmnl 1.0.5 (trixie)`.
    name: String,
    /// Not older than the library promises to link.
    promised: bool,
    libraries: PathBuf,
}

impl Version {
    /// A suite's.
    fn of_suite(suite: &'static str, place: &Path) -> Result<Version> {
        let Some(architecture) = output(command("dpkg").arg("--print-architecture")) else {
            return failed("`dpkg --print-architecture` failed: this needs Debian or a relative of it");
        };
        let dir = place.join(suite);
        if !dir.is_dir() {
            let lists = place.join(format!("apt-{suite}"));
            Archive::of_suite(suite, architecture.trim(), &lists)?.unpack_alone(&PACKAGES, &dir)?;
        }
        match Version::found(&archive::library_dirs(&dir), suite) {
            Some(version) => Ok(version),
            None => failed(format!("{} has no libnftnl: remove it and try again", dir.display())),
        }
    }

    /// What `make install` left in this directory.
    fn installed(dir: &Path) -> Result<Version> {
        let whole = dir.canonicalize().map_err(doing(format!("find {}", dir.display())))?;
        let mut places = vec![whole.join("lib"), whole.join("lib64"), whole.clone()];
        places.extend(archive::library_dirs(&whole));
        match Version::found(&places, &dir.display().to_string()) {
            Some(version) => Ok(version),
            None => failed(format!("there is no libnftnl.so in {}, nor in its lib", dir.display())),
        }
    }

    fn found(places: &[PathBuf], whence: &str) -> Option<Version> {
        let libraries = places.iter().find(|place| place.join("libnftnl.so").exists())?.clone();
        let of = |library: &str| {
            let file = libraries.join("pkgconfig").join(format!("{library}.pc"));
            let text = std::fs::read_to_string(file).ok();
            text.and_then(|text| described_version(&text).map(str::to_owned))
        };
        // Where there is none, this system's is taken.
        let libmnl = of("libmnl").or_else(|| output(command("pkg-config").args(["--modversion", "libmnl"])));
        let [libnftnl, libmnl] = [of("libnftnl"), libmnl].map(|version| version.unwrap_or("unknown".into()));
        let name = format!("libnftnl {libnftnl}, libmnl {} ({whence})", libmnl.trim());
        Some(Version { name, promised: setup::is_promised_libnftnl(&libnftnl), libraries })
    }

    /// The C side, linked with this version and run with it.
    fn build(&self, mut cargo: Command, place: &Path) -> Command {
        cargo.args(BUILT).env("CARGO_TARGET_DIR", place.join("build"));
        for (library, variable) in [("libmnl.so", "LIBMNL_LIB_DIR"), ("libnftnl.so", "LIBNFTNL_LIB_DIR")] {
            if self.libraries.join(library).exists() {
                cargo.env(variable, &self.libraries);
            }
        }
        cargo.env("LD_LIBRARY_PATH", &self.libraries).env("LD_BIND_NOW", "1");
        cargo
    }

    /// The other tests, run with this version. The loader is told by its own option, which programs that a test
    /// starts do not inherit: `nft` would not run with a libnftnl older than its own.
    fn ran(&self) -> Result<Command> {
        let (host, loader) = (host()?, loader()?);
        let mut cargo = namespace::privileged(cargo().get_program());
        cargo.args(PROGRAMS).args(["--no-fail-fast", "--offline", "--"]).args(RUN).env("LD_BIND_NOW", "1");
        if !self.promised {
            cargo.args(TEXTS);
        }
        let runner = format!("{} --library-path {}", loader.display(), self.libraries.display());
        cargo.env(format!("CARGO_TARGET_{}_RUNNER", host.to_uppercase().replace('-', "_")), runner);
        Ok(cargo)
    }
}

/// The version that a description for pkg-config has.
fn described_version(description: &str) -> Option<&str> {
    description.lines().find_map(|line| line.strip_prefix("Version:")).map(str::trim)
}

/// What came of one start of cargo.
struct Trial {
    counts: Counts,
    /// To the test harness, a skipped test is one that passed.
    skipped: usize,
    success: bool,
    took: Duration,
}

impl Trial {
    fn is_success(&self) -> bool {
        self.success && self.passed() > 0
    }

    fn passed(&self) -> usize {
        self.counts.passed.saturating_sub(self.skipped)
    }

    fn text(&self) -> String {
        let passed = match (self.passed(), self.skipped) {
            (passed, 0) => format!("{passed} passed"),
            (passed, skipped) => format!("{passed} passed, {skipped} skipped"),
        };
        if self.is_success() {
            format!("{passed}, {}", seconds(self.took))
        } else {
            format!("FAILED ({passed})")
        }
    }
}

/// Runs it; what it says is shown only where it fails.
fn tried(cargo: &mut Command, place: &Path) -> Result<Trial> {
    println!("$ {}", shown(cargo));
    let skips = place.join("skips.txt");
    std::fs::write(&skips, "").map_err(doing(format!("write {}", skips.display())))?;
    cargo.env(skips::VARIABLE, &skips);
    let start = Instant::now();
    let done = cargo.stdin(Stdio::null()).stderr(Stdio::inherit()).output();
    let done = done.map_err(doing(format!("start `{}`", shown(cargo))))?;
    let said = String::from_utf8_lossy(&done.stdout);
    let mut counts = Counts::default();
    said.lines().for_each(|line| counts.add(line));
    if !done.status.success() {
        println!("{said}");
    }
    let skipped = skips::read(&skips)?.len();
    Ok(Trial { counts, skipped, success: done.status.success(), took: start.elapsed() })
}

/// This machine's name in Rust.
fn host() -> Result<String> {
    let said = output(command("rustc").arg("-vV")).unwrap_or_default();
    match said.lines().find_map(|line| line.strip_prefix("host: ")) {
        Some(host) => Ok(host.to_owned()),
        None => failed("`rustc -vV` does not say which machine this is"),
    }
}

/// The program that loads others with their libraries.
fn loader() -> Result<PathBuf> {
    let said = output(command("ldd").arg("/bin/sh")).unwrap_or_default();
    let loader = said.split_whitespace().find(|word| word.starts_with('/') && word.contains("/ld-"));
    loader.map_or_else(|| failed("ldd does not say which program loads /bin/sh"), |path| Ok(path.into()))
}

/// A program built without default features needs neither libmnl nor libnftnl; gives what `ldd` says of it.
fn without_libnftnl(place: &Path) -> Result<String> {
    let build = place.join("build");
    process::run(cargo().args(BARE).env("CARGO_TARGET_DIR", &build))?;
    let program = build.join("debug/examples/minimal");
    let said = output(command("ldd").arg(&program)).unwrap_or_default();
    if said.contains("libnftnl") || said.contains("libmnl") || !said.contains("libc.so") {
        return failed(format!("`ldd {}` shows other libraries than it should:\n{said}", program.display()));
    }
    Ok(format!(
        "`ldd` of an example built with --no-default-features shows neither libnftnl nor libmnl:\n{said}"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_read_from_its_description() {
        assert_eq!(described_version("Name: libmnl\nVersion: 1.0.5\nLibs: -lmnl\n"), Some("1.0.5"));
        assert_eq!(described_version(""), None);
    }

    #[test]
    fn a_trial_without_a_test_is_no_success() {
        let trial = |passed, skipped| {
            let mut counts = Counts::default();
            counts.passed = passed;
            Trial { counts, skipped, success: true, took: Duration::ZERO }
        };
        assert_eq!(trial(0, 0).text(), "FAILED (0 passed)");
        assert_eq!(trial(2, 2).text(), "FAILED (0 passed, 2 skipped)");
        assert_eq!(trial(3, 1).text(), "2 passed, 1 skipped, 0.0 s");
    }

    #[test]
    fn directories_can_be_named_and_options_are_refused() {
        assert_eq!(directories(vec!["/opt/a".into()]).ok(), Some(vec![PathBuf::from("/opt/a")]));
        assert!(directories(vec!["--fast".into()]).is_err());
        assert!(Version::installed(Path::new("/proc/self")).is_err());
    }

    #[test]
    fn this_machine_has_a_name_and_a_loader() {
        assert!(host().is_ok_and(|host| host.contains('-')));
        assert!(loader().is_ok_and(|loader| loader.is_file()));
    }
}
