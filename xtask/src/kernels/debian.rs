//! Debian's kernels: which package, from which suite, and how it is fetched.
//!
//! apt gets a root of its own below `target/kernels`, so that the system's lists and configuration stay as they are.

use std::path::Path;

use crate::archive::Archive;
use crate::process::{Result, failed, output};

/// The kernels that are tried unless the command line names some: the beginning of the version, and the suite.
pub(crate) const KERNELS: [(&str, &str); 5] = [
    ("5.10", "bullseye"),
    ("6.1", "bookworm"),
    ("6.12", "trixie"),
    ("6.18", "trixie-backports"),
    ("7.3", "trixie-backports"),
];

/// The kernels run in qemu-system-x86_64.
const ARCHITECTURE: &str = "amd64";

/// A suite of Debian, with an apt root of its own.
pub(crate) struct Suite {
    name: &'static str,
    archive: Archive,
}

impl Suite {
    /// The suite that has kernels of this version; its lists are fetched unless they are there.
    pub(crate) fn of(version: &str, cache: &Path) -> Result<Suite> {
        let Some((_, name)) = KERNELS.into_iter().find(|(known, _)| *known == version) else {
            let known = KERNELS.map(|(known, _)| known).join(", ");
            return failed(format!("no suite of Debian is known for Linux {version}; known are {known}"));
        };
        let archive = Archive::of_suite(name, ARCHITECTURE, &cache.join(format!("apt-{name}")))?;
        Ok(Suite { name, archive })
    }

    /// The release of the newest "cloud" kernel of this version, such as `6.1.0-56-cloud-amd64`. These kernels are
    /// small, and have every module of the network.
    pub(crate) fn newest(&self, version: &str) -> Result<String> {
        let pattern = format!("^linux-image-{}([.+-].*)?-cloud-amd64$", version.replace('.', "\\."));
        let found = output(self.archive.apt("apt-cache").args(["search", "--names-only", &pattern]))
            .unwrap_or_default();
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
        let there = |name: &String| output(self.archive.apt("apt-cache").args(["show", name])).is_some();
        let names: Vec<&str> = names.iter().filter(|name| there(name)).map(String::as_str).collect();
        self.archive.unpack_into(&names, into)
    }
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
