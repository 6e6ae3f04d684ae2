//! What holds for every value: its JSON is read as the same value.

use std::fmt;

use serde::{Serialize, de::DeserializeOwned};

/// Writes a value and reads it again, as text and as a tree.
#[track_caller]
pub(crate) fn survives<T: Serialize + DeserializeOwned + PartialEq + fmt::Debug>(value: &T) {
    let text = serde_json::to_string(value).unwrap_or_else(|error| panic!("{error}: {value:?}"));
    let read: T = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
    assert_eq!(read, *value, "{text}");
    let tree = serde_json::to_value(value).unwrap_or_else(|error| panic!("{error}: {value:?}"));
    let read: T = serde_json::from_value(tree).unwrap_or_else(|error| panic!("{error}: {text}"));
    assert_eq!(read, *value, "{text}");
}
