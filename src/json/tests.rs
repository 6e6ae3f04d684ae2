//! What holds for every value: its JSON is read as the same value, and stays what it is.

mod documentation;
mod hostile;
mod sample;

use std::{collections::BTreeSet, fmt};

use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use crate::Statement;
use sample::firewall;

/// Writes a value and reads it again, as text and as a tree.
#[track_caller]
pub(crate) fn survives<T: Serialize + DeserializeOwned + PartialEq + fmt::Debug>(value: &T) {
    let text = serde_json::to_string(value).unwrap_or_else(|error| panic!("{error}: {value:?}"));
    let read: T = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
    assert_eq!(read, *value, "{text}");
    let tree = serde_json::to_value(value).unwrap_or_else(|error| panic!("{error}: {value:?}"));
    assert!(nothing_is_absent(&tree), "{text}");
    let read: T = serde_json::from_value(tree).unwrap_or_else(|error| panic!("{error}: {text}"));
    assert_eq!(read, *value, "{text}");
}

/// Whether what is not there is left out, not said to be `null`. Some words have nothing to say.
fn nothing_is_absent(tree: &Value) -> bool {
    match tree {
        Value::Object(fields) => fields.iter().all(|(key, value)| match value {
            Value::Null => ["trace", "notrack", "last_used"].contains(&key.as_str()),
            value => nothing_is_absent(value),
        }),
        Value::Array(members) => members.iter().all(nothing_is_absent),
        _ => true,
    }
}

/// The names of an enumeration's variants.
fn names<T: DeserializeOwned + fmt::Debug>() -> BTreeSet<String> {
    // serde lists them where there is none of a name.
    let error = serde_json::from_str::<T>(r#"{"?": null}"#).unwrap_err().to_string();
    let names: BTreeSet<String> = error.split('`').skip(3).step_by(2).map(str::to_owned).collect();
    assert!(names.len() > 30, "{error}");
    names
}

/// The words that a document says.
fn said(ruleset: &Value) -> BTreeSet<String> {
    let chains =
        ruleset["tables"].as_array().unwrap().iter().flat_map(|table| table["chains"].as_array().unwrap());
    let rules = chains.flat_map(|chain| chain["rules"].as_array().unwrap());
    let words = rules.flat_map(|rule| rule["body"].as_array().unwrap());
    words.flat_map(|word| word.as_object().unwrap().keys().cloned()).collect()
}

#[test]
fn a_firewall_of_every_word_is_written_as_ever() {
    let firewall = firewall();
    survives(&firewall);
    assert_eq!(said(&serde_json::to_value(&firewall).unwrap()), names::<Statement>());
    let text = serde_json::to_string_pretty(&firewall).unwrap() + "\n";
    // What this file shows must be readable for ever: see "Stability" in docs/json.md.
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/src/json/tests/firewall.json");
    if std::env::var_os("PORTCULLIS_WRITE_GOLDEN").is_some() {
        std::fs::write(path, &text).unwrap();
    }
    // Registers look otherwise on other machines.
    if cfg!(target_endian = "little") {
        let golden = include_str!("tests/firewall.json");
        assert!(text == golden, "{path} says otherwise; PORTCULLIS_WRITE_GOLDEN=1 writes it anew");
    }
}
