//! The report as one page without anything from outside: plots are drawn as SVG.

use crate::audit::report::Report;
use std::fmt::Write;

const STYLE: &str = "body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1c2430;background:#fff}\
h1{font-size:1.6rem}h2{font-size:1.15rem;margin-top:2rem}table{border-collapse:collapse}td,th{padding:.25rem .8rem .25rem 0;text-align:left;vertical-align:top}\
.good{color:#186a3b}.bad{color:#9c2b12;font-weight:600}.small{color:#5b6675;font-size:.87rem}svg text{font:12px system-ui,sans-serif;fill:#1c2430}\
@media(prefers-color-scheme:dark){body{background:#14181f;color:#dfe5ee}svg text{fill:#dfe5ee}.good{color:#6fcf97}.bad{color:#ff9d7c}.small{color:#9aa6b5}}";

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// Bars from left to right, each with its value; `mark` is a line that they are to be compared with.
fn bars(rows: &[(String, f64, Option<f64>)], most: f64) -> String {
    const LEFT: f64 = 300.0;
    const WIDTH: f64 = 420.0;
    const STEP: f64 = 22.0;
    let height = rows.len() as f64 * STEP + 6.0;
    let mut svg = format!("<svg role=\"img\" viewBox=\"0 0 800 {height}\" width=\"100%\">");
    for (n, (name, value, mark)) in rows.iter().enumerate() {
        let top = n as f64 * STEP + 3.0;
        let length = |value: f64| (value / most.max(1e-9)).clamp(0.0, 1.0) * WIDTH;
        let (text_y, end) = (top + 13.0, LEFT + length(*value));
        let _ = write!(
            svg,
            "<text x=\"{}\" y=\"{text_y}\" text-anchor=\"end\">{}</text>\
             <rect x=\"{LEFT}\" y=\"{top}\" width=\"{:.1}\" height=\"16\" fill=\"#3b7dd8\"/>\
             <text x=\"{:.1}\" y=\"{text_y}\">{value:.3}</text>",
            LEFT - 8.0,
            escaped(name),
            length(*value),
            end.max(LEFT + mark.map_or(0.0, length)) + 6.0
        );
        if let Some(mark) = mark {
            let x = LEFT + length(*mark);
            let _ = write!(
                svg,
                "<line x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{}\" y2=\"{}\" stroke=\"#d1602a\" stroke-width=\"2\"/>",
                top - 2.0,
                top + 18.0
            );
        }
    }
    svg + "</svg>"
}

/// How many scores lie in each twentieth.
fn histogram(scores: &[f64]) -> String {
    const BINS: usize = 20;
    let mut counts = [0_usize; BINS];
    for score in scores {
        counts[((score * BINS as f64) as usize).min(BINS - 1)] += 1;
    }
    let most = counts.iter().copied().max().unwrap_or(1).max(1) as f64;
    let mut svg = String::from("<svg role=\"img\" viewBox=\"0 0 800 190\" width=\"100%\">");
    for (n, count) in counts.iter().enumerate() {
        let (x, height) = (40.0 + n as f64 * 36.0, *count as f64 / most * 140.0);
        let _ = write!(
            svg,
            "<rect x=\"{x}\" y=\"{:.1}\" width=\"33\" height=\"{height:.1}\" fill=\"#3b7dd8\"><title>{count}</title></rect>",
            160.0 - height
        );
        if n % 4 == 0 {
            let _ = write!(svg, "<text x=\"{x}\" y=\"178\">{:.1}</text>", n as f64 / BINS as f64);
        }
    }
    svg + "<text x=\"760\" y=\"178\" text-anchor=\"end\">1.0</text></svg>"
}

/// The whole page.
#[must_use]
pub fn html(report: &Report) -> String {
    let mut page = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <title>Audit of questions</title><style>{STYLE}</style></head><body><h1>Audit of {} questions</h1>",
        report.questions
    );
    let _ = write!(
        page,
        "<p class=\"small\">{} have a right option or a number and were scored. Seed {}, {} folds, {} repeat(s), {} trees.</p>",
        report.scored, report.plan.seed, report.plan.folds, report.plan.repeats, report.plan.trees
    );
    findings(&mut page, report);
    groups(&mut page, report);
    if !report.scores.is_empty() {
        let scores: Vec<f64> = report.scores.iter().map(|score| score.bias_score).collect();
        let _ = write!(
            page,
            "<h2>Bias score of the questions</h2><p class=\"small\">How probable the right answer is to who sees no picture. \
             Questions on the right need none.</p>{}",
            histogram(&scores)
        );
    }
    if !report.balance.is_empty() {
        page.push_str("<h2>Balance of the answers</h2>");
        for balance in &report.balance {
            let total: usize = balance.answers.values().sum();
            let even = 1.0 / balance.answers.len().max(1) as f64;
            let share = |count: usize| count as f64 / total.max(1) as f64;
            let rows: Vec<_> =
                balance.answers.iter().map(|(name, count)| (name.clone(), share(*count), Some(even))).collect();
            let _ = write!(
                page,
                "<p>{} <span class=\"small\">({total})</span></p>{}",
                escaped(&balance.group),
                bars(&rows, 1.0)
            );
        }
    }
    if let Some(pruning) = &report.pruning {
        let _ = write!(
            page,
            "<h2>Pruning</h2><p>{} removed of at most {}, {} a round, above {}. The highest score left is {:.3}.</p>",
            pruning.removed,
            pruning.settings.budget,
            pruning.settings.batch,
            pruning.settings.threshold,
            pruning.highest_left
        );
    }
    page + "</body></html>\n"
}

fn findings(page: &mut String, report: &Report) {
    page.push_str("<h2>What to mend</h2>");
    if report.findings.is_empty() {
        page.push_str("<p class=\"good\">Nothing was found.</p>");
        return;
    }
    page.push_str("<table>");
    for finding in &report.findings {
        let _ = write!(
            page,
            "<tr><td><span class=\"bad\">{}</span><br>{}<br><span class=\"small\">{}</span></td></tr>",
            escaped(finding.doubt.title()),
            escaped(&finding.text),
            escaped(finding.doubt.remedy())
        );
    }
    page.push_str("</table>");
}

fn groups(page: &mut String, report: &Report) {
    page.push_str("<h2>Answered from text alone</h2>");
    if report.groups.is_empty() {
        page.push_str("<p>Too few questions to tell.</p>");
        return;
    }
    let rows: Vec<_> = report
        .groups
        .iter()
        .map(|group| {
            (
                format!("{:?}, {} questions", group.group, group.questions),
                group.score,
                Some(group.chance.max(group.majority)),
            )
        })
        .collect();
    page.push_str("<p class=\"small\">The line is what guessing gets.</p>");
    page.push_str(&bars(&rows, 1.0));
    for group in &report.groups {
        let rows: Vec<_> = group.importances.iter().take(12).map(|i| (i.feature.clone(), i.share, None)).collect();
        let most = rows.iter().map(|row| row.1).fold(0.0, f64::max);
        let _ = write!(page, "<p>What the forest looked at: {:?}</p>{}", group.group, bars(&rows, most));
    }
}
