//! The contenders' programs: built where they are ours to build, found where they are the system's, with versions.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use super::contender::{CONTENDERS, Contender, Kind};
use crate::process::{self, Result, cargo, failed, output, shown};

/// What is there, and what is not, with the reason.
#[derive(Debug, Default)]
pub(crate) struct Programs {
    found: BTreeMap<String, std::result::Result<PathBuf, String>>,
    /// The version of each contender, by its name.
    pub(crate) versions: BTreeMap<String, String>,
}

impl Programs {
    /// Builds what `benches/peers/` has for these contenders, and looks for the system's programs.
    pub(crate) fn prepare(wanted: &[&'static Contender]) -> Self {
        let mut programs = Self::default();
        for contender in wanted {
            match contender.kind {
                Kind::Floor => {}
                Kind::Program => programs.build(contender.name),
                Kind::Nft | Kind::NftJson => programs.find("nft", contender.name),
                Kind::Iptables(variant) => {
                    programs.find(&format!("iptables-{variant}-restore"), contender.name);
                }
            }
        }
        programs
    }

    /// Where a program is, or why it is not.
    pub(crate) fn path(&self, name: &str) -> std::result::Result<PathBuf, String> {
        self.found.get(name).cloned().unwrap_or_else(|| Err(format!("{name} was not asked for")))
    }

    /// A reason for each contender that is not there.
    pub(crate) fn missing(&self) -> impl Iterator<Item = (&str, &str)> {
        self.found.iter().filter_map(|(name, found)| Some((name.as_str(), found.as_ref().err()?.as_str())))
    }

    fn find(&mut self, program: &str, contender: &str) {
        if !process::is_installed(program) {
            self.found.insert(program.into(), Err(format!("{program} is not installed")));
            return;
        }
        self.found.insert(program.into(), Ok(program.into()));
        let version = output(process::command(program).arg("--version")).unwrap_or_default();
        self.versions.insert(contender.into(), version.trim().to_owned());
    }

    fn build(&mut self, name: &str) {
        let dir = process::root().join("benches/peers").join(name);
        let built = if dir.join("Cargo.toml").is_file() {
            build_rust(&dir)
        } else if dir.join("go.mod").is_file() {
            build_go(&dir, name)
        } else {
            Err(format!("benches/peers/{name} is not there"))
        };
        if built.is_ok() {
            self.versions.insert(name.into(), version(&dir, name));
        }
        self.found.insert(name.into(), built);
    }

    #[cfg(test)]
    pub(crate) fn pretended() -> Self {
        let names = CONTENDERS.iter().map(|contender| contender.name);
        let system = ["nft", "iptables-nft-restore", "iptables-legacy-restore"];
        let found = names.chain(system).map(|name| (name.to_owned(), Ok(PathBuf::from(name)))).collect();
        Self { found, versions: BTreeMap::new() }
    }
}

/// Where contenders are built, apart from the library: they bring other versions of what it depends on.
fn build_dir() -> PathBuf {
    process::target_dir().join("bench/build")
}

/// Builds a crate, and gives the program that cargo says it made.
fn build_rust(dir: &Path) -> std::result::Result<PathBuf, String> {
    let mut command = cargo();
    command.args([
        "build",
        "--release",
        "--locked",
        "--message-format=json-render-diagnostics",
        "--manifest-path",
    ]);
    command.arg(dir.join("Cargo.toml")).arg("--target-dir").arg(build_dir());
    eprintln!("$ {}", shown(&command));
    let output = command.stderr(Stdio::inherit()).output().map_err(|error| format!("cargo: {error}"))?;
    if !output.status.success() {
        return Err(format!("{} does not build; the reason is above", dir.display()));
    }
    let text = String::from_utf8_lossy(&output.stdout);
    executable(&text).ok_or_else(|| format!("{} has no program", dir.display()))
}

/// The program in cargo's messages, of which the last is the crate itself.
fn executable(messages: &str) -> Option<PathBuf> {
    let programs = messages.lines().rev().filter_map(|line| {
        let message: serde_json::Value = serde_json::from_str(line).ok()?;
        message.get("executable")?.as_str().map(PathBuf::from)
    });
    programs.into_iter().next()
}

fn build_go(dir: &Path, name: &str) -> std::result::Result<PathBuf, String> {
    if !process::is_installed("go") {
        return Err("Go is not installed".into());
    }
    let program = build_dir().join(name);
    let mut command = process::command("go");
    command.args(["build", "-o"]).arg(&program).arg(".").current_dir(dir);
    eprintln!("$ {}", shown(&command));
    match process::run(&mut command) {
        Ok(()) => Ok(program),
        Err(_) => Err(format!("{} does not build; the reason is above", dir.display())),
    }
}

/// The version of the library that a contender stands for, as its lock file says; of ours, the commit.
fn version(dir: &Path, name: &str) -> String {
    if name == super::contender::OURS {
        let commit =
            output(process::command("git").args(["describe", "--always", "--dirty"])).unwrap_or_default();
        return format!("{} ({})", env!("CARGO_PKG_VERSION"), commit.trim());
    }
    let read = |file: &str| std::fs::read_to_string(dir.join(file)).unwrap_or_default();
    if dir.join("go.mod").is_file() {
        return go_version(&read("go.mod")).unwrap_or_default();
    }
    let locked = locked_versions(&read("Cargo.lock"), &[name, "mnl"]);
    let only = if name == "nftnl" { locked.as_slice() } else { locked.get(..1).unwrap_or_default() };
    only.join(", ")
}

/// `NAME VERSION` of each of these packages that a `Cargo.lock` has.
fn locked_versions(lock: &str, names: &[&str]) -> Vec<String> {
    let version = |name: &&str| {
        let head = format!("name = \"{name}\"\nversion = \"");
        let (_, rest) = lock.split_once(&head)?;
        Some(format!("{name} {}", rest.split('"').next()?))
    };
    names.iter().filter_map(version).collect()
}

/// The version of `github.com/google/nftables` that a `go.mod` requires.
fn go_version(module: &str) -> Option<String> {
    let line = module.lines().find(|line| line.contains("github.com/google/nftables "))?;
    let words: Vec<&str> =
        line.split_whitespace().skip_while(|word| !word.contains("google/nftables")).collect();
    words.get(..2).map(|words| words.join(" "))
}

/// An error that names what is missing, unless our own program is there.
pub(crate) fn require_ours(programs: &Programs) -> Result {
    match programs.path(super::contender::OURS) {
        Ok(_) => Ok(()),
        Err(why) => failed(format!("nothing can be measured without our own program: {why}")),
    }
}

/// Contenders that take part: those that were chosen, and ours, which the harness needs.
pub(crate) fn wanted(is_wanted: impl Fn(&str) -> bool) -> Vec<&'static Contender> {
    CONTENDERS.iter().filter(|one| one.name == super::contender::OURS || is_wanted(one.name)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_from_lock_files() {
        let lock = "[[package]]\nname = \"mnl\"\nversion = \"0.3.1\"\n\n[[package]]\nname = \"nftnl\"\nversion = \"0.9.4\"\n";
        assert_eq!(locked_versions(lock, &["nftnl", "mnl", "nlink"]), ["nftnl 0.9.4", "mnl 0.3.1"]);
        let module =
            "module x\nrequire (\n\tgithub.com/google/nftables v0.3.0\n\tgolang.org/x/sys v0.1.0\n)\n";
        assert_eq!(go_version(module).as_deref(), Some("github.com/google/nftables v0.3.0"));
        assert_eq!(
            go_version("require github.com/google/nftables v1.0.0 // x").as_deref(),
            Some("github.com/google/nftables v1.0.0")
        );
    }

    #[test]
    fn cargo_says_which_program_it_made() {
        let messages = "{\"reason\":\"compiler-artifact\",\"executable\":null}\n\
                        {\"reason\":\"compiler-artifact\",\"executable\":\"/t/release/x\"}\n{\"reason\":\"build-finished\"}";
        assert_eq!(executable(messages), Some(PathBuf::from("/t/release/x")));
        assert_eq!(executable(""), None);
    }

    #[test]
    fn what_is_not_there_has_a_reason() {
        let mut programs = Programs::default();
        programs.build("no-such-peer");
        programs.find("no-such-program", "nft");
        let missing: Vec<_> = programs.missing().map(|(_, why)| why).collect();
        assert_eq!(missing, ["benches/peers/no-such-peer is not there", "no-such-program is not installed"]);
        assert!(require_ours(&programs).is_err());
        assert_eq!(wanted(|name| name == "nft").len(), 2);
    }
}
