//! The example `inspect`, run in every format over the ruleset of another example.

use std::process::Output;

use portcullis_world::{Host, need_namespaces, skip};

use crate::support::{edge, example, nft_listing, open};

fn inspect(host: &Host, arguments: &[&str]) -> Output {
    host.output(example("inspect").args(arguments))
}

#[track_caller]
fn shown(host: &Host, arguments: &[&str]) -> String {
    let output = inspect(host, arguments);
    assert!(output.status.success(), "{}: {}", output.status, String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// A namespace with the firewall of `service_firewall`, and another table.
fn firewalled() -> Host {
    let host = Host::new("inspected");
    let output = host.output(example("service_firewall").args(["--port", "22", "--port", "443"]));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let mut transaction = portcullis::Transaction::new();
    transaction.add_table(edge());
    open(&host).commit(&transaction).expect("a table");
    host
}

#[test]
fn every_format_shows_the_firewall() {
    need_namespaces!();
    let host = firewalled();
    let table = shown(&host, &["--table", "service_firewall"]);
    assert_eq!(table, shown(&host, &["--table", "service_firewall", "--format", "table"]), "the default");
    assert!(table.contains("Chain input (policy DROP"), "{table}");
    assert!(table.contains("multiport dports 22,443"), "{table}");
    assert!(!table.contains("edge"), "{table}");
    assert!(shown(&host, &["--verbose"]).contains("\nnum "), "line numbers");

    let bytecode = shown(&host, &["--format", "bytecode"]);
    assert!(bytecode.contains("[ ct load state => reg 1 ]"), "{bytecode}");
    let dot = shown(&host, &["--format", "dot"]);
    assert!(dot.starts_with("digraph") && dot.trim_end().ends_with('}'), "{dot}");
    let svg = shown(&host, &["--format", "svg"]);
    assert!(svg.starts_with("<svg") && svg.trim_end().ends_with("</svg>"), "{svg}");
}

#[test]
fn in_nfts_language_it_is_what_nft_lists() {
    need_namespaces!();
    let host = firewalled();
    let Some(listing) = nft_listing(&host) else {
        skip!("nft is not installed");
    };
    assert_eq!(shown(&host, &["--format", "nft"]), listing);
    assert!(shown(&host, &["--format", "nft", "--verbose"]).contains("# handle "));
}

#[cfg(feature = "serde")]
#[test]
fn as_json_it_is_the_ruleset() {
    need_namespaces!();
    let host = firewalled();
    let ruleset = open(&host).ruleset(None).expect("the ruleset");
    let read = |text: &str| serde_json::from_str::<portcullis::Ruleset>(text).expect("a ruleset");
    assert_eq!(read(&shown(&host, &["--format", "json", "--verbose"])), ruleset);
    let words = shown(&host, &["--format", "json"]);
    assert!(words.contains("\"ct_state\""), "{words}");
    assert_eq!(read(&words), ruleset.lift());
}

#[test]
fn what_is_not_there_is_said() {
    need_namespaces!();
    let host = firewalled();
    let output = inspect(&host, &["--table", "nothing"]);
    assert_eq!(output.status.code(), Some(1));
    let text = String::from_utf8_lossy(&output.stderr);
    assert_eq!(text.trim(), "inspect: there is no table called \"nothing\"");
    for wrong in [["--format", "yaml"], ["--family", "ipx"]] {
        let output = inspect(&host, &wrong);
        assert_eq!(output.status.code(), Some(2), "{wrong:?}");
        let text = String::from_utf8_lossy(&output.stderr);
        assert!(text.contains(wrong[1]) && text.contains("there are"), "{text}");
    }
}
