//! Answering in the server's place until a client has proved itself: iptables' `-j SYNPROXY`.

use crate::{
    Invalid, Rule,
    expr::{self, Expr, SynproxyFlags},
    language::{Lift, Lifting, Lower, Lowering, matches::Protocol},
    object::ObjectData,
};

/// What the proxy says in the server's place: it should be what the server itself would say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
#[non_exhaustive]
pub struct Synproxy {
    /// The maximum segment size.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub mss: Option<u16>,
    /// The window scale.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub wscale: Option<u8>,
    /// Whether timestamps are offered.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "crate::json::is_default"))]
    pub timestamp: bool,
    /// Whether selective acknowledgements are offered.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "crate::json::is_default"))]
    pub sack_perm: bool,
}

impl Synproxy {
    /// Without any TCP option.
    pub fn new() -> Self {
        Self::default()
    }

    /// The maximum segment size.
    #[must_use]
    pub fn mss(mut self, size: u16) -> Self {
        self.mss = Some(size);
        self
    }

    /// The window scale, at most 14.
    #[must_use]
    pub fn wscale(mut self, scale: u8) -> Self {
        self.wscale = Some(scale);
        self
    }

    /// Offers timestamps; window scale and selective acknowledgements survive the cookie only with them.
    #[must_use]
    pub fn timestamp(mut self) -> Self {
        self.timestamp = true;
        self
    }

    /// Offers selective acknowledgements.
    #[must_use]
    pub fn sack_perm(mut self) -> Self {
        self.sack_perm = true;
        self
    }
}

impl Rule {
    /// Answers TCP's first packet with a SYN cookie; only clients that return it reach the server.
    ///
    /// In chains at the hooks input and forward. The first packets must not be tracked ([`Rule::notrack`]).
    ///
    /// ```
    /// use portcullis::{CtState, Rule, Synproxy};
    ///
    /// Rule::new()
    ///     .ct_state(CtState::INVALID | CtState::UNTRACKED)
    ///     .tcp()
    ///     .dport(80)
    ///     .synproxy(Synproxy::new().mss(1460).wscale(7).timestamp().sack_perm());
    /// ```
    #[doc(alias = "SYNPROXY")]
    #[must_use]
    pub fn synproxy(self, synproxy: Synproxy) -> Self {
        self.say(synproxy)
    }
}

/// With the flags that nft sets: the kernel offers no more than these say.
impl From<&Synproxy> for expr::Synproxy {
    fn from(proxy: &Synproxy) -> Self {
        let Synproxy { mss, wscale, timestamp, sack_perm } = *proxy;
        let mut flags = SynproxyFlags::empty();
        flags.set(SynproxyFlags::MSS, mss.is_some());
        flags.set(SynproxyFlags::WSCALE, wscale.is_some());
        flags.set(SynproxyFlags::TIMESTAMP, timestamp);
        flags.set(SynproxyFlags::SACK_PERM, sack_perm);
        Self::new().mss(mss.unwrap_or(0)).wscale(wscale.unwrap_or(0)).flags(flags)
    }
}

/// For an object of the table, which rules use by its name ([`Rule::use_synproxy`]).
///
/// ```
/// use portcullis::{Rule, Synproxy, Table, object::Object};
///
/// let guard = Object::new("guard", Synproxy::new().mss(1460).wscale(7).timestamp().sack_perm());
/// let table = Table::inet("edge").object(guard);
/// let rule = Rule::new().tcp().use_synproxy("guard");
/// # let _ = (table, rule);
/// ```
impl From<Synproxy> for ObjectData {
    fn from(proxy: Synproxy) -> Self {
        expr::Synproxy::from(&proxy).into()
    }
}

impl Lower for Synproxy {
    fn lower(&self, to: &mut Lowering<'_>) -> Result<(), Invalid> {
        // As nft: no test for TCP, for the kernel breaks off the rule itself (nft_synproxy_do_eval).
        super::nat::check_family("synproxy", to.family())?;
        to.check_layer4("synproxy", Protocol::TCP.0)?;
        if let Some(scale @ 15..) = self.wscale {
            let (value, range) = (scale.to_string(), "0 to 14".to_owned());
            return Err(Invalid::OutOfRange { what: "the window scale", value, range });
        }
        to.push(expr::Synproxy::from(self));
        Ok(())
    }
}

impl Lift for Synproxy {
    fn lift(from: &Lifting<'_>) -> Option<Self> {
        let [Expr::Synproxy(synproxy), ..] = from.expressions() else { return None };
        let flags = synproxy.flags.unwrap_or(SynproxyFlags::empty());
        Some(Self {
            mss: synproxy.mss.filter(|_| flags.contains(SynproxyFlags::MSS)),
            wscale: synproxy.wscale.filter(|_| flags.contains(SynproxyFlags::WSCALE)),
            timestamp: flags.contains(SynproxyFlags::TIMESTAMP),
            sack_perm: flags.contains(SynproxyFlags::SACK_PERM),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Family, language::targets::golden::refusal};

    #[test]
    fn as_nft_says_it() {
        use crate::language::targets::golden::golden_everywhere as golden;

        // synproxy
        golden(&Rule::new().synproxy(Synproxy::new()), &["synproxy mss 0 wscale 0"]);
        // synproxy mss 1460 wscale 7 timestamp sack-perm
        let all = Rule::new().synproxy(Synproxy::new().mss(1460).wscale(7).timestamp().sack_perm());
        golden(&all, &["synproxy mss 1460 wscale 7"]);
        let lowered = all.lower(Family::Ip).unwrap();
        let expected =
            expr::Synproxy::new().mss(1460u16).wscale(7u8).flags(SynproxyFlags::from_bits_retain(0x0f));
        assert_eq!(lowered.expressions, [expected.into()]);
    }

    #[test]
    fn errors_say_what_to_do() {
        let rule = Rule::new().udp().synproxy(Synproxy::new());
        assert_eq!(refusal(Family::Ip, &rule), "synproxy belongs to tcp, but the rule says udp before it");
        let rule = Rule::new().tcp().synproxy(Synproxy::new().wscale(15));
        assert_eq!(refusal(Family::Ip, &rule), "the window scale is 15; possible: 0 to 14");
    }
}
