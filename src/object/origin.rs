//! Where in the caller's program an object comes from.

use std::{fmt, hash, panic::Location};

/// The caller's source line; what an error names.
///
/// Two objects are equal whatever their origins.
#[derive(Clone, Copy)]
pub struct Origin {
    location: &'static Location<'static>,
}

impl Origin {
    /// The caller's line.
    #[track_caller]
    pub fn here() -> Self {
        Self { location: Location::caller() }
    }

    /// The source line.
    pub fn location(&self) -> &'static Location<'static> {
        self.location
    }
}

impl PartialEq for Origin {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Origin {}

impl hash::Hash for Origin {
    fn hash<H: hash::Hasher>(&self, _: &mut H) {}
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.location.file(), self.location.line())
    }
}

impl fmt::Debug for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
