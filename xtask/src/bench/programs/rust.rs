//! Contenders in Rust.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use super::build_dir;
use crate::bench::contender::OURS;
use crate::process::{self, cargo, output, shown};

/// Builds a crate, all alike whatever their own manifests say, and gives the program that cargo says it made.
pub(super) fn build(dir: &Path) -> Result<PathBuf, String> {
    let mut command = cargo();
    command.args([
        "build",
        "--release",
        "--locked",
        "--message-format=json-render-diagnostics",
        "--manifest-path",
    ]);
    command.arg(dir.join("Cargo.toml")).arg("--target-dir").arg(build_dir()).envs(process::LTO);
    eprintln!("$ {}", shown(&command));
    let output = command.stderr(Stdio::inherit()).output().map_err(|error| format!("cargo: {error}"))?;
    if !output.status.success() {
        return Err(format!("{} does not build; the reason is above", dir.display()));
    }
    let text = String::from_utf8_lossy(&output.stdout);
    executable(&text).ok_or_else(|| format!("{} has no program", dir.display()))
}

/// The program in cargo's messages, of which the last is the crate itself.
fn executable(messages: &str) -> Option<PathBuf> {
    messages.lines().rev().find_map(|line| {
        let message: serde_json::Value = serde_json::from_str(line).ok()?;
        message.get("executable")?.as_str().map(PathBuf::from)
    })
}

/// The version of the library that a contender stands for, as its lock file says; of ours, the commit.
pub(super) fn version(dir: &Path, name: &str) -> String {
    if name == OURS {
        let commit =
            output(process::command("git").args(["describe", "--always", "--dirty"])).unwrap_or_default();
        return format!("{} ({})", env!("CARGO_PKG_VERSION"), commit.trim());
    }
    let lock = std::fs::read_to_string(dir.join("Cargo.lock")).unwrap_or_default();
    let names: &[&str] = if name == "nftnl" { &["nftnl", "mnl"] } else { &[name] };
    locked_versions(&lock, names).join(", ")
}

/// `NAME VERSION` of each of these packages that a `Cargo.lock` has.
fn locked_versions(lock: &str, names: &[&str]) -> Vec<String> {
    let version = |name: &&str| {
        let head = format!("name = \"{name}\"\nversion = \"");
        let (_, rest) = lock.split_once(&head)?;
        Some(format!("{name} {}", rest.split('"').next()?))
    };
    names.iter().filter_map(version).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_from_lock_files() {
        let lock = "[[package]]\nname = \"mnl\"\nversion = \"0.3.1\"\n\n[[package]]\nname = \"nftnl\"\nversion = \"0.9.4\"\n";
        assert_eq!(locked_versions(lock, &["nftnl", "mnl", "nlink"]), ["nftnl 0.9.4", "mnl 0.3.1"]);
    }

    #[test]
    fn cargo_says_which_program_it_made() {
        let messages = "{\"reason\":\"compiler-artifact\",\"executable\":null}\n\
                        {\"reason\":\"compiler-artifact\",\"executable\":\"/t/release/x\"}\n{\"reason\":\"build-finished\"}";
        assert_eq!(executable(messages), Some(PathBuf::from("/t/release/x")));
        assert_eq!(executable(""), None);
    }
}
