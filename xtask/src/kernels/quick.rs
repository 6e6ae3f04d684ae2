//! What CI runs: two kernels, and the tests without the heaviest.

use super::{PROGRAMS, image::Kernel, missing_programs};
use crate::namespace;
use crate::process::{self, Failure, Result, is_installed};

/// The oldest kernel and one in the middle.
pub(crate) const KERNELS: [&str; 2] = ["5.10", "6.12"];

/// Tests that take longest (parts of names): two thirds of the time. They load hundreds of rulesets with other programs,
/// or hundreds of thousands of rules and elements; what they prove of a kernel others prove with less, and a whole run
/// has them.
pub(crate) const HEAVY: [&str; 11] = [
    "blocklist::two_hundred_thousand",
    "classic::targets_are_admitted",
    "faults::killed::",
    "faults::size::fifty_thousand",
    "fidelity::",
    "oracle::verdicts::",
    "print::rules::",
    "reading::elements::a_set_that_still_grows",
    "typed_sets::bulk::a_million",
    "typed_sets::bulk::two_hundred",
    "use_cases::",
];

/// The words for the test program that leave the heavy tests out.
pub(crate) fn arguments() -> Vec<String> {
    HEAVY.iter().flat_map(|name| ["--skip", name]).map(str::to_owned).collect()
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
