//! Every nth packet, and a random part.

use portcullis::not;

use super::{Bench, IP, need_nft, rule};

#[test]
fn nth() {
    need_nft!();
    for bench in Bench::filters(IP) {
        bench.hold(rule().nth(3, 0), "numgen inc mod 3 == 0");
        bench.hold(rule().nth(100, 99).drop(), "numgen inc mod 100 == 99 drop");
        bench.hold(rule().nth(1, 0), "numgen inc mod 1 0");
        bench.hold(rule().not_nth(3, 2), "numgen inc mod 3 != 2");
        bench.hold(rule().tcp().dport(80).nth(2, 1).accept(), "tcp dport 80 numgen inc mod 2 1 accept");
    }
}

#[test]
fn random() {
    need_nft!();
    for bench in Bench::filters(IP) {
        bench.hold(rule().random(0.5), "numgen random mod 2147483648 < 1073741824");
        bench.hold(rule().random(0.01), "numgen random mod 2147483648 < 21474836");
        bench.hold(rule().random(0.0), "numgen random mod 2147483648 < 0");
        bench.hold(rule().random(1.0), "numgen random mod 2147483648 <= 2147483647");
        bench.hold(rule().random(not(0.25)), "numgen random mod 2147483648 >= 536870912");
        bench.hold(rule().random(not(1.0)), "numgen random mod 2147483648 > 2147483647");
        bench.hold(
            rule().udp().dport(53).random(0.5).drop(),
            "udp dport 53 numgen random mod 2147483648 < 1073741824 drop",
        );
    }
}
