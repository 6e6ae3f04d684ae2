//! What is listed, and what it is listed beside.

use std::{
    net::Ipv4Addr,
    process::{Command, Stdio},
};

use portcullis::{
    Chain, CtState, DataType, Element, Family, Hook, Netfilter, Rule, Set, Table, Transaction,
    expr::Data,
    netlink::{KernelSocket, Transport},
    wire::{Header, Writer, flags, nft as kind},
};

pub(crate) const CHAIN: (Family, &str, &str) = (Family::Ip, "bench", "input");
pub(crate) const SET: (Family, &str, &str) = (Family::Ip, "elements", "set");
const BUFFER: usize = 64 << 10;

/// FACTS' rule, as in `rule_load`: 11 expressions.
fn rule(index: u32) -> Rule {
    let [_, high, middle, low] = index.to_be_bytes();
    let port = u16::from_be_bytes([middle, low]).max(1);
    Rule::new()
        .tcp()
        .saddr(Ipv4Addr::new(10, high, middle, low))
        .dport(port)
        .ct_state(CtState::NEW | CtState::ESTABLISHED)
        .counter()
        .accept()
}

pub(crate) fn load_rules(firewall: &mut Netfilter, count: u32) {
    let chain = Chain::filter(CHAIN.2, Hook::Input).rules((0..count).map(rule));
    let mut transaction = Transaction::new();
    transaction.replace_table(Table::new(CHAIN.0, CHAIN.1).chain(chain));
    firewall.commit(&transaction).expect("the rules are loaded");
}

pub(crate) fn load_elements(firewall: &mut Netfilter, count: u32) {
    let elements = (0..count).map(|key| Element::new(Data::network_u32(key)));
    let set = Set::new(SET.2, DataType::IPV4_ADDR).size(count).elements(elements);
    let mut transaction = Transaction::new();
    transaction.replace_table(Table::new(SET.0, SET.1).set(set));
    firewall.commit(&transaction).expect("the elements are loaded");
}

/// The kernel's dump, thrown away. Gives the bytes.
fn floor(socket: &mut KernelSocket, kind: u16, (family, table, name): (Family, &str, &str)) -> usize {
    let mut request = Vec::new();
    let header = Header { kind, flags: flags::REQUEST | flags::DUMP, sequence: 1, port: 0 };
    header.write(&mut request, family.number(), 0, |body| {
        let mut writer = Writer::new(body);
        // NFTA_RULE_TABLE and NFTA_RULE_CHAIN, and the same for elements.
        writer.text(1, table);
        writer.text(2, name);
    });
    let mut buffer = vec![0; BUFFER];
    let mut bytes = 0;
    socket.send(&[&request]).expect("the request is sent");
    while let Ok(length) = socket.receive(&mut buffer) {
        bytes += length;
    }
    bytes
}

pub(crate) fn floor_of_rules(socket: &mut KernelSocket) -> usize {
    floor(socket, kind::GETRULE, CHAIN)
}

pub(crate) fn floor_of_elements(socket: &mut KernelSocket) -> usize {
    floor(socket, kind::GETSETELEM, SET)
}

/// `nft list ruleset`, into nothing.
pub(crate) fn nft() {
    let status = Command::new("nft").args(["list", "ruleset"]).stdout(Stdio::null()).status();
    assert!(status.expect("nft is installed").success());
}
