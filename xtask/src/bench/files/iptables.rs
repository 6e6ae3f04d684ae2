//! Files for `iptables-restore`.

use std::io::{Result, Write};

use super::numbers::{address, port};

/// Writes a workload; false where there is no file for it.
pub(super) fn write(to: &mut dyn Write, workload: &str, size: u32) -> Result<bool> {
    match workload {
        "rules-facts" => table(to, "filter\n:INPUT ACCEPT [0:0]", size, |index| {
            format!(
                "-A INPUT -s {}/32 -p tcp -m tcp --dport {} -m conntrack --ctstate NEW,ESTABLISHED -j ACCEPT",
                address(index),
                port(index)
            )
        }),
        "rules-port" => table(to, "filter\n:INPUT ACCEPT [0:0]", size, |index| {
            format!("-A INPUT -p tcp -m tcp --dport {} -j ACCEPT", port(index))
        }),
        "rules-nat" => table(to, "nat\n:PREROUTING ACCEPT [0:0]", size, |index| {
            format!(
                "-A PREROUTING -p tcp -m tcp --dport {} -m statistic --mode nth --every 2 --packet 0 -j DNAT \
                 --to-destination {}:8080",
                port(index),
                address(index)
            )
        }),
        _ => Ok(false),
    }
}

fn table(to: &mut dyn Write, head: &str, size: u32, rule: impl Fn(u32) -> String) -> Result<bool> {
    writeln!(to, "*{head}")?;
    for index in 0..size {
        writeln!(to, "{}", rule(index))?;
    }
    writeln!(to, "COMMIT")?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::{super::tests::text, *};

    #[test]
    fn rules_are_written_in_iptables_words() {
        let rules = text(write, "rules-nat", 2).expect("iptables has rules");
        assert!(rules.starts_with("*nat\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING -p tcp"), "{rules}");
        assert!(rules.ends_with("-j DNAT --to-destination 10.0.0.1:8080\nCOMMIT\n"), "{rules}");
        assert_eq!(text(write, "set-hash", 2), None);
    }
}
