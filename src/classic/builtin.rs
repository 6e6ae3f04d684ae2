//! The five tables and their default chains, as iptables-nft creates them.

use std::fmt;

use crate::{Chain, Family, Hook, Priority, TableRef, object::ChainKind};

/// The version of the Internet Protocol: `iptables` or `ip6tables`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Version {
    /// `iptables`
    V4,
    /// `ip6tables`
    V6,
}

impl Version {
    /// Both.
    pub const ALL: [Self; 2] = [Self::V4, Self::V6];

    /// The family of its tables.
    pub const fn family(self) -> Family {
        match self {
            Self::V4 => Family::Ip,
            Self::V6 => Family::Ip6,
        }
    }
}

/// One of iptables' tables.
///
/// ```
/// use portcullis::classic::{Builtin, BuiltinChain::*};
///
/// assert_eq!(Builtin::Nat.chains(), [Prerouting, Input, Output, Postrouting]);
/// assert!(!Builtin::Raw.has(Forward));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Builtin {
    /// Deciding about packets.
    Filter,
    /// Translating addresses and ports; sees the first packet of a connection.
    Nat,
    /// Changing packets.
    Mangle,
    /// Before connection tracking.
    Raw,
    /// Marks for SELinux.
    Security,
}

/// A default chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BuiltinChain {
    /// What arrives, before it is routed.
    Prerouting,
    /// What is for this machine.
    Input,
    /// What is routed through this machine.
    Forward,
    /// What this machine sends.
    Output,
    /// What leaves, after it is routed.
    Postrouting,
}

/// What becomes of packets at the end of a default chain.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Policy {
    /// They go on.
    #[default]
    Accept,
    /// They are gone. Not in table nat, as in iptables.
    Drop,
    /// They are gone, and their sender is told (ICMP port unreachable, as iptables' `REJECT`). Only in table
    /// filter.
    ///
    /// The kernel has no such policy: it is a last rule of the chain, with a comment by which it is known
    /// again, and stays the last whatever [`Netfilter::amend`](crate::Netfilter::amend) adds. The kernel's
    /// policy below it is to drop: should another program flush the chain, it is closed rather than open.
    Reject,
}

use BuiltinChain::{Forward, Input, Output, Postrouting, Prerouting};

impl Builtin {
    /// All five.
    pub const ALL: [Self; 5] = [Self::Filter, Self::Nat, Self::Mangle, Self::Raw, Self::Security];

    /// iptables' name, and the kernel's.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Filter => "filter",
            Self::Nat => "nat",
            Self::Mangle => "mangle",
            Self::Raw => "raw",
            Self::Security => "security",
        }
    }

    /// Its default chains, in the order of the packet's way.
    pub const fn chains(self) -> &'static [BuiltinChain] {
        match self {
            Self::Filter | Self::Security => &[Input, Forward, Output],
            Self::Nat => &[Prerouting, Input, Output, Postrouting],
            Self::Mangle => &[Prerouting, Input, Forward, Output, Postrouting],
            Self::Raw => &[Prerouting, Output],
        }
    }

    /// Whether it has this chain.
    pub fn has(self, chain: BuiltinChain) -> bool {
        self.chains().contains(&chain)
    }

    /// What its chain is for. A packet that mangle changes at the output hook is routed anew.
    pub const fn kind(self, chain: BuiltinChain) -> ChainKind {
        match (self, chain) {
            (Self::Nat, _) => ChainKind::Nat,
            (Self::Mangle, Output) => ChainKind::Route,
            _ => ChainKind::Filter,
        }
    }

    /// The place of its chain among the chains of the same hook.
    pub fn priority(self, chain: BuiltinChain) -> Priority {
        match (self, chain) {
            (Self::Filter, _) => Priority::FILTER,
            (Self::Nat, Input | Postrouting) => Priority::SRCNAT,
            (Self::Nat, _) => Priority::DSTNAT,
            (Self::Mangle, _) => Priority::MANGLE,
            (Self::Raw, _) => Priority::RAW,
            // iptables-nft has 150 here, unlike nft (50) and iptables-legacy (50).
            (Self::Security, _) => Priority::from(150),
        }
    }

    /// How operations of a [`Transaction`](crate::Transaction) name it.
    pub fn table_ref(self, version: Version) -> TableRef {
        TableRef::new(version.family(), self.name())
    }

    /// A default chain as the kernel is told to make it, without a policy.
    #[track_caller]
    pub(crate) fn base_chain(self, chain: BuiltinChain) -> Chain {
        let name = chain.name();
        match self.kind(chain) {
            ChainKind::Nat => Chain::nat(name, chain.hook()),
            ChainKind::Route => Chain::route(name),
            _ => Chain::filter(name, chain.hook()),
        }
        .priority(self.priority(chain))
    }
}

impl BuiltinChain {
    /// All five, in the order of the packet's way.
    pub const ALL: [Self; 5] = [Prerouting, Input, Forward, Output, Postrouting];

    /// iptables' name.
    pub const fn name(self) -> &'static str {
        match self {
            Prerouting => "PREROUTING",
            Input => "INPUT",
            Forward => "FORWARD",
            Output => "OUTPUT",
            Postrouting => "POSTROUTING",
        }
    }

    /// Where it sits.
    pub const fn hook(self) -> Hook {
        match self {
            Prerouting => Hook::Prerouting,
            Input => Hook::Input,
            Forward => Hook::Forward,
            Output => Hook::Output,
            Postrouting => Hook::Postrouting,
        }
    }
}

impl fmt::Display for Builtin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Display for BuiltinChain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// iptables' word for the policy.
impl fmt::Display for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Accept => "ACCEPT",
            Self::Drop => "DROP",
            Self::Reject => "REJECT",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documents_table_of_chains_is_there() {
        let chains: Vec<_> = Builtin::ALL
            .iter()
            .map(|table| {
                let names: Vec<_> = table.chains().iter().map(|chain| chain.name()).collect();
                format!("{table}: {}", names.join(" "))
            })
            .collect();
        assert_eq!(
            chains,
            [
                "filter: INPUT FORWARD OUTPUT",
                // The document leaves out INPUT, which iptables has since Linux 2.6.34.
                "nat: PREROUTING INPUT OUTPUT POSTROUTING",
                "mangle: PREROUTING INPUT FORWARD OUTPUT POSTROUTING",
                "raw: PREROUTING OUTPUT",
                "security: INPUT FORWARD OUTPUT",
            ]
        );
    }

    #[test]
    fn every_default_chain_is_possible_in_both_families() {
        for version in Version::ALL {
            for table in Builtin::ALL {
                for chain in table.chains() {
                    assert_eq!(table.base_chain(*chain).check(version.family()), Ok(()), "{table} {chain}");
                }
            }
        }
    }
}
