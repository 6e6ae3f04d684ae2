//! Starts a round, and ends one that takes too long.

use std::io::{Read, Write};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;

use super::ROUND;
use super::job::{Job, Outcome, complaint};
use crate::namespace;

/// What a whole round may take, what it begins with and the counting included.
const PATIENCE: Duration = Duration::from_secs(60);

/// Does a job in a process of its own, which makes a namespace of its own.
pub(crate) fn run(job: &Job) -> Outcome {
    let program = match std::env::current_exe() {
        Ok(program) => program,
        Err(error) => return Outcome::failed(format!("this program does not know where it is: {error}")),
    };
    let mut command = namespace::privileged(program.as_os_str());
    command.arg(ROUND);
    watch(&mut command, job, PATIENCE)
        .unwrap_or_else(|error| Outcome::failed(format!("a round cannot be run: {error}")))
}

/// Runs the command in a process group of its own, which is killed when patience ends.
fn watch(command: &mut Command, job: &Job, patience: Duration) -> std::io::Result<Outcome> {
    let pipes = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = pipes.process_group(0).spawn()?;
    let text = serde_json::to_string(job)?;
    if let Some(mut stdin) = child.stdin.take() {
        // A round that ended already says why on its standard error.
        let _ = stdin.write_all(text.as_bytes());
    }
    let start = Instant::now();
    let answers = [child.stdout.take().map(reader), child.stderr.take().map(reader)];
    let ended = loop {
        if child.try_wait()?.is_some() {
            break true;
        }
        if start.elapsed() > patience {
            kill(&mut child)?;
            break false;
        }
        std::thread::sleep(Duration::from_millis(2));
    };
    let [stdout, stderr] =
        answers.map(|answer| answer.and_then(|thread| thread.join().ok()).unwrap_or_default());
    if !ended {
        return Ok(Outcome::failed(format!("not done after {} s", patience.as_secs())));
    }
    Ok(serde_json::from_slice(&stdout).unwrap_or_else(|_| Outcome::failed(complaint(&stderr))))
}

/// Reads to the end, beside everything else.
fn reader(mut pipe: impl Read + Send + 'static) -> std::thread::JoinHandle<Vec<u8>> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        let _ = pipe.read_to_end(&mut bytes);
        bytes
    })
}

fn kill(child: &mut Child) -> std::io::Result<()> {
    if let Ok(group) = i32::try_from(child.id()) {
        let _ = killpg(Pid::from_raw(group), Signal::SIGKILL);
    }
    child.wait().map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str, patience: Duration) -> Outcome {
        let mut command = Command::new("sh");
        watch(command.arg("-c").arg(script), &Job::default(), patience).expect("a shell can be started")
    }

    #[test]
    fn a_round_that_takes_too_long_is_ended_with_all_that_it_started() {
        let start = Instant::now();
        let outcome = shell("sleep 20 & sleep 20", Duration::from_millis(50));
        assert_eq!(outcome.error.as_deref(), Some("not done after 0 s"));
        assert!(start.elapsed() < Duration::from_secs(10));
    }

    #[test]
    fn the_answer_is_read_and_a_complaint_too() {
        let answer = shell(
            "cat > /dev/null; echo '{\"samples\":[1.5],\"peak_bytes\":4,\"error\":null,\"is_missing\":false}'",
            PATIENCE,
        );
        assert_eq!((answer.samples.as_slice(), answer.peak_bytes), ([1.5].as_slice(), 4));
        assert_eq!(shell("echo no namespace >&2; exit 1", PATIENCE).error.as_deref(), Some("no namespace"));
    }
}
