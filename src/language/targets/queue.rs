//! Let a program decide: iptables' `-j NFQUEUE`.

use std::ops::RangeInclusive;

use crate::{
    Invalid, Rule,
    expr::{self, Expr, QueueFlags},
    language::{Lift, Lifting, Lower, Lowering},
};

/// Which queue, or queues, a packet waits in until a program has decided.
///
/// Made from the number of a queue, or a range of them.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
#[non_exhaustive]
pub struct Queue {
    /// The queue, or the first of several.
    pub first: u16,
    /// The last of several.
    pub last: u16,
    /// What to do without a program, how to spread.
    #[cfg_attr(
        feature = "serde",
        serde(default = "QueueFlags::empty", skip_serializing_if = "QueueFlags::is_empty")
    )]
    pub flags: QueueFlags,
}

impl Queue {
    /// To this queue.
    pub fn number(number: u16) -> Self {
        Self::range(number..=number)
    }

    /// To one of these queues. Between the same two hosts, all packets of a protocol go to the same one, in either
    /// direction; ports make no difference.
    #[doc(alias = "queue-balance")]
    pub fn range(numbers: RangeInclusive<u16>) -> Self {
        Self { first: *numbers.start(), last: *numbers.end(), flags: QueueFlags::empty() }
    }

    /// Where no program listens, the packet is let through, as by a program that accepts it; else it is dropped.
    #[doc(alias = "queue-bypass")]
    #[must_use]
    pub fn bypass(mut self) -> Self {
        self.flags |= QueueFlags::BYPASS;
        self
    }

    /// Among several queues, the processor chooses, not the connection.
    #[doc(alias = "queue-cpu-fanout")]
    #[must_use]
    pub fn fanout(mut self) -> Self {
        self.flags |= QueueFlags::CPU_FANOUT;
        self
    }
}

impl From<u16> for Queue {
    fn from(number: u16) -> Self {
        Self::number(number)
    }
}

impl From<RangeInclusive<u16>> for Queue {
    fn from(numbers: RangeInclusive<u16>) -> Self {
        Self::range(numbers)
    }
}

impl Rule {
    /// Hands the packet to the program that listens on a queue; its verdict is the chain's. So the rules behind this
    /// one see nothing of the packet, also if the program accepts it: it goes on in the next chain of the hook.
    ///
    /// ```
    /// use portcullis::{Queue, Rule};
    ///
    /// Rule::new().tcp().dport(25).queue(3);
    /// Rule::new().queue(Queue::range(0..=3).bypass().fanout());
    /// ```
    #[doc(alias = "NFQUEUE")]
    #[must_use]
    pub fn queue(self, queue: impl Into<Queue>) -> Self {
        self.word(|| queue.into())
    }
}

impl Lower for Queue {
    fn lower(&self, to: &mut Lowering<'_>) -> Result<(), Invalid> {
        let Self { first, last, flags } = *self;
        if first > last {
            let (from, to) = (first.to_string(), last.to_string());
            return Err(Invalid::RangeReversed { what: "queue", from, to });
        }
        let Some(total) = (last - first).checked_add(1) else {
            let (value, range) = ("65536".to_owned(), "1 to 65535".to_owned());
            return Err(Invalid::OutOfRange { what: "the number of queues", value, range });
        };
        if total == 1 && flags.contains(QueueFlags::CPU_FANOUT) {
            let problem = "queue: fanout needs several queues: Queue::range".to_owned();
            return Err(Invalid::Combination { problem });
        }
        let mut queue = expr::Queue::spread(first, total);
        queue.flags = Some(flags).filter(|flags| !flags.is_empty());
        to.push(queue);
        Ok(())
    }
}

impl Lift for Queue {
    fn lift(from: &Lifting<'_>) -> Option<Self> {
        let [Expr::Queue(queue), ..] = from.expressions() else { return None };
        let first = queue.num?;
        let last = first.checked_add(queue.total?.checked_sub(1)?)?;
        Some(Self { first, last, flags: queue.flags.unwrap_or(QueueFlags::empty()) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Family, language::targets::golden::refusal};

    #[test]
    fn as_nft_says_it() {
        use crate::language::targets::golden::golden_everywhere as golden;

        // queue to 3
        golden(&Rule::new().queue(3), &["queue num 3"]);
        // queue flags bypass to 2
        golden(&Rule::new().queue(Queue::number(2).bypass()), &["queue num 2 bypass"]);
        // queue num 0-3 bypass,fanout
        golden(&Rule::new().queue(Queue::range(0..=3).bypass().fanout()), &["queue num 0-3 bypass fanout"]);
    }

    #[test]
    fn errors_say_what_to_do() {
        let text = |queue: Queue| refusal(Family::Inet, &Rule::new().queue(queue));
        assert_eq!(text(Queue::number(3).fanout()), "queue: fanout needs several queues: Queue::range");
        // nft sends the count of 0 that 65536 becomes in 16 bits.
        assert_eq!(text(Queue::range(0..=u16::MAX)), "the number of queues is 65536; possible: 1 to 65535");
        let reversed = Queue { first: 5, last: 3, flags: QueueFlags::empty() };
        assert_eq!(text(reversed), "the queue range 5 to 3 is reversed");
    }
}
