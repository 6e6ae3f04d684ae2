//! What is drawn: sections of hooks, chains with their lines, calls.

use super::{Options, condensed::condense, kind::Kind};
use crate::{
    object::{Chain, Family, Hook, Policy, Table},
    render::listing::values::plain,
};

/// Tables whose packets take the same way.
#[derive(Debug)]
pub(super) struct Section {
    pub(super) title: &'static str,
    /// Hooks from left to right; those in one column are alternatives.
    pub(super) columns: Vec<Vec<Hook>>,
    pub(super) chains: Vec<Node>,
}

/// A chain.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) name: String,
    /// Which table, of which family.
    pub(super) place: String,
    /// Where it is entered: hook, priority, and what it says of these.
    pub(super) entry: Option<(Hook, i32, String)>,
    pub(super) lines: Vec<Entry>,
    /// What becomes of a packet that no rule decides about.
    pub(super) end: (String, Kind),
}

/// A line of a chain.
#[derive(Debug)]
pub(super) struct Entry {
    /// All that the rule says, and what fits into a line.
    pub(super) text: String,
    pub(super) short: String,
    pub(super) does: String,
    pub(super) kind: Kind,
    /// Indexes of chains in the section.
    pub(super) calls: Vec<usize>,
}

/// The families that share hooks, and the hooks that they have.
fn sections() -> [(&'static str, &'static [Family]); 5] {
    [
        ("Devices (netdev)", &[Family::Netdev]),
        ("Bridge", &[Family::Bridge]),
        ("ARP", &[Family::Arp]),
        ("IP (inet, ip, ip6)", &[Family::Inet, Family::Ip, Family::Ip6]),
        ("Other families", &[]),
    ]
}

pub(super) fn build(options: &Options<'_>) -> Vec<Section> {
    let named = sections();
    let known: Vec<Family> = named.iter().flat_map(|(_, families)| families.iter().copied()).collect();
    named
        .into_iter()
        .filter_map(|(title, families)| {
            let tables: Vec<&Table> = options
                .tables
                .iter()
                .filter(|table| match families {
                    [] => !known.contains(&table.family),
                    families => families.contains(&table.family),
                })
                .collect();
            let chains = nodes(&tables, options.rows);
            (!chains.is_empty()).then(|| Section { title, columns: columns(families, &chains), chains })
        })
        .collect()
}

/// Every hook of a packet's way through this machine, whether a chain is there or not; others where there is one.
fn columns(families: &[Family], chains: &[Node]) -> Vec<Vec<Hook>> {
    let used =
        |hook: Hook| chains.iter().any(|chain| chain.entry.as_ref().is_some_and(|(at, ..)| *at == hook));
    let mut columns: Vec<Vec<Hook>> = match families.first() {
        Some(Family::Netdev) => vec![vec![Hook::Ingress], vec![Hook::Egress]],
        Some(Family::Arp) => vec![vec![Hook::Input], vec![Hook::Output]],
        Some(_) => vec![
            vec![Hook::Ingress],
            vec![Hook::Prerouting],
            vec![Hook::Input, Hook::Forward],
            vec![Hook::Output],
            vec![Hook::Postrouting],
            vec![Hook::Egress],
        ],
        None => Vec::new(),
    };
    columns.retain(|hooks| {
        !matches!(hooks.as_slice(), [Hook::Ingress | Hook::Egress]) || hooks.iter().any(|hook| used(*hook))
    });
    let mut others: Vec<Hook> =
        chains.iter().filter_map(|chain| chain.entry.as_ref()).map(|(hook, ..)| *hook).collect();
    others.retain(|hook| !columns.iter().flatten().any(|known| known == hook));
    for hook in others {
        if !columns.iter().flatten().any(|known| *known == hook) {
            columns.push(vec![hook]);
        }
    }
    if columns.is_empty() {
        columns.push(Vec::new());
    }
    columns
}

fn nodes(tables: &[&Table], rows: usize) -> Vec<Node> {
    let mut nodes = Vec::new();
    for table in tables {
        let first = nodes.len();
        for chain in &table.chains {
            nodes.push(node(table, chain, first, rows));
        }
    }
    nodes
}

fn node(table: &Table, chain: &Chain, first: usize, rows: usize) -> Node {
    let calls = |names: &[String]| -> Vec<usize> {
        let index = |name: &String| table.chains.iter().position(|chain| chain.name == *name);
        names.iter().filter_map(index).map(|index| first + index).collect()
    };
    // One more line than allowed says no less than how many are left out.
    let shown = if chain.rules.len() <= rows.saturating_add(1) { chain.rules.len() } else { rows };
    let mut lines = Vec::new();
    let mut hidden: Vec<usize> = Vec::new();
    for (index, rule) in chain.rules.iter().enumerate() {
        let line = condense(rule, table);
        let calls = calls(&line.calls);
        if index < shown {
            lines.push(Entry { text: line.text, short: line.short, does: line.does, kind: line.kind, calls });
        } else {
            hidden.extend(calls);
        }
    }
    if shown < chain.rules.len() {
        hidden.sort_unstable();
        hidden.dedup();
        let kind = if hidden.is_empty() { Kind::Look } else { Kind::Call };
        let text = format!("… {} more", chain.rules.len() - shown);
        lines.push(Entry { short: text.clone(), text, does: String::new(), kind, calls: hidden });
    }
    let entry = chain.base.as_ref().map(|base| {
        let priority = base.priority.number(table.family);
        let mut about = format!("{} {priority}", plain(base.kind.word()));
        let devices: Vec<String> = base.devices.iter().map(|device| plain(&device.to_string())).collect();
        if !devices.is_empty() {
            about += &format!(" on {}", devices.join(", "));
        }
        (base.hook, priority, about)
    });
    let end = match chain.base.as_ref().map(|base| base.policy) {
        Some(Some(Policy::Drop)) => ("drop".to_owned(), Kind::Drop),
        Some(Some(Policy::Other(number))) => (number.to_string(), Kind::Look),
        Some(_) => ("accept".to_owned(), Kind::Accept),
        None => ("return".to_owned(), Kind::Return),
    };
    Node {
        name: plain(&chain.name),
        place: format!("{} {}", table.family, plain(&table.name)),
        entry,
        lines,
        end,
    }
}

impl Node {
    /// Table, kind, priority and devices.
    pub(super) fn about(&self) -> String {
        match &self.entry {
            Some((_, _, entry)) => format!("{} · {entry}", self.place),
            None => self.place.clone(),
        }
    }
}

impl Section {
    /// The chains at a hook in the order in which packets meet them.
    pub(super) fn at(&self, hook: Hook) -> Vec<usize> {
        let mut found: Vec<(i32, usize)> = self
            .chains
            .iter()
            .enumerate()
            .filter_map(|(index, chain)| match &chain.entry {
                Some((at, priority, _)) if *at == hook => Some((*priority, index)),
                _ => None,
            })
            .collect();
        found.sort_unstable();
        found.into_iter().map(|(_, index)| index).collect()
    }

    /// Where each chain is drawn.
    pub(super) fn places(&self) -> Vec<Place> {
        let mut places: Vec<Option<Place>> = self.chains.iter().map(|_| None).collect();
        let mut queue = Vec::new();
        for (column, hooks) in self.columns.iter().enumerate() {
            for index in hooks.iter().flat_map(|hook| self.at(*hook)) {
                if let Some(place) = places.get_mut(index) {
                    *place = Some(Place { column, rank: queue.len(), called: true });
                    queue.push((index, column));
                }
            }
        }
        let mut next = 0;
        while let Some((index, column)) = queue.get(next).copied() {
            next += 1;
            let lines = self.chains.get(index).into_iter().flat_map(|chain| &chain.lines);
            for call in lines.flat_map(|line| &line.calls) {
                if let Some(place @ None) = places.get_mut(*call) {
                    *place = Some(Place { column, rank: queue.len(), called: true });
                    queue.push((*call, column));
                }
            }
        }
        let nowhere = Place { column: 0, rank: usize::MAX, called: false };
        places.into_iter().map(|place| place.unwrap_or(nowhere)).collect()
    }
}

/// Where a chain is drawn.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    /// A base chain's is that of its hook, another's that of the first chain that calls it.
    pub(super) column: usize,
    /// Called chains stand in the order in which they are first called.
    pub(super) rank: usize,
    /// False for those that neither a hook nor a drawn chain leads to. They are in the first column.
    pub(super) called: bool,
}
