//! `limner` with a command does it and ends; without one it opens the window.

use limner::{cli, window};
use std::process::ExitCode;

fn main() -> ExitCode {
    match cli::run() {
        Ok(code) => code,
        Err(start) => window::run(&start),
    }
}
