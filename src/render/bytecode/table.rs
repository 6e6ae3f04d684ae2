//! Tables as bytecode: what `nft --debug=netlink list ruleset` prints, and the lines that it leaves out.

use std::fmt::{self, Display, Formatter, Write};

use super::{
    compute::Decision,
    text::{Plain, Printable, data, option, unknown},
};
use crate::{
    Ruleset,
    expr::Expr,
    object::{
        Chain, Element, ElementData, Family, Flowtable, Object, ObjectData, Policy, Rule, Set, SetFlags,
        Table,
    },
};

/// Tables as the kernel's bytecode: [`Table::bytecode`], [`Ruleset::bytecode`].
///
/// A line for each table, object, flowtable, set, element, chain and rule, in the words of libnftnl; under a rule
/// its expressions. nft prints only the lines of elements and rules. The long form, `{:#}`, says of expressions what
/// libnftnl leaves out.
#[derive(Clone, Copy, Debug)]
pub struct Bytecode<'a> {
    tables: &'a [Table],
}

impl Ruleset {
    /// Every table as the kernel's bytecode.
    ///
    /// ```
    /// use portcullis::{Chain, Hook, Rule, Ruleset, Table};
    ///
    /// let chain = Chain::filter("input", Hook::Input).rule(Rule::new().drop());
    /// let ruleset = Ruleset::new().table(Table::inet("edge").chain(chain));
    /// assert_eq!(
    ///     ruleset.bytecode().to_string(),
    ///     "table edge inet flags 0\n\
    ///      inet edge input type filter hook input prio 0\n\
    ///      inet edge input\n  [ immediate reg 0 drop ]\n"
    /// );
    /// ```
    pub fn bytecode(&self) -> Bytecode<'_> {
        Bytecode { tables: &self.tables }
    }
}

impl Table {
    /// The table as the kernel's bytecode, as [`Ruleset::bytecode`].
    pub fn bytecode(&self) -> Bytecode<'_> {
        Bytecode { tables: std::slice::from_ref(self) }
    }
}

impl Display for Bytecode<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.tables.iter().enumerate().try_for_each(|(index, each)| {
            if index > 0 {
                f.write_char('\n')?;
            }
            table(each, f)
        })
    }
}

fn table(table: &Table, f: &mut Formatter<'_>) -> fmt::Result {
    let place = Place { family: table.family, table: &table.name };
    write!(f, "table {} {} flags {:x}", Plain(&table.name), table.family, table.flags.bits())?;
    end(table.handle, f)?;
    userdata(table.userdata.as_deref(), f)?;
    table.objects.iter().try_for_each(|each| object(place, each, f))?;
    table.flowtables.iter().try_for_each(|each| flowtable(place, each, f))?;
    table.sets.iter().try_for_each(|each| set(place, each, f))?;
    table.chains.iter().try_for_each(|each| chain(place, each, f))?;
    table.chains.iter().try_for_each(|chain| {
        let mut before = None;
        chain.rules.iter().try_for_each(|each| {
            rule(place, &chain.name, before, each, f)?;
            before = each.handle;
            Ok(())
        })
    })
}

#[derive(Clone, Copy)]
struct Place<'a> {
    family: Family,
    table: &'a str,
}

impl Display for Place<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} ", self.family, Plain(self.table))
    }
}

/// The handle, where the kernel has given one, and the line's end.
fn end(handle: Option<u64>, f: &mut Formatter<'_>) -> fmt::Result {
    if let Some(handle) = handle {
        write!(f, " handle {handle}")?;
    }
    f.write_char('\n')
}

fn userdata(bytes: Option<&[u8]>, f: &mut Formatter<'_>) -> fmt::Result {
    bytes.map_or(Ok(()), |bytes| writeln!(f, "  userdata = {{ {} }}", Printable(bytes)))
}

fn expression(expression: &Expr, f: &mut Formatter<'_>) -> fmt::Result {
    f.write_char(' ')?;
    expression.fmt(f)
}

/// `inet edge hits counter pkts 0 bytes 0 handle 3`: the object's name, then what it is, as an expression says it.
fn object(place: Place<'_>, object: &Object, f: &mut Formatter<'_>) -> fmt::Result {
    write!(f, "{place}{} ", Plain(&object.name))?;
    let expression: Option<Expr> = match &object.data {
        ObjectData::Counter(counter) => Some(counter.clone().into()),
        ObjectData::Quota(quota) => Some(quota.clone().into()),
        ObjectData::Limit(limit) => Some(limit.clone().into()),
        ObjectData::Connlimit(connlimit) => Some(connlimit.clone().into()),
        ObjectData::Synproxy(synproxy) => Some(synproxy.clone().into()),
        _ => None,
    };
    match (expression, &object.data) {
        (Some(expression), _) => expression.fmt(f)?,
        (None, ObjectData::CtHelper(helper)) => {
            write!(f, "[ ct helper {} protocol {} ", Plain(&helper.name), helper.l4proto)?;
            option("family ", helper.l3proto, f)?;
            f.write_char(']')?;
        }
        (None, ObjectData::CtTimeout(timeout)) => {
            write!(f, "[ ct timeout protocol {} ", timeout.l4proto)?;
            option("family ", timeout.l3proto, f)?;
            for (state, seconds) in &timeout.policy.timeouts {
                write!(f, "state {state} {seconds}s ")?;
            }
            f.write_char(']')?;
        }
        (None, ObjectData::CtExpect(expect)) => {
            let (port, time, size) = (expect.dport, expect.timeout.0, expect.size);
            write!(
                f,
                "[ ct expectation protocol {} dport {port} timeout {time}ms size {size} ",
                expect.l4proto
            )?;
            option("family ", expect.l3proto, f)?;
            f.write_char(']')?;
        }
        (None, ObjectData::SecMark(mark)) => write!(f, "[ secmark {} ]", Plain(&mark.context))?,
        (None, ObjectData::Tunnel(tunnel)) => {
            write!(f, "[ tunnel id {} ", tunnel.id)?;
            if let Some(ends) = &tunnel.ipv4 {
                write!(f, "ip daddr {} ", ends.dst)?;
            }
            if let Some(ends) = &tunnel.ipv6 {
                write!(f, "ip6 daddr {} ", ends.dst)?;
            }
            option("dport ", tunnel.dport, f)?;
            f.write_char(']')?;
        }
        (None, ObjectData::Other { kind, attributes }) => {
            write!(f, "[ {kind} ")?;
            unknown(attributes, f)?;
            f.write_char(']')?;
        }
        (None, other) => write!(f, "[ {} ]", other.kind())?,
    }
    end(object.handle, f)?;
    userdata(object.userdata.as_deref(), f)
}

fn flowtable(place: Place<'_>, flowtable: &Flowtable, f: &mut Formatter<'_>) -> fmt::Result {
    let priority = flowtable.priority.number(place.family);
    write!(f, "{place}{} flow hook ingress prio {priority}", Plain(&flowtable.name))?;
    flowtable.devices.iter().try_for_each(|device| write!(f, " dev {}", Plain(device.text())))?;
    write!(f, " flags {:x}", flowtable.flags.bits())?;
    end(flowtable.handle, f)
}

/// `inet edge @blocked flags 4 key 7/4 …`, then its elements, as nft prints them.
fn set(place: Place<'_>, set: &Set, f: &mut Formatter<'_>) -> fmt::Result {
    let Set { name, flags, key_type, key_len, data, policy, desc, .. } = set;
    write!(f, "{place}@{} flags {:x} key {key_type:x}/{key_len}", Plain(name), flags.bits())?;
    match data {
        Some(crate::object::MapData::Value { kind, len }) => write!(f, " data {kind:x}/{len}")?,
        Some(crate::object::MapData::Verdict) => f.write_str(" data verdict")?,
        Some(crate::object::MapData::Object(kind)) => write!(f, " data {kind}")?,
        None => {}
    }
    if !desc.fields.is_empty() {
        let fields: Vec<String> = desc.fields.iter().map(u32::to_string).collect();
        write!(f, " fields {}", fields.join("."))?;
    }
    if let Some(timeout) = set.timeout {
        write!(f, " timeout {}ms", timeout.as_millis())?;
    }
    if let Some(interval) = set.gc_interval {
        write!(f, " gc_interval {}ms", interval.as_millis())?;
    }
    if let Some(policy) = policy {
        write!(f, " policy {}", policy.number())?;
    }
    if let Some(size) = desc.size {
        write!(f, " size {size}")?;
    }
    set.expressions.iter().try_for_each(|each| expression(each, f))?;
    end(set.handle, f)?;
    userdata(set.userdata.as_deref(), f)?;
    set.elements.iter().try_for_each(|each| element(each, set.flags, f))
}

/// `element 0100000a  : accept 0 [end]`, and what libnftnl leaves out.
fn element(element: &Element, flags: SetFlags, f: &mut Formatter<'_>) -> fmt::Result {
    f.write_str("\telement ")?;
    data("", &element.key, f)?;
    if let Some(end) = &element.key_end {
        f.write_str(" - ")?;
        data("", end, f)?;
    }
    f.write_str(" : ")?;
    match &element.data {
        Some(ElementData::Value(value)) => data("", value, f)?,
        Some(ElementData::Verdict(verdict)) => write!(f, "{} ", Decision(verdict))?,
        Some(ElementData::Object(name)) => write!(f, "{} ", Plain(name))?,
        None => {}
    }
    write!(f, "{} [end]", element.flags.bits())?;
    if let Some(bytes) = &element.userdata {
        write!(f, "  userdata = {{ {} }}", Printable(bytes))?;
    }
    if flags.contains(SetFlags::TIMEOUT) {
        let milliseconds = |time: Option<std::time::Duration>| time.map(|time| time.as_millis());
        option(" timeout ", milliseconds(element.timeout), f)?;
        option(" expires ", milliseconds(element.expiration), f)?;
    }
    element.expressions.iter().try_for_each(|each| expression(each, f))?;
    f.write_char('\n')
}

/// As libnftnl, but for how often the chain is used, which no value holds.
fn chain(place: Place<'_>, chain: &Chain, f: &mut Formatter<'_>) -> fmt::Result {
    write!(f, "{place}{}", Plain(&chain.name))?;
    if let Some(base) = &chain.base {
        let priority = base.priority.number(place.family);
        write!(f, " type {} hook {} prio {priority}", Plain(base.kind.word()), base.hook)?;
        if let Some(policy) = base.policy {
            let word = match policy {
                Policy::Drop => "drop",
                Policy::Accept => "accept",
                Policy::Other(_) => "unknown",
            };
            write!(f, " policy {word}")?;
        }
        if let Some((packets, bytes)) = base.counters {
            write!(f, " packets {packets} bytes {bytes}")?;
        }
        base.devices.iter().try_for_each(|device| write!(f, " dev {}", Plain(device.text())))?;
    }
    if !chain.flags.is_empty() {
        write!(f, " flags {:x}", chain.flags.bits())?;
    }
    end(chain.handle, f)?;
    userdata(chain.userdata.as_deref(), f)
}

/// `inet edge input 12 10`: its handle and that of the rule before it, as the kernel reports them.
fn rule(
    place: Place<'_>,
    chain: &str,
    before: Option<u64>,
    rule: &Rule,
    f: &mut Formatter<'_>,
) -> fmt::Result {
    write!(f, "{place}{}", Plain(chain))?;
    if let Some(handle) = rule.handle {
        write!(f, " {handle}")?;
        before.map_or(Ok(()), |before| write!(f, " {before}"))?;
    }
    f.write_char('\n')?;
    match rule.lower(place.family) {
        Ok(lowered) => {
            lowered.expressions.iter().try_for_each(|expression| {
                f.write_str("  ")?;
                expression.fmt(f)?;
                f.write_char('\n')
            })?;
        }
        Err(problem) => writeln!(f, "  ({problem})")?,
    }
    if !rule.unknown.is_empty() {
        f.write_str("  ")?;
        unknown(&rule.unknown, f)?;
        f.write_char('\n')?;
    }
    userdata(rule.userdata.as_deref(), f)
}
