//! `cargo xtask msrv`: does the library build with the Rust that `rust-version` promises?
//!
//! That toolchain comes from rustup if it has it, else from Debian's archive (package `rustc-web`), unpacked under
//! `target/` and not installed: the machine's own toolchain stays as it is.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use crate::archive::{self, Archive};
use crate::process::{self, Result, command, doing, failed, output, seconds, shown};
use crate::setup;

/// What must build: the library and its C side, with all features and with none.
const CHECKS: [&[&str]; 2] = [
    &["check", "--locked", "-p", "portcullis", "-p", "portcullis-sys", "--all-features", "--lib"],
    &["check", "--locked", "-p", "portcullis", "--no-default-features", "--lib"],
];

/// Finds or fetches the old toolchain and checks the library with it, in a target directory of its own.
pub(crate) fn run() -> Result {
    setup::libraries()?;
    let version = promised()?;
    let toolchain = Toolchain::get(&version)?;
    println!("checking with {}", toolchain.describe()?);
    for check in CHECKS {
        let start = Instant::now();
        let mut cargo = toolchain.cargo();
        cargo.args(check).env("CARGO_TARGET_DIR", process::target_dir().join(format!("msrv-{version}")));
        if process::run(&mut cargo).is_err() {
            return failed(format!(
                "`cargo {}` failed with Rust {version}, which rust-version promises: the compiler's reason is above",
                check.join(" ")
            ));
        }
        println!("cargo {} passed after {}", check.join(" "), seconds(start.elapsed()));
    }
    println!("the library builds with Rust {version}");
    Ok(())
}

/// The `rust-version` of the workspace.
fn promised() -> Result<String> {
    let file = process::root().join("Cargo.toml");
    let text = std::fs::read_to_string(&file).map_err(doing(format!("read {}", file.display())))?;
    match rust_version(&text) {
        Some(version) => Ok(version.to_owned()),
        None => failed("Cargo.toml has no line `rust-version = \"1.85\"`: add it under [workspace.package]"),
    }
}

fn rust_version(manifest: &str) -> Option<&str> {
    let value = manifest
        .lines()
        .find_map(|line| line.trim().strip_prefix("rust-version")?.trim().strip_prefix('='))?;
    value.trim().strip_prefix('"')?.split('"').next()
}

/// An old Rust, ready to run.
enum Toolchain {
    /// One that rustup has, by its name.
    Rustup(String),
    /// One that was unpacked into this directory.
    Unpacked(PathBuf),
}

impl Toolchain {
    /// The toolchain of this version (`1.85`): rustup's, else one unpacked before, else the archive's.
    fn get(version: &str) -> Result<Toolchain> {
        let list = output(command("rustup").args(["toolchain", "list"])).unwrap_or_default();
        if let Some(name) = rustup_toolchain(&list, version) {
            return Ok(Toolchain::Rustup(name.to_owned()));
        }
        let dir = process::target_dir().join(format!("rust-{version}"));
        if !dir.is_dir() {
            fetch(version, &dir)?;
        }
        Ok(Toolchain::Unpacked(dir))
    }

    fn cargo(&self) -> Command {
        match self {
            Toolchain::Rustup(name) => {
                let mut rustup = command("rustup");
                rustup.args(["run", name, "cargo"]).env_remove("CARGO").env_remove("RUSTUP_TOOLCHAIN");
                rustup
            }
            Toolchain::Unpacked(dir) => {
                let mut cargo = self.program("cargo");
                cargo.env("RUSTC", dir.join("usr/bin/rustc")).env("RUSTDOC", dir.join("usr/bin/rustdoc"));
                cargo.env_remove("CARGO").env_remove("RUSTUP_TOOLCHAIN");
                cargo
            }
        }
    }

    /// What the compiler says of itself.
    fn describe(&self) -> Result<String> {
        let mut rustc = self.program("rustc");
        match output(rustc.arg("--version")) {
            Some(version) => Ok(version.trim().to_owned()),
            None => failed(format!("`{} --version` failed: remove {}", shown(&rustc), self.place())),
        }
    }

    fn program(&self, name: &str) -> Command {
        match self {
            Toolchain::Rustup(toolchain) => {
                let mut rustup = command("rustup");
                rustup.args(["run", toolchain, name]);
                rustup
            }
            Toolchain::Unpacked(dir) => {
                let mut program = command(dir.join("usr/bin").join(name));
                program.env(
                    "LD_LIBRARY_PATH",
                    std::env::join_paths(archive::library_dirs(dir)).unwrap_or_default(),
                );
                program
            }
        }
    }

    fn place(&self) -> String {
        match self {
            Toolchain::Rustup(name) => format!("rustup's toolchain {name} and install it again"),
            Toolchain::Unpacked(dir) => format!("{} and try again", dir.display()),
        }
    }
}

/// The name of rustup's toolchain of this version: `1.85-x86_64-…`, `1.85.1-x86_64-…`.
fn rustup_toolchain<'a>(list: &'a str, version: &str) -> Option<&'a str> {
    let names = list.lines().filter_map(|line| line.split_whitespace().next());
    names.into_iter().find(|name| {
        name.strip_prefix(version).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '-']))
    })
}

/// Fetches Debian's packages of this version and of what they need beyond this system, and unpacks them into `dir`.
fn fetch(version: &str, dir: &Path) -> Result {
    let by_hand = format!("install it with `rustup toolchain install {version}` and try again");
    if archive::check_apt().is_err() {
        return failed(format!("there is no Rust {version} here: {by_hand}"));
    }
    let archive = Archive::of_this_system()?;
    let Some(exact) = archive_version(archive.versions("rustc-web"), version) else {
        return failed(format!(
            "this system's package lists have no rustc-web {version}: refresh them with `apt-get update`, or {by_hand}"
        ));
    };
    let mut packages = ["rustc-web", "cargo-web", "libstd-rust-web-dev"]
        .map(|package| format!("{package}={exact}"))
        .to_vec();
    packages.push(format!("libstd-rust-web-{version}={exact}"));
    let packages: Vec<&str> = packages.iter().map(String::as_str).collect();
    archive.unpack_with_needs(&packages, dir)
}

/// The full version of the archive's package (`1.85.0+dfsg3-1`).
fn archive_version(versions: Vec<String>, version: &str) -> Option<String> {
    versions.into_iter().find(|full| full.strip_prefix(version).is_some_and(|rest| rest.starts_with('.')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_promise_is_read_from_the_manifest() {
        let manifest = "[workspace.package]\nedition = \"2024\"\nrust-version = \"1.85\" # why\n";
        assert_eq!(rust_version(manifest), Some("1.85"));
        assert_eq!(rust_version("rust-version.workspace = true"), None);
        assert!(promised().is_ok());
    }

    #[test]
    fn the_archive_is_asked_for_the_exact_version() {
        let list = || vec!["1.96.0+dfsg1-1~deb12u2".to_owned(), "1.85.0+dfsg3-1~deb12u3".to_owned()];
        assert_eq!(archive_version(list(), "1.85").as_deref(), Some("1.85.0+dfsg3-1~deb12u3"));
        assert_eq!(archive_version(list(), "1.8"), None);
        assert_eq!(archive_version(Vec::new(), "1.85"), None);
    }

    #[test]
    fn rustup_is_asked_first() {
        let list = "stable-x86_64-unknown-linux-gnu (active, default)\n1.85.1-x86_64-unknown-linux-gnu\n";
        assert_eq!(rustup_toolchain(list, "1.85"), Some("1.85.1-x86_64-unknown-linux-gnu"));
        assert_eq!(rustup_toolchain(list, "1.8"), None);
        assert_eq!(rustup_toolchain("no installed toolchains\n", "1.85"), None);
    }
}
