//! The command line.

use std::path::PathBuf;

use lexopt::{
    Arg::{Long, Short, Value},
    ValueExt,
};
use portcullis::Hook;

use crate::common::{Failure, Result};

/// What is to be done.
pub(crate) struct Options {
    /// The lists; `-` is standard input. None: the counters are shown.
    pub(crate) files: Vec<PathBuf>,
    /// Where packets are looked at.
    pub(crate) hooks: Vec<Hook>,
    /// Whether IPv4's set is filled.
    pub(crate) v4: bool,
    /// Whether IPv6's set is filled.
    pub(crate) v6: bool,
    /// Every entry counts.
    pub(crate) counters: bool,
    /// Only the difference is sent.
    pub(crate) update: bool,
    /// There are spare sets, whether the kernel needs them or not.
    pub(crate) spare: bool,
    /// Everything is taken away.
    pub(crate) remove: bool,
    /// Nothing is said.
    pub(crate) quiet: bool,
    /// Nothing is changed.
    pub(crate) dry_run: bool,
}

impl Options {
    pub(crate) fn of(mut arguments: lexopt::Parser) -> Result<Self> {
        let mut options = Self {
            files: Vec::new(),
            hooks: Vec::new(),
            v4: true,
            v6: true,
            counters: false,
            update: false,
            spare: false,
            remove: false,
            quiet: false,
            dry_run: false,
        };
        while let Some(argument) = arguments.next()? {
            match argument {
                Long("hook") => {
                    let hook = hook(&arguments.value()?.string()?)?;
                    if !options.hooks.contains(&hook) {
                        options.hooks.push(hook);
                    }
                }
                Long("family") => (options.v4, options.v6) = family(&arguments.value()?.string()?)?,
                Long("counters") => options.counters = true,
                Long("update") => options.update = true,
                Long("spare") => options.spare = true,
                // As the other examples call it.
                Long("remove" | "revert") => options.remove = true,
                Long("quiet") | Short('q') => options.quiet = true,
                Long("dry-run") => options.dry_run = true,
                Long("help") | Short('h') => return Err(Failure::Help),
                Value(file) => options.files.push(file.into()),
                other => return Err(other.unexpected().into()),
            }
        }
        options.check()?;
        if options.hooks.is_empty() {
            options.hooks = vec![Hook::Input, Hook::Forward];
        }
        Ok(options)
    }

    fn check(&self) -> Result {
        let for_lists = !self.hooks.is_empty() || self.update || !(self.v4 && self.v6);
        let problem = match self.files.is_empty() {
            true if self.remove && (for_lists || self.counters) => "--remove takes everything away",
            true if !self.remove && !self.counters => "give at least one FILE, or - for standard input",
            true if for_lists => "--counters shows what is there; give a FILE to load",
            false if self.remove => "--remove takes no FILE",
            false if self.files.iter().filter(|file| file.as_os_str() == "-").count() > 1 => {
                "standard input can be read once only"
            }
            _ => return Ok(()),
        };
        Err(Failure::Usage(problem.to_owned()))
    }
}

fn hook(word: &str) -> Result<Hook> {
    Ok(match word {
        "prerouting" => Hook::Prerouting,
        "input" => Hook::Input,
        "forward" => Hook::Forward,
        "output" => Hook::Output,
        other => {
            let problem = format!("--hook: \"{other}\" is none of prerouting, input, forward, output");
            return Err(Failure::Usage(problem));
        }
    })
}

/// Whether IPv4 and IPv6 are meant.
fn family(word: &str) -> Result<(bool, bool)> {
    match word {
        "ipv4" | "ip" | "4" => Ok((true, false)),
        "ipv6" | "ip6" | "6" => Ok((false, true)),
        other => Err(Failure::Usage(format!("--family: \"{other}\" is neither ipv4 nor ipv6"))),
    }
}
