//! To a port of this machine: iptables' `-j REDIRECT`.

use std::ops::RangeInclusive;

use super::{
    nat::check_family,
    nat_ports::{Loaded, check_ports, load_ports, registers, said_flags},
};
use crate::{
    Invalid, Rule,
    expr::{Expr, NatFlags, Redir},
    language::{Item, Lift, Lifting, Lower, Lowering},
};

/// The destination becomes this machine: the incoming interface's address, or loopback at the hook output.
///
/// Made from a port or a range of ports.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
#[non_exhaustive]
pub struct Redirect {
    /// To which ports; the packet keeps its own if absent.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub ports: Option<Item<u16>>,
    /// How to choose.
    #[cfg_attr(
        feature = "serde",
        serde(default = "NatFlags::empty", skip_serializing_if = "NatFlags::is_empty")
    )]
    pub flags: NatFlags,
}

impl Default for Redirect {
    fn default() -> Self {
        Self::new()
    }
}

impl Redirect {
    /// To the packet's own port.
    pub fn new() -> Self {
        Self { ports: None, flags: NatFlags::empty() }
    }

    /// To one of these ports. The rule must say a protocol with ports before: `.tcp()`, `.udp()`.
    pub fn to(ports: impl Into<Item<u16>>) -> Self {
        Self { ports: Some(ports.into()), ..Self::new() }
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

impl From<u16> for Redirect {
    fn from(port: u16) -> Self {
        Self::to(port)
    }
}

impl From<RangeInclusive<u16>> for Redirect {
    fn from(ports: RangeInclusive<u16>) -> Self {
        Self::to(ports)
    }
}

impl Rule {
    /// Leads the connection to this machine, to the port that it asked for.
    ///
    /// In nat chains at the hooks prerouting and output.
    #[doc(alias = "REDIRECT")]
    #[must_use]
    pub fn redirect(self) -> Self {
        self.word(Redirect::new)
    }

    /// Leads the connection to this machine, to a port of these.
    ///
    /// ```
    /// use portcullis::{Redirect, Rule};
    ///
    /// Rule::new().tcp().dport(80).redirect_to(8080);
    /// Rule::new().tcp().dport(443).redirect_to(Redirect::to(8000..=8010).random());
    /// ```
    #[doc(alias = "to-ports")]
    #[must_use]
    pub fn redirect_to(self, to: impl Into<Redirect>) -> Self {
        self.word(|| to.into())
    }
}

impl Lower for Redirect {
    fn lower(&self, to: &mut Lowering<'_>) -> Result<(), Invalid> {
        check_family("redirect", to.family())?;
        let Self { ports, flags } = self;
        let mut flags = *flags;
        let mut redir = Redir::new();
        if let Some(ports) = ports {
            check_ports(ports, "redirect to a port", to)?;
            (redir.proto_min, redir.proto_max) = load_ports(ports, &mut registers(), to);
            flags |= NatFlags::PROTO_SPECIFIED;
        }
        redir.flags = Some(flags).filter(|flags| !flags.is_empty());
        to.push(redir);
        Ok(())
    }
}

impl Lift for Redirect {
    fn lift(from: &Lifting<'_>) -> Option<Self> {
        let (loaded, rest) = Loaded::before(from);
        let [Expr::Redir(redir), ..] = rest else { return None };
        let ports = loaded.ports(redir.proto_min, redir.proto_max);
        Some(Self { flags: said_flags(redir.flags, ports.as_ref()), ports })
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
        // redirect
        golden(&Rule::new().redirect(), &["redir"]);
        // redirect random
        golden(&Rule::new().redirect_to(Redirect::new().random()), &["redir flags 0x4"]);
        // redirect persistent
        golden(&Rule::new().redirect_to(Redirect::new().persistent()), &["redir flags 0x8"]);
        // meta l4proto tcp redirect to :8080
        golden(
            &Rule::new().tcp().redirect_to(8080),
            &[TCP[0], TCP[1], "immediate reg 1 0x0000901f", "redir proto_min reg 1 flags 0x2"],
        );
        // meta l4proto tcp redirect to :8080-8090 random
        golden(
            &Rule::new().tcp().redirect_to(Redirect::to(8080..=8090).random()),
            &[
                TCP[0],
                TCP[1],
                "immediate reg 1 0x0000901f",
                "immediate reg 2 0x00009a1f",
                "redir proto_min reg 1 proto_max reg 2 flags 0x6",
            ],
        );
    }

    #[test]
    fn errors_say_what_to_do() {
        assert!(refusal(Family::Ip, &Rule::new().redirect_to(8080)).contains("add .tcp() or .udp()"));
        assert!(refusal(Family::Ip, &Rule::new().udp().redirect_to(0)).contains("possible: 1 to 65535"));
        assert!(
            refusal(Family::Ip, &Rule::new().udp().redirect_to(Redirect::to(Item::Range(9, 8))))
                .contains("reversed")
        );
        assert!(refusal(Family::Bridge, &Rule::new().redirect()).contains("use a nat chain"));
    }
}
