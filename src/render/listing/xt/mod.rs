//! iptables' own matches and targets, as iptables-nft puts them into rules (`linux/netfilter/xt_*.h`).
//!
//! What they hold is a C structure of the kernel that made it. The well-known ones are read, each whole or not at all;
//! the others are named, with their bytes, less the zeros at the end.

mod info;
mod matches;
mod more;
mod nat;
mod targets;

use super::{
    row::{Row, Style},
    values::plain,
};
use crate::expr::{XtMatch, XtTarget};
use info::Info;

/// Says a match.
pub(super) fn say_match(found: &XtMatch, row: &mut Row, style: Style) {
    let XtMatch { name, revision, info, .. } = found;
    let info = Info(info);
    let transport = matches::transport(name, *revision, info, style);
    let said = transport.is_none().then(|| {
        matches::say(name, *revision, info, style)
            .or_else(|| more::say(name, *revision, info))
            .unwrap_or_else(|| format!("match {}", raw(name, *revision, info)))
    });
    match (transport, said) {
        (Some(text), _) if !text.is_empty() => row.transport(text),
        (_, Some(text)) => row.add(text),
        _ => {}
    }
}

/// Says a target.
pub(super) fn say_target(found: &XtTarget, row: &mut Row, style: Style) {
    let XtTarget { name, revision, info, .. } = found;
    let info = Info(info);
    let details = nat::say(name, *revision, info, style)
        .or_else(|| targets::say(name, *revision, info, style))
        .unwrap_or_else(|| raw(name, *revision, info));
    row.target(plain(name), details);
}

/// Name, revision and bytes.
fn raw(name: &str, revision: u32, info: Info<'_>) -> String {
    let end = info.0.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    let bytes: String = info.0.iter().take(end).map(|byte| format!("{byte:02x}")).collect();
    format!("{} rev {revision} [{}]", plain(name), if bytes.is_empty() { "0" } else { &bytes })
}

#[cfg(test)]
mod tests;
