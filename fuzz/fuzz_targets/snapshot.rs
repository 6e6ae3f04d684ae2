//! Any bytes as a snapshot file: refused, or read as something that is written and read as the same again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use portcullis::Snapshot;

fuzz_target!(|data: &[u8]| match Snapshot::read_from(data) {
    Ok(snapshot) => {
        let mut file = Vec::new();
        snapshot.write_to(&mut file).expect("memory takes everything");
        assert_eq!(Snapshot::read_from(&*file).ok(), Some(snapshot));
    }
    Err(error) => assert!(!error.to_string().is_empty()),
});
