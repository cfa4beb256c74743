//! The public names of DeepTumorVQA's 42 subtypes, from the generator of a question and the structure it is about.

use crate::question::Origin;
use crate::question::{AnswerType, Question};

/// Names that hold whatever the structure.
const ANY: &[(&str, &str)] = &[
    ("burden", "tumor burden percentage"),
    ("largest-diameter", "largest lesion diameter"),
    ("largest-slice", "largest lesion slice"),
    ("largest-part", "lesion volume measurement"),
    ("count-in", "lesion count by location"),
    ("contrast", "tumor organ HU difference"),
    ("hu-ratio", "organ HU ratio"),
    ("total", "organ aggregation"),
    ("lesion-outlier", "lesion outlier"),
    ("enlargement", "organ enlargement"),
    ("pancreas-fat", "pancreatic steatosis"),
    ("cyst-surgery", "pancreatic cyst resectability"),
    ("pseudocyst", "pseudocyst determination"),
    ("portal-hypertension", "portal hypertension assessment"),
    ("attenuation", "largest lesion attenuation"),
    ("largest-location", "largest lesion location"),
    ("largest-segment", "inter-segment comparison"),
    ("nearest", "adjacent organ"),
    ("burden-most", "multi-organ lesion burden comparison"),
    ("fatty-liver", "fatty liver"),
    ("steatosis-grade", "hepatic steatosis grading"),
    ("resectability", "pancreatic lesion resectability"),
    ("spleen-grade", "splenomegaly grading"),
    ("renal-mass", "renal mass characterization"),
];

/// Names that go with a word of the structure; the first that fits counts.
const OF_ORGAN: &[(&str, &[&str], &str)] = &[
    ("clustering", &["liver", "hepatic"], "liver lesion clustering"),
    ("larger-side", &["kidney", "renal"], "kidney volume comparison"),
    ("asymmetry", &["kidney", "renal"], "bilateral kidney asymmetry"),
    ("t-stage", &["pancrea", "pdac", "pnet"], "pancreatic tumor staging"),
    ("criterion", &["spleen"], "splenomegaly detection"),
];

/// Whether something is there: the organ, the kind of finding, the name; the finer kinds come first.
const EXISTENCE: &[(&[&str], &[&str], &str)] = &[
    (&["pdac"], &[], "PDAC existence"),
    (&["pnet"], &[], "PNET existence"),
    (&["kidney", "renal"], &["tumor", "tumour", "cancer", "carcinoma"], "kidney tumor existence"),
    (&["kidney", "renal"], &["cyst"], "kidney cyst existence"),
    (&["pancrea"], &[], "pancreatic lesion existence"),
    (&["liver", "hepatic"], &[], "liver lesion existence"),
    (&["kidney", "renal"], &[], "kidney lesion existence"),
    (&["colon", "colorectal"], &[], "colon lesion existence"),
];

/// The subtype of a generated question; none where the benchmark has none like it.
pub(super) fn of(question: &Question) -> Option<&'static str> {
    let Origin::Generated { generator, .. } = &question.origin else { return None };
    let generator = generator.as_str();
    let about = question.facets.anatomy.join(" ").to_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| about.contains(word));
    let is_lesion = crate::question::generate::is_lesion(&about);
    let any = ANY.iter().find(|(name, _)| *name == generator).map(|(_, subtype)| *subtype);
    let of_organ = || OF_ORGAN.iter().find(|(name, words, _)| *name == generator && has(words)).map(|found| found.2);
    any.or_else(of_organ).or_else(|| match generator {
        "volume" => Some(if is_lesion { "lesion volume measurement" } else { "organ volume measurement" }),
        "intensity" if !is_lesion => Some("organ HU measurement"),
        "count" if is_lesion => Some("lesion counting"),
        "presence" if question.answer_type == AnswerType::YesNo => {
            let fits = |(organ, kind, _): &&(&[&str], &[&str], &str)| has(organ) && (kind.is_empty() || has(kind));
            EXISTENCE.iter().find(fits).map(|found| found.2)
        }
        "lesion-type" => {
            let texts: Vec<&str> = question.choices.iter().map(|choice| choice.text.as_str()).collect();
            let is_rivalry = question.correct_texts().iter().any(|right| ["PDAC", "PNET"].contains(right))
                && ["PDAC", "PNET"].iter().all(|kind| texts.contains(kind));
            Some(if is_rivalry { "PDAC vs PNET classification" } else { "lesion type classification" })
        }
        _ => None,
    })
}
