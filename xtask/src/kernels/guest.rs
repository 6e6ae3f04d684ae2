//! One boot of a kernel: the tests run as its first process's child, and what they say is read as it comes.
//!
//! The guest has no disk and no network. Its first serial port carries the kernel's messages and the tests' standard
//! error to a file, its second one the tests' results to this program.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::cpio::Archive;
use super::image::Kernel;
use super::payload::Payload;
use crate::process::{self, Result, doing};
use crate::test::Counts;

/// The guest's processors: two tests at once, as this emulation has hardly use for more.
const PROCESSORS: &str = "2";
const MEMORY: &str = "2048";
/// How many times longer than elsewhere tests wait for what must come (`PORTCULLIS_PATIENCE`).
const PATIENCE: &str = "6";
/// How long boot and tests may take together.
const LIMIT: Duration = Duration::from_secs(60 * 60);

/// No time stamp counter: it counts the host's ticks, and a busy host makes the guest measure it ten times too slow.
const COMMAND_LINE: &str = "console=ttyS0 loglevel=5 panic=-1 oops=panic nokaslr mitigations=off tsc=unstable \
                            clocksource=hpet apicpmtimer no_timer_check";

/// Every line of the guest that is no test's begins with this.
const MARK: &str = "guest: ";

const INIT: &str = r#"#!/bin/busybox sh
export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root
/bin/busybox --install -s /bin 2> /dev/null
/bin/busybox mount -t proc proc /proc
for type in sysfs:/sys devtmpfs:/dev tmpfs:/run; do /bin/busybox mount -t ${type%:*} none ${type#*:}; done
mkdir -p /dev/pts /dev/shm /var; ln -s /run /var/run
/bin/busybox mount -t devpts none /dev/pts; /bin/busybox mount -t tmpfs none /dev/shm
/bin/busybox mount -t cgroup2 none /sys/fs/cgroup; mkdir /sys/fs/cgroup/system.slice
/bin/busybox ip link set lo up
# So that what rules log in the tests' namespaces is seen.
modprobe nf_log_syslog 2> /dev/null; echo 1 > /proc/sys/net/netfilter/nf_log_all_netns
# The kernel patches its own code where the first hook of a kind comes and where the last one goes, and qemu 7.2 was seen
# to run what it had translated before, and to die of it. So one of each stays.
hold() { nft "add table $1 hold; add chain $1 hold $2 { type filter hook $2 $3 priority 0; }" 2> /dev/null; }
for hook in prerouting input forward output postrouting; do hold inet $hook; hold bridge $hook; done
for hook in input output; do hold arp $hook; done
for hook in ingress egress; do hold netdev $hook "device lo"; done
stty -F /dev/ttyS1 raw -echo
exec > /dev/ttyS1 < /dev/null
read up rest < /proc/uptime; echo "guest: up $(uname -r) after $up s"
sh /command; status=$?
if [ -e /skips ]; then while read -r line; do echo "guest: skip $line"; done < /skips; fi
if [ -e /features ]; then while read -r line; do echo "guest: feature $line"; done < /features; fi
echo "guest: status $status"
/bin/busybox reboot -f
"#;

/// What came of one boot.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    /// `uname -r`.
    pub(crate) release: String,
    pub(crate) counts: Counts,
    /// How many tests were asked for.
    pub(crate) asked: usize,
    /// Lines `test: reason`.
    pub(crate) skipped: String,
    /// Lines `feature: answer`, with `# group` before each group.
    pub(crate) features: Vec<String>,
    /// What each test took, in seconds.
    pub(crate) durations: Vec<(String, f64)>,
    /// The test program's exit status; none where the guest died or the time was up.
    pub(crate) status: Option<i32>,
    pub(crate) took: Duration,
    /// How many tests never came to an end: the guest died, or the time was up.
    pub(crate) unfinished: usize,
}

/// How a kernel ends when one emulated processor meets the breakpoint that another has just taken away again: kernels patch
/// their own code by way of `int3`, and qemu 7.2 now and then runs what it had translated before.
const LOST_BREAKPOINT: &str = "int3: 0000 [#1]";
const BOOTS: usize = 3;

/// Boots the kernel, runs the tests, and shows what they say. The same goes to the file `said`. Where the emulator itself
/// killed the kernel, that is said, and all is done again.
pub(crate) fn run(
    kernel: &Kernel,
    payload: &Payload,
    arguments: &[String],
    log: &Path,
    said: &Path,
) -> Result<Outcome> {
    let mut boots = 1;
    loop {
        let outcome = boot(kernel, payload, arguments, log, said)?;
        if outcome.status.is_some() || boots == BOOTS || !has_lost_breakpoint(log)? {
            return Ok(outcome);
        }
        boots += 1;
        println!(
            "the emulator lost a breakpoint, and the kernel died of it: boot {boots} of at most {BOOTS}"
        );
    }
}

fn has_lost_breakpoint(log: &Path) -> Result<bool> {
    let messages = std::fs::read(log).map_err(doing(format!("read {}", log.display())))?;
    Ok(String::from_utf8_lossy(&messages).contains(LOST_BREAKPOINT))
}

fn boot(
    kernel: &Kernel,
    payload: &Payload,
    arguments: &[String],
    log: &Path,
    said: &Path,
) -> Result<Outcome> {
    let saving = || doing(format!("write {}", said.display()));
    let mut said = std::fs::File::create(said).map_err(saving())?;
    let initrd = log.with_extension("initrd");
    write_initrd(kernel, payload, arguments, &initrd)?;
    let start = Instant::now();
    let mut qemu = qemu(kernel, &initrd, log);
    let mut child = qemu.spawn().map_err(doing("start qemu-system-x86_64 (package qemu-system-x86)"))?;
    let mut outcome = Outcome::default();
    if let Some(stdout) = child.stdout.take() {
        let mut stdout = BufReader::new(stdout);
        let mut line = Vec::new();
        while stdout.read_until(b'\n', &mut line).map_err(doing("read what the guest says"))? > 0 {
            let text = String::from_utf8_lossy(&line);
            if !outcome.add(text.trim_end()) {
                println!("{}", text.trim_end());
            }
            said.write_all(&line).map_err(saving())?;
            line.clear();
        }
    }
    child.wait().map_err(doing("wait for qemu"))?;
    let whole = if outcome.status.is_some() { 0 } else { payload.names.len() };
    for line in [
        format!("{MARK}took {}", start.elapsed().as_secs()),
        format!("{MARK}unfinished {}", whole.saturating_sub(outcome.counts.ended)),
    ] {
        outcome.add(&line);
        writeln!(said, "{line}").map_err(saving())?;
    }
    let _ = std::fs::remove_file(&initrd);
    Ok(outcome)
}

fn qemu(kernel: &Kernel, initrd: &Path, log: &Path) -> Command {
    let mut command = process::command("timeout");
    command.args(["-k", "5"]).arg(LIMIT.as_secs().to_string());
    // Without cmpxchg16b: qemu 7.2 now and then leaves wrong flags behind it, and the kernel's allocator uses it.
    command.args(["qemu-system-x86_64", "-accel", "tcg,thread=multi", "-cpu", "Nehalem,-cx16"]);
    command.args(["-smp", PROCESSORS, "-m", MEMORY, "-nodefaults", "-display", "none", "-no-reboot"]);
    command.arg("-kernel").arg(&kernel.image).arg("-initrd").arg(initrd);
    command.args(["-append", COMMAND_LINE]);
    command.arg("-serial").arg(format!("file:{}", log.display())).args(["-serial", "stdio"]);
    command.stdin(Stdio::null()).stdout(Stdio::piped());
    command
}

/// Writes the guest's file system: its modules, the payload, and what to start.
fn write_initrd(kernel: &Kernel, payload: &Payload, arguments: &[String], to: &Path) -> Result {
    let mut archive = Archive::default();
    for directory in ["proc", "sys", "dev", "run", "tmp", "root", "etc", "sbin"] {
        archive.directory(directory);
    }
    archive.file("/init", 0o755, INIT.as_bytes());
    archive.file("/command", 0o644, script(payload, arguments).as_bytes());
    archive.file("/etc/hosts", 0o644, b"127.0.0.1 localhost\n::1 localhost\n");
    archive.file("/etc/resolv.conf", 0o644, b"");
    archive.link("/sbin/modprobe", "/usr/bin/kmod");
    let mut bytes = std::fs::read(&kernel.modules).map_err(doing("read the kernel's modules"))?;
    bytes.extend(&payload.archive);
    bytes.extend(archive.finish());
    std::fs::write(to, bytes).map_err(doing(format!("write {}", to.display())))
}

/// What the guest runs.
fn script(payload: &Payload, arguments: &[String]) -> String {
    let quoted = |path: &PathBuf| format!("'{}'", path.display());
    let mut script = format!(
        // The last one lets the harness take its unstable options.
        "cd '{}'\nexport PORTCULLIS_SKIPS=/skips PORTCULLIS_PATIENCE={PATIENCE} PORTCULLIS_OWN_KERNEL=1 RUSTC_BOOTSTRAP=1\n",
        process::root().display()
    );
    if let Some(probe) = &payload.probe {
        script += &format!("{} --format plain > /features\n", quoted(probe));
    }
    // What a test takes decides about what CI can run; to say so is an unstable option of the harness.
    let options = format!("--color=never --test-threads={PROCESSORS} -Zunstable-options --report-time");
    script += &format!("{} {options}", quoted(&payload.tests));
    for argument in arguments {
        script += &format!(" '{}'", argument.replace('\'', r"'\''"));
    }
    script + "\n"
}

impl Outcome {
    /// What came of an earlier boot, from what it said.
    pub(crate) fn read(said: &str) -> Outcome {
        let mut outcome = Outcome::default();
        said.lines().for_each(|line| _ = outcome.add(line));
        outcome
    }

    /// Takes one line of the guest's; true if it is for this program, and not for people.
    fn add(&mut self, line: &str) -> bool {
        let Some(word) = line.strip_prefix(MARK) else {
            // `test a::b ... ok <0.123s>`
            let timed = line.strip_suffix("s>").and_then(|line| line.rsplit_once(" <"));
            let (line, time) = timed.map_or((line, None), |(line, time)| (line, time.parse().ok()));
            let name = line.strip_prefix("test ").and_then(|line| line.split(" ... ").next());
            self.durations.extend(name.zip(time).map(|(name, time)| (name.to_owned(), time)));
            self.counts.add(line);
            let asked = line.strip_prefix("running ").and_then(|line| line.split(' ').next()?.parse().ok());
            self.asked = asked.unwrap_or(self.asked);
            return false;
        };
        match word.split_once(' ') {
            Some(("skip", skip)) => {
                self.skipped += skip;
                self.skipped.push('\n');
            }
            Some(("feature", feature)) => self.features.push(feature.to_owned()),
            Some(("status", status)) => self.status = status.parse().ok(),
            Some(("up", up)) => self.release = up.split(' ').next().unwrap_or_default().to_owned(),
            Some(("took", took)) => self.took = Duration::from_secs(took.parse().unwrap_or(0)),
            Some(("unfinished", count)) => self.unfinished = count.parse().unwrap_or(0),
            _ => return false,
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guests_lines_are_told_apart() {
        let outcome = Outcome::read(
            &[
                "guest: up 5.10.0-cloud-amd64 after 3.2 s",
                "test a::b ... FAILED",
                "guest: skip kernel::a: no `x`",
                "guest: feature set catch-all: no",
                "running 4 tests",
                "guest: status 101",
                "test a::c ... ok <1.500s>",
                "guest: took 61",
                "guest: unfinished 3",
            ]
            .join("\n"),
        );
        assert_eq!(outcome.status, Some(101));
        assert_eq!(outcome.skipped, "kernel::a: no `x`\n");
        assert_eq!(outcome.features, ["set catch-all: no"]);
        assert_eq!((outcome.release.as_str(), outcome.took.as_secs()), ("5.10.0-cloud-amd64", 61));
        assert_eq!((outcome.unfinished, outcome.counts.ended), (3, 2));
        assert_eq!(outcome.asked, 4);
        assert_eq!(outcome.durations, [("a::c".to_owned(), 1.5)]);
        assert!(outcome.counts.failures.contains("a::b"));
    }
}
