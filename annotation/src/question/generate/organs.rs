//! Questions about organs: both sides of a pair, all parts together, what is densest, largest and nearest.

use crate::error::Result;
use crate::question::generate::body::{box_gap_mm, gap_mm, is_organ, length_mm, organs, union};
use crate::question::generate::facts::{ImageFacts, Structure};
use crate::question::generate::lesions::whole;
use crate::question::generate::maker::Subject;
use crate::question::generate::names::{self, Side};
use crate::question::generate::single::mean;
use crate::question::generate::{Generator, Maker};
use crate::question::{Quantity, Region};
use limner_imaging::Mask;
use std::collections::BTreeMap;

/// The larger of two sizes is at least this many times the smaller, or they are within `ALIKE` of each other.
const PLAIN_RATIO: f64 = 1.1;
const ALIKE: f64 = 1.025;
/// A ratio of means is asked about from this many HU on.
const FEWEST_HU: f64 = 20.0;
const MOST_PAIRS: usize = 60;
/// Parts of one organ that a question can still name.
const MOST_MEMBERS: usize = 8;
/// In mm, of the lengths of two kidneys.
const ASYMMETRY_MM: f64 = 15.0;
/// The next neighbour is at least this much farther.
const PLAIN_GAP_MM: f64 = 3.0;
/// Structures of an image that are asked for their neighbour.
const MOST_NEIGHBOURS: usize = 30;

fn regions(members: &[&Structure<'_>]) -> Vec<Region> {
    members.iter().map(|member| member.region()).collect()
}

fn pointing(subject: Subject, members: &[&Structure<'_>]) -> Subject {
    members.iter().fold(subject, |subject, member| subject.pointing(member.region(), 0, &member.label.name))
}

pub(super) fn hu_ratio(generator: &Generator, facts: &ImageFacts<'_>, maker: &mut Maker<'_>) -> Result<()> {
    let of = |s: &Structure<'_>| facts.intensity(s).map(|found| found.mean).filter(|mean| *mean > FEWEST_HU);
    let dense: Vec<(&Structure<'_>, f64)> =
        organs(facts).filter(|_| facts.is_ct()).filter_map(|s| Some((s, of(s)?))).collect();
    let pairs = dense.iter().enumerate().flat_map(|(n, a)| dense[n + 1..].iter().map(move |b| (a, b)));
    for ((a, of_a), (b, of_b)) in pairs.take(MOST_PAIRS) {
        let text = "mean of the values of all voxels of the one over that of the other, both in HU";
        let ratio = Quantity { regions: regions(&[a, b]), ..a.measured(of_a / of_b, "1", text) };
        let subject = whole(a, &format!("ratio {}", b.label.id)).with("other", b.label.name.clone());
        maker.number(generator, &subject.pointing(b.region(), 0, &b.label.name), vec![ratio])?;
    }
    Ok(())
}

/// Structures that are one organ together: both sides, or its segments.
fn groups<'f, 'a>(facts: &'f ImageFacts<'a>) -> Vec<(String, Vec<&'f Structure<'a>>)> {
    let mut groups: BTreeMap<(String, bool), Vec<&Structure<'_>>> = BTreeMap::new();
    let healthy = facts.structures.iter().filter(|s| !s.is_lesion && !names::is_vessel(&s.label.name));
    for structure in healthy {
        let name = &structure.label.name;
        let organ = names::organ_of(name);
        let is_part = names::is_part(name);
        if !organ.is_empty() && (is_part || names::side(name).is_some()) {
            groups.entry((organ, is_part)).or_default().push(structure);
        }
    }
    groups.into_iter().map(|((name, _), all)| (name, all)).filter(|(_, all)| all.len() > 1).collect()
}

pub(super) fn total(generator: &Generator, facts: &ImageFacts<'_>, maker: &mut Maker<'_>) -> Result<()> {
    for (name, members) in groups(facts) {
        if members.len() > MOST_MEMBERS || !members[0].in_millimetres() {
            continue;
        }
        let masks: Vec<&Mask> = members.iter().map(|member| &member.mask).collect();
        let volume = members[0].volume();
        let voxel = volume.value / members[0].mask.count() as f64;
        let number = Quantity {
            value: union(&masks).count() as f64 * voxel,
            definition: "voxels of all parts, each once, times the volume of a voxel".into(),
            regions: regions(&members),
            ..volume
        };
        let parts: Vec<&str> = members.iter().map(|member| member.label.name.as_str()).collect();
        let mut subject = whole(members[0], "total").with("parts", parts.join(", ")).with("unit", number.unit.clone());
        subject.evidence.clear();
        subject.fields.push(("organ", name.clone()));
        subject.anatomy = name;
        maker.number(generator, &pointing(subject, &members), vec![number])?;
    }
    Ok(())
}

/// The left and the right one of everything that has both.
fn sides<'f, 'a>(facts: &'f ImageFacts<'a>) -> Vec<(String, [&'f Structure<'a>; 2])> {
    let of_side = |wanted: Side| facts.structures.iter().filter(move |s| names::side(&s.label.name) == Some(wanted));
    let pair = |left: &'f Structure<'a>| {
        let name = names::without_side(&left.label.name);
        let right = of_side(Side::Right).find(|right| names::without_side(&right.label.name) == name)?;
        (!left.is_lesion && !right.is_lesion && !name.is_empty()).then_some((name, [left, right]))
    };
    of_side(Side::Left).filter_map(pair).collect()
}

fn about_pair(name: &str, [left, right]: [&Structure<'_>; 2], key: &str) -> Subject {
    let mut subject = whole(left, key);
    subject.evidence.clear();
    subject.fields.push(("organ", name.to_owned()));
    subject.anatomy = name.into();
    pointing(subject, &[left, right])
}

fn others(names: &[&str; 3], right: usize) -> Vec<(String, &'static str)> {
    (0..3).filter(|n| *n != right).map(|n| (names[n].to_owned(), "the other outcomes of a comparison")).collect()
}

pub(super) fn larger_side(generator: &Generator, facts: &ImageFacts<'_>, maker: &mut Maker<'_>) -> Result<()> {
    const NAMES: [&str; 3] = ["The left one", "The right one", "Both are alike"];
    for (name, pair) in sides(facts) {
        let volumes = pair.map(|one| Quantity { name: one.label.name.clone(), ..one.volume() });
        let ratio = volumes[0].value / volumes[1].value;
        let right = match ratio.max(1.0 / ratio) {
            apart if apart >= PLAIN_RATIO => usize::from(ratio < 1.0),
            apart if apart <= ALIKE => 2,
            _ => continue,
        };
        maker.single(generator, &about_pair(&name, pair, "side"), NAMES[right], &others(&NAMES, right), &volumes)?;
    }
    Ok(())
}

/// By length: a difference of more than 15 mm counts (ACC/AHA 2005). Nobody is asked within a voxel and a half of it.
pub(super) fn asymmetry(generator: &Generator, facts: &ImageFacts<'_>, maker: &mut Maker<'_>) -> Result<()> {
    const NAMES: [&str; 3] = ["The left one is shorter", "The right one is shorter", "No asymmetry"];
    let kidneys = |name: &str| names::organ_words(name).contains("kidney");
    for (name, pair) in sides(facts).into_iter().filter(|(name, pair)| kidneys(name) && pair[0].in_millimetres()) {
        let geometry = &facts.image.geometry;
        let lengths = pair.map(|one| {
            let text = "longest distance between two voxel centres";
            Quantity { name: one.label.name.clone(), ..one.measured(length_mm(&one.mask, geometry), "mm", text) }
        });
        let apart = lengths[0].value - lengths[1].value;
        let doubt = 1.5 * geometry.spacing_mm().into_iter().fold(0.0, f64::max);
        if (apart.abs() - ASYMMETRY_MM).abs() < doubt {
            continue;
        }
        let right = if apart.abs() < ASYMMETRY_MM { 2 } else { usize::from(apart > 0.0) };
        let subject = about_pair(&name, pair, "asymmetry");
        maker.single(generator, &subject, NAMES[right], &others(&NAMES, right), &lengths)?;
    }
    Ok(())
}

/// Which segment of an organ is the largest.
pub(super) fn largest_segment(generator: &Generator, facts: &ImageFacts<'_>, maker: &mut Maker<'_>) -> Result<()> {
    for (name, mut members) in groups(facts) {
        members.retain(|member| names::is_part(&member.label.name));
        members.sort_by_key(|member| std::cmp::Reverse(member.mask.count()));
        let [first, second, ..] = members.as_slice() else { continue };
        if (first.mask.count() as f64) < PLAIN_RATIO * second.mask.count() as f64 {
            continue;
        }
        let others: Vec<(String, &str)> =
            members[1..].iter().map(|other| (other.label.name.clone(), "another segment of the organ")).collect();
        let mut subject = whole(first, "segment");
        subject.fields.push(("organ", name.clone()));
        subject.anatomy = name;
        maker.single(generator, &subject, &first.label.name, &others, &[first.volume(), second.volume()])?;
    }
    Ok(())
}

/// The other whole organs of an image from the nearest on, no farther than needed to tell the first two apart.
fn neighbours<'f, 'a>(facts: &'f ImageFacts<'a>, of: &Structure<'_>) -> Vec<(f64, &'f Structure<'a>)> {
    let spacing = facts.image.geometry.spacing_mm();
    let is_other = |s: &&Structure<'_>| s.label.id != of.label.id && !holds(s, of);
    let mut by_box: Vec<(f64, &Structure<'_>)> = organs(facts)
        .filter(is_other)
        .map(|other| (box_gap_mm(of.mask.bounds(), other.mask.bounds(), spacing), other))
        .collect();
    by_box.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut found: Vec<(f64, &Structure<'_>)> = Vec::new();
    for (at_least, other) in by_box {
        // The two nearest are known once all boxes left are farther.
        if found.get(1).is_some_and(|second| at_least > second.0) {
            break;
        }
        found.push((gap_mm(&of.mask, &other.mask, spacing), other));
        found.sort_by(|a, b| a.0.total_cmp(&b.0));
    }
    found
}

/// Whether one is what the other lies in: of one organ by name, or overlapping.
fn holds(organ: &Structure<'_>, of: &Structure<'_>) -> bool {
    let of_one = names::share_organ(&organ.label.name, &of.label.name) && (of.is_lesion || !is_organ(of));
    of_one || of.label.parent == Some(organ.label.id)
}

pub(super) fn nearest(generator: &Generator, facts: &ImageFacts<'_>, maker: &mut Maker<'_>) -> Result<()> {
    let asked = facts.structures.iter().filter(|s| s.in_millimetres() && (s.is_lesion || is_organ(s)));
    for structure in asked.take(MOST_NEIGHBOURS) {
        let found = neighbours(facts, structure);
        let [first, second, ..] = found.as_slice() else { continue };
        if second.0 - first.0 < PLAIN_GAP_MM {
            continue;
        }
        let away = |(gap, other): &(f64, &Structure<'_>)| {
            let text = "shortest distance between a voxel centre of the one and one of the other";
            Quantity { regions: regions(&[structure, other]), ..structure.measured(*gap, "mm", text) }
        };
        let known: Vec<_> = found.iter().map(|(_, other)| other.label.id).collect();
        let farther = organs(facts).filter(|o| o.label.id != structure.label.id && !known.contains(&o.label.id));
        let farther = farther.filter(|other| !holds(other, structure));
        let others: Vec<(String, &str)> = found[1..]
            .iter()
            .map(|(_, other)| *other)
            .chain(farther)
            .map(|other| (other.label.name.clone(), "another organ of the image"))
            .collect();
        let subject = whole(structure, "nearest").pointing(first.1.region(), 0, &first.1.label.name);
        maker.single(generator, &subject, &first.1.label.name, &others, &[away(first), away(second)])?;
    }
    Ok(())
}

/// The mean of a structure in HU, with the words that define it.
pub(super) fn mean_hu(facts: &ImageFacts<'_>, structure: &Structure<'_>) -> Option<Quantity> {
    let found = facts.intensity(structure).filter(|_| facts.is_ct())?;
    Some(Quantity { name: structure.label.name.clone(), ..mean(structure, found.mean, "HU") })
}
