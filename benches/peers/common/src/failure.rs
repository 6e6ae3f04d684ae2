//! Why a round has no time.

use std::error::Error;
use std::fmt::{self, Display, Formatter};
use std::process::ExitCode;

/// What a step of a contender gives.
pub type Result<T, E = Failure> = std::result::Result<T, E>;

/// Why a round has no time.
#[derive(Debug)]
pub enum Failure {
    /// The library has no means for this workload: one sentence that says which part is missing.
    Missing(&'static str),
    /// The library, or what it was given to do, failed: in its own words.
    Failed(Box<dyn Error>),
}

impl Failure {
    /// 3 says "no means", 1 says "failed".
    pub(crate) fn status(&self) -> ExitCode {
        match self {
            Failure::Missing(_) => ExitCode::from(3),
            Failure::Failed(_) => ExitCode::FAILURE,
        }
    }
}

impl<E: Into<Box<dyn Error>>> From<E> for Failure {
    fn from(error: E) -> Self {
        Failure::Failed(error.into())
    }
}

/// The error and, behind colons, its causes: many libraries keep the telling part there.
impl Display for Failure {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let error = match self {
            Failure::Missing(part) => return f.write_str(part),
            Failure::Failed(error) => error,
        };
        let mut said = error.to_string();
        f.write_str(&said)?;
        let mut cause = error.source();
        while let Some(error) = cause {
            let text = error.to_string();
            // Some errors repeat their cause in their own text.
            if !said.contains(&text) {
                write!(f, ": {text}")?;
            }
            said = text;
            cause = error.source();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn causes_are_shown_once() {
        let failure = Failure::from("the kernel refused it");
        assert_eq!(failure.to_string(), "the kernel refused it");
        assert_eq!(Failure::Missing("no sets").to_string(), "no sets");
    }
}
