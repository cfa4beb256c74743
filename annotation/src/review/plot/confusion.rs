//! A confusion matrix: rows are the truth, shades the share of each row.

use super::axes::{Frame, shortened};
use crate::metrics::classes::Confusion;

#[must_use]
pub fn confusion(title: &str, classes: &[String], confusion: &Confusion) -> String {
    const CELL: [f64; 2] = [68.0, 44.0];
    let longest = classes.iter().map(|name| name.chars().count().min(18)).max().unwrap_or(4);
    let left = 46.0 + 7.4 * longest as f64;
    let count = classes.len() as f64;
    let size = [(left + CELL[0] * count + 24.0).max(320.0), 110.0 + CELL[1] * count];
    let mut frame = Frame::new(title, size, [left, 48.0, 24.0, 62.0]);
    for (r, row) in confusion.counts.iter().enumerate() {
        let total: usize = row.iter().sum();
        let top = frame.top + CELL[1] * r as f64;
        let name = classes.get(r).map_or("", String::as_str);
        frame.text([left - 8.0, top + 27.0], "end", "", &shortened(name, 18));
        for (c, &n) in row.iter().enumerate() {
            let share = if total == 0 { 0.0 } else { n as f64 / total as f64 };
            let at = [left + CELL[0] * c as f64, top];
            let said = classes.get(c).map_or("", String::as_str);
            let style = format!("fill=\"#0072b2\" fill-opacity=\"{:.3}\" stroke=\"#d5dae2\"", share * 0.95);
            frame.rect(at, CELL, &style, &format!("{name} taken for {said}: {n} of {total}"));
            let ink = if share > 0.5 { "#fff" } else { "#1c2430" };
            let (x, y) = (at[0] + CELL[0] / 2.0, top + 27.0);
            frame.add(&format!(
                "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"middle\" style=\"fill:{ink}\">{n}</text>"
            ));
        }
    }
    for (c, name) in classes.iter().enumerate() {
        let at = [left + CELL[0] * (c as f64 + 0.5), frame.top + CELL[1] * count + 18.0];
        frame.text(at, "middle", "s", &shortened(name, 10));
    }
    frame.text([left + CELL[0] * count / 2.0, frame.height - 10.0], "middle", "", "Predicted");
    let middle = frame.top + CELL[1] * count / 2.0;
    frame
        .add(&format!("<text transform=\"translate(16 {middle:.1}) rotate(-90)\" text-anchor=\"middle\">Truth</text>"));
    frame.svg()
}
