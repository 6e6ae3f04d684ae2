//! Debian's kernels: which package, from which suite, and how it is fetched.
//!
//! apt gets a root of its own below `target/kernels`, so that the system's lists and configuration stay as they are.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::process::{self, Result, check, doing, failed, output, shown};

/// The kernels that are tried unless the command line names some: the beginning of the version, and the suite.
pub(crate) const KERNELS: [(&str, &str); 5] = [
    ("5.10", "bullseye"),
    ("6.1", "bookworm"),
    ("6.12", "trixie"),
    ("6.18", "trixie-backports"),
    ("7.3", "trixie-backports"),
];

const KEYS: &str = "/usr/share/keyrings/debian-archive-keyring.gpg";

/// A suite of Debian, with an apt root of its own.
pub(crate) struct Suite {
    name: &'static str,
    root: PathBuf,
}

impl Suite {
    /// The suite that has kernels of this version; its lists are fetched unless they are there.
    pub(crate) fn of(version: &str, cache: &Path) -> Result<Suite> {
        let Some((_, name)) = KERNELS.into_iter().find(|(known, _)| *known == version) else {
            let known = KERNELS.map(|(known, _)| known).join(", ");
            return failed(format!("no suite of Debian is known for Linux {version}; known are {known}"));
        };
        let suite = Suite { name, root: cache.join(format!("apt-{name}")) };
        suite.set_up()?;
        Ok(suite)
    }

    fn set_up(&self) -> Result {
        let lists = self.root.join("state/lists");
        for directory in [lists.join("partial"), self.root.join("cache/archives/partial")] {
            std::fs::create_dir_all(&directory).map_err(doing(format!("make {}", directory.display())))?;
        }
        let write = |name: &str, text: &str| {
            let file = self.root.join(name);
            std::fs::write(&file, text).map_err(doing(format!("write {}", file.display())))
        };
        write("sources.list", &format!("deb [signed-by={KEYS}] {} {} main\n", mirror(), self.name))?;
        write("state/status", "")?;
        let mut packages =
            std::fs::read_dir(&lists).map_err(doing(format!("read {}", lists.display())))?.flatten();
        if packages.any(|entry| entry.file_name().to_string_lossy().contains("_Packages")) {
            return Ok(());
        }
        process::run(self.apt("apt-get").args(["-qq", "update"]))
    }

    /// The release of the newest "cloud" kernel of this version, such as `6.1.0-56-cloud-amd64`. These kernels are
    /// small, and have every module of the network.
    pub(crate) fn newest(&self, version: &str) -> Result<String> {
        let pattern = format!("^linux-image-{}([.+-].*)?-cloud-amd64$", version.replace('.', "\\."));
        let found =
            output(self.apt("apt-cache").args(["search", "--names-only", &pattern])).unwrap_or_default();
        let releases = found.lines().filter_map(|line| line.split(' ').next()?.strip_prefix("linux-image-"));
        // The meta-package `linux-image-6.12-cloud-amd64` names no release.
        let releases = releases.filter(|release| release.strip_suffix("-cloud-amd64") != Some(version));
        match releases.max_by_key(|release| numbers(release)) {
            Some(release) => Ok(release.to_owned()),
            None => failed(format!("Debian's {} has no cloud kernel {version}", self.name)),
        }
    }

    /// Fetches the packages of a kernel and unpacks them into a directory.
    pub(crate) fn unpack(&self, release: &str, into: &Path) -> Result {
        // Newer kernels come as three packages, older ones as one.
        let names = ["image", "binary", "modules"].map(|part| format!("linux-{part}-{release}"));
        let there = |name: &String| output(self.apt("apt-cache").args(["show", name])).is_some();
        let names: Vec<_> = names.iter().filter(|name| there(name)).collect();
        let mut download = self.apt("apt-get");
        download.args(["-qq", "download"]).args(names).current_dir(into);
        eprintln!("fetching Linux {release}: {}", shown(&download));
        let status = download.status().map_err(doing("start apt-get"))?;
        check(&download, status)?;
        for (_, package) in super::cpio::entries(into)? {
            if package.extension().is_some_and(|extension| extension == "deb") {
                process::run(process::command("dpkg-deb").arg("-x").args([&package, into]))?;
                std::fs::remove_file(&package).map_err(doing(format!("remove {}", package.display())))?;
            }
        }
        Ok(())
    }

    /// A program of apt's that looks at this root only.
    fn apt(&self, program: &str) -> Command {
        let set = |name: &str, path: &str| format!("{name}={}", self.root.join(path).display());
        let mut command = process::command(program);
        for option in [
            set("Dir::Etc::SourceList", "sources.list"),
            "Dir::Etc::SourceParts=/dev/null".into(),
            set("Dir::State", "state"),
            set("Dir::State::status", "state/status"),
            set("Dir::Cache", "cache"),
            "APT::Sandbox::User=root".into(),
            "Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false".into(),
            "Acquire::IndexTargets::deb::Translations::DefaultEnabled=false".into(),
        ] {
            command.args(["-o", &option]);
        }
        command
    }
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
    let found = output(process::command("apt-get").args(targets).arg("Label: Debian"));
    let found = found.as_deref().and_then(|found| found.lines().next());
    found.unwrap_or("http://deb.debian.org/debian/").to_owned()
}

/// The numbers in a release, to tell which is newer.
fn numbers(release: &str) -> Vec<u32> {
    release.split(|c: char| !c.is_ascii_digit()).filter_map(|digits| digits.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_release_is_told_by_its_numbers() {
        let releases = ["6.12.99+deb13-cloud-amd64", "6.12.117+deb13-cloud-amd64", "6.12.9-cloud-amd64"];
        assert_eq!(releases.into_iter().max_by_key(|release| numbers(release)), Some(releases[1]));
    }
}
