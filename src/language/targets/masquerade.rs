//! The outgoing interface's address as the source: iptables' `-j MASQUERADE`.

use super::{
    nat::check_family,
    nat_ports::{Loaded, check_ports, load_ports, registers, said_flags},
};
use crate::{
    Invalid, Rule,
    expr::{Expr, Masq, NatFlags},
    language::{Item, Lift, Lifting, Lower, Lowering},
};

/// The source becomes whatever address the outgoing interface has.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
#[non_exhaustive]
pub struct Masquerade {
    /// To which source ports; where absent, the packet keeps its own if it is free.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub ports: Option<Item<u16>>,
    /// How to choose.
    #[cfg_attr(
        feature = "serde",
        serde(default = "NatFlags::empty", skip_serializing_if = "NatFlags::is_empty")
    )]
    pub flags: NatFlags,
}

impl Default for Masquerade {
    fn default() -> Self {
        Self::new()
    }
}

impl Masquerade {
    /// With any port.
    pub fn new() -> Self {
        Self { ports: None, flags: NatFlags::empty() }
    }

    /// With a source port of these. The rule must say a protocol with ports before: `.tcp()`, `.udp()`.
    #[doc(alias = "to-ports")]
    #[must_use]
    pub fn ports(mut self, ports: impl Into<Item<u16>>) -> Self {
        self.ports = Some(ports.into());
        self
    }

    /// Ports are chosen at random.
    #[must_use]
    pub fn random(mut self) -> Self {
        self.flags |= NatFlags::PROTO_RANDOM;
        self
    }

    /// Ports are chosen at random by a better generator.
    #[doc(alias = "random-fully")]
    #[must_use]
    pub fn fully_random(mut self) -> Self {
        self.flags |= NatFlags::PROTO_RANDOM_FULLY;
        self
    }

    /// Every connection of a client gets the same address.
    #[must_use]
    pub fn persistent(mut self) -> Self {
        self.flags |= NatFlags::PERSISTENT;
        self
    }
}

impl Rule {
    /// Lets the connection come from the outgoing interface's address, and forgets it when the interface goes down.
    ///
    /// In nat chains at the hook postrouting.
    ///
    /// ```
    /// use portcullis::Rule;
    ///
    /// Rule::new().oif("wan0").masquerade();
    /// ```
    #[doc(alias = "MASQUERADE")]
    #[must_use]
    pub fn masquerade(self) -> Self {
        self.word(Masquerade::new)
    }

    /// As [`Rule::masquerade`], with a choice of ports.
    ///
    /// ```
    /// use portcullis::{Masquerade, Rule};
    ///
    /// Rule::new().oif("wan0").tcp().masquerade_with(Masquerade::new().ports(1024..=2048).random());
    /// ```
    #[must_use]
    pub fn masquerade_with(self, masquerade: Masquerade) -> Self {
        self.say(masquerade)
    }
}

impl Lower for Masquerade {
    fn lower(&self, to: &mut Lowering<'_>) -> Result<(), Invalid> {
        check_family("masquerade", to.family())?;
        let Self { ports, flags } = self;
        let mut flags = *flags;
        let mut masq = Masq::new();
        if let Some(ports) = ports {
            check_ports(ports, "masquerade with a port", to)?;
            (masq.proto_min, masq.proto_max) = load_ports(ports, &mut registers(), to);
            flags |= NatFlags::PROTO_SPECIFIED;
        }
        masq.flags = Some(flags).filter(|flags| !flags.is_empty());
        to.push(masq);
        Ok(())
    }
}

impl Lift for Masquerade {
    fn lift(from: &Lifting<'_>) -> Option<Self> {
        let (loaded, rest) = Loaded::before(from);
        let [Expr::Masq(masq), ..] = rest else { return None };
        let ports = loaded.ports(masq.proto_min, masq.proto_max);
        Some(Self { flags: said_flags(masq.flags, ports.as_ref()), ports })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Family, language::targets::golden::refusal};

    #[test]
    fn as_nft_says_it() {
        use crate::language::targets::golden::golden_everywhere as golden;

        const TCP: [&str; 2] = ["meta load l4proto => reg 1", "cmp eq reg 1 0x00000006"];
        // masquerade
        golden(&Rule::new().masquerade(), &["masq"]);
        // masquerade random
        golden(&Rule::new().masquerade_with(Masquerade::new().random()), &["masq flags 0x4"]);
        // masquerade fully-random,persistent
        golden(
            &Rule::new().masquerade_with(Masquerade::new().fully_random().persistent()),
            &["masq flags 0x18"],
        );
        // meta l4proto tcp masquerade to :1024
        golden(
            &Rule::new().tcp().masquerade_with(Masquerade::new().ports(1024)),
            &[TCP[0], TCP[1], "immediate reg 1 0x00000004", "masq proto_min reg 1 flags 0x2"],
        );
        // meta l4proto tcp masquerade to :1024-2048 random
        golden(
            &Rule::new().tcp().masquerade_with(Masquerade::new().ports(1024..=2048).random()),
            &[
                TCP[0],
                TCP[1],
                "immediate reg 1 0x00000004",
                "immediate reg 2 0x00000008",
                "masq proto_min reg 1 proto_max reg 2 flags 0x6",
            ],
        );
    }

    #[test]
    fn errors_say_what_to_do() {
        let ports = |ports: Item<u16>| Rule::new().tcp().masquerade_with(Masquerade::new().ports(ports));
        assert!(refusal(Family::Ip, &ports(Item::One(0))).contains("possible: 1 to 65535"));
        assert!(refusal(Family::Ip, &ports(Item::Range(9, 8))).contains("reversed"));
        let rule = Rule::new().masquerade_with(Masquerade::new().ports(1024));
        assert!(refusal(Family::Ip, &rule).contains("add .tcp() or .udp()"));
        assert!(refusal(Family::Netdev, &Rule::new().masquerade()).contains("use a nat chain"));
    }
}
