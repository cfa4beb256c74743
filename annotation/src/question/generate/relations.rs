//! Questions about two or more structures of one image. A comparison is asked only where the difference is plain.

use crate::error::Result;
use crate::question::generate::facts::{ImageFacts, Structure};
use crate::question::generate::maker::Subject;
use crate::question::generate::single::mean;
use crate::question::generate::{Generator, Maker};
use crate::question::{Frame, Quantity, Role};

/// The larger of two sizes is at least this many times the smaller.
const PLAIN_RATIO: f64 = 1.2;
/// In the unit of the values.
const PLAIN_DIFFERENCE: f64 = 10.0;
/// In millimetres.
const PLAIN_OFFSET: f64 = 10.0;
/// Pairs of structures of one image that one generator asks about.
const MOST_PAIRS: usize = 60;

fn about(generator: &Generator, a: &Structure<'_>, b: &Structure<'_>) -> Subject {
    let key = format!("{} {} {} {}", generator.name, a.image.id, a.label.id, b.label.id);
    let frames = vec![(Frame::whole(a.image.id), Role::Main)];
    Subject::new(frames, &a.label.name, key)
        .with("other", b.label.name.clone())
        .pointing(a.region(), 0, &a.label.name)
        .pointing(b.region(), 0, &b.label.name)
}

/// Every two structures once, in the order of labels.
fn pairs<'f, 'a>(facts: &'f ImageFacts<'a>) -> impl Iterator<Item = (&'f Structure<'a>, &'f Structure<'a>)> {
    let all = &facts.structures;
    let pairs = all.iter().enumerate().flat_map(move |(n, a)| all[n + 1..].iter().map(move |b| (a, b)));
    pairs.take(MOST_PAIRS)
}

pub(super) fn distance(generator: &Generator, facts: &ImageFacts<'_>, maker: &mut Maker<'_>) -> Result<()> {
    for (a, b) in pairs(facts) {
        if let Some(distance) = a.distance_to(b).filter(|distance| distance.value > PLAIN_OFFSET) {
            maker.number(generator, &about(generator, a, b), vec![distance])?;
        }
    }
    Ok(())
}

pub(super) fn ratio(generator: &Generator, facts: &ImageFacts<'_>, maker: &mut Maker<'_>) -> Result<()> {
    for (a, b) in pairs(facts) {
        let (a, b) = if a.mask.count() >= b.mask.count() { (a, b) } else { (b, a) };
        let ratio = Quantity {
            value: a.mask.count() as f64 / b.mask.count() as f64,
            unit: "1".into(),
            definition: "number of voxels of the one over that of the other".into(),
            regions: vec![a.region(), b.region()],
            ..a.volume()
        };
        if (PLAIN_RATIO..100.0).contains(&ratio.value) {
            maker.number(generator, &about(generator, a, b), vec![ratio])?;
        }
    }
    Ok(())
}

/// Asks about the pair in the order whose answer is wished for.
fn compare(
    generator: &Generator,
    maker: &mut Maker<'_>,
    pair: [(&Structure<'_>, Quantity); 2],
    greater: bool,
) -> Result<()> {
    let wish = maker.wish(generator);
    let [(a, of_a), (b, of_b)] = pair;
    let (a, b, measured) = if greater == wish { (a, b, vec![of_a, of_b]) } else { (b, a, vec![of_b, of_a]) };
    maker.yes_no(generator, &about(generator, a, b), wish, &measured)
}

pub(super) fn larger(generator: &Generator, facts: &ImageFacts<'_>, maker: &mut Maker<'_>) -> Result<()> {
    for (a, b) in pairs(facts) {
        let (of_a, of_b) = (a.volume(), b.volume());
        let greater = of_a.value > of_b.value;
        if of_a.value.max(of_b.value) >= PLAIN_RATIO * of_a.value.min(of_b.value) {
            compare(generator, maker, [(a, of_a), (b, of_b)], greater)?;
        }
    }
    Ok(())
}

pub(super) fn denser(generator: &Generator, facts: &ImageFacts<'_>, maker: &mut Maker<'_>) -> Result<()> {
    let Some(unit) = facts.unit.clone() else { return Ok(()) };
    for (a, b) in pairs(facts) {
        let Some((of_a, of_b)) = facts.intensity(a).zip(facts.intensity(b)) else { continue };
        if (of_a.mean - of_b.mean).abs() >= PLAIN_DIFFERENCE {
            let pair = [(a, mean(a, of_a.mean, &unit)), (b, mean(b, of_b.mean, &unit))];
            compare(generator, maker, pair, of_a.mean > of_b.mean)?;
        }
    }
    Ok(())
}

pub(super) fn closer(generator: &Generator, facts: &ImageFacts<'_>, maker: &mut Maker<'_>) -> Result<()> {
    for structure in facts.structures.iter().filter(|structure| structure.in_millimetres()) {
        let mut others: Vec<_> = facts
            .structures
            .iter()
            .filter(|other| other.label.id != structure.label.id)
            .filter_map(|other| Some((structure.distance_to(other)?, other)))
            .collect();
        others.sort_by(|a, b| a.0.value.total_cmp(&b.0.value));
        let [first, second, ..] = others.as_slice() else { continue };
        if second.0.value < PLAIN_RATIO * first.0.value {
            continue;
        }
        let names: Vec<(String, &str)> =
            others[1..].iter().map(|(_, other)| (other.label.name.clone(), "another structure of the image")).collect();
        let key = format!("{} {}", structure.image.id, structure.label.id);
        let subject = Subject::new(vec![(Frame::whole(structure.image.id), Role::Main)], &structure.label.name, key)
            .pointing(structure.region(), 0, &structure.label.name)
            .pointing(first.1.region(), 0, &first.1.label.name);
        maker.single(generator, &subject, &first.1.label.name, &names, &[first.0.clone(), second.0.clone()])?;
    }
    Ok(())
}

/// World is LPS: left of the patient is where x grows.
pub(super) fn laterality(generator: &Generator, facts: &ImageFacts<'_>, maker: &mut Maker<'_>) -> Result<()> {
    for (n, (a, b)) in pairs(facts).enumerate() {
        let offset = a.centre.0.x - b.centre.0.x;
        if !a.in_millimetres() || offset.abs() < PLAIN_OFFSET {
            continue;
        }
        // Turned about for every other pair, so that left is not the commoner side.
        let (a, b, offset) = if n % 2 == 0 { (a, b, offset) } else { (b, a, -offset) };
        let (right, other) = if offset > 0.0 { ("Left", "Right") } else { ("Right", "Left") };
        let measured = Quantity {
            name: "offset to the patient's left".into(),
            value: offset,
            unit: "mm".into(),
            definition: "difference of the mean voxel positions along the patient's right-left axis".into(),
            regions: vec![a.region(), b.region()],
            ..a.volume()
        };
        maker.single(generator, &about(generator, a, b), right, &[(other.into(), "the other side")], &[measured])?;
    }
    Ok(())
}

pub(super) fn adjacency(generator: &Generator, facts: &ImageFacts<'_>, maker: &mut Maker<'_>) -> Result<()> {
    for (a, b) in pairs(facts) {
        let gap = a.mask.bounds().grown([3; 3], a.image.size()).intersection(&b.mask.bounds()).is_empty();
        let touches = a.touches(b);
        // Neither touching nor plainly apart: one voxel of doubt decides.
        if touches || gap {
            maker.yes_no(generator, &about(generator, a, b), touches, &[])?;
        }
    }
    Ok(())
}

pub(super) fn outlier(generator: &Generator, facts: &ImageFacts<'_>, maker: &mut Maker<'_>) -> Result<()> {
    let mut sorted: Vec<&Structure<'_>> = facts.structures.iter().collect();
    sorted.sort_by_key(|structure| std::cmp::Reverse(structure.mask.count()));
    let [first, second, _, ..] = sorted.as_slice() else { return Ok(()) };
    if (first.mask.count() as f64) < PLAIN_RATIO * second.mask.count() as f64 {
        return Ok(());
    }
    let names: Vec<(String, &str)> =
        sorted[1..].iter().map(|other| (other.label.name.clone(), "another structure of the image")).collect();
    let frames = vec![(Frame::whole(first.image.id), Role::Main)];
    let subject = Subject::new(frames, &first.label.name, first.image.id.to_string()).pointing(
        first.region(),
        0,
        &first.label.name,
    );
    maker.single(generator, &subject, &first.label.name, &names, &[first.volume(), second.volume()])
}
