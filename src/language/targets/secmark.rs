//! Security marks: iptables' `-j SECMARK` and `-j CONNSECMARK`.

use super::{MarkOf, ObjectName, ObjectSource, UseObject};
use crate::{
    Invalid, Rule,
    expr::{Ct, CtKey, Expr, Meta, MetaKey, ObjectChoice, ObjectKind, Objref, Register},
    language::{Lift, Lifting, Lower, Lowering},
    object::check_name,
    set::SecMarkName,
};

/// Gives the packet the security mark of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(transparent))]
pub struct SetSecmark(pub String);

/// Copies a security mark.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct CopySecmark {
    /// Which is written; the other one is read.
    pub of: MarkOf,
}

impl Rule {
    /// Gives the packet the security mark of a `secmark` object of the table, by its name. The object holds the
    /// context, such as `system_u:object_r:ssh_server_packet_t:s0`.
    ///
    /// ```
    /// use portcullis::{CtState, Rule};
    ///
    /// Rule::new().ct_state(CtState::NEW).tcp().dport(22).set_secmark("ssh").save_secmark();
    /// Rule::new().ct_state(CtState::ESTABLISHED | CtState::RELATED).restore_secmark();
    /// ```
    ///
    /// Or by a map: nft's `meta secmark set ip saddr map @marks`.
    ///
    /// ```
    /// use std::net::Ipv4Addr;
    ///
    /// use portcullis::{Rule, select::{Saddr, mapped}, set::{MapOf, SecMarkName}};
    ///
    /// let marks = MapOf::<Ipv4Addr, SecMarkName>::new("marks");
    /// Rule::new().set_secmark(mapped(Saddr, &marks));
    /// ```
    #[doc(alias = "SECMARK")]
    #[must_use]
    pub fn set_secmark(mut self, object: impl ObjectSource<SecMarkName>) -> Self {
        let (object, problem) = object.source();
        self.note(problem);
        match object {
            ObjectName::Named(name) => self.word(|| SetSecmark(name)),
            object @ ObjectName::By(_) => self.word(|| UseObject { kind: ObjectKind::SecMark, object }),
        }
    }

    /// The connection's security mark becomes the packet's.
    #[doc(alias = "CONNSECMARK")]
    #[must_use]
    pub fn save_secmark(self) -> Self {
        self.word(|| CopySecmark { of: MarkOf::Connection })
    }

    /// The packet's security mark becomes its connection's.
    #[doc(alias = "CONNSECMARK")]
    #[must_use]
    pub fn restore_secmark(self) -> Self {
        self.word(|| CopySecmark { of: MarkOf::Packet })
    }
}

impl Lower for SetSecmark {
    fn lower(&self, to: &mut Lowering<'_>) -> Result<(), Invalid> {
        check_name("secmark object", &self.0)?;
        to.push(Objref::named(ObjectKind::SecMark, self.0.clone()));
        Ok(())
    }
}

impl Lower for CopySecmark {
    fn lower(&self, to: &mut Lowering<'_>) -> Result<(), Invalid> {
        let register = Register::R1;
        match self.of {
            MarkOf::Connection => {
                to.push(Meta::load(MetaKey::SecMark, register));
                to.push(Ct::store(CtKey::SecMark, register));
            }
            MarkOf::Packet => {
                to.push(Ct::load(CtKey::SecMark, register));
                to.push(Meta::store(MetaKey::SecMark, register));
            }
        }
        Ok(())
    }
}

impl Lift for SetSecmark {
    fn lift(from: &Lifting<'_>) -> Option<Self> {
        let [Expr::Objref(Objref { object: ObjectChoice::Named { name, .. }, .. }), ..] = from.expressions()
        else {
            return None;
        };
        Some(Self(name.clone()))
    }
}

impl Lift for CopySecmark {
    fn lift(from: &Lifting<'_>) -> Option<Self> {
        match from.expressions() {
            [Expr::Meta(_), Expr::Ct(_), ..] => Some(Self { of: MarkOf::Connection }),
            [Expr::Ct(_), Expr::Meta(_), ..] => Some(Self { of: MarkOf::Packet }),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Family, Port,
        language::targets::golden::refusal,
        select::{Dport, mapped},
    };

    #[test]
    fn as_nft_says_it() {
        use crate::language::targets::golden::golden_everywhere as golden;

        // meta secmark set "ssh"
        golden(&Rule::new().set_secmark("ssh"), &["objref type 8 name ssh"]);
        // meta secmark set tcp dport map { 22 : "ssh" }
        golden(
            &Rule::new().tcp().set_secmark(mapped(Dport, [(Port(22), SecMarkName::from("ssh"))])),
            &[
                "meta load l4proto => reg 1",
                "cmp eq reg 1 0x00000006",
                "payload load 2b @ transport header + 2 => reg 1",
                "objref sreg 1 set __objmap%d",
            ],
        );
        // ct secmark set meta secmark
        golden(&Rule::new().save_secmark(), &["meta load secmark => reg 1", "ct set secmark with reg 1"]);
        // meta secmark set ct secmark
        golden(&Rule::new().restore_secmark(), &["ct load secmark => reg 1", "meta set secmark with reg 1"]);
    }

    #[test]
    fn an_object_has_a_name() {
        assert_eq!(
            refusal(Family::Inet, &Rule::new().set_secmark("")),
            "a secmark object needs a name of at least one byte"
        );
    }
}
