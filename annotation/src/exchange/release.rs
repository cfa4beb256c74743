//! An export that was given out, as an entry of the project: what was in it, as what, with which checksums and cards.

use crate::command::Command;
use crate::contents::Contents;
use crate::document::Document;
use crate::entity::{ImageId, Kind, ReleaseId, SplitId, SubjectId};
use crate::error::{Error, Result};
use crate::exchange::{Options, Receipt, by_name};
use crate::id::Revision;
use crate::records::{Release, ReleasedSet, Split};
use crate::step::StepInfo;
use crate::words::counted;
use std::collections::BTreeMap;
use std::path::Path;

/// Texts that say what a data set is; they are kept with the release.
const CARDS: [&str; 4] = ["README.md", "croissant.json", "dataset_description.json", "dataset_info.json"];

/// A card is a text to read.
const LARGEST_CARD: u64 = 1 << 20;

/// Refuses a version that was given out already, before anything is written.
pub fn check_version(contents: &Contents, version: &str) -> Result<()> {
    if version.trim().is_empty() {
        return Err(Error::refused("a release has a version, like 1.0.0"));
    }
    match contents.all::<Release>().any(|known| known.version == version) {
        true => Err(Error::refused(format!("there is already a release {version}, and it is in other hands"))),
        false => Ok(()),
    }
}

/// Keeps an export in the folder `out` as a release of the project, as one step.
pub fn record_release(
    document: &mut Document,
    version: &str,
    receipt: &Receipt,
    out: &Path,
) -> Result<Option<Revision>> {
    check_version(document, version)?;
    let exchange = by_name(&receipt.format)
        .ok_or_else(|| Error::export(out, format!("there is no format \"{}\"", receipt.format)))?;
    let split = split_of(document, version, receipt);
    let release = Release {
        id: ReleaseId::new(),
        version: version.into(),
        revision: document.revision(),
        split: split.as_ref().map(|split| split.id),
        items: exchange.items(document, &receipt.options),
        sets: vec![ReleasedSet::of_receipt(receipt)?],
        cards: cards(receipt, out)?,
    };
    let summary = format!("{} {version}: {}", receipt.format, counted(receipt.files.len(), "file"));
    let step = StepInfo::named("Record a release").with_tool("export").with_summary(summary);
    let commands = split.map(Command::put).into_iter().chain([Command::put(release)]).collect();
    document.apply_step(step, commands)
}

/// What to call to make a release again: its format and how it was exported, with the images it had then. Images that the
/// project no longer has cannot be made again.
pub fn recipe_of(contents: &Contents, version: &str) -> Result<(ReleasedSet, Options)> {
    let known: Vec<&Release> = contents.all::<Release>().collect();
    let Some(release) = known.iter().find(|known| known.version == version) else {
        let versions: Vec<&str> = known.iter().map(|known| known.version.as_str()).collect();
        let has = if versions.is_empty() { "none".to_owned() } else { versions.join(", ") };
        return Err(Error::refused(format!("the project has no release {version}; it has {has}")));
    };
    let set = release.sets.first().ok_or_else(|| Error::refused(format!("the release {version} lists no files")))?;
    let mut options: Options =
        serde_json::from_value(set.options.clone()).map_err(Error::json("the record of the release cannot be read"))?;
    let images: Vec<ImageId> =
        release.items.iter().filter(|key| key.kind == Kind::Image).map(|key| ImageId(key.id)).collect();
    if let Some(gone) = images.iter().find(|id| contents.image(**id).is_none()) {
        return Err(Error::Missing { key: (*gone).into() });
    }
    // Images that were added since were not in it.
    if options.images.is_none() && !images.is_empty() {
        options.images = Some(images);
    }
    Ok((set.clone(), options))
}

/// In what an export differs from a release, file by file; nothing where it is the same data again.
#[must_use]
pub fn differences(set: &ReleasedSet, receipt: &Receipt) -> Vec<String> {
    let then: BTreeMap<&str, &str> = set.files.iter().map(|f| (f.path.as_str(), f.sha256.as_str())).collect();
    let now: BTreeMap<&str, &str> = receipt.files.iter().map(|f| (f.path.as_str(), f.sha256.as_str())).collect();
    let mut found: Vec<String> = Vec::new();
    for (path, hash) in &then {
        match now.get(path) {
            None => found.push(format!("{path} is missing")),
            Some(other) if other != hash => found.push(format!("{path} is not as it was")),
            Some(_) => {}
        }
    }
    found.extend(now.keys().filter(|path| !then.contains_key(**path)).map(|path| format!("{path} is new")));
    found
}

/// How the subjects were dealt out; none where the export was not split or an image belongs to no subject.
fn split_of(contents: &Contents, version: &str, receipt: &Receipt) -> Option<Split> {
    let seed = receipt.options.split.as_ref()?.seed;
    let mut parts: BTreeMap<String, Vec<SubjectId>> = BTreeMap::new();
    for case in receipt.options.cases(contents) {
        let part = parts.entry(case.part?).or_default();
        let subject = contents.study_of(case.image.id)?.subject;
        if !part.contains(&subject) {
            part.push(subject);
        }
    }
    Some(Split { id: SplitId::new(), name: format!("release {version}"), seed, parts })
}

fn cards(receipt: &Receipt, out: &Path) -> Result<BTreeMap<String, String>> {
    let mut cards = BTreeMap::new();
    for file in receipt.files.iter().filter(|file| CARDS.contains(&file.path.as_str())) {
        let path = out.join(&file.path);
        let reading = || Error::io(&path, "could not read the card");
        if std::fs::metadata(&path).map_err(reading())?.len() <= LARGEST_CARD {
            cards.insert(file.path.clone(), std::fs::read_to_string(&path).map_err(reading())?);
        }
    }
    Ok(cards)
}
