//! The class of the sending program's control group, version 1: iptables' `-m cgroup --cgroup`.

use super::number::{comparison, number};
use crate::{
    Rule,
    expr::{Meta, MetaKey, Register},
    language::{Datatype, Matching},
};

number! {
    /// What a control group's file `net_cls.classid` says.
    ClassId(u32): "cgroup class" = Datatype::host(Datatype::INTEGER, 4), host_u32;
}

comparison! {
    /// The packet comes from a program of one of these classes.
    CgroupMatch(ClassId) = Meta::load(MetaKey::Cgroup, Register::R1);
}

impl Rule {
    /// Only packets of programs whose control group (version 1) has this `net_cls.classid`. For version 2 see
    /// [`Rule::cgroup_v2`].
    ///
    /// ```
    /// use portcullis::Rule;
    ///
    /// // split tunnelling: what is in the group goes around the VPN
    /// Rule::new().cgroup(0x0010_0001).accept();
    /// ```
    #[doc(alias = "net_cls")]
    #[must_use]
    pub fn cgroup(self, classes: impl Into<Matching<ClassId>>) -> Self {
        self.word(|| CgroupMatch(classes.into()))
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
            (IP, "meta cgroup 0x100001", Rule::new().cgroup(0x10_0001)),
            (IP, "meta cgroup != 0x100001", Rule::new().cgroup(not(0x10_0001))),
            (IP, "meta cgroup { 1, 2 }", Rule::new().cgroup([1, 2])),
            (IP, "meta cgroup 1-5", Rule::new().cgroup(1..=5)),
        ]);
    }
}
