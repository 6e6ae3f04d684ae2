//! The ruleset of a namespace as the kernel's bytes.

use std::{collections::BTreeMap, io::ErrorKind};

use portcullis::{
    netlink::{KernelSocket, Transport},
    wire::{Attribute, Attributes, GenMessage, Header, Messages, Writer, flags, message_type, nft},
};
use portcullis_world::Host;

/// One message of a dump.
#[derive(Clone)]
pub(super) struct Message {
    pub(super) kind: u16,
    pub(super) family: u8,
    /// What is behind nf_tables' header.
    pub(super) attributes: Vec<u8>,
    /// With nf_tables' header.
    body: Vec<u8>,
}

/// Everything that a namespace has, in the kernel's order.
#[derive(Clone)]
pub(super) struct Dump {
    pub(super) messages: Vec<Message>,
    /// Names that are compared as others, with the zeros behind them.
    pub(super) renamed: BTreeMap<Vec<u8>, Vec<u8>>,
}

/// NFTA_SET_TABLE and NFTA_SET_NAME; NFTA_SET_ELEM_LIST_TABLE and NFTA_SET_ELEM_LIST_SET have the same numbers.
const TABLE: u16 = 1;
const NAME: u16 = 2;

impl Dump {
    /// Asks the kernel.
    pub(super) fn of(host: &Host) -> Self {
        host.run(|| {
            let mut socket = KernelSocket::open().expect("a netlink socket");
            let mut messages = Vec::new();
            for kind in
                [nft::GETTABLE, nft::GETCHAIN, nft::GETRULE, nft::GETSET, nft::GETOBJ, nft::GETFLOWTABLE]
            {
                messages.extend(dump(&mut socket, kind, 0, &[]));
            }
            let sets: Vec<Message> =
                messages.iter().filter(|message| message.kind == nft::NEWSET).cloned().collect();
            for set in sets {
                let mut place = Vec::new();
                let mut writer = Writer::new(&mut place);
                for part in [TABLE, NAME] {
                    let name: String = set.attribute(part).expect("a name").get().expect("a text");
                    writer.text(part, &name);
                }
                messages.extend(dump(&mut socket, nft::GETSETELEM, set.family, &place));
            }
            Self { messages, renamed: BTreeMap::new() }
        })
    }

    /// How many messages of a kind there are.
    pub(super) fn count(&self, kind: u16) -> usize {
        self.messages.iter().filter(|message| message.kind == kind).count()
    }
}

impl Message {
    /// As the library takes it.
    pub(super) fn as_wire(&self) -> GenMessage<'_> {
        let header = Header { kind: self.kind, flags: flags::MULTI, sequence: 7, port: 0 };
        GenMessage { header, body: &self.body }
    }

    pub(super) fn attribute(&self, kind: u16) -> Option<Attribute<'_>> {
        Attributes::new(&self.attributes).map_while(Result::ok).find(|attribute| attribute.kind() == kind)
    }
}

fn dump(socket: &mut KernelSocket, kind: u16, family: u8, attributes: &[u8]) -> Vec<Message> {
    let header = Header { kind, flags: flags::REQUEST | flags::DUMP, sequence: 7, port: 0 };
    let mut request = Vec::new();
    header.write(&mut request, family, 0, |body| body.extend_from_slice(attributes));
    socket.send(&[&request]).expect("the request is sent");
    let mut buffer = vec![0; 1 << 17];
    let mut found = Vec::new();
    loop {
        let length = match socket.receive(&mut buffer) {
            Err(error) if error.kind() == ErrorKind::WouldBlock => return found,
            length => length.expect("an answer"),
        };
        for message in Messages::new(&buffer[..length]) {
            let message = message.expect("a message");
            match message.header.kind {
                message_type::DONE => {}
                // The kernel has no such thing (flowtables), and so none of it.
                message_type::ERROR => {}
                kind => found.push(Message {
                    kind,
                    family: message.family(),
                    attributes: message.body.get(4..).unwrap_or_default().to_vec(),
                    body: message.body.to_vec(),
                }),
            }
        }
    }
}
