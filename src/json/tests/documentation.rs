//! Every example in `docs/json.md` is read, and written as it stands there.

use std::{collections::BTreeSet, fmt};

use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use super::names;
use crate::{
    Chain, ChainRef, Element, Rule, Ruleset, Set, Statement, Table, TableRef,
    expr::Expr,
    object::{Flowtable, Object, ObjectRef},
};

const PAGE: &str = include_str!("../../../docs/json.md");

/// The page's JSON, with what each block says it is.
fn examples() -> Vec<(&'static str, &'static str)> {
    let blocks = PAGE.split("\n```json ").skip(1);
    blocks.filter_map(|block| block.split_once('\n')).map(|(what, rest)| (what, until_fence(rest))).collect()
}

fn until_fence(text: &str) -> &str {
    text.split_once("\n```").map_or(text, |(block, _)| block)
}

/// Reads a value and writes it again; gives it as a tree.
fn same<T: Serialize + DeserializeOwned + PartialEq + fmt::Debug>(example: &str) {
    let value: T = serde_json::from_str(example).unwrap_or_else(|error| panic!("{error} in {example}"));
    super::survives(&value);
    let written = serde_json::to_value(&value).unwrap();
    let said: Value = serde_json::from_str(example).unwrap();
    match (&written, &said) {
        // Short enough to be read where they differ.
        (Value::Array(written), Value::Array(said)) => {
            written.iter().zip(said).for_each(|(written, said)| assert_eq!(written, said));
        }
        _ => assert_eq!(written, said),
    }
}

#[test]
fn every_example_is_what_it_says() {
    // What registers hold, and nft's notes, would be other bytes.
    if cfg!(target_endian = "big") {
        return;
    }
    let mut seen = BTreeSet::new();
    for (what, example) in examples() {
        match what {
            "ruleset" => same::<Ruleset>(example),
            "table" => same::<Table>(example),
            "chain" => same::<Chain>(example),
            "rule" => same::<Rule>(example),
            "words" => same::<Vec<Statement>>(example),
            "expressions" => same::<Vec<Expr>>(example),
            "set" => same::<Set>(example),
            "elements" => same::<Vec<Element>>(example),
            "objects" => same::<Vec<Object>>(example),
            "flowtable" => same::<Flowtable>(example),
            "table name" => same::<TableRef>(example),
            "chain name" => same::<ChainRef>(example),
            "object name" => same::<ObjectRef>(example),
            other => panic!("no test for {other}"),
        };
        seen.insert(what);
    }
    assert_eq!(seen.len(), 13, "{seen:?}");
}

/// The first key of each member.
fn kinds(what: &str) -> BTreeSet<String> {
    let (_, example) = examples().into_iter().find(|(found, _)| *found == what).unwrap();
    let members: Vec<serde_json::Map<String, Value>> = serde_json::from_str(example).unwrap();
    members.iter().flat_map(|member| member.keys().cloned()).collect()
}

#[test]
fn every_word_and_expression_has_an_example() {
    assert_eq!(kinds("words"), names::<Statement>());
    assert_eq!(kinds("expressions"), names::<Expr>());
}

#[test]
fn the_error_that_the_page_shows_is_the_error() {
    let (_, example) = examples().into_iter().find(|(what, _)| *what == "ruleset").unwrap();
    let compact = serde_json::from_str::<Value>(example).unwrap().to_string();
    // So that it is not refused as another machine's.
    let order = format!("\"{}\"", if cfg!(target_endian = "little") { "little" } else { "big" });
    let wrong = compact.replacen("\"little\"", &order, 1).replacen("[22,", "[70000,", 1);
    let error = serde_json::from_str::<Ruleset>(&wrong).unwrap_err().to_string();
    let shown = error.split(" at line ").next().unwrap().replace('`', "");
    assert!(PAGE.replace('\n', " ").contains(&shown), "{error}");
}
