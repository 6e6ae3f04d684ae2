//! The file format: what is written is read, and what was changed is refused.

use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::{
    Chain, Element, Family, Hook, Netfilter, Policy, Rule, Set, SetFlags, Statement, TableFlags,
    expr::{Counter, Data, Dynset, DynsetOp, Last, Quota, Register, Verdict},
    netlink::Recorder,
    object::{DataType, Flowtable, Object},
    wire::Attribute,
};

/// A rule as it is read: expressions.
fn as_read(rule: &Rule) -> Rule {
    let mut read = Rule::new();
    read.body = rule.lower(Family::Inet).unwrap().expressions.into_iter().map(Statement::Expr).collect();
    read.userdata.clone_from(&rule.userdata);
    read
}

/// One of everything.
fn table() -> Table {
    let mut odd = as_read(&Rule::new().drop());
    odd.unknown.keep(Attribute::new(99, b"\x01\x02"));
    let mut dynset = Dynset::new(DynsetOp::Update, "seen", Register::R1);
    dynset.expressions = vec![Counter::new().packets(1u64).into()];
    let rule =
        Rule::new().say(Last::new().set(1u32).msecs(5u64)).say(dynset).say(Quota::over(9).consumed(4u64));
    let address = |text: &str| Data::address(text.parse().unwrap());
    let mut input = Chain::filter("input", Hook::Input).policy(Policy::Drop);
    if let Some(base) = &mut input.base {
        // As it is read.
        base.priority = base.priority.number(Family::Inet).into();
        base.counters = Some((3, 4));
    }
    Table::inet("edge")
        .comment("mine")
        .flags(TableFlags::DORMANT)
        .object(Object::new("hits", Counter::new().packets(1u64).bytes(2u64)))
        .object(Object::new("day", Quota::over(1 << 30).consumed(7u64)))
        .flowtable(Flowtable::new("fast", ["eth0"]).priority(-5))
        .set(
            Set::new("blocked", DataType::IPV4_ADDR)
                .timeout(Duration::from_secs(3600))
                .element(
                    Element::new(address("192.0.2.7")).expiration(Duration::from_secs(12)).comment("rude"),
                )
                .element(Element::new(address("192.0.2.8")).expression(Counter::new().packets(5u64))),
        )
        .set(Set::new("seen", DataType::INET_SERVICE).flags(SetFlags::EVAL))
        .set(
            Set::new("a set's \"odd\" #name\n", DataType::IFNAME)
                .map_to_verdicts()
                .element(Element::new(Data::padded(b"lo", 16)).verdict(Verdict::Accept)),
        )
        .chain(
            input
                .rule(as_read(&Rule::new().tcp().dport(22).counter().accept().comment("ssh # \nend")))
                .rule(as_read(&rule.comment("counts")))
                .rule(odd),
        )
        .chain(Chain::new("other").comment("no rules"))
}

fn snapshot() -> Snapshot {
    let scope = Scope::Table(TableRef::new(Family::Inet, "edge"));
    Snapshot { tables: vec![table()], scope, taken: 1_795_378_317, kernel: Some("6.18.5".to_owned()) }
}

fn written(snapshot: &Snapshot) -> Vec<u8> {
    let mut bytes = Vec::new();
    snapshot.write_to(&mut bytes).unwrap();
    bytes
}

fn read(bytes: &[u8]) -> Result<Snapshot, SnapshotError> {
    Snapshot::read_from(bytes)
}

fn refusal(text: &str) -> String {
    read(text.as_bytes()).unwrap_err().to_string()
}

#[test]
fn what_is_written_is_read() {
    let mut snapshot = snapshot();
    let bytes = written(&snapshot);
    println!("{}", String::from_utf8_lossy(&bytes));
    assert_eq!(read(&bytes).unwrap(), snapshot);
    assert_eq!(written(&read(&bytes).unwrap()), bytes);

    snapshot.tables.push(Table::new(Family::Other(77), ""));
    (snapshot.scope, snapshot.kernel) = (Scope::Ruleset, None);
    assert_eq!(read(&written(&snapshot)).unwrap(), snapshot);
    snapshot.tables.clear();
    assert_eq!(read(&written(&snapshot)).unwrap(), snapshot);
}

#[test]
fn the_ruleset_can_be_read_without_a_program() {
    let text = String::from_utf8(written(&snapshot())).unwrap();
    let outline: Vec<_> =
        text.lines().filter(|line| !line.starts_with([' ', '#']) && !line.is_empty()).collect();
    assert_eq!(outline, [
        "portcullis snapshot 1",
        "byte-order little",
        "scope table inet edge",
        "taken 1795378317  # 2026-11-22 20:11:57 UTC",
        "kernel 6.18.5",
        "table inet edge  # dormant, \"mine\"",
        "object inet edge hits  # counter, counter packets 1 bytes 2",
        "object inet edge day  # quota, 7 of 1073741824 bytes used",
        "flowtable inet edge fast  # eth0",
        "set inet edge blocked  # key of 4 bytes, timeout 3600s",
        "elements inet edge blocked 2",
        "set inet edge seen  # key of 2 bytes",
        "set inet edge \"a set\\'s \\\"odd\\\" \\u{23}name\\n\"  # key of 16 bytes, map to verdicts",
        "elements inet edge \"a set\\'s \\\"odd\\\" \\u{23}name\\n\" 1",
        "chain inet edge input  # filter at hook input, policy drop, counter packets 3 bytes 4",
        "rule inet edge input 1  # tcp dport 22 counter packets 0 bytes 0 accept comment \"ssh # \\nend\"",
        "rule inet edge input 2  # last used 5ms expression dynset quota over 9 bytes used 4 bytes comment \"counts\"",
        "rule inet edge input 3  # drop",
        "chain inet edge other  # \"no rules\"",
        "end tables 1 objects 2 flowtables 1 sets 3 elements 3 chains 2 rules 3 ~XXXXXXXX",
    ].map(|line| line.replace("little", facts::HERE)).map(|line| match line.split_once('~') {
        None => line,
        Some((before, _)) => format!("{before}{}", &text[text.len() - 10..text.len() - 1]),
    }));
    assert!(text.contains(" # 192.0.2.7 expires in 12s \"rude\"\n"), "{text}");
    assert!(text.contains(" # 192.0.2.8 counter packets 5 bytes 0\n"), "{text}");
}

/// Everything but comments.
fn meaning(text: &[u8]) -> Vec<u8> {
    let mut comment = false;
    let kept = text.iter().filter(|byte| {
        comment = **byte != b'\n' && (comment || **byte == b'#');
        !comment
    });
    kept.copied().collect()
}

#[test]
fn no_byte_can_be_changed_unseen() {
    let snapshot = snapshot();
    let bytes = written(&snapshot);
    let (mut refused, mut same) = (0, 0);
    for place in 0..bytes.len() {
        for change in
            [1, 2, 4, 8, 16, 32, 64, 128, bytes[place] ^ b'\n', bytes[place] ^ b'#', bytes[place] ^ b' ']
        {
            if change == 0 {
                continue;
            }
            let mut changed = bytes.clone();
            changed[place] ^= change;
            match read(&changed) {
                Err(_) => refused += 1,
                Ok(read) => {
                    assert_eq!(read, snapshot, "byte {place}");
                    same += 1;
                }
            }
        }
        let without = [&bytes[..place], &bytes[place + 1..]].concat();
        assert!(read(&without).map_or(true, |read| read == snapshot), "without byte {place}");
        let twice = [&bytes[..place], &bytes[place..=place], &bytes[place..]].concat();
        assert!(read(&twice).map_or(true, |read| read == snapshot), "byte {place} twice");
    }
    // Changes that mean nothing are changes of comments.
    let said = meaning(&bytes).len();
    assert!(
        refused > 9 * said && same > 0,
        "{refused} refused, {same} the same, {said} of {} bytes",
        bytes.len()
    );
}

#[test]
fn no_line_can_be_missing_or_moved() {
    let snapshot = snapshot();
    let bytes = written(&snapshot);
    let lines: Vec<&[u8]> = bytes.split_inclusive(|byte| *byte == b'\n').collect();
    for index in 0..lines.len() {
        let says = !meaning(lines[index]).trim_ascii().is_empty();
        let mut fewer = lines.clone();
        fewer.remove(index);
        assert_eq!(read(&fewer.concat()).is_err(), says, "line {}", index + 1);
        for other in index + 1..lines.len() {
            let mut swapped = lines.clone();
            swapped.swap(index, other);
            let result = read(&swapped.concat());
            assert!(result.map_or(true, |read| read == snapshot), "lines {} and {}", index + 1, other + 1);
        }
    }
}

#[test]
fn whatever_is_cut_off_is_missed() {
    let snapshot = snapshot();
    let bytes = written(&snapshot);
    for length in 0..bytes.len() - 1 {
        let error = read(&bytes[..length]).unwrap_err();
        // What is left of a line may look like something else; at the end of a line it cannot.
        let text = error.to_string();
        if length > 30 && bytes[length - 1] == b'\n' {
            assert!(matches!(error, SnapshotError::Truncated { .. }), "{length}: {text}");
            let line = bytes[..length].iter().filter(|byte| **byte == b'\n').count();
            assert!(text.starts_with(&format!("line {line}")), "{text}");
        }
    }
    assert_eq!(read(&bytes[..bytes.len() - 1]).unwrap(), snapshot);
    let half = bytes.iter().position(|byte| *byte == b'#').unwrap();
    assert_eq!(
        read(&bytes[..half]).unwrap_err().to_string(),
        "line 1: the snapshot stops here without its line \"end\": the rest of it is missing"
    );
}

#[test]
fn what_is_wrong_is_named() {
    let text = String::from_utf8(written(&snapshot())).unwrap();
    let line = |start: &str| text.lines().position(|line| line.starts_with(start)).unwrap() + 1;
    let rule = line("rule inet edge input 1");
    assert_eq!(
        refusal(&text.replacen(":0016", ":0017", 1)),
        format!(
            "line {} (rule inet edge input 1): the checksum does not fit: lines {rule} to {} are not as they were \
             written",
            rule + 1,
            rule + 1
        )
    );
    let key = line("    1{1:c0000207}");
    assert_eq!(
        refusal(&text.replacen("c0000207", "c0000206", 1)).split(": the checksum").next().unwrap(),
        format!("line {key} (elements inet edge blocked 2)")
    );
    assert_eq!(
        refusal(&text.replacen("byte-order", "bite-order", 1)),
        "line 4 (bite-order little): \"byte-order little\" or \"byte-order big\" was expected"
            .replace("bite-order little", &format!("bite-order {}", facts::HERE))
    );
    assert!(refusal(&format!("{text}more\n")).ends_with("something stands behind the end"));
    assert!(refusal(&format!("{text}{text}")).ends_with("something stands behind the end"));
    assert!(read(format!("{text}# more\n\n").as_bytes()).is_ok());
}

#[test]
fn what_is_no_snapshot_of_this_version_and_machine_is_refused() {
    let text = String::from_utf8(written(&snapshot())).unwrap();
    assert_eq!(
        refusal(&text.replacen("snapshot 1", "snapshot 2", 1)),
        "the snapshot has format \"2\", and this version of portcullis reads format 1: read it with the version \
         that wrote it, or with a newer one than this"
    );
    let other = text.replacen(&format!("order {}", facts::HERE), &format!("order {}", facts::ELSEWHERE), 1);
    assert!(refusal(&other).starts_with(&format!(
        "the snapshot was taken on a {}-endian machine, and this one is {}-endian",
        facts::ELSEWHERE,
        facts::HERE
    )));
    for (text, beginning) in [
        ("", "missing"),
        ("#!/usr/sbin/nft -f\n", "missing"),
        ("table inet edge {\n}\n", "\"table inet edge {\""),
        ("\x7fELF\x02\n", "\"\\x7fELF\\x02\""),
        ("portcullis snapshot\n", "\"portcullis snapshot\""),
    ] {
        assert_eq!(
            refusal(text),
            format!(
                "this is no snapshot of portcullis: its first line is {beginning}, not \"portcullis snapshot 1\""
            )
        );
    }
    assert!(refusal(&"x".repeat(2 << 20)).contains("its first line is far too long"));
}

/// Gives lines the checksums that they should have, so that what they say is looked at.
fn signed(text: &str) -> String {
    let mut checksum = checksum::Checksum::new();
    let mut signed = String::new();
    for line in text.lines() {
        let line = line.split(" ~").next().unwrap_or_default();
        checksum.update(line.as_bytes());
        checksum.update(b"\n");
        signed.push_str(line);
        if line.starts_with("    ") || line.starts_with("end") {
            signed.push_str(&format!(" ~{:08x}", checksum.value()));
        }
        signed.push('\n');
    }
    signed
}

#[test]
fn sense_is_asked_for_where_the_checksums_fit() {
    let head = format!("portcullis snapshot 1\nbyte-order {}\nscope ruleset\ntaken 7\n", facts::HERE);
    let refused = |rest: &str| refusal(&signed(&format!("{head}{rest}")));
    let table = "table inet t\n    1\"t\" 2:00000000\n";
    let chain = "chain inet t c\n    1\"t\" 3\"c\"\n";
    let end = "end tables 0 objects 0 flowtables 0 sets 0 elements 0 chains 0 rules 0\n";
    assert!(read(signed(&format!("{head}{end}")).as_bytes()).is_ok());
    for (rest, expected) in [
        (chain.to_owned(), "line 6 (chain inet t c): stands before any table"),
        (
            format!("{table}chain inet t d\n    1\"t\" 3\"c\""),
            "line 8 (chain inet t d): the attributes are those of chain inet t c",
        ),
        (
            format!("{table}chain inet t c\n    1\"u\" 3\"c\""),
            "line 8 (chain inet t c): belongs to another table: u",
        ),
        (
            format!("{table}chain inet t c\n    3\"c\""),
            "line 8 (chain inet t c): the attributes cannot be read: attribute NFTA_CHAIN_TABLE is missing",
        ),
        (
            format!("{table}chain inet t c\n    3{{1"),
            "line 8 (chain inet t c): at character 4 of the attributes '{', '\"' or ':' was expected",
        ),
        (
            format!("{table}chain inet t c\nend"),
            "line 8 (chain inet t c): a line of attributes, indented and with a checksum, was expected",
        ),
        (
            format!("{table}rule inet t c 1\n    1\"t\" 2\"c\""),
            "line 8 (rule inet t c 1): does not stand below its chain c",
        ),
        (
            format!("{table}{chain}rule inet t c 2\n    1\"t\" 2\"c\""),
            "line 10 (rule inet t c 2): the attributes are those of rule inet t c 1",
        ),
        (
            format!("{table}elements inet t s 1\n    1{{1:00}}"),
            "line 7 (elements inet t s 1): elements do not stand below their set",
        ),
        (
            format!("{table}{end}"),
            "line 7 (table inet t): it says tables 0 objects 0 flowtables 0 sets 0 elements 0 chains 0 rules 0, and what stands above it is tables 1 objects 0 flowtables 0 sets 0 elements 0 chains 0 rules 0",
        ),
        (
            format!("{table}    1\"t\"\n"),
            "line 7 (table inet t): attributes without a line before them that says of what",
        ),
        ("something else\n".to_owned(), "line 5 (something else): neither an object nor the line \"end\""),
        (
            "table unheard t\n    1\"t\"\n".to_owned(),
            "line 6 (table unheard t): no family that this version knows",
        ),
    ] {
        assert_eq!(refused(&rest), expected);
    }
    let one = |rest: &str| {
        refusal(&signed(&format!("{head}{rest}").replace("scope ruleset", "scope table inet t")))
    };
    assert!(one(end).ends_with("the table that the snapshot is said to be of is not in it"));
    assert!(
        one("table inet u\n    1\"u\"\n")
            .ends_with("the snapshot says that it is of another table: scope table inet t")
    );
}

proptest! {
    #![proptest_config(crate::cases::cases(2000))]

    #[test]
    fn any_bytes_are_an_answer(bytes in proptest::collection::vec(any::<u8>(), 0..200), keep in 0usize..4000) {
        let good = written(&snapshot());
        let keep = keep.min(good.len());
        let _ = read(&bytes);
        prop_assert!(read(&[&good[..keep], &bytes].concat()).map_or(true, |read| read == snapshot()));
    }

    #[test]
    fn any_attributes_with_right_checksums_are_an_answer(
        kind in "table|object|flowtable|set|elements|chain|rule|end",
        rest in "( [a-z0-9\"]{0,4}){0,5}",
        tree in "([0-9]{1,2}(:([0-9a-f]{2}){0,4}|\"[a-z]{1,3}\"|\\{[0-9]:[0-9a-f]{4}\\}) ){0,6}[0-9]:00",
    ) {
        let text = format!(
            "portcullis snapshot 1\nbyte-order {}\nscope ruleset\ntaken 7\ntable inet t\n    1\"t\"\n{kind}{rest}\n    \
             {tree}\n",
            facts::HERE
        );
        let _ = read(signed(&text).as_bytes());
    }
}

#[test]
fn without_counters_nothing_is_counted_and_everything_counts_on() {
    let snapshot = snapshot().without_counters();
    let text = format!("{:?}", snapshot.tables());
    for gone in ["packets: Some", "consumed: Some", "msecs: Some"] {
        assert!(!text.contains(gone), "{text}");
    }
    let base = snapshot.tables()[0].chains[0].base.as_ref().unwrap();
    assert_eq!(base.counters, Some((0, 0)));
    assert_eq!(snapshot.tables()[0].sets[0].elements[0].expiration, Some(Duration::from_secs(12)));
    let names: Vec<_> =
        snapshot.tables()[0].chains[0].rules[1].expressions().map(crate::expr::Expr::name).collect();
    assert_eq!(names, ["last", "dynset", "quota"]);
}

#[test]
fn what_means_nothing_elsewhere_is_left_out() {
    let mut read = table();
    read.handle = Some(7);
    read.objects[0].uses = Some(2);
    read.chains[0].rules[0].handle = Some(9);
    // Its time was over when it was listed.
    read.sets[0].elements[0].expiration = Some(Duration::ZERO);
    let snapshot = Snapshot::of(vec![read], Scope::Ruleset);
    let mut expected = table();
    expected.sets[0].elements.remove(0);
    assert_eq!(snapshot.tables(), [expected]);
    assert!(snapshot.taken() <= SystemTime::now() && snapshot.kernel().is_some());
}

#[test]
fn one_table_can_be_taken_out() {
    let mut both = snapshot();
    both.tables.push(Table::inet("other"));
    both.scope = Scope::Ruleset;
    let edge = both.clone().only((Family::Inet, "edge")).unwrap();
    assert_eq!(edge, snapshot());
    assert_eq!(both.only((Family::Ip, "edge")), None);
}

/// What each way of restoring does first.
#[test]
fn what_is_there_is_replaced_or_added_to() {
    let verbs = |scope, how| {
        let snapshot = Snapshot { scope, tables: vec![Table::inet("edge")], ..snapshot() };
        let transaction = snapshot.transaction(how);
        let ids = (0..transaction.len()).map(|index| crate::OperationId(index as u32));
        let verbs: Vec<_> = ids
            .map(|id| {
                let operation = transaction.batch.operations.get(id).unwrap();
                let subject = crate::Subject::of(&transaction.batch.message_of(id).unwrap());
                assert!(operation.origin.location().file().ends_with("tests.rs"));
                format!("{} {subject}", operation.verb)
            })
            .collect();
        Netfilter::with_transport(Recorder::new()).commit(&transaction).unwrap();
        verbs.join(", ")
    };
    let edge = || Scope::Table(TableRef::new(Family::Inet, "edge"));
    assert_eq!(verbs(Scope::Ruleset, Restore::Replace), "flush ruleset, add table inet edge");
    let replaced = "add table inet edge, delete table inet edge, add table inet edge";
    assert_eq!(verbs(edge(), Restore::Replace), replaced);
    assert_eq!(verbs(edge(), Restore::ReplaceTables), replaced);
    assert_eq!(verbs(Scope::Ruleset, Restore::ReplaceTables), replaced);
    assert_eq!(verbs(Scope::Ruleset, Restore::Add), "add table inet edge");
}
