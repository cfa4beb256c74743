//! A confusion matrix: rows are the truth, shades the share of each row.

use super::axes::shortened;
use super::data::Data;
use super::drawing::{Anchor, Drawing, Face, Frame, Ink, Mark, Paint, Pen, Tip};
use crate::metrics::classes::Confusion;

/// `to` says what the cell of a true and a predicted class stands for.
#[must_use]
pub fn confusion(
    title: &str,
    classes: &[String],
    confusion: &Confusion,
    to: impl Fn(usize, usize) -> Vec<usize>,
) -> Drawing {
    const CELL: [f64; 2] = [68.0, 44.0];
    let longest = classes.iter().map(|name| name.chars().count().min(18)).max().unwrap_or(4);
    let left = 46.0 + 7.4 * longest as f64;
    let count = classes.len() as f64;
    let size = [(left + CELL[0] * count + 24.0).max(320.0), 110.0 + CELL[1] * count];
    let mut frame = Frame::new(title, size, [left, 48.0, 24.0, 62.0]);
    let mut data = Data::new(&["truth", "predicted", "count"]);
    for (r, row) in confusion.counts.iter().enumerate() {
        let total: usize = row.iter().sum();
        let top = frame.top + CELL[1] * r as f64;
        let name = classes.get(r).map_or("", String::as_str);
        frame.text([left - 8.0, top + 27.0], Anchor::End, Face::Body, &shortened(name, 18));
        for (c, &n) in row.iter().enumerate() {
            let share = if total == 0 { 0.0 } else { n as f64 / total as f64 };
            let at = [left + CELL[0] * c as f64, top];
            let said = classes.get(c).map_or("", String::as_str);
            data.push([name.into(), said.into(), (n as f64).into()]);
            let fill = Paint { ink: Ink::Count, opacity: share * 0.95 };
            let tip = Tip::new(format!("{name} taken for {said}: {n} of {total}"), to(r, c));
            frame.add(Mark::Rect { at, size: CELL, fill, edge: Pen::new(Ink::Axis, 0.5), tip });
            let ink = if share > 0.5 { Ink::OnDark } else { Ink::Text };
            let middle = [at[0] + CELL[0] / 2.0, top + 27.0];
            frame.inked_text(middle, Anchor::Middle, Face::Body, ink, &n.to_string());
        }
    }
    for (c, name) in classes.iter().enumerate() {
        let at = [left + CELL[0] * (c as f64 + 0.5), frame.top + CELL[1] * count + 18.0];
        frame.text(at, Anchor::Middle, Face::Small, &shortened(name, 10));
    }
    let below = [left + CELL[0] * count / 2.0, frame.height - 10.0];
    frame.text(below, Anchor::Middle, Face::Body, "Predicted");
    frame.turned_text(frame.top + CELL[1] * count / 2.0, "Truth");
    frame.finish(data)
}
