//! Any bytes as a snapshot file: refused, or read as something that is written and read as the same again.
//!
//! Almost everything that a fuzzer makes of a file has a wrong checksum somewhere, and would be refused there. So each
//! input is read twice: as it is, and with its checksums put right.
#![no_main]

use libfuzzer_sys::fuzz_target;
use portcullis::Snapshot;

fuzz_target!(|data: &[u8]| {
    read(data);
    read(&with_right_checksums(data));
});

fn read(file: &[u8]) {
    match Snapshot::read_from(file) {
        Ok(snapshot) => {
            let mut written = Vec::new();
            snapshot.write_to(&mut written).expect("memory takes everything");
            assert_eq!(Snapshot::read_from(&*written).ok(), Some(snapshot));
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

/// As docs/snapshot-format.md counts them: over all lines without comments, and the blanks before them.
fn with_right_checksums(file: &[u8]) -> Vec<u8> {
    let mut checksum = crc32fast::Hasher::new();
    let mut mended = Vec::with_capacity(file.len());
    for line in file.split_inclusive(|byte| *byte == b'\n') {
        let end = line.iter().position(|byte| matches!(byte, b'#' | b'\n')).unwrap_or(line.len());
        let said = line[..end].trim_ascii_end();
        let at = said.len().saturating_sub(10);
        if said.len() >= 10 && said[at..].starts_with(b" ~") {
            checksum.update(&said[..at]);
            checksum.update(b"\n");
            mended.extend_from_slice(&said[..at]);
            mended.extend_from_slice(format!(" ~{:08x}", checksum.clone().finalize()).as_bytes());
            mended.extend_from_slice(&line[said.len()..]);
        } else {
            if !said.is_empty() {
                checksum.update(said);
                checksum.update(b"\n");
            }
            mended.extend_from_slice(line);
        }
    }
    mended
}
