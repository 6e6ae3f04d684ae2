//! Files in nft's language.

use std::io::{Result, Write};

use super::numbers::{address, network, port};

/// Writes a workload; false where there is no file for it.
pub(super) fn write(to: &mut dyn Write, workload: &str, size: u32) -> Result<bool> {
    match workload {
        "rules-facts" => {
            chain(to, "input { type filter hook input priority 0; policy accept;", size, |index| {
                let (address, port) = (address(index), port(index));
                format!(
                    "meta l4proto tcp ip saddr {address} tcp dport {port} ct state new,established counter accept"
                )
            })
        }
        "rules-port" => {
            chain(to, "input { type filter hook input priority 0; policy accept;", size, |index| {
                format!("tcp dport {} accept", port(index))
            })
        }
        "rules-nat" => {
            chain(to, "prerouting { type nat hook prerouting priority -100; policy accept;", size, |index| {
                format!("tcp dport {} numgen inc mod 2 == 0 dnat to {}:8080", port(index), address(index))
            })
        }
        "set-hash" => {
            set(to, &format!("type ipv4_addr; size {size};"), size, |index| address(index).to_string())
        }
        "set-map" => {
            writeln!(
                to,
                "table ip bench {{\n\tmap s {{ type ipv4_addr : mark; size {size};\n\t\telements = {{"
            )?;
            for index in 0..size {
                writeln!(to, "{} : {index},", address(index))?;
            }
            writeln!(to, "\t\t}};\n\t}}\n}}")?;
            Ok(true)
        }
        "set-interval" => {
            set(to, "type ipv4_addr; flags interval;", size, |index| format!("{}/30", network(index)))
        }
        "set-concat" => set(to, &format!("type ipv4_addr . inet_service; size {size};"), size, |index| {
            format!("{} . {}", address(index), port(index))
        }),
        "replace-element" => {
            writeln!(
                to,
                "delete element ip bench s {{ {} }}\nadd element ip bench s {{ 11.0.0.1 }}",
                address(0)
            )?;
            Ok(true)
        }
        _ => Ok(false),
    }
}

fn chain(to: &mut dyn Write, head: &str, size: u32, rule: impl Fn(u32) -> String) -> Result<bool> {
    writeln!(to, "table ip bench {{\n\tchain {head}")?;
    for index in 0..size {
        writeln!(to, "\t\t{}", rule(index))?;
    }
    writeln!(to, "\t}}\n}}")?;
    Ok(true)
}

fn set(to: &mut dyn Write, head: &str, size: u32, element: impl Fn(u32) -> String) -> Result<bool> {
    writeln!(to, "table ip bench {{\n\tset s {{ {head}\n\t\telements = {{")?;
    for index in 0..size {
        writeln!(to, "{},", element(index))?;
    }
    writeln!(to, "\t\t}};\n\t}}\n}}")?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::{super::tests::text, *};

    #[test]
    fn rules_and_sets_are_written_in_nfts_words() {
        let rules = text(write, "rules-facts", 2).expect("nft has rules");
        assert!(
            rules.contains("ip saddr 10.0.0.1 tcp dport 1 ct state new,established counter accept"),
            "{rules}"
        );
        assert_eq!(rules.matches("accept").count(), 3);
        let set = text(write, "set-interval", 3).expect("nft has sets");
        assert!(set.contains("10.0.0.16/30,"), "{set}");
        assert_eq!(text(write, "list", 3), None);
    }
}
