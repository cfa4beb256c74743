//! `cargo run -p xtask -- sample [--out DIR] [--check]`, `... docs [--check]` and `... lint`

use anyhow::{Context, Result, bail};
use std::io::Write;
use std::path::{Path, PathBuf};
use xtask::docs;
use xtask::lint;
use xtask::sample::{self, Artefact};

const USAGE: &str = "usage: cargo run -p xtask -- sample [--out DIR] [--check] | docs [--check] | lint";

fn main() -> Result<()> {
    let mut words = std::env::args().skip(1);
    match words.next().as_deref() {
        Some("sample") => sample_command(words),
        Some("docs") => docs_command(words.next().as_deref()),
        Some("lint") => lint_command(),
        _ => bail!("{USAGE}"),
    }
}

fn docs_command(word: Option<&str>) -> Result<()> {
    let check = match word {
        None => false,
        Some("--check") => true,
        Some(_) => bail!("{USAGE}"),
    };
    docs::update(&Path::new(env!("CARGO_MANIFEST_DIR")).join(".."), check)
}

fn lint_command() -> Result<()> {
    let findings = lint::check_house(&Path::new(env!("CARGO_MANIFEST_DIR")).join(".."))?;
    for finding in &findings {
        writeln!(std::io::stdout(), "{finding}")?;
    }
    anyhow::ensure!(findings.is_empty(), "{} places break the rules of the house", findings.len());
    Ok(())
}

fn sample_command(mut words: impl Iterator<Item = String>) -> Result<()> {
    let mut out = Path::new(env!("CARGO_MANIFEST_DIR")).join("../assets/sample");
    let mut check = false;
    while let Some(word) = words.next() {
        match word.as_str() {
            "--out" => out = PathBuf::from(words.next().context(USAGE)?),
            "--check" => check = true,
            _ => bail!("{USAGE}"),
        }
    }
    let artefacts = sample::artefacts()?;
    let total: usize = artefacts.iter().map(|a| a.bytes.len()).sum();
    let verdict = if check {
        compare(&artefacts, &out)?;
        "as made"
    } else {
        write(&artefacts, &out)?;
        "written"
    };
    writeln!(std::io::stdout(), "{} files, {total} bytes: {verdict}", artefacts.len())?;
    Ok(())
}

fn write(artefacts: &[Artefact], out: &Path) -> Result<()> {
    for artefact in artefacts {
        let path = out.join(&artefact.path);
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)
                .with_context(|| format!("could not make the folder {}", folder.display()))?;
        }
        std::fs::write(&path, &artefact.bytes).with_context(|| format!("could not write {}", path.display()))?;
    }
    Ok(())
}

fn compare(artefacts: &[Artefact], out: &Path) -> Result<()> {
    for artefact in artefacts {
        let path = out.join(&artefact.path);
        let committed = std::fs::read(&path).with_context(|| format!("could not read {}", path.display()))?;
        if committed != artefact.bytes {
            bail!(
                "the file differs from what the generator makes; run `cargo run -p xtask -- sample`: {}",
                path.display()
            );
        }
    }
    Ok(())
}
