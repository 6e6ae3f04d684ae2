//! The connection: sends transactions, reads the ruleset.

mod apply;
mod attribute_path;
mod commit;
mod contents;
mod destroy;
mod fill_chains;
mod generation;
mod hint;
mod in_use;
mod index;
mod list;
mod list_objects;
mod list_rules;
mod list_sets;
mod list_whole;
mod mend;
mod missing;
mod parts;
mod pieces;
mod probe;
mod refused_element;
mod replace;
mod reset;
mod reset_sum;
mod set_hint;
mod settled;
mod snapshot;
mod which_element;

pub use commit::Committed;
pub use contents::Updated;
pub use generation::Generation;

use crate::{
    Error,
    netlink::{KernelSocket, Transport},
    probe::Probe,
};

/// The packet filter of a network namespace.
///
/// Opened by [`Netfilter::open`] for the namespace of the calling thread. Reading needs the privilege
/// `CAP_NET_ADMIN` there, too; every error says what was tried.
///
/// ```no_run
/// use portcullis::{Chain, CtState, Family, Hook, Netfilter, Policy, Rule, Ruleset, Table};
///
/// let mut firewall = Netfilter::open()?;
/// firewall.apply(
///     Ruleset::new().table(
///         Table::new(Family::Inet, "edge").chain(
///             Chain::filter("input", Hook::Input)
///                 .policy(Policy::Drop)
///                 .rule(Rule::new().iif("lo").accept())
///                 .rule(Rule::new().ct_state(CtState::ESTABLISHED | CtState::RELATED).accept())
///                 .rule(Rule::new().tcp().dport(22).counter().accept()),
///         ),
///     ),
/// )?;
/// # Ok::<(), portcullis::Error>(())
/// ```
///
/// # What reading can bring
/// - [`Error::Permission`] without the privilege.
/// - [`Error::Interrupted`] where others kept changing the ruleset: what takes several answers is read anew each time,
///   at most 100 times.
/// - [`Error::Request`] with an error number of the kernel's, such as that for a family that it does not have.
/// - [`Error::Decode`] or [`Error::Message`] for an answer that is not as the kernel's are, [`Error::NoAnswer`] for
///   none, [`Error::Io`] where the socket fails or a name does not fit a message (it holds a NUL, or more than 65,530
///   bytes).
#[derive(Debug)]
pub struct Netfilter<T = KernelSocket> {
    transport: T,
    /// What the kernel was found to have.
    known: Probe,
}

impl Netfilter {
    /// Opens a socket in the network namespace of the calling thread.
    ///
    /// # Errors
    /// [`Error::Io`] where the kernel has no netlink of this kind (`CONFIG_NETFILTER_NETLINK`), or the process may open no
    /// more files. A missing privilege is told by what is done with the socket, not here.
    pub fn open() -> Result<Self, Error> {
        match KernelSocket::open() {
            Ok(transport) => Ok(Self::with_transport(transport)),
            Err(source) => Err(Error::Io { operation: "open a netlink socket", source }),
        }
    }
}

impl<T: Transport> Netfilter<T> {
    /// Talks through something else than a socket of its own.
    pub fn with_transport(transport: T) -> Self {
        Self { transport, known: Probe::default() }
    }

    /// The transport.
    pub fn transport(&self) -> &T {
        &self.transport
    }

    /// Gives the transport back.
    pub fn into_transport(self) -> T {
        self.transport
    }
}
