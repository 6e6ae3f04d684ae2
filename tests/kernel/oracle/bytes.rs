//! Our bytes against libnftnl's.

use portcullis::{Family, Netfilter, Rule, Table, Transaction, netlink::Recorder, wire::Messages};

/// libnftnl reads our rules and writes the same attributes; otherwise what is different.
pub(super) fn libnftnl_agrees(table: &Table) -> Result<(), String> {
    let mut transaction = Transaction::new();
    transaction.add_table(table);
    let mut recorder = Netfilter::with_transport(Recorder::new());
    recorder.commit(&transaction).map_err(|error| error.to_string())?;
    let mut rules = table.chains.iter().flat_map(|chain| &chain.rules);
    for datagram in recorder.into_transport().sent() {
        let mut rest = datagram.as_slice();
        for message in Messages::new(datagram).map(|message| message.expect("our own messages")) {
            let length = 16 + message.body.len();
            let (bytes, behind) = rest.split_at(length);
            rest = behind;
            if message.header.kind == portcullis::wire::nft::NEWRULE {
                same_text(table.family, rules.next().expect("a rule for each message"), bytes)?;
                let Some(theirs) = portcullis_sys::nftnl::reencode_rule(bytes) else {
                    return Err("libnftnl does not read our rule".to_owned());
                };
                let (ours, theirs) = (sorted(&bytes[20..]), sorted(&theirs[20..]));
                if ours != theirs {
                    return Err(format!("bytes\n   ours: {ours:x?}\n  libnftnl's: {theirs:x?}"));
                }
            }
        }
    }
    Ok(())
}

/// Our printer says what libnftnl says.
fn same_text(family: Family, rule: &Rule, message: &[u8]) -> Result<(), String> {
    let theirs = portcullis_sys::nftnl::rule_text(message).ok_or("libnftnl does not print our rule")?;
    let theirs: Vec<_> = theirs.lines().map(str::trim).filter(|line| line.starts_with('[')).collect();
    let theirs = theirs.join("\n");
    let ours = rule.bytecode(family).map_err(|problem| problem.to_string())?;
    if !portcullis_sys::nftnl::text_says(&theirs, &ours) {
        return Err(format!("text\n   ours: {ours}\n  libnftnl's: {theirs}"));
    }
    Ok(())
}

/// Attributes in the order of their numbers, nested ones too: libnftnl's order is not the kernel's.
fn sorted(attributes: &[u8]) -> Vec<(u16, Vec<u8>)> {
    let mut found: Vec<_> = portcullis::wire::Attributes::new(attributes)
        .map(|attribute| attribute.expect("attributes"))
        .map(|attribute| {
            let nested = attribute.is_nested() && attribute.attributes().all(|inner| inner.is_ok());
            let inside = if nested { flat(attribute.payload) } else { attribute.payload.to_vec() };
            (attribute.kind(), inside)
        })
        .collect();
    found.sort();
    found
}

/// A nested attribute's content with its own members sorted, as bytes to compare.
fn flat(attributes: &[u8]) -> Vec<u8> {
    // libnftnl ends the names in an objref without the NUL that ends all others; the kernel takes both.
    const OBJREF: &[u8] = b"objref\0";
    let mut expression = portcullis::wire::Attributes::new(attributes).flatten();
    let objref = expression.next().is_some_and(|first| first.payload == OBJREF);
    let mut members: Vec<(u16, Vec<u8>)> = portcullis::wire::Attributes::new(attributes)
        .map(|attribute| attribute.expect("attributes"))
        .map(|attribute| {
            let inside = match attribute.is_nested() {
                true if objref => reference(attribute.payload),
                true => flat(attribute.payload),
                false => attribute.payload.to_vec(),
            };
            (attribute.kind(), inside)
        })
        .collect();
    // The expressions of a rule are a list, all of one number: a stable sort keeps their order.
    members.sort_by_key(|(kind, _)| *kind);
    members.into_iter().flat_map(|(kind, inside)| [kind.to_ne_bytes().to_vec(), inside].concat()).collect()
}

/// What an objref consists of, its names (of the object, 2; of the map, 4) without NUL at the end.
fn reference(attributes: &[u8]) -> Vec<u8> {
    let attributes =
        portcullis::wire::Attributes::new(attributes).map(|attribute| attribute.expect("attributes"));
    let mut members: Vec<(u16, Vec<u8>)> = attributes
        .map(|attribute| match attribute.kind() {
            kind @ (2 | 4) => {
                (kind, attribute.payload.strip_suffix(&[0]).unwrap_or(attribute.payload).to_vec())
            }
            kind => (kind, attribute.payload.to_vec()),
        })
        .collect();
    members.sort_by_key(|(kind, _)| *kind);
    members.into_iter().flat_map(|(kind, inside)| [kind.to_ne_bytes().to_vec(), inside].concat()).collect()
}
