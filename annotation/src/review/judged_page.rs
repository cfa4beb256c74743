//! The page of a project's judgements.

use super::judged::Judged;
use super::page::{head, shown, table};
use super::plot::escaped;
use std::fmt::Write as _;

#[must_use]
pub fn html(judged: &Judged, title: &str) -> String {
    let mut page = head(title);
    let _ = write!(page, "<h1>{}</h1><p class=\"small\">Limner {}.</p>", escaped(title), env!("CARGO_PKG_VERSION"));
    preferences(&mut page, judged);
    scores(&mut page, judged);
    if !judged.raters.is_empty() {
        table(&mut page, "Raters", &["Rater", "Protocol", "Assigned", "Submitted", "Judgements", "Mean time (s)"]);
        for one in &judged.raters {
            let time = one.mean_active_s.map_or_else(|| "–".into(), |s| format!("{s:.0}"));
            let _ = write!(
                page,
                "<tr><td>{}</td><td>{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td><td class=\"n\">{time}</td></tr>",
                escaped(&one.rater),
                escaped(&one.protocol),
                one.assigned,
                one.submitted,
                one.judgements
            );
        }
        page.push_str("</table>");
    }
    if !judged.decisions.is_empty() {
        table(&mut page, "Decisions", &["Verdict", "Count"]);
        for (verdict, count) in &judged.decisions {
            let _ = write!(page, "<tr><td>{}</td><td class=\"n\">{count}</td></tr>", escaped(verdict));
        }
        page.push_str("</table>");
    }
    page + "<p class=\"small\">Intervals: percentile bootstrap over items.</p></body></html>\n"
}

fn preferences(page: &mut String, judged: &Judged) {
    if judged.preferences.is_empty() {
        return;
    }
    table(page, "Preference", &["Criterion", "Source", "Wins", "Ties", "Losses", "Preferred"]);
    for one in &judged.preferences {
        let _ = write!(
            page,
            "<tr><td>{}</td><td>{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td><td>{}</td></tr>",
            escaped(&one.criterion),
            escaped(&one.source),
            one.wins,
            one.ties,
            one.losses,
            shown(one.rate.as_ref())
        );
    }
    page.push_str("</table>");
}

fn scores(page: &mut String, judged: &Judged) {
    if judged.scores.is_empty() {
        return;
    }
    let number = |value: Option<f64>| value.map_or_else(|| "–".into(), |value| format!("{value:.3}"));
    table(page, "Scores", &["Criterion", "Source", "Mean", "Items", "α ordinal", "α interval", "ICC(2,1)"]);
    for one in &judged.scores {
        for (source, mean) in &one.by_source {
            let _ = write!(
                page,
                "<tr><td>{}</td><td>{}</td><td>{}</td><td class=\"n\">{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
                escaped(&one.criterion),
                escaped(source),
                shown(Some(mean)),
                one.items,
                number(one.alpha_ordinal),
                number(one.alpha_interval),
                number(one.icc.map(|icc| icc.two_way_random))
            );
        }
    }
    page.push_str("</table>");
}
