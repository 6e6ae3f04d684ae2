//! `cargo xtask ci`: what every change must pass, cheapest first.

use std::time::Instant;

use crate::process::{self, Result, cargo, failed, output, seconds, shown};
use crate::{big_endian, instructions, kernels, setup, skips, test};

/// Runs each step, says how long it took, and stops at the first that fails.
pub(crate) fn run() -> Result {
    let start = Instant::now();
    step("set-up", set_up)?;
    step("format", || announced(cargo().args(["fmt", "--all", "--check"])))?;
    step("clippy, all features", || {
        let all = ["clippy", "--workspace", "--all-targets", "--all-features", "--", "-Dwarnings"];
        announced(cargo().args(all))
    })?;
    step("clippy, no default features", || {
        let none =
            ["clippy", "-p", "portcullis", "--no-default-features", "--all-targets", "--", "-Dwarnings"];
        announced(cargo().args(none))
    })?;
    step("documentation", || {
        let all = ["doc", "--no-deps", "--workspace", "--all-features"];
        announced(cargo().args(all).env("RUSTDOCFLAGS", "-Dwarnings"))
    })?;
    step("instructions", instructions::in_ci)?;
    step("test", || test::run(skips::Rule::Strict))?;
    step("big-endian", big_endian::run_where_possible)?;
    step("two other kernels", kernels::run_quick)?;
    println!("\nci: all well, in {}", seconds(start.elapsed()));
    Ok(())
}

/// The C libraries, and the parts of Rust that a minimal toolchain lacks.
fn set_up() -> Result {
    setup::libraries()?;
    let missing: Vec<&str> = [("fmt", "rustfmt"), ("clippy", "clippy")]
        .into_iter()
        .filter(|(command, _)| output(cargo().args([command, "--version"])).is_none())
        .map(|(_, component)| component)
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    if !process::is_installed("rustup") {
        return failed(format!("{} missing: install it and try again", missing.join(" and ")));
    }
    announced(process::command("rustup").args(["component", "add"]).args(missing))
}

/// Runs one step, with its name before and its duration behind.
fn step(name: &str, work: impl FnOnce() -> Result) -> Result {
    println!("\n==== ci: {name}");
    let start = Instant::now();
    let result = work();
    let end = if result.is_ok() { "passed" } else { "FAILED" };
    println!("==== ci: {name} {end} after {}", seconds(start.elapsed()));
    result
}

fn announced(command: &mut std::process::Command) -> Result {
    println!("$ {}", shown(command));
    process::run(command)
}
