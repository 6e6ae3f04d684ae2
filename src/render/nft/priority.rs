//! Priorities by their names.

use crate::object::{Family, Hook};

/// How far a priority may be from a name for nft to say it so.
const REACH: i32 = 10;

/// A priority as nft says it: a name where the family and the hook have one nearby, a number otherwise.
pub(super) fn priority(number: i32, family: Family, hook: Hook) -> String {
    let near = names(family).iter().find(|(_, value)| number.abs_diff(*value) <= REACH.unsigned_abs());
    match near.filter(|(name, _)| fits(name, family, hook)) {
        Some((name, value)) => match number.saturating_sub(*value) {
            0 => (*name).to_owned(),
            offset if offset > 0 => format!("{name} + {offset}"),
            offset => format!("{name} - {}", offset.unsigned_abs()),
        },
        None => number.to_string(),
    }
}

fn names(family: Family) -> &'static [(&'static str, i32)] {
    match family {
        Family::Bridge => &[("dstnat", -300), ("filter", -200), ("out", 100), ("srcnat", 300)],
        _ => &[
            ("raw", -300),
            ("mangle", -150),
            ("dstnat", -100),
            ("filter", 0),
            ("security", 50),
            ("srcnat", 100),
        ],
    }
}

/// Where nft takes a name.
fn fits(name: &str, family: Family, hook: Hook) -> bool {
    let ip = matches!(family, Family::Inet | Family::Ip | Family::Ip6);
    match name {
        "filter" => !matches!(family, Family::Other(_)),
        "raw" | "mangle" | "security" => ip,
        "dstnat" => (ip || family == Family::Bridge) && hook == Hook::Prerouting,
        "srcnat" => (ip || family == Family::Bridge) && hook == Hook::Postrouting,
        "out" => hook == Hook::Output,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_said_nearby() {
        for (number, family, hook, expected) in [
            (0, Family::Inet, Hook::Input, "filter"),
            (10, Family::Ip, Hook::Input, "filter + 10"),
            (11, Family::Ip, Hook::Input, "11"),
            (-155, Family::Ip6, Hook::Output, "mangle - 5"),
            (-100, Family::Ip, Hook::Output, "-100"),
            (-100, Family::Ip, Hook::Prerouting, "dstnat"),
            (100, Family::Inet, Hook::Postrouting, "srcnat"),
            (-200, Family::Bridge, Hook::Input, "filter"),
            (100, Family::Bridge, Hook::Output, "out"),
            (0, Family::Netdev, Hook::Ingress, "filter"),
            (-300, Family::Netdev, Hook::Ingress, "-300"),
            (i32::MIN, Family::Inet, Hook::Input, "-2147483648"),
        ] {
            assert_eq!(priority(number, family, hook), expected);
        }
    }
}
