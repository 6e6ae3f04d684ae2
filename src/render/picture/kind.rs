//! What a rule does to a packet, as a colour.

/// What happens to a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// It passes.
    Accept,
    /// It is lost.
    Drop,
    /// Its sender is told no.
    Reject,
    /// Another chain decides.
    Call,
    /// The chain that called goes on.
    Return,
    /// It is given another address or port.
    Translate,
    /// Something of it is changed, or something is noted at it.
    Change,
    /// A program decides.
    Queue,
    /// It is only looked at: counted, logged.
    Look,
}

impl Kind {
    pub(super) const ALL: [Self; 9] = [
        Self::Accept,
        Self::Drop,
        Self::Reject,
        Self::Call,
        Self::Return,
        Self::Translate,
        Self::Change,
        Self::Queue,
        Self::Look,
    ];

    /// By the listing's name of the target; whether it calls a chain is for the caller to know.
    pub(super) fn of(target: &str) -> Self {
        match target {
            "ACCEPT" => Self::Accept,
            "DROP" => Self::Drop,
            "REJECT" => Self::Reject,
            "RETURN" => Self::Return,
            "DNAT" | "SNAT" | "MASQUERADE" | "REDIRECT" | "NETMAP" | "TPROXY" => Self::Translate,
            "NFQUEUE" | "SYNPROXY" => Self::Queue,
            "" | "LOG" | "NFLOG" | "TRACE" | "AUDIT" | "CONTINUE" => Self::Look,
            _ => Self::Change,
        }
    }

    /// Background and ink.
    pub(super) fn colours(self) -> (&'static str, &'static str) {
        match self {
            Self::Accept => ("#d3f2dc", "#12652f"),
            Self::Drop => ("#fbd5d5", "#a01616"),
            Self::Reject => ("#ffe1cc", "#9a4306"),
            Self::Call => ("#dbe7ff", "#1d4ea8"),
            Self::Return => ("#e4e7ec", "#414b5a"),
            Self::Translate => ("#ece0fb", "#5b2a9d"),
            Self::Change => ("#d5f1f1", "#0d5f66"),
            Self::Queue => ("#fdf0c3", "#7a5600"),
            Self::Look => ("#eef0f3", "#5a6472"),
        }
    }

    /// For the legend.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Accept => "accept",
            Self::Drop => "drop",
            Self::Reject => "reject",
            Self::Call => "call a chain",
            Self::Return => "return",
            Self::Translate => "translate",
            Self::Change => "change, mark",
            Self::Queue => "queue, proxy",
            Self::Look => "count, log",
        }
    }
}
