//! How many rules or elements there are, whoever added them.

use portcullis::{
    Netfilter, Set,
    netlink::{KernelSocket, Transport},
    object::ElementFlags,
    wire::{Header, Messages, Writer, flags, nft},
};

use crate::{Result, shapes::TABLE};

/// Above this the kernel is asked how many elements a set has, for listing them takes it longer than in proportion
/// (21 s for a million).
const LISTED: u32 = 200_000;
/// `NFTA_SET_COUNT`, kernel 6.16
const NFTA_SET_COUNT: u16 = 20;

/// Counts the rules of all chains, or the elements of the set.
pub(crate) fn run(what: &str, expected: u32) -> Result<usize> {
    match what {
        "rules" => {
            let ruleset = Netfilter::open()?.ruleset_terse(None)?;
            Ok(ruleset.tables.iter().flat_map(|table| &table.chains).map(|chain| chain.rules.len()).sum())
        }
        "elements" if expected <= LISTED => elements(),
        "elements" => told().and_then(|count| count.map_or_else(elements, Ok)),
        _ => Err(format!("rules and elements can be counted, not `{what}`").into()),
    }
}

/// An interval is two elements to the kernel, its beginning and its end.
fn elements() -> Result<usize> {
    let mut firewall = Netfilter::open()?;
    let named = |set: &&Set| !set.is_anonymous();
    let sets = firewall.sets(TABLE)?;
    let set = sets.iter().find(named).ok_or("there is no set")?;
    let elements = firewall.elements((TABLE.0, TABLE.1, set.name.as_str()))?;
    Ok(elements.iter().filter(|element| !element.flags.contains(ElementFlags::INTERVAL_END)).count())
}

/// What the kernel says; older ones say nothing.
fn told() -> Result<Option<usize>> {
    let mut request = Vec::new();
    let header = Header { kind: nft::GETSET, flags: flags::REQUEST, sequence: 1, port: 0 };
    header.write(&mut request, TABLE.0.number(), 0, |body| {
        let mut writer = Writer::new(body);
        // NFTA_SET_TABLE and NFTA_SET_NAME
        writer.text(1, TABLE.1);
        writer.text(2, "s");
    });
    let mut socket = KernelSocket::open()?;
    socket.send(&[&request])?;
    let mut buffer = vec![0; 64 << 10];
    let length = socket.receive(&mut buffer)?;
    let message =
        Messages::new(&buffer[..length]).flatten().find(|message| message.header.kind == nft::NEWSET);
    let message = message.ok_or("there is no set `s`")?;
    let count = message.attributes().flatten().find(|attribute| attribute.kind() == NFTA_SET_COUNT);
    Ok(count.and_then(|count| count.get::<u32>().ok()).and_then(|count| usize::try_from(count).ok()))
}
