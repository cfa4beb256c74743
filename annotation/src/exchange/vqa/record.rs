//! Questions and dialogues on their way in or out, cut loose from a project: pictures by path, regions as pixels of those
//! pictures. Profiles read and write records and never see a project.

use crate::exchange::vqa::boxes::Rect;
use crate::question::{Dialogue, Evidence, Question, Role};
use serde_json::Value;
use std::collections::BTreeMap;

/// A picture as the data set has it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Picture {
    /// From the data set's folder.
    pub path: String,
    /// Columns and rows; none where the format does not say and the file is not there.
    pub size: Option<[f64; 2]>,
    pub role: Role,
    pub name: Option<String>,
    pub caption: Option<String>,
    pub source: Source,
}

/// What the picture was made from, where a project made it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Source {
    /// A neutral name of the image: `case_00001`.
    pub case: String,
    /// The pixels of the picture in millimetres, columns and rows; none without spacing.
    pub pixel_mm: Option<[f64; 2]>,
    /// Columns, rows, slices of the image and their steps in millimetres.
    pub volume_size: [usize; 3],
    pub spacing_mm: Option<[f64; 3]>,
    /// The voxel axis that was cut across, and where.
    pub slice: Option<(usize, usize)>,
    /// The question is about all slices of the image, and the picture shows one of them.
    pub is_one_of_many: bool,
    pub modality: Option<String>,
}

/// What a region comes to on a picture.
#[derive(Clone, Debug, PartialEq)]
pub struct Place {
    pub picture: usize,
    pub rect: Rect,
    pub kind: PlaceKind,
}

#[derive(Clone, Debug, PartialEq)]
pub enum PlaceKind {
    Box,
    /// In the middle of `rect`, which has no extent.
    Point,
    /// Anything with an outline: its box is `rect`.
    Outline,
}

/// The pictures of a question or dialogue, and where its regions lie on them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Scene {
    pub pictures: Vec<Picture>,
    pub places: Vec<(Evidence, Place)>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Asked {
    pub scene: Scene,
    pub question: Question,
    /// For choices that are sets of pictures: the pictures of each, by key.
    pub option_scenes: BTreeMap<String, Scene>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Talk {
    pub scene: Scene,
    pub dialogue: Dialogue,
}

/// A data set in memory.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Records {
    pub asked: Vec<Asked>,
    pub talks: Vec<Talk>,
}

impl Scene {
    #[must_use]
    pub fn place(&self, evidence: &Evidence) -> Option<&Place> {
        self.places.iter().find(|(known, _)| known == evidence).map(|(_, place)| place)
    }

    /// The places of a list, in its order; what cannot be placed is left out.
    pub fn places_of<'a>(&'a self, evidence: &'a [Evidence]) -> impl Iterator<Item = (&'a str, &'a Place)> {
        evidence.iter().filter_map(|e| self.place(e).map(|place| (e.name.as_str(), place)))
    }

    /// The size of a picture; a format that needs it says so with an error of its own.
    #[must_use]
    pub fn size(&self, picture: usize) -> Option<[f64; 2]> {
        self.pictures.get(picture)?.size
    }

    /// Adds a region of an imported record and gives the evidence that stands for it.
    pub fn add(&mut self, picture: usize, rect: Rect, name: &str) -> Evidence {
        let is_point = rect[0] == rect[2] && rect[1] == rect[3];
        let kind = if is_point { PlaceKind::Point } else { PlaceKind::Box };
        let region = crate::question::Region::Shape { shape: crate::ShapeId::new() };
        let evidence = Evidence::new(region, picture, name);
        self.places.push((evidence.clone(), Place { picture, rect, kind }));
        evidence
    }
}

impl Asked {
    #[must_use]
    pub fn new(pictures: Vec<Picture>, question: Question) -> Self {
        Self { scene: Scene { pictures, places: Vec::new() }, question, option_scenes: BTreeMap::new() }
    }

    /// The letter of a choice: A for the first.
    #[must_use]
    pub fn letter(&self, key: &str) -> Option<String> {
        self.question.choices.iter().position(|choice| choice.key == key).map(letter)
    }

    /// The letters of the right choices, in the answer's order.
    #[must_use]
    pub fn answer_letters(&self) -> Vec<String> {
        self.question.answer.keys.iter().filter_map(|key| self.letter(key)).collect()
    }

    /// Whether a yes-or-no question is answered with yes; `None` where it is not answered.
    #[must_use]
    pub fn says_yes(&self) -> Option<bool> {
        let key = self.question.answer.keys.first()?;
        let text = self.question.choice(key).map_or(key.as_str(), |choice| choice.text.as_str());
        let word = text.trim().trim_end_matches('.').to_lowercase();
        match word.as_str() {
            "yes" => Some(true),
            "no" => Some(false),
            _ => None,
        }
    }

    /// A field of an imported record that no entity has.
    #[must_use]
    pub fn ext(&self, key: &str) -> Option<&Value> {
        self.question.ext.get(key)
    }
}

/// A, B, ... Z, AA, AB: the letter of a choice by its place.
#[must_use]
pub fn letter(place: usize) -> String {
    let last = char::from(b'A' + (place % 26) as u8);
    if place < 26 { last.into() } else { format!("{}{last}", letter(place / 26 - 1)) }
}

/// The place a letter stands for.
#[must_use]
pub fn place_of_letter(text: &str) -> Option<usize> {
    let text = text.trim();
    let all_letters = !text.is_empty() && text.len() <= 2 && text.bytes().all(|b| b.is_ascii_uppercase());
    all_letters.then(|| text.bytes().fold(0, |sum, b| sum * 26 + usize::from(b - b'A') + 1) - 1)
}

/// First, second, third: how a text names a picture.
#[must_use]
pub fn ordinal(place: usize) -> String {
    const WORDS: [&str; 10] =
        ["first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth"];
    WORDS.get(place).map_or_else(|| format!("{}th", place + 1), |word| (*word).into())
}

/// The last picture that a text names by ordinal.
#[must_use]
pub fn named_picture(text: &str, pictures: usize) -> Option<usize> {
    let text = text.to_lowercase();
    let said = |n: &usize| {
        ["image", "picture", "frame"].iter().filter_map(|word| text.rfind(&format!("{} {word}", ordinal(*n)))).max()
    };
    (0..pictures).filter_map(|n| said(&n).map(|at| (at, n))).max().map(|(_, n)| n)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_go_on_after_z() {
        assert_eq!([0, 3, 25, 26, 27, 51, 52].map(letter), ["A", "D", "Z", "AA", "AB", "AZ", "BA"]);
        for place in 0..200 {
            assert_eq!(place_of_letter(&letter(place)), Some(place));
        }
        assert_eq!(place_of_letter("b"), None);
    }

    #[test]
    fn pictures_are_named_in_words() {
        assert_eq!(named_picture("It's in the third image. ", 3), Some(2));
        assert_eq!(named_picture("not the first image but the second image", 2), Some(1));
        assert_eq!(named_picture("in the image", 2), None);
        assert_eq!(ordinal(11), "12th");
    }
}
