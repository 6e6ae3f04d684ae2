//! `cargo xtask libraries`: the library with other versions of libnftnl and libmnl than this system's.
//!
//! They come from suites of Debian, unpacked under `target/libraries` and not installed. The C side is built and
//! tested against each. The other tests are built once, against this system's, and run with each: what a version
//! lacks, the loader finds at once (`LD_BIND_NOW`). And a program built without libnftnl must not ask for it.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::archive::{self, Archive};
use crate::process::{self, Result, cargo, command, doing, failed, output, seconds, shown};
use crate::test::Counts;
use crate::{namespace, setup};

/// The suites, oldest first. Debian 11 has libnftnl 1.1.9. No suite has 1.2.0, the oldest that is promised; it has
/// the symbols of 1.1.9, no more (the list of symbols in Debian's package libnftnl11 says since when each is there).
const SUITES: [&str; 4] = ["bullseye", "bookworm", "trixie", "sid"];
const PACKAGES: [&str; 4] = ["libnftnl11", "libnftnl-dev", "libmnl0", "libmnl-dev"];

/// What is built against each version, too: the C side with its tests.
const BUILT: [&str; 6] = ["test", "--locked", "-p", "portcullis-sys", "--all-features", "--lib"];
/// What is built once: features and members as in `cargo xtask test`, so that nothing is built anew after that.
const PROGRAMS: [&str; 8] =
    ["test", "--workspace", "--all-features", "--lib", "--test", "codec", "--test", "kernel"];
/// What runs with each: the codec, and tests of transactions and objects, with and without a kernel. libnftnl's texts
/// change from version to version (1.3 prints values otherwise): they are compared with this system's only. None of
/// these starts an example, for which it would look beside the loader.
const RUN: [&str; 6] = ["golden::", "netlink::", "transaction", "objects::", "sets::", "nftnl"];
/// A program without libnftnl.
const BARE: [&str; 7] =
    ["build", "--locked", "-p", "portcullis", "--no-default-features", "--example", "minimal"];

/// Tries each version, prints what came of it, and looks at the program without libnftnl.
pub(crate) fn run() -> Result {
    archive::check_apt()?;
    setup::libraries()?;
    namespace::check_privileged()?;
    let place = process::target_dir().join("libraries");
    std::fs::create_dir_all(&place).map_err(doing(format!("make {}", place.display())))?;
    let versions: Result<Vec<_>> = SUITES.iter().map(|suite| Version::get(suite, &place)).collect();
    let mut built = Vec::new();
    for version in versions? {
        println!("\n== {}: the C side, built for it", version.name());
        let trial = tried(&mut version.built(&place))?;
        built.push((version, trial));
    }
    without_libnftnl(&place)?;
    println!("\n== building the other tests");
    process::run(cargo().args(PROGRAMS).arg("--no-run"))?;
    let mut lines = Vec::new();
    let mut all_well = true;
    for (version, built) in built {
        println!("\n== {}: codec and kernel tests", version.name());
        let ran = tried(&mut version.ran()?)?;
        all_well &= built.is_success() && ran.is_success();
        lines.push(format!("{:<44}{:>24}{:>32}", version.name(), built.text(), ran.text()));
    }
    println!("\n{:<44}{:>24}{:>32}", "", "C side, built for it", "codec and kernel tests");
    lines.iter().for_each(|line| println!("{line}"));
    if all_well { Ok(()) } else { failed("tests failed with some of these libraries: they are named above") }
}

/// One suite's libraries.
struct Version {
    suite: &'static str,
    libraries: PathBuf,
}

impl Version {
    fn get(suite: &'static str, place: &Path) -> Result<Version> {
        let Some(architecture) = output(command("dpkg").arg("--print-architecture")) else {
            return failed("`dpkg --print-architecture` failed: this needs Debian or a relative of it");
        };
        let dir = place.join(suite);
        if !dir.is_dir() {
            let lists = place.join(format!("apt-{suite}"));
            Archive::of_suite(suite, architecture.trim(), &lists)?.unpack_alone(&PACKAGES, &dir)?;
        }
        match archive::library_dirs(&dir).into_iter().find(|dir| dir.join("libnftnl.so").exists()) {
            Some(libraries) => Ok(Version { suite, libraries }),
            None => failed(format!("{} has no libnftnl: remove it and try again", dir.display())),
        }
    }

    /// Such as `libnftnl 1.2.9, libmnl 1.0.5 (trixie)`.
    fn name(&self) -> String {
        let of = |library: &str| {
            let file = self.libraries.join("pkgconfig").join(format!("{library}.pc"));
            let text = std::fs::read_to_string(file).unwrap_or_default();
            described_version(&text).unwrap_or("unknown").to_owned()
        };
        format!("libnftnl {}, libmnl {} ({})", of("libnftnl"), of("libmnl"), self.suite)
    }

    /// The C side, linked with this version and run with it.
    fn built(&self, place: &Path) -> Command {
        let mut cargo = namespace::privileged(cargo().get_program());
        cargo.args(BUILT).env("CARGO_TARGET_DIR", place.join("build"));
        cargo.env("LIBMNL_LIB_DIR", &self.libraries).env("LIBNFTNL_LIB_DIR", &self.libraries);
        cargo.env("LD_LIBRARY_PATH", &self.libraries).env("LD_BIND_NOW", "1");
        cargo
    }

    /// The other tests, run with this version. The loader is told by its own option, which programs that a test
    /// starts do not inherit: `nft` would not run with a libnftnl older than its own.
    fn ran(&self) -> Result<Command> {
        let (host, loader) = (host()?, loader()?);
        let mut cargo = namespace::privileged(cargo().get_program());
        cargo.args(PROGRAMS).args(["--no-fail-fast", "--offline", "--"]).args(RUN).env("LD_BIND_NOW", "1");
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
    success: bool,
    took: Duration,
}

impl Trial {
    fn is_success(&self) -> bool {
        self.success && self.counts.passed > 0
    }

    fn text(&self) -> String {
        let passed = self.counts.passed;
        match self.is_success() {
            true => format!("{passed} passed, {}", seconds(self.took)),
            false => format!("FAILED ({passed} passed)"),
        }
    }
}

/// Runs it; what it says is shown only where it fails.
fn tried(cargo: &mut Command) -> Result<Trial> {
    println!("$ {}", shown(cargo));
    let start = Instant::now();
    let done = cargo.stdin(Stdio::null()).stderr(Stdio::inherit()).output();
    let done = done.map_err(doing(format!("start `{}`", shown(cargo))))?;
    let said = String::from_utf8_lossy(&done.stdout);
    let mut counts = Counts::default();
    said.lines().for_each(|line| counts.add(line));
    if !done.status.success() {
        println!("{said}");
    }
    Ok(Trial { counts, success: done.status.success(), took: start.elapsed() })
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

/// A program built without default features needs libmnl and no libnftnl.
fn without_libnftnl(place: &Path) -> Result {
    let build = place.join("build");
    process::run(cargo().args(BARE).env("CARGO_TARGET_DIR", &build))?;
    let program = build.join("debug/examples/minimal");
    let said = output(command("ldd").arg(&program)).unwrap_or_default();
    if said.contains("libnftnl") || !said.contains("libmnl") {
        return failed(format!("`ldd {}` shows other libraries than it should:\n{said}", program.display()));
    }
    println!("\n`ldd` of an example built with --no-default-features shows no libnftnl:\n{said}");
    Ok(())
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
        let trial = |passed| {
            let mut counts = Counts::default();
            counts.passed = passed;
            Trial { counts, success: true, took: Duration::ZERO }
        };
        assert_eq!(trial(0).text(), "FAILED (0 passed)");
        assert!(trial(3).is_success());
    }

    #[test]
    fn this_machine_has_a_name_and_a_loader() {
        assert!(host().is_ok_and(|host| host.contains('-')));
        assert!(loader().is_ok_and(|loader| loader.is_file()));
    }
}
