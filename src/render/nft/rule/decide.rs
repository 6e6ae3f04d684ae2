//! Statements that decide, report, or hand a packet over.

use super::{
    Reader,
    protocol::{IcmpNeed, Protocol},
    spelling::{identifier, quoted},
    value::Value,
};
use crate::{
    expr::{
        ChainTarget, Dup, Fwd, Immediate, Load, Log, LogFlags, LogLevel, ObjectChoice, ObjectKind, Objref,
        PayloadBase, Queue, QueueFlags, Reject, RejectKind, Synproxy, SynproxyFlags, Verdict,
    },
    object::Family,
    render::nft::{chain, datatype::Datatype},
};

impl Reader<'_> {
    pub(super) fn immediate(&mut self, immediate: &Immediate) -> Option<()> {
        match &immediate.load {
            Load::Data(data) => {
                let len = u32::try_from(data.len()).ok()?;
                self.registers.set(immediate.dreg, Value::Constant(data.as_bytes().to_vec()), len);
                Some(())
            }
            Load::Verdict(verdict) => {
                let text = self.verdict(verdict)?;
                self.push(text)
            }
        }
    }

    /// A spelling that may not be exact.
    fn spelt(&mut self, (text, same): (String, bool)) -> String {
        self.lossless &= same;
        text
    }

    fn verdict(&mut self, verdict: &Verdict) -> Option<String> {
        let (word, target) = match verdict {
            Verdict::Jump(ChainTarget::Name(name)) => ("jump", name),
            Verdict::Goto(ChainTarget::Name(name)) => ("goto", name),
            Verdict::Jump(_) | Verdict::Goto(_) | Verdict::Other(_) => return None,
            plain => return Some(plain.to_string()),
        };
        Some(match self.around.implicit_chain(target) {
            Some(block) => format!("{word} {}", chain::implicit(block, self.around)),
            None => format!("{word} {}", self.spelt(identifier(target))),
        })
    }

    pub(super) fn object(&mut self, objref: &Objref) -> Option<()> {
        let (kind, choice) = match &objref.object {
            ObjectChoice::Named { kind, name } => (*kind, self.spelt(quoted(name))),
            ObjectChoice::Map { sreg, set, set_id } => {
                let found = self.around.find(set, *set_id)?;
                let key = self.registers.get(*sreg, found.key_len)?;
                let (key, set) = self.speaker().keyed(&key, set, *set_id)?;
                self.sentence.forget_implied(&key.uses, &self.layers);
                match found.data {
                    Some(crate::object::MapData::Object(kind)) => (kind, format!("{} map {set}", key.text)),
                    _ => return None,
                }
            }
        };
        let words = match kind {
            ObjectKind::CtHelper => "ct helper set",
            ObjectKind::CtTimeout => "ct timeout set",
            ObjectKind::CtExpect => "ct expectation set",
            ObjectKind::SecMark => "meta secmark set",
            ObjectKind::Counter => "counter name",
            ObjectKind::Quota => "quota name",
            ObjectKind::Limit => "limit name",
            ObjectKind::Synproxy => "synproxy name",
            ObjectKind::Connlimit | ObjectKind::Tunnel | ObjectKind::Other(_) => return None,
        };
        self.push(format!("{words} {choice}"))
    }

    pub(super) fn log(&mut self, log: &Log) -> Option<()> {
        let mut text = "log".to_owned();
        if let Some(prefix) = &log.prefix {
            text += &format!(" prefix {}", self.spelt(quoted(prefix)));
        }
        if let Some(group) = log.group {
            text += &format!(" group {group}");
        }
        if let Some(snaplen) = log.snaplen {
            text += &format!(" snaplen {snaplen}");
        }
        if let Some(threshold) = log.qthreshold.filter(|threshold| *threshold != 0) {
            text += &format!(" queue-threshold {threshold}");
        }
        match log.level {
            None | Some(LogLevel::Warning) => {}
            Some(level) => text += &format!(" level {}", level.word()?),
        }
        text += &log_flags(log.flags.unwrap_or(LogFlags::empty()));
        self.push(text)
    }

    pub(super) fn reject(&mut self, reject: &Reject) -> Option<()> {
        let code = [reject.code.unwrap_or(0)];
        let several = matches!(self.around.family, Family::Inet | Family::Bridge | Family::Netdev);
        let text = match reject.kind {
            RejectKind::TcpReset => {
                // In a table for several protocols nft lists the test that it adds.
                if !several {
                    self.sentence.forget_first(&self.layers.implied(Protocol::Tcp, IcmpNeed::Any));
                }
                "reject with tcp reset".to_owned()
            }
            RejectKind::Icmpx if code == [1] => "reject".to_owned(),
            RejectKind::Icmpx => {
                format!("reject with icmpx {}", self.speaker().constant(Datatype::IcmpxCode, &code))
            }
            RejectKind::Icmp => {
                let (word, kind, usual, protocol) = match self.layers.at(PayloadBase::Network)? {
                    Protocol::Ip => ("icmp", Datatype::IcmpCode, 3, Protocol::Ip),
                    Protocol::Ip6 => ("icmpv6", Datatype::Icmpv6Code, 4, Protocol::Ip6),
                    _ => return None,
                };
                self.sentence.forget_first(&self.layers.implied(protocol, IcmpNeed::Any));
                if code == [usual] && !several {
                    "reject".to_owned()
                } else {
                    format!("reject with {word} {}", self.speaker().constant(kind, &code))
                }
            }
            RejectKind::Other(_) => return None,
        };
        self.push(text)
    }

    pub(super) fn queue(&mut self, queue: &Queue) -> Option<()> {
        let mut flags = Vec::new();
        let set = queue.flags.unwrap_or(QueueFlags::empty());
        if set.contains(QueueFlags::BYPASS) {
            flags.push("bypass");
        }
        if set.contains(QueueFlags::CPU_FANOUT) {
            flags.push("fanout");
        }
        let flags = if flags.is_empty() { String::new() } else { format!(" flags {}", flags.join(",")) };
        let to = match (queue.sreg, queue.num.unwrap_or(0), queue.total) {
            (Some(sreg), ..) => self.stored(sreg, 2, Datatype::HostInteger)?,
            (None, first, Some(total)) if total > 1 => {
                format!("{first}-{}", u32::from(first) + u32::from(total) - 1)
            }
            (None, first, _) => first.to_string(),
        };
        self.push(format!("queue{flags} to {to}"))
    }

    pub(super) fn synproxy(&mut self, synproxy: &Synproxy) -> Option<()> {
        let flags = synproxy.flags.unwrap_or(SynproxyFlags::empty());
        let mut text = "synproxy".to_owned();
        if flags.contains(SynproxyFlags::MSS) {
            text += &format!(" mss {}", synproxy.mss.unwrap_or(0));
        }
        if flags.contains(SynproxyFlags::WSCALE) {
            text += &format!(" wscale {}", synproxy.wscale.unwrap_or(0));
        }
        for (flag, word) in
            [(SynproxyFlags::TIMESTAMP, " timestamp"), (SynproxyFlags::SACK_PERM, " sack-perm")]
        {
            if flags.contains(flag) {
                text += word;
            }
        }
        self.push(text)
    }

    pub(super) fn duplicate(&mut self, dup: &Dup) -> Option<()> {
        let device = match dup.sreg_dev {
            Some(device) => Some(self.stored(device, 4, Datatype::IfIndex)?),
            None => None,
        };
        let text = match (dup.sreg_addr, device) {
            (Some(address), device) => {
                let (kind, len) = match self.around.family {
                    Family::Ip6 => (Datatype::Ipv6Addr, 16),
                    _ => (Datatype::Ipv4Addr, 4),
                };
                let address = self.stored(address, len, kind)?;
                let device = device.map_or(String::new(), |device| format!(" device {device}"));
                format!("dup to {address}{device}")
            }
            (None, Some(device)) => format!("dup to {device}"),
            (None, None) => return None,
        };
        self.push(text)
    }

    pub(super) fn forward(&mut self, fwd: &Fwd) -> Option<()> {
        let device = self.stored(fwd.sreg_dev, 4, Datatype::IfIndex)?;
        let (Some(address), Some(family)) = (fwd.sreg_addr, fwd.family) else {
            return self.push(format!("fwd to {device}"));
        };
        let (kind, len) = super::translate::address_type(family)?;
        let address = self.stored(address, len, kind)?;
        self.push(format!("fwd {} to {address} device {device}", family.word()?))
    }
}

fn log_flags(flags: LogFlags) -> String {
    let all =
        LogFlags::TCP_SEQUENCE | LogFlags::TCP_OPTIONS | LogFlags::IP_OPTIONS | LogFlags::UID | LogFlags::MAC;
    if flags.contains(all) {
        return " flags all".to_owned();
    }
    let mut text = match (flags.contains(LogFlags::TCP_SEQUENCE), flags.contains(LogFlags::TCP_OPTIONS)) {
        (true, true) => " flags tcp sequence,options".to_owned(),
        (true, false) => " flags tcp sequence".to_owned(),
        (false, true) => " flags tcp options".to_owned(),
        (false, false) => String::new(),
    };
    for (flag, words) in [
        (LogFlags::IP_OPTIONS, " flags ip options"),
        (LogFlags::UID, " flags skuid"),
        (LogFlags::MAC, " flags ether"),
    ] {
        if flags.contains(flag) {
            text += words;
        }
    }
    text
}
