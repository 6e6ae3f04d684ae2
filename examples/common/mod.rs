//! What the examples share: the options that they all have, and how they end.
#![allow(dead_code, reason = "not every example uses everything")]

pub(crate) mod listing;

use std::{fmt::Display, process::ExitCode};

use lexopt::Arg;
use portcullis::{
    Error, Family, ForwardingError, Invalid, Netfilter, Rule, Ruleset, Table, Transaction,
    language::matches::Icmpv6Type,
};

/// Why an example does not do its work.
pub(crate) enum Failure {
    /// `--help`.
    Help,
    /// The command line makes no sense.
    Usage(String),
    /// What was tried did not work.
    Failed(String),
}

pub(crate) type Result<T = ()> = std::result::Result<T, Failure>;

/// Does the work and turns its end into an exit code: 0 done, 1 it did not work, 2 the command line is wrong.
pub(crate) fn run(name: &str, help: &str, work: impl FnOnce(lexopt::Parser) -> Result) -> ExitCode {
    match work(lexopt::Parser::from_env()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure::Help) => {
            println!("{help}");
            ExitCode::SUCCESS
        }
        Err(Failure::Usage(problem)) => {
            eprintln!("{name}: {problem}\n\n{help}");
            ExitCode::from(2)
        }
        Err(Failure::Failed(problem)) => {
            eprintln!("{name}: {problem}");
            ExitCode::FAILURE
        }
    }
}

impl From<lexopt::Error> for Failure {
    fn from(error: lexopt::Error) -> Self {
        Self::Usage(error.to_string())
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Failed(error.to_string())
    }
}

impl From<Invalid> for Failure {
    fn from(error: Invalid) -> Self {
        Self::Failed(error.to_string())
    }
}

impl From<ForwardingError> for Failure {
    fn from(error: ForwardingError) -> Self {
        Self::Failed(error.to_string())
    }
}

/// The options that all examples have.
#[derive(Default)]
pub(crate) struct Mode {
    /// `--dry-run`: say what would be done, and touch nothing.
    pub(crate) dry_run: bool,
    /// `--revert`: take the example's table away again.
    pub(crate) revert: bool,
}

impl Mode {
    /// Takes an option that the example itself does not know.
    pub(crate) fn take(&mut self, argument: Arg<'_>) -> Result {
        match argument {
            Arg::Long("dry-run") => self.dry_run = true,
            Arg::Long("revert") => self.revert = true,
            Arg::Long("help") | Arg::Short('h') => return Err(Failure::Help),
            other => return Err(other.unexpected().into()),
        }
        Ok(())
    }

    /// Puts the table in the place of the one that an earlier run left, in one transaction: packets see the old rules
    /// or the new ones, never half of them.
    pub(crate) fn apply(&self, table: Table) -> Result {
        let listing = listing::listing(&table);
        let ruleset = Ruleset::new().table(table);
        if self.dry_run {
            println!("would put in place, in one transaction:\n\n{listing}");
            return check(&ruleset.transaction());
        }
        Netfilter::open()?.apply(&ruleset)?;
        println!("in place:\n\n{listing}");
        Ok(())
    }

    /// Takes the table away, if it is there.
    pub(crate) fn remove(&self, name: &str) -> Result {
        let table = Table::new(Family::Inet, name);
        let mut transaction = Transaction::new();
        transaction.remove_table(&table);
        if self.dry_run {
            println!("would take away table inet {name}, if it is there\n");
            return check(&transaction);
        }
        Netfilter::open()?.commit(&transaction)?;
        println!("table inet {name} is gone");
        Ok(())
    }
}

/// Has the kernel validate a transaction without carrying it out, where this program may ask.
pub(crate) fn check(transaction: &Transaction) -> Result {
    match Netfilter::open().and_then(|mut netfilter| netfilter.check(transaction)) {
        Ok(()) => println!("the kernel would accept this; nothing was changed"),
        Err(Error::Permission { .. }) => {
            println!("nothing was changed; without CAP_NET_ADMIN the kernel could not be asked about this");
        }
        Err(error) => return Err(error.into()),
    }
    Ok(())
}

/// What IPv6 cannot do without on any link: neighbour discovery, and telling switches which groups one listens to.
/// IPv4's counterpart, ARP, does not pass through such chains.
pub(crate) fn ipv6_housekeeping() -> Rule {
    let types = [
        Icmpv6Type::MLD_LISTENER_QUERY,
        Icmpv6Type::MLD_LISTENER_REPORT,
        Icmpv6Type::MLD_LISTENER_DONE,
        Icmpv6Type::MLD2_LISTENER_REPORT,
        Icmpv6Type::ROUTER_SOLICITATION,
        Icmpv6Type::ROUTER_ADVERTISEMENT,
        Icmpv6Type::NEIGHBOUR_SOLICITATION,
        Icmpv6Type::NEIGHBOUR_ADVERTISEMENT,
        Icmpv6Type::REDIRECT,
    ];
    Rule::new().icmpv6_type(types).counter().accept().comment("IPv6 neighbour discovery")
}

/// `a, b, c`, cut where it gets too long for a rule's comment.
pub(crate) fn enumerate<T: Display>(values: impl IntoIterator<Item = T>) -> String {
    const ROOM: usize = 60;

    let mut values = values.into_iter();
    let mut text = String::new();
    while let Some(value) = values.next() {
        let value = value.to_string();
        if !text.is_empty() && text.len() + value.len() > ROOM {
            return format!("{text} and {} more", values.count() + 1);
        }
        let comma = if text.is_empty() { "" } else { ", " };
        text = format!("{text}{comma}{value}");
    }
    text
}
