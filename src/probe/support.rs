//! What a kernel said to a trial.

use std::fmt;

use nix::errno::Errno;

/// Whether a kernel has a [`Feature`](super::Feature).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Support {
    /// The kernel takes it.
    Works,
    /// The kernel does not know it.
    Missing,
    /// This user may not: root of a user namespace may less than root.
    NotPermitted,
    /// The trial failed for a reason that tells nothing, such as too little memory.
    Unknown {
        /// The error number.
        errno: i32,
    },
    /// Nobody asked.
    Untried,
}

impl Support {
    /// What an error number says of what was tried.
    pub(crate) fn of_errno(errno: i32) -> Self {
        match Errno::from_raw(errno) {
            Errno::UnknownErrno => Self::Unknown { errno },
            found if is_missing(found) => Self::Missing,
            Errno::EPERM | Errno::EACCES => Self::NotPermitted,
            _ => Self::Unknown { errno },
        }
    }
}

/// What kernels say to what they do not know: an expression, object or chain type (ENOENT, EOPNOTSUPP), a flag or
/// message (EINVAL, EOPNOTSUPP, ERANGE), a family or protocol (EAFNOSUPPORT, EPROTONOSUPPORT), a key of an
/// expression (EOPNOTSUPP, ENOPROTOOPT).
pub(crate) fn is_missing(errno: Errno) -> bool {
    matches!(
        errno,
        Errno::ENOENT
            | Errno::EOPNOTSUPP
            | Errno::EINVAL
            | Errno::ERANGE
            | Errno::EAFNOSUPPORT
            | Errno::EPROTONOSUPPORT
            | Errno::ENOPROTOOPT
            | Errno::ENOSYS
    )
}

impl fmt::Display for Support {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Works => f.pad("works"),
            Self::Missing => f.pad("missing"),
            Self::NotPermitted => f.pad("not permitted"),
            Self::Unknown { errno } => f.pad(&format!("unknown ({:?})", Errno::from_raw(*errno))),
            Self::Untried => f.pad("not tried"),
        }
    }
}
