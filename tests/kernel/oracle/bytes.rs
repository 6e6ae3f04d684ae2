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
    let ours = rule.bytecode(family).map_err(|problem| problem.to_string())?;
    if ours.lines().collect::<Vec<_>>() != theirs {
        return Err(format!("text\n   ours: {ours}\n  libnftnl's: {}", theirs.join("\n")));
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
    let mut members: Vec<(u16, Vec<u8>)> = portcullis::wire::Attributes::new(attributes)
        .map(|attribute| attribute.expect("attributes"))
        .map(|attribute| {
            let inside =
                if attribute.is_nested() { flat(attribute.payload) } else { attribute.payload.to_vec() };
            (attribute.kind(), inside)
        })
        .collect();
    // The expressions of a rule are a list, all of one number: a stable sort keeps their order.
    members.sort_by_key(|(kind, _)| *kind);
    members.into_iter().flat_map(|(kind, inside)| [kind.to_ne_bytes().to_vec(), inside].concat()).collect()
}
