//! Named priorities against nft, wherever it has the name (`nft(8)`, "Standard priority names").

use portcullis::{Chain, Family, Hook, Priority, Transaction};
use portcullis_world::Host;

use super::{need_nft, nft_on};
use crate::support::{nft_listing, open};

const NAMES: [(&str, Priority); 7] = [
    ("raw", Priority::RAW),
    ("mangle", Priority::MANGLE),
    ("dstnat", Priority::DSTNAT),
    ("filter", Priority::FILTER),
    ("security", Priority::SECURITY),
    ("out", Priority::OUT),
    ("srcnat", Priority::SRCNAT),
];

/// How many of a family's pairs of hook and name nft has.
const KNOWN: [(Family, usize); 6] = [
    // Four names at each of five hooks (in inet tables of six, with ingress), and one each for destination and source.
    (Family::Ip, 22),
    (Family::Ip6, 22),
    (Family::Inet, 26),
    (Family::Arp, 2),
    (Family::Bridge, 8),
    (Family::Netdev, 1),
];

/// A base chain by our name is one by nft's: the same number in the kernel, the same name in nft's listing.
#[test]
fn every_name_in_every_family() {
    need_nft!();
    let mut problems = Vec::new();
    let mut known = Vec::new();
    for (family, _) in KNOWN {
        let (ours, nfts) = (Host::new("ours"), Host::new("nfts"));
        let (mut firewall, mut theirs) = (open(&ours), open(&nfts));
        let mut count = 0;
        for (hook, _) in Hook::of(family) {
            // Egress is newer than nft's names for it.
            if *hook == Hook::Egress {
                continue;
            }
            for (name, priority) in NAMES {
                for (offset, words) in [(0, String::new()), (5, " + 5".to_owned()), (-5, " - 5".to_owned())] {
                    let device = if hook.needs_device() { " device \"lo\"" } else { "" };
                    let chain =
                        format!("type filter hook {hook}{device} priority {name}{words}; policy accept;");
                    let script = format!("table {family} t {{\nchain c {{\n{chain}\n}}\n}}\n");
                    let (_, refused) = nft_on(&nfts, &[], &script);
                    // What nft does not know here under this name has nothing to be compared with.
                    if !refused.is_empty() {
                        continue;
                    }
                    count += usize::from(offset == 0);
                    let said = Chain::filter("c", *hook).priority(priority + offset);
                    let said = if device.is_empty() { said } else { said.device("lo") };
                    let mut transaction = Transaction::new();
                    transaction.add_table(portcullis::Table::new(family, "t").chain(said));
                    firewall.commit(&transaction).unwrap_or_else(|error| panic!("{family} {chain}: {error}"));
                    let listing = nft_listing(&ours).expect("nft is there");
                    if !listing.contains(&chain) {
                        problems.push(format!("{family} {chain}\n{listing}"));
                    }
                    let number = |firewall: &mut portcullis::Netfilter| {
                        let chain = firewall.chain((family, "t", "c")).expect("a reading").expect("a chain");
                        chain.base.expect("a base").priority.number(family)
                    };
                    let (ours, nfts) = (number(&mut firewall), number(&mut theirs));
                    if ours != nfts {
                        problems.push(format!("{family} {chain}: ours {ours}, nft's {nfts}"));
                    }
                    for firewall in [&mut firewall, &mut theirs] {
                        let mut transaction = Transaction::new();
                        transaction.delete_table((family, "t"));
                        firewall.commit(&transaction).expect("the table goes");
                    }
                }
            }
        }
        known.push((family, count));
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
    // Otherwise nothing would have been compared.
    assert_eq!(known, KNOWN);
}
