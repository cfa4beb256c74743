//! What the end-to-end tests share: where the program, the real data and the judges are.

pub mod screen;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The root of the workspace.
#[must_use]
pub fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

/// The program under test, built by the same `cargo test --workspace`.
///
/// # Panics
/// Where it was not built.
#[must_use]
pub fn limner_program() -> PathBuf {
    let here = std::env::current_exe().expect("a test has a path");
    let folder = here.ancestors().nth(2).expect("tests lie in target/PROFILE/deps");
    let program = folder.join(if cfg!(windows) { "limner.exe" } else { "limner" });
    assert!(program.is_file(), "{} is missing: run cargo test --workspace", program.display());
    program
}

/// Runs the program with its own home, so that no test sees another's settings.
///
/// # Panics
/// Where it cannot be started.
#[must_use]
pub fn limner(home: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(limner_program());
    with_home(&mut command, home).args(arguments).output().expect("limner starts")
}

/// Sets every folder a program may keep things in.
pub fn with_home<'a>(command: &'a mut Command, home: &Path) -> &'a mut Command {
    command.env("HOME", home).env("XDG_DATA_HOME", home.join("data")).env("XDG_CONFIG_HOME", home.join("config"))
}

/// The same, and it must succeed. The answer is stdout.
///
/// # Panics
/// Where the program fails; its messages are in the text.
#[must_use]
pub fn limner_ok(home: &Path, arguments: &[&str]) -> String {
    let output = limner(home, arguments);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "limner {arguments:?} ended with {}:\n{text}\n{errors}", output.status);
    text
}

/// The Python of a judge's environment, made by tests/judges/prepare.sh.
#[must_use]
pub fn judge_python(environment: &str) -> Option<PathBuf> {
    let home = std::env::var_os("LIMNER_JUDGES").map(PathBuf::from).or_else(|| {
        let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
        let cache = cache.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cache")));
        Some(cache?.join("limner/judges"))
    })?;
    let python = home.join(environment).join("bin/python");
    python.is_file().then_some(python)
}
