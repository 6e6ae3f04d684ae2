//! Who made the packet: iptables' `-m owner`.

use super::number::{comparison, number};
use crate::{
    Rule,
    expr::{Meta, MetaKey, Register},
    language::{Datatype, Matching},
};

number! {
    /// A user's number. Names are not looked up.
    Uid(u32): "user" = Datatype::UID, host_u32;
    /// A group's number. Names are not looked up.
    Gid(u32): "group" = Datatype::GID, host_u32;
}

comparison! {
    /// The packet comes from a socket of one of these users.
    SkUidMatch(Uid) = Meta::load(MetaKey::SkUid, Register::R1);
    /// The packet comes from a socket of one of these groups.
    SkGidMatch(Gid) = Meta::load(MetaKey::SkGid, Register::R1);
}

impl Rule {
    /// Only packets from sockets of these users: what this machine sends, so in hooks output and postrouting.
    ///
    /// A packet without a socket never comes through, not even with [`not`](crate::not).
    ///
    /// ```
    /// use portcullis::Rule;
    ///
    /// // what the VPN program itself sends does not go through the tunnel
    /// Rule::new().skuid(998).accept();
    /// Rule::new().skuid(1000..=1999).drop();
    /// ```
    #[doc(alias = "uid-owner")]
    #[doc(alias = "owner")]
    #[must_use]
    pub fn skuid(self, users: impl Into<Matching<Uid>>) -> Self {
        self.word(|| SkUidMatch(users.into()))
    }

    /// Only packets from sockets of these groups. See [`Rule::skuid`].
    #[doc(alias = "gid-owner")]
    #[must_use]
    pub fn skgid(self, groups: impl Into<Matching<Gid>>) -> Self {
        self.word(|| SkGidMatch(groups.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        language::matches::golden::{IP, same_as_nft},
        not,
    };

    #[test]
    fn as_nft_says_it() {
        same_as_nft([
            (IP, "meta skuid 0", Rule::new().skuid(0)),
            (IP, "meta skuid 1000-1999", Rule::new().skuid(1000..=1999)),
            (IP, "meta skuid != 1000-1999", Rule::new().skuid(not(1000..=1999))),
            (IP, "meta skuid { 1, 2 }", Rule::new().skuid([1, 2])),
            (IP, "meta skuid { 1, 2-5 }", Rule::new().skuid([1..=1, 2..=5])),
            (IP, "meta skgid 7", Rule::new().skgid(7)),
            (IP, "meta skgid != 7", Rule::new().skgid(not(7))),
        ]);
    }
}
