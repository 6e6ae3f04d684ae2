//! Reading: whole and in parts, terse, one thing at a time, and letting counters start anew.

mod elements;
mod interrupted;
mod listing;
mod many_chains;
mod reset;
