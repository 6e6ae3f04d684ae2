//! IP forwarding: whether this network namespace routes packets that are for others.

use std::{fs, io, path::Path};

use nix::errno::Errno;

/// The kernel's switch for forwarding packets of one IP version, in the network namespace of the calling thread.
///
/// ```no_run
/// use portcullis::Forwarding;
///
/// let was_on = Forwarding::V4.turn_on()?;
/// // … and when everything is over:
/// Forwarding::V4.set(was_on)?;
/// # Ok::<(), portcullis::ForwardingError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Forwarding {
    /// IPv4, of all interfaces: `net.ipv4.ip_forward`. A change sets the interfaces' other settings (redirects, for
    /// one) to what befits a router or a host.
    #[doc(alias = "ip_forward")]
    V4,
    /// IPv6, of all interfaces: `net.ipv6.conf.all.forwarding`. An interface that forwards takes no more router
    /// advertisements, unless its `accept_ra` is 2.
    V6,
}

impl Forwarding {
    /// Both.
    pub const ALL: [Self; 2] = [Self::V4, Self::V6];

    /// The file that is the switch.
    pub fn path(self) -> &'static Path {
        Path::new(match self {
            Self::V4 => "/proc/sys/net/ipv4/ip_forward",
            Self::V6 => "/proc/sys/net/ipv6/conf/all/forwarding",
        })
    }

    /// Whether packets are forwarded.
    ///
    /// # Errors
    /// [`ForwardingError`] where the switch cannot be read: `/proc` is not mounted, or the kernel lacks the IP version.
    pub fn is_on(self) -> Result<bool, ForwardingError> {
        let text = fs::read_to_string(self.path()).map_err(|source| ForwardingError {
            forwarding: self,
            wanted: None,
            source,
        })?;
        Ok(text.trim() != "0")
    }

    /// Forwards packets from now on. Gives back whether they were forwarded before.
    ///
    /// # Errors
    /// As [`Forwarding::set`].
    pub fn turn_on(self) -> Result<bool, ForwardingError> {
        self.set(true)
    }

    /// Forwards no packets from now on. Gives back whether they were forwarded before.
    ///
    /// # Errors
    /// As [`Forwarding::set`].
    pub fn turn_off(self) -> Result<bool, ForwardingError> {
        self.set(false)
    }

    /// Turns forwarding on or off. Gives back whether packets were forwarded before.
    ///
    /// Where the switch cannot be written but is as wanted already, all is well: containers often have it so.
    ///
    /// # Errors
    /// Without the privilege in this network namespace, where `/proc/sys` is read-only, and where the kernel lacks the
    /// IP version; the error says which, and what to do.
    pub fn set(self, on: bool) -> Result<bool, ForwardingError> {
        let was_on = self.is_on()?;
        // Also when nothing changes: for IPv6 this sets the single interfaces, which may differ from `all`.
        match fs::write(self.path(), if on { "1" } else { "0" }) {
            Err(source) if was_on != on => {
                Err(ForwardingError { forwarding: self, wanted: Some(on), source })
            }
            _ => Ok(was_on),
        }
    }
}

/// Forwarding could not be read or changed.
#[derive(Debug, thiserror::Error)]
#[error("cannot {} ({}): {source}{}", self.attempt(), forwarding.path().display(), self.hint())]
#[non_exhaustive]
pub struct ForwardingError {
    /// Which switch.
    pub forwarding: Forwarding,
    /// What it was to become; `None` when reading.
    pub wanted: Option<bool>,
    /// The system's words.
    pub source: io::Error,
}

impl ForwardingError {
    fn attempt(&self) -> String {
        let what = match self.wanted {
            Some(true) => "turn on",
            Some(false) => "turn off",
            None => "read",
        };
        let version = match self.forwarding {
            Forwarding::V4 => "IPv4",
            Forwarding::V6 => "IPv6",
        };
        format!("{what} {version} forwarding")
    }

    /// What to do.
    fn hint(&self) -> &'static str {
        let Some(errno) = self.source.raw_os_error().map(Errno::from_raw) else {
            return "";
        };
        match (errno, self.forwarding) {
            (Errno::EACCES | Errno::EPERM, _) => {
                "; it needs root, or CAP_NET_ADMIN in this network namespace"
            }
            (Errno::EROFS, Forwarding::V4) => {
                "; containers often have /proc/sys read-only: start this one with --sysctl net.ipv4.ip_forward=1"
            }
            (Errno::EROFS, Forwarding::V6) => {
                "; containers often have /proc/sys read-only: start this one with --sysctl \
                 net.ipv6.conf.all.forwarding=1"
            }
            (Errno::ENOENT, Forwarding::V4) => "; is /proc mounted?",
            (Errno::ENOENT, Forwarding::V6) => "; this kernel runs without IPv6, or /proc is not mounted",
            _ => "",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_name_the_switch_and_the_way_out() {
        let text = |forwarding, wanted, errno: Errno| {
            ForwardingError { forwarding, wanted, source: errno.into() }.to_string()
        };
        assert_eq!(
            text(Forwarding::V4, Some(true), Errno::EACCES),
            "cannot turn on IPv4 forwarding (/proc/sys/net/ipv4/ip_forward): Permission denied (os error 13); \
             it needs root, or CAP_NET_ADMIN in this network namespace"
        );
        let read_only = text(Forwarding::V6, Some(false), Errno::EROFS);
        assert!(read_only.contains("cannot turn off IPv6"), "{read_only}");
        assert!(read_only.ends_with("--sysctl net.ipv6.conf.all.forwarding=1"), "{read_only}");
        assert!(text(Forwarding::V6, None, Errno::ENOENT).contains("without IPv6"));
    }
}
