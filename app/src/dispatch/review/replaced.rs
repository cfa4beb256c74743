//! What an accepted version takes the place of. It is told each time: what was painted before is seen nowhere
//! afterwards.

use limner_annotation::{Contents, ImageId, counted};
use std::cmp::Reverse;

/// Labels that are named in a notice.
const MOST_NAMED: usize = 5;

/// A label that had voxels on a picture, and how many of them are no longer its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Replaced {
    name: String,
    voxels: usize,
    lost: usize,
}

/// The labels that lost voxels between two states of a project, the most first.
pub(super) fn replaced(before: &Contents, after: &Contents, image: ImageId) -> Vec<Replaced> {
    let Some(map) = before.label_map(image) else { return Vec::new() };
    let loss = |value: u16| {
        let name = before.label_of_value(value)?.name.clone();
        let had = map.mask_of(value);
        let has = after.label_map(image).map(|map| map.mask_of(value));
        let is_lost = |index: &[usize; 3]| has.as_ref().is_none_or(|has| !has.get(*index));
        let lost = had.indices().filter(is_lost).count();
        (lost > 0).then(|| Replaced { name, voxels: had.count(), lost })
    };
    let mut all: Vec<Replaced> = map.values().into_iter().filter_map(loss).collect();
    all.sort_by_key(|one| Reverse(one.lost));
    all
}

/// For a notice; nothing where nothing was lost.
pub(super) fn in_words(all: &[Replaced], undo: &str) -> Option<String> {
    let names: Vec<&str> = all.iter().map(|one| one.name.as_str()).collect();
    let sum = |of: fn(&Replaced) -> usize| all.iter().map(of).sum::<usize>();
    let (lost, voxels) = (sum(|one| one.lost), counted(sum(|one| one.voxels), "voxel"));
    let labels = format!("{} ({})", counted(all.len(), "label"), some_of(&names));
    let told = format!("Replaced what was painted of {labels}: {lost} of {voxels} are gone. {undo} takes it back");
    (!all.is_empty()).then_some(told)
}

/// The first of several names.
pub(super) fn some_of(names: &[impl AsRef<str>]) -> String {
    let first: Vec<&str> = names.iter().take(MOST_NAMED).map(AsRef::as_ref).collect();
    let others = if names.len() > MOST_NAMED { " and others" } else { "" };
    format!("{}{others}", first.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_gone_is_told_in_numbers_and_names() {
        let one = |name: &str, voxels, lost| Replaced { name: name.into(), voxels, lost };
        assert_eq!(in_words(&[], "Ctrl+Z"), None);
        assert_eq!(
            in_words(&[one("Liver", 40, 12), one("Spleen", 8, 8)], "Ctrl+Z").as_deref(),
            Some(
                "Replaced what was painted of 2 labels (Liver, Spleen): 20 of 48 voxels are gone. Ctrl+Z takes it back"
            )
        );
        assert_eq!(some_of(&["a", "b", "c", "d", "e", "f"]), "a, b, c, d, e and others");
    }
}
