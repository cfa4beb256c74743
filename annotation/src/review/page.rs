//! A study on one page without anything from outside: tables, plots, the cases to look at, and how it was computed.

use super::plot::escaped;
use super::study::{Report, Row};
use super::study_plots::plots;
use super::summary::{Doubtful, Figure, PairTest, Summary};
use crate::metrics::Interval;
use crate::metrics::lesions::LesionScores;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

pub(super) const STYLE: &str = "body{font:15px/1.5 Inter,system-ui,sans-serif;max-width:62rem;margin:2rem auto;padding:0 1.2rem;color:#1c2430;background:#fff}\
h1{font-size:1.6rem;margin-bottom:.2rem}h2{font-size:1.15rem;margin:2.2rem 0 .4rem}p{margin:.4rem 0}\
table{border-collapse:collapse;margin:.6rem 0;font-variant-numeric:tabular-nums}th{font-weight:600;border-bottom:1.5px solid #1c2430}\
td,th{padding:.22rem 1rem .22rem 0;text-align:left;vertical-align:top}td{border-bottom:1px solid #e4e8ee}\
.n{text-align:right}.small{color:#5b6675;font-size:.87rem}.plots{display:flex;flex-wrap:wrap;gap:1rem}.plots svg{max-width:100%;height:auto}\
@media print{body{margin:0;max-width:none}h2{break-after:avoid}svg,tr{break-inside:avoid}}";

/// How many rows of the worst are listed.
const WORST: usize = 50;

/// The whole page.
#[must_use]
pub fn html(report: &Report, summary: &Summary, title: &str) -> String {
    let mut page = head(title);
    let cases: BTreeSet<&str> = report.rows.iter().map(|row| row.case.as_str()).collect();
    let labels: BTreeSet<u32> = report.rows.iter().map(|row| row.label).collect();
    let _ = write!(
        page,
        "<h1>{}</h1><p class=\"small\">{} models, {} cases, {} labels. Limner {}.</p>",
        escaped(title),
        summary.models.len(),
        cases.len(),
        labels.len(),
        env!("CARGO_PKG_VERSION"),
    );
    models(&mut page, summary);
    tests(&mut page, &summary.tests);
    page.push_str("<h2>How the figures are spread</h2><div class=\"plots\">");
    plots(&report.rows, summary).iter().for_each(|plot| page.push_str(&plot.drawing.svg()));
    page.push_str("</div>");
    by_label(&mut page, summary);
    groups(&mut page, summary);
    lesions(&mut page, &report.rows);
    queue(&mut page, &summary.queue);
    unmatched(&mut page, report);
    method(&mut page, &report.rows, summary);
    page + "</body></html>\n"
}

pub(super) fn head(title: &str) -> String {
    format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <title>{}</title><style>{STYLE}</style></head><body>",
        escaped(title)
    )
}

/// A heading, and the head of a table under it.
pub(super) fn table(page: &mut String, title: &str, columns: &[&str]) {
    let _ = write!(page, "<h2>{title}</h2><table><tr>");
    for column in columns {
        let _ = write!(page, "<th>{column}</th>");
    }
    page.push_str("</tr>");
}

/// A figure with its interval, in as many places as it deserves.
pub(super) fn shown(interval: Option<&Interval>) -> String {
    interval.map_or_else(
        || "–".into(),
        |i| {
            let places = if i.value.abs() >= 100.0 {
                0
            } else if i.value.abs() >= 10.0 {
                1
            } else if i.value.abs() >= 1.5 {
                2
            } else {
                3
            };
            format!("{:.places$} <span class=\"small\">[{:.places$}, {:.places$}]</span>", i.value, i.low, i.high)
        },
    )
}

fn figures(summary: &Summary) -> Vec<Figure> {
    let known = |figure: &Figure| summary.models.iter().any(|model| model.overall.contains_key(figure));
    Figure::ALL.into_iter().filter(known).collect()
}

fn heads(page: &mut String, first: &str, figures: &[Figure]) {
    let _ = write!(page, "<table><tr><th>{first}</th>");
    for figure in figures {
        let _ = write!(page, "<th>{}</th>", figure.title());
    }
    page.push_str("</tr>");
}

fn cells(page: &mut String, figures: &[Figure], of: &BTreeMap<Figure, Interval>) {
    for figure in figures {
        let _ = write!(page, "<td>{}</td>", shown(of.get(figure)));
    }
}

fn models(page: &mut String, summary: &Summary) {
    let figures = figures(summary);
    page.push_str("<h2>Models</h2>");
    heads(page, "Model", &figures);
    for model in &summary.models {
        let _ = write!(page, "<tr><td>{}</td>", escaped(&model.model));
        cells(page, &figures, &model.overall);
        page.push_str("</tr>");
    }
    page.push_str("</table><p class=\"small\">Mean over the labels of a case, then over cases, with 95 % interval.");
    for model in summary.models.iter().filter(|model| model.without_distance > 0) {
        let _ = write!(
            page,
            " {}: {} labels have no distances, one mask being empty.",
            escaped(&model.model),
            model.without_distance
        );
    }
    page.push_str("</p>");
}

fn chance(p: Option<f64>) -> String {
    p.map_or_else(|| "–".into(), |p| if p < 0.001 { "&lt; 0.001".into() } else { format!("{p:.3}") })
}

fn tests(page: &mut String, tests: &[PairTest]) {
    if tests.is_empty() {
        return;
    }
    table(
        page,
        "Models against each other",
        &["Figure", "First", "Second", "Subjects", "First − second", "Wilcoxon p", "corrected", "Permutation p"],
    );
    for test in tests {
        let _ = write!(
            page,
            "<tr><td>{}</td><td>{}</td><td>{}</td><td class=\"n\">{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
            test.figure.title(),
            escaped(&test.first),
            escaped(&test.second),
            test.subjects,
            shown(test.difference.as_ref()),
            chance(test.wilcoxon),
            chance(test.corrected),
            chance(test.permutation),
        );
    }
    page.push_str("</table>");
}

fn by_label(page: &mut String, summary: &Summary) {
    let figures: Vec<Figure> = figures(summary).into_iter().filter(|f| *f != Figure::Iou).collect();
    page.push_str("<h2>By label</h2>");
    heads(page, "Label, model", &figures);
    let labels: BTreeSet<u32> = summary.models.iter().flat_map(|model| model.by_label.keys().copied()).collect();
    for label in labels {
        for model in &summary.models {
            let Some(of) = model.by_label.get(&label) else { continue };
            let _ = write!(page, "<tr><td>{label}, {}</td>", escaped(&model.model));
            cells(page, &figures, of);
            page.push_str("</tr>");
        }
    }
    page.push_str("</table>");
}

fn groups(page: &mut String, summary: &Summary) {
    if summary.models.iter().all(|model| model.by_group.is_empty()) {
        return;
    }
    let figures = figures(summary);
    page.push_str("<h2>By group</h2>");
    heads(page, "Group, model", &figures);
    let names: BTreeSet<&String> = summary.models.iter().flat_map(|model| model.by_group.keys()).collect();
    for name in names {
        for model in &summary.models {
            let Some(of) = model.by_group.get(name) else { continue };
            let _ = write!(page, "<tr><td>{}, {}</td>", escaped(name), escaped(&model.model));
            cells(page, &figures, of);
            page.push_str("</tr>");
        }
    }
    page.push_str("</table>");
}

/// Lesions of all cases together.
fn lesions(page: &mut String, rows: &[Row]) {
    let mut all: BTreeMap<(&str, u32), LesionScores> = BTreeMap::new();
    for row in rows {
        if let Some(lesions) = &row.lesions {
            all.entry((&row.model, row.label)).or_default().add(lesions);
        }
    }
    if all.is_empty() {
        return;
    }
    table(
        page,
        "Lesion by lesion",
        &["Model", "Label", "Found", "Missed", "Invented", "Sensitivity", "Precision", "F1", "Panoptic quality"],
    );
    let number = |value: Option<f64>| value.map_or_else(|| "–".into(), |value| format!("{value:.3}"));
    for ((model, label), s) in all {
        let _ = write!(
            page,
            "<tr><td>{}</td><td>{label}</td><td class=\"n\">{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td>\
             <td>{}</td><td>{}</td><td>{:.3}</td><td>{:.3}</td></tr>",
            escaped(model),
            s.found,
            s.missed,
            s.invented,
            number(s.sensitivity()),
            number(s.precision()),
            s.f1(),
            s.panoptic_quality(),
        );
    }
    page.push_str("</table>");
}

fn queue(page: &mut String, queue: &[Doubtful]) {
    table(page, "Worst first", &["Case", "Model", "Label", "Dice", "NSD", "What a look tells"]);
    for one in queue.iter().take(WORST) {
        let _ = write!(
            page,
            "<tr><td>{}</td><td>{}</td><td>{}</td><td class=\"n\">{:.3}</td><td class=\"n\">{:.3}</td><td>{}</td></tr>",
            escaped(&one.case),
            escaped(&one.model),
            one.label,
            one.dice,
            one.nsd,
            escaped(&one.why.join("; ")),
        );
    }
    page.push_str("</table>");
    if queue.len() > WORST {
        let _ = write!(page, "<p class=\"small\">{} of {} shown.</p>", WORST, queue.len());
    }
}

fn unmatched(page: &mut String, report: &Report) {
    let all: Vec<_> = report.failed.iter().chain(&report.unmatched).collect();
    if all.is_empty() {
        return;
    }
    table(page, "Not compared", &["Model", "File", "Why"]);
    for one in all {
        // Only the name: where files lie is nobody else's business.
        let name = one.path.file_name().unwrap_or_default().to_string_lossy();
        let model = one.model.as_deref().unwrap_or("reference");
        let _ = write!(
            page,
            "<tr><td>{}</td><td>{}</td><td>{}</td></tr>",
            escaped(model),
            escaped(&name),
            escaped(&one.why)
        );
    }
    page.push_str("</table>");
}

fn method(page: &mut String, rows: &[Row], summary: &Summary) {
    let tolerances: BTreeSet<String> = rows.iter().map(|row| format!("{} mm", row.tolerance_mm)).collect();
    let _ = write!(
        page,
        "<h2>How it was computed</h2><p class=\"small\">Surfaces and their distances as in DeepMind's surface-distance; NSD at \
         a tolerance of {}. Where both masks are empty overlap is 1, where one is 0; distances then do not exist and are left \
         out. Intervals: percentile bootstrap over subjects, {} draws, seed {}. Tests are two-sided on the mean difference of \
         each subject: Wilcoxon's signed ranks, corrected by Holm over all pairs of a figure, and permutation of signs. What \
         a look tells is computed from the masks: centres, faces, volumes and the labels that lie over each other.</p>",
        tolerances.into_iter().collect::<Vec<_>>().join(", "),
        crate::metrics::statistics::DRAWS,
        summary.seed,
    );
}
