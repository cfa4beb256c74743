//! Questions about teeth: labels, codes, attributes or levels of a vocabulary that name one by its FDI number.

use crate::contents::Contents;
use crate::error::Result;
use crate::exchange::vqa::collect::bounds_of;
use crate::labels::Label;
use crate::measure::Scale;
use crate::question::generate::facts::ImageFacts;
use crate::question::generate::maker::Subject;
use crate::question::generate::presence::findings;
use crate::question::generate::{Generator, Maker, names};
use crate::question::{Frame, Quantity, Region, Role};
use crate::records::{Ontology, Status};
use crate::shapes::{Shape, Slice};
use crate::tags::Attribute;
use std::collections::{BTreeMap, BTreeSet};

/// Attributes that hold an FDI number.
const ATTRIBUTES: [&str; 4] = ["tooth", "fdi", "tooth_number", "tooth number"];
/// Levels of a vocabulary that say which tooth it is; every other one says what is found on it.
const TOOTH_LEVELS: [&str; 3] = ["quadrant", "number", "tooth"];
/// Two centres nearer than this many pixels cannot be told apart by where they are.
const FEWEST_PIXELS: f64 = 8.0;
const QUADRANTS: [&str; 4] =
    ["Quadrant 1, upper right", "Quadrant 2, upper left", "Quadrant 3, lower left", "Quadrant 4, lower right"];

#[derive(Default)]
struct Tooth {
    regions: Vec<Region>,
    /// Where its first region has its middle: slice, column, row.
    middle: Option<(Slice, [f64; 2])>,
    findings: BTreeSet<String>,
    /// The only findings that were looked for; none where all were.
    looked_for: Option<Vec<String>>,
}

impl Tooth {
    /// Whether somebody looked for a finding here.
    fn was_asked(&self, finding: &str) -> bool {
        self.looked_for.as_ref().is_none_or(|all| all.iter().any(|name| name.eq_ignore_ascii_case(finding)))
    }
}

/// Quadrants 1 to 4 have eight teeth, those of milk teeth (5 to 8) five.
const fn is_fdi(number: u8) -> bool {
    let (quadrant, place) = (number / 10, number % 10);
    place > 0 && ((quadrant > 0 && quadrant < 5 && place < 9) || (quadrant > 4 && quadrant < 9 && place < 6))
}

fn number_in(text: &str) -> Option<u8> {
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    digits.parse().ok().filter(|number| is_fdi(*number))
}

/// "Tooth 36", "FDI 36" and "36" name a tooth; "caries 36" does not.
fn number_of_name(name: &str) -> Option<u8> {
    let words = names::words(name);
    let is_known =
        words.iter().all(|word| number_in(word).is_some() || ["tooth", "fdi", "teeth"].contains(&word.as_str()));
    let mut numbers = words.iter().filter_map(|word| number_in(word));
    let number = numbers.next().filter(|_| is_known)?;
    numbers.next().is_none().then_some(number)
}

/// The number after a word: "quadrant 3".
fn after(name: &str, word: &str) -> Option<u8> {
    let words = names::words(name);
    let place = words.iter().position(|known| known == word)?;
    words.get(place + 1)?.parse().ok()
}

/// The label and those it stands under.
fn line<'c>(contents: &'c Contents, label: &'c Label) -> Vec<&'c Label> {
    let mut line = vec![label];
    while let Some(parent) = line.last().and_then(|label| label.parent).and_then(|id| contents.label(id)) {
        line.push(parent);
    }
    line
}

/// The tooth that a label or one above it names, and what else the label says.
fn of_label(contents: &Contents, label: &Label) -> Option<(u8, Option<String>)> {
    let line = line(contents, label);
    let own = |label: &Label| {
        let code = |code: &crate::labels::Code| {
            let scheme = code.scheme.to_uppercase();
            (scheme.contains("FDI") || scheme.contains("3950")).then(|| number_in(&code.value)).flatten()
        };
        let concept =
            || label.concept.as_ref().filter(|c| c.node.starts_with("tooth")).and_then(|c| number_in(&c.node));
        label.codes.iter().find_map(code).or_else(concept).or_else(|| number_of_name(&label.name))
    };
    // As DENTEX has it: the diagnosis stands under a tooth of its quadrant.
    let by_levels = || {
        let quadrant = line.iter().find_map(|label| after(&label.name, "quadrant"))?;
        let place = line.iter().find_map(|label| after(&label.name, "tooth"))?;
        Some(quadrant.checked_mul(10)?.checked_add(place)?).filter(|number| is_fdi(*number))
    };
    let number = line.iter().find_map(|label| own(label)).or_else(by_levels)?;
    let is_place =
        own(label).is_some() || after(&label.name, "tooth").is_some() || after(&label.name, "quadrant").is_some();
    Some((number, (!is_place).then(|| label.name.clone())))
}

/// The tooth that the levels of a vocabulary name, and what they say of it.
fn of_levels(contents: &Contents, shape: &Shape) -> Option<(Option<u8>, Vec<String>)> {
    let levels = shape.tags.levels.as_ref()?;
    let ontology = contents.get::<Ontology>(levels.ontology)?;
    let at = |level: &str| levels.nodes.get(level);
    let digit = |level: &str| number_of_key(at(level)?);
    let whole = at("tooth").and_then(|key| number_in(key));
    let number = whole.or_else(|| Some(digit("quadrant")? * 10 + digit("number")?)).filter(|number| is_fdi(*number));
    let found = levels.nodes.iter().filter(|(level, _)| !TOOTH_LEVELS.contains(&level.to_lowercase().as_str()));
    Some((number, found.filter_map(|(_, key)| Some(ontology.node(key)?.name.clone())).collect()))
}

fn number_of_key(key: &str) -> Option<u8> {
    key.chars().filter(char::is_ascii_digit).collect::<String>().parse().ok().filter(|n| *n < 10)
}

fn of_attributes(attributes: &BTreeMap<String, Attribute>) -> Option<u8> {
    let named = attributes.iter().find(|(name, _)| ATTRIBUTES.contains(&name.to_lowercase().as_str()));
    match named?.1 {
        Attribute::Number(n) => Some(*n as u8).filter(|number| is_fdi(*number) && f64::from(*number) == *n),
        Attribute::Text(text) => number_of_name(text),
        _ => None,
    }
}

/// All teeth of an image that something names, by number.
fn teeth(contents: &Contents, facts: &ImageFacts<'_>) -> BTreeMap<u8, Tooth> {
    let mut teeth: BTreeMap<u8, Tooth> = BTreeMap::new();
    for structure in &facts.structures {
        let Some((number, finding)) = of_label(contents, structure.label) else { continue };
        let tooth = teeth.entry(number).or_default();
        tooth.regions.push(structure.region());
        tooth.findings.extend(finding);
        let rect = structure.box_on(structure.key_slice);
        let middle = rect.map(|[x0, y0, x1, y1]| [f64::midpoint(x0, x1), f64::midpoint(y0, y1)]);
        tooth.middle = tooth.middle.or_else(|| Some((Slice::stored(structure.key_slice), middle?)));
    }
    for shape in contents.shapes_on(facts.image.id) {
        let label = shape.label.and_then(|id| contents.label(id));
        let by_label = label.and_then(|label| of_label(contents, label));
        let (by_level, mut found) = of_levels(contents, shape).unwrap_or_default();
        let by_tag = by_level.or_else(|| of_attributes(&shape.tags.attributes));
        let Some(number) = by_tag.or(by_label.as_ref().map(|(number, _)| *number)) else { continue };
        match (by_label, label) {
            (Some((_, finding)), _) => found.extend(finding),
            (None, Some(label)) => found.push(label.name.clone()),
            _ => {}
        }
        let tooth = teeth.entry(number).or_default();
        tooth.findings.extend(found);
        tooth.regions.push(Region::Shape { shape: shape.id });
        tooth.middle = tooth.middle.or_else(|| middle_of(shape));
        if !shape.tags.looked_for.is_empty() {
            tooth.looked_for.get_or_insert_default().extend(shape.tags.looked_for.iter().cloned());
        }
    }
    for finding in findings(contents, facts.image).into_iter().filter(|f| f.status == Status::Present) {
        let number = of_attributes(&finding.attributes);
        if let Some((number, label)) = number.zip(contents.label(finding.label)) {
            teeth.entry(number).or_default().findings.insert(label.name.clone());
        }
    }
    teeth
}

fn middle_of(shape: &Shape) -> Option<(Slice, [f64; 2])> {
    let [x0, y0, x1, y1] = bounds_of(&shape.form)?;
    Some((shape.form.slice()?, [f64::midpoint(x0, x1), f64::midpoint(y0, y1)]))
}

/// The teeth whose middle no other one is near to, each with a subject that says where it is and not which.
fn by_place(facts: &ImageFacts<'_>, teeth: &BTreeMap<u8, Tooth>, key: &str) -> Vec<(u8, Subject)> {
    let mut found = Vec::new();
    for (number, tooth) in teeth {
        let Some((slice, [x, y])) = tooth.middle else { continue };
        let is_near = |(other, tooth): (&u8, &Tooth)| {
            let near = |(at, [u, v]): (Slice, [f64; 2])| at == slice && (u - x).hypot(v - y) < FEWEST_PIXELS;
            other != number && tooth.middle.is_some_and(near)
        };
        if teeth.iter().any(is_near) {
            continue;
        }
        let frames = vec![(Frame::on(facts.image.id, slice), Role::Main)];
        let mut subject = Subject::new(frames, "tooth", format!("{} {number} {key}", facts.image.id))
            .with("column", x.floor().to_string())
            .with("row", y.floor().to_string());
        let seen = |region: &&Region| !matches!(region, Region::Painted { .. });
        let drawn = tooth.regions.iter().find(seen).cloned();
        let painted = || tooth.regions.first().cloned().map(|region| on(region, slice));
        if let Some(region) = drawn.or_else(painted) {
            subject = subject.pointing(region, 0, "tooth");
        }
        found.push((*number, subject));
    }
    found
}

fn on(region: Region, slice: Slice) -> Region {
    match region {
        Region::Painted { image, label, around, .. } => Region::Painted { image, label, slice: Some(slice), around },
        other => other,
    }
}

/// Teeth that one is mistaken for: beside it, across the midline, and opposite.
fn alike(number: u8) -> Vec<(String, &'static str)> {
    let (quadrant, place) = (number / 10, number % 10);
    let first = if quadrant > 4 { 5 } else { 1 };
    let across = first + [1, 0, 3, 2][usize::from(quadrant - first)];
    let opposite = first + 3 - (quadrant - first);
    let beside = [number + 1, number.saturating_sub(1)].map(|other| (other, "the tooth beside it"));
    let others =
        [(across * 10 + place, "the same tooth of the other side"), (opposite * 10 + place, "the opposite tooth")];
    let all = beside.into_iter().chain(others).filter(|(other, _)| is_fdi(*other));
    all.map(|(other, source)| (other.to_string(), source)).collect()
}

pub(super) fn number(generator: &Generator, facts: &ImageFacts<'_>, maker: &mut Maker<'_>) -> Result<()> {
    for (number, subject) in by_place(facts, &teeth(maker.contents, facts), "number") {
        maker.single(generator, &subject, &number.to_string(), &alike(number), &[])?;
    }
    Ok(())
}

pub(super) fn quadrant(generator: &Generator, facts: &ImageFacts<'_>, maker: &mut Maker<'_>) -> Result<()> {
    for (number, subject) in by_place(facts, &teeth(maker.contents, facts), "quadrant") {
        let right = usize::from((number / 10 - 1) % 4);
        let others: Vec<(String, &str)> =
            (0..4).filter(|n| *n != right).map(|n| (QUADRANTS[n].to_owned(), "the other quadrants")).collect();
        maker.single(generator, &subject, QUADRANTS[right], &others, &[])?;
    }
    Ok(())
}

/// The next tooth towards the midline.
const fn mesial(number: u8) -> u8 {
    if number % 10 > 1 {
        return number - 1;
    }
    match number / 10 {
        1 | 3 | 5 | 7 => number + 10,
        _ => number - 10,
    }
}

/// Asked by place, so that the picture is needed; only where the neighbour is there too.
pub(super) fn neighbour(generator: &Generator, facts: &ImageFacts<'_>, maker: &mut Maker<'_>) -> Result<()> {
    let teeth = teeth(maker.contents, facts);
    for (number, subject) in by_place(facts, &teeth, "neighbour") {
        let right = mesial(number);
        if teeth.contains_key(&right) {
            let mut others = vec![(number.to_string(), "the tooth itself")];
            others.extend(alike(right).into_iter().filter(|(other, _)| *other != number.to_string()));
            maker.single(generator, &subject, &right.to_string(), &others, &[])?;
        }
    }
    Ok(())
}

/// What is found on a tooth of the image, and which teeth have it, where all of them were looked at for it.
fn found_on(teeth: &BTreeMap<u8, Tooth>) -> Vec<(String, Vec<u8>)> {
    let names: BTreeSet<&String> = teeth.values().flat_map(|tooth| &tooth.findings).collect();
    let sure = names
        .into_iter()
        .filter(|name| teeth.values().all(|tooth| tooth.findings.contains(*name) || tooth.was_asked(name)));
    let with = |name: &String| {
        let has = teeth.iter().filter(|(_, tooth)| tooth.findings.contains(name));
        (name.clone(), has.map(|(number, _)| *number).collect())
    };
    sure.map(with).collect()
}

fn about(facts: &ImageFacts<'_>, teeth: &BTreeMap<u8, Tooth>, finding: &str, with: &[u8], key: &str) -> Subject {
    let frames = vec![(Frame::whole(facts.image.id), Role::Main)];
    let subject = Subject::new(frames, finding, format!("{} {finding} {key}", facts.image.id));
    let regions = with.iter().filter_map(|number| Some((number, teeth.get(number)?.regions.first()?)));
    regions.fold(subject, |subject, (number, region)| subject.pointing(region.clone(), 0, &format!("tooth {number}")))
}

pub(super) fn with_finding(generator: &Generator, facts: &ImageFacts<'_>, maker: &mut Maker<'_>) -> Result<()> {
    /// Of four choices at least one is wrong.
    const MOST: usize = 3;
    let teeth = teeth(maker.contents, facts);
    for (finding, with) in found_on(&teeth).into_iter().filter(|(_, with)| with.len() <= MOST) {
        let without: Vec<u8> = teeth.keys().copied().filter(|number| !with.contains(number)).collect();
        // Those nearest in the row are the likely mistakes.
        let mut nearest = without;
        nearest.sort_by_key(|other| with.iter().map(|number| number.abs_diff(*other)).min());
        nearest.truncate(4 - with.len());
        let mut offered: Vec<u8> = with.iter().copied().chain(nearest.iter().copied()).collect();
        offered.sort_unstable();
        if nearest.is_empty() {
            continue;
        }
        let offered: Vec<(String, bool)> =
            offered.into_iter().map(|number| (number.to_string(), with.contains(&number))).collect();
        maker.several(generator, &about(facts, &teeth, &finding, &with, "teeth"), &offered)?;
    }
    Ok(())
}

pub(super) fn count_with(generator: &Generator, facts: &ImageFacts<'_>, maker: &mut Maker<'_>) -> Result<()> {
    let teeth = teeth(maker.contents, facts);
    for (finding, with) in found_on(&teeth) {
        let mut number = Quantity::new(with.len() as f64, "1", Scale::Pixels);
        number.definition = "teeth of the image that the finding is recorded of".into();
        maker.number(generator, &about(facts, &teeth, &finding, &with, "count"), vec![number])?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn teeth_are_numbered_as_dentists_do() {
        assert_eq!([mesial(36), mesial(31), mesial(41), mesial(11), mesial(21), mesial(51)], [35, 41, 31, 21, 11, 61]);
        assert_eq!(
            [number_of_name("Tooth 36"), number_of_name("36"), number_of_name("FDI 48")],
            [Some(36), Some(36), Some(48)]
        );
        assert_eq!([number_of_name("caries 36"), number_of_name("tooth 3"), number_of_name("tooth 49")], [None; 3]);
        let others: Vec<String> = alike(36).into_iter().map(|(other, _)| other).collect();
        assert_eq!(others, ["37", "35", "46", "26"]);
        assert!(is_fdi(85) && !is_fdi(86) && !is_fdi(30) && !is_fdi(91));
    }
}
