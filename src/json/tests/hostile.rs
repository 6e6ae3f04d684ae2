//! Documents that are wrong.
