//! The packet's mark and its connection's: compared, changed, saved and restored.

use portcullis::{
    Family, Hook, Matching,
    language::{matches::masked, targets::MarkOp},
    not,
    probe::Feature,
};

use super::{Bench, IP, need_nft, rule};
use crate::support::need_feature;

#[test]
fn compared() {
    need_nft!();
    for bench in Bench::filters([Family::Ip, Family::Ip6, Family::Inet, Family::Bridge, Family::Netdev]) {
        bench.hold_all([
            (rule().mark(0x10), "meta mark 0x10"),
            (rule().mark(0), "meta mark 0"),
            (rule().mark(u32::MAX), "meta mark 0xffffffff"),
            (rule().mark(not(0x10)), "meta mark != 0x10"),
            (rule().mark(0x10..=0x20), "meta mark 0x10-0x20"),
            (rule().mark(not(0x10..=0x20)), "meta mark != 0x10-0x20"),
            (rule().mark([1, 2]), "meta mark { 1, 2 }"),
            (rule().mark(not([1, 2])), "meta mark != { 1, 2 }"),
            (rule().mark(Matching::from(1).or(5..=9)), "meta mark { 1, 5-9 }"),
            (rule().mark(not(Matching::from(1).or(5..=9))), "meta mark != { 1, 5-9 }"),
            (rule().mark(masked(0x10, 0xff)), "meta mark & 0xff == 0x10"),
            (rule().mark(not(masked(0x10, 0xff))), "meta mark & 0xff != 0x10"),
            (rule().mark(masked(0, 0xff)), "meta mark & 0xff == 0"),
            (rule().mark(masked(5, u32::MAX)), "meta mark 5"),
        ]);
    }
}

#[test]
fn changed() {
    need_nft!();
    for family in IP {
        let bench = Bench::mangle(family, Hook::Prerouting);
        bench.hold_all([
            (rule().set_mark(5), "meta mark set 5"),
            (rule().set_mark(0), "meta mark set 0"),
            (rule().mark_and(0xff), "meta mark set mark and 0xff"),
            (rule().mark_or(0x10), "meta mark set mark or 0x10"),
            (rule().mark_xor(0x10), "meta mark set mark xor 0x10"),
            (rule().set_mark_masked(0x12, 0xff), "meta mark set mark and 0xffffff00 xor 0x12"),
            (rule().set_mark_masked(0x112, 0xff), "meta mark set mark and 0xfffffe00 xor 0x112"),
            (
                rule().set_mark(MarkOp::Xmark { value: 0x112, mask: 0xff }),
                "meta mark set mark and 0xffffff00 xor 0x112",
            ),
            (rule().set_mark(MarkOp::Keep), "meta mark set mark"),
            (rule().set_ct_mark(5), "ct mark set 5"),
            (rule().set_ct_mark(MarkOp::And(0xff)), "ct mark set ct mark and 0xff"),
            (rule().set_ct_mark(MarkOp::Or(0x10)), "ct mark set ct mark or 0x10"),
            (rule().set_ct_mark(MarkOp::Xor(0x10)), "ct mark set ct mark xor 0x10"),
            (rule().set_ct_mark_masked(0x12, 0xff), "ct mark set ct mark and 0xffffff00 xor 0x12"),
            (rule().tcp().dport(80).set_mark(1).accept(), "tcp dport 80 meta mark set 1 accept"),
            (rule().mark(0).set_mark(1), "meta mark 0 meta mark set 1"),
        ]);
    }
    for family in IP {
        let bench = Bench::route(family);
        bench.hold(rule().udp().dport(53).set_mark(1), "udp dport 53 meta mark set 1");
        bench.hold(rule().mark_or(1), "meta mark set mark or 1");
    }
}

#[test]
fn saved_and_restored() {
    need_nft!();
    for family in IP {
        let bench = Bench::mangle(family, Hook::Prerouting);
        bench.hold_all([
            (rule().save_mark(), "ct mark set meta mark"),
            (rule().restore_mark(), "meta mark set ct mark"),
            (rule().save_mark_masked(0xff), "ct mark set meta mark and 0xff"),
            (rule().restore_mark_masked(0xff), "meta mark set ct mark and 0xff"),
            (rule().restore_mark().mark(not(0)).accept(), "meta mark set ct mark meta mark != 0 accept"),
        ]);
    }
}

#[test]
fn bits_saved_and_restored_beside_others() {
    need_nft!();
    need_feature!(Feature::BitwiseRegisters);
    for family in IP {
        let bench = Bench::mangle(family, Hook::Prerouting);
        // nft 1.0.6 cannot combine two registers; listing such a rule, it aborts. libnftnl 1.2.4 loses the second.
        bench.kernel_only(rule().save_mark_bits(0xff));
        bench.kernel_only(rule().restore_mark_bits(0xff));
    }
}

#[test]
fn security_marks() {
    need_nft!();
    for family in IP {
        let bench = Bench::mangle(family, Hook::Prerouting);
        bench.hold(rule().save_secmark(), "ct secmark set meta secmark");
        bench.hold(rule().restore_secmark(), "meta secmark set ct secmark");
        // There is no such object: both are refused for it, with the same bytecode. A kernel without SELinux's policy
        // takes no object, so that no listing can be had; the map of `targets_by_map.rs` has one.
        bench.hold(rule().set_secmark("ssh"), "meta secmark set \"ssh\"");
        bench.hold(rule().tcp().dport(22).set_secmark("ssh"), "tcp dport 22 meta secmark set \"ssh\"");
    }
}
