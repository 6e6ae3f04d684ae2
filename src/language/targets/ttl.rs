//! How many more hops a packet may make: iptables' `-j TTL --ttl-set` and `-j HL --hl-set`.

use crate::{
    Invalid, Rule,
    expr::{Bitwise, ChecksumFlags, Data, Expr, Immediate, Load, Payload, PayloadBase, Register},
    language::{Layer3, Lift, Lifting, Lower, Lowering, lift::byte},
};

/// Sets IPv4's time to live.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(transparent))]
pub struct SetTtl(pub u8);

/// Sets IPv6's hop limit.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(transparent))]
pub struct SetHopLimit(pub u8);

impl Rule {
    /// Sets IPv4's time to live; where the IP version is open, only IPv4 packets go on in the rule.
    ///
    /// The kernel's expressions can set but not count: iptables' `--ttl-inc` and `--ttl-dec` have no counterpart.
    ///
    /// ```
    /// use portcullis::Rule;
    ///
    /// Rule::new().oif("wan0").set_ttl(64);
    /// ```
    #[doc(alias = "TTL")]
    #[doc(alias = "ttl-set")]
    #[must_use]
    pub fn set_ttl(self, ttl: u8) -> Self {
        self.word(|| SetTtl(ttl))
    }

    /// Sets IPv6's hop limit; where the IP version is open, only IPv6 packets go on in the rule.
    #[doc(alias = "HL")]
    #[doc(alias = "hl-set")]
    #[must_use]
    pub fn set_hop_limit(self, hops: u8) -> Self {
        self.word(|| SetHopLimit(hops))
    }
}

impl Lower for SetTtl {
    fn lower(&self, to: &mut Lowering<'_>) -> Result<(), Invalid> {
        to.need_layer3("the TTL", Layer3::V4)?;
        // With the protocol's number behind it: checksums are of words.
        let (base, register) = (PayloadBase::Network, Register::R1);
        to.push(Payload::load(base, 8, 2, register));
        to.push(Bitwise::mask_xor(register, Data::new(&[0, 0xff]), Data::new(&[self.0, 0])));
        to.push(Payload::store_with_checksum(base, 8, 2, register, 10, ChecksumFlags::empty()));
        Ok(())
    }
}

impl Lower for SetHopLimit {
    fn lower(&self, to: &mut Lowering<'_>) -> Result<(), Invalid> {
        to.need_layer3("the hop limit", Layer3::V6)?;
        to.push(Immediate::data(Register::R1, Data::byte(self.0)));
        to.push(Payload::store(PayloadBase::Network, 7, 1, Register::R1));
        Ok(())
    }
}

impl Lift for SetTtl {
    fn lift(from: &Lifting<'_>) -> Option<Self> {
        let [Expr::Payload(Payload { offset: 8, .. }), Expr::Bitwise(bitwise), ..] = from.expressions()
        else {
            return None;
        };
        let [ttl, _] = bitwise.xor.as_ref()?.as_bytes() else { return None };
        Some(Self(*ttl))
    }
}

impl Lift for SetHopLimit {
    fn lift(from: &Lifting<'_>) -> Option<Self> {
        let [Expr::Immediate(Immediate { load: Load::Data(hops), .. }), Expr::Payload(_), ..] =
            from.expressions()
        else {
            return None;
        };
        byte(hops).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Family, language::targets::golden::refusal};

    #[test]
    fn as_nft_says_it() {
        use crate::language::targets::golden::golden;

        // ip ttl set 64
        let ttl = [
            "payload load 2b @ network header + 8 => reg 1",
            "bitwise reg 1 = ( reg 1 & 0x0000ff00 ) ^ 0x00000040",
            "payload write reg 1 => 2b @ network header + 8 csum_type 1 csum_off 10 csum_flags 0x0",
        ];
        golden(Family::Ip, &Rule::new().set_ttl(64), &ttl);
        let v4 = ["meta load nfproto => reg 1", "cmp eq reg 1 0x00000002"];
        golden(Family::Inet, &Rule::new().set_ttl(64), &[&v4[..], &ttl].concat());
        // counter ip ttl set 64: the test is where the word is
        golden(
            Family::Inet,
            &Rule::new().counter().set_ttl(64),
            &[&["counter pkts 0 bytes 0"], &v4[..], &ttl].concat(),
        );
        // ip6 hoplimit set 64
        let hops = [
            "immediate reg 1 0x00000040",
            "payload write reg 1 => 1b @ network header + 7 csum_type 0 csum_off 0 csum_flags 0x0",
        ];
        golden(Family::Ip6, &Rule::new().set_hop_limit(64), &hops);
        let v6 = ["meta load nfproto => reg 1", "cmp eq reg 1 0x0000000a"];
        golden(Family::Inet, &Rule::new().set_hop_limit(64), &[&v6[..], &hops].concat());
        let v6 = ["meta load protocol => reg 1", "cmp eq reg 1 0x0000dd86"];
        golden(Family::Bridge, &Rule::new().set_hop_limit(64), &[&v6[..], &hops].concat());
    }

    #[test]
    fn errors_say_what_to_do() {
        assert!(refusal(Family::Ip6, &Rule::new().set_ttl(64)).contains("use a table of family ip or inet"));
        assert!(refusal(Family::Ip, &Rule::new().set_hop_limit(64)).contains("family ip6 or inet"));
        assert_eq!(
            refusal(Family::Inet, &Rule::new().set_ttl(64).set_hop_limit(64)),
            "the hop limit belongs to IPv6, but the rule says IPv4 before it"
        );
    }
}
