//! Work on one processor.

use std::panic::resume_unwind;
use std::thread;

use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::unistd::Pid;

/// The numbers of the processors that this process may run on.
pub fn processors() -> Vec<usize> {
    let allowed = sched_getaffinity(Pid::from_raw(0)).expect("the process's own processors");
    (0..CpuSet::count()).filter(|processor| allowed.is_set(*processor).unwrap_or(false)).collect()
}

/// Runs `work` on one processor, and waits for it. Threads that it starts stay there too, and so do the packets that
/// it sends over veth links, until they are read.
///
/// # Panics
/// If the process may not run there; with the panic of `work`.
pub fn on_processor<T: Send>(processor: usize, work: impl FnOnce() -> T + Send) -> T {
    let pinned = || {
        let mut only = CpuSet::new();
        only.set(processor)
            .and_then(|()| sched_setaffinity(Pid::from_raw(0), &only))
            .unwrap_or_else(|errno| panic!("not to run on processor {processor}: {errno}"));
        work()
    };
    let result = thread::scope(|scope| scope.spawn(pinned).join());
    result.unwrap_or_else(|panic| resume_unwind(panic))
}
