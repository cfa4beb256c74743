//! The rows of a study as a table for other programs.

use super::study::Row;
use super::summary::Figure;
use crate::error::{Error, Result};
use crate::exchange::csv;
use crate::exchange::parquet::{self, Cell, Field, Type};

const WORDS: [&str; 4] = ["case", "subject", "group", "model"];
const NUMBERS: [&str; 15] = [
    "label",
    "dice",
    "iou",
    "nsd",
    "tolerance_mm",
    "hd95_mm",
    "hd_mm",
    "assd_mm",
    "reference_mm3",
    "predicted_mm3",
    "volume_difference",
    "centreline_dice",
    "lesion_f1",
    "panoptic_quality",
    "centre_shift_voxels",
];

fn words(row: &Row) -> [&str; 4] {
    [&row.case, &row.subject, &row.group, &row.model]
}

fn numbers(row: &Row) -> [Option<f64>; 15] {
    let shift = row.faults.shift_voxels.map(|s| s.iter().map(|x| x * x).sum::<f64>().sqrt());
    [
        Some(f64::from(row.label)),
        Some(row.dice),
        Some(row.iou),
        Some(row.nsd),
        Some(row.tolerance_mm),
        row.hd95_mm,
        row.hd_mm,
        row.assd_mm,
        Some(row.volume_mm3.reference),
        Some(row.volume_mm3.pred),
        Figure::VolumeDifference.of(row),
        row.centreline_dice,
        Figure::LesionF1.of(row),
        Figure::PanopticQuality.of(row),
        shift,
    ]
}

/// One line a row; what does not exist is an empty cell.
#[must_use]
pub fn csv_text(rows: &[Row]) -> String {
    let head: Vec<String> = WORDS.iter().chain(&NUMBERS).map(|name| (*name).to_owned()).collect();
    let mut out = csv::line(&head);
    for row in rows {
        let numbers = numbers(row).map(|value| value.map_or_else(String::new, |value| value.to_string()));
        let cells: Vec<String> = words(row).into_iter().map(str::to_owned).chain(numbers).collect();
        out.push_str(&csv::line(&cells));
    }
    out
}

/// The same as Parquet.
pub fn parquet_bytes(rows: &[Row]) -> Result<Vec<u8>> {
    let words_of = WORDS.iter().map(|name| Field::leaf(name, Type::Text));
    let fields: Vec<Field> = words_of.chain(NUMBERS.iter().map(|name| Field::leaf(name, Type::Double))).collect();
    let cells = |row: &Row| {
        let numbers = numbers(row).map(|value| value.map_or(Cell::Null, Cell::Double));
        words(row).into_iter().map(|word| Cell::Text(word.to_owned())).chain(numbers).collect::<Vec<Cell>>()
    };
    let table = parquet::table(&fields, &rows.iter().map(cells).collect::<Vec<_>>(), &[]);
    table.ok_or_else(|| Error::refused("a row does not fit its columns"))
}
