//! Questions about two times of one subject.

use crate::error::Result;
use crate::exchange::vqa::talk::number_text;
use crate::question::generate::facts::{ImageFacts, Structure};
use crate::question::generate::maker::Subject;
use crate::question::generate::{Generator, Maker};
use crate::question::{Frame, Quantity, Role};

/// Growth is asked about with this limit, in percent.
const GROWTH: f64 = 20.0;

/// The structures that both times have.
fn both<'f, 'a>(facts: [&'f ImageFacts<'a>; 2]) -> Vec<[&'f Structure<'a>; 2]> {
    let of_label = |prior: &'f Structure<'a>| {
        let current = facts[1].structures.iter().find(|current| current.label.id == prior.label.id)?;
        Some([prior, current])
    };
    facts[0].structures.iter().filter_map(of_label).collect()
}

fn about([prior, current]: [&Structure<'_>; 2]) -> Subject {
    let frames = vec![(Frame::whole(prior.image.id), Role::Prior), (Frame::whole(current.image.id), Role::Current)];
    let key = format!("{} {} {}", prior.image.id, current.image.id, current.label.id);
    let name = &current.label.name;
    Subject::new(frames, name, key).pointing(prior.region(), 0, name).pointing(current.region(), 1, name)
}

/// In percent of the prior volume.
fn change([prior, current]: [&Structure<'_>; 2]) -> Option<Quantity> {
    let (before, after) = (prior.volume(), current.volume());
    let comparable = prior.in_millimetres() && current.in_millimetres();
    comparable.then(|| Quantity {
        value: 100.0 * (after.value - before.value) / before.value,
        unit: "%".into(),
        definition: "difference of the volumes over the prior volume".into(),
        regions: vec![prior.region(), current.region()],
        ..after
    })
}

pub(super) fn volume_change(generator: &Generator, facts: [&ImageFacts<'_>; 2], maker: &mut Maker<'_>) -> Result<()> {
    for pair in both(facts) {
        if let Some(change) = change(pair) {
            maker.number(generator, &about(pair), vec![change])?;
        }
    }
    Ok(())
}

pub(super) fn grown(generator: &Generator, facts: [&ImageFacts<'_>; 2], maker: &mut Maker<'_>) -> Result<()> {
    for pair in both(facts) {
        // Five percent of doubt about the limit.
        if let Some(change) = change(pair).filter(|change| (change.value - GROWTH).abs() > 5.0) {
            let yes = change.value > GROWTH;
            let subject = about(pair).with("limit", number_text(GROWTH));
            maker.yes_no(generator, &subject, yes, &[pair[0].volume(), pair[1].volume(), change])?;
        }
    }
    Ok(())
}

pub(super) fn more_parts(generator: &Generator, facts: [&ImageFacts<'_>; 2], maker: &mut Maker<'_>) -> Result<()> {
    for pair in both(facts) {
        if pair[0].is_lesion || pair.iter().any(|structure| structure.parts.len() > 1) {
            let yes = pair[1].parts.len() > pair[0].parts.len();
            maker.yes_no(generator, &about(pair), yes, &[pair[0].count(), pair[1].count()])?;
        }
    }
    Ok(())
}
