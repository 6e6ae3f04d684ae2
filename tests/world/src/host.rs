//! A host: one network namespace with a name.

use std::any::Any;
use std::fmt;
use std::fs::File;
use std::io;
use std::marker::PhantomData;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::panic::resume_unwind;
use std::process::{Child, Command, Output};
use std::sync::Arc;
use std::thread;

use nix::sched::{CloneFlags, setns, unshare};

use crate::sysctl;

const OWN_NAMESPACE: &str = "/proc/thread-self/ns/net";

/// A host of a small world: a network namespace of its own, with `lo` up.
///
/// The namespace is held by a file descriptor, not by a process or a mount: it goes when the last clone of the
/// host, the last socket made in it and the last process started in it are gone. Clones are the same host.
#[derive(Clone)]
pub struct Host(Arc<Inner>);

struct Inner {
    name: String,
    namespace: OwnedFd,
}

impl Host {
    /// Makes a host: a new, empty namespace with `lo` up and calm settings (no rate limit on ICMP errors, no
    /// duplicate address detection, no reverse path filter).
    ///
    /// # Panics
    /// If the kernel refuses; ask [`require_namespaces`](crate::require_namespaces) first.
    pub fn new(name: impl Into<String>) -> Self {
        let name = name.into();
        let host = Self::try_new(name.clone())
            .unwrap_or_else(|error| panic!("no namespace for host {name}: {error}"));
        host.run(sysctl::calm);
        host.up("lo");
        host
    }

    /// The bare namespace, for those who want to hear why there is none.
    pub(crate) fn try_new(name: String) -> io::Result<Self> {
        let maker = thread::spawn(|| -> io::Result<OwnedFd> {
            unshare(CloneFlags::CLONE_NEWNET)?;
            Ok(File::open(OWN_NAMESPACE)?.into())
        });
        let namespace = maker.join().unwrap_or_else(|panic| resume_unwind(panic))?;
        Ok(Self(Arc::new(Inner { name, namespace })))
    }

    /// The name given to [`Host::new`].
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// Runs `work` in this host, on a thread of its own, and waits for it. It may borrow from the caller.
    /// Sockets that it makes belong to this host for ever and may be returned. Several calls may run at once.
    ///
    /// # Panics
    /// With the panic of `work`.
    pub fn run<T: Send>(&self, work: impl FnOnce() -> T + Send) -> T {
        let result: Result<T, Box<dyn Any + Send>> = thread::scope(|scope| {
            thread::Builder::new()
                .name(self.0.name.clone())
                .spawn_scoped(scope, || {
                    self.join();
                    work()
                })
                .unwrap_or_else(|error| panic!("no thread for host {self}: {error}"))
                .join()
        });
        result.unwrap_or_else(|panic| resume_unwind(panic))
    }

    /// Moves the calling thread into this host until the returned guard is dropped. For code that must not be
    /// moved to another thread, such as a benchmark's loop; otherwise prefer [`Host::run`].
    pub fn enter(&self) -> Entered {
        let previous = File::open(OWN_NAMESPACE).expect("open the thread's own network namespace");
        self.join();
        Entered { previous, stays_on_this_thread: PhantomData }
    }

    /// Starts a program in this host; it inherits the namespace.
    pub fn spawn(&self, command: &mut Command) -> Child {
        self.run(|| {
            command.spawn().unwrap_or_else(|error| panic!("host {self} cannot start {command:?}: {error}"))
        })
    }

    /// Runs a program in this host to its end.
    pub fn output(&self, command: &mut Command) -> Output {
        self.run(|| {
            command.output().unwrap_or_else(|error| panic!("host {self} cannot run {command:?}: {error}"))
        })
    }

    /// Moves the calling thread into this host for good.
    fn join(&self) {
        setns(&self.0.namespace, CloneFlags::CLONE_NEWNET)
            .unwrap_or_else(|errno| panic!("cannot enter the namespace of host {self}: {errno}"));
    }
}

impl AsFd for Host {
    /// The network namespace, as opened from `/proc/thread-self/ns/net`.
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.namespace.as_fd()
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.name)
    }
}

impl fmt::Debug for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Host").field(&self.0.name).finish()
    }
}

/// While this lives, its thread is in another host; see [`Host::enter`].
#[must_use = "the thread leaves the host at once when this is dropped"]
#[derive(Debug)]
pub struct Entered {
    previous: File,
    stays_on_this_thread: PhantomData<*mut ()>,
}

impl Drop for Entered {
    fn drop(&mut self) {
        setns(&self.previous, CloneFlags::CLONE_NEWNET)
            .expect("return to the thread's previous network namespace");
    }
}
