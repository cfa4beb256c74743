//! What the words of a label's name say: a side, an organ, a part of one, a vessel, a finding.

use std::collections::BTreeSet;

/// Words in a label's name that make it a finding rather than a part of the body.
const LESION_WORDS: [&str; 20] = [
    "lesion",
    "tumour",
    "tumor",
    "cyst",
    "nodule",
    "mass",
    "metastasis",
    "metastases",
    "cancer",
    "carcinoma",
    "neoplasm",
    "pdac",
    "pnet",
    "stone",
    "polyp",
    "sarcoma",
    "haemorrhage",
    "hemorrhage",
    "effusion",
    "abscess",
];
/// Words that name a stretch of an organ.
const PART_NOUNS: [&str; 8] = ["segment", "segments", "lobe", "pole", "head", "body", "tail", "neck"];
/// Where a stretch lies; of themselves they name no organ.
const PART_PLACES: [&str; 14] = [
    "upper",
    "lower",
    "middle",
    "superior",
    "inferior",
    "anterior",
    "posterior",
    "medial",
    "lateral",
    "caudate",
    "i",
    "ii",
    "iii",
    "iv",
];
const VESSEL_WORDS: [&str; 16] = [
    "artery", "arteries", "vein", "veins", "aorta", "cava", "postcava", "trunk", "vessel", "vessels", "sma", "smv",
    "ivc", "celiac", "coeliac", "duct",
];
const SMALL_WORDS: [&str; 8] = ["of", "the", "in", "and", "a", "organ", "structure", "gland"];
/// Other words for an organ, and what is named after it.
const SAME_ORGAN: [(&str, &str); 24] = [
    ("hepatic", "liver"),
    ("hepatocellular", "liver"),
    ("renal", "kidney"),
    ("kidneys", "kidney"),
    ("pancreatic", "pancreas"),
    ("pdac", "pancreas"),
    ("pnet", "pancreas"),
    ("pseudocyst", "pancreas"),
    ("splenic", "spleen"),
    ("gastric", "stomach"),
    ("colonic", "colon"),
    ("colorectal", "colon"),
    ("pulmonary", "lung"),
    ("lungs", "lung"),
    ("cerebral", "brain"),
    ("prostatic", "prostate"),
    ("oesophageal", "oesophagus"),
    ("esophageal", "esophagus"),
    ("duodenal", "duodenum"),
    ("thyroidal", "thyroid"),
    ("ovarian", "ovary"),
    ("uterine", "uterus"),
    ("cardiac", "heart"),
    ("breasts", "breast"),
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Left,
    Right,
}

pub(super) fn words(name: &str) -> Vec<String> {
    let split = name.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    split.map(str::to_lowercase).collect()
}

pub(super) fn has_word(name: &str, wanted: &[&str]) -> bool {
    words(name).iter().any(|word| wanted.contains(&word.as_str()))
}

pub(super) fn is_lesion(name: &str) -> bool {
    let name = name.to_lowercase();
    LESION_WORDS.iter().any(|word| name.contains(word))
}

pub(super) fn is_vessel(name: &str) -> bool {
    has_word(name, &VESSEL_WORDS)
}

/// Whether the name is that of a stretch of an organ: a segment, a lobe, the head of a pancreas.
pub(super) fn is_part(name: &str) -> bool {
    has_word(name, &PART_NOUNS)
}

pub(super) fn side(name: &str) -> Option<Side> {
    match (has_word(name, &["left"]), has_word(name, &["right"])) {
        (true, false) => Some(Side::Left),
        (false, true) => Some(Side::Right),
        _ => None,
    }
}

/// The name without its side, in small letters: what a left and a right one have in common.
pub(super) fn without_side(name: &str) -> String {
    let kept: Vec<String> = words(name).into_iter().filter(|word| word != "left" && word != "right").collect();
    kept.join(" ")
}

/// The words of a name that mean an organ, each in one form: "hepatic" is liver.
pub(super) fn organ_words(name: &str) -> BTreeSet<String> {
    let is_place = |word: &str| PART_NOUNS.contains(&word) || PART_PLACES.contains(&word);
    let means_none = |word: &str| {
        ["left", "right"].contains(&word)
            || is_place(word)
            || SMALL_WORDS.contains(&word)
            || word.bytes().any(|b| b.is_ascii_digit())
    };
    let one_form = |word: String| {
        let same = SAME_ORGAN.iter().find(|(other, _)| *other == word);
        same.map_or(word, |(_, organ)| (*organ).to_owned())
    };
    let organs = words(name).into_iter().map(one_form);
    organs.filter(|word| !means_none(word) && !is_lesion(word) && !is_vessel(word)).collect()
}

/// Whether two names speak of one organ, on no contrary sides.
pub(super) fn share_organ(a: &str, b: &str) -> bool {
    let sides_fit = side(a).zip(side(b)).is_none_or(|(a, b)| a == b);
    sides_fit && !organ_words(a).is_disjoint(&organ_words(b))
}

/// The organ in one word or a few, for groups of labels: "left kidney" is a kidney, "liver segment 4" is of the liver.
pub(super) fn organ_of(name: &str) -> String {
    let known = organ_words(name);
    let ordered = words(name).into_iter().map(|word| {
        let same = SAME_ORGAN.iter().find(|(other, _)| *other == word);
        same.map_or(word, |(_, organ)| (*organ).to_owned())
    });
    let kept: Vec<String> = ordered.filter(|word| known.contains(word)).collect();
    kept.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_say_organ_side_and_part() {
        assert!(share_organ("Hepatic metastasis", "liver") && share_organ("left renal tumour", "kidney_left"));
        assert!(!share_organ("left renal tumour", "right kidney") && !share_organ("lesion 3", "structure 3"));
        assert!(share_organ("PDAC", "pancreas") && is_lesion("PDAC") && !is_lesion("pancreas head"));
        assert_eq!(organ_of("liver segment 4"), "liver");
        assert_eq!((organ_of("Right kidney"), without_side("kidney_left")), ("kidney".into(), "kidney".into()));
        assert!(is_part("pancreas head") && !is_part("pancreas") && is_vessel("superior mesenteric artery"));
        assert_eq!((side("kidney left"), side("aorta")), (Some(Side::Left), None));
    }
}
