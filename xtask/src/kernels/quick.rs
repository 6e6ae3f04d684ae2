//! What CI runs: two kernels, and the tests that tell most about them.

use super::{PROGRAMS, image::Kernel, missing_programs};
use crate::namespace;
use crate::process::{self, Failure, Result, is_installed};

/// The oldest kernel and one in the middle.
pub(crate) const KERNELS: [&str; 2] = ["5.10", "6.12"];

/// The tests whose outcome depends on the kernel most (parts of names): what it can do and how it is asked, what it does
/// not know, modules that it loads in the middle of a batch, and the packets that CI's own kernel has no means for. A
/// whole run has all tests, and takes half an hour for each kernel.
const TESTS: [&str; 10] = [
    "autoload::",
    "bridge::",
    "chains::",
    "destroy::",
    "flowtables::",
    "objects::",
    "probe::",
    "targets::log",
    "targets::queue",
    "transactions::",
];

/// The words for the test program that choose the tests.
pub(crate) fn arguments() -> Vec<String> {
    TESTS.map(str::to_owned).to_vec()
}

/// Why the kernels cannot be run here; `None` if they can. Installs what is missing where that is possible, and
/// fetches the kernels.
pub(crate) fn obstacle() -> Result<Option<String>> {
    if !is_installed("apt-get") {
        return Ok(Some("the kernels are Debian's, and there is no apt-get here".into()));
    }
    let missing = missing_programs();
    if !missing.is_empty() && namespace::is_root() {
        let packages =
            PROGRAMS.iter().filter(|(program, _)| missing.contains(program)).map(|(_, package)| package);
        let mut install = process::command("apt-get");
        install.args(["install", "-y", "-qq", "--no-install-recommends"]).args(packages);
        install.env("DEBIAN_FRONTEND", "noninteractive");
        println!("$ {}", process::shown(&install));
        if let Err(Failure::Failed(why) | Failure::Usage(why)) = process::run(&mut install) {
            println!("{why}");
        }
    }
    let missing = missing_programs();
    if !missing.is_empty() {
        return Ok(Some(format!("missing: {}", missing.join(", "))));
    }
    let cache = super::cache()?;
    for version in KERNELS {
        if let Err(Failure::Failed(why) | Failure::Usage(why)) = Kernel::get(version, &cache) {
            return Ok(Some(format!("Linux {version} cannot be had: {why}")));
        }
    }
    Ok(None)
}
