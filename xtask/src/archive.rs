//! Debian's packages, fetched by apt and unpacked aside: what is installed on this machine stays as it is.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::packages::Manager;
use crate::process::{self, Failure, Result, command, doing, failed, output, shown};

const KEYS: &str = "/usr/share/keyrings/debian-archive-keyring.gpg";

/// Where packages come from.
pub(crate) struct Archive {
    /// apt's options, each behind a `-o`.
    options: Vec<String>,
}

impl Archive {
    /// What this system's own lists have; they are fetched where they never were. What is installed here counts as
    /// there.
    pub(crate) fn of_this_system() -> Result<Archive> {
        if let Some(manager) = Manager::of_this_system().filter(Manager::lists_are_empty) {
            process::run(&mut manager.refresh())?;
        }
        // To download only needs no lock and no root.
        Ok(Archive { options: ["Debug::NoLocking=1", "APT::Sandbox::User="].map(str::to_owned).into() })
    }

    /// A suite of Debian for one of its architectures. apt gets a root of its own in this directory, where nothing
    /// counts as installed; the lists are fetched unless they are there.
    pub(crate) fn of_suite(suite: &str, architecture: &str, root: &Path) -> Result<Archive> {
        let set = |name: &str, path: &str| format!("{name}={}", root.join(path).display());
        let options = vec![
            set("Dir::Etc::SourceList", "sources.list"),
            "Dir::Etc::SourceParts=/dev/null".into(),
            set("Dir::State", "state"),
            set("Dir::State::status", "state/status"),
            set("Dir::Cache", "cache"),
            format!("APT::Architecture={architecture}"),
            format!("APT::Architectures={architecture}"),
            "APT::Sandbox::User=root".into(),
            "Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false".into(),
            "Acquire::IndexTargets::deb::Translations::DefaultEnabled=false".into(),
        ];
        let archive = Archive { options };
        let lists = root.join("state/lists");
        for directory in [lists.join("partial"), root.join("cache/archives/partial")] {
            std::fs::create_dir_all(&directory).map_err(doing(format!("make {}", directory.display())))?;
        }
        let write = |name: &str, text: &str| {
            let file = root.join(name);
            std::fs::write(&file, text).map_err(doing(format!("write {}", file.display())))
        };
        write("sources.list", &format!("deb [signed-by={KEYS}] {} {suite} main\n", mirror()))?;
        write("state/status", "")?;
        let has_lists = entries(&lists)?
            .iter()
            .any(|path| path.file_name().is_some_and(|name| name.to_string_lossy().contains("_Packages")));
        if !has_lists {
            process::run(archive.apt("apt-get").args(["-qq", "update"]))?;
        }
        Ok(archive)
    }

    /// A program of apt's that looks at these lists.
    pub(crate) fn apt(&self, program: &str) -> Command {
        let mut command = command(program);
        for option in &self.options {
            command.args(["-o", option]);
        }
        command.stdin(Stdio::null());
        command
    }

    /// The versions of a package, as `apt-cache madison` lists them: `rustc-web | 1.85.0+dfsg3-1 | …`.
    pub(crate) fn versions(&self, package: &str) -> Vec<String> {
        let list = output(self.apt("apt-cache").args(["madison", package])).unwrap_or_default();
        second_column(&list)
    }

    /// Fetches these packages and all that they need, and unpacks them into a directory of this name.
    pub(crate) fn unpack_with_needs(&self, packages: &[&str], dir: &Path) -> Result {
        appearing(dir, |partial| {
            let debs = partial.join("debs");
            make(&debs.join("partial"))?;
            let mut apt = self.apt("apt-get");
            apt.args(["install", "--download-only", "-y", "-q", "--no-install-recommends"]);
            apt.arg("-o").arg(format!("Dir::Cache::archives={}", debs.display())).args(packages);
            println!("fetching {} with: {}", packages.join(" "), shown(&apt));
            process::run(&mut apt)?;
            extract(&debs, partial)?;
            std::fs::remove_dir_all(&debs).map_err(doing(format!("remove {}", debs.display())))
        })
    }

    /// Fetches these packages and nothing else, and unpacks them into a directory of this name.
    pub(crate) fn unpack_alone(&self, packages: &[&str], dir: &Path) -> Result {
        appearing(dir, |partial| self.unpack_into(packages, partial))
    }

    /// The same, into a directory that is there.
    pub(crate) fn unpack_into(&self, packages: &[&str], dir: &Path) -> Result {
        let mut apt = self.apt("apt-get");
        apt.args(["-qq", "download"]).args(packages).current_dir(dir);
        println!("fetching {} with: {}", packages.join(" "), shown(&apt));
        process::run(&mut apt)?;
        extract(dir, dir)
    }
}

/// Fails unless this system has apt.
pub(crate) fn check_apt() -> Result {
    match ["apt-get", "dpkg"].iter().find(|program| !process::is_installed(program)) {
        Some(program) => failed(format!("there is no {program} here: this needs Debian or a relative of it")),
        None => Ok(()),
    }
}

/// The directories of unpacked packages that hold libraries (`usr/lib/x86_64-linux-gnu`, `lib/…`).
pub(crate) fn library_dirs(dir: &Path) -> Vec<PathBuf> {
    let parents = ["usr/lib", "lib"].map(|parent| dir.join(parent));
    let found = parents.iter().filter_map(|parent| entries(parent).ok()).flatten();
    found
        .filter(|path| path.file_name().is_some_and(|name| name.to_string_lossy().contains("-linux-")))
        .collect()
}

/// The system's own mirror of Debian, whatever file and format that is written in.
fn mirror() -> String {
    let targets = [
        "indextargets",
        "--format",
        "$(REPO_URI)",
        "Created-By: Packages",
        "Component: main",
        "Origin: Debian",
    ];
    let found = output(command("apt-get").args(targets).arg("Label: Debian"));
    let found = found.as_deref().and_then(|found| found.lines().next());
    found.unwrap_or("http://deb.debian.org/debian/").to_owned()
}

/// Makes a directory that is there only when all of it is: it has another name until then.
fn appearing(dir: &Path, fill: impl FnOnce(&Path) -> Result) -> Result {
    let partial = dir.with_extension("partial");
    // Left behind by a fetch that broke off; it need not be there.
    let _ = std::fs::remove_dir_all(&partial);
    make(&partial)?;
    fill(&partial)?;
    std::fs::rename(&partial, dir).map_err(doing(format!("rename {}", partial.display())))
}

fn make(dir: &Path) -> Result {
    std::fs::create_dir_all(dir).map_err(doing(format!("make {}", dir.display())))
}

/// Unpacks all packages in a directory, and removes them.
fn extract(debs: &Path, into: &Path) -> Result {
    for package in entries(debs)? {
        if package.extension().is_some_and(|extension| extension == "deb") {
            process::run(command("dpkg").arg("--extract").args([&package, into]))?;
            std::fs::remove_file(&package).map_err(doing(format!("remove {}", package.display())))?;
        }
    }
    Ok(())
}

fn entries(dir: &Path) -> Result<Vec<PathBuf>> {
    let entries = std::fs::read_dir(dir).map_err(doing(format!("read {}", dir.display())))?;
    let paths: std::io::Result<Vec<_>> = entries.map(|entry| Ok(entry?.path())).collect();
    paths.map_err::<Failure, _>(doing(format!("read {}", dir.display())))
}

fn second_column(madison: &str) -> Vec<String> {
    let versions = madison.lines().filter_map(|line| line.split('|').nth(1));
    versions.map(|version| version.trim().to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_from_apts_list() {
        let list = " rustc-web | 1.96.0+dfsg1-1~deb12u2 | http://x bookworm-security/main amd64 Packages\n \
                    rustc-web | 1.85.0+dfsg3-1~deb12u3 | http://x bookworm/main amd64 Packages\n";
        assert_eq!(second_column(list), ["1.96.0+dfsg1-1~deb12u2", "1.85.0+dfsg3-1~deb12u3"]);
        assert!(second_column("").is_empty());
    }

    #[test]
    fn a_directory_appears_only_when_it_is_whole() {
        let dir = std::env::temp_dir().join(format!("portcullis-archive-{}", std::process::id()));
        assert!(appearing(&dir, |_| failed("the network is gone")).is_err());
        assert!(!dir.exists());
        assert!(appearing(&dir, |partial| make(&partial.join("usr"))).is_ok());
        assert!(dir.join("usr").is_dir());
        std::fs::remove_dir_all(&dir).expect("remove it");
    }
}
