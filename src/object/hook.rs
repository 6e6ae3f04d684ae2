//! Where in a packet's way a base chain sits.

use std::fmt;

use super::Family;

/// A point of a packet's way (`enum nf_inet_hooks`, `enum nf_dev_hooks`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Hook {
    /// Everything that comes in, before the routing decision.
    #[doc(alias = "NF_INET_PRE_ROUTING")]
    Prerouting,
    /// What is for this machine.
    #[doc(alias = "NF_INET_LOCAL_IN")]
    Input,
    /// What is routed (or bridged) through this machine.
    #[doc(alias = "NF_INET_FORWARD")]
    Forward,
    /// What this machine sends.
    #[doc(alias = "NF_INET_LOCAL_OUT")]
    Output,
    /// Everything that leaves, after the routing decision.
    #[doc(alias = "NF_INET_POST_ROUTING")]
    Postrouting,
    /// What a network device receives, before everything else. Families `netdev` and (kernel 5.10) `inet`.
    #[doc(alias = "NF_NETDEV_INGRESS")]
    Ingress,
    /// What a network device is about to send. Family `netdev`, kernel 5.16.
    #[doc(alias = "NF_NETDEV_EGRESS")]
    Egress,
    /// A number that this library has no name for.
    Other(u32),
}

impl Hook {
    /// Those that have a name.
    #[cfg(feature = "serde")]
    pub(crate) const NAMED: [Self; 7] = [
        Self::Prerouting,
        Self::Input,
        Self::Forward,
        Self::Output,
        Self::Postrouting,
        Self::Ingress,
        Self::Egress,
    ];

    /// The hooks that a family has, with the kernel's numbers.
    pub const fn of(family: Family) -> &'static [(Self, u32)] {
        match family {
            Family::Ip | Family::Ip6 | Family::Bridge => &[
                (Self::Prerouting, 0),
                (Self::Input, 1),
                (Self::Forward, 2),
                (Self::Output, 3),
                (Self::Postrouting, 4),
            ],
            Family::Inet => &[
                (Self::Prerouting, 0),
                (Self::Input, 1),
                (Self::Forward, 2),
                (Self::Output, 3),
                (Self::Postrouting, 4),
                (Self::Ingress, 5),
            ],
            Family::Arp => &[(Self::Input, 0), (Self::Output, 1)],
            Family::Netdev => &[(Self::Ingress, 0), (Self::Egress, 1)],
            Family::Other(_) => &[],
        }
    }

    /// The kernel's number in a family; `None` if the family has no such hook.
    pub fn number(self, family: Family) -> Option<u32> {
        if let Self::Other(number) = self {
            return Some(number);
        }
        Self::of(family).iter().find(|(hook, _)| *hook == self).map(|(_, number)| *number)
    }

    /// The hook for the kernel's number in a family.
    pub fn from_number(family: Family, number: u32) -> Self {
        Self::of(family)
            .iter()
            .find(|(_, known)| *known == number)
            .map_or(Self::Other(number), |(hook, _)| *hook)
    }

    /// Whether chains at this hook name the devices that they watch.
    pub const fn needs_device(self) -> bool {
        matches!(self, Self::Ingress | Self::Egress)
    }
}

/// nft's word.
impl fmt::Display for Hook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Prerouting => "prerouting",
            Self::Input => "input",
            Self::Forward => "forward",
            Self::Output => "output",
            Self::Postrouting => "postrouting",
            Self::Ingress => "ingress",
            Self::Egress => "egress",
            Self::Other(number) => return write!(f, "{number}"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_hooks_are_inverse_in_every_family() {
        for family in Family::ALL {
            for (hook, number) in Hook::of(*family) {
                assert_eq!(hook.number(*family), Some(*number));
                assert_eq!(Hook::from_number(*family, *number), *hook);
            }
            assert_eq!(Hook::from_number(*family, 9), Hook::Other(9));
        }
        assert_eq!(Hook::Forward.number(Family::Netdev), None);
    }
}
