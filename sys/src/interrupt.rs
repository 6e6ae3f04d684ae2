//! Signals that interrupt system calls, for tests: a timer whose handler does nothing but count.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use std::{io, thread};

use nix::sys::signal::{SaFlags, SigAction, SigEvent, SigHandler, SigSet, SigevNotify, Signal, sigaction};
use nix::sys::timer::{Expiration, Timer, TimerSetTimeFlags};
use nix::time::ClockId;
use nix::unistd::gettid;

static COUNT: AtomicUsize = AtomicUsize::new(0);
static OVER: AtomicBool = AtomicBool::new(true);
/// The handler and its count are the whole process's.
static ONE: Mutex<()> = Mutex::new(());

/// While this lives, the thread that made it is interrupted again and again: `SIGALRM` with a handler, installed
/// without `SA_RESTART`, so that system calls which wait fail with `EINTR`.
///
/// One at a time in a process: another waits.
#[derive(Debug)]
#[must_use = "the interruptions end when this is dropped"]
pub struct Interruptions {
    _timer: Timer,
    _one: MutexGuard<'static, ()>,
}

extern "C" fn count(_: libc::c_int) {
    COUNT.fetch_add(1, Ordering::Relaxed);
}

impl Interruptions {
    /// Interrupts the calling thread whenever so much time is over.
    ///
    /// # Errors
    /// What the kernel says to a handler of signals or a timer.
    pub fn every(interval: Duration) -> io::Result<Self> {
        let one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
        let action = SigAction::new(SigHandler::Handler(count), SaFlags::empty(), SigSet::empty());
        // SAFETY: the handler only adds to an atomic number, which is async-signal-safe, and it is a function of this
        // program, which is never unloaded. Nothing else here handles SIGALRM.
        unsafe { sigaction(Signal::SIGALRM, &action) }?;
        COUNT.store(0, Ordering::Relaxed);
        OVER.store(false, Ordering::Relaxed);
        let to_this_thread =
            SigevNotify::SigevThreadId { signal: Signal::SIGALRM, thread_id: gettid().as_raw(), si_value: 0 };
        let mut timer = Timer::new(ClockId::CLOCK_MONOTONIC, SigEvent::new(to_this_thread))?;
        timer.set(Expiration::Interval(interval.into()), TimerSetTimeFlags::empty())?;
        Ok(Self { _timer: timer, _one: one })
    }

    /// How often the thread has been interrupted.
    #[must_use]
    pub fn count() -> usize {
        COUNT.load(Ordering::Relaxed)
    }

    /// Waits until the thread, which must be another one, has been interrupted so often, or no longer is.
    pub fn await_count(wanted: usize) {
        while Self::count() < wanted && !OVER.load(Ordering::Relaxed) {
            thread::yield_now();
        }
    }
}

impl Drop for Interruptions {
    fn drop(&mut self) {
        OVER.store(true, Ordering::Relaxed);
    }
}
