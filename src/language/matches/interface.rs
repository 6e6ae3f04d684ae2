//! Network interfaces: iptables' `-i` and `-o`.

use crate::{
    Invalid, Rule,
    expr::{Bitwise, Cmp, CmpOp, Data, Meta, MetaKey, Register},
    language::{Datatype, Item, Lower, Lowering, Matching, Operand, matching_from},
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
pub enum Way {
    /// Where it came in.
    In,
    /// Where it will go out.
    Out,
}

/// The packet came in by, or goes out by, one of these interfaces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InterfaceMatch {
    /// Which of the two.
    pub way: Way,
    /// The interfaces.
    pub interfaces: Matching<Interface>,
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
        self.say(InterfaceMatch { way: Way::In, interfaces: interfaces.into() })
    }

    /// Only packets that go out by these interfaces.
    #[doc(alias = "oifname")]
    #[doc(alias = "out-interface")]
    #[must_use]
    pub fn oif(self, interfaces: impl Into<Matching<Interface>>) -> Self {
        self.say(InterfaceMatch { way: Way::Out, interfaces: interfaces.into() })
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
            let op = if negated { CmpOp::Neq } else { CmpOp::Eq };
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
