//! Joins the shards of an export that several jobs made, after checking each against its receipt and all against each
//! other: nothing missing, nothing twice, nothing changed.

use super::receipt::{self, Receipt, SelfCheck};
use super::{DryRun, folder, names};
use crate::error::{Error, Result};
use limner_imaging::Task;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Joins the folders of all shards into a new folder with a receipt of its own.
pub fn merge(shards: &[PathBuf], out: &Path, task: &Task) -> Result<Receipt> {
    let receipts = shards.iter().map(|shard| sound(shard)).collect::<Result<Vec<_>>>()?;
    let first = receipts.first().ok_or_else(|| Error::export(out, "name the folders of the shards"))?;
    complete(&receipts, out)?;
    let mut homes: BTreeMap<&str, Vec<&Path>> = BTreeMap::new();
    for (receipt, shard) in receipts.iter().zip(shards) {
        for file in &receipt.files {
            homes.entry(&file.path).or_default().push(shard);
        }
    }
    let fresh = folder::Fresh::beside(out)?;
    task.progress.begin("joining shards", homes.len() as u64);
    for (path, homes) in homes {
        task.cancel.check()?;
        let inside = |root: &Path| names::inside(root, path).ok_or_else(|| Error::export(root, "a file lies outside"));
        let target = inside(fresh.path())?;
        folder::make(target.parent().unwrap_or(fresh.path()))?;
        let sources = homes.iter().map(|home| inside(home)).collect::<Result<Vec<_>>>()?;
        match sources.as_slice() {
            [one] => {
                std::fs::copy(one, &target).map_err(Error::io(one, "could not copy the file"))?;
            }
            several => folder::write(&target, &joined(path, several)?)?,
        }
        task.progress.advance(1);
    }
    let mut run = DryRun::default();
    let mut check = SelfCheck { pass: true, max_mm: 0.0 };
    for receipt in &receipts {
        run.join(receipt.dry_run.clone());
        check.pass &= receipt.self_check.pass;
        check.max_mm = check.max_mm.max(receipt.self_check.max_mm);
    }
    let mut options = first.options.clone();
    options.shard = None;
    let mut receipt = Receipt::of_folder(&first.format, fresh.path(), check, &options, run)?;
    receipt.cases = receipts.iter().flat_map(|receipt| receipt.cases.iter().cloned()).collect();
    // Shards take every n-th image: one after the other they are out of order.
    receipt.cases.sort_by(|a, b| (a.case.len(), &a.case).cmp(&(b.case.len(), &b.case)));
    folder::write_json(&fresh.path().join(receipt::FILE_NAME), &receipt)?;
    fresh.keep_as(out)?;
    Ok(receipt)
}

fn sound(shard: &Path) -> Result<Receipt> {
    let (receipt, problems) = Receipt::check(shard)?;
    match problems.first() {
        Some(problem) => Err(Error::export(shard, format!("this shard is not what its receipt says: {problem}"))),
        None => Ok(receipt),
    }
}

/// Every shard of one export, once.
fn complete(receipts: &[Receipt], out: &Path) -> Result<()> {
    let wrong = |what: String| Err(Error::export(out, what));
    let mut seen = BTreeMap::new();
    for receipt in receipts {
        let Some(shard) = receipt.options.shard else { return wrong("one of the folders is no shard".into()) };
        let mut plain = receipt.options.clone();
        plain.shard = None;
        let mut other = receipts[0].options.clone();
        let count = other.shard.take().map_or(0, |shard| shard.count);
        if plain != other || receipt.format != receipts[0].format || shard.count != count {
            return wrong("the shards were not exported in the same way".into());
        }
        if seen.insert(shard.index, shard.count).is_some() {
            return wrong(format!("shard {} is there twice", shard.index));
        }
    }
    let count = seen.values().next().copied().unwrap_or(0);
    match (1..=count).find(|index| !seen.contains_key(index)) {
        Some(missing) => wrong(format!("shard {missing} of {count} is missing")),
        None => Ok(()),
    }
}

/// One file from those of several shards: equal ones once, tables and lines one after the other, JSON by its parts.
fn joined(path: &str, sources: &[PathBuf]) -> Result<Vec<u8>> {
    let contents = sources.iter().map(|source| folder::read(source)).collect::<Result<Vec<_>>>()?;
    if contents.iter().all(|content| *content == contents[0]) {
        return Ok(contents[0].clone());
    }
    let cannot = || {
        Error::export(Path::new(path), "this file differs between shards and cannot be joined; export without shards")
    };
    match path.rsplit_once('.').map(|(_, ending)| ending) {
        Some("json") => {
            let parse = |bytes: &Vec<u8>| serde_json::from_slice::<Value>(bytes).map_err(|_| cannot());
            let mut all = parse(&contents[0])?;
            for content in &contents[1..] {
                all = join_values(all, parse(content)?).ok_or_else(cannot)?;
            }
            let mut text = serde_json::to_vec_pretty(&all).map_err(Error::json("could not write JSON"))?;
            text.push(b'\n');
            Ok(text)
        }
        Some("jsonl" | "txt") => Ok(contents.concat()),
        Some("csv" | "tsv") => {
            let mut all = contents[0].clone();
            for content in &contents[1..] {
                // The header is the same in all.
                let rest = content.iter().position(|b| *b == b'\n').map_or(content.len(), |n| n + 1);
                all.extend(&content[rest..]);
            }
            Ok(all)
        }
        _ => Err(cannot()),
    }
}

/// Lists one after the other, objects key by key, counts added. `None` where two words differ.
fn join_values(a: Value, b: Value) -> Option<Value> {
    match (a, b) {
        (Value::Object(mut a), Value::Object(b)) => {
            for (key, value) in b {
                let joined = match a.remove(&key) {
                    Some(known) => join_values(known, value)?,
                    None => value,
                };
                a.insert(key, joined);
            }
            Some(Value::Object(a))
        }
        (Value::Array(mut a), Value::Array(b)) => {
            // Categories are the same in every shard; pictures never are.
            let new: Vec<Value> = b.into_iter().filter(|value| !a.contains(value)).collect();
            a.extend(new);
            Some(Value::Array(a))
        }
        (Value::Number(a), Value::Number(b)) if a != b => Some(Value::from(a.as_u64()? + b.as_u64()?)),
        (a, b) => (a == b).then_some(a),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn lists_follow_each_other_and_counts_add_up() {
        let a = json!({"images": [1, 2], "categories": ["x"], "numTraining": 2, "name": "n"});
        let b = json!({"images": [3], "categories": ["x"], "numTraining": 1, "name": "n"});
        assert_eq!(
            join_values(a.clone(), b),
            Some(json!({"images": [1, 2, 3], "categories": ["x"], "numTraining": 3, "name": "n"}))
        );
        assert_eq!(join_values(a, json!({"name": "other"})), None);
    }
}
