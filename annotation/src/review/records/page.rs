//! The page of a comparison of records.

use super::RecordReport;
use crate::review::page::{head, table};
use crate::review::plot::escaped;
use std::collections::BTreeSet;
use std::fmt::Write as _;

const SHOWN: usize = 60;

#[must_use]
pub fn html(report: &RecordReport, title: &str) -> String {
    let mut page = head(title);
    let _ = write!(page, "<h1>{}</h1><p class=\"small\">Limner {}.</p>", escaped(title), env!("CARGO_PKG_VERSION"));
    let names: BTreeSet<&String> = report.rows.iter().flat_map(|row| row.figures.keys()).collect();
    page.push_str("<h2>Figures</h2><table><tr><th>Model</th><th>Part</th><th>n</th>");
    for name in &names {
        let _ = write!(page, "<th>{}</th>", escaped(&name.replace('_', " ")));
    }
    page.push_str("</tr>");
    for row in &report.rows {
        let part = if row.part.is_empty() { "all" } else { &row.part };
        let _ = write!(
            page,
            "<tr><td>{}</td><td>{}</td><td class=\"n\">{}</td>",
            escaped(&row.model),
            escaped(part),
            row.count
        );
        for name in &names {
            let value = row.figures.get(*name).map_or_else(|| "–".into(), |value| format!("{value:.3}"));
            let _ = write!(page, "<td class=\"n\">{value}</td>");
        }
        page.push_str("</tr>");
    }
    page.push_str("</table>");
    if !report.plots.is_empty() {
        page.push_str("<h2>Plots</h2><div class=\"plots\">");
        report.plots.iter().for_each(|plot| page.push_str(&plot.drawing.svg()));
        page.push_str("</div>");
    }
    if !report.parse_errors.is_empty() {
        table(&mut page, &format!("Not readable ({})", report.parse_errors.len()), &["Model", "Item", "Why", "Output"]);
        for one in report.parse_errors.iter().take(SHOWN) {
            let output: String = one.output.chars().take(240).collect();
            let [model, id, why, output] = [&one.model, &one.id, &one.why, &output].map(|text| escaped(text));
            let _ = write!(page, "<tr><td>{model}</td><td>{id}</td><td>{why}</td><td>{output}</td></tr>");
        }
        page.push_str("</table>");
    }
    if !report.unmatched.is_empty() {
        table(&mut page, &format!("Without a partner ({})", report.unmatched.len()), &["Model", "Item", "Why"]);
        for one in report.unmatched.iter().take(SHOWN) {
            let [model, key, why] = [&one.model, &one.key, &one.why].map(|text| escaped(text));
            let _ = write!(page, "<tr><td>{model}</td><td>{key}</td><td>{why}</td></tr>");
        }
        page.push_str("</table>");
    }
    page + "</body></html>\n"
}
