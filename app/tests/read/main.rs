//! Reading, as a radiologist does it and as the panels show it: scripted sessions, the list of actions by accessible
//! label, every panel in three themes, and real series one by one. One program, because each links all of the window.

#![expect(clippy::unwrap_used, reason = "a test stops at the first thing that is not so")]

#[expect(dead_code, reason = "these suites need a part of what a hand can do")]
#[path = "../hand/mod.rs"]
mod hand;

mod basics;
mod brought;
mod films;
mod look;
mod real;
mod sessions;
mod solid;

use std::path::{Path, PathBuf};

/// The folder of real images, where there is one.
#[expect(clippy::print_stderr, reason = "a suite that does not run must say so in the transcript")]
fn data() -> Option<PathBuf> {
    let given = std::env::var_os("LIMNER_TEST_DATA").map(PathBuf::from);
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data");
    let folder = given.unwrap_or_else(beside);
    let found = folder.is_dir();
    if !found {
        eprintln!("real-data suites not run: 1");
    }
    found.then_some(folder)
}
