//! From words to expressions.

use std::ops::Range;

use super::{Encoded, Statement, neighbours::Neighbours};
use crate::{
    Invalid, Rule,
    expr::{Expr, Expression},
    object::{Family, Set},
};

/// A word that can be lowered.
pub(crate) trait Lower {
    /// Appends its expressions.
    fn lower(&self, to: &mut Lowering<'_>) -> Result<(), Invalid>;
}

/// A rule as the kernel's expressions, with the anonymous sets that they look up.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Lowered {
    /// In order.
    pub expressions: Vec<Expr>,
    /// The `n`th has the number `n + 1` in [`Lookup::set_id`](crate::expr::Lookup::set_id).
    pub sets: Vec<Set>,
}

/// Takes the anonymous sets of a rule.
pub(crate) trait SetSink {
    /// Takes a set and gives its number within the transaction.
    fn take(&mut self, set: Set) -> u32;
}

impl SetSink for Vec<Set> {
    fn take(&mut self, set: Set) -> u32 {
        self.push(set);
        u32::try_from(self.len()).unwrap_or(u32::MAX)
    }
}

/// The version of the Internet Protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Layer3 {
    V4,
    V6,
}

/// What a rule so far has tested.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Known {
    pub(super) layer3: Option<Layer3>,
    pub(super) layer4: Option<u8>,
    several_with_ports: bool,
    ethernet: bool,
    pub(super) neighbours: Neighbours,
    vlan: bool,
    arp: bool,
}

impl Known {
    /// At the beginning of a rule.
    pub(super) fn of(family: Family) -> Self {
        let layer3 = match family {
            Family::Ip => Some(Layer3::V4),
            Family::Ip6 => Some(Layer3::V6),
            _ => None,
        };
        let neighbours = Neighbours::default();
        Self {
            layer3,
            layer4: None,
            several_with_ports: false,
            ethernet: false,
            vlan: false,
            arp: false,
            neighbours,
        }
    }
}

/// What came of lowering a statement behind others.
pub(super) struct LoweredBehind {
    /// How many expressions it has put before all others, which were there.
    pub(super) at_beginning: usize,
    /// What is known then. An error may have left some expressions, and sets, behind the others.
    pub(super) known: Result<Known, Invalid>,
}

/// Lowers statements behind others, which were lowered to `expressions` and `sets`. The first `fixed` of the
/// expressions stay as they are: it is an error if one would be joined with what comes.
pub(super) fn lower_behind(
    statements: &[Statement],
    family: Family,
    known: Known,
    (expressions, fixed): (&mut Vec<Expr>, usize),
    sets: &mut Vec<Set>,
) -> LoweredBehind {
    let mut lowering = Lowering::new(family, Output::List(expressions), sets);
    let Known { layer3, layer4, several_with_ports, ethernet, vlan, arp, neighbours } = known;
    (lowering.layer3, lowering.layer4) = (layer3, layer4);
    (lowering.several_with_ports, lowering.ethernet, lowering.vlan) = (several_with_ports, ethernet, vlan);
    lowering.arp = arp;
    (lowering.neighbours, lowering.fixed) = (neighbours, fixed);
    // A list is the rule alone.
    lowering.start = 0;
    let outcome = statements.iter().try_for_each(|statement| lowering.statement(statement));
    let Lowering {
        layer3, layer4, several_with_ports, ethernet, vlan, arp, neighbours, at_beginning, ..
    } = lowering;
    let known =
        outcome.map(|()| Known { layer3, layer4, several_with_ports, ethernet, vlan, arp, neighbours });
    LoweredBehind { at_beginning, known }
}

/// Where expressions go: to bytes at once, or into a list.
enum Output<'a> {
    Bytes(&'a mut Encoded),
    List(&'a mut Vec<Expr>),
}

impl Output<'_> {
    fn len(&self) -> usize {
        match self {
            Self::Bytes(bytes) => bytes.len(),
            Self::List(list) => list.len(),
        }
    }
}

/// Puts the last `added` in the place of `old`, which goes to the end.
fn displace<T>(all: &mut [T], old: Range<usize>, added: usize) {
    let rest = all.get_mut(old.start..).unwrap_or_default();
    rest.rotate_right(added);
    rest.get_mut(added..).unwrap_or_default().rotate_left(old.len());
}

/// A rule being lowered: what has been emitted, and what is known about the packet by then.
pub(crate) struct Lowering<'a> {
    pub(super) family: Family,
    output: Output<'a>,
    /// Where in the output the rule begins.
    start: usize,
    /// How much has been put before everything else.
    at_beginning: usize,
    pub(super) sets: &'a mut dyn SetSink,
    pub(super) layer3: Option<Layer3>,
    /// The transport protocol's number, once tested.
    pub(super) layer4: Option<u8>,
    /// The rule says several transport protocols, all of which have ports.
    pub(super) several_with_ports: bool,
    /// The rule has tested that the packet came by Ethernet.
    pub(super) ethernet: bool,
    /// What may be loaded together with a field that comes.
    pub(super) neighbours: Neighbours,
    /// How much of the output stays as it is, whatever comes.
    pub(super) fixed: usize,
    /// The rule has tested that the frame has a VLAN tag.
    pub(super) vlan: bool,
    /// The rule has tested for ARP.
    pub(super) arp: bool,
}

impl Rule {
    /// The rule's expressions in a table of the given family.
    ///
    /// ```
    /// use portcullis::{Family, Rule};
    ///
    /// let lowered = Rule::new().tcp().dport(22).accept().lower(Family::Inet)?;
    /// let names: Vec<_> = lowered.expressions.iter().map(|expression| expression.name()).collect();
    /// assert_eq!(names, ["meta", "cmp", "payload", "cmp", "immediate"]);
    /// # Ok::<(), portcullis::Invalid>(())
    /// ```
    ///
    /// # Errors
    /// The first thing in the rule that cannot be right: what was kept while it was said, a word that the family does not
    /// have or that another must come before, a value out of its range, a name that the kernel does not take, or an attribute
    /// of more than 65,535 bytes ([`Invalid::Encode`]).
    pub fn lower(&self, family: Family) -> Result<Lowered, Invalid> {
        let mut lowered = Lowered::default();
        let mut lowering = Lowering::new(family, Output::List(&mut lowered.expressions), &mut lowered.sets);
        lowering.rule(self)?;
        Ok(lowered)
    }

    /// Whether the rule can be right in a table of the given family.
    ///
    /// # Errors
    /// As [`Rule::lower`].
    pub fn check(&self, family: Family) -> Result<(), Invalid> {
        self.lower(family).map(drop)
    }

    /// Appends the rule's expressions, encoded, without building them as values.
    pub(crate) fn lower_into(
        &self,
        family: Family,
        bytes: &mut Encoded,
        sets: &mut dyn SetSink,
    ) -> Result<(), Box<Invalid>> {
        Ok(Lowering::new(family, Output::Bytes(bytes), sets).rule(self)?)
    }
}

impl<'a> Lowering<'a> {
    fn new(family: Family, output: Output<'a>, sets: &'a mut dyn SetSink) -> Self {
        let start = output.len();
        let Known { layer3, layer4, several_with_ports, ethernet, vlan, arp, neighbours } = Known::of(family);
        Self {
            family,
            output,
            start,
            at_beginning: 0,
            sets,
            layer3,
            layer4,
            several_with_ports,
            ethernet,
            neighbours,
            fixed: 0,
            vlan,
            arp,
        }
    }

    fn rule(&mut self, rule: &Rule) -> Result<(), Invalid> {
        if let Some(problem) = &rule.problem {
            return Err(Invalid::clone(problem));
        }
        for statement in &rule.body {
            self.statement(statement)?;
        }
        match &mut self.output {
            Output::Bytes(bytes) => bytes.take_problem().map_or(Ok(()), |error| Err(error.into())),
            Output::List(_) => Ok(()),
        }
    }

    fn statement(&mut self, statement: &Statement) -> Result<(), Invalid> {
        if !self.neighbours.is_empty() && statement.acts() {
            self.neighbours = Neighbours::default();
        }
        statement.lower(self)
    }

    /// Where the next expression will stand.
    #[inline]
    pub(super) fn position(&self) -> usize {
        self.output.len()
    }

    /// Removes `old`, and puts the last `added` of what was emitted in its place.
    pub(super) fn displace(&mut self, old: Range<usize>, added: usize) {
        let kept = self.output.len().saturating_sub(old.len());
        match &mut self.output {
            Output::Bytes(bytes) => {
                displace(bytes.bytes_mut(), old, added);
                bytes.truncate(kept);
            }
            Output::List(list) => {
                displace(list, old, added);
                list.truncate(kept);
            }
        }
    }

    /// The family of the rule's table.
    pub(crate) fn family(&self) -> Family {
        self.family
    }

    /// The IP version, where the table or the rule so far has fixed it.
    pub(crate) fn layer3(&self) -> Option<Layer3> {
        self.layer3
    }

    /// The transport protocol, where the rule so far has fixed it.
    pub(crate) fn layer4(&self) -> Option<u8> {
        self.layer4
    }

    /// Emits an expression.
    #[inline]
    pub(crate) fn push<E: Expression + Into<Expr>>(&mut self, expression: E) {
        match &mut self.output {
            Output::List(list) => list.push(expression.into()),
            Output::Bytes(bytes) => bytes.push(&expression),
        }
    }

    /// Emits an expression of any kind.
    pub(crate) fn push_any(&mut self, expression: &Expr) {
        match &mut self.output {
            Output::List(list) => list.push(expression.clone()),
            Output::Bytes(bytes) => bytes.push(expression),
        }
    }

    /// Puts what `emit` emits before everything else of the rule, as nft does with what `reject` depends on: a
    /// counter in between then counts what is rejected.
    pub(crate) fn at_beginning(
        &mut self,
        emit: impl FnOnce(&mut Self) -> Result<(), Invalid>,
    ) -> Result<(), Invalid> {
        let length = self.output.len() - self.start;
        emit(self)?;
        if length > 0 {
            self.at_beginning += self.output.len() - self.start - length;
        }
        match &mut self.output {
            Output::Bytes(bytes) => {
                bytes.bytes_mut().get_mut(self.start..).unwrap_or_default().rotate_left(length);
            }
            Output::List(list) => list.get_mut(self.start..).unwrap_or_default().rotate_left(length),
        }
        Ok(())
    }
}
