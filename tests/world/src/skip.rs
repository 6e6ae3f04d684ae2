//! Skipping a test, aloud.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::sync::OnceLock;

use crate::Host;
use crate::link::try_link;

/// Whether worlds can be made here. Asked of the kernel once in a process.
///
/// # Errors
/// What is missing, and what to do about it.
pub fn require_namespaces() -> Result<(), String> {
    static ANSWER: OnceLock<Result<(), String>> = OnceLock::new();
    ANSWER.get_or_init(probe).clone()
}

fn probe() -> Result<(), String> {
    let host = Host::try_new("probe".to_owned()).map_err(|error| match error.raw_os_error() {
        Some(libc::EPERM) => {
            "no permission to make network namespaces: run as root or under `unshare -Urn`".into()
        }
        _ => format!("no network namespaces: {error}"),
    })?;
    try_link(&host, "a", &host, "b").map_err(|error| format!("no veth links: {error}"))
}

/// Says that a test is skipped: `SKIP <test>: <reason>` on standard error (not captured by the test harness), and a
/// line `<test>: <reason>` appended to the file that the environment variable `PORTCULLIS_SKIPS` names.
/// Called by [`skip!`](crate::skip!), which also returns.
pub fn report_skip(test: &str, reason: &str) {
    let line = format!("{test}: {}\n", reason.replace('\n', " "));
    let _ = io::stderr().write_all(format!("SKIP {line}").as_bytes());
    if let Some(path) = std::env::var_os("PORTCULLIS_SKIPS") {
        // One write of a file opened for appending is atomic, also among processes.
        let file = OpenOptions::new().create(true).append(true).open(&path);
        file.and_then(|mut file| file.write_all(line.as_bytes()))
            .unwrap_or_else(|error| panic!("cannot append to PORTCULLIS_SKIPS={path:?}: {error}"));
    }
}

/// Skips the calling test: says so (see [`report_skip`](crate::report_skip)) and returns from the function.
/// Arguments as of `format!`. Not for use inside the closure of [`Host::run`](crate::Host::run).
#[macro_export]
macro_rules! skip {
    ($($reason:tt)+) => {{
        $crate::report_skip($crate::this_function!(), &format!($($reason)+));
        return;
    }};
}

/// Skips the calling test unless worlds can be made here.
#[macro_export]
macro_rules! need_namespaces {
    () => {
        if let Err(reason) = $crate::require_namespaces() {
            $crate::skip!("{reason}");
        }
    };
}

/// The path of the enclosing function, e.g. `kernel::nat::masquerade`.
#[doc(hidden)]
#[macro_export]
macro_rules! this_function {
    () => {{
        fn here() {}
        let path = std::any::type_name_of_val(&here);
        path.strip_suffix("::here").unwrap_or(path).trim_end_matches("::{{closure}}")
    }};
}
