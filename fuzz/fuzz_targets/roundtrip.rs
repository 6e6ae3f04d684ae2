//! What any bytes are decoded to is encoded so that it is decoded as the same again.
#![no_main]

mod input;

use libfuzzer_sys::fuzz_target;
use portcullis::{
    object::Report,
    wire::{GenMessage, Writer},
};

fuzz_target!(|data: &[u8]| {
    input::with_message(data, |message| {
        let Ok(Some(report)) = Report::decode(message) else { return };
        let report = sendable(report);
        // What one message cannot hold is refused, not cut.
        let Some(bytes) = encoded(&report) else { return };
        let body = [&message.body[..4], &bytes].concat();
        let again = Report::decode(GenMessage { header: message.header, body: &body });
        assert_eq!(again.as_ref(), Ok(&Some(report)));
        assert_eq!(again.ok().flatten().as_ref().and_then(encoded), Some(bytes));
    });
});

fn encoded(report: &Report) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut writer = Writer::new(&mut bytes);
    report.encode(&mut writer);
    writer.finish().ok()?;
    Some(bytes)
}

/// Without what the kernel alone says, and nobody sends.
fn sendable(mut report: Report) -> Report {
    match &mut report {
        Report::Table(table) => table.handle = None,
        Report::Chain(_, chain) => chain.handle = None,
        Report::Rule(_, rule) => rule.handle = None,
        Report::Set(_, set) => set.handle = None,
        Report::Object(_, object) => (object.handle, object.uses) = (None, None),
        Report::Flowtable(_, flowtable) => (flowtable.handle, flowtable.uses) = (None, None),
        _ => {}
    }
    report
}
