//! The size check of the house, and the habits a compiler does not look after.
//!
//! Quality is lost in the tail: one file that grows past everyone's patience. So the limits are hard, and an
//! exception carries its reason in the source.

mod source;

use anyhow::{Context, Result};
use source::Source;
use std::fmt;
use std::path::{Path, PathBuf};

/// A file has fewer lines than this, its tests not counted.
pub const FILE_LINES: usize = 500;
/// A function body has at most this many lines of code; clippy.toml says the same.
pub const FUNCTION_LINES: usize = 60;

/// Where our own source lies, below the root of the repository.
const FOLDERS: [&str; 7] = ["app", "imaging", "render", "segmentation", "annotation", "tests", "xtask"];
const SKIPPED: [&str; 2] = ["target", ".git"];

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    pub path: PathBuf,
    pub line: usize,
    pub what: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{}:{}: {}", self.path.display(), self.line, self.what)
    }
}

/// Everything that breaks a rule in the Rust and WGSL files of the house, in the order of their paths.
pub fn check_house(root: &Path) -> Result<Vec<Finding>> {
    let folders = FOLDERS.map(|name| root.join(name));
    let present: Vec<&PathBuf> = folders.iter().filter(|folder| folder.is_dir()).collect();
    anyhow::ensure!(!present.is_empty(), "none of our folders is here: {}", root.display());
    let mut findings = Vec::new();
    for folder in present {
        findings.extend(check_folder(folder)?);
    }
    Ok(findings)
}

pub fn check_folder(folder: &Path) -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    for path in files_under(folder)? {
        let text = std::fs::read_to_string(&path).with_context(|| format!("could not read {}", path.display()))?;
        findings.extend(check_text(&path, &text));
    }
    Ok(findings)
}

fn files_under(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        let entries = std::fs::read_dir(&folder).with_context(|| format!("could not list {}", folder.display()))?;
        for entry in entries {
            let entry = entry?;
            let path = entry.path();
            let kind = entry.file_type()?;
            if kind.is_dir() && !SKIPPED.iter().any(|name| path.ends_with(name)) {
                folders.push(path);
            } else if kind.is_file() && path.extension().is_some_and(|e| e == "rs" || e == "wgsl") {
                files.push(path);
            }
        }
    }
    files.sort();
    Ok(files)
}

/// The rules for one file.
pub fn check_text(path: &Path, text: &str) -> Vec<Finding> {
    let source = Source::new(text);
    let rust = path.extension().is_some_and(|e| e == "rs");
    let mut found: Vec<(usize, String)> = Vec::new();
    found.extend(owners(&source));
    if rust {
        found.extend(head(text));
        found.extend(attributes(&source));
    }
    // Tests may be as long as what they test needs.
    if !path.components().any(|part| part.as_os_str() == "tests") {
        found.extend(length(&source, text));
        if rust {
            found.extend(functions(&source, text));
        }
    }
    found.sort();
    found.into_iter().map(|(line, what)| Finding { path: path.to_path_buf(), line, what }).collect()
}

fn head(text: &str) -> Option<(usize, String)> {
    let first = text.lines().find(|line| !line.trim().is_empty())?;
    (!first.starts_with("//!"))
        .then(|| (1, "start the file with a //! comment: why it is there, what must hold".into()))
}

fn length(source: &Source, text: &str) -> Option<(usize, String)> {
    let in_tests: usize = source.test_blocks().into_iter().map(|block| source.code[block].lines().count()).sum();
    let lines = text.lines().count() - in_tests.min(text.lines().count());
    let advice = format!("{lines} lines without tests; keep a file under {FILE_LINES}: split it by what it does");
    (lines >= FILE_LINES).then_some((1, advice))
}

/// Bodies counted as clippy counts them: lines that hold code.
fn functions(source: &Source, text: &str) -> Vec<(usize, String)> {
    let tests = source.test_blocks();
    let lines: Vec<&str> = text.lines().collect();
    let mut found = Vec::new();
    for (at, _) in source.code.match_indices("fn ") {
        let starts_word = !source.code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_');
        let name: String =
            source.code[at + 3..].trim_start().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
        if !starts_word || name.is_empty() || tests.iter().any(|block| block.contains(&at)) {
            continue;
        }
        let Some(open) = body_of(source, at) else { continue };
        let body = &source.code[open + 1..source.end_of_block(open).saturating_sub(1).max(open + 1)];
        let count = body.lines().filter(|line| !line.trim().is_empty()).count();
        let line = source.line_of(at);
        if count > FUNCTION_LINES && !is_excepted(&lines, line) {
            found.push((line, format!("{name} has {count} lines; keep a function under {FUNCTION_LINES}")));
        }
    }
    found
}

/// Where the body of the function at `at` opens; `None` for a declaration without one.
fn body_of(source: &Source, at: usize) -> Option<usize> {
    let mut n = at;
    while n < source.code.len() {
        match source.code.as_bytes()[n] {
            b'{' => return Some(n),
            b';' => return None,
            b'(' | b'[' => n = source.end_of_block(n),
            _ => n += 1,
        }
    }
    None
}

/// Whether the attributes above a function say that it may be long.
fn is_excepted(lines: &[&str], line: usize) -> bool {
    let above = lines[..line - 1].iter().rev();
    above
        .take_while(|text| {
            let text = text.trim();
            !text.is_empty() && !text.ends_with('}') && !text.ends_with(';')
        })
        .any(|text| text.contains("too_many_lines"))
}

/// What is left to do names who will do it: `TODO(name)`.
fn owners(source: &Source) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for (n, line) in source.comments.lines().enumerate() {
        for mark in ["TODO", "FIXME", "XXX"] {
            let is_word = |at: usize| {
                let around = [line[..at].chars().next_back(), line[at + mark.len()..].chars().next()];
                around.iter().flatten().all(|c| !c.is_alphanumeric() && *c != '_')
            };
            let owned = |at: usize| {
                let after = &line[at + mark.len()..];
                after.starts_with('(') && after.find(')').is_some_and(|end| end > 1)
            };
            if line.match_indices(mark).any(|(at, _)| is_word(at) && !owned(at)) {
                found.push((n + 1, format!("{mark} without an owner: write {mark}(name), or do it")));
            }
        }
    }
    found
}

/// Lints are switched off by `#[expect(.., reason = "..")]` and by nothing else.
fn attributes(source: &Source) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for (at, _) in source.code.match_indices('#') {
        let after = source.code[at + 1..].trim_start_matches('!');
        if !after.starts_with('[') {
            continue;
        }
        let open = source.code.len() - after.len();
        let attribute = &source.code[open..source.end_of_block(open)];
        let names =
            |word: &str| attribute.match_indices(word).any(|(n, _)| attribute[..n].ends_with(['[', '(', ',', ' ']));
        if names("allow(") {
            found.push((source.line_of(at), "allow hides a lint for ever: use expect with a reason".into()));
        } else if names("expect(") && !attribute.contains("reason") {
            found.push((source.line_of(at), "expect without a reason".into()));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "//! Why.\n";

    fn check(text: &str) -> Vec<String> {
        let findings = check_text(Path::new("app/src/a.rs"), text);
        findings.iter().map(|f| format!("{}: {}", f.line, f.what)).collect()
    }

    #[test]
    fn a_plain_file_passes_and_one_without_a_head_does_not() {
        assert!(check(&format!("{HEAD}fn f() {{}}\n")).is_empty());
        assert_eq!(check("fn f() {}\n").len(), 1);
    }

    #[test]
    fn lines_are_counted_without_tests() {
        let filler = "const A: u8 = 0;\n";
        let tests = format!("#[cfg(test)]\nmod tests {{\n{}}}\n", filler.repeat(400));
        assert!(check(&format!("{HEAD}{}{tests}", filler.repeat(498))).is_empty());
        assert!(check(&format!("{HEAD}{}{tests}", filler.repeat(499)))[0].contains("500 lines"));
        assert!(check_text(Path::new("app/tests/a.rs"), &format!("{HEAD}{}", filler.repeat(900))).is_empty());
    }

    #[test]
    fn functions_are_counted_as_clippy_counts_them() {
        let body =
            |lines: usize| format!("fn f(a: [u8; 2])\nwhere\n{{\n{}}}\n", "    // no\n\n    g();\n".repeat(lines));
        assert!(check(&format!("{HEAD}{}", body(60))).is_empty());
        assert_eq!(check(&format!("{HEAD}{}", body(61))), ["2: f has 61 lines; keep a function under 60"]);
        let excepted = "#[expect(clippy::too_many_lines, reason = \"a table\")]\n";
        assert!(check(&format!("{HEAD}{excepted}{}", body(61))).is_empty());
        let declared = format!("{HEAD}trait T {{\n    fn f(&self);\n}}\n{}", "const A: u8 = 0;\n".repeat(70));
        assert!(check(&declared).is_empty());
    }

    #[test]
    fn a_todo_has_an_owner_and_counts_only_in_comments() {
        let text = format!("{HEAD}// TODO(ada): later\nconst A: &str = \"TODO\";\nconst TODO_LIST: u8 = 0;\n");
        assert!(check(&text).is_empty());
        assert_eq!(check(&format!("{HEAD}// TODO: later\n/* FIXME */\n")).len(), 2);
        assert_eq!(check(&format!("{HEAD}// TODO(): later\n")).len(), 1);
    }

    #[test]
    fn lints_are_switched_off_with_a_reason_only() {
        let with = |line: &str| check(&format!("{HEAD}{line}\nfn f() {{}}\n")).len();
        assert_eq!(with("#[allow(dead_code)]"), 1);
        assert_eq!(with("#![allow(dead_code)]"), 1);
        assert_eq!(with("#[cfg_attr(test, allow(dead_code))]"), 1);
        assert_eq!(with("#[expect(dead_code)]"), 1);
        assert_eq!(with("#[expect(dead_code, reason = \"why\")]"), 0);
        assert_eq!(with("// #[allow(dead_code)]"), 0);
    }

    #[test]
    fn this_crate_keeps_its_own_rules() {
        let findings = check_folder(Path::new(env!("CARGO_MANIFEST_DIR"))).unwrap();
        assert!(findings.is_empty(), "{findings:#?}");
    }
}
