//! The conversation with the kernel: bytes out, answers back. It knows nothing of rules.

mod answer;
mod dump;
mod exchange;
mod recorder;
mod socket;
mod transport;

pub use recorder::{Recorder, Scripted};
pub use socket::KernelSocket;
pub use transport::{Room, Transport};

pub(crate) use answer::{Answer, ErrorAnswer};
pub(crate) use dump::Query;
pub(crate) use exchange::{Outcome, batch, operation_of};
