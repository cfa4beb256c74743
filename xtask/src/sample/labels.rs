//! The names behind the numbers in the masks.

use super::Artefact;
use anyhow::Result;
use serde_json::{Value, json};

/// Value, name, UBERON identifier, colour.
///
/// The identifiers were looked up in UBERON; where none means the same (two vessels as one, a part of a chamber) there is
/// none.
///
/// The colours come from palettes made for people who confuse red and green (Okabe and Ito; Paul Tol), and organs
/// that touch never share a hue.
type Row = (u8, &'static str, &'static str, &'static str);

const ABDOMEN: &[Row] = &[
    (1, "Liver", "0002107", "#CC6677"),
    (2, "Spleen", "0002106", "#AA4499"),
    (3, "Right kidney", "0004539", "#DDCC77"),
    (4, "Left kidney", "0004538", "#999933"),
    (5, "Gallbladder", "0002110", "#117733"),
    (6, "Pancreas", "0001264", "#EE8866"),
    (7, "Stomach", "0000945", "#88CCEE"),
    (8, "Small bowel", "0002108", "#BBCC33"),
    (9, "Colon", "0001155", "#AAAA00"),
    (10, "Aorta", "0000947", "#D55E00"),
    (11, "Inferior vena cava", "0001072", "#0072B2"),
    (12, "Portal and splenic vein", "", "#56B4E9"),
    (13, "Heart", "0000948", "#882255"),
    (14, "Right lung", "0002167", "#99DDFF"),
    (15, "Left lung", "0002168", "#77AADD"),
    (16, "Vertebral column", "0001130", "#DDDDDD"),
    (17, "Ribs and sternum", "", "#BBBBBB"),
    (18, "Spinal canal", "0006692", "#EEDD88"),
    (19, "Liver lesion", "", "#F0E442"),
    (20, "Kidney cyst", "", "#44BB99"),
];

const HEART: &[Row] = &[
    (1, "Left ventricle, cavity", "", "#D55E00"),
    (2, "Left ventricle, muscle", "", "#F0E442"),
    (3, "Right ventricle", "0002080", "#56B4E9"),
    (4, "Left atrium", "0002079", "#CC79A7"),
    (5, "Right atrium", "0002078", "#009E73"),
];

const CHEST: &[Row] = &[
    (1, "Right lung", "0002167", "#56B4E9"),
    (2, "Left lung", "0002168", "#009E73"),
    (3, "Heart", "0000948", "#D55E00"),
    (4, "Clavicles", "0001105", "#F0E442"),
];

const RETINA: &[Row] = &[
    (1, "Optic disc, rim", "", "#F0E442"),
    (2, "Optic cup", "", "#FFFFFF"),
    (3, "Arteries", "", "#D55E00"),
    (4, "Veins", "", "#0072B2"),
    (5, "Hard exudates", "", "#CC79A7"),
    (6, "Haemorrhages and microaneurysms", "", "#009E73"),
];

/// Which masks a list of names belongs to.
const SETS: [(&str, &[&str], &[Row]); 4] = [
    ("abdomen", &["masks/ct_baseline.nii.gz", "masks/ct_followup.nii.gz", "masks/mr.nii.gz"], ABDOMEN),
    ("heart", &["masks/us.nii.gz"], HEART),
    ("chest", &["masks/chest.png"], CHEST),
    ("retina", &["masks/fundus.png"], RETINA),
];

pub fn file() -> Result<Artefact> {
    let sets: Vec<Value> = SETS
        .into_iter()
        .map(|(name, masks, rows)| json!({"name": name, "masks": masks, "labels": rows.iter().map(label).collect::<Vec<_>>()}))
        .collect();
    let mut bytes = serde_json::to_vec_pretty(&json!({"schema": "limner.sample-labels/1", "sets": sets}))?;
    bytes.push(b'\n');
    Ok(Artefact { path: "labels.json".into(), bytes })
}

fn label(&(value, name, uberon, colour): &Row) -> Value {
    let code = (!uberon.is_empty()).then(|| json!({"scheme": "UBERON", "value": uberon, "meaning": name}));
    json!({"value": value, "name": name, "colour": colour, "code": code})
}
