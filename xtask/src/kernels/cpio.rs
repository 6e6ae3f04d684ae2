//! An initial RAM file system: the `newc` format of cpio, as the kernel's Documentation/driver-api/early-userspace
//! describes it. Several archives behind one another count as one.

use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::process::{Result, doing};

const DIRECTORY: u32 = 0o040_755;
const FILE: u32 = 0o100_000;
const LINK: u32 = 0o120_777;

/// An archive that is being written. Everything in it belongs to root.
#[derive(Default)]
pub(crate) struct Archive {
    bytes: Vec<u8>,
    known: BTreeSet<PathBuf>,
}

impl Archive {
    /// Adds a directory and those above it; nothing where it is there.
    pub(crate) fn directory(&mut self, path: impl AsRef<Path>) {
        let path = relative(path.as_ref());
        if path.as_os_str().is_empty() || self.known.contains(path) {
            return;
        }
        if let Some(above) = path.parent() {
            self.directory(above);
        }
        self.entry(path, DIRECTORY, &[]);
    }

    /// Adds a file with these contents, and the directories above it.
    pub(crate) fn file(&mut self, path: impl AsRef<Path>, permissions: u32, contents: &[u8]) {
        self.child(path.as_ref(), FILE | (permissions & 0o777), contents);
    }

    /// Adds a symbolic link.
    pub(crate) fn link(&mut self, path: impl AsRef<Path>, to: impl AsRef<Path>) {
        self.child(path.as_ref(), LINK, to.as_ref().as_os_str().as_encoded_bytes());
    }

    /// Adds this machine's file, under another path.
    pub(crate) fn copy_as(&mut self, from: &Path, path: &Path) -> Result {
        let reading = || doing(format!("read {}", from.display()));
        let permissions = std::fs::metadata(from).map_err(reading())?.permissions().mode();
        let contents = std::fs::read(from).map_err(reading())?;
        self.file(path, permissions, &contents);
        Ok(())
    }

    /// Adds this machine's directory with all that is in it, under another path. Links are followed.
    pub(crate) fn copy_tree_as(&mut self, from: &Path, path: &Path) -> Result {
        self.directory(path);
        for (name, source) in entries(from)? {
            let path = path.join(name);
            if source.is_dir() { self.copy_tree_as(&source, &path) } else { self.copy_as(&source, &path) }?;
        }
        Ok(())
    }

    /// True if this path is in the archive.
    pub(crate) fn contains(&self, path: &Path) -> bool {
        self.known.contains(relative(path))
    }

    /// The finished archive.
    pub(crate) fn finish(mut self) -> Vec<u8> {
        self.entry(Path::new("TRAILER!!!"), 0, &[]);
        self.bytes
    }

    fn child(&mut self, path: &Path, mode: u32, contents: &[u8]) {
        let path = relative(path);
        if self.known.contains(path) {
            return;
        }
        if let Some(above) = path.parent() {
            self.directory(above);
        }
        self.entry(path, mode, contents);
    }

    fn entry(&mut self, path: &Path, mode: u32, contents: &[u8]) {
        let name = path.as_os_str().as_encoded_bytes();
        let inode = self.known.len() + 1;
        let number = |value: usize| format!("{value:08x}");
        self.bytes.extend(b"070701");
        // inode, mode, uid, gid, nlink, mtime, filesize, devmajor, devminor, rdevmajor, rdevminor, namesize, check
        for value in [inode, mode as usize, 0, 0, 1, 0, contents.len(), 0, 0, 0, 0, name.len() + 1, 0] {
            self.bytes.extend(number(value).as_bytes());
        }
        self.bytes.extend(name);
        self.bytes.push(0);
        self.pad();
        self.bytes.extend(contents);
        self.pad();
        self.known.insert(path.to_owned());
    }

    fn pad(&mut self) {
        self.bytes.resize(self.bytes.len().next_multiple_of(4), 0);
    }
}

/// What is in a directory, in the order of the names.
pub(crate) fn entries(directory: &Path) -> Result<Vec<(std::ffi::OsString, PathBuf)>> {
    let reading = || doing(format!("read {}", directory.display()));
    let mut found = Vec::new();
    for entry in std::fs::read_dir(directory).map_err(reading())? {
        let entry = entry.map_err(reading())?;
        found.push((entry.file_name(), entry.path()));
    }
    found.sort();
    Ok(found)
}

fn relative(path: &Path) -> &Path {
    path.strip_prefix("/").unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_archive_has_every_directory_once_and_is_aligned() {
        let mut archive = Archive::default();
        archive.file("/a/b/c", 0o755, b"text\n");
        archive.link("/a/b/d", "c");
        archive.directory("a/b");
        assert!(archive.contains(Path::new("/a/b/c")) && !archive.contains(Path::new("/a/b/e")));
        let bytes = archive.finish();
        assert_eq!(bytes.len() % 4, 0);
        let text = String::from_utf8(bytes).expect("ASCII");
        assert_eq!(text.matches("070701").count(), 5, "a, a/b, a/b/c, a/b/d and the trailer");
        // Inode 3, a file of mode 755 with 5 bytes, whose name has 6 bytes with its end.
        let file = "070701000000030000".to_owned()
            + "81ed"
            + &"0".repeat(16)
            + "00000001"
            + &"0".repeat(8)
            + "00000005";
        assert!(text.contains(&file), "{text}");
    }
}
