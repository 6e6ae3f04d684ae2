//! Services that answer until they are dropped.

use std::net::SocketAddr;
use std::os::unix::net::UnixStream;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

/// A running service; it stops, and its connections are closed, when this is dropped.
#[derive(Debug)]
#[must_use = "the service stops when this is dropped"]
pub struct Service {
    address: SocketAddr,
    visits: Visits,
    stop: Option<UnixStream>,
    thread: Option<JoinHandle<()>>,
}

/// A connection or datagram that reached a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Visit {
    /// The client's address, as the service sees it.
    pub peer: SocketAddr,
    /// The address at which the service was reached (for a datagram: the one it is bound to).
    pub local: SocketAddr,
}

pub(crate) type Visits = Arc<Mutex<Vec<Visit>>>;

impl Service {
    /// Runs `serve` on a thread; it is to return when the socket it gets can be read.
    pub(crate) fn start(
        name: &str,
        address: SocketAddr,
        serve: impl FnOnce(UnixStream, Visits) + Send + 'static,
    ) -> Self {
        let visits = Visits::default();
        let (stop, stopped) = UnixStream::pair().expect("a socket pair to stop the service");
        let thread = thread::Builder::new().name(name.to_owned()).spawn({
            let visits = visits.clone();
            move || serve(stopped, visits)
        });
        Self { address, visits, stop: Some(stop), thread: Some(thread.expect("a thread for the service")) }
    }

    /// Where it listens; if started on port 0, with the port it got.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Who was here, in order.
    pub fn visits(&self) -> Vec<Visit> {
        self.visits.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(Err(panic)) = self.thread.take().map(JoinHandle::join) {
            if !thread::panicking() {
                std::panic::resume_unwind(panic);
            }
        }
    }
}

pub(crate) fn record(visits: &Visits, visit: Visit) {
    visits.lock().unwrap_or_else(PoisonError::into_inner).push(visit);
}
