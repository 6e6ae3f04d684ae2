//! Host names as sources and destinations of rules.

use std::net::{IpAddr, ToSocketAddrs};

use crate::{
    Invalid,
    language::{Item, matches::Addresses},
    object::Family,
};

/// The addresses that a host name has now, IPv4 and IPv6, in ascending order; or those that the text spells
/// itself: an address, a network or a range, as [`Rule::saddr`](crate::Rule::saddr) takes them.
///
/// As with iptables, the name is looked up once, here: rules hold addresses, and do not follow when the name's
/// addresses change. The system's resolver is asked (`/etc/hosts`, DNS), and the thread waits for it.
///
/// A rule is about one family, so split the result with [`Addresses::v4`] and [`Addresses::v6`], and make no rule
/// for an empty half; where one family is meant, [`resolve_v4`] and [`resolve_v6`] see to it that there is an
/// address.
///
/// ```
/// use portcullis::{Rule, resolve};
///
/// let host = resolve("localhost")?;
/// let halves = [host.v4(), host.v6()].into_iter().filter(|half| !half.is_empty());
/// let rules: Vec<Rule> = halves.map(|half| Rule::new().saddr(half).accept()).collect();
///
/// let error = resolve("no-such-host.invalid").unwrap_err();
/// assert!(error.to_string().starts_with("the host name \"no-such-host.invalid\" does not resolve: "));
/// # Ok::<(), portcullis::Invalid>(())
/// ```
///
/// # Errors
/// [`Invalid::Unresolved`], naming the host, where there is no such name or nobody to ask;
/// [`Invalid::Unreadable`] where the text can be neither a host name nor an address.
pub fn resolve(name: &str) -> Result<Addresses, Invalid> {
    let mut literal = Addresses::from(name);
    match literal.problem.take().map(|problem| *problem) {
        None => Ok(literal),
        Some(unreadable @ Invalid::Unreadable { .. }) if !can_be_host_name(name) => Err(unreadable),
        Some(Invalid::Unreadable { .. }) => look_up(name).map_err(|reason| unresolved(name, None, reason)),
        Some(problem) => Err(problem),
    }
}

/// The IPv4 addresses of a host name, at least one.
///
/// ```
/// use portcullis::{Rule, resolve_v4};
///
/// Rule::new().daddr(resolve_v4("localhost")?).accept();
/// # Ok::<(), portcullis::Invalid>(())
/// ```
///
/// # Errors
/// As [`resolve`], and where there are only IPv6 addresses.
pub fn resolve_v4(name: &str) -> Result<Addresses, Invalid> {
    one_family(name, Family::Ip, Addresses::v4, "it has only IPv6 addresses")
}

/// The IPv6 addresses of a host name, at least one.
///
/// # Errors
/// As [`resolve`], and where there are only IPv4 addresses.
pub fn resolve_v6(name: &str) -> Result<Addresses, Invalid> {
    one_family(name, Family::Ip6, Addresses::v6, "it has only IPv4 addresses")
}

fn one_family(
    name: &str,
    family: Family,
    half: impl Fn(&Addresses) -> Addresses,
    none: &str,
) -> Result<Addresses, Invalid> {
    let addresses = match resolve(name) {
        Err(Invalid::Unresolved { reason, .. }) => return Err(unresolved(name, Some(family), reason)),
        other => half(&other?),
    };
    if addresses.is_empty() {
        return Err(unresolved(name, Some(family), none.to_owned()));
    }
    Ok(addresses)
}

/// Asks the system's resolver.
fn look_up(name: &str) -> Result<Addresses, String> {
    let found = (name, 0).to_socket_addrs().map_err(|error| {
        let text = error.to_string();
        text.strip_prefix("failed to lookup address information: ").unwrap_or(&text).to_owned()
    })?;
    let mut addresses: Vec<IpAddr> = found.map(|address| address.ip()).collect();
    // Resolvers change the order from one time to the next; rules built twice are to be equal.
    addresses.sort();
    addresses.dedup();
    if addresses.is_empty() {
        return Err("it has no addresses".to_owned());
    }
    Ok(Addresses::any_of(addresses.into_iter().map(Item::One)))
}

/// Whether the resolver may be asked. It would take `10`, `10.1` and `0x7f.1` for addresses (0.0.0.10, 10.0.0.1,
/// 127.0.0.1), and forget the interface of `fe80::1%eth0`: surprises that no rule should be made of.
fn can_be_host_name(text: &str) -> bool {
    let last = text.trim_end_matches('.').rsplit('.').next().unwrap_or_default();
    let numeric = last.strip_prefix("0x").or(last.strip_prefix("0X")).map_or_else(
        || last.bytes().all(|byte| byte.is_ascii_digit()),
        |digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()),
    );
    !numeric && !text.contains(|c: char| c.is_whitespace() || c.is_control() || "/:%[]".contains(c))
}

fn unresolved(name: &str, family: Option<Family>, reason: String) -> Invalid {
    Invalid::Unresolved { name: name.to_owned(), family, reason }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_spells_addresses_is_not_looked_up() {
        for text in ["10.0.2.1", "10.0.2.0/24", "10.0.2.0/255.255.255.0", "10.0.2.1-10.0.2.9", "fd00::/8"] {
            assert_eq!(resolve(text), Ok(Addresses::from(text)));
        }
        assert!(matches!(resolve("10.0.2.0/99"), Err(Invalid::PrefixTooLong { length: 99, .. })));
    }

    #[test]
    fn localhost_has_addresses_of_its_families_in_order() {
        let addresses = resolve("localhost").unwrap();
        let (v4, v6) = (addresses.v4(), addresses.v6());
        assert_eq!(addresses.items().len(), v4.items().len() + v6.items().len());
        assert!(v4.items().contains(&Item::One([127, 0, 0, 1].into())), "{addresses:?}");
        assert_eq!(resolve_v4("localhost"), Ok(v4));
        assert_eq!(resolve("localhost"), Ok(addresses));
    }

    #[test]
    fn a_name_that_does_not_resolve_is_named() {
        let text = |result: Result<Addresses, Invalid>| result.unwrap_err().to_string();
        let name = "no-such-host.invalid";
        assert!(text(resolve(name)).starts_with("the host name \"no-such-host.invalid\" does not resolve: "));
        assert!(
            text(resolve_v6(name))
                .starts_with("the host name \"no-such-host.invalid\" does not resolve to an IPv6 address: ")
        );
    }

    #[test]
    fn an_empty_family_is_an_error() {
        let error = resolve_v4("fd00::1").unwrap_err().to_string();
        assert!(
            error.ends_with("does not resolve to an IPv4 address: it has only IPv6 addresses"),
            "{error}"
        );
        assert!(matches!(
            resolve_v6("10.0.2.0/24"),
            Err(Invalid::Unresolved { family: Some(Family::Ip6), .. })
        ));
    }

    #[test]
    fn what_the_resolver_would_misread_is_not_asked() {
        for text in [
            "",
            " ",
            "10",
            "10.1",
            "0x7f.1",
            "10.0.0.300",
            "10.0.0.1.",
            "fe80::1%lo",
            "example.org/24",
            "a b",
            "[::1]",
            "localhost:22",
            "a\0b",
        ] {
            assert!(!matches!(resolve(text), Ok(_) | Err(Invalid::Unresolved { .. })), "{text:?}");
        }
        for text in ["my-host", "host.example", "host.example.", "1st", "0xcafe.example", "münchen.example"]
        {
            assert!(can_be_host_name(text), "{text:?}");
        }
    }
}
