//! The work of `parts`, for `cargo xtask instructions` to count instructions in.
//!
//! `--list` prints each part's name and how many pieces are worked on at a time; `NAME TIMES` works so often. What is
//! done before is the same however often, so the difference of two counts is the work's alone.

#[path = "../../parts/work.rs"]
mod work;

use std::process::ExitCode;

use work::WORKS;

const COUNT: u32 = 1_000;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["--list"] => WORKS.iter().for_each(|work| println!("{} {COUNT}", work.name)),
        [name, times] => {
            let (Some(work), Ok(times)) =
                (WORKS.iter().find(|work| work.name == *name), times.parse::<u32>())
            else {
                eprintln!("there is no part {name:?}, or {times:?} is no number; --list prints the parts");
                return ExitCode::from(2);
            };
            let mut run = (work.prepare)(COUNT);
            (0..times).for_each(|_| run());
        }
        _ => println!("instructions are counted by `cargo xtask instructions`"),
    }
    ExitCode::SUCCESS
}
