//! What can be known of a question without its pictures, as numbers. Whatever is counted over questions (which word stands
//! for which number, how often an option is right) is counted on the training part alone.

use crate::audit::forest::Table;
use crate::audit::item::{Group, Item, Truth, number_in, words};
use rayon::prelude::*;
use std::collections::{BTreeSet, HashMap};

/// Options that get features of their own.
const OPTIONS: usize = 6;

/// One feature of a question by itself.
struct Fixed {
    name: String,
    column: Vec<f32>,
}

/// The features of a list of questions of one group.
pub struct Features<'a> {
    items: &'a [&'a Item],
    fixed: Vec<Fixed>,
    skeletons: Vec<String>,
    options: usize,
}

impl<'a> Features<'a> {
    #[must_use]
    pub fn of(items: &'a [&'a Item]) -> Self {
        let options = items.iter().map(|item| item.options.len()).max().unwrap_or(0).min(OPTIONS);
        let group = items.first().map(|item| item.group);
        let mut fixed = stem_features(items);
        if group == Some(Group::Choice) {
            fixed.extend(option_features(items, options));
        }
        // What is the same everywhere tells nothing.
        fixed.retain(|feature| feature.column.iter().any(|value| *value != feature.column[0]));
        let skeletons = items.par_iter().map(|item| skeleton(&item.stem)).collect();
        Self { items, fixed, skeletons, options }
    }

    /// All names, in the order of the table's columns.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = self.fixed.iter().map(|feature| feature.name.clone()).collect();
        let categories = self.items.first().map(|item| item.categories.as_slice()).unwrap_or_default();
        names.extend(categories.iter().map(|(name, _)| (*name).to_owned()));
        names.push("stem wording".into());
        names.push("how often stems like it have this answer".into());
        if self.items.first().is_some_and(|item| item.group == Group::Choice) {
            names
                .extend((0..self.options).map(|n| format!("how often the text of option {} is right", option_name(n))));
        }
        names
    }

    /// The table of all rows, with counts from the training rows only.
    #[must_use]
    pub fn table(&self, training: &[usize]) -> Table {
        let mut columns: Vec<Vec<f32>> = self.fixed.iter().map(|feature| feature.column.clone()).collect();
        let categories = self.items.first().map_or(0, |item| item.categories.len());
        let value = |row: usize, n: usize| self.items[row].categories.get(n).map_or("", |(_, value)| value.as_str());
        columns.extend((0..categories).map(|n| self.encoded(training, |row| value(row, n))));
        columns.push(self.encoded(training, |row| &self.skeletons[row]));
        columns.push(self.answer_rate(training));
        if self.items.first().is_some_and(|item| item.group == Group::Choice) {
            columns.extend(self.option_rates(training));
        }
        Table { columns }
    }

    /// Texts as numbers in the order of the alphabet; what training does not know is -1.
    fn encoded<'t>(&self, training: &[usize], text: impl Fn(usize) -> &'t str) -> Vec<f32> {
        let known: BTreeSet<&str> = training.iter().map(|row| text(*row)).collect();
        let codes: HashMap<&str, f32> = known.into_iter().enumerate().map(|(n, text)| (text, n as f32)).collect();
        (0..self.items.len()).map(|row| codes.get(text(row)).copied().unwrap_or(-1.0)).collect()
    }

    /// The mean answer of training questions worded alike: the place of the option, or the number.
    fn answer_rate(&self, training: &[usize]) -> Vec<f32> {
        let value = |item: &Item| match item.truth {
            Truth::Option(place) => place as f64,
            Truth::Number(value) => value,
        };
        let mut rates = Rates::new(self.items.len(), training);
        for row in training {
            rates.count(&self.skeletons[*row], *row, value(self.items[*row]));
        }
        (0..self.items.len()).map(|row| rates.of(&self.skeletons[row], row)).collect()
    }

    /// How often each option's text was right where training offered it.
    fn option_rates(&self, training: &[usize]) -> Vec<Vec<f32>> {
        let mut rates = Rates::new(self.items.len(), training);
        for row in training {
            let item = self.items[*row];
            for (n, option) in item.options.iter().enumerate() {
                rates.count(option, *row, f64::from(u8::from(item.right_option() == Some(n))));
            }
        }
        let rate = |row: usize, n: usize| self.items[row].options.get(n).map_or(-1.0, |option| rates.of(option, row));
        (0..self.options).map(|n| (0..self.items.len()).map(|row| rate(row, n)).collect()).collect()
    }
}

const PARTS: usize = 5;

/// Means by text. A training row is told the mean of the other parts of training: were its own answer in it, the forest
/// would read that instead of learning.
struct Rates<'a> {
    trained: Vec<bool>,
    by_text: HashMap<&'a str, [(f64, f64); PARTS]>,
}

impl<'a> Rates<'a> {
    fn new(rows: usize, training: &[usize]) -> Self {
        let mut trained = vec![false; rows];
        for row in training {
            trained[*row] = true;
        }
        Self { trained, by_text: HashMap::new() }
    }

    const fn part(row: usize) -> usize {
        (((row as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 33) % PARTS as u64) as usize
    }

    fn count(&mut self, text: &'a str, row: usize, value: f64) {
        let (sum, count) = &mut self.by_text.entry(text).or_default()[Self::part(row)];
        *sum += value;
        *count += 1.0;
    }

    /// -1 for texts that nobody has counted.
    fn of(&self, text: &str, row: usize) -> f32 {
        let Some(parts) = self.by_text.get(text) else { return -1.0 };
        let own = self.trained[row].then(|| Self::part(row));
        let others = parts.iter().enumerate().filter(|(n, _)| Some(*n) != own);
        let (sum, count) = others.fold((0.0, 0.0), |all, (_, part)| (all.0 + part.0, all.1 + part.1));
        if count > 0.0 { (sum / count) as f32 } else { -1.0 }
    }
}

fn option_name(place: usize) -> String {
    crate::exchange::vqa::record::letter(place)
}

/// A stem without its numbers: what a template leaves the same.
fn skeleton(stem: &str) -> String {
    words(stem)
        .map(|word| if word.bytes().any(|b| b.is_ascii_digit()) { "#".to_owned() } else { word })
        .collect::<Vec<_>>()
        .join(" ")
}

fn stem_features(items: &[&Item]) -> Vec<Fixed> {
    let column = |name: &str, value: &(dyn Fn(&Item) -> f32 + Sync)| Fixed {
        name: name.into(),
        column: items.par_iter().map(|item| value(item)).collect(),
    };
    vec![
        column("stem length", &|item| item.stem.chars().count() as f32),
        column("stem words", &|item| words(&item.stem).count() as f32),
        column("digits in the stem", &|item| item.stem.chars().filter(char::is_ascii_digit).count() as f32),
        column("number in the stem", &|item| number_in(&item.stem).unwrap_or(-1.0) as f32),
        column("negation in the stem", &|item| {
            let negates = |word: String| ["no", "not", "without", "absent", "except"].contains(&word.as_str());
            f32::from(u8::from(words(&item.stem).any(negates)))
        }),
        column("pictures", &|item| item.pictures.len() as f32),
        column("options", &|item| item.options.len() as f32),
    ]
}

fn option(item: &Item, place: usize) -> Option<&str> {
    item.options.get(place).map(String::as_str)
}

fn option_features(items: &[&Item], options: usize) -> Vec<Fixed> {
    let mut all = Vec::new();
    let mut add = |name: String, value: &(dyn Fn(&Item) -> f32 + Sync)| {
        all.push(Fixed { name, column: items.par_iter().map(|item| value(item)).collect() });
    };
    for n in 0..options {
        let name = option_name(n);
        add(format!("length of option {name}"), &|item| {
            option(item, n).map_or(-1.0, |text| text.chars().count() as f32)
        });
        add(format!("capitals in option {name}"), &|item| {
            option(item, n).map_or(-1.0, |text| {
                f32::from(u8::from(text.len() > 1 && text == text.to_uppercase() && text != text.to_lowercase()))
            })
        });
        add(format!("number in option {name}"), &|item| option(item, n).and_then(number_in).unwrap_or(-1.0) as f32);
        add(format!("stem words in option {name}"), &|item| {
            option(item, n).map_or(-1.0, |text| overlap(&item.stem, text))
        });
    }
    let extreme = |largest: bool, value: &dyn Fn(&str) -> Option<f64>, item: &Item| {
        let values = item.options.iter().enumerate().filter_map(|(n, text)| Some((value(text)?, n)));
        let sign = if largest { 1.0 } else { -1.0 };
        let best = values.max_by(|a, b| (a.0 * sign).total_cmp(&(b.0 * sign)).then(b.1.cmp(&a.1)));
        best.map_or(-1.0, |(_, n)| n as f32)
    };
    let length = |text: &str| Some(text.chars().count() as f64);
    add("longest option".into(), &|item| extreme(true, &length, item));
    add("shortest option".into(), &|item| extreme(false, &length, item));
    add("largest number".into(), &|item| extreme(true, &number_in, item));
    add("smallest number".into(), &|item| extreme(false, &number_in, item));
    add("option with most stem words".into(), &|item| {
        let shared = |text: &str| Some(f64::from(overlap(&item.stem, text))).filter(|share| *share > 0.0);
        extreme(true, &shared, item)
    });
    all
}

/// The share of an option's longer words that stand in the stem.
#[must_use]
pub fn overlap(stem: &str, option: &str) -> f32 {
    let stem: BTreeSet<String> = words(stem).collect();
    let option: BTreeSet<String> = words(option).filter(|word| word.chars().count() > 3).collect();
    if option.is_empty() { 0.0 } else { option.intersection(&stem).count() as f32 / option.len() as f32 }
}
