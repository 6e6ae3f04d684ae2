//! `cargo xtask big-endian`: the tests that need no kernel, on a big-endian machine, an s390x, in user-mode emulation.
//!
//! The C side comes from Debian's archive (cross compiler, qemu, and libnftnl, libmnl and libc of s390x), unpacked
//! under `target/big-endian` and not installed. Remove that directory to have it fetched anew.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use crate::archive::{self, Archive};
use crate::process::{self, Failure, Result, cargo, command, doing, failed, output, seconds, shown};

const TARGET: &str = "s390x-unknown-linux-gnu";
/// Debian's names of that machine, of the suite whose libraries are taken, and of what compiles and runs here.
const ARCHITECTURE: &str = "s390x";
const SUITE: &str = "bookworm";
const TOOLS: [&str; 2] = ["gcc-s390x-linux-gnu", "qemu-user-static"];
/// Where its assembler and linker are if they are installed: then they were not unpacked, where the compiler looks.
const INSTALLED: &str = "/usr/s390x-linux-gnu/bin/";
const LIBRARIES: [&str; 3] = ["libc6-dev", "libmnl-dev", "libnftnl-dev"];

/// Unit, golden, codec and property tests, with libnftnl as judge.
const TESTS: [&str; 9] =
    ["test", "--locked", "-p", "portcullis", "--all-features", "--lib", "--test", "codec", "--target"];
/// Property tests try this often: a build without optimisation, emulated, is some fifty times slower.
const CASES: &str = "24";

/// Left out: they try so much that they take many minutes in emulation.
const SLOW: [&str; 2] = ["no_byte_can_be_changed_unseen", "every_expression_reads_as_libnftnl_says_it"];

/// Sees to it that all is there, builds the tests, and runs them.
pub(crate) fn run() -> Result {
    Machine::get()?.test()
}

/// The same for CI: where the machine cannot be had, that is said and no failure.
pub(crate) fn run_where_possible() -> Result {
    match Machine::get() {
        Ok(machine) => machine.test(),
        Err(Failure::Failed(why) | Failure::Usage(why)) => {
            println!(
                "SKIPPED, so this machine has not proved that the library is right on big-endian ones: {why}"
            );
            Ok(())
        }
    }
}

/// A compiler for the machine, an emulator of it, and its libraries.
struct Machine {
    linker: PathBuf,
    emulator: PathBuf,
    libraries: PathBuf,
    build: PathBuf,
}

impl Machine {
    /// Fetches what is not there yet.
    fn get() -> Result<Machine> {
        let place = process::target_dir().join("big-endian");
        archive::check_apt()?;
        add_target()?;
        std::fs::create_dir_all(&place).map_err(doing(format!("make {}", place.display())))?;
        let (tools, libraries) = (place.join("tools"), place.join("libraries"));
        if !tools.is_dir() {
            Archive::of_this_system()?.unpack_with_needs(&TOOLS, &tools)?;
        }
        if !libraries.is_dir() {
            let archive = Archive::of_suite(SUITE, ARCHITECTURE, &place.join("apt"))?;
            archive.unpack_with_needs(&LIBRARIES, &libraries)?;
        }
        let linker = place.join("cc");
        let compiler = program(&tools, "s390x-linux-gnu-gcc");
        let needed = std::env::join_paths(archive::library_dirs(&tools)).unwrap_or_default();
        let text = format!(
            "#!/bin/sh\nLD_LIBRARY_PATH={} exec {} -B{INSTALLED} --sysroot={} \"$@\"\n",
            needed.to_string_lossy(),
            compiler.display(),
            libraries.display()
        );
        write_program(&linker, &text)?;
        let emulator = program(&tools, "qemu-s390x-static");
        Ok(Machine { linker, emulator, libraries, build: place.join("build") })
    }

    /// Builds the tests, then runs them.
    fn test(&self) -> Result {
        let start = Instant::now();
        let mut build = self.cargo();
        build.args(TESTS).args([TARGET, "--no-run"]);
        println!("$ {}", shown(&build));
        process::run(&mut build)?;
        println!("built for {TARGET} after {}", seconds(start.elapsed()));
        let start = Instant::now();
        let mut test = self.cargo();
        test.args(TESTS).args([TARGET, "--"]).env("PROPTEST_CASES", CASES);
        for name in SLOW {
            test.args(["--skip", name]);
        }
        process::run(&mut test)?;
        println!("all well on a big-endian machine, in {}", seconds(start.elapsed()));
        Ok(())
    }

    /// A cargo that builds for the machine and runs what it built in the emulator.
    fn cargo(&self) -> Command {
        let mut cargo = cargo();
        let upper = TARGET.to_uppercase().replace('-', "_");
        let lower = TARGET.replace('-', "_");
        let runner = format!("{} -L {}", self.emulator.display(), self.libraries.display());
        let descriptions = self.libraries.join("usr/lib/s390x-linux-gnu/pkgconfig");
        cargo.env("CARGO_TARGET_DIR", &self.build);
        cargo.env(format!("CARGO_TARGET_{upper}_LINKER"), &self.linker);
        cargo.env(format!("CARGO_TARGET_{upper}_RUNNER"), runner);
        // For the build scripts of dependencies.
        cargo.env(format!("CC_{lower}"), &self.linker);
        cargo.env(format!("PKG_CONFIG_ALLOW_CROSS_{lower}"), "1");
        cargo.env(format!("PKG_CONFIG_LIBDIR_{lower}"), descriptions);
        cargo.env(format!("PKG_CONFIG_SYSROOT_DIR_{lower}"), &self.libraries);
        cargo
    }
}

/// An unpacked program, or the system's own where it is installed: then nothing was unpacked.
fn program(tools: &Path, name: &str) -> PathBuf {
    let unpacked = tools.join("usr/bin").join(name);
    if unpacked.is_file() { unpacked } else { name.into() }
}

fn write_program(file: &Path, text: &str) -> Result {
    use std::os::unix::fs::PermissionsExt;
    std::fs::write(file, text).map_err(doing(format!("write {}", file.display())))?;
    let mode = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(file, mode).map_err(doing(format!("make {} a program", file.display())))
}

/// Rust's standard library for the machine, which rustup has.
fn add_target() -> Result {
    if has_target() {
        return Ok(());
    }
    if process::is_installed("rustup") {
        let mut add = command("rustup");
        println!("adding Rust's standard library with: {}", shown(add.args(["target", "add", TARGET])));
        return process::run(&mut add);
    }
    failed(format!(
        "this Rust has no standard library for {TARGET}, and rustup is not here to add it: install it and try again"
    ))
}

fn has_target() -> bool {
    let print = ["--print", "target-libdir", "--target", TARGET];
    output(command("rustc").args(print)).is_some_and(|dir| Path::new(dir.trim()).is_dir())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_unpacked_is_the_systems() {
        assert_eq!(program(Path::new("/nowhere"), "qemu-s390x-static"), Path::new("qemu-s390x-static"));
    }

    #[test]
    fn cargo_is_told_the_machines_compiler_and_emulator() {
        let at = |name: &str| PathBuf::from("/t").join(name);
        let machine = Machine {
            linker: at("cc"),
            emulator: at("qemu"),
            libraries: at("libraries"),
            build: at("build"),
        };
        let said = shown(&machine.cargo());
        assert!(
            said.contains("CARGO_TARGET_S390X_UNKNOWN_LINUX_GNU_RUNNER='/t/qemu -L /t/libraries'"),
            "{said}"
        );
        assert!(said.contains("CARGO_TARGET_S390X_UNKNOWN_LINUX_GNU_LINKER=/t/cc"), "{said}");
    }
}
