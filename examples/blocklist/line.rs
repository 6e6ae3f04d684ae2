//! One line of a list.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;
use portcullis::set::Interval;

/// What an entry was written as.
#[derive(Clone, Copy)]
pub(crate) enum Form {
    Address,
    Network,
    Range,
}

/// What an entry stands for.
pub(crate) enum Entry {
    V4(Interval<Ipv4Addr>),
    V6(Interval<Ipv6Addr>),
}

/// The entry of a line, if it has one; otherwise what is wrong.
pub(crate) fn parse(line: &[u8]) -> Result<Option<(Form, Entry)>, String> {
    // Comments are in whatever encoding their author's editor had.
    let end = line.iter().position(|byte| matches!(byte, b'#' | b';')).unwrap_or(line.len());
    let entry = line[..end].trim_ascii();
    if entry.is_empty() {
        return Ok(None);
    }
    let wrong = |problem: &str| format!("\"{}\" {problem}", shown(entry));
    let text = std::str::from_utf8(entry).map_err(|_| wrong(NO_ENTRY))?;
    let found = if text.contains('/') {
        network(text).map(|entry| (Form::Network, entry))
    } else if let Some((first, last)) = text.split_once('-') {
        range(first.trim_ascii_end(), last.trim_ascii_start()).map(|entry| (Form::Range, entry))
    } else {
        address(text).map(|ip| (Form::Address, single(ip)))
    };
    found.map(Some).map_err(|problem| wrong(&problem))
}

const NO_ENTRY: &str = "is no address, network (10.0.2.0/24) or range (10.0.2.1-10.0.2.9)";

fn address(text: &str) -> Result<IpAddr, String> {
    // ::ffff:10.0.2.1 is in no packet.
    text.parse::<IpAddr>().map(|ip| ip.to_canonical()).map_err(|_| NO_ENTRY.to_owned())
}

fn single(ip: IpAddr) -> Entry {
    match ip {
        IpAddr::V4(ip) => Entry::V4(ip.into()),
        IpAddr::V6(ip) => Entry::V6(ip.into()),
    }
}

fn network(text: &str) -> Result<Entry, String> {
    match text.parse::<IpNet>() {
        // 10.0.2.7/24 is 10.0.2.0/24.
        Ok(IpNet::V4(network)) => Ok(Entry::V4(network.into())),
        Ok(IpNet::V6(network)) => Ok(Entry::V6(network.into())),
        Err(_) => Err(match text.split_once('/') {
            Some((ip, length)) if length.parse::<u32>().is_ok() => match ip.parse::<IpAddr>() {
                Ok(IpAddr::V4(_)) => "has a prefix length above 32".to_owned(),
                Ok(IpAddr::V6(_)) => "has a prefix length above 128".to_owned(),
                Err(_) => NO_ENTRY.to_owned(),
            },
            _ => NO_ENTRY.to_owned(),
        }),
    }
}

fn range(first: &str, last: &str) -> Result<Entry, String> {
    let entry = match (address(first)?, address(last)?) {
        (IpAddr::V4(first), IpAddr::V4(last)) if first <= last => Entry::V4((first..=last).into()),
        (IpAddr::V6(first), IpAddr::V6(last)) if first <= last => Entry::V6((first..=last).into()),
        (IpAddr::V4(_), IpAddr::V4(_)) | (IpAddr::V6(_), IpAddr::V6(_)) => {
            return Err(format!("is reversed: {last}-{first} is a range"));
        }
        _ => return Err("begins in one version of IP and ends in the other".to_owned()),
    };
    Ok(entry)
}

/// Some of it, whatever it is.
fn shown(entry: &[u8]) -> String {
    const ROOM: usize = 60;

    let text = String::from_utf8_lossy(entry);
    let mut shown: String = text.chars().take(ROOM).flat_map(char::escape_debug).collect();
    if text.chars().nth(ROOM).is_some() {
        shown.push('…');
    }
    shown
}
