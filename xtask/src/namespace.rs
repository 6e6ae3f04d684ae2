//! Who runs this program, and may it have network namespaces of its own?
//!
//! The demo and the tests work in namespaces that they make. Root may make them; an ordinary user may inside a user
//! namespace, which `unshare` of util-linux gives, where the system allows it.

use std::ffi::OsStr;
use std::os::unix::fs::MetadataExt;
use std::process::{Command, Stdio};

use crate::process::{self, Result, failed};

/// Starts a program as root of a user namespace and a network namespace of its own.
const UNSHARE: [&str; 4] = ["unshare", "--user", "--map-root-user", "--net"];

/// The privilege under which tests run. Some kernel features are there for one only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Context {
    /// Root of the whole machine.
    Root,
    /// Root of a user namespace only, as an ordinary user can be.
    Userns,
}

impl Context {
    /// The names of all.
    pub(crate) const NAMES: [&str; 2] = ["root", "userns"];

    /// The name in `tests/expected-skips.txt`.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Context::Root => Context::NAMES[0],
            Context::Userns => Context::NAMES[1],
        }
    }

    /// The context of a program that is started directly.
    pub(crate) fn of_this_process() -> Context {
        let map = std::fs::read_to_string("/proc/self/uid_map").unwrap_or_default();
        if is_root() && maps_every_user(&map) { Context::Root } else { Context::Userns }
    }
}

/// True if this program runs as root, of the machine or of a container.
pub(crate) fn is_root() -> bool {
    std::fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0)
}

/// True for the `uid_map` of the initial user namespace.
fn maps_every_user(uid_map: &str) -> bool {
    uid_map.split_whitespace().eq(["0", "0", "4294967295"])
}

/// A command that runs `program` where it may make network namespaces: directly as root, else in a user namespace.
pub(crate) fn privileged(program: &OsStr) -> Command {
    if is_root() { process::command(program) } else { in_user_namespace(program) }
}

/// A command that runs `program` as root of a new user namespace, without a network.
pub(crate) fn in_user_namespace(program: &OsStr) -> Command {
    let mut command = process::command(UNSHARE[0]);
    command.args(&UNSHARE[1..]).arg(program);
    command
}

/// An error that says what to do, unless `privileged` works on this machine.
pub(crate) fn check_privileged() -> Result {
    if !is_root() {
        return check_user_namespace();
    }
    if !process::is_installed("unshare") {
        return Ok(());
    }
    match probe(&["unshare", "--net"]) {
        Ok(()) => Ok(()),
        Err(why) => failed(format!(
            "root may not make network namespaces here ({why}): if this is a container, start it with \
             --privileged or with the capabilities SYS_ADMIN and NET_ADMIN"
        )),
    }
}

/// An error that says what to do, unless `in_user_namespace` works on this machine.
pub(crate) fn check_user_namespace() -> Result {
    if !process::is_installed("unshare") {
        return failed("the program unshare is missing: install the package util-linux and try again");
    }
    match probe(&UNSHARE) {
        Ok(()) => Ok(()),
        Err(why) => {
            let setting = |path: &str| std::fs::read_to_string(path).ok()?.trim().parse().ok();
            let limits = Limits {
                clone: setting("/proc/sys/kernel/unprivileged_userns_clone"),
                most: setting("/proc/sys/user/max_user_namespaces"),
                apparmor: setting("/proc/sys/kernel/apparmor_restrict_unprivileged_userns"),
            };
            failed(limits.explain(&why))
        }
    }
}

/// Starts `true` behind this prefix; an error is the program's own complaint.
fn probe(prefix: &[&str]) -> std::result::Result<(), String> {
    let mut command = process::command(prefix[0]);
    let output = command.args(&prefix[1..]).arg("true").stdin(Stdio::null()).output();
    let output = output.map_err(|error| error.to_string())?;
    if output.status.success() {
        return Ok(());
    }
    Err(String::from_utf8_lossy(&output.stderr).trim().to_owned())
}

/// The system's settings that can refuse user namespaces to an ordinary user; `None` where there is no such setting.
#[derive(Clone, Copy, Debug, Default)]
struct Limits {
    clone: Option<u64>,
    most: Option<u64>,
    apparmor: Option<u64>,
}

impl Limits {
    /// One sentence on why user namespaces are refused and what to do.
    fn explain(self, complaint: &str) -> String {
        let (setting, command) = if self.clone == Some(0) {
            ("kernel.unprivileged_userns_clone is 0", "sudo sysctl -w kernel.unprivileged_userns_clone=1")
        } else if self.most == Some(0) {
            ("user.max_user_namespaces is 0", "sudo sysctl -w user.max_user_namespaces=10000")
        } else if self.apparmor.is_some_and(|value| value != 0) {
            (
                "AppArmor restricts them: kernel.apparmor_restrict_unprivileged_userns is not 0",
                "sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0",
            )
        } else {
            return format!(
                "this system refuses user namespaces ({complaint}), perhaps because this is a container or a chroot: run \
                 the same command as root, or outside"
            );
        };
        format!(
            "this system refuses user namespaces to ordinary users ({setting}): allow them with `{command}`, or run \
             the same command as root"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_initial_namespace_maps_every_user() {
        assert!(maps_every_user("         0          0 4294967295\n"));
        assert!(!maps_every_user("         0       1000          1\n"));
        assert!(!maps_every_user("0 1000 1\n1 100000 65536\n"));
        assert!(!maps_every_user(""));
    }

    #[test]
    fn a_refusal_names_the_setting_and_the_remedy() {
        let none = Limits::default();
        let clone = Limits { clone: Some(0), ..none }.explain("");
        assert!(clone.contains("unprivileged_userns_clone=1"), "{clone}");
        let most = Limits { clone: Some(1), most: Some(0), ..none }.explain("");
        assert!(most.contains("max_user_namespaces=10000"), "{most}");
        let apparmor = Limits { most: Some(5), apparmor: Some(1), ..none }.explain("");
        assert!(apparmor.contains("apparmor_restrict_unprivileged_userns=0"), "{apparmor}");
        let other = Limits { most: Some(5), ..none }.explain("Operation not permitted");
        assert!(other.contains("Operation not permitted") && other.contains("as root"), "{other}");
    }
}
