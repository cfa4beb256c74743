//! Questions about findings and the organ they lie in.

use crate::error::Result;
use crate::question::generate::body::{
    HOST_RULE, Host, PLACE_RULE, host, lesions, pixels_per_slice, place_of, places, widest_on_slice, without,
};
use crate::question::generate::facts::{ImageFacts, Structure};
use crate::question::generate::maker::Subject;
use crate::question::generate::{Generator, Maker};
use crate::question::{Frame, Quantity, Role};
use crate::shapes::Slice;
use limner_imaging::Mask;
use std::collections::BTreeMap;

/// In HU: what differs by less is of equal attenuation; nobody is asked within `DOUBT_HU` of it.
const EQUAL_HU: f64 = 10.0;
const DOUBT_HU: f64 = 3.0;
/// One part this many times the middle one is an outlier; nobody is asked within a sixth of it.
const OUTLIER: f64 = 3.0;

pub(super) fn whole(structure: &Structure<'_>, key: &str) -> Subject {
    let frames = vec![(Frame::whole(structure.image.id), Role::Main)];
    let key = format!("{} {} {key}", structure.image.id, structure.label.id);
    Subject::new(frames, &structure.label.name, key).pointing(structure.region(), 0, &structure.label.name)
}

/// The lesion, and beside it the organ.
pub(super) fn with_host(lesion: &Structure<'_>, host: &Host<'_, '_>, key: &str) -> Subject {
    let subject = whole(lesion, key).with("other", host.name.clone());
    let point = |subject: Subject, member: &&Structure<'_>| subject.pointing(member.region(), 0, &member.label.name);
    host.members.iter().fold(subject, point)
}

/// The largest part and its mask.
pub(super) fn largest(lesion: &Structure<'_>) -> Option<(usize, Mask)> {
    lesion.parts.largest().map(|part| (part, lesion.parts.mask(part)))
}

/// A subject that points at one part only.
pub(super) fn part_of(lesion: &Structure<'_>, part: usize, key: &str) -> Subject {
    let mut subject = whole(lesion, key);
    subject.evidence.clear();
    subject.pointing(lesion.region_of_part(part), 0, &lesion.label.name)
}

/// The share of an organ that is lesion, in percent.
fn burden_of(lesion: &Structure<'_>, host: &Host<'_, '_>) -> Quantity {
    let rest = without(&host.mask(), &[&lesion.mask]).count() as f64;
    let voxels = lesion.mask.count() as f64;
    let text = format!("voxels of the lesion over voxels of the lesion and its organ together; {HOST_RULE}");
    let mut regions = vec![lesion.region()];
    regions.extend(host.members.iter().map(|member| member.region()));
    Quantity { regions, ..lesion.measured(100.0 * voxels / (voxels + rest), "%", text) }
}

pub(super) fn burden(generator: &Generator, facts: &ImageFacts<'_>, maker: &mut Maker<'_>) -> Result<()> {
    for lesion in lesions(facts) {
        if let Some(host) = host(facts, lesion) {
            let burden = burden_of(lesion, &host);
            maker.number(generator, &with_host(lesion, &host, "burden"), vec![burden])?;
        }
    }
    Ok(())
}

pub(super) fn largest_diameter(generator: &Generator, facts: &ImageFacts<'_>, maker: &mut Maker<'_>) -> Result<()> {
    for lesion in lesions(facts).filter(|lesion| lesion.slice_in_millimetres()) {
        let Some((part, mask)) = largest(lesion) else { continue };
        let (length, slice) = widest_on_slice(&mask, &lesion.image.geometry);
        if length > 0.0 {
            let text = "longest distance between two pixel centres of the largest connected part on one stored slice";
            let regions = vec![lesion.region_of_part(part), lesion.region_on(slice)];
            let number = Quantity { regions, ..lesion.measured(length, "mm", text) };
            maker.number(generator, &part_of(lesion, part, "diameter").with("unit", "mm"), vec![number])?;
        }
    }
    Ok(())
}

pub(super) fn largest_slice(generator: &Generator, facts: &ImageFacts<'_>, maker: &mut Maker<'_>) -> Result<()> {
    for lesion in lesions(facts).filter(|_| facts.image.size()[2] > 1) {
        let Some((part, mask)) = largest(lesion) else { continue };
        let counts = pixels_per_slice(&mask);
        let Some(best) = (0..counts.len()).max_by_key(|n| (counts[*n], std::cmp::Reverse(*n))) else { continue };
        // A slice that is nearly as full lies within the tolerance, or nobody is asked.
        let is_plain = (0..counts.len()).all(|n| n.abs_diff(best) <= 2 || counts[n] * 20 < counts[best] * 19);
        if is_plain {
            let slice = mask.bounds().min[2] + best;
            let text = "number of the stored slice, counted from 1, with the most pixels of the largest connected part";
            let number =
                Quantity { regions: vec![lesion.region_on(slice)], ..lesion.measured((slice + 1) as f64, "1", text) };
            maker.number(generator, &part_of(lesion, part, "slice"), vec![number])?;
        }
    }
    Ok(())
}

/// Mean of a lesion's voxels, mean of its organ outside of every finding.
pub(super) fn means(facts: &ImageFacts<'_>, mask: &Mask, host: &Host<'_, '_>) -> Option<[f64; 2]> {
    let findings: Vec<&Mask> = lesions(facts).map(|lesion| &lesion.mask).collect();
    let organ = without(&host.mask(), &findings);
    let of = |mask: &Mask| facts.intensity_under(mask).map(|intensity| intensity.mean);
    facts.is_ct().then(|| Some([of(mask)?, of(&organ)?])).flatten()
}

fn difference(lesion: &Structure<'_>, host: &Host<'_, '_>, [inner, outer]: [f64; 2], of: &str) -> Quantity {
    let text = format!("mean of {of} less the mean of the organ outside of all findings; {HOST_RULE}");
    let mut regions = vec![lesion.region()];
    regions.extend(host.members.iter().map(|member| member.region()));
    Quantity { regions, ..lesion.measured(inner - outer, "HU", text) }
}

pub(super) fn contrast(generator: &Generator, facts: &ImageFacts<'_>, maker: &mut Maker<'_>) -> Result<()> {
    for lesion in lesions(facts) {
        let Some(host) = host(facts, lesion) else { continue };
        if let Some(means) = means(facts, &lesion.mask, &host) {
            let number = difference(lesion, &host, means, "the lesion");
            maker.number(generator, &with_host(lesion, &host, "contrast"), vec![number])?;
        }
    }
    Ok(())
}

pub(super) fn attenuation(generator: &Generator, facts: &ImageFacts<'_>, maker: &mut Maker<'_>) -> Result<()> {
    const NAMES: [&str; 3] = ["Hypoattenuating", "Isoattenuating", "Hyperattenuating"];
    for lesion in lesions(facts) {
        let Some((_, mask)) = largest(lesion) else { continue };
        let Some(host) = host(facts, lesion) else { continue };
        let Some(means) = means(facts, &mask, &host) else { continue };
        let number = difference(lesion, &host, means, "the largest connected part");
        if (number.value.abs() - EQUAL_HU).abs() < DOUBT_HU {
            continue;
        }
        let right = if number.value.abs() < EQUAL_HU { 1 } else { usize::from(number.value > 0.0) * 2 };
        let others: Vec<(String, &str)> = (0..3)
            .filter(|n| *n != right)
            .map(|n| (NAMES[n].to_owned(), "the other ways an attenuation can differ"))
            .collect();
        let subject = with_host(lesion, &host, "attenuation");
        maker.single(generator, &subject, NAMES[right], &others, &[number])?;
    }
    Ok(())
}

/// For each part the place it lies in; none where one has no plain place, or where there is nothing to tell apart.
fn placed<'f, 'a>(facts: &'f ImageFacts<'a>, lesion: &Structure<'_>) -> Option<Vec<(&'f Structure<'a>, Vec<usize>)>> {
    let places = places(facts, lesion);
    if places.len() < 2 {
        return None;
    }
    let mut all: Vec<(&Structure<'_>, Vec<usize>)> = places.iter().map(|place| (*place, Vec::new())).collect();
    for part in 0..lesion.parts.len() {
        let place = place_of(&lesion.parts.mask(part), &places)?;
        let known = all.iter_mut().find(|(known, _)| known.label.id == place.label.id)?;
        known.1.push(part);
    }
    Some(all)
}

/// More parts than this are not looked at one by one.
const MOST_PARTS: usize = 200;

pub(super) fn count_in(generator: &Generator, facts: &ImageFacts<'_>, maker: &mut Maker<'_>) -> Result<()> {
    for lesion in lesions(facts).filter(|lesion| lesion.parts.len() <= MOST_PARTS) {
        for (place, parts) in placed(facts, lesion).into_iter().flatten().filter(|(_, parts)| !parts.is_empty()) {
            let text = format!("parts whose voxels touch over faces, edges or corners; {PLACE_RULE}");
            let mut regions: Vec<_> = parts.iter().map(|part| lesion.region_of_part(*part)).collect();
            regions.push(place.region());
            let number = Quantity { regions, ..lesion.measured(parts.len() as f64, "1", text) };
            let subject =
                whole(lesion, &format!("count in {}", place.label.id)).with("other", place.label.name.clone());
            maker.number(generator, &subject.pointing(place.region(), 0, &place.label.name), vec![number])?;
        }
    }
    Ok(())
}

pub(super) fn largest_location(generator: &Generator, facts: &ImageFacts<'_>, maker: &mut Maker<'_>) -> Result<()> {
    for lesion in lesions(facts) {
        let Some((part, mask)) = largest(lesion) else { continue };
        let places = places(facts, lesion);
        let Some(right) = place_of(&mask, &places).filter(|_| places.len() > 1) else { continue };
        let others: Vec<(String, &str)> = places
            .iter()
            .filter(|place| place.label.id != right.label.id)
            .map(|place| (place.label.name.clone(), "another place of the same kind"))
            .collect();
        let number = lesion.part_volume(part);
        let number = Quantity { definition: format!("{}; {PLACE_RULE}", number.definition), ..number };
        let subject = part_of(lesion, part, "location").pointing(right.region(), 0, &right.label.name);
        maker.single(generator, &subject, &right.label.name, &others, &[number])?;
    }
    Ok(())
}

pub(super) fn outlier(generator: &Generator, facts: &ImageFacts<'_>, maker: &mut Maker<'_>) -> Result<()> {
    for lesion in lesions(facts).filter(|lesion| lesion.parts.len() > 2) {
        let mut sizes: Vec<usize> = lesion.parts.parts().iter().map(|part| part.voxels).collect();
        sizes.sort_unstable();
        let largest = sizes.pop().unwrap_or(0) as f64;
        let n = sizes.len();
        let middle = f64::midpoint(sizes[(n - 1) / 2] as f64, sizes[n / 2] as f64);
        let ratio = largest / middle;
        if (ratio / OUTLIER - 1.0).abs() < 1.0 / 6.0 {
            continue;
        }
        let text = "volume of the largest connected part over the median volume of the other parts";
        let number = lesion.measured(ratio, "1", text);
        maker.yes_no(generator, &whole(lesion, "outlier"), ratio > OUTLIER, &[number])?;
    }
    Ok(())
}

pub(super) fn clustering(generator: &Generator, facts: &ImageFacts<'_>, maker: &mut Maker<'_>) -> Result<()> {
    const NAMES: [&str; 3] = ["All in one", "In two", "In three or more"];
    let many = |lesion: &&Structure<'_>| (2..=MOST_PARTS).contains(&lesion.parts.len());
    for lesion in lesions(facts).filter(many) {
        let Some(placed) = placed(facts, lesion) else { continue };
        let used = placed.iter().filter(|(_, parts)| !parts.is_empty()).count();
        // What could not be answered otherwise is not asked.
        let possible = placed.len().min(lesion.parts.len()).min(3);
        let right = used.min(3) - 1;
        let others: Vec<(String, &str)> =
            (0..possible).filter(|n| *n != right).map(|n| (NAMES[n].to_owned(), "another number of places")).collect();
        let names: Vec<&str> = placed.iter().map(|(place, _)| place.label.name.as_str()).collect();
        let text = format!("places that hold a part; {PLACE_RULE}");
        let number = lesion.measured(used as f64, "1", text);
        let subject = whole(lesion, "clustering").with("places", names.join(", "));
        maker.single(generator, &subject, NAMES[right], &others, &[number])?;
    }
    Ok(())
}

/// Of organs with findings the one with the largest share.
pub(super) fn burden_most(generator: &Generator, facts: &ImageFacts<'_>, maker: &mut Maker<'_>) -> Result<()> {
    let mut by_host: BTreeMap<String, (Host<'_, '_>, Vec<&Structure<'_>>)> = BTreeMap::new();
    for lesion in lesions(facts) {
        if let Some(host) = host(facts, lesion) {
            by_host.entry(host.name.clone()).or_insert_with(|| (host, Vec::new())).1.push(lesion);
        }
    }
    let mut shares: Vec<(Quantity, String, Vec<&Structure<'_>>)> = Vec::new();
    for (name, (host, members)) in by_host {
        let masks: Vec<&Mask> = members.iter().map(|lesion| &lesion.mask).collect();
        let found = crate::question::generate::body::union(&masks).count() as f64;
        let rest = without(&host.mask(), &masks).count() as f64;
        let text = format!("voxels of findings over voxels of findings and organ together; {HOST_RULE}");
        let share = members[0].measured(100.0 * found / (found + rest), "%", text);
        let regions = members.iter().map(|lesion| lesion.region()).collect();
        shares.push((Quantity { name: name.clone(), regions, ..share }, name, members));
    }
    shares.sort_by(|a, b| b.0.value.total_cmp(&a.0.value));
    let [first, second, ..] = shares.as_slice() else { return Ok(()) };
    if first.0.value < 1.2 * second.0.value {
        return Ok(());
    }
    let others: Vec<(String, &str)> =
        shares[1..].iter().map(|(_, name, _)| (name.clone(), "another organ with a finding")).collect();
    let frames = vec![(Frame::whole(facts.image.id), Role::Main)];
    let subject = Subject::new(frames, &first.1, format!("{} burden", facts.image.id));
    let point = |subject: Subject, lesion: &&Structure<'_>| subject.pointing(lesion.region(), 0, &lesion.label.name);
    let subject = first.2.iter().fold(subject, point);
    maker.single(generator, &subject, &first.1, &others, &[first.0.clone(), second.0.clone()])
}

/// On the slice of a part, with the place of its middle named: for questions that must not say what is there.
pub(super) fn at_middle(lesion: &Structure<'_>, part: &Mask, key: &str) -> Option<Subject> {
    let slice = crate::question::generate::body::slice_of(part);
    let pixels: Vec<[usize; 3]> = part.indices().filter(|index| index[2] == slice.index).collect();
    let count = pixels.len().max(1) as f64;
    let mean = |axis: usize| (pixels.iter().map(|index| index[axis]).sum::<usize>() as f64 / count).round();
    let (column, row) = (mean(0), mean(1));
    if !part.get([column as usize, row as usize, slice.index]) {
        return None;
    }
    let frame = Frame::on(lesion.image.id, Slice::stored(slice.index));
    let key = format!("{} {} {key}", lesion.image.id, lesion.label.id);
    let subject = Subject::new(vec![(frame, Role::Main)], &lesion.label.name, key)
        .with("column", column.to_string())
        .with("row", row.to_string());
    Some(subject.pointing(lesion.region_on(slice.index), 0, "lesion"))
}
