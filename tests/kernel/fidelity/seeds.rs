//! Seeds for the fuzz targets: what the kernel tells of the rulesets, and what nft sends.

use std::{
    collections::HashSet,
    hash::{DefaultHasher, Hash, Hasher},
    path::{Path, PathBuf},
};

use portcullis::{Scope, wire::nft};
use portcullis_world::need_namespaces;

use super::{
    corpus::{host, rulesets},
    dump::Dump,
};
use crate::support::open;

/// The kinds of messages, in the order of `fuzz/fuzz_targets/input/mod.rs`.
const KINDS: [u16; 7] = [
    nft::NEWTABLE,
    nft::NEWCHAIN,
    nft::NEWRULE,
    nft::NEWSET,
    nft::NEWSETELEM,
    nft::NEWOBJ,
    nft::NEWFLOWTABLE,
];

/// Commands of nft, each with the message that it sends.
const GOLDEN: &str = include_str!("../../codec/golden/nft-1.0.6-little-endian.txt");

#[test]
#[ignore = "writes the seeds of the fuzz targets to fuzz/corpus"]
fn write_seeds() {
    need_namespaces!();
    let (mut seeds, mut files) = (HashSet::new(), HashSet::new());
    for ruleset in rulesets() {
        let host = host("from");
        if ruleset.load(&host).is_ok() {
            for message in Dump::of(&host).messages {
                seeds.insert(seed(message.kind, message.family, &message.attributes));
            }
            let mut file = Vec::new();
            let snapshot = open(&host).snapshot(Scope::Ruleset).expect("a snapshot");
            snapshot.write_to(&mut file).expect("memory takes everything");
            files.insert(file);
        }
    }
    let recorded: Vec<_> = GOLDEN.lines().skip(1).collect();
    for line in recorded.chunks_exact(2).map(|pair| pair[1]) {
        let digits = line.as_bytes().chunks_exact(2).map(|two| std::str::from_utf8(two).expect("ASCII"));
        let bytes: Vec<u8> = digits.map(|two| u8::from_str_radix(two, 16).expect("hexadecimal")).collect();
        seeds.insert(seed(nft::NEWRULE, bytes[0], &bytes[4..]));
    }
    for (target, seeds) in [("message", &seeds), ("roundtrip", &seeds), ("snapshot", &files)] {
        let folder: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target);
        std::fs::create_dir_all(&folder).expect("a folder");
        for seed in seeds {
            let mut hash = DefaultHasher::new();
            seed.hash(&mut hash);
            std::fs::write(folder.join(format!("{:016x}", hash.finish())), seed).expect("a seed");
        }
    }
    println!("{} seeds of messages, {} of snapshots", seeds.len(), files.len());
}

fn seed(kind: u16, family: u8, attributes: &[u8]) -> Vec<u8> {
    let kind = KINDS.iter().position(|known| *known == kind).expect("a kind of object");
    [&[kind as u8, family], attributes].concat()
}
