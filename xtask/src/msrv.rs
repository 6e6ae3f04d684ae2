//! `cargo xtask msrv`: does the library build with the Rust that `rust-version` promises?
//!
//! That toolchain comes from rustup if it has it, else from Debian's archive (package `rustc-web`), unpacked under
//! `target/` and not installed: the machine's own toolchain stays as it is.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

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
                program.env("LD_LIBRARY_PATH", library_path(dir));
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

/// The directories of unpacked packages that hold libraries (`usr/lib/x86_64-linux-gnu`, `lib/…`).
fn library_path(dir: &Path) -> OsString {
    let parents = ["usr/lib", "lib"].map(|parent| dir.join(parent));
    let entries = parents.iter().filter_map(|parent| std::fs::read_dir(parent).ok()).flatten().flatten();
    let libraries = entries.filter(|entry| entry.file_name().to_string_lossy().contains("-linux-"));
    std::env::join_paths(libraries.map(|entry| entry.path())).unwrap_or_default()
}

/// Fetches Debian's packages of this version and of what they need beyond this system, and unpacks them into `dir`.
fn fetch(version: &str, dir: &Path) -> Result {
    let by_hand = format!("install it with `rustup toolchain install {version}` and try again");
    if !process::is_installed("apt-get") || !process::is_installed("dpkg") {
        return failed(format!("there is no Rust {version} here: {by_hand}"));
    }
    let list = output(command("apt-cache").args(["madison", "rustc-web"])).unwrap_or_default();
    let Some(exact) = archive_version(&list, version) else {
        return failed(format!(
            "this system's package lists have no rustc-web {version}: refresh them with `apt-get update`, or {by_hand}"
        ));
    };
    let partial = dir.with_extension("partial");
    let debs = partial.join("debs");
    // Left behind by a fetch that broke off; it need not be there.
    let _ = std::fs::remove_dir_all(&partial);
    std::fs::create_dir_all(debs.join("partial")).map_err(doing(format!("make {}", debs.display())))?;

    // To download only needs no lock and no root, and takes what the packages depend on, too.
    let mut apt = command("apt-get");
    apt.args(["install", "--download-only", "-y", "-q", "--no-install-recommends"]);
    apt.args(["-o", "Debug::NoLocking=1", "-o", "APT::Sandbox::User="]);
    apt.arg("-o").arg(format!("Dir::Cache::archives={}", debs.display()));
    apt.args(["rustc-web", "cargo-web", "libstd-rust-web-dev"].map(|package| format!("{package}={exact}")));
    apt.arg(format!("libstd-rust-web-{version}={exact}")).stdin(Stdio::null());
    println!("fetching Rust {version} with: {}", shown(&apt));
    process::run(&mut apt)?;

    let packages = std::fs::read_dir(&debs).map_err(doing(format!("read {}", debs.display())))?;
    for package in packages.flatten().map(|entry| entry.path()) {
        if package.extension().is_some_and(|extension| extension == "deb") {
            process::run(command("dpkg").arg("--extract").arg(&package).arg(&partial))?;
        }
    }
    std::fs::remove_dir_all(&debs).map_err(doing(format!("remove {}", debs.display())))?;
    std::fs::rename(&partial, dir).map_err(doing(format!("rename {}", partial.display())))
}

/// The full version of the archive's package, from `apt-cache madison` (`rustc-web | 1.85.0+dfsg3-1 | …`).
fn archive_version<'a>(madison: &'a str, version: &str) -> Option<&'a str> {
    let versions = madison.lines().filter_map(|line| line.split('|').nth(1));
    versions.map(str::trim).find(|full| full.strip_prefix(version).is_some_and(|rest| rest.starts_with('.')))
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
        let list = " rustc-web | 1.96.0+dfsg1-1~deb12u2 | http://x bookworm-security/main amd64 Packages\n \
                    rustc-web | 1.85.0+dfsg3-1~deb12u3 | http://x bookworm/main amd64 Packages\n";
        assert_eq!(archive_version(list, "1.85"), Some("1.85.0+dfsg3-1~deb12u3"));
        assert_eq!(archive_version(list, "1.8"), None);
        assert_eq!(archive_version("", "1.85"), None);
    }

    #[test]
    fn rustup_is_asked_first() {
        let list = "stable-x86_64-unknown-linux-gnu (active, default)\n1.85.1-x86_64-unknown-linux-gnu\n";
        assert_eq!(rustup_toolchain(list, "1.85"), Some("1.85.1-x86_64-unknown-linux-gnu"));
        assert_eq!(rustup_toolchain(list, "1.8"), None);
        assert_eq!(rustup_toolchain("no installed toolchains\n", "1.85"), None);
    }
}
