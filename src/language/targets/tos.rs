//! The byte for the type of service: iptables' `-j TOS`.

use crate::{
    Family, Invalid, Rule,
    expr::{Bitwise, ChecksumFlags, Data, Expr, Payload, PayloadAccess, PayloadBase, Register},
    language::{Layer3, Lift, Lifting, Lower, Lowering, lift::network_u16},
};

/// Changes the type-of-service byte of IPv4, or the traffic class of IPv6.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct SetTos {
    /// Which bits are flipped then: with a `mask` that covers them, which are set.
    pub value: u8,
    /// Which bits are cleared before.
    pub mask: u8,
}

impl Rule {
    /// Changes the type-of-service byte of IPv4, or the traffic class of IPv6: its bits in `mask` become those of
    /// `value`, the others stay. Bits of `value` outside `mask` are flipped, as iptables does.
    ///
    /// In an `inet` table, the rule must say the IP version before: by an address, [`Rule::ipv4`] or [`Rule::ipv6`].
    /// iptables' `--set-tos 0x10` is `set_tos(0x10, 0xff)`, `--and-tos 0x1c` is `set_tos(0, !0x1c)`, `--or-tos` is
    /// `set_tos(bits, bits)` and `--xor-tos` is `set_tos(bits, 0)`.
    ///
    /// ```
    /// use portcullis::Rule;
    ///
    /// // minimal delay
    /// Rule::new().saddr("10.0.2.0/24").tcp().dport(22).set_tos(0x10, 0x3f);
    /// ```
    #[doc(alias = "TOS")]
    #[must_use]
    pub fn set_tos(self, value: u8, mask: u8) -> Self {
        self.word(|| SetTos { value, mask })
    }
}

impl Lower for SetTos {
    /// nft has no word for the byte, and its raw payload statement (`@nh,8,8 set`) does not mend IPv4's checksum. So
    /// these are the expressions of `ip dscp set` and `ip6 dscp set`, with other bits.
    fn lower(&self, to: &mut Lowering<'_>) -> Result<(), Invalid> {
        change_byte(to, "setting the type of service", self.mask, self.value)
    }
}

/// Clears and then flips bits of the type-of-service byte or the traffic class.
pub(super) fn change_byte(
    to: &mut Lowering<'_>,
    what: &'static str,
    clear: u8,
    flip: u8,
) -> Result<(), Invalid> {
    let register = Register::R1;
    let base = PayloadBase::Network;
    match to.layer3() {
        Some(Layer3::V4) => {
            // The word of version and header length, and this byte: checksums are of words.
            to.push(Payload::load(base, 0, 2, register));
            to.push(Bitwise::mask_xor(register, Data::new(&[0xff, !clear]), Data::new(&[0, flip])));
            to.push(Payload::store_with_checksum(base, 0, 2, register, 10, ChecksumFlags::empty()));
            Ok(())
        }
        Some(Layer3::V6) => {
            // Four bits of version, this byte, four bits of flow label.
            let (clear, flip) = (u16::from(clear) << 4, u16::from(flip) << 4);
            to.push(Payload::load(base, 0, 2, register));
            to.push(Bitwise::mask_xor(register, Data::network_u16(!clear), Data::network_u16(flip)));
            to.push(Payload::store(base, 0, 2, register));
            Ok(())
        }
        None if to.family() == Family::Arp => {
            let hint = "use a table of family inet, ip or ip6";
            Err(Invalid::Family { what, family: to.family(), hint })
        }
        None => Err(Invalid::NeedsProtocol { what, hint: ".ipv4() or .ipv6()" }),
    }
}

impl Lift for SetTos {
    fn lift(from: &Lifting<'_>) -> Option<Self> {
        changed_byte(from).map(|(mask, value)| Self { value, mask })
    }
}

/// Which bits of the byte are cleared, and which are flipped then.
pub(super) fn changed_byte(from: &Lifting<'_>) -> Option<(u8, u8)> {
    let [
        Expr::Payload(Payload { offset: 0, .. }),
        Expr::Bitwise(bitwise),
        Expr::Payload(Payload { access: PayloadAccess::Store { .. }, .. }),
        ..,
    ] = from.expressions()
    else {
        return None;
    };
    let (keep, flip) = (network_u16(bitwise.mask.as_ref()?)?, network_u16(bitwise.xor.as_ref()?)?);
    let shift = if from.layer3()? == Layer3::V4 { 0 } else { 4 };
    let byte = |word: u16| u8::try_from(word >> shift & 0xff).ok();
    Some((!byte(keep)?, byte(flip)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language::targets::golden::refusal;

    #[test]
    fn like_nfts_dscp_with_other_bits() {
        use crate::language::targets::golden::golden;

        golden(
            Family::Ip,
            &Rule::new().set_tos(0x10, 0x3f),
            &[
                "payload load 2b @ network header + 0 => reg 1",
                "bitwise reg 1 = ( reg 1 & 0x0000c0ff ) ^ 0x00001000",
                "payload write reg 1 => 2b @ network header + 0 csum_type 1 csum_off 10 csum_flags 0x0",
            ],
        );
        golden(
            Family::Ip6,
            &Rule::new().set_tos(0x10, 0x3f),
            &[
                "payload load 2b @ network header + 0 => reg 1",
                "bitwise reg 1 = ( reg 1 & 0x00000ffc ) ^ 0x00000001",
                "payload write reg 1 => 2b @ network header + 0 csum_type 0 csum_off 0 csum_flags 0x0",
            ],
        );
    }

    #[test]
    fn the_version_must_be_known() {
        assert_eq!(
            refusal(Family::Inet, &Rule::new().set_tos(0x10, 0xff)),
            "setting the type of service needs the protocol said before it in the same rule: add .ipv4() or .ipv6()"
        );
        assert_eq!(Rule::new().saddr("fd00::1").set_tos(0x10, 0xff).check(Family::Inet), Ok(()));
        assert!(
            refusal(Family::Arp, &Rule::new().set_tos(0x10, 0xff)).contains("use a table of family inet")
        );
    }
}
