//! Host names of a world's own, for the demo and the tests.

use std::process::{Command, Output};

/// In a mount namespace of its own: `/etc/hosts` is the first argument, no name server is known, and nobody on the
/// machine outside can be asked. It goes with the program.
const SCRIPT: &str = r#"
    mount -t tmpfs tmpfs /run && printf '%s\n' "$1" > /run/hosts && mount --bind /run/hosts /etc/hosts || exit 99
    : > /run/resolv.conf; mount --bind /run/resolv.conf /etc/resolv.conf 2> /dev/null
    shift; exec "$@"
"#;

/// The command, for a program that knows the host names of `hosts` (in the format of `/etc/hosts`) and no others.
/// Needs `unshare` and `mount` of util-linux; see [`can_be_given`].
pub(crate) fn given(hosts: &str, command: &Command) -> Command {
    let mut given = Command::new("unshare");
    given.args(["--mount", "--propagation", "private", "sh", "-c", SCRIPT, "sh", hosts]);
    given.arg(command.get_program()).args(command.get_args());
    given
}

/// Whether [`given`] works here; run it in the host where the command will run.
pub(crate) fn can_be_given() -> bool {
    let probe: std::io::Result<Output> = given("127.0.0.1 localhost", &Command::new("true")).output();
    probe.is_ok_and(|output| output.status.success())
}
