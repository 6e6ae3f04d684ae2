//! The contenders' programs: built where they are ours to build, found where they are the system's, with versions.

mod go;
mod rust;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::contender::{CONTENDERS, Contender, Kind};
use crate::process::{self, Result, failed, output};

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
            rust::build(&dir).map(|program| (program, rust::version(&dir, name)))
        } else if dir.join("go.mod").is_file() {
            go::build(&dir, name)
        } else {
            Err(format!("benches/peers/{name} is not there"))
        };
        let built = built.and_then(|(program, version)| {
            self.versions.insert(name.into(), version);
            install(&program, name)
        });
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

/// Copies a program, as whoever installs one does. A linker writes its output in no order, and the kernel keeps such a
/// file in single pages, which cost a program that has just started a fault each: 30 us for a load of 100 rules.
fn install(program: &Path, name: &str) -> std::result::Result<PathBuf, String> {
    let dir = process::target_dir().join("bench/installed");
    let to = dir.join(name);
    // What was there is another file: it may still be running.
    let copied = std::fs::create_dir_all(&dir)
        .and_then(|()| if to.exists() { std::fs::remove_file(&to) } else { Ok(()) })
        .and_then(|()| std::fs::copy(program, &to));
    copied.map(|_| to).map_err(|error| format!("{} cannot be copied: {error}", program.display()))
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
    fn what_is_not_there_has_a_reason() {
        let mut programs = Programs::default();
        programs.build("no-such-peer");
        programs.find("no-such-program", "nft");
        let missing: Vec<_> = programs.missing().map(|(_, why)| why).collect();
        assert_eq!(missing, ["benches/peers/no-such-peer is not there", "no-such-program is not installed"]);
        assert!(require_ours(&programs).is_err());
        assert!(
            install(Path::new("/nonexistent"), "no-such-peer")
                .is_err_and(|why| why.contains("cannot be copied"))
        );
        assert_eq!(wanted(|name| name == "nft").len(), 2);
    }
}
