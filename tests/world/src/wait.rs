//! Waiting for a file descriptor, up to a moment in time.

use std::os::fd::{AsFd, OwnedFd};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

/// How long an [`Attempt`](crate::Attempt) waits unless told: short, because a blocked packet costs all of it.
pub const SHORT: Duration = Duration::from_millis(400);

/// How long something is waited for that must come.
pub const PATIENT: Duration = Duration::from_secs(10);

/// How much slower than others this machine is: environment `PORTCULLIS_PATIENCE`, a whole number.
pub fn patience() -> u32 {
    static PATIENCE: OnceLock<u32> = OnceLock::new();
    *PATIENCE.get_or_init(|| {
        let factor = std::env::var("PORTCULLIS_PATIENCE").ok().and_then(|text| text.parse().ok());
        factor.unwrap_or(1).max(1)
    })
}

/// The moment until which to wait, later on slow machines.
pub(crate) fn deadline(timeout: Duration) -> Instant {
    Instant::now() + timeout * patience()
}

/// Waits until one of `events` (or an error) is there; empty if the deadline passed.
pub(crate) fn ready(fd: &impl AsFd, events: PollFlags, deadline: Instant) -> PollFlags {
    loop {
        let mut fds = [PollFd::new(fd.as_fd(), events)];
        match poll(&mut fds, until(deadline)) {
            Ok(0) if Instant::now() >= deadline => return PollFlags::empty(),
            Ok(0) | Err(Errno::EINTR) => {}
            Ok(_) => return fds[0].revents().unwrap_or(PollFlags::POLLERR),
            Err(errno) => panic!("poll: {errno}"),
        }
    }
}

/// Waits until there is something to read.
pub(crate) fn readable(fd: &impl AsFd, deadline: Instant) -> bool {
    !ready(fd, PollFlags::POLLIN, deadline).is_empty()
}

/// Waits until there is something to read from one of `fds`.
pub(crate) fn any_readable(fds: &[&OwnedFd], deadline: Instant) -> bool {
    loop {
        let mut fds: Vec<_> = fds.iter().map(|fd| PollFd::new(fd.as_fd(), PollFlags::POLLIN)).collect();
        match poll(&mut fds, until(deadline)) {
            Ok(0) if Instant::now() >= deadline => return false,
            Ok(0) | Err(Errno::EINTR) => {}
            Ok(_) => return true,
            Err(errno) => panic!("poll: {errno}"),
        }
    }
}

/// Waits until there is something to read from `fd`; false once `stop` can be read or is closed.
pub(crate) fn readable_unless(fd: &impl AsFd, stop: &impl AsFd) -> bool {
    loop {
        let mut fds = [fd.as_fd(), stop.as_fd()].map(|fd| PollFd::new(fd, PollFlags::POLLIN));
        match poll(&mut fds, PollTimeout::NONE) {
            Ok(_) => return !fds[1].any().unwrap_or(true),
            Err(Errno::EINTR) => {}
            Err(errno) => panic!("poll: {errno}"),
        }
    }
}

fn until(deadline: Instant) -> PollTimeout {
    let left = deadline.saturating_duration_since(Instant::now());
    // Rounded up, so that a wait does not end just before its deadline and spin.
    let milliseconds = left.as_micros().div_ceil(1000);
    PollTimeout::try_from(milliseconds).unwrap_or(PollTimeout::MAX)
}
