//! Who takes part.

/// One of those who take part.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Contender {
    /// The name on the command line and in the report.
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    /// A sentence for the report.
    pub(crate) about: &'static str,
}

/// How a contender is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The portcullis program, which sends bytes that were made before its clock started.
    Floor,
    /// A program of `benches/peers/`, in the directory of the contender's name, that keeps to the protocol there.
    Program,
    /// The program `nft`.
    Nft,
    /// The program `nft` with JSON.
    NftJson,
    /// The programs `iptables-VARIANT-restore`, `iptables-VARIANT-save` and `iptables-VARIANT`.
    Iptables(&'static str),
}

/// Our program, which the harness needs for the floor, for what workloads begin with, and to count afterwards.
pub(crate) const OURS: &str = "portcullis";
/// The contender that others are divided by.
pub(crate) const FLOOR: &str = "floor";
/// The other.
pub(crate) const NFT: &str = "nft";

/// True for those whom the goals compare.
pub(crate) fn is_compared(name: &str) -> bool {
    is_near_floor(name) || name == NFT
}

/// True for the two whom a goal compares closest.
pub(crate) fn is_near_floor(name: &str) -> bool {
    matches!(name, FLOOR | OURS)
}

/// All, in the order of the report.
pub(crate) const CONTENDERS: [Contender; 11] = [
    Contender {
        name: FLOOR,
        kind: Kind::Floor,
        about: "the same bytes as portcullis', made before the clock starts and sent at once; of a dump, received and \
                thrown away",
    },
    Contender { name: OURS, kind: Kind::Program, about: "this library" },
    Contender { name: "nlink", kind: Kind::Program, about: "Rust, netlink in Rust" },
    Contender { name: "nftnl", kind: Kind::Program, about: "Rust, over the C libraries libnftnl and libmnl" },
    Contender { name: "rustables", kind: Kind::Program, about: "Rust, netlink in Rust" },
    Contender { name: "nftables", kind: Kind::Program, about: "Rust, writes JSON for the program nft" },
    Contender { name: "google-nftables", kind: Kind::Program, about: "Go, netlink in Go" },
    Contender { name: NFT, kind: Kind::Nft, about: "the program nft, from a file in its language" },
    Contender { name: "nft-json", kind: Kind::NftJson, about: "the program nft, from a JSON file" },
    Contender {
        name: "iptables-nft",
        kind: Kind::Iptables("nft"),
        about: "iptables-nft-restore and its relatives",
    },
    Contender {
        name: "iptables-legacy",
        kind: Kind::Iptables("legacy"),
        about: "iptables-legacy-restore and its relatives: not nf_tables but its predecessor in the kernel",
    },
];

impl Contender {
    /// The place in [`CONTENDERS`], by which pictures choose colours, so that these are the same in all of them.
    pub(crate) fn index(&self) -> usize {
        CONTENDERS.iter().position(|contender| contender == self).unwrap_or_default()
    }
}
