//! What this library refuses before the kernel is asked.

use std::net::IpAddr;

use crate::object::{Family, Hook};

/// A value that cannot be right, with what to do about it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Invalid {
    /// A name is empty.
    #[error("a {what} needs a name of at least one byte")]
    NameEmpty {
        /// Of what.
        what: &'static str,
    },
    /// A name is longer than the kernel's field.
    #[error("the name of {what} \"{name}\" is {length} bytes long; the kernel takes at most {limit}")]
    NameTooLong {
        /// Of what.
        what: &'static str,
        /// The name.
        name: String,
        /// Its length in bytes.
        length: usize,
        /// The kernel's limit.
        limit: usize,
    },
    /// A name holds a NUL byte.
    #[error("the {what} {name:?} holds a NUL byte, which the kernel would take for its end")]
    NameNul {
        /// Of what.
        what: &'static str,
        /// The name.
        name: String,
    },
    /// A comment is longer than nft reads.
    #[error("the comment is {length} bytes long; nft reads at most {limit}")]
    CommentTooLong {
        /// Its length in bytes.
        length: usize,
        /// The limit.
        limit: usize,
    },
    /// A log prefix is longer than the kernel's field.
    #[error("the log prefix \"{prefix}\" is {length} bytes long; the kernel takes at most 127")]
    LogPrefixTooLong {
        /// The prefix.
        prefix: String,
        /// Its length in bytes.
        length: usize,
    },
    /// An interface name is longer than the kernel's field.
    #[error("interface name \"{name}\" is {length} bytes long; the kernel takes at most 15")]
    InterfaceTooLong {
        /// The name.
        name: String,
        /// Its length in bytes.
        length: usize,
    },
    /// An interface name that no interface can have.
    #[error(
        "no interface can be named {name:?}: 1 to 15 bytes without slash, colon, NUL and what the kernel takes for a \
         blank (0x09 to 0x0d, 0x20, 0xa0), but not \".\" and \"..\""
    )]
    InterfaceName {
        /// The name.
        name: String,
    },
    /// A base chain's property on a regular chain.
    #[error(
        "chain \"{chain}\" is a regular chain: only base chains (Chain::filter, nat, route) have a {what}"
    )]
    NotBaseChain {
        /// The chain.
        chain: String,
        /// The property.
        what: &'static str,
    },
    /// A hook that the family or the kind of chain does not have.
    #[error("chain \"{chain}\": {}", hook_problem(kind, *hook, *family))]
    Hook {
        /// The chain.
        chain: String,
        /// Its kind.
        kind: String,
        /// The hook.
        hook: Hook,
        /// The table's family.
        family: Family,
    },
    /// Devices where none belong, or none where the hook needs one.
    #[error("chain \"{chain}\": a chain at hook {hook} {}", if hook.needs_device() {
        "needs a device to watch: add Chain::device"
    } else {
        "takes no device; match the interface in a rule (Rule::iif, Rule::oif)"
    })]
    Devices {
        /// The chain.
        chain: String,
        /// The hook.
        hook: Hook,
    },
    /// A range whose end is before its start.
    #[error("the {what} range {from} to {to} is reversed")]
    RangeReversed {
        /// What it is a range of.
        what: &'static str,
        /// Its start.
        from: String,
        /// Its end.
        to: String,
    },
    /// A list, or a set of flags, without any member.
    #[error("an empty list of {what} matches nothing: give at least one")]
    ListEmpty {
        /// What it is a list of.
        what: &'static str,
    },
    /// A prefix longer than its address.
    #[error("prefix length {length} is too long for {what} \"{value}\": at most {limit}")]
    PrefixTooLong {
        /// What it is a prefix of.
        what: &'static str,
        /// The value.
        value: String,
        /// The length given.
        length: u8,
        /// The longest.
        limit: u8,
    },
    /// A text that is not what it should be.
    #[error("\"{text}\" is not {expected}")]
    Unreadable {
        /// The text.
        text: String,
        /// What was expected, with an example.
        expected: &'static str,
    },
    /// A host name that does not resolve.
    #[error("the host name \"{name}\" does not resolve{}: {reason}", family_suffix(*family))]
    Unresolved {
        /// The name.
        name: String,
        /// The family that was asked for.
        family: Option<Family>,
        /// The resolver's words.
        reason: String,
    },
    /// An address of one family in a rule or table of the other.
    #[error("{address} cannot be matched here: {context} {}", other_family_hint(address))]
    AddressFamily {
        /// The address.
        address: IpAddr,
        /// What fixes the family.
        context: String,
    },
    /// IPv4 and IPv6 addresses in one match.
    #[error(
        "one match cannot hold both {v4} and {v6}: \
         make two rules (Addresses::v4 and Addresses::v6 split a mixed list)"
    )]
    AddressesMixed {
        /// An IPv4 address of the list.
        v4: IpAddr,
        /// An IPv6 address of the list.
        v6: IpAddr,
    },
    /// A match or target that the family of the table does not have.
    #[error("{what} cannot be used in a table of family {family}: {hint}")]
    Family {
        /// The match or target.
        what: &'static str,
        /// The family.
        family: Family,
        /// The way out.
        hint: &'static str,
    },
    /// A match that needs a protocol said before.
    #[error("{what} needs the protocol said before it in the same rule: add {hint}")]
    NeedsProtocol {
        /// The match or target.
        what: &'static str,
        /// The way out.
        hint: &'static str,
    },
    /// A match of one protocol in a rule of another.
    #[error("{what} belongs to {wanted}, but the rule says {said} before it")]
    OtherProtocol {
        /// The match or target.
        what: &'static str,
        /// The protocol that it belongs to.
        wanted: String,
        /// What the rule says.
        said: String,
    },
    /// A number out of its range.
    #[error("{what} is {value}; possible: {range}")]
    OutOfRange {
        /// What.
        what: &'static str,
        /// The value given.
        value: String,
        /// What is possible.
        range: String,
    },
    /// The nth statistic can never match.
    #[error("nth: packet {packet} of every {every} does not exist; packets count from 0 to {}", every.saturating_sub(1))]
    Nth {
        /// The period.
        every: u32,
        /// The packet.
        packet: u32,
    },
    /// A combination that makes no sense, or that the kernel refuses.
    #[error("{problem}")]
    Combination {
        /// What is wrong and what to do.
        problem: String,
    },
    /// A target that iptables does not admit at this place.
    #[error("target {target} cannot be used in chain {chain} of table {table}; admissible in: {admissible}")]
    NotAdmissible {
        /// The target.
        target: String,
        /// The chain.
        chain: String,
        /// The table.
        table: String,
        /// Where it would be admissible.
        admissible: String,
    },
    /// A chain that iptables' table does not have.
    #[error("table {table} has no chain {chain}: {hint}")]
    NoChain {
        /// The chain.
        chain: String,
        /// The table.
        table: String,
        /// The way out.
        hint: String,
    },
    /// An element of a set that cannot be right.
    #[error("element {index} ({element}): {problem}")]
    Element {
        /// Its place among the elements of the call, counted from 0.
        index: usize,
        /// The element, as nft writes it.
        element: String,
        /// What is wrong.
        problem: Box<Invalid>,
    },
    /// Two runs of keys of one set that overlap.
    #[error("{one} and {other} overlap in set \"{set}\": {way_out}")]
    Overlap {
        /// The set.
        set: String,
        /// The first run.
        one: String,
        /// The other one.
        other: String,
        /// What can be done.
        way_out: &'static str,
    },
    /// An element with a timeout, of a set that has none.
    #[error("set \"{set}\" is declared without timeouts: add with_timeouts() or timeout(..) to it")]
    NoTimeouts {
        /// The set.
        set: String,
    },
    /// A set whose keys or values are of another type.
    #[error("set \"{set}\" is of another type: wanted {wanted}; it has {found}")]
    SetType {
        /// The set.
        set: String,
        /// The type of the program, in nft's words.
        wanted: String,
        /// That of the set.
        found: String,
    },
    /// A rule changes a set that was not declared for it.
    #[error("set \"{set}\" cannot {what}: that needs {flag}; declare it with {hint}")]
    SetCannot {
        /// The set.
        set: String,
        /// What the rule wants of it.
        what: &'static str,
        /// What it needs, as nft calls the flag.
        flag: &'static str,
        /// How it is declared.
        hint: &'static str,
    },
    /// What is to be sent does not fit netlink's format.
    #[error(transparent)]
    Encode(#[from] crate::wire::EncodeError),
}

fn hook_problem(kind: &str, hook: Hook, family: Family) -> String {
    use crate::object::ChainKind;

    let kind_of = match kind {
        "filter" => ChainKind::Filter,
        "nat" => ChainKind::Nat,
        "route" => ChainKind::Route,
        other => ChainKind::Other(other.to_owned()),
    };
    let possible: Vec<_> = Hook::of(family)
        .iter()
        .filter(|(hook, _)| kind_of.allows(family, *hook))
        .map(|(hook, _)| hook.to_string())
        .collect();
    if possible.is_empty() {
        return format!("{} table has no {kind} chain", article(family));
    }
    format!(
        "a {kind} chain cannot sit at hook {hook} in {} table; possible: {}",
        article(family),
        possible.join(", ")
    )
}

fn article(family: Family) -> String {
    match family {
        Family::Inet | Family::Ip | Family::Arp | Family::Ip6 => format!("an {family}"),
        _ => format!("a {family}"),
    }
}

fn family_suffix(family: Option<Family>) -> &'static str {
    match family {
        Some(Family::Ip) => " to an IPv4 address",
        Some(Family::Ip6) => " to an IPv6 address",
        _ => "",
    }
}

fn other_family_hint(address: &IpAddr) -> &'static str {
    match address {
        IpAddr::V4(_) => "(it is IPv4; use a table of family ip or inet)",
        IpAddr::V6(_) => "(it is IPv6; use a table of family ip6 or inet)",
    }
}
