//! What the system must have before anything is built: found, and installed where it is missing.
//!
//! Where nothing is missing, nothing is said. Root gets it installed, with the command named; an ordinary user is
//! told the command, since this program never calls `sudo` by itself.

use crate::namespace;
use crate::packages::{Manager, Need};
use crate::process::{self, Failure, Result, failed, is_installed, output, shown};

/// The oldest libmnl that the library links: Debian 11's.
const LIBMNL: Version = Version(1, 0, 4);
/// The oldest libnftnl that the library links: what Ubuntu 22.04 and Debian 12 both satisfy.
const LIBNFTNL: Version = Version(1, 2, 0);

/// Sees to it that the library can be built.
pub(crate) fn libraries() -> Result {
    let missing = missing_to_build();
    if missing.is_empty() {
        return Ok(());
    }
    let Some(manager) = Manager::of_this_system() else {
        return failed(format!(
            "{} missing, and no package manager known to this program is here: install by hand and try again",
            listed(&missing)
        ));
    };
    if !namespace::is_root() {
        let packages = manager.packages(&missing);
        return failed(format!(
            "{} missing; install with this command and try again:\n  {}",
            listed(&missing),
            manager.with_sudo(&packages, manager.lists_are_empty())
        ));
    }
    install(&manager, &missing)?;
    let still_missing = missing_to_build();
    if still_missing.is_empty() {
        return Ok(());
    }
    failed(format!(
        "{} missing although the packages are installed: this system may be too old, so build it from \
         https://www.netfilter.org and point PKG_CONFIG_PATH at it{}",
        listed(&still_missing),
        found_instead()
    ))
}

/// Sees to it, as far as it can, that valgrind is there.
pub(crate) fn valgrind() {
    let missing = || if is_installed("valgrind") { Vec::new() } else { vec![Need::Valgrind] };
    as_far_as_it_goes(missing, "instructions are not counted");
}

/// Sees to it, as far as it can, that the programs are there which the tests compare the library with. Without them
/// those tests are skipped, so this is no failure.
pub(crate) fn reference_programs() {
    let programs = [("nft", Need::Nft), ("iptables-nft", Need::Iptables)];
    let missing = || -> Vec<Need> {
        programs.iter().filter(|(program, _)| !is_installed(program)).map(|(_, need)| *need).collect()
    };
    as_far_as_it_goes(missing, "the tests that compare with such a program are skipped");
}

/// Installs what is missing where that can be done, and tells the consequence where it cannot.
pub(crate) fn as_far_as_it_goes(missing: impl Fn() -> Vec<Need>, consequence: &str) {
    let needs = missing();
    if needs.is_empty() {
        return;
    }
    match Manager::of_this_system() {
        None => eprintln!("{} missing: {consequence}.", listed(&needs)),
        Some(manager) if namespace::is_root() => {
            if let Err(Failure::Failed(why) | Failure::Usage(why)) = install(&manager, &needs) {
                eprintln!("{why}\n{} missing: {consequence}.", listed(&missing()));
            }
        }
        Some(manager) => {
            let command = manager.with_sudo(&manager.packages(&needs), manager.lists_are_empty());
            eprintln!("{} missing: {consequence}. To have it otherwise: {command}", listed(&needs));
        }
    }
}

/// Installs what is missing, and says what it runs.
fn install(manager: &Manager, missing: &[Need]) -> Result {
    let packages = manager.packages(missing);
    let refreshed = manager.lists_are_empty();
    if refreshed {
        announced("fetching the lists of packages with", &mut manager.refresh())?;
    }
    let what = format!("installing {} with", packages.join(", "));
    let first = announced(&what, &mut manager.install(&packages));
    if first.is_ok() || refreshed {
        return first;
    }
    announced("that failed; refreshing the lists of packages with", &mut manager.refresh())?;
    announced(&what, &mut manager.install(&packages))
}

fn announced(what: &str, command: &mut std::process::Command) -> Result {
    eprintln!("{what}: {}", shown(command));
    process::run(command)
}

/// What is missing of the things without which the library does not build.
fn missing_to_build() -> Vec<Need> {
    let mut missing = Vec::new();
    if !["cc", "gcc", "clang"].iter().any(|program| is_installed(program)) {
        missing.push(Need::Linker);
    }
    let mut library = |name, variable, oldest, need| {
        // The build scripts of the -sys crates take this variable in place of pkg-config's word.
        let told_where = std::env::var_os(variable).is_some();
        if !told_where && installed_version(name).is_none_or(|version| version < oldest) {
            missing.push(need);
        }
    };
    library("libmnl", "LIBMNL_LIB_DIR", LIBMNL, Need::Libmnl);
    library("libnftnl", "LIBNFTNL_LIB_DIR", LIBNFTNL, Need::Libnftnl);
    // Without pkg-config, libraries that are installed look missing too; naming them again does no harm.
    let libraries = missing.iter().any(|need| matches!(need, Need::Libmnl | Need::Libnftnl));
    if libraries && output(pkg_config().arg("--version")).is_none() {
        missing.push(Need::PkgConfig);
    }
    missing
}

fn pkg_config() -> std::process::Command {
    process::command(std::env::var_os("PKG_CONFIG").unwrap_or_else(|| "pkg-config".into()))
}

/// Whether the library links a libnftnl of this version. An unknown one counts as new.
pub(crate) fn is_promised_libnftnl(version: &str) -> bool {
    Version::parse(version).is_none_or(|version| version >= LIBNFTNL)
}

fn installed_version(library: &str) -> Option<Version> {
    Version::parse(&output(pkg_config().args(["--modversion", library]))?)
}

/// The versions that pkg-config knows, for the sentence about a system that is too old.
fn found_instead() -> String {
    let found = ["libmnl", "libnftnl"].iter().filter_map(|name| Some((name, installed_version(name)?)));
    let found: Vec<String> = found.map(|(name, Version(a, b, c))| format!("{name} {a}.{b}.{c}")).collect();
    if found.is_empty() { String::new() } else { format!(" (found: {})", found.join(", ")) }
}

/// `nft is`, `libmnl and libnftnl are`: the beginning of a sentence that ends in "missing".
fn listed(needs: &[Need]) -> String {
    let names: Vec<&str> = needs.iter().map(|need| need.name()).collect();
    match names.as_slice() {
        [] => "nothing is".into(),
        [one] => format!("{one} is"),
        [most @ .., last] => format!("{} and {last} are", most.join(", ")),
    }
}

/// A library's version: major, minor, patch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Version(u32, u32, u32);

impl Version {
    /// Reads `1.2.4` and its relatives: `1.2`, `1.2.4-rc1`, `1.2.4.1`.
    fn parse(text: &str) -> Option<Version> {
        let mut parts = text.trim().split('.').map(|part| {
            let digits = part.find(|c: char| !c.is_ascii_digit()).unwrap_or(part.len());
            part[..digits].parse().ok()
        });
        let major = parts.next()??;
        let mut next = || parts.next().flatten().unwrap_or(0);
        Some(Version(major, next(), next()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_and_ordered() {
        assert_eq!(Version::parse("1.2.4\n"), Some(Version(1, 2, 4)));
        assert_eq!(Version::parse("1.2"), Some(Version(1, 2, 0)));
        assert_eq!(Version::parse("1.2.4-rc1"), Some(Version(1, 2, 4)));
        assert_eq!(Version::parse("1.2.4.1"), Some(Version(1, 2, 4)));
        assert_eq!(Version::parse(""), None);
        assert_eq!(Version::parse("unknown"), None);
        assert!(Version(1, 1, 9) < LIBNFTNL && Version(1, 2, 10) > LIBNFTNL && Version(1, 0, 4) >= LIBMNL);
        assert!(is_promised_libnftnl("1.2.0\n") && !is_promised_libnftnl("1.1.9"));
    }

    #[test]
    fn what_is_missing_reads_as_a_sentence() {
        assert_eq!(listed(&[Need::Nft]), "nft is");
        let all = [Need::Libmnl, Need::PkgConfig, Need::Nft];
        assert_eq!(listed(&all), "libmnl 1.0.4 or later, pkg-config and nft are");
    }
}
