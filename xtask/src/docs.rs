//! Tables in the documentation that the program itself knows better: they are made from its lists, never typed.
//!
//! A table stands between two marks, `<!-- NAME: begin -->` and `<!-- NAME: end -->`, in any of the files below.

use anyhow::{Context as _, Result, bail};
use std::path::Path;

/// A table: the name in its marks, and what makes it.
struct Table {
    name: &'static str,
    make: fn() -> String,
}

const TABLES: &[Table] = &[Table { name: "formats", make: limner_imaging::formats::markdown_table }];

/// The files that may hold tables.
const FILES: &[&str] = &["README.md"];

/// Writes every table anew; with `check`, says instead which file is stale.
pub fn update(root: &Path, check: bool) -> Result<()> {
    for name in FILES {
        let path = root.join(name);
        let old = std::fs::read_to_string(&path).with_context(|| format!("could not read {}", path.display()))?;
        let new = with_tables(&old)?;
        if old == new {
            continue;
        }
        if check {
            bail!("{name} holds a table that is not what the program says; run `cargo run -p xtask -- docs`");
        }
        std::fs::write(&path, new).with_context(|| format!("could not write {}", path.display()))?;
    }
    Ok(())
}

fn with_tables(text: &str) -> Result<String> {
    let mut out = text.to_owned();
    for Table { name, make } in TABLES {
        let (begin, end) = (format!("<!-- {name}: begin -->\n"), format!("<!-- {name}: end -->"));
        let Some(from) = out.find(&begin).map(|at| at + begin.len()) else { continue };
        let length = out[from..].find(&end).with_context(|| format!("the table {name} has no end mark"))?;
        out.replace_range(from..from + length, &make());
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_between_the_marks_is_replaced() {
        let text = "a\n<!-- formats: begin -->\nold\n<!-- formats: end -->\nb\n";
        let new = with_tables(text).unwrap();
        assert!(
            new.starts_with("a\n<!-- formats: begin -->\n| Name |") && new.ends_with("|\n<!-- formats: end -->\nb\n")
        );
        assert_eq!(with_tables(&new).unwrap(), new);
        assert!(with_tables("<!-- formats: begin -->\n").is_err());
    }
}
