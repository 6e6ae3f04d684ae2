//! Messages of nf_tables as values: what a listing, an event or an echo tells of an object.

use super::{
    Chain, ChainRef, Element, Family, Flowtable, NFTA_RULE_CHAIN, NFTA_RULE_EXPRESSIONS, NFTA_RULE_TABLE,
    NFTA_RULE_USERDATA, NFTA_SET_ELEM_LIST_ELEMENTS, NFTA_SET_ELEM_LIST_SET, NFTA_SET_ELEM_LIST_TABLE,
    Object, Rule, Set, SetRef, Table, TableRef, decode_elements,
};
use crate::{
    expr::NFTA_LIST_ELEM,
    wire::{Attributes, DecodeError, GenMessage, Writer, nft},
};

/// What one message of nf_tables tells of: an object alone, without what it holds, and where it is.
///
/// [`Netfilter`](crate::Netfilter) reads whole tables; this is for bytes that came another way: recorded, or heard on a
/// socket of one's own. They may be anybody's: the worst that they can be is an error.
///
/// ```
/// use portcullis::{
///     Family, Table,
///     object::Report,
///     wire::{Header, Messages, Writer, nft},
/// };
///
/// let table = Report::Table(Table::new(Family::Inet, "edge").comment("mine"));
/// let header = Header { kind: nft::NEWTABLE, flags: 0, sequence: 0, port: 0 };
/// let mut bytes = Vec::new();
/// header.write(&mut bytes, 1, 0, |body| table.encode(&mut Writer::new(body)));
/// for message in Messages::new(&bytes) {
///     assert_eq!(Report::decode(message?)?, Some(table.clone()));
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Report {
    /// A table.
    Table(Table),
    /// A chain of a table.
    Chain(TableRef, Chain),
    /// A rule of a chain.
    Rule(ChainRef, Rule),
    /// A set or map of a table.
    Set(TableRef, Set),
    /// Elements of a set or map: all, some, or none.
    Elements(SetRef, Vec<Element>),
    /// A stateful object of a table.
    Object(TableRef, Object),
    /// A flowtable of a table.
    Flowtable(TableRef, Flowtable),
}

impl Report {
    /// What a message tells of; `None` where it is of no kind that begins with `NFT_MSG_NEW` or that tells of no object.
    ///
    /// # Errors
    /// Where an attribute is not what its number says, or a necessary one is missing.
    #[track_caller]
    pub fn decode(message: GenMessage<'_>) -> Result<Option<Self>, DecodeError> {
        let family = Family::from_number(message.family());
        let place = |table: String| TableRef::new(family, table);
        let attributes = message.attributes();
        Ok(Some(match message.header.kind {
            nft::NEWTABLE => Self::Table(Table::decode(family, attributes)?),
            nft::NEWCHAIN => {
                let (table, chain) = Chain::decode(family, attributes)?;
                Self::Chain(place(table), chain)
            }
            nft::NEWRULE => {
                let read = Rule::decode(attributes)?;
                Self::Rule(read.place(family), read.rule)
            }
            nft::NEWSET => {
                let (table, set) = Set::decode(attributes)?;
                Self::Set(place(table), set)
            }
            nft::NEWSETELEM => {
                let mut elements = Vec::new();
                decode_elements(attributes, &mut elements)?;
                let (table, set) = set_of_elements(attributes)?;
                Self::Elements(place(table).set(set), elements)
            }
            nft::NEWOBJ => {
                let (table, object) = Object::decode(attributes)?;
                Self::Object(place(table), object)
            }
            nft::NEWFLOWTABLE => {
                let (table, flowtable) = Flowtable::decode(attributes)?;
                Self::Flowtable(place(table), flowtable)
            }
            _ => return Ok(None),
        }))
    }

    /// Appends the attributes that make the object anew; what is the kernel's to say (handles, uses) is not among them.
    ///
    /// Of a rule its [expressions](Rule::expressions) are written, and no words. What an attribute cannot hold (more
    /// elements than one message has room for) makes [`Writer::finish`] fail.
    pub fn encode(&self, writer: &mut Writer<'_>) {
        match self {
            Self::Table(table) => table.encode(writer),
            Self::Chain(place, chain) => chain.encode(place.family, &place.name, None, writer),
            Self::Rule(place, rule) => {
                writer.text(NFTA_RULE_TABLE, &place.table.name);
                writer.text(NFTA_RULE_CHAIN, &place.name);
                writer.nest(NFTA_RULE_EXPRESSIONS, |list| {
                    rule.expressions().for_each(|expression| list.put(NFTA_LIST_ELEM, expression));
                });
                writer.put_option(NFTA_RULE_USERDATA, &rule.userdata);
                rule.unknown.encode(writer);
            }
            // No transaction refers to it by number.
            Self::Set(place, set) => set.encode(&place.name, None, writer),
            Self::Elements(place, elements) => {
                writer.text(NFTA_SET_ELEM_LIST_TABLE, &place.table.name);
                writer.text(NFTA_SET_ELEM_LIST_SET, &place.name);
                writer.nest(NFTA_SET_ELEM_LIST_ELEMENTS, |list| {
                    elements.iter().for_each(|element| list.put(NFTA_LIST_ELEM, element));
                });
            }
            Self::Object(place, object) => object.encode(&place.name, writer),
            Self::Flowtable(place, flowtable) => flowtable.encode(place.family, &place.name, writer),
        }
    }
}

/// The names of the table and of the set that elements belong to.
fn set_of_elements(attributes: Attributes<'_>) -> Result<(String, String), DecodeError> {
    let (mut table, mut set) = (None, None);
    for attribute in attributes {
        let attribute = attribute?;
        match attribute.kind() {
            NFTA_SET_ELEM_LIST_TABLE => table = Some(attribute.get()?),
            NFTA_SET_ELEM_LIST_SET => set = Some(attribute.get()?),
            _ => {}
        }
    }
    Ok((
        table.ok_or(DecodeError::Missing { name: "NFTA_SET_ELEM_LIST_TABLE" })?,
        set.ok_or(DecodeError::Missing { name: "NFTA_SET_ELEM_LIST_SET" })?,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        DataType, Hook, Policy,
        expr::{Counter, Data, Verdict},
        language::Statement,
        wire::{Header, Messages},
    };

    /// Every kind of message with a report that it can carry.
    fn reports() -> Vec<(u16, Report)> {
        let table = || TableRef::new(Family::Inet, "edge");
        let mut rule = Rule::new().comment("hm");
        rule.body.push(Statement::Expr(Counter::new().packets(7u64).into()));
        let key = Data::network_u16(80);
        vec![
            (nft::NEWTABLE, Report::Table(Table::inet("edge"))),
            (
                nft::NEWCHAIN,
                Report::Chain(table(), Chain::filter("in", Hook::Input).policy(Policy::Drop).priority(0)),
            ),
            (nft::NEWRULE, Report::Rule(table().chain("in"), rule)),
            (nft::NEWSET, Report::Set(table(), Set::new("ports", DataType::INET_SERVICE).map_to_verdicts())),
            (
                nft::NEWSETELEM,
                Report::Elements(table().set("ports"), vec![Element::new(key).verdict(Verdict::Drop)]),
            ),
            (nft::NEWOBJ, Report::Object(table(), Object::new("hits", Counter::new()))),
            (nft::NEWFLOWTABLE, Report::Flowtable(table(), Flowtable::new("fast", ["eth0"]).priority(0))),
        ]
    }

    fn message(kind: u16, write: impl FnOnce(&mut Writer<'_>)) -> Vec<u8> {
        let mut bytes = Vec::new();
        let header = Header { kind, flags: 0, sequence: 0, port: 0 };
        header.write(&mut bytes, Family::Inet.number(), 0, |body| write(&mut Writer::new(body)));
        bytes
    }

    fn read(bytes: &[u8]) -> Result<Option<Report>, DecodeError> {
        Report::decode(Messages::new(bytes).next().unwrap().unwrap())
    }

    #[test]
    fn every_report_survives_the_wire() {
        for (kind, report) in reports() {
            assert_eq!(read(&message(kind, |writer| report.encode(writer))), Ok(Some(report)));
        }
    }

    #[test]
    fn other_messages_tell_of_nothing_and_nameless_ones_are_errors() {
        assert_eq!(read(&message(nft::NEWGEN, |_| {})), Ok(None));
        assert_eq!(read(&message(nft::DELTABLE, |_| {})), Ok(None));
        for (kind, _) in reports() {
            assert!(matches!(read(&message(kind, |_| {})), Err(DecodeError::Missing { .. })), "{kind}");
        }
    }
}
