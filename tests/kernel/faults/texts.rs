//! What the errors say, word for word: somebody reads them at three in the morning.

use portcullis::{
    Error, Family, Hook, Netfilter, Policy, Rule, Table, Transaction,
    netlink::{Recorder, Scripted},
    wire::{Writer, flags, message_type},
};
use portcullis_world::Errno;

use super::{EDGE, INPUT};
use crate::support::edge;

const HERE: &str = file!();

/// What a commit says that is refused so: (sequence number, errno, the kernel's text, offset).
fn refusal_text(transaction: &Transaction, refusals: &[(u32, Errno, Option<&str>, u32)]) -> String {
    let answers = refusals.iter().map(|(sequence, errno, text, offset)| {
        let mut bytes = vec![0; 36];
        let mut writer = Writer::new(&mut bytes);
        if let Some(text) = text {
            writer.text(1, text);
        }
        writer.bytes(2, &offset.to_ne_bytes());
        let length = u32::try_from(bytes.len()).unwrap();
        bytes[..4].copy_from_slice(&length.to_ne_bytes());
        bytes[4..6].copy_from_slice(&message_type::ERROR.to_ne_bytes());
        bytes[6..8].copy_from_slice(&(flags::CAPPED | flags::ACK_TLVS).to_ne_bytes());
        bytes[8..12].copy_from_slice(&sequence.to_ne_bytes());
        bytes[16..20].copy_from_slice(&(-(*errno as i32)).to_ne_bytes());
        Scripted::Datagram(bytes)
    });
    let mut firewall = Netfilter::with_transport(Recorder::new().answer(answers));
    firewall.commit(transaction).unwrap_err().to_string()
}

#[test]
fn a_refusal_names_the_operation_the_line_the_attribute_and_the_way_out() {
    let mut transaction = Transaction::new();
    let line = line!() + 1;
    transaction.add_rule(INPUT, Rule::new().tcp().dport(22).jump("ssh").label("allow ssh"));
    // 20 bytes of headers, 12 of the table's name, 12 of the chain's: the list of expressions begins.
    let text = refusal_text(&transaction, &[(1, Errno::ENOENT, None, 32)]);
    assert_eq!(
        text,
        format!(
            "1 operation refused by the kernel, nothing was changed:\n  \
             add rule inet edge input (operation 0, {HERE}:{line}, \"allow ssh\"): ENOENT (No such file or \
             directory) at NFTA_RULE_CHAIN = \"input\": there is no chain input in table inet edge: add it first, \
             in the same transaction"
        )
    );
}

#[test]
fn the_kernels_own_words_are_quoted() {
    let mut transaction = Transaction::new();
    transaction.label("gateway");
    let line = line!() + 1;
    transaction.create_chain(EDGE, portcullis::Chain::filter("input", Hook::Input));
    let text = refusal_text(&transaction, &[(1, Errno::EEXIST, Some("Chain exists"), 32)]);
    assert_eq!(
        text,
        format!(
            "1 operation refused by the kernel, nothing was changed:\n  \
             create chain inet edge input (operation 0, {HERE}:{line}, \"gateway\"): EEXIST (File exists), kernel \
             says \"Chain exists\" at NFTA_CHAIN_NAME = \"input\": it exists already; add_… keeps what exists, \
             create_… refuses"
        )
    );
}

#[test]
fn a_long_list_is_cut_and_counted() {
    let mut transaction = Transaction::new();
    for _ in 0..25 {
        transaction.delete_table(EDGE);
    }
    let refusals: Vec<_> = (1..=25).map(|sequence| (sequence, Errno::ENOENT, None, 20)).collect();
    let text = refusal_text(&transaction, &refusals);
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(lines.len(), 12, "{text}");
    assert_eq!(lines[0], "25 operations refused by the kernel, nothing was changed:");
    assert!(lines[1].starts_with("  delete table inet edge (operation 0, "), "{text}");
    assert!(lines[1].ends_with(": there is no table inet edge"), "{text}");
    assert_eq!(lines[11], "  … and 15 more");
}

#[test]
fn refusals_that_were_lost_are_admitted() {
    let mut transaction = Transaction::new();
    transaction.delete_table(EDGE);
    let mut answer = vec![0; 36];
    answer[0] = 36;
    answer[4] = 2;
    answer[8] = 1;
    answer[16..20].copy_from_slice(&(-(Errno::ENOENT as i32)).to_ne_bytes());
    if cfg!(target_endian = "big") {
        return;
    }
    let answers = [Scripted::Error(Errno::ENOBUFS as i32), Scripted::Datagram(answer)];
    let mut firewall = Netfilter::with_transport(Recorder::new().answer(answers));
    let text = firewall.commit(&transaction).unwrap_err().to_string();
    assert!(text.starts_with("at least 1 operation refused by the kernel, nothing was changed:\n"), "{text}");
}

#[test]
fn what_is_invalid_is_named_with_line_and_problem() {
    let mut transaction = Transaction::new();
    transaction.add_table(edge());
    let first = line!() + 1;
    transaction.add_rule(INPUT, Rule::new().dport(22).accept().label("ssh"));
    let second = line!() + 1;
    transaction.add_table(Table::inet("a\0b"));
    let third = line!() + 1;
    transaction.set_policy((Family::Inet, "edge", ""), Policy::Drop);
    let error = Netfilter::with_transport(Recorder::new()).commit(&transaction).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "3 operations invalid, nothing was sent:\n  \
             add rule inet edge input (operation 2, {HERE}:{first}, \"ssh\"): a destination port needs the protocol \
             said before it in the same rule: add .tcp() or .udp()\n  \
             add table inet (operation 3, {HERE}:{second}): the table \"a\\0b\" holds a NUL byte, which the kernel \
             would take for its end\n  \
             replace chain inet edge (operation 4, {HERE}:{third}): a chain needs a name of at least one byte"
        )
    );
}

#[test]
fn a_rule_inside_a_table_value_keeps_its_own_line() {
    let line = line!() + 1;
    let rule = Rule::new().dport(22).accept();
    let table = Table::inet("edge").chain(portcullis::Chain::filter("input", Hook::Input).rule(rule));
    let mut transaction = Transaction::new();
    transaction.replace_table(table);
    let text = Error::Invalid(transaction.problems().to_vec()).to_string();
    assert!(text.contains(&format!("{HERE}:{line})")), "{text}");
}

#[test]
fn what_is_too_large_says_by_how_much_and_what_helps() {
    let error = Error::TooLarge { needed: 26_500_000, limit: 425_952 };
    assert_eq!(
        error.to_string(),
        "the transaction takes 26500000 bytes, and this socket can send at most 425952 at once: raise \
         net.core.wmem_max to 13250016 or more, or give the process CAP_NET_ADMIN in the initial user namespace"
    );
    for needed in [1001, 1002, 1003, 1_000_000] {
        let text = Error::TooLarge { needed, limit: 968 }.to_string();
        let advice = text.split("wmem_max to ").nth(1).unwrap().split(' ').next().unwrap();
        let advice: usize = advice.parse().unwrap();
        // The kernel doubles it and keeps 32 bytes: enough, and no more than enough.
        assert!(2 * advice - 32 >= needed && 2 * (advice - 1) - 32 < needed, "{text}");
    }
}

#[test]
fn the_other_errors_say_what_to_do() {
    assert_eq!(
        Error::Permission { operation: "commit" }.to_string(),
        "commit: permission denied: programming the packet filter needs CAP_NET_ADMIN in this network namespace (run \
         as root, or try in a namespace of your own: unshare -Urn)"
    );
    assert_eq!(
        Error::Changed { expected: 41 }.to_string(),
        "the ruleset was changed by somebody else since generation 41: read it again, and try again"
    );
    assert_eq!(
        Error::NoAnswer { operation: "commit" }.to_string(),
        "commit: the kernel gave no answer; list the ruleset to see what is there"
    );
    assert_eq!(
        Error::Interrupted { operation: "list rules", attempts: 100 }.to_string(),
        "list rules: interrupted by changes 100 times in a row; try again when there are fewer"
    );
}
