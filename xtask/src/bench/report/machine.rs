//! What the figures were measured on, and when.

use std::fs::read_to_string;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::process::{self, output};

/// Between the dates of runs that were joined.
const AND: &str = " and ";

/// A machine at the time of a run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Machine {
    /// The processor's name.
    processor: String,
    processors: usize,
    memory_bytes: u64,
    /// The hypervisor, of a virtual machine.
    virtual_machine: Option<String>,
    kernel: String,
    system: String,
    rust: String,
    /// Root of the machine, or of a user namespace.
    context: String,
    /// When it began (UTC).
    date: String,
    /// The load average over a minute, before and after.
    load: [f64; 2],
}

impl Machine {
    /// This machine, now.
    pub(crate) fn here(context: &str) -> Self {
        let first = |file: &str, key: &str| first(&read_to_string(file).unwrap_or_default(), key);
        let command = |program: &str, arguments: &[&str]| {
            output(process::command(program).args(arguments)).unwrap_or_default().trim().to_owned()
        };
        let kibibytes =
            first("/proc/meminfo", "MemTotal").and_then(|text| text.split(' ').next()?.parse::<u64>().ok());
        Self {
            processor: first("/proc/cpuinfo", "model name").unwrap_or_else(|| std::env::consts::ARCH.into()),
            processors: std::thread::available_parallelism().map_or(1, usize::from),
            memory_bytes: kibibytes.unwrap_or_default() * 1024,
            virtual_machine: hypervisor(),
            kernel: command("uname", &["-r"]),
            system: system(&read_to_string("/etc/os-release").unwrap_or_default()),
            rust: command("rustc", &["--version"]),
            context: context.to_owned(),
            date: command("date", &["-u", "+%Y-%m-%d %H:%M"]),
            load: [load(), 0.0],
        }
    }

    /// The run has ended.
    pub(crate) fn ended(&mut self) {
        self.load[1] = load();
    }

    /// This and another run's, which must be of the same machine: both dates, and the larger of their load averages.
    pub(super) fn joined(&self, other: &Self) -> Option<Self> {
        let joined = Self {
            date: [self.date.as_str(), &other.date].join(AND),
            load: std::array::from_fn(|at| self.load[at].max(other.load[at])),
            ..self.clone()
        };
        let is_same = *self == Self { date: self.date.clone(), load: self.load, ..other.clone() };
        is_same.then_some(joined)
    }

    /// Whether one of the runs that were joined to this is among the other's, too.
    pub(super) fn shares_a_run_with(&self, other: &Self) -> bool {
        self.date.split(AND).any(|date| other.date.split(AND).any(|other| other == date))
    }

    /// One that nothing is known of but the time of its run.
    #[cfg(test)]
    pub(super) fn of(date: &str) -> Self {
        Self { date: date.into(), ..Self::default() }
    }

    /// Lines for the report: what, and its value.
    pub(crate) fn lines(&self) -> [(&'static str, String); 6] {
        let virtual_machine =
            self.virtual_machine.as_ref().map_or_else(String::new, |name| format!(", virtual ({name})"));
        let memory = self.memory_bytes as f64 / f64::from(1 << 30);
        let [before, after] = self.load;
        [
            ("When", format!("{} UTC", self.date)),
            ("Processor", format!("{} × {}{virtual_machine}", self.processors, self.processor)),
            ("Memory", format!("{memory:.0} GiB")),
            ("Kernel", format!("Linux {}, {}", self.kernel, self.system)),
            ("Compiler", self.rust.clone()),
            ("Run as", format!("{}; load average {before:.1} before, {after:.1} after", self.context)),
        ]
    }
}

/// The value of the first line `KEY : VALUE`.
fn first(text: &str, key: &str) -> Option<String> {
    let lines = text.lines().filter_map(|line| line.split_once(':'));
    lines.into_iter().find(|(name, _)| name.trim() == key).map(|(_, value)| value.trim().to_owned())
}

fn hypervisor() -> Option<String> {
    let name = output(process::command("systemd-detect-virt").arg("--vm")).unwrap_or_default();
    match name.trim() {
        "" | "none" => {
            let flags = read_to_string("/proc/cpuinfo").unwrap_or_default();
            let is_virtual =
                first(&flags, "flags").is_some_and(|flags| flags.split(' ').any(|flag| flag == "hypervisor"));
            is_virtual
                .then(|| if Path::new("/sys/hypervisor").exists() { "xen" } else { "hypervisor" }.to_owned())
        }
        name => Some(name.to_owned()),
    }
}

fn system(release: &str) -> String {
    let line = release.lines().find_map(|line| line.strip_prefix("PRETTY_NAME="));
    line.unwrap_or("unknown system").trim_matches('"').to_owned()
}

fn load() -> f64 {
    let text = read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').next().and_then(|number| number.parse().ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_on_the_same_machine_are_joined() {
        let at = |date: &str, load| Machine { load, ..Machine::of(date) };
        let (morning, noon) = (at("08:00", [0.5, 1.5]), at("12:00", [1.0, 1.0]));
        assert_eq!(morning.joined(&noon), Some(at("08:00 and 12:00", [1.0, 1.5])));
        let elsewhere = Machine { processors: 64, ..noon };
        assert_eq!(morning.joined(&elsewhere), None);
    }

    #[test]
    fn the_systems_files_are_read() {
        assert_eq!(
            first("a: 1\nmodel name\t: AMD EPYC\nmodel name\t: other\n", "model name").as_deref(),
            Some("AMD EPYC")
        );
        assert_eq!(system("ID=debian\nPRETTY_NAME=\"Debian 12\"\n"), "Debian 12");
        let here = Machine::here("root");
        assert!(
            here.processors > 0
                && here.memory_bytes > 0
                && !here.kernel.is_empty()
                && here.date.starts_with("20")
        );
    }
}
