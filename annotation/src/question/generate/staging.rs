//! What a tumour is called, its stage by size alone, and whether vessels stand in the way of its removal. Each rule is in
//! the question with its source; what it leaves out is said there too.

use crate::error::Result;
use crate::question::Quantity;
use crate::question::generate::body::{encasement, gap_mm, host, length_mm, lesions};
use crate::question::generate::clinic::{grade, other_grades};
use crate::question::generate::facts::{ImageFacts, Structure};
use crate::question::generate::lesions::{at_middle, largest, part_of, whole};
use crate::question::generate::{Generator, Maker, names};
use crate::records::Ontology;

/// The T stages of the eighth edition of the AJCC manual that size alone decides, in mm.
struct Stages {
    organ: &'static str,
    limits_mm: &'static [f64],
    names: &'static [&'static str],
}

const STAGES: &[Stages] = &[
    Stages { organ: "pancreas", limits_mm: &[20.0, 40.0], names: &["T1", "T2", "T3"] },
    Stages { organ: "kidney", limits_mm: &[40.0, 70.0, 100.0], names: &["T1a", "T1b", "T2a", "T2b"] },
    Stages {
        organ: "lung",
        limits_mm: &[10.0, 20.0, 30.0, 40.0, 50.0, 70.0],
        names: &["T1a", "T1b", "T1c", "T2a", "T2b", "T3", "T4"],
    },
    Stages { organ: "breast", limits_mm: &[20.0, 50.0], names: &["T1", "T2", "T3"] },
];

/// A cyst, a stone or an effusion has no T stage; what is called lesion may be anything.
fn is_tumour(name: &str) -> bool {
    let words = ["tumour", "tumor", "cancer", "carcinoma", "pdac", "pnet", "neoplasm"];
    let name = name.to_lowercase();
    words.iter().any(|word| name.contains(word))
}

/// The organ by name, or by where it lies.
fn organ_words(facts: &ImageFacts<'_>, lesion: &Structure<'_>) -> std::collections::BTreeSet<String> {
    let of_name = names::organ_words(&lesion.label.name);
    if of_name.is_empty() {
        host(facts, lesion).map(|host| names::organ_words(&host.name)).unwrap_or_default()
    } else {
        of_name
    }
}

pub(super) fn t_stage(generator: &Generator, facts: &ImageFacts<'_>, maker: &mut Maker<'_>) -> Result<()> {
    for lesion in lesions(facts).filter(|lesion| lesion.in_millimetres() && is_tumour(&lesion.label.name)) {
        let organs = organ_words(facts, lesion);
        let Some(rule) = STAGES.iter().find(|rule| organs.contains(rule.organ)) else { continue };
        let Some((part, mask)) = largest(lesion) else { continue };
        let text = "longest distance between two voxel centres of the largest connected part";
        let length = lesion.measured(length_mm(&mask, &facts.image.geometry), "mm", text);
        let length = Quantity { regions: vec![lesion.region_of_part(part)], ..length };
        let step = facts.image.geometry.spacing_mm().into_iter().fold(0.0, f64::max);
        if let Some(right) = grade(length.value, rule.limits_mm, |limit| step.max(0.05 * limit)) {
            let subject = part_of(lesion, part, "stage").with("place", rule.organ);
            maker.single(generator, &subject, rule.names[right], &other_grades(rule.names, right), &[length])?;
        }
    }
    Ok(())
}

/// Of the common hepatic artery the rule asks for more than contact, so that it does not count.
const ARTERIES: [&str; 3] = ["sma", "celiac", "coeliac"];
const VEINS: [&str; 2] = ["smv", "portal"];

fn is_mesenteric(name: &str) -> bool {
    names::has_word(name, &["mesenteric"]) && names::has_word(name, &["superior"])
}

fn is_artery(name: &str) -> bool {
    let is_vein = names::has_word(name, &["vein", "veins"]);
    !is_vein && (names::has_word(name, &ARTERIES) || is_mesenteric(name)) && names::is_vessel(name)
}

fn is_vein(name: &str) -> bool {
    let is_mesenteric_vein = is_mesenteric(name) && names::has_word(name, &["vein", "veins"]);
    is_mesenteric_vein || (names::has_word(name, &VEINS) && names::is_vessel(name))
}

/// Contact in degrees; none where the error of drawing decides.
fn contact(facts: &ImageFacts<'_>, vessel: &Structure<'_>, tumour: &Structure<'_>) -> Option<Quantity> {
    let (share, slice) = encasement(&vessel.mask, &tumour.mask);
    let degrees = 360.0 * share;
    let spacing = facts.image.geometry.spacing_mm();
    let is_apart =
        share == 0.0 && gap_mm(&vessel.mask, &tumour.mask, spacing) > 2.0 * spacing.into_iter().fold(0.0, f64::max);
    let is_plain = (45.0..150.0).contains(&degrees) || degrees > 210.0;
    let text = format!(
        "largest share on one stored slice of the outline of the {} that has a pixel of the tumour around it, of 360 \
         degrees",
        vessel.label.name
    );
    let number = vessel.measured(degrees, "deg", text);
    let regions = vec![vessel.region_on(slice), tumour.region()];
    (is_apart || is_plain).then(|| Quantity { name: vessel.label.name.clone(), regions, ..number })
}

/// By contact with the vessels alone (NCCN): arteries over 180 degrees part locally advanced from the rest.
pub(super) fn resectability(generator: &Generator, facts: &ImageFacts<'_>, maker: &mut Maker<'_>) -> Result<()> {
    const NAMES: [&str; 3] = ["Resectable", "Borderline resectable", "Locally advanced"];
    for tumour in lesions(facts).filter(|lesion| is_tumour(&lesion.label.name)) {
        if !organ_words(facts, tumour).contains("pancreas") {
            continue;
        }
        let of = |is: fn(&str) -> bool| -> Option<Vec<Quantity>> {
            let vessels = facts.structures.iter().filter(|s| !s.is_lesion && is(&s.label.name));
            vessels.map(|vessel| contact(facts, vessel, tumour)).collect()
        };
        let Some((arteries, veins)) = of(is_artery).zip(of(is_vein)) else { continue };
        let widest = |all: &[Quantity]| all.iter().map(|number| number.value).fold(0.0, f64::max);
        let (artery, vein) = (widest(&arteries), widest(&veins));
        if arteries.is_empty() || veins.is_empty() {
            continue;
        }
        let is_borderline = artery > 0.0 || vein > 180.0;
        let right = if artery > 180.0 { 2 } else { usize::from(is_borderline) };
        let names: Vec<String> = arteries.iter().chain(&veins).map(|number| number.name.clone()).collect();
        let subject = whole(tumour, "resectability").with("vessels", names.join(", "));
        let numbers: Vec<Quantity> = arteries.into_iter().chain(veins).collect();
        maker.single(generator, &subject, NAMES[right], &other_grades(&NAMES, right), &numbers)?;
    }
    Ok(())
}

/// Kinds that labels tell apart, where no vocabulary has siblings.
const KINDS: &[(&str, &[&str])] = &[
    ("PDAC", &["pdac", "ductal adenocarcinoma"]),
    ("PNET", &["pnet", "neuroendocrine"]),
    ("Cyst", &["cyst"]),
    ("Metastasis", &["metastasis", "metastases"]),
    ("Tumour", &["tumour", "tumor", "cancer", "carcinoma", "neoplasm"]),
    ("Stone", &["stone"]),
];

/// What a label says a finding is, and what else it could be called.
fn kind_and_others(maker: &Maker<'_>, lesion: &Structure<'_>) -> Option<(String, Vec<(String, &'static str)>)> {
    let concept = lesion.label.concept.as_ref();
    let of_ontology = concept.and_then(|concept| {
        let ontology = maker.contents.get::<Ontology>(concept.ontology)?;
        let node = ontology.node(&concept.node)?;
        let siblings: Vec<_> = ontology
            .children(node.parent.as_deref())
            .filter(|other| other.key != node.key && other.level == node.level)
            .map(|other| (other.name.clone(), "sibling in the vocabulary"))
            .collect();
        (!siblings.is_empty()).then(|| (node.name.clone(), siblings))
    });
    of_ontology.or_else(|| {
        let name = lesion.label.name.to_lowercase();
        let (kind, _) = KINDS.iter().find(|(_, words)| words.iter().any(|word| name.contains(word)))?;
        // A PDAC is a tumour too: what holds of both is no distractor.
        let is_tumour = |kind: &str| ["PDAC", "PNET", "Metastasis", "Tumour"].contains(&kind);
        let excludes = |other: &str| {
            other != *kind && !((other == "Tumour" && is_tumour(kind)) || (*kind == "Tumour" && is_tumour(other)))
        };
        // Four kinds fit on a pancreas, so that its two tumours always stand beside each other.
        let is_pancreatic = names::organ_words(&lesion.label.name).contains("pancreas");
        let fits =
            |other: &str| ["PDAC", "PNET"].contains(&other) == is_pancreatic || ["Cyst", "Metastasis"].contains(&other);
        let others = KINDS.iter().filter(|(other, _)| excludes(other) && fits(other));
        Some(((*kind).to_owned(), others.map(|(other, _)| ((*other).to_owned(), "another kind of finding")).collect()))
    })
}

pub(super) fn lesion_type(generator: &Generator, facts: &ImageFacts<'_>, maker: &mut Maker<'_>) -> Result<()> {
    for lesion in lesions(facts) {
        let Some((kind, others)) = kind_and_others(maker, lesion) else { continue };
        let Some((_, mask)) = largest(lesion) else { continue };
        if let Some(mut subject) = at_middle(lesion, &mask, "type") {
            // Neither stem nor facets may say what is asked for.
            subject.fields.push(("organ", "lesion".into()));
            subject.anatomy = organ_words(facts, lesion).into_iter().next().unwrap_or_else(|| "lesion".into());
            maker.single(generator, &subject, &kind, &others, &[])?;
        }
    }
    Ok(())
}
