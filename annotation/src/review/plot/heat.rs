//! A table whose cells are coloured by their number.

use super::axes::shortened;
use super::data::Data;
use super::drawing::{Anchor, Drawing, Face, Frame, Ink, Mark, Paint, Pen, Tip};

/// Dark blue is best and pale is worst, so that a printed page says the same.
#[must_use]
pub fn shade(share: f64) -> [u8; 3] {
    const PALE: [f64; 3] = [247.0, 238.0, 226.0];
    const DEEP: [f64; 3] = [8.0, 81.0, 140.0];
    let share = share.clamp(0.0, 1.0);
    std::array::from_fn(|c| (PALE[c] + (DEEP[c] - PALE[c]) * share).round() as u8)
}

/// White reads on darker cells.
const DARK: f64 = 0.55;

/// What is shown: rows of numbers under columns. A cell without a number stays empty.
#[derive(Clone, Debug, Default)]
pub struct Table {
    pub columns: Vec<String>,
    pub rows: Vec<(String, Vec<Option<f64>>)>,
}

/// `share` says how good a number is from 0 to 1, `to` what the cell of a row and a column stands for.
#[must_use]
pub fn heat(
    title: &str,
    table: &Table,
    share: impl Fn(f64) -> f64,
    to: impl Fn(usize, usize) -> Vec<usize>,
) -> Drawing {
    const CELL: [f64; 2] = [64.0, 28.0];
    let Table { columns, rows } = table;
    let left = 20.0 + 7.4 * rows.iter().map(|(name, _)| name.chars().count().min(24)).max().unwrap_or(6) as f64;
    let size = [(left + CELL[0] * columns.len() as f64 + 20.0).max(360.0), 84.0 + CELL[1] * rows.len() as f64];
    let mut frame = Frame::new(title, size, [left, 64.0, 20.0, 20.0]);
    let mut data = Data::new(&["row", "column", "value"]);
    for (c, name) in columns.iter().enumerate() {
        frame.text([left + CELL[0] * (c as f64 + 0.5), 56.0], Anchor::Middle, Face::Small, &shortened(name, 10));
    }
    for (r, (name, values)) in rows.iter().enumerate() {
        let top = 64.0 + CELL[1] * r as f64;
        frame.text([left - 8.0, top + 19.0], Anchor::End, Face::Body, &shortened(name, 24));
        for (c, value) in values.iter().enumerate() {
            let column = columns.get(c).map_or("", String::as_str);
            data.push([name.as_str().into(), column.into(), (*value).into()]);
            let share = value.map(|value| share(value).clamp(0.0, 1.0));
            let said = value.map_or_else(|| "no value".to_owned(), |value| format!("{value:.4}"));
            let at = [left + CELL[0] * c as f64, top];
            let fill = Paint { ink: share.map_or(Ink::Blank, Ink::Shade), opacity: 1.0 };
            let tip = Tip::new(format!("{name}, {column}: {said}"), to(r, c));
            frame.add(Mark::Rect { at, size: CELL, fill, edge: Pen::new(Ink::Ground, 1.0), tip });
            let (Some(value), Some(share)) = (value, share) else { continue };
            let ink = if share > DARK { Ink::OnDark } else { Ink::OnLight };
            let middle = [at[0] + CELL[0] / 2.0, top + 19.0];
            frame.inked_text(middle, Anchor::Middle, Face::Body, ink, &format!("{value:.3}"));
        }
    }
    frame.finish(data)
}
