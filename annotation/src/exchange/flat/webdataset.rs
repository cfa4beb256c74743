//! WebDataset: tar files whose members with one stem are one sample, `name.png` and `name.json`, side by side.

use super::hub::{self, Record};
use super::{Fit, Flat, Item, Set, Sheet};
use crate::error::{Error, Result};
use crate::exchange::import::Reading;
use crate::exchange::{Job, folder};
use serde_json::json;
use std::collections::BTreeMap;
use std::path::Path;

pub(crate) struct WebDataset;

/// A shard is closed when it has grown beyond this.
const SHARD_BYTES: usize = 256 << 20;
const BLOCK: usize = 512;

impl Flat for WebDataset {
    fn name(&self) -> &'static str {
        "webdataset"
    }

    fn title(&self) -> &'static str {
        "WebDataset shards"
    }

    fn lossy(&self) -> &'static [&'static str] {
        hub::IMAGE_FOLDER.lossy()
    }

    fn fit(&self, item: &Item, size: [usize; 2]) -> Fit {
        hub::IMAGE_FOLDER.fit(item, size)
    }

    fn picture(&self, stem: &str, part: Option<&str>) -> String {
        format!("{}/{stem}.png", part.unwrap_or("train"))
    }

    fn put(&self, set: &Set, out: &Path, job: &Job<'_>) -> Result<()> {
        for part in hub::parts(set) {
            let mut shards: Vec<Vec<u8>> = vec![Vec::new()];
            for sheet in set.sheets.iter().filter(|sheet| sheet.part.as_deref().unwrap_or("train") == part) {
                job.task.cancel.check()?;
                if shards.last().is_some_and(|shard| shard.len() > SHARD_BYTES) {
                    shards.push(Vec::new());
                }
                let picture = out.join(&sheet.file);
                let bytes = folder::read(&picture)?;
                let mut record = json!(hub::record(set, sheet));
                record["file_name"] = json!(sheet.file);
                let record = serde_json::to_vec(&record).map_err(Error::json("no JSON"))?;
                if let Some(shard) = shards.last_mut() {
                    member(shard, &format!("{}.json", sheet.stem()), &record);
                    member(shard, &format!("{}.png", sheet.stem()), &bytes);
                }
                // The picture lives in the shard from now on.
                std::fs::remove_file(&picture).map_err(Error::io(&picture, "could not remove the loose picture"))?;
            }
            let loose = out.join(part);
            if loose.is_dir() {
                std::fs::remove_dir(&loose).map_err(Error::io(&loose, "could not remove the empty folder"))?;
            }
            for (n, mut shard) in shards.into_iter().enumerate() {
                shard.extend([0; 2 * BLOCK]);
                folder::write(&out.join(format!("{part}-{n:06}.tar")), &shard)?;
            }
        }
        Ok(())
    }

    fn get(&self, path: &Path, reading: &Reading<'_>) -> Result<Set> {
        let mut files = if path.is_dir() { folder::files_under(path)? } else { vec![path.to_path_buf()] };
        files.retain(|file| file.extension().is_some_and(|e| e == "tar"));
        let mut set = Set::default();
        for file in files {
            reading.task.cancel.check()?;
            let bytes = folder::read(&file)?;
            let members = members(&bytes).ok_or_else(|| Error::export(&file, "this tar file is broken"))?;
            for (name, content) in members.iter().filter(|(name, _)| name.ends_with(".json")) {
                let wrong = |error: serde_json::Error| Error::export(&file, format!("{name} cannot be read: {error}"));
                let record: Record = serde_json::from_slice(content).map_err(wrong)?;
                let sheet: Sheet = hub::sheet_of(record.file_name.clone(), record, &mut set, &file)?;
                set.sheets.push(sheet);
            }
        }
        Ok(set)
    }
}

/// One file of a tar (POSIX ustar): owner, time and rights are the same for all.
fn member(tar: &mut Vec<u8>, name: &str, content: &[u8]) {
    let mut head = [0_u8; BLOCK];
    let mut put = |at: usize, text: &str| head[at..at + text.len()].copy_from_slice(text.as_bytes());
    put(0, name);
    put(100, "0000644\0");
    put(108, "0000000\0");
    put(116, "0000000\0");
    put(124, &format!("{:011o}\0", content.len()));
    put(136, "00000000000\0");
    put(148, "        ");
    put(156, "0");
    put(257, "ustar\x0000");
    let sum: u32 = head.iter().map(|b| u32::from(*b)).sum();
    head[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    tar.extend(head);
    tar.extend(content);
    tar.resize(tar.len().next_multiple_of(BLOCK), 0);
}

fn members(tar: &[u8]) -> Option<BTreeMap<String, &[u8]>> {
    let mut found = BTreeMap::new();
    let mut at = 0;
    // Where a block is cut short the file is not whole, also if all that was promised so far is there.
    while at != tar.len() {
        let head = tar.get(at..at + BLOCK)?;
        if head[0] == 0 {
            break;
        }
        let text = |range: std::ops::Range<usize>| {
            std::str::from_utf8(&head[range]).ok().map(|text| text.trim_matches(['\0', ' ']).to_owned())
        };
        let size = usize::from_str_radix(&text(124..136)?, 8).ok()?;
        let start = at + BLOCK;
        let content = tar.get(start..start.checked_add(size)?)?;
        found.insert(text(0..100)?, content);
        at = (start + size).next_multiple_of(BLOCK);
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_come_back_from_a_tar() {
        let mut tar = Vec::new();
        member(&mut tar, "a.json", b"{}");
        member(&mut tar, "a.png", &[7; 513]);
        assert_eq!(tar.len(), 5 * BLOCK);
        let found = members(&tar).unwrap();
        assert_eq!((found["a.json"], found["a.png"].len()), (&b"{}"[..], 513));
        assert_eq!(members(&tar[..BLOCK + 100]).map(|m| m.len()), None);
    }
}
