//! Files in nft's JSON (libnftables-json(5)).

use std::io::{Result, Write};

use serde_json::{Value, json};

use super::numbers::{address, network, port};

/// Writes a workload; false where there is no file for it.
pub(super) fn write(to: &mut dyn Write, workload: &str, size: u32) -> Result<bool> {
    match workload {
        "rules-facts" => rules(to, "input", size, |index| {
            json!([
                equal(json!({"meta": {"key": "l4proto"}}), json!("tcp")),
                equal(payload("ip", "saddr"), json!(address(index).to_string())),
                equal(payload("tcp", "dport"), json!(port(index))),
                {"match": {"op": "in", "left": {"ct": {"key": "state"}}, "right": ["new", "established"]}},
                {"counter": null},
                {"accept": null},
            ])
        }),
        "rules-port" => rules(
            to,
            "input",
            size,
            |index| json!([equal(payload("tcp", "dport"), json!(port(index))), {"accept": null}]),
        ),
        "rules-nat" => rules(to, "prerouting", size, |index| {
            json!([
                equal(payload("tcp", "dport"), json!(port(index))),
                equal(json!({"numgen": {"mode": "inc", "mod": 2, "offset": 0}}), json!(0)),
                {"dnat": {"addr": address(index).to_string(), "port": 8080}},
            ])
        }),
        "set-map" => set(to, &json!({"type": "ipv4_addr", "map": "mark", "size": size}), size, |index| {
            json!([address(index).to_string(), index])
        }),
        "set-hash" => set(to, &json!({"type": "ipv4_addr", "size": size}), size, |index| {
            json!(address(index).to_string())
        }),
        "set-interval" => set(
            to,
            &json!({"type": "ipv4_addr", "flags": ["interval"]}),
            size,
            |index| json!({"prefix": {"addr": network(index).to_string(), "len": 30}}),
        ),
        "set-concat" => set(
            to,
            &json!({"type": ["ipv4_addr", "inet_service"], "size": size}),
            size,
            |index| json!({"concat": [address(index).to_string(), port(index)]}),
        ),
        "add-one" | "add-one-spread" => document(
            to,
            &[json!({"add": rule("input", &json!([
                equal(payload("tcp", "dport"), json!(port(size))), {"accept": null}
            ]))})],
        ),
        "replace-element" => {
            let element = |address: String| json!({"element": {"family": "ip", "table": "bench", "name": "s", "elem": [address]}});
            document(
                to,
                &[
                    json!({"delete": element(address(0).to_string())}),
                    json!({"add": element("11.0.0.1".into())}),
                ],
            )
        }
        _ => Ok(false),
    }
}

fn equal(left: Value, right: Value) -> Value {
    json!({"match": {"op": "==", "left": left, "right": right}})
}

fn payload(protocol: &str, field: &str) -> Value {
    json!({"payload": {"protocol": protocol, "field": field}})
}

fn rule(chain: &str, words: &Value) -> Value {
    json!({"rule": {"family": "ip", "table": "bench", "chain": chain, "expr": words}})
}

fn document(to: &mut dyn Write, commands: &[Value]) -> Result<bool> {
    writeln!(to, "{}", json!({"nftables": commands}))?;
    Ok(true)
}

/// The table, the chain, and the rules one by one: a document of all is not held.
fn rules(to: &mut dyn Write, chain: &str, size: u32, words: impl Fn(u32) -> Value) -> Result<bool> {
    let (kind, priority) = if chain == "input" { ("filter", 0) } else { ("nat", -100) };
    let head = json!({"add": {"chain": {"family": "ip", "table": "bench", "name": chain,
        "type": kind, "hook": chain, "prio": priority, "policy": "accept"}}});
    write!(to, "{{\"nftables\": [{},\n{head}", table())?;
    for index in 0..size {
        write!(to, ",\n{}", json!({"add": rule(chain, &words(index))}))?;
    }
    writeln!(to, "]}}")?;
    Ok(true)
}

fn set(to: &mut dyn Write, about: &Value, size: u32, element: impl Fn(u32) -> Value) -> Result<bool> {
    let mut set = json!({"family": "ip", "table": "bench", "name": "s"});
    for (key, value) in about.as_object().into_iter().flatten() {
        set[key] = value.clone();
    }
    let kind = if set.get("map").is_some() { "map" } else { "set" };
    writeln!(to, "{{\"nftables\": [{},\n{},", table(), json!({"add": {kind: set}}))?;
    write!(
        to,
        "{{\"add\": {{\"element\": {{\"family\": \"ip\", \"table\": \"bench\", \"name\": \"s\", \"elem\": ["
    )?;
    for index in 0..size {
        write!(to, "{}{}", if index == 0 { "" } else { ",\n" }, element(index))?;
    }
    writeln!(to, "]}}}}}}]}}")?;
    Ok(true)
}

fn table() -> Value {
    json!({"add": {"table": {"family": "ip", "name": "bench"}}})
}

#[cfg(test)]
mod tests {
    use super::{super::tests::text, *};

    #[test]
    fn every_file_is_one_document_with_as_many_rules_or_elements() {
        for workload in ["rules-facts", "rules-port", "rules-nat"] {
            let document: Value =
                serde_json::from_str(&text(write, workload, 3).expect("it is written")).expect("JSON");
            assert_eq!(document["nftables"].as_array().map(Vec::len), Some(5), "{workload}");
        }
        for workload in ["set-hash", "set-interval", "set-concat", "set-map"] {
            let document: Value =
                serde_json::from_str(&text(write, workload, 3).expect("it is written")).expect("JSON");
            let elements = &document["nftables"][2]["add"]["element"]["elem"];
            assert_eq!(elements.as_array().map(Vec::len), Some(3), "{workload}");
        }
        assert_eq!(text(write, "list", 3), None);
    }
}
