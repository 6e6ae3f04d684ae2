//! What becomes of a packet, in every kind of chain.

use portcullis::{Family, Hook, probe::Feature};
use portcullis_world::{Host, this_function};

use super::{Bench, IP, need_nft, rule};
use crate::support::part_can_run;

fn all(bench: &Bench) {
    bench.hold_all([
        (rule().accept(), "accept"),
        (rule().drop(), "drop"),
        (rule().return_(), "return"),
        (rule().continue_(), "continue"),
        (rule().jump("other"), "jump other"),
        (rule().goto("other"), "goto other"),
        (rule().accept().comment("with words"), "accept comment \"with words\""),
        (rule().counter().comment("äöü"), "counter comment \"äöü\""),
    ]);
}

#[test]
fn in_filter_chains() {
    need_nft!();
    let egress = part_can_run(&Host::new("egress"), this_function!(), Feature::EgressNetdev);
    for family in [Family::Ip, Family::Ip6, Family::Inet, Family::Bridge, Family::Arp, Family::Netdev] {
        for (hook, _) in Hook::of(family) {
            if *hook != Hook::Egress || egress {
                all(&Bench::filter_at(family, *hook));
            }
        }
    }
}

#[test]
fn in_nat_and_route_chains() {
    need_nft!();
    for family in IP {
        for hook in [Hook::Prerouting, Hook::Input, Hook::Output, Hook::Postrouting] {
            all(&Bench::nat(family, hook));
        }
        all(&Bench::route(family));
        all(&Bench::raw(family, Hook::Prerouting));
        all(&Bench::mangle(family, Hook::Forward));
    }
}
