//! Network interfaces: iptables' `-i` and `-o`.

use crate::{
    Invalid, Rule,
    expr::{Bitwise, Cmp, CmpOp, Data, Expr, LookupFlags, Meta, MetaKey, Register},
    language::{
        Datatype, Item, Lift, Lifting, Lower, Lowering, Matching, Operand,
        lift::{host_u32, prefix_between, said_as_list, text},
        matching_from,
    },
    object::InterfaceName,
};

/// An interface, by its name or its number.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Interface {
    /// By name: compared when the packet comes, so the interface need not exist yet.
    Name(InterfaceName),
    /// By the kernel's number: faster, and another interface of the same name is not meant.
    Index(u32),
}

matching_from! {
    Interface:
    { Interface } => |interface| Self::one(Item::One(interface)),
    { InterfaceName } => |name| Self::one(Item::One(Interface::Name(name))),
    'a { &'a str } => |name| Self::one(Item::One(Interface::Name(name.into()))),
    { String } => |name| Self::one(Item::One(Interface::Name(name.into()))),
    { u32 } => |index| Self::one(Item::One(Interface::Index(index))),
}

/// Which of the packet's two interfaces.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum Way {
    /// Where it came in.
    In,
    /// Where it will go out.
    Out,
}

/// The packet came in by, or goes out by, one of these interfaces.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct InterfaceMatch {
    /// Which of the two.
    pub way: Way,
    /// The interfaces.
    // In a box, for a list of names is larger than all other words.
    pub interfaces: Box<Matching<Interface>>,
}

impl Rule {
    /// Only packets that came in by these interfaces: a name, the beginning of one (`eth+` or `eth*`), or a
    /// number (`2u32`).
    ///
    /// ```
    /// use portcullis::{Rule, not};
    ///
    /// Rule::new().iif("lo").accept();
    /// Rule::new().iif(not(["wan0", "ppp+"])).accept();
    /// ```
    #[doc(alias = "iifname")]
    #[doc(alias = "in-interface")]
    #[must_use]
    pub fn iif(self, interfaces: impl Into<Matching<Interface>>) -> Self {
        self.word(|| InterfaceMatch { way: Way::In, interfaces: Box::new(interfaces.into()) })
    }

    /// Only packets that go out by these interfaces.
    #[doc(alias = "oifname")]
    #[doc(alias = "out-interface")]
    #[must_use]
    pub fn oif(self, interfaces: impl Into<Matching<Interface>>) -> Self {
        self.word(|| InterfaceMatch { way: Way::Out, interfaces: Box::new(interfaces.into()) })
    }
}

/// An interface's name, as registers hold it.
#[derive(Clone)]
struct Name(InterfaceName);

impl Operand for Name {
    const WHAT: &'static str = "interface";
    const DATATYPE: Datatype = Datatype::IFNAME;

    fn data(&self) -> Data {
        // In a list, a beginning is the range of all names that begin so.
        Data::padded(self.0.text().as_bytes(), 16)
    }

    fn from_data(data: &Data) -> Option<Self> {
        text(data).map(|name| Self(InterfaceName::exact(name)))
    }

    fn text(&self) -> String {
        self.0.to_string()
    }

    fn check(&self) -> Result<(), Invalid> {
        self.0.check()
    }
}

/// An interface's number, as registers hold it.
#[derive(Clone)]
struct Index(u32);

impl Operand for Index {
    const WHAT: &'static str = "interface";
    const DATATYPE: Datatype = Datatype::IFINDEX;

    fn data(&self) -> Data {
        Data::host_u32(self.0)
    }

    fn from_data(data: &Data) -> Option<Self> {
        host_u32(data).map(Self)
    }

    fn text(&self) -> String {
        self.0.to_string()
    }
}

impl InterfaceMatch {
    fn names(&self, to: &mut Lowering<'_>, names: Vec<Item<Name>>) -> Result<(), Invalid> {
        let key = match self.way {
            Way::In => MetaKey::IifName,
            Way::Out => MetaKey::OifName,
        };
        let load = Meta::load(key, Register::R1);
        let negated = self.interfaces.is_negated();
        // One beginning is a comparison of so many bytes.
        if let [Item::Prefix(Name(name), _)] = names.as_slice() {
            name.check()?;
            if name.text().is_empty() {
                return everything(to, load, negated);
            }
            to.push(load);
            let op = CmpOp::equality(negated);
            to.push(Cmp::new(Register::R1, op, name.data()));
            return Ok(());
        }
        to.matching(load, &Matching { negated, ..Matching::any_of(names) })
    }

    fn indexes(&self, to: &mut Lowering<'_>, indexes: Vec<Item<Index>>) -> Result<(), Invalid> {
        let key = match self.way {
            Way::In => MetaKey::Iif,
            Way::Out => MetaKey::Oif,
        };
        let negated = self.interfaces.is_negated();
        to.matching(Meta::load(key, Register::R1), &Matching { negated, ..Matching::any_of(indexes) })
    }
}

/// `+` alone: any interface, or with a negation none; iptables takes it too.
fn everything(to: &mut Lowering<'_>, load: Meta, negated: bool) -> Result<(), Invalid> {
    if negated {
        to.push(load);
        to.push(Bitwise::and(Register::R1, Data::zero(16)));
        to.push(Cmp::neq(Register::R1, Data::zero(16)));
    }
    Ok(())
}

impl Lower for InterfaceMatch {
    fn lower(&self, to: &mut Lowering<'_>) -> Result<(), Invalid> {
        let (mut names, mut indexes) = (Vec::new(), Vec::new());
        for item in self.interfaces.items() {
            match item {
                Item::One(Interface::Name(name)) if name.is_prefix() => {
                    let bits = u8::try_from(name.text().len() * 8).unwrap_or(u8::MAX);
                    name.check()?;
                    names.push(Item::Prefix(Name(name.clone()), bits));
                }
                Item::One(Interface::Name(name)) => names.push(Item::One(Name(name.clone()))),
                Item::One(Interface::Index(index)) => indexes.push(Item::One(Index(*index))),
                _ => {
                    let problem = "interfaces have no ranges: list the names, or give a beginning (\"eth*\")";
                    return Err(Invalid::Combination { problem: problem.to_owned() });
                }
            }
        }
        match (names.is_empty(), indexes.is_empty()) {
            (false, true) => self.names(to, names),
            (true, false) => self.indexes(to, indexes),
            (true, true) => Err(Invalid::ListEmpty { what: "interfaces" }),
            (false, false) => {
                let problem = "one match cannot hold interface names and numbers; make two rules";
                Err(Invalid::Combination { problem: problem.to_owned() })
            }
        }
    }
}

impl Lift for InterfaceMatch {
    fn lift(from: &Lifting<'_>) -> Option<Self> {
        let [Expr::Meta(Meta { key, .. }), rest @ ..] = from.expressions() else { return None };
        let way = match key {
            MetaKey::Iif | MetaKey::IifName => Way::In,
            MetaKey::Oif | MetaKey::OifName => Way::Out,
            _ => return None,
        };
        let index = |index: &Index| Interface::Index(index.0);
        let interfaces = match (key, rest) {
            (MetaKey::Iif | MetaKey::Oif, _) => {
                from.compared(1).map(|indexes: Matching<Index>| indexes.map(index))?
            }
            // `+` alone, negated.
            (_, [Expr::Bitwise(_), ..]) => Matching {
                negated: true,
                ..Matching::one(Item::One(Interface::Name(InterfaceName::prefix(""))))
            },
            (_, [Expr::Lookup(lookup), ..]) => {
                let names = from.ranges_of(lookup)?.into_iter().map(|(first, last)| {
                    let name = name_between(&first, &last)?;
                    Some(Item::One(Interface::Name(name)))
                });
                let negated = lookup.flags.is_some_and(|flags| flags.contains(LookupFlags::INV));
                let mut names = names.collect::<Option<Vec<_>>>()?;
                said_as_list(&mut names);
                Matching { negated, ..Matching::any_of(names) }
            }
            (_, [Expr::Cmp(cmp), ..]) => {
                let name = if cmp.data.len() < 16 { InterfaceName::prefix } else { InterfaceName::exact };
                let name = Interface::Name(name(text(&cmp.data)?));
                Matching { negated: cmp.op == CmpOp::Neq, ..Matching::one(Item::One(name)) }
            }
            _ => return None,
        };
        Some(Self { way, interfaces: Box::new(interfaces) })
    }
}

/// The name, or the beginning of names, that lies between two keys of a set.
fn name_between(first: &Data, last: &Data) -> Option<InterfaceName> {
    if first == last {
        return text(first).map(InterfaceName::exact);
    }
    let bytes = usize::from(prefix_between(first, last)?) / 8;
    text(&Data::new(first.as_bytes().get(..bytes)?)).map(InterfaceName::prefix)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Family,
        language::matches::golden::{bytecode, same_as_nft},
        not,
    };

    const ALL: &[Family] =
        &[Family::Ip, Family::Ip6, Family::Inet, Family::Bridge, Family::Arp, Family::Netdev];

    fn rule() -> Rule {
        Rule::new()
    }

    #[test]
    fn as_nft_says_it() {
        same_as_nft([
            (ALL, "iifname \"lo\"", rule().iif("lo")),
            (ALL, "oifname != \"eth0\"", rule().oif(not("eth0"))),
            (ALL, "iifname \"eth*\"", rule().iif("eth+")),
            (ALL, "oifname != \"eth*\"", rule().oif(not("eth*"))),
            (ALL, "iifname { \"eth0\", \"lo\" }", rule().iif(["lo", "eth0"])),
            (ALL, "iifname != { \"eth*\", \"lo\" }", rule().iif(not(["lo", "eth+"]))),
            (ALL, "iif 1", rule().iif(1u32)),
            (ALL, "oif != 1", rule().oif(not(1u32))),
            (ALL, "iif { 1, 2 }", rule().iif([2u32, 1])),
        ]);
    }

    /// As in iptables: `+` is every name, `! +` none.
    #[test]
    fn the_beginning_of_all_names() {
        assert_eq!(bytecode(&rule().iif("+"), Family::Inet), "");
        assert_eq!(rule().iif("+").lower(Family::Inet).unwrap().expressions, []);
        let none = rule().oif(not("*")).lower(Family::Inet).unwrap().expressions;
        let [Expr::Meta(_), Expr::Bitwise(bitwise), Expr::Cmp(cmp)] = none.as_slice() else {
            panic!("{none:?}");
        };
        // No bit of the name is left, and that must differ from nothing.
        assert_eq!((&bitwise.mask, &cmp.data, cmp.op), (&Some(Data::zero(16)), &Data::zero(16), CmpOp::Neq));
    }

    #[test]
    fn an_ending_is_part_of_an_exact_name() {
        let exact = rule().iif(InterfaceName::exact("eth+"));
        assert!(bytecode(&exact, Family::Inet).ends_with("0x00000000 0x00000000 0x00000000 ]"));
        assert_ne!(bytecode(&exact, Family::Inet), bytecode(&rule().iif("eth+"), Family::Inet));
    }

    #[test]
    fn names_and_numbers_do_not_mix() {
        let text = |interfaces: Matching<Interface>| {
            rule().iif(interfaces).check(Family::Inet).unwrap_err().to_string()
        };
        let name = || Interface::Name("lo".into());
        assert_eq!(
            text([name(), Interface::Index(1)].into()),
            "one match cannot hold interface names and numbers; make two rules"
        );
        assert_eq!(
            text(Item::Range(Interface::Index(1), Interface::Index(2)).into()),
            "interfaces have no ranges: list the names, or give a beginning (\"eth*\")"
        );
        assert_eq!(
            text(Matching::any_of([])),
            "an empty list of interfaces matches nothing: give at least one"
        );
    }
}
