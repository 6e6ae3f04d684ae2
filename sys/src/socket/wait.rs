//! Waiting until there is something to receive.

use std::io;
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use super::NetlinkSocket;

impl NetlinkSocket {
    /// Waits until [`receive`](Self::receive) has something to say, be it an error; `false` when the time is over.
    ///
    /// `None` waits for ever. A signal does not end the wait, nor prolong it.
    ///
    /// # Errors
    /// The system's, of `poll`: for want of memory.
    pub fn wait_readable(&self, timeout: Option<Duration>) -> io::Result<bool> {
        // A time too far away to be represented is as good as none.
        let deadline = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        loop {
            let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
            let mut sockets = [PollFd::new(self.as_fd(), PollFlags::POLLIN)];
            match poll(&mut sockets, poll_timeout(left)) {
                Ok(0) if left.is_some_and(|left| left.is_zero()) => return Ok(false),
                // poll counts milliseconds, and less than 25 days of them.
                Ok(0) | Err(Errno::EINTR) => {}
                Ok(_) => return Ok(true),
                Err(error) => return Err(error.into()),
            }
        }
    }
}

/// Rounds up, lest the last fraction of a millisecond be spent in a busy loop.
fn poll_timeout(left: Option<Duration>) -> PollTimeout {
    let Some(left) = left else { return PollTimeout::NONE };
    let milliseconds = left.as_nanos().div_ceil(1_000_000);
    i32::try_from(milliseconds).ok().and_then(|ms| PollTimeout::try_from(ms).ok()).unwrap_or(PollTimeout::MAX)
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;
    use crate::interrupt::Interruptions;
    use crate::testing::{get_generation, in_network_namespace};

    #[test]
    fn times_out() {
        let socket = NetlinkSocket::open().unwrap();
        assert!(!socket.wait_readable(Some(Duration::ZERO)).unwrap());
        let start = Instant::now();
        assert!(!socket.wait_readable(Some(Duration::from_micros(20_500))).unwrap());
        assert!(start.elapsed() >= Duration::from_micros(20_500));
    }

    #[test]
    fn wakes_for_an_answer() {
        in_network_namespace(|| {
            let socket = NetlinkSocket::open().unwrap();
            socket.send(&[io::IoSlice::new(&get_generation(1))]).unwrap();
            assert!(socket.wait_readable(None).unwrap());
            assert!(socket.wait_readable(Some(Duration::MAX)).unwrap());
        });
    }

    #[test]
    fn a_signal_neither_ends_nor_prolongs_the_wait() {
        in_network_namespace(|| {
            let socket = NetlinkSocket::open().unwrap();
            let ask = || {
                socket.send(&[io::IoSlice::new(&get_generation(1))]).unwrap();
            };
            for timeout in [None, Some(Duration::MAX), Some(Duration::from_secs(3600))] {
                thread::scope(|scope| {
                    let _interruptions = Interruptions::every(Duration::from_millis(1)).unwrap();
                    scope.spawn(|| {
                        Interruptions::await_count(20);
                        ask();
                    });
                    assert!(socket.wait_readable(timeout).unwrap(), "{timeout:?}");
                    assert!(Interruptions::count() >= 20, "{timeout:?}: it waited for the answer");
                    assert!(socket.receive(&mut [0; 1024]).unwrap().length >= 20);
                });
            }

            // A wait that begins anew with each signal is never over.
            thread::scope(|scope| {
                let _interruptions = Interruptions::every(Duration::from_millis(1)).unwrap();
                // Lest a wait that never ends keep the test from failing.
                scope.spawn(|| {
                    Interruptions::await_count(5000);
                    ask();
                });
                let start = Instant::now();
                let timeout = Duration::from_millis(50);
                let answer = socket.wait_readable(Some(timeout)).unwrap();
                assert!(!answer, "5000 signals have prolonged the wait");
                assert!(start.elapsed() >= timeout, "a signal has ended the wait");
                assert!(Interruptions::count() > 0);
            });
        });
    }

    #[test]
    fn rounds_up_and_never_overflows() {
        assert_eq!(poll_timeout(None), PollTimeout::NONE);
        assert_eq!(poll_timeout(Some(Duration::from_nanos(1))), PollTimeout::from(1_u8));
        assert_eq!(poll_timeout(Some(Duration::MAX)), PollTimeout::MAX);
    }
}
