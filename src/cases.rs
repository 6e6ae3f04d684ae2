//! How often property tests try.

use proptest::test_runner::Config;

/// As many cases as a test wants, unless `PROPTEST_CASES` says how many this machine bears: an emulated one is slow.
pub(crate) fn cases(wanted: u32) -> Config {
    let default = Config::default();
    let cases = if std::env::var_os("PROPTEST_CASES").is_some() { default.cases } else { wanted };
    Config { cases, failure_persistence: None, ..default }
}
