//! The local socket that a packet is for: iptables' `-m socket`.

use super::{Mark, number::comparison};
use crate::{
    Invalid, Rule,
    expr::{Cmp, Data, Expr, Register, Socket, SocketKey},
    language::{Lift, Lifting, Lower, Lowering, Matching, lift::byte},
};

/// What is asked about a socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum SocketFlag {
    /// Whether it has the option `IP_TRANSPARENT`.
    Transparent,
    /// Whether it is bound to no address. Kernel 5.10.
    Wildcard,
}

/// There is a local socket for the packet, and it is so.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct SocketMatch {
    /// What is asked.
    pub flag: SocketFlag,
    /// The answer.
    pub set: bool,
}

comparison! {
    /// There is a local socket for the packet, and it carries one of these marks.
    SocketMarkMatch(Mark) = Socket::new(SocketKey::Mark, Register::R1);
}

impl Rule {
    /// Only packets for which this machine has a transparent socket: a proxy's that intercepts. Without such a
    /// socket the packet does not come through.
    ///
    /// ```
    /// use portcullis::Rule;
    ///
    /// // connections that the proxy has already: to this machine, by the mark's route
    /// Rule::new().tcp().socket_transparent().accept();
    /// ```
    #[must_use]
    pub fn socket_transparent(self) -> Self {
        self.word(|| SocketMatch { flag: SocketFlag::Transparent, set: true })
    }

    /// Only packets for which this machine has a socket that is bound to no address, or with `false` to one.
    /// iptables' `-m socket` asks for the latter, unless `--nowildcard` is given. Kernel 5.10.
    #[doc(alias = "nowildcard")]
    #[must_use]
    pub fn socket_wildcard(self, wildcard: bool) -> Self {
        self.word(|| SocketMatch { flag: SocketFlag::Wildcard, set: wildcard })
    }

    /// Only packets for which this machine has a socket with one of these marks.
    #[must_use]
    pub fn socket_mark(self, marks: impl Into<Matching<Mark>>) -> Self {
        self.word(|| SocketMarkMatch(marks.into()))
    }
}

impl Lower for SocketMatch {
    fn lower(&self, to: &mut Lowering<'_>) -> Result<(), Invalid> {
        let key = match self.flag {
            SocketFlag::Transparent => SocketKey::Transparent,
            SocketFlag::Wildcard => SocketKey::Wildcard,
        };
        to.push(Socket::new(key, Register::R1));
        to.push(Cmp::eq(Register::R1, Data::byte(u8::from(self.set))));
        Ok(())
    }
}

impl Lift for SocketMatch {
    fn lift(from: &Lifting<'_>) -> Option<Self> {
        let [Expr::Socket(Socket { key, .. }), Expr::Cmp(cmp), ..] = from.expressions() else { return None };
        let flag = match key {
            SocketKey::Transparent => SocketFlag::Transparent,
            SocketKey::Wildcard => SocketFlag::Wildcard,
            _ => return None,
        };
        Some(Self { flag, set: byte(&cmp.data)? == 1 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        language::matches::{
            golden::{IP, same_as_nft},
            masked,
        },
        not,
    };

    #[test]
    fn as_nft_says_it() {
        same_as_nft([
            (IP, "socket transparent 1", Rule::new().socket_transparent()),
            (IP, "socket wildcard 0", Rule::new().socket_wildcard(false)),
            (IP, "socket mark 0x5", Rule::new().socket_mark(5)),
            (IP, "socket mark 1-5", Rule::new().socket_mark(1..=5)),
            (IP, "socket mark & 0xff != 0x5", Rule::new().socket_mark(not(masked(5, 0xff)))),
        ]);
    }
}
