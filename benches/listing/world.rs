//! What is listed, and what it is listed beside.

#[path = "../parts/usual.rs"]
mod usual;

use std::process::{Command, Stdio};

use usual::rule;

use portcullis::{
    Chain, DataType, Element, Family, Hook, Netfilter, Set, Table, Transaction,
    expr::Data,
    netlink::{KernelSocket, Transport},
    wire::{Header, Writer, flags, nft as kind},
};

pub(crate) const CHAIN: (Family, &str, &str) = (Family::Ip, "bench", "input");
pub(crate) const SET: (Family, &str, &str) = (Family::Ip, "elements", "set");
const BUFFER: usize = 64 << 10;

/// So many rules, in so many chains alike.
pub(crate) fn load_rules(firewall: &mut Netfilter, count: u32, chains: u32) {
    let mut table = Table::new(CHAIN.0, CHAIN.1);
    for index in 0..chains {
        let chain = if index == 0 { Chain::filter(CHAIN.2, Hook::Input) } else { Chain::new(name(index)) };
        table = table.chain(chain.rules((index..count).step_by(chains as usize).map(rule)));
    }
    let mut transaction = Transaction::new();
    transaction.replace_table(table);
    firewall.commit(&transaction).expect("the rules are loaded");
}

/// The name of the chain that has this index.
pub(crate) fn name(index: u32) -> String {
    if index == 0 { CHAIN.2.to_owned() } else { format!("chain-{index}") }
}

pub(crate) fn load_elements(firewall: &mut Netfilter, count: u32) {
    let elements = (0..count).map(|key| Element::new(Data::network_u32(key)));
    let set = Set::new(SET.2, DataType::IPV4_ADDR).size(count).elements(elements);
    let mut transaction = Transaction::new();
    transaction.replace_table(Table::new(SET.0, SET.1).set(set));
    firewall.commit(&transaction).expect("the elements are loaded");
}

/// The kernel's dump, thrown away. Gives the bytes.
fn floor(socket: &mut KernelSocket, kind: u16, (family, table, name): (Family, &str, Option<&str>)) -> usize {
    let mut request = Vec::new();
    let header = Header { kind, flags: flags::REQUEST | flags::DUMP, sequence: 1, port: 0 };
    header.write(&mut request, family.number(), 0, |body| {
        let mut writer = Writer::new(body);
        // NFTA_RULE_TABLE and NFTA_RULE_CHAIN, and the same for elements.
        writer.text(1, table);
        writer.put_option(2, &name.map(str::to_owned));
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
    floor_of_rules_in(socket, CHAIN.2)
}

pub(crate) fn floor_of_rules_in(socket: &mut KernelSocket, chain: &str) -> usize {
    floor(socket, kind::GETRULE, (CHAIN.0, CHAIN.1, Some(chain)))
}

/// All rules of the table by one request.
pub(crate) fn floor_at_once(socket: &mut KernelSocket) -> usize {
    floor(socket, kind::GETRULE, (CHAIN.0, CHAIN.1, None))
}

pub(crate) fn floor_of_elements(socket: &mut KernelSocket) -> usize {
    floor(socket, kind::GETSETELEM, (SET.0, SET.1, Some(SET.2)))
}

/// `nft list ruleset`, into nothing.
pub(crate) fn nft() {
    let status = Command::new("nft").args(["list", "ruleset"]).stdout(Stdio::null()).status();
    assert!(status.expect("nft is installed").success());
}
