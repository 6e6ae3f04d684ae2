//! How much memory listed rules and elements take: `cargo bench --bench listing_memory`.
//!
//! Bytes as they are asked of the allocator. A program of its own, for counting costs time.

use std::alloc::System;

use portcullis::{Element, Netfilter, Rule};
use portcullis_world::{Host, require_namespaces};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, Stats, StatsAlloc};

#[path = "listing/world.rs"]
#[expect(dead_code, reason = "the floors are for `listing`")]
mod world;

#[global_allocator]
static MEMORY: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

fn main() {
    if let Err(reason) = require_namespaces() {
        eprintln!("\nSKIP listing_memory: nothing was measured: {reason}\n");
        return;
    }
    let quick = std::env::args().any(|argument| argument == "--test");
    let (rules, elements) = if quick { (100, 1000) } else { (50_000, 100_000) };
    let host = Host::new("bench");
    let _entered = host.enter();
    let mut firewall = Netfilter::open().expect("a netlink socket");
    world::load_rules(&mut firewall, rules, 1);
    let (rule, element) = (size_of::<Rule>(), size_of::<Element>());
    let list = |firewall: &mut Netfilter| firewall.rules(world::CHAIN).expect("the rules");
    report("rules", rules, rule, measure(&mut firewall, list));
    world::load_elements(&mut firewall, elements);
    let list = |firewall: &mut Netfilter| firewall.elements(world::SET).expect("the elements");
    report("elements", elements, element, measure(&mut firewall, list));
}

fn measure<R>(firewall: &mut Netfilter, list: impl Fn(&mut Netfilter) -> Vec<R>) -> Stats {
    let region = Region::new(MEMORY);
    let found = list(firewall);
    let change = region.change();
    drop(found);
    change
}

fn report(what: &str, count: u32, size: usize, stats: Stats) {
    let each = |number: usize| number as f64 / f64::from(count);
    let kept = stats.bytes_allocated - stats.bytes_deallocated;
    println!(
        "{count} {what}: {:.0} bytes each (the value itself {size}), {:.2} allocations and {:.2} growths each",
        each(kept),
        each(stats.allocations),
        each(stats.reallocations),
    );
}
