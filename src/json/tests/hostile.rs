//! Documents that are wrong: each is an error that names what, and where. None is lost on the way, none makes the
//! library panic.

use proptest::{prelude::*, sample::Index};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::{firewall, survives};
use crate::{
    Chain, Element, Rule, Ruleset, Set, Statement, Table,
    expr::Expr,
    object::{Flowtable, Object},
};

/// What is wrong with a text.
#[track_caller]
fn error<T: DeserializeOwned + std::fmt::Debug>(text: &str) -> String {
    serde_json::from_str::<T>(text).unwrap_err().to_string()
}

/// A document around one rule's body.
fn document(body: &str) -> String {
    format!(
        r#"{{"portcullis":1,"byte_order":"{}","tables":[{{"family":"inet","name":"t","chains":[{{"name":"c","rules":[{{"body":{body}}}]}}]}}]}}"#,
        crate::json::document::HERE
    )
}

#[track_caller]
fn body_error(body: &str) -> String {
    let error = error::<Ruleset>(&document(body));
    let error = error.strip_prefix("tables[0].chains[0].rules[0].").unwrap_or(&error);
    error.split(" at line ").next().unwrap_or_default().to_owned()
}

#[test]
fn foreign_documents_are_refused_before_their_tables() {
    assert_eq!(
        error::<Ruleset>(r#"{"portcullis": 2, "byte_order": "middle", "tables": 5}"#),
        "portcullis: invalid value: integer `2`, expected 1: this version of portcullis reads no other format \
         at line 1 column 16"
    );
    let (here, other) = if cfg!(target_endian = "little") { ("little", "big") } else { ("big", "little") };
    assert_eq!(
        error::<Ruleset>(&format!(r#"{{"portcullis": 1, "byte_order": "{other}", "tables": 5}}"#)),
        format!(
            "byte_order: the document was written on a {other}-endian machine, this one is {here}-endian: the \
             bytes of its registers would mean other numbers at line 1 column {}",
            34 + other.len()
        )
    );
    let text = |head: &str| error::<Ruleset>(&format!("{{{head}\"tables\": []}}"));
    assert!(text("").starts_with("missing field `portcullis`"));
    assert!(text(r#""portcullis": 1, "#).starts_with("missing field `byte_order`"));
    assert!(text(r#""nftables": [], "#).starts_with("nftables: unknown field `nftables`"));
    assert!(error::<Ruleset>("").starts_with("EOF while parsing a value"));
    assert!(error::<Ruleset>("[]").starts_with("invalid length 0"));
}

#[test]
fn an_error_says_where() {
    for (body, expected) in [
        (
            r#"[{"port": {"side": "destination", "ports": [22, 70000]}}]"#,
            "body[0].port.ports[1]: invalid value: integer `70000`, expected u16",
        ),
        (
            r#"[{"port": {"side": "destination", "ports": [{"range": [1, -1]}]}}]"#,
            "body[0].port.ports[0].range[1]: invalid value: integer `-1`, expected u16",
        ),
        (r#"[{"port": {"side": "destination"}}]"#, "body[0].port: missing field `ports`"),
        (
            r#"[{"port": {"side": "left", "ports": []}}]"#,
            "body[0].port.side: unknown variant `left`, expected `source` or `destination`",
        ),
        (
            r#"[{"port": {"side": "source", "ports": [], "port": 5}}]"#,
            "body[0].port.port: unknown field `port`, expected `side` or `ports`",
        ),
        (
            r#"[{"address": {"side": "source", "addresses": ["10.0.0.256"]}}]"#,
            "body[0].address.addresses[0]: invalid IP address syntax",
        ),
        (r#"[{"ct_state": {"no": ["new"]}}]"#, "body[0].ct_state: unknown field `no`, expected `not`"),
        (
            r#"[{"ct_state": ["fresh"]}]"#,
            "body[0].ct_state[0]: invalid value: string \"fresh\", expected \"invalid\", \"established\", \
             \"related\", \"new\", \"untracked\", or a number of other bits",
        ),
        (
            r#"[{"ct_state": ["new", ["related"]]}]"#,
            "body[0].ct_state: flags beside lists of flags: write each flag as a list",
        ),
        (r#"[{"ip_version": "v5"}]"#, "body[0].ip_version: unknown variant `v5`, expected `v4` or `v6`"),
        (
            r#"[{"expr": {"cmp": {"sreg": 1, "op": "equal", "data": ""}}}]"#,
            "body[0].expr.cmp.op: invalid value: string \"equal\", expected CmpOp (\"eq\", \"neq\", \"lt\", \
             \"lte\", \"gt\", \"gte\", or the kernel's number)",
        ),
        (
            r#"[{"expr": {"cmp": {"sreg": 1, "op": "eq", "data": "016"}}}]"#,
            "body[0].expr.cmp.data: invalid value: string \"016\", expected bytes as pairs of hexadecimal digits",
        ),
        (
            r#"[{"expr": {"cmp": {"sreg": 1, "op": 4294967296, "data": ""}}}]"#,
            "body[0].expr.cmp.op: invalid value: integer `4294967296`, expected CmpOp (\"eq\", \"neq\", \"lt\", \
             \"lte\", \"gt\", \"gte\", or the kernel's number)",
        ),
        (
            r#"[{"time_of_day": ["25:00:00"]}]"#,
            "body[0].time_of_day[0]: \"25:00:00\" is not a time of day (09:30, 09:30:15, or 22:00-06:00), in UTC",
        ),
        (
            r#"[{"ether": {"side": "source", "addresses": ["02:00"]}}]"#,
            "body[0].ether.addresses[0]: \"02:00\" is not an Ethernet address (aa:bb:cc:dd:ee:ff)",
        ),
        (
            r#"[{"counter": {"packets": -1}}]"#,
            "body[0].counter.packets: invalid value: integer `-1`, expected u64",
        ),
        (r#"["accept"]"#, ""),
    ] {
        let found = body_error(body);
        if expected.is_empty() {
            assert!(
                found.starts_with("body[0]: unknown variant `accept`, expected one of `address`"),
                "{found}"
            );
        } else {
            assert_eq!(found, expected);
        }
    }
    let huge = body_error(r#"[{"counter": {"packets": 18446744073709551616}}]"#);
    assert!(huge.starts_with("body[0].counter.packets: invalid type: floating point"), "{huge}");
}

#[test]
fn what_is_not_known_is_not_lost() {
    assert!(
        error::<Table>(r#"{"family":"inet","name":"t","chain":[]}"#).starts_with("unknown field `chain`")
    );
    assert!(
        error::<Table>(r#"{"family":"inet","name":"t","name":"u"}"#).starts_with("duplicate field `name`")
    );
    assert!(error::<Table>(r#"{"family":"inet"}"#).starts_with("missing field `name`"));
    assert!(error::<Chain>(r#"{"name":"c","problem":null}"#).starts_with("unknown field `problem`"));
    assert!(error::<Chain>(r#"{"name":"c","origin":"main.rs:1"}"#).starts_with("unknown field `origin`"));
    assert!(error::<Set>(r#"{"name":"s","key_type":7,"key_len":4,"timeout":5}"#).contains("`timeout_ms`"));
    assert!(error::<Element>(r#"{"flags":[]}"#).starts_with("missing field `key`"));
    assert!(
        error::<Element>(r#"{"key":"00","data":{"value":"00","object":"x"}}"#).contains("expected value")
    );
    assert!(error::<Object>(r#"{"name":"o","data":{"gauge":{}}}"#).starts_with("unknown variant `gauge`"));
    assert!(error::<Flowtable>(r#"{"name":"f","priority":"early"}"#).contains("expected a priority"));
    assert!(error::<Statement>(r#"{"verdict":"accept","counter":{}}"#).contains("expected value"));
    assert!(error::<Statement>(r#"{"dscp":{"not":[1],"or":[2]}}"#).contains("unexpected field `or`"));
    assert!(
        error::<Statement>(r#"{"dscp":[{"range":[1,2],"masked":[1,2]}]}"#)
            .contains("unexpected field `masked`")
    );
    assert!(error::<Statement>(r#"{"dscp":[{"range":[1,2,3]}]}"#).starts_with("trailing characters"));
    let attribute =
        |number: u32| format!(r#"{{"notrack":{{"unknown":[{{"number":{number},"bytes":""}}]}}}}"#);
    assert!(serde_json::from_str::<Expr>(&attribute(16383)).is_ok());
    assert!(error::<Expr>(&attribute(16384)).contains("expected an attribute's number, at most 16383"));
    let comment = format!(r#"{{"body":[],"userdata":{{"comment":"{}"}}}}"#, "x".repeat(128));
    assert!(error::<Rule>(&comment).starts_with("the comment is 128 bytes long; nft reads at most 127"));
}

#[test]
fn what_could_not_be_made_right_is_not_written() {
    let text = |rule: Rule| serde_json::to_string(&rule).unwrap_err().to_string();
    assert_eq!(
        text(Rule::new().saddr("10.0.0.0/99")),
        "prefix length 99 is too long for address \"10.0.0.0\": at most 32"
    );
    assert!(text(Rule::new().comment(&"x".repeat(128))).starts_with("the comment is 128 bytes long"));
    assert!(text(Rule::new().random(2.0)).starts_with("a probability"));
}

#[test]
fn a_deep_document_is_an_error() {
    let mut expression = json!({"notrack": {}}).to_string();
    for _ in 0..10_000 {
        expression = format!(
            r#"{{"inner":{{"num":0,"kind":"vxlan","flags":[],"hdrsize":8,"expression":{expression}}}}}"#
        );
    }
    assert!(error::<Expr>(&expression).starts_with("recursion limit exceeded"));
    let body = format!(r#"[{{"expr":{expression}}}]"#);
    assert!(body_error(&body).ends_with("recursion limit exceeded"));
}

/// How many places a tree has.
fn places(tree: &Value) -> usize {
    1 + match tree {
        Value::Array(members) => members.iter().map(places).sum(),
        Value::Object(fields) => fields.values().map(places).sum::<usize>(),
        _ => 0,
    }
}

/// Changes the value at the `at`th place; counts down to it.
fn change(tree: &mut Value, at: &mut usize, new: &Value) -> bool {
    if *at == 0 {
        *tree = new.clone();
        return true;
    }
    *at -= 1;
    match tree {
        Value::Array(members) => members.iter_mut().any(|member| change(member, at, new)),
        Value::Object(fields) => fields.values_mut().any(|field| change(field, at, new)),
        _ => false,
    }
}

/// Stands for nothing: where it is put, the field or member goes.
const GONE: &str = "\0gone";

fn prune(tree: &mut Value) {
    let stays = |value: &Value| value != GONE;
    match tree {
        Value::Array(members) => members.retain(stays),
        Value::Object(fields) => fields.retain(|_, value| stays(value)),
        _ => {}
    }
    match tree {
        Value::Array(members) => members.iter_mut().for_each(prune),
        Value::Object(fields) => fields.values_mut().for_each(prune),
        _ => {}
    }
}

/// Values of every kind, and pieces of documents in places where they may not belong.
fn foreign(all: Value) -> impl Strategy<Value = Value> {
    let scalar = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        (0..300u32).prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "[ -~]{0,20}".prop_map(Value::from),
        "([0-9a-f]{2}){0,80}".prop_map(Value::from),
        Just(json!([])),
        Just(json!({})),
    ];
    let piece = any::<Index>().prop_map(move |index| {
        let mut at = index.index(places(&all));
        piece(&all, &mut at).cloned().unwrap_or_default()
    });
    prop_oneof![scalar, piece, Just(Value::from(GONE))]
}

fn piece<'a>(tree: &'a Value, at: &mut usize) -> Option<&'a Value> {
    if *at == 0 {
        return Some(tree);
    }
    *at -= 1;
    match tree {
        Value::Array(members) => members.iter().find_map(|member| piece(member, at)),
        Value::Object(fields) => fields.values().find_map(|field| piece(field, at)),
        _ => None,
    }
}

#[test]
fn a_changed_document_is_read_as_it_stands_or_refused() {
    let all = serde_json::to_value(firewall()).unwrap();
    let changes = prop::collection::vec((any::<Index>(), foreign(all.clone())), 1..4);
    let config = crate::cases::cases(1000);
    // So few that none need be readable.
    let few = config.cases < 1000;
    let read = std::cell::Cell::new(0);
    let result = proptest::test_runner::TestRunner::new(config).run(&changes, |changes| {
        let mut tree = all.clone();
        for (index, new) in changes {
            let mut at = index.index(places(&tree));
            change(&mut tree, &mut at, &new);
            prune(&mut tree);
        }
        if let Ok(ruleset) = serde_json::from_value::<Ruleset>(tree) {
            read.set(read.get() + 1);
            survives(&ruleset);
            // Whatever it says is sent, or refused in its turn.
            let _ = ruleset.transaction().problems().len();
            let _ = ruleset.lift();
        }
        Ok(())
    });
    result.unwrap_or_else(|error| panic!("{error}"));
    assert!(few || read.get() > 40, "{} of 1000 could be read", read.get());
}
