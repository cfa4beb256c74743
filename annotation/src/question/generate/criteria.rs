//! Questions with a limit: one drawn by seed, or one that medicine has set and that is named with the question.

use crate::error::Result;
use crate::exchange::vqa::talk::number_text;
use crate::question::generate::facts::{ImageFacts, Structure};
use crate::question::generate::maker::Subject;
use crate::question::generate::single::mean;
use crate::question::generate::{Generator, Maker};
use crate::question::{Frame, Quantity, Role};

/// What of a structure a criterion looks at.
#[derive(Clone, Copy, PartialEq)]
enum Measured {
    VolumeMl,
    MajorAxisMm,
    MinorAxisMm,
    MeanHu,
}

struct Criterion {
    /// About a finding, not about the organ it lies in.
    of_lesion: bool,
    /// Words one of which a label's name has.
    labels: &'static [&'static str],
    measured: Measured,
    above: bool,
    limit: f64,
    text: &'static str,
}

/// Not for diagnosis: each limit is named in the question, so that a reader can judge it.
const CRITERIA: &[Criterion] = &[
    Criterion {
        of_lesion: false,
        labels: &["spleen"],
        measured: Measured::VolumeMl,
        above: true,
        limit: 314.5,
        text: "splenomegaly on CT, a volume of more than 314.5 mL (Bezerra 2005)",
    },
    Criterion {
        of_lesion: false,
        labels: &["liver"],
        measured: Measured::MeanHu,
        above: false,
        limit: 40.0,
        text: "hepatic steatosis on unenhanced CT, a mean of less than 40 HU",
    },
    Criterion {
        of_lesion: true,
        labels: &["nodule"],
        measured: Measured::MajorAxisMm,
        above: true,
        limit: 6.0,
        text: "a solid pulmonary nodule of more than 6 mm, which calls for follow-up (Fleischner 2017)",
    },
    Criterion {
        of_lesion: false,
        labels: &["node"],
        measured: Measured::MinorAxisMm,
        above: true,
        limit: 15.0,
        text: "a pathological lymph node by RECIST 1.1, a short axis of more than 15 mm",
    },
    Criterion {
        of_lesion: true,
        labels: &["lesion", "tumour", "tumor", "metastasis", "mass", "sarcoma"],
        measured: Measured::MajorAxisMm,
        above: true,
        limit: 10.0,
        text: "a measurable lesion by RECIST 1.1, a longest diameter of more than 10 mm",
    },
    Criterion {
        of_lesion: false,
        labels: &["aorta"],
        measured: Measured::MinorAxisMm,
        above: true,
        limit: 30.0,
        text: "an abdominal aortic aneurysm, a diameter of more than 30 mm across",
    },
];

fn whole(structure: &Structure<'_>, key: &str) -> Subject {
    let frames = vec![(Frame::whole(structure.image.id), Role::Main)];
    let key = format!("{} {} {key}", structure.image.id, structure.label.id);
    Subject::new(frames, &structure.label.name, key).pointing(structure.region(), 0, &structure.label.name)
}

/// A limit on the side that gives the wished answer, plainly away from the volume.
pub(super) fn volume_above(generator: &Generator, facts: &ImageFacts<'_>, maker: &mut Maker<'_>) -> Result<()> {
    for structure in facts.structures.iter().filter(|structure| structure.in_millimetres()) {
        let volume = structure.volume();
        let yes = maker.wish(generator);
        let limit = if yes { volume.value / 1.5 } else { volume.value * 1.5 };
        let limit = two_digits(limit);
        // Rounding must not cross the volume.
        if (volume.value > limit) == yes {
            let subject = whole(structure, "limit").with("limit", format!("{} {}", number_text(limit), volume.unit));
            maker.yes_no(generator, &subject, yes, &[volume])?;
        }
    }
    Ok(())
}

/// Rounded to two digits that count.
fn two_digits(value: f64) -> f64 {
    let scale = 10_f64.powf(1.0 - value.abs().max(1e-9).log10().floor());
    (value * scale).round() / scale
}

pub(super) fn criterion(generator: &Generator, facts: &ImageFacts<'_>, maker: &mut Maker<'_>) -> Result<()> {
    for structure in facts.structures.iter().filter(|structure| structure.in_millimetres()) {
        let name = structure.label.name.to_lowercase();
        let fits =
            |c: &Criterion| c.of_lesion == structure.is_lesion && c.labels.iter().any(|word| name.contains(word));
        for (n, criterion) in CRITERIA.iter().enumerate().filter(|(_, criterion)| fits(criterion)) {
            let Some(quantity) = measured(criterion.measured, structure, facts) else { continue };
            let yes = if criterion.above { quantity.value > criterion.limit } else { quantity.value < criterion.limit };
            // Where the error of measuring decides, nothing is asked.
            if (quantity.value - criterion.limit).abs() < 0.05 * criterion.limit {
                continue;
            }
            let subject = whole(structure, &format!("criterion {n}")).with("criterion", criterion.text);
            maker.yes_no(generator, &subject, yes, &[quantity])?;
        }
    }
    Ok(())
}

fn measured(what: Measured, structure: &Structure<'_>, facts: &ImageFacts<'_>) -> Option<Quantity> {
    match what {
        Measured::VolumeMl => Some(structure.volume()),
        Measured::MajorAxisMm => structure.axes().map(|[major, _]| major),
        Measured::MinorAxisMm => structure.axes().map(|[_, minor]| minor),
        Measured::MeanHu => {
            let is_ct = facts.unit.as_deref() == Some("HU");
            facts.intensity(structure).filter(|_| is_ct).map(|intensity| mean(structure, intensity.mean, "HU"))
        }
    }
}
