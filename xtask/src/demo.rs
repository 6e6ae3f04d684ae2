//! `cargo xtask demo`: the library's main job before your eyes, from a fresh machine on.

use std::ffi::OsString;

use crate::process::{self, Result};
use crate::{namespace, setup};

/// Sets the system up, builds the examples (the demo starts others of them) and runs `examples/demo.rs`.
///
/// The development profile is the default: it is built once for the demo and the tests. A first argument `--release`
/// takes the other; the arguments behind it go to the demo.
pub(crate) fn run(mut arguments: Vec<OsString>) -> Result {
    let profile = if arguments.first().is_some_and(|first| first == "--release") {
        arguments.remove(0);
        Some("--release")
    } else {
        None
    };
    if arguments.first().is_some_and(|first| first == "--") {
        arguments.remove(0);
    }
    setup::libraries()?;
    namespace::check_privileged()?;
    process::run(process::cargo().args(["build", "--examples"]).args(profile))?;
    // Offline: all is built, and a namespace has no network.
    let mut demo = namespace::privileged(process::cargo().get_program());
    demo.args(["run", "--quiet", "--offline", "--example", "demo"]).args(profile);
    process::run(demo.arg("--").args(arguments))
}
