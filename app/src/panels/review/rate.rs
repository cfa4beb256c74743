//! Rating of versions: who made what is hidden, questions of the protocol with their answers by digit, how long it took.

use super::part_head;
use crate::action::Action;
use crate::app::App;
use crate::case::clock;
use crate::outbox::{Outbox, Request};
use crate::review::{Act, Ask};
use crate::theme::{colours, radius, size, space};
use crate::widgets::{action_button, pill};
use eframe::egui::{Frame, RichText, Ui, vec2};
use limner_annotation::records::Assignment;
use limner_annotation::review::rating::{About, Line};
use std::time::Duration;

pub fn ui(app: &App, ui: &mut Ui, out: &mut Outbox) {
    let protocol = app.review_protocol();
    let title = protocol.map_or_else(|| "Rate".to_owned(), |protocol| format!("Rate: {}", protocol.name));
    part_head(ui, &title);
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = space::XS;
        for act in [Act::Rate, Act::Blind, Act::Unblind, Act::LoadProtocol] {
            action_button(app, Action::Review(act), ui, out);
        }
        if let Some(time) = time_on(app) {
            ui.add_space(space::S);
            let words = RichText::new(clock::words(time)).size(size::SMALL).color(colours(ui.ctx()).weak);
            ui.label(words).on_hover_text("Time with the hands on this picture; pauses are left out");
        }
    });
    if protocol.is_none() {
        return;
    }
    for (n, line) in app.rating_lines().into_iter().enumerate() {
        line_ui(app, (n, line), ui, out);
    }
}

/// What was written down and what was worked since.
fn time_on(app: &App) -> Option<Duration> {
    let (project, image, protocol) = (app.workspace.project.as_ref()?, app.review.image?, app.review_protocol()?);
    let document = project.document();
    let of = |one: &&Assignment| one.protocol == protocol.id && one.item == image.into();
    let written: u64 = document.all::<Assignment>().filter(of).map(|one| one.active_ms).sum();
    let time = Duration::from_millis(written) + app.review.clock.pending(image);
    (time >= Duration::from_secs(1)).then_some(time)
}

fn line_ui(app: &App, (n, line): (usize, Line), ui: &mut Ui, out: &mut Outbox) {
    let c = colours(ui.ctx());
    let here = app.review.rating == Some(n);
    let question = app.review_protocol().and_then(|protocol| protocol.form.get(line.scale)).map(|s| s.question.clone());
    let question = question.unwrap_or_default();
    let about = match line.about {
        About::Pair(..) => question,
        About::One(one) => {
            let name = app.rated_models().get(one).map_or_else(String::new, |id| app.shown_name(*id));
            format!("{name}: {}", question.to_lowercase())
        }
    };
    let fill = if here { c.raised } else { c.panel };
    Frame::new().fill(fill).corner_radius(radius::M).inner_margin(4.0).show(ui, |ui| {
        ui.set_min_width(ui.available_width());
        ui.label(RichText::new(about).size(size::SMALL).color(if here { c.text } else { c.weak }));
        let given = app.rated(line);
        ui.horizontal_wrapped(|ui| {
            ui.spacing_mut().item_spacing = vec2(space::S, space::S);
            for (choice, word) in app.rating_words(line).into_iter().enumerate() {
                let digit = here.then_some(choice + 1);
                if pill(ui, &word, digit, given == Some(choice)).clicked() {
                    out.ask(Request::Review(Ask::Rate(n, choice)));
                }
            }
        });
    });
}
