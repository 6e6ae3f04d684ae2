//! Which work is asked for.

/// What one rule says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// `meta l4proto tcp ip saddr ADDRESS tcp dport PORT ct state new,established counter accept`
    Facts,
    /// `tcp dport PORT accept`
    Port,
    /// `tcp dport PORT numgen inc mod 2 == 0 dnat to ADDRESS:8080`
    Nat,
}

/// What the elements of the set are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Members {
    /// Addresses, in a hash; the capacity is declared where the library can.
    Addresses,
    /// Prefixes of length 30.
    Prefixes,
    /// Pairs of an address and a port.
    Pairs,
    /// Addresses, each with a mark: a map.
    Marks,
}

/// A workload, by its name in the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Workload {
    /// `rules-facts`, `rules-port`, `rules-nat`: table, chain and that many rules, in one transaction.
    Rules(Shape),
    /// `set-hash`, `set-interval`, `set-concat`, `set-map`: table, set and that many elements, in one transaction.
    Set(Members),
    /// `add-one`: that many rules are there; one more is added behind them.
    AddOne,
    /// `add-one-spread`: the same, but all of them are in other chains, a hundred in each.
    AddOneSpread,
    /// `replace-element`: that many elements are there; one goes and another one comes, in one transaction.
    ReplaceElement,
    /// `small-transactions`: that many transactions of one rule each.
    SmallTransactions,
    /// `list`: that many rules are there; all are listed and decoded.
    List,
    /// `snapshot` and `restore`, which no contender of this kind has.
    Snapshot,
}

impl Workload {
    /// The workload of this name.
    pub fn named(name: &str) -> Option<Workload> {
        Some(match name {
            "rules-facts" => Workload::Rules(Shape::Facts),
            "rules-port" => Workload::Rules(Shape::Port),
            "rules-nat" => Workload::Rules(Shape::Nat),
            "set-hash" => Workload::Set(Members::Addresses),
            "set-interval" => Workload::Set(Members::Prefixes),
            "set-concat" => Workload::Set(Members::Pairs),
            "set-map" => Workload::Set(Members::Marks),
            "add-one" => Workload::AddOne,
            "add-one-spread" => Workload::AddOneSpread,
            "replace-element" => Workload::ReplaceElement,
            "small-transactions" => Workload::SmallTransactions,
            "list" => Workload::List,
            "snapshot" | "restore" => Workload::Snapshot,
            _ => return None,
        })
    }
}
