//! Running other programs: where they are, how a command reads when it is announced, what its failure is called.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::time::Duration;

/// What has cargo optimise a release as one whole program.
pub(crate) const LTO: [(&str, &str); 2] =
    [("CARGO_PROFILE_RELEASE_LTO", "true"), ("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "1")];

/// Why a command of this program stops. The text is one sentence that also says what to do next.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The command line makes no sense: exit status 2.
    Usage(String),
    /// Something that was tried did not work: exit status 1.
    Failed(String),
}

impl From<lexopt::Error> for Failure {
    fn from(error: lexopt::Error) -> Self {
        Failure::Usage(error.to_string())
    }
}

pub(crate) type Result<T = ()> = std::result::Result<T, Failure>;

/// A failure with this text.
pub(crate) fn failed<T>(message: impl Into<String>) -> Result<T> {
    Err(Failure::Failed(message.into()))
}

/// Turns an I/O error into a failure that says what was being done.
pub(crate) fn doing(what: impl AsRef<str>) -> impl FnOnce(std::io::Error) -> Failure {
    move |error| Failure::Failed(format!("cannot {}: {error}", what.as_ref()))
}

/// The root of the repository.
pub(crate) fn root() -> PathBuf {
    let here = std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
    let here = PathBuf::from(here);
    here.parent().map_or_else(|| here.clone(), Path::to_path_buf)
}

/// Where cargo puts what it builds: `CARGO_TARGET_DIR`, or `target/`.
pub(crate) fn target_dir() -> PathBuf {
    let dir = std::env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into());
    root().join(dir)
}

/// The cargo that runs this program, started in the root of the repository.
pub(crate) fn cargo() -> Command {
    command(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

/// A command started in the root of the repository. It also sees `/usr/sbin` and `/sbin`, where `nft` lives and
/// where many an ordinary user's `PATH` does not look.
pub(crate) fn command(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    command.current_dir(root()).env("PATH", search_path());
    command
}

/// `PATH`, with the system administrator's directories behind it.
fn search_path() -> OsString {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut dirs: Vec<PathBuf> = std::env::split_paths(&path).collect();
    for dir in ["/usr/sbin", "/sbin"] {
        if !dirs.iter().any(|known| known == Path::new(dir)) {
            dirs.push(dir.into());
        }
    }
    std::env::join_paths(dirs).unwrap_or(path)
}

/// True if a program of this name can be started.
pub(crate) fn is_installed(program: &str) -> bool {
    std::env::split_paths(&search_path()).any(|dir| dir.join(program).is_file())
}

/// The command as a person would type it.
pub(crate) fn shown(command: &Command) -> String {
    let variables = command.get_envs().filter(|(name, _)| *name != "PATH" && *name != "LD_LIBRARY_PATH");
    let mut words: Vec<String> = variables
        .filter_map(|(name, value)| Some(format!("{}={}", name.to_string_lossy(), quoted(value?))))
        .collect();
    // Cargo is known by its full path here; its name says enough.
    let program = Path::new(command.get_program());
    words.push(quoted(program.file_name().unwrap_or(program.as_os_str())));
    words.extend(command.get_args().map(|argument| match Path::new(argument) {
        path if path.is_absolute() && path.file_name() == Some(OsStr::new("cargo")) => "cargo".into(),
        _ => quoted(argument),
    }));
    words.join(" ")
}

/// The word in single quotes, if a shell would not take it as it is.
fn quoted(word: &OsStr) -> String {
    let word = word.to_string_lossy();
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_=+.,:/@%~".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.into_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

/// Runs the command with this program's own output, and waits for it.
pub(crate) fn run(command: &mut Command) -> Result {
    let status = command.status().map_err(doing(format!("start `{}`", shown(command))))?;
    check(command, status)
}

/// An error that names the command, unless it ended well.
pub(crate) fn check(command: &Command, status: ExitStatus) -> Result {
    if status.success() { Ok(()) } else { failed(format!("`{}` failed ({status})", shown(command))) }
}

/// What the command writes to its standard output, if it can be started and ends well.
pub(crate) fn output(command: &mut Command) -> Option<String> {
    let output = command.stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

/// A duration as people say it: `4.2 s`, `3 min 07 s`.
pub(crate) fn seconds(duration: Duration) -> String {
    match duration.as_secs() {
        0..60 => format!("{:.1} s", duration.as_secs_f64()),
        whole => format!("{} min {:02} s", whole / 60, whole % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_shown_as_one_would_type_it() {
        let mut command = Command::new("/opt/rust/bin/cargo");
        command.args(["test", "a b", "it's", ""]).env("PATH", "/bin").env("CI", "1").env_remove("X");
        assert_eq!(shown(&command), r"CI=1 cargo test 'a b' 'it'\''s' ''");
    }

    #[test]
    fn durations_are_readable() {
        assert_eq!(seconds(Duration::from_millis(4230)), "4.2 s");
        assert_eq!(seconds(Duration::from_secs(187)), "3 min 07 s");
    }

    #[test]
    fn the_root_holds_the_workspace() {
        assert!(root().join("xtask/Cargo.toml").is_file());
    }
}
