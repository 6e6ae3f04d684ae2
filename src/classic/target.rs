//! iptables' targets, and where it admits each.

use std::fmt;

use super::{Builtin, BuiltinChain};
use crate::Invalid;

use Builtin::{Filter, Mangle, Nat, Raw, Security};
use BuiltinChain::{Forward, Input, Output, Postrouting, Prerouting};

const EVERY_TABLE: &[Builtin] = &Builtin::ALL;
const EVERY_CHAIN: &[BuiltinChain] = &BuiltinChain::ALL;

/// Declares [`Target`] with its table.
macro_rules! targets {
    ($( $(#[$meta:meta])* $name:ident = $word:literal in $tables:expr, $chains:expr; )+) => {
        /// A target of iptables: what a rule does with a packet.
        ///
        /// Where each is admissible is what `iptables-nft` 1.8.9 and the kernel's own target modules say
        /// (`iptables-extensions(8)`): everything that the tables of the usual introductions list, and more,
        /// such as `ACCEPT` and `LOG` everywhere and `MARK` in every table.
        ///
        /// ```
        /// use portcullis::classic::{Builtin, BuiltinChain::*, Target};
        ///
        /// assert!(Target::Dnat.is_admissible(Builtin::Nat, Prerouting));
        /// assert!(!Target::Dnat.is_admissible(Builtin::Nat, Postrouting));
        /// assert_eq!(Target::Dnat.admissible(), "nat (PREROUTING, OUTPUT)");
        /// assert_eq!(Target::Ttl.admissible(), "mangle (every chain)");
        /// ```
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Target {
            $( $(#[$meta])* #[doc(alias = $word)] $name, )+
        }

        impl Target {
            /// All of them.
            pub const ALL: &[Self] = &[$( Self::$name ),+];

            /// iptables' name.
            pub const fn name(self) -> &'static str {
                match self {
                    $( Self::$name => $word, )+
                }
            }

            /// The tables that admit it, and the chains, where the table has them.
            const fn places(self) -> (&'static [Builtin], &'static [BuiltinChain]) {
                match self {
                    $( Self::$name => ($tables, $chains), )+
                }
            }
        }
    };
}

targets! {
    /// The packet passes.
    Accept = "ACCEPT" in EVERY_TABLE, EVERY_CHAIN;
    /// The packet is gone. Table nat sees only the first packet of a connection and is not for filtering.
    Drop = "DROP" in &[Filter, Mangle, Raw, Security], EVERY_CHAIN;
    /// The packet is gone, and its sender is told.
    Reject = "REJECT" in &[Filter], EVERY_CHAIN;
    /// Back to the calling chain.
    Return = "RETURN" in EVERY_TABLE, EVERY_CHAIN;
    /// To the kernel's log.
    Log = "LOG" in EVERY_TABLE, EVERY_CHAIN;
    /// To a program, by way of a group: what `ULOG` did before.
    #[doc(alias = "ULOG")]
    Nflog = "NFLOG" in EVERY_TABLE, EVERY_CHAIN;
    /// A program decides.
    #[doc(alias = "QUEUE")]
    Nfqueue = "NFQUEUE" in EVERY_TABLE, EVERY_CHAIN;
    /// To the kernel's audit.
    Audit = "AUDIT" in EVERY_TABLE, EVERY_CHAIN;
    /// A copy to another machine.
    Tee = "TEE" in EVERY_TABLE, EVERY_CHAIN;
    /// The rules that the packet meets are reported.
    Trace = "TRACE" in EVERY_TABLE, EVERY_CHAIN;
    /// Another destination.
    Dnat = "DNAT" in &[Nat], &[Prerouting, Output];
    /// This machine is the destination.
    Redirect = "REDIRECT" in &[Nat], &[Prerouting, Output];
    /// Another source.
    Snat = "SNAT" in &[Nat], &[Input, Postrouting];
    /// The outgoing interface's address is the source.
    Masquerade = "MASQUERADE" in &[Nat], &[Postrouting];
    /// Another network, the same host in it.
    Netmap = "NETMAP" in &[Nat], EVERY_CHAIN;
    /// A mark on the packet, for routing or other rules.
    Mark = "MARK" in EVERY_TABLE, EVERY_CHAIN;
    /// A mark on the connection.
    Connmark = "CONNMARK" in EVERY_TABLE, EVERY_CHAIN;
    /// The class for traffic control.
    Classify = "CLASSIFY" in EVERY_TABLE, &[Forward, Output, Postrouting];
    /// The type of service field.
    Tos = "TOS" in &[Mangle], EVERY_CHAIN;
    /// The DSCP field.
    Dscp = "DSCP" in &[Mangle], EVERY_CHAIN;
    /// The bits of explicit congestion notification.
    Ecn = "ECN" in &[Mangle], EVERY_CHAIN;
    /// The time to live (IPv4).
    Ttl = "TTL" in &[Mangle], EVERY_CHAIN;
    /// The hop limit (IPv6).
    Hl = "HL" in &[Mangle], EVERY_CHAIN;
    /// The segment size of a new connection.
    Tcpmss = "TCPMSS" in EVERY_TABLE, &[Forward, Output, Postrouting];
    /// Options of TCP taken away.
    Tcpoptstrip = "TCPOPTSTRIP" in &[Mangle], EVERY_CHAIN;
    /// The checksum filled in.
    Checksum = "CHECKSUM" in &[Mangle], EVERY_CHAIN;
    /// To a local socket without changing the packet.
    Tproxy = "TPROXY" in &[Mangle], &[Prerouting];
    /// This machine answers TCP's first packet.
    Synproxy = "SYNPROXY" in EVERY_TABLE, &[Input, Forward];
    /// A mark for SELinux on the packet.
    Secmark = "SECMARK" in &[Mangle, Security], EVERY_CHAIN;
    /// A mark for SELinux between packet and connection.
    Connsecmark = "CONNSECMARK" in &[Mangle, Security], EVERY_CHAIN;
    /// No connection tracking.
    Notrack = "NOTRACK" in &[Raw], EVERY_CHAIN;
    /// How connection tracking sees the packet.
    Ct = "CT" in &[Raw], EVERY_CHAIN;
}

impl Target {
    /// The target that iptables calls so; `ULOG` and `QUEUE` are those that took their places.
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "ULOG" => Some(Self::Nflog),
            "QUEUE" => Some(Self::Nfqueue),
            _ => Self::ALL.iter().copied().find(|target| target.name() == name),
        }
    }

    /// Whether iptables admits it in this chain of this table.
    pub fn is_admissible(self, table: Builtin, chain: BuiltinChain) -> bool {
        let (tables, chains) = self.places();
        tables.contains(&table) && chains.contains(&chain) && table.has(chain)
    }

    /// Where it is admissible, in words.
    pub fn admissible(self) -> String {
        let of_table = |table: &Builtin| {
            let chains: Vec<_> = table
                .chains()
                .iter()
                .filter(|chain| self.is_admissible(*table, **chain))
                .map(|chain| chain.name())
                .collect();
            match chains.len() {
                0 => None,
                all if all == table.chains().len() => Some(format!("{table} (every chain)")),
                _ => Some(format!("{table} ({})", chains.join(", "))),
            }
        };
        Builtin::ALL.iter().filter_map(of_table).collect::<Vec<_>>().join(", ")
    }

    /// Refused where it is not admissible. `place` is what the error calls the chain.
    pub(super) fn check(self, table: Builtin, chain: BuiltinChain, place: &str) -> Result<(), Invalid> {
        if self.is_admissible(table, chain) {
            return Ok(());
        }
        Err(self.refused(table, place))
    }

    /// The refusal.
    pub(super) fn refused(self, table: Builtin, place: &str) -> Invalid {
        Invalid::NotAdmissible {
            target: self.to_string(),
            chain: place.to_owned(),
            table: table.to_string(),
            admissible: self.admissible(),
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// "Admissible targets, per table", reference document 000.
    const DOCUMENT: &[(Builtin, &[&str])] = &[
        (Filter, &["ACCEPT", "DROP", "REJECT", "LOG", "RETURN", "ULOG"]),
        (Nat, &["DNAT", "SNAT", "MASQUERADE", "REDIRECT", "RETURN"]),
        (Mangle, &["MARK", "TOS", "DSCP", "TTL", "SECMARK", "CONNMARK", "RETURN"]),
        (Raw, &["NOTRACK", "RETURN"]),
        (Security, &["SECMARK", "RETURN"]),
    ];

    #[test]
    fn every_cell_of_the_documents_table_is_admitted() {
        for (table, names) in DOCUMENT {
            for name in *names {
                let target = Target::from_name(name).unwrap();
                assert!(
                    table.chains().iter().any(|chain| target.is_admissible(*table, *chain)),
                    "{table} {name}"
                );
            }
        }
    }

    #[test]
    fn what_belongs_to_one_table_is_refused_in_the_others() {
        let only: &[(Builtin, &[&str])] = &[
            (Filter, &["REJECT"]),
            (Nat, &["DNAT", "SNAT", "MASQUERADE", "REDIRECT", "NETMAP"]),
            (Mangle, &["TOS", "DSCP", "TTL", "HL", "TPROXY", "TCPOPTSTRIP", "CHECKSUM", "ECN"]),
            (Raw, &["NOTRACK", "CT"]),
        ];
        for (home, names) in only {
            for name in *names {
                let target = Target::from_name(name).unwrap();
                for table in Builtin::ALL.into_iter().filter(|table| table != home) {
                    for chain in BuiltinChain::ALL {
                        assert!(!target.is_admissible(table, chain), "{table} {chain} {name}");
                    }
                }
            }
        }
        for chain in Nat.chains() {
            assert!(!Target::Drop.is_admissible(Nat, *chain));
        }
    }

    #[test]
    fn a_refusal_says_where_the_target_belongs() {
        let text = |target: Target, table, chain: BuiltinChain| {
            target.check(table, chain, chain.name()).unwrap_err().to_string()
        };
        assert_eq!(
            text(Target::Masquerade, Nat, Prerouting),
            "target MASQUERADE cannot be used in chain PREROUTING of table nat; \
             admissible in: nat (POSTROUTING)"
        );
        assert_eq!(
            text(Target::Drop, Nat, Input),
            "target DROP cannot be used in chain INPUT of table nat; \
             admissible in: filter (every chain), mangle (every chain), raw (every chain), security (every chain)"
        );
        assert!(
            text(Target::Tcpmss, Filter, Input)
                .contains("filter (FORWARD, OUTPUT), nat (OUTPUT, POSTROUTING)")
        );
    }
}
