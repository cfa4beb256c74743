//! Questions that medicine has a rule for, from sizes and CT numbers. Not for diagnosis: every rule is in the question with
//! its source, and nobody is asked where the error of measuring decides. What needs a CT without contrast says so, for a
//! project does not record the phase.

use crate::error::Result;
use crate::question::Quantity;
use crate::question::generate::body::{calibre, host, length_mm, lesions};
use crate::question::generate::facts::{ImageFacts, Structure};
use crate::question::generate::lesions::whole;
use crate::question::generate::names;
use crate::question::generate::organs::mean_hu;
use crate::question::generate::{Generator, Maker};

/// The share of a limit within which nobody is asked.
const DOUBT: f64 = 0.05;
const OTHER_GRADES: &str = "the other grades of the rule";

/// The first structure that is wholly this organ.
fn organ<'f, 'a>(facts: &'f ImageFacts<'a>, word: &str) -> Option<&'f Structure<'a>> {
    let is = |s: &&Structure<'_>| {
        let name = &s.label.name;
        !s.is_lesion && !names::is_part(name) && !names::is_vessel(name) && names::organ_of(name) == word
    };
    facts.structures.iter().find(is)
}

/// Whether the organ of a lesion is this one, by name or by where it lies.
fn lies_in(facts: &ImageFacts<'_>, lesion: &Structure<'_>, word: &str) -> bool {
    let of_name = names::organ_words(&lesion.label.name);
    if of_name.is_empty() {
        return host(facts, lesion).is_some_and(|host| names::organ_words(&host.name).contains(word));
    }
    of_name.contains(word)
}

/// Limits from low to high part grades; none where the number is too near to one.
pub(super) fn grade(value: f64, limits: &[f64], doubt: impl Fn(f64) -> f64) -> Option<usize> {
    let is_plain = limits.iter().all(|limit| (value - limit).abs() >= doubt(*limit));
    is_plain.then(|| limits.iter().filter(|limit| value > **limit).count())
}

fn near(limit: f64) -> f64 {
    DOUBT * limit.abs()
}

pub(super) fn other_grades(names: &[&str], right: usize) -> Vec<(String, &'static str)> {
    (0..names.len()).filter(|n| *n != right).map(|n| (names[n].to_owned(), OTHER_GRADES)).collect()
}

/// The mean of one organ over that of another.
fn hu_ratio(facts: &ImageFacts<'_>, a: &Structure<'_>, b: &Structure<'_>) -> Option<Vec<Quantity>> {
    let (of_a, of_b) = (mean_hu(facts, a)?, mean_hu(facts, b)?);
    // Over a spleen of a few HU a ratio says nothing.
    let is_sound = of_b.value > 20.0 && of_a.value > 0.0;
    let text = format!("mean of the {} over that of the {}, both in HU", a.label.name, b.label.name);
    let ratio = Quantity { regions: vec![a.region(), b.region()], ..a.measured(of_a.value / of_b.value, "1", text) };
    is_sound.then(|| vec![ratio, of_a, of_b])
}

/// Liver over spleen: what the Chinese guideline of 2010 grades fat in the liver by.
fn liver_to_spleen<'f, 'a>(facts: &'f ImageFacts<'a>) -> Option<(&'f Structure<'a>, Vec<Quantity>)> {
    let (liver, spleen) = (organ(facts, "liver")?, organ(facts, "spleen")?);
    Some((liver, hu_ratio(facts, liver, spleen)?))
}

pub(super) fn fatty_liver(generator: &Generator, facts: &ImageFacts<'_>, maker: &mut Maker<'_>) -> Result<()> {
    const NAMES: [&str; 2] = ["Fatty liver", "No fatty liver"];
    let Some((liver, numbers)) = liver_to_spleen(facts) else { return Ok(()) };
    let Some(right) = grade(numbers[0].value, &[1.0], near) else { return Ok(()) };
    maker.single(generator, &whole(liver, "fatty"), NAMES[right], &other_grades(&NAMES, right), &numbers)
}

pub(super) fn steatosis_grade(generator: &Generator, facts: &ImageFacts<'_>, maker: &mut Maker<'_>) -> Result<()> {
    const NAMES: [&str; 4] = ["Severe", "Moderate", "Mild", "None"];
    let Some((liver, numbers)) = liver_to_spleen(facts) else { return Ok(()) };
    let Some(right) = grade(numbers[0].value, &[0.5, 0.7, 1.0], near) else { return Ok(()) };
    maker.single(generator, &whole(liver, "steatosis"), NAMES[right], &other_grades(&NAMES, right), &numbers)
}

pub(super) fn pancreas_fat(generator: &Generator, facts: &ImageFacts<'_>, maker: &mut Maker<'_>) -> Result<()> {
    let Some((pancreas, spleen)) = organ(facts, "pancreas").zip(organ(facts, "spleen")) else { return Ok(()) };
    let Some(numbers) = hu_ratio(facts, pancreas, spleen) else { return Ok(()) };
    match grade(numbers[0].value, &[0.7], near) {
        Some(side) => maker.yes_no(generator, &whole(pancreas, "fat"), side == 0, &numbers),
        None => Ok(()),
    }
}

/// Above the upper limit yes, under the lower one no: between them sex and size of body decide.
struct Enlarged {
    organ: &'static str,
    ml: [f64; 2],
    text: &'static str,
}

const ENLARGED: &[Enlarged] = &[
    Enlarged { organ: "spleen", ml: [314.5; 2], text: "a volume of more than 314.5 mL (Bezerra 2005)" },
    Enlarged {
        organ: "kidney",
        ml: [220.0, 274.0],
        text: "two standard deviations over the mean volume, which is 220 mL in women and 274 mL in men (Cheong 2007)",
    },
    Enlarged {
        organ: "thyroid",
        ml: [18.0, 25.0],
        text: "a volume of more than 18 mL in women and 25 mL in men (Gutekunst 1988)",
    },
    Enlarged { organ: "prostate", ml: [30.0; 2], text: "a volume of more than 30 mL (AUA 2021)" },
];

pub(super) fn enlargement(generator: &Generator, facts: &ImageFacts<'_>, maker: &mut Maker<'_>) -> Result<()> {
    for structure in facts.structures.iter().filter(|s| !s.is_lesion && s.in_millimetres()) {
        let name = &structure.label.name;
        let rule = ENLARGED.iter().find(|rule| !names::is_part(name) && names::organ_of(name) == rule.organ);
        let Some(rule) = rule else { continue };
        let volume = structure.volume();
        let yes = volume.value > rule.ml[1] * (1.0 + DOUBT);
        if yes || volume.value < rule.ml[0] * (1.0 - DOUBT) {
            let subject = whole(structure, "enlarged").with("criterion", rule.text);
            maker.yes_no(generator, &subject, yes, &[volume])?;
        }
    }
    Ok(())
}

/// By the longest extent (Poulin 1998).
pub(super) fn spleen_grade(generator: &Generator, facts: &ImageFacts<'_>, maker: &mut Maker<'_>) -> Result<()> {
    const NAMES: [&str; 3] = ["None, up to 11 cm", "Moderate, 11 to 20 cm", "Severe, over 20 cm"];
    let Some(spleen) = organ(facts, "spleen").filter(|spleen| spleen.in_millimetres()) else { return Ok(()) };
    let text = "longest distance between two voxel centres";
    let length = spleen.measured(length_mm(&spleen.mask, &facts.image.geometry), "mm", text);
    let Some(right) = grade(length.value, &[110.0, 200.0], near) else { return Ok(()) };
    maker.single(generator, &whole(spleen, "grade"), NAMES[right], &other_grades(&NAMES, right), &[length])
}

/// Yes where both signs are plain, no where neither is; one alone says too little.
pub(super) fn portal_hypertension(generator: &Generator, facts: &ImageFacts<'_>, maker: &mut Maker<'_>) -> Result<()> {
    let is_portal = |s: &&Structure<'_>| names::has_word(&s.label.name, &["portal"]) && names::is_vessel(&s.label.name);
    let vein = facts.structures.iter().find(is_portal).filter(|vein| vein.in_millimetres());
    let Some((vein, spleen)) = vein.zip(organ(facts, "spleen")) else { return Ok(()) };
    let (width, slice) = calibre(vein);
    let text = "diameter of the largest circle of pixels that fits into it on one stored slice";
    let width = Quantity { regions: vec![vein.region_on(slice)], ..vein.measured(width, "mm", text) };
    let pixel = facts.image.geometry.spacing_mm()[0].max(facts.image.geometry.spacing_mm()[1]);
    let volume = spleen.volume();
    // The calibre is known to a pixel.
    let signs = [grade(width.value, &[13.0], |_| pixel), grade(volume.value, &[314.5], near)];
    if let [Some(wide), Some(large)] = signs
        && wide == large
    {
        let subject = whole(vein, "portal").pointing(spleen.region(), 0, &spleen.label.name);
        maker.yes_no(generator, &subject, wide == 1, &[width, volume])?;
    }
    Ok(())
}

/// The cysts of the pancreas.
fn pancreatic_cysts<'f, 'a>(facts: &'f ImageFacts<'a>) -> impl Iterator<Item = &'f Structure<'a>> {
    lesions(facts)
        .filter(|lesion| lesion.label.name.to_lowercase().contains("cyst") && lies_in(facts, lesion, "pancreas"))
}

pub(super) fn cyst_surgery(generator: &Generator, facts: &ImageFacts<'_>, maker: &mut Maker<'_>) -> Result<()> {
    for cyst in pancreatic_cysts(facts).filter(|cyst| cyst.in_millimetres()) {
        let Some((part, mask)) = crate::question::generate::lesions::largest(cyst) else { continue };
        let text = "longest distance between two voxel centres of the largest connected part";
        let length = cyst.measured(length_mm(&mask, &facts.image.geometry), "mm", text);
        let length = Quantity { regions: vec![cyst.region_of_part(part)], ..length };
        if let Some(side) = grade(length.value, &[30.0], |limit| near(limit).max(largest_step(facts))) {
            maker.yes_no(generator, &whole(cyst, "surgery"), side == 1, &[length])?;
        }
    }
    Ok(())
}

fn largest_step(facts: &ImageFacts<'_>) -> f64 {
    facts.image.geometry.spacing_mm().into_iter().fold(0.0, f64::max)
}

pub(super) fn pseudocyst(generator: &Generator, facts: &ImageFacts<'_>, maker: &mut Maker<'_>) -> Result<()> {
    for cyst in pancreatic_cysts(facts) {
        let Some(mean) = mean_hu(facts, cyst) else { continue };
        // 3 HU of doubt; under -10 HU it is fat or gas, which no fluid is.
        if let Some(side) = grade(mean.value, &[-10.0, 20.0], |_| 3.0) {
            maker.yes_no(generator, &whole(cyst, "pseudocyst"), side == 1, &[mean])?;
        }
    }
    Ok(())
}

/// By the mean without contrast (Bosniak 2019 and the usual limit of fat).
pub(super) fn renal_mass(generator: &Generator, facts: &ImageFacts<'_>, maker: &mut Maker<'_>) -> Result<()> {
    const NAMES: [&str; 4] = [
        "Fat in it, as an angiomyolipoma has",
        "Simple fluid, as a benign cyst has",
        "Indeterminate",
        "Hyperattenuating, as a cyst with old blood is",
    ];
    for lesion in lesions(facts).filter(|lesion| lies_in(facts, lesion, "kidney")) {
        let Some(mean) = mean_hu(facts, lesion) else { continue };
        if let Some(right) = grade(mean.value, &[-10.0, 20.0, 70.0], |_| 3.0) {
            let subject = whole(lesion, "renal mass");
            maker.single(generator, &subject, NAMES[right], &other_grades(&NAMES, right), &[mean])?;
        }
    }
    Ok(())
}
