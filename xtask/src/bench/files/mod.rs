//! The files that nft and iptables are given: written before the clock starts.

mod iptables;
mod json;
mod nft;
mod numbers;

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use crate::process::{Result, doing};

/// The directory of such files.
#[derive(Debug)]
pub(crate) struct Files {
    dir: PathBuf,
}

/// The language of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Language {
    Nft,
    Json,
    Iptables,
}

impl Files {
    pub(crate) fn new(dir: PathBuf) -> Result<Self> {
        std::fs::create_dir_all(&dir).map_err(doing(format!("make {}", dir.display())))?;
        Ok(Self { dir })
    }

    /// Where a file of this name is, or will be.
    pub(crate) fn path(&self, workload: &str, size: u32, extension: &str) -> PathBuf {
        self.dir.join(format!("{workload}-{size}.{extension}"))
    }

    /// The file of a workload, which is written if this language has means for it.
    pub(crate) fn write(&self, workload: &str, size: u32, language: Language) -> Result<Option<PathBuf>> {
        let (extension, text): (_, Text) = match language {
            Language::Nft => ("nft", nft::write),
            Language::Json => ("json", json::write),
            Language::Iptables => ("iptables", iptables::write),
        };
        let path = self.path(workload, size, extension);
        let is_written = create(&path, |to| text(to, workload, size));
        Ok(is_written.map_err(doing(format!("write {}", path.display())))?.then_some(path))
    }

    /// All of them are made again in the next run.
    pub(crate) fn remove(self) {
        let _ = std::fs::remove_dir_all(self.dir);
    }
}

/// Writes a workload; false where the language has no words for it.
type Text = fn(&mut dyn Write, &str, u32) -> std::io::Result<bool>;

fn create(path: &Path, text: impl FnOnce(&mut dyn Write) -> std::io::Result<bool>) -> std::io::Result<bool> {
    let mut file = BufWriter::new(File::create(path)?);
    let is_written = text(&mut file)?;
    file.flush()?;
    Ok(is_written)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// What a language says of a workload.
    pub(in crate::bench) fn text(write: Text, workload: &str, size: u32) -> Option<String> {
        let mut bytes = Vec::new();
        let is_written = write(&mut bytes, workload, size).expect("memory takes everything");
        is_written.then(|| String::from_utf8(bytes).expect("it is text"))
    }

    #[test]
    fn a_file_is_written_where_there_are_words() {
        let dir = crate::process::target_dir().join("xtask").join("files-test");
        let files = Files::new(dir).expect("a directory can be made");
        let path =
            files.write("rules-port", 2, Language::Nft).expect("it can be written").expect("nft has rules");
        assert!(std::fs::read_to_string(path).expect("it is there").contains("dport 1 accept"));
        assert_eq!(files.write("set-hash", 2, Language::Iptables).ok(), Some(None));
        files.remove();
    }
}
