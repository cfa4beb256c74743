//! Questions that are nearly the same, found in time that grows with their number and not with its square: texts that share
//! a band of their smallest hashes are compared, no others.

use crate::audit::findings::{Doubt, Finding};
use crate::audit::item::words;
use crate::exchange::vqa::record::Asked;
use rayon::prelude::*;
use std::collections::{BTreeMap, HashMap, HashSet};

const BANDS: usize = 16;
const BAND_ROWS: usize = 4;
/// Share of common word pairs from which two texts count as the same.
pub const ALIKE: f64 = 0.85;
/// Of one bucket, so that thousands of the same template are no trouble.
const MOST_COMPARED: usize = 50;

/// Pairs of words, hashed: what two texts are compared by.
#[must_use]
pub fn shingles(text: &str) -> HashSet<u64> {
    let all: Vec<String> = std::iter::once("^".to_owned()).chain(words(text)).collect();
    all.windows(2).map(|pair| hash(0, pair.join(" ").as_bytes())).collect()
}

/// Common shingles over all of both.
#[must_use]
pub fn likeness(a: &HashSet<u64>, b: &HashSet<u64>) -> f64 {
    let common = a.intersection(b).count();
    let all = a.len() + b.len() - common;
    if all == 0 { 1.0 } else { common as f64 / all as f64 }
}

fn hash(seed: u64, bytes: &[u8]) -> u64 {
    let mut state = 0xCBF2_9CE4_8422_2325 ^ seed.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    for byte in bytes {
        state = (state ^ u64::from(*byte)).wrapping_mul(0x100_0000_01B3);
    }
    state ^ (state >> 31)
}

/// What texts must share one of to be compared. The same words about another picture are another question.
fn band_keys(shingles: &HashSet<u64>, pictures: u64) -> [u64; BANDS] {
    std::array::from_fn(|band| {
        let smallest = |row: usize| {
            let seed = (band * BAND_ROWS + row + 1) as u64;
            shingles.iter().map(|shingle| hash(seed, &shingle.to_le_bytes())).min().unwrap_or(0)
        };
        (0..BAND_ROWS).fold(pictures, |key, row| hash(key, &smallest(row).to_le_bytes()))
    })
}

/// Questions on the same pictures that say nearly the same; each with the first it is like.
#[must_use]
pub fn pairs(asked: &[Asked]) -> Vec<(usize, usize)> {
    let texts: Vec<HashSet<u64>> = asked.par_iter().map(|record| shingles(&text_of(record))).collect();
    let pictures: Vec<u64> = asked.par_iter().map(pictures_of).collect();
    let keys: Vec<[u64; BANDS]> =
        texts.par_iter().zip(&pictures).map(|(shingles, pictures)| band_keys(shingles, *pictures)).collect();
    let mut buckets: HashMap<(usize, u64), Vec<usize>> = HashMap::new();
    for (n, keys) in keys.iter().enumerate() {
        for (band, key) in keys.iter().enumerate() {
            buckets.entry((band, *key)).or_default().push(n);
        }
    }
    let mut found: BTreeMap<usize, usize> = BTreeMap::new();
    for members in buckets.values() {
        for (place, later) in members.iter().enumerate().skip(1) {
            let earlier = members[..place].iter().take(MOST_COMPARED).find(|earlier| {
                pictures[**earlier] == pictures[*later] && likeness(&texts[**earlier], &texts[*later]) >= ALIKE
            });
            if let Some(earlier) = earlier {
                let first = found.entry(*later).or_insert(*earlier);
                *first = (*first).min(*earlier);
            }
        }
    }
    found.into_iter().map(|(later, earlier)| (earlier, later)).collect()
}

fn text_of(record: &Asked) -> String {
    let question = &record.question;
    let mut text = question.stem.clone();
    let mut choices: Vec<_> = question.choices.iter().map(|choice| choice.text.as_str()).collect();
    choices.sort_unstable();
    for choice in choices {
        text.push(' ');
        text.push_str(choice);
    }
    text
}

fn pictures_of(record: &Asked) -> u64 {
    record.scene.pictures.iter().fold(0, |key, picture| hash(key, picture.path.as_bytes()))
}

pub(super) fn find(asked: &[Asked]) -> Option<Finding> {
    let pairs = pairs(asked);
    (!pairs.is_empty()).then(|| {
        let questions = pairs.iter().map(|(_, later)| asked[*later].question.id.to_string()).collect();
        let text = format!("{} question(s) are nearly the same as another on the same pictures", pairs.len());
        Finding::new(Doubt::NearDuplicate, text, questions, None)
    })
}
