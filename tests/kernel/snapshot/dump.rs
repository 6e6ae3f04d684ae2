//! What the kernel says of a ruleset, byte for byte, as text that can be compared: what it numbers itself and what time
//! changes left out, and nothing else.

use std::collections::BTreeMap;

use portcullis::{
    netlink::{KernelSocket, Transport},
    wire::{Attribute, Attributes, Header, Messages, Writer, flags, message_type, nft},
};
use portcullis_world::Host;

/// The requests, what they ask for, and the attributes of the answers that hold handles, and how often something is
/// used or whose it is.
const OBJECTS: [(u16, &str, &[u16]); 6] = [
    (nft::GETTABLE, "table", &[4, 7]),
    (nft::GETOBJ, "object", &[6]),
    (nft::GETFLOWTABLE, "flowtable", &[5]),
    (nft::GETSET, "set", &[16]),
    (nft::GETCHAIN, "chain", &[2]),
    // NFTA_RULE_POSITION is the handle of the rule before.
    (nft::GETRULE, "rule", &[3, 6]),
];

const NFTA_SET_ELEM_LIST_ELEMENTS: u16 = 3;
const NFTA_SET_ELEM_EXPIRATION: u16 = 5;

/// Everything in a host's packet filter: a line for each object, rules in their order, elements sorted.
pub(super) fn of(host: &Host) -> Vec<String> {
    host.run(|| {
        let mut socket = KernelSocket::open().expect("a netlink socket");
        let (mut lines, mut sets) = (Vec::new(), Vec::new());
        for (kind, name, without) in OBJECTS {
            for (family, attributes) in dump(&mut socket, kind, 0, &[]) {
                if kind == nft::GETSET {
                    sets.push((family, attributes.clone()));
                }
                lines.push(format!("{name} {family} {}", text(&attributes, without)));
            }
        }
        for (family, set) in sets {
            lines.extend(elements(&mut socket, family, &set));
        }
        lines
    })
}

/// How many milliseconds each element that has a time has left.
pub(super) fn times(host: &Host) -> BTreeMap<String, u64> {
    host.run(|| {
        let mut socket = KernelSocket::open().expect("a netlink socket");
        let mut times = BTreeMap::new();
        for (family, set) in dump(&mut socket, nft::GETSET, 0, &[]) {
            for element in raw_elements(&mut socket, family, &set) {
                let left = Attributes::new(&element).map(Result::unwrap);
                if let Some(left) = left.into_iter().find(|each| each.kind() == NFTA_SET_ELEM_EXPIRATION) {
                    let name =
                        format!("{} {}", text(&set, &[16]), text(&element, &[NFTA_SET_ELEM_EXPIRATION]));
                    times.insert(name, left.get().unwrap());
                }
            }
        }
        times
    })
}

fn elements(socket: &mut KernelSocket, family: u8, set: &[u8]) -> Vec<String> {
    let [table, name] = [1, 2].map(|kind| name(set, kind));
    let found = raw_elements(socket, family, set);
    let mut lines: Vec<_> = found
        .iter()
        .map(|element| {
            let timed = Attributes::new(element).any(|each| each.unwrap().kind() == NFTA_SET_ELEM_EXPIRATION);
            let text = text(element, &[NFTA_SET_ELEM_EXPIRATION]);
            format!("element {family} {table} {name} {text}{}", if timed { " expires" } else { "" })
        })
        .collect();
    lines.sort();
    lines
}

fn raw_elements(socket: &mut KernelSocket, family: u8, set: &[u8]) -> Vec<Vec<u8>> {
    let mut asked = Vec::new();
    let mut writer = Writer::new(&mut asked);
    [1, 2].into_iter().for_each(|kind| writer.text(kind, &name(set, kind)));
    let messages = dump(socket, nft::GETSETELEM, family, &asked);
    let lists = messages.iter().flat_map(|(_, attributes)| Attributes::new(attributes).map(Result::unwrap));
    let lists = lists.filter(|attribute| attribute.kind() == NFTA_SET_ELEM_LIST_ELEMENTS);
    lists.flat_map(|list| list.attributes().map(|element| element.unwrap().payload.to_vec())).collect()
}

fn name(attributes: &[u8], kind: u16) -> String {
    let mut attributes = Attributes::new(attributes).map(Result::unwrap);
    attributes.find(|attribute| attribute.kind() == kind).expect("a name").get().unwrap()
}

/// The family and the attributes of every object of a kind.
fn dump(socket: &mut KernelSocket, kind: u16, family: u8, attributes: &[u8]) -> Vec<(u8, Vec<u8>)> {
    let mut request = Vec::new();
    Header { kind, flags: flags::REQUEST | flags::DUMP, sequence: 7, port: 0 }.write(
        &mut request,
        family,
        0,
        |body| body.extend_from_slice(attributes),
    );
    socket.send(&[&request]).expect("a request");
    let (mut buffer, mut found) = (vec![0; 1 << 17], Vec::new());
    loop {
        let length = socket.receive(&mut buffer).expect("an answer");
        for message in Messages::new(&buffer[..length]) {
            let message = message.expect("a message");
            match message.header.kind {
                message_type::DONE => return found,
                message_type::ERROR => panic!("request {kind:#x} is refused: {message:?}"),
                _ => found.push((message.family(), message.body[4..].to_vec())),
            }
        }
    }
}

fn text(run: &[u8], without: &[u16]) -> String {
    let attributes = Attributes::new(run).map(|attribute| attribute.expect("an attribute"));
    let kept = attributes.filter(|attribute| !without.contains(&attribute.kind()));
    kept.map(|attribute| format!("{:x}:{}", attribute.raw_kind(), inside(attribute)))
        .collect::<Vec<_>>()
        .join(" ")
}

fn inside(attribute: Attribute<'_>) -> String {
    if !attribute.is_nested() {
        return attribute.payload.iter().map(|byte| format!("{byte:02x}")).collect();
    }
    let name = attribute.attributes().next().and_then(Result::ok).filter(|first| first.payload == b"last\0");
    // When a packet came the last time moves away: NFTA_LAST_MSECS of the expression's data.
    match (name, attribute.attributes().nth(1)) {
        (Some(_), Some(Ok(data))) => format!("{{last {}}}", text(data.payload, &[2])),
        _ => format!("{{{}}}", text(attribute.payload, &[])),
    }
}
