//! A table whose cells are coloured by their number.

use super::axes::{Frame, shortened};

/// Dark blue is best and pale is worst, so that a printed page says the same.
fn shade(share: f64) -> ([f64; 3], bool) {
    const PALE: [f64; 3] = [247.0, 238.0, 226.0];
    const DEEP: [f64; 3] = [8.0, 81.0, 140.0];
    let share = share.clamp(0.0, 1.0);
    (std::array::from_fn(|c| PALE[c] + (DEEP[c] - PALE[c]) * share), share > 0.55)
}

/// Rows of numbers; the colours run from `low` to `high`. A cell without a number stays empty.
#[must_use]
pub fn heat(title: &str, columns: &[String], rows: &[(String, Vec<Option<f64>>)], [low, high]: [f64; 2]) -> String {
    const CELL: [f64; 2] = [64.0, 28.0];
    let left = 20.0 + 7.4 * rows.iter().map(|(name, _)| name.chars().count().min(24)).max().unwrap_or(6) as f64;
    let size = [(left + CELL[0] * columns.len() as f64 + 20.0).max(360.0), 84.0 + CELL[1] * rows.len() as f64];
    let mut frame = Frame::new(title, size, [left, 64.0, 20.0, 20.0]);
    for (c, name) in columns.iter().enumerate() {
        frame.text([left + CELL[0] * (c as f64 + 0.5), 56.0], "middle", "s", &shortened(name, 10));
    }
    for (r, (name, values)) in rows.iter().enumerate() {
        let top = 64.0 + CELL[1] * r as f64;
        frame.text([left - 8.0, top + 19.0], "end", "", &shortened(name, 24));
        for (c, value) in values.iter().enumerate() {
            let at = [left + CELL[0] * c as f64, top];
            let Some(value) = value else {
                frame.rect(at, CELL, "fill=\"#f2f3f5\" stroke=\"#fff\"", "no value");
                continue;
            };
            let ([red, green, blue], dark) = shade((value - low) / (high - low));
            let style = format!("fill=\"rgb({red:.0},{green:.0},{blue:.0})\" stroke=\"#fff\"");
            let tip = format!("{name}, {}: {value:.4}", columns.get(c).map_or("", String::as_str));
            frame.rect(at, CELL, &style, &tip);
            let ink = if dark { "#fff" } else { "#1c2430" };
            let (x, y) = (at[0] + CELL[0] / 2.0, top + 19.0);
            frame.add(&format!(
                "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"middle\" style=\"fill:{ink}\">{value:.3}</text>"
            ));
        }
    }
    frame.svg()
}
