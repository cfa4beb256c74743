//! The first five minutes, in five steps on the sample study: each is done by doing it. At the end it names what else
//! there is, each a press away.

use crate::action::{Action, Ask, Tool};
use crate::app::App;
use crate::case::{Errand, Page};
use crate::outbox::{Outbox, Request};
use crate::theme::{colours, size, space, strong};
use crate::widgets::{action_button, key_cap};
use eframe::egui::{Align, Align2, Area, Button, Context, Frame, Id, Label, Layout, Order, RichText, Stroke, Ui, vec2};
use limner_annotation::Revision;
use limner_annotation::tools::Makes;
use limner_imaging::{Window, World};

/// Where the user is in the tour, and what stood when the step began.
#[derive(Clone, Debug)]
pub struct Tour {
    step: usize,
    before: Before,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Before {
    at: Option<World>,
    window: Option<Window>,
    revision: Option<Revision>,
}

struct Step {
    title: &'static str,
    text: &'static str,
    is_done: fn(&App, &Before) -> bool,
}

const STEPS: [Step; 5] = [
    Step {
        title: "Go through the slices",
        text: "Turn the wheel over the picture, or press the arrow keys",
        is_done: |app, before| now(app).at != before.at,
    },
    Step {
        title: "Set the window",
        text: "Drag with the left button: across for contrast, up and down for brightness. F1 to F9 are ready windows",
        is_done: |app, before| now(app).window != before.window,
    },
    Step {
        title: "Point at an organ",
        text: "Press A, then click into the middle of the liver. A mask is proposed. Add points where it is too small, \
               hold Ctrl and click where it is too large",
        is_done: |app, _| app.assist.proposal().is_some(),
    },
    Step {
        title: "Accept the mask",
        text: "Press Enter. Esc would have dropped it, N accepts and begins the next object",
        is_done: |app, before| now(app).revision > before.revision && !app.assist.is_busy(),
    },
    Step {
        title: "Mend an edge",
        text: "Press B and paint; hold Ctrl to erase; [ and ] change the size. Ctrl+Z takes back whatever you did",
        is_done: |app, before| {
            let paints = app.hand.tool.used().is_some_and(|tool| matches!(tool.info().makes, Makes::Dab { .. }));
            paints && now(app).revision > before.revision && app.work.draft.is_none()
        },
    },
];

fn now(app: &App) -> Before {
    let active = app.workspace.active();
    Before {
        at: active.map(|(view, _)| view.at),
        window: active.map(|(view, _)| view.window),
        revision: app.workspace.project.as_ref().map(|project| project.document().revision()),
    }
}

impl Tour {
    pub fn begin(app: &App) -> Self {
        Self { step: 0, before: now(app) }
    }

    /// The tour as it goes on: a step that was done is followed by the next. `None` at its end.
    pub fn advanced(self, app: &App) -> Option<Self> {
        if app.workspace.open().is_none() {
            return Some(Self { before: now(app), ..self });
        }
        if self.before.at.is_none() {
            // The picture has only now come.
            return Some(Self { before: now(app), ..self });
        }
        let done = STEPS.get(self.step).is_some_and(|step| (step.is_done)(app, &self.before));
        if done { self.next(app) } else { Some(self) }
    }

    /// The step after this one, done or not; after the last one the outlook.
    pub fn next(self, app: &App) -> Option<Self> {
        let step = self.step + 1;
        (step <= STEPS.len()).then(|| Self { step, before: now(app) })
    }
}

pub fn ui(app: &App, ctx: &Context, out: &mut Outbox) {
    let Some(tour) = &app.tour else { return };
    // Over a panel at the side and the edge of the picture, in whose middle things are pointed at and mended.
    let rail = super::rail::width(ctx.content_rect().height() - size::BAR_HEIGHT - size::STATUS_HEIGHT);
    let (side, across) =
        if app.shows_browser() { (Align2::LEFT_TOP, rail + space::M) } else { (Align2::RIGHT_TOP, -space::M) };
    let corner = vec2(across, 2.0 * size::BAR_HEIGHT + space::M);
    let area = Area::new(Id::unique("tour")).order(Order::Foreground).anchor(side, corner);
    area.show(ctx, |ui| {
        let frame = Frame::window(ui.style()).stroke(Stroke::new(1.0, colours(ctx).accent));
        frame.show(ui, |ui| {
            ui.set_width(WIDTH);
            match STEPS.get(tour.step) {
                Some(step) => step_ui(tour.step, step, ui, out),
                None => outlook_ui(app, ui, out),
            }
        });
    });
}

/// Hardly wider than the panel it lies over.
const WIDTH: f32 = 300.0;

fn step_ui(n: usize, step: &Step, ui: &mut Ui, out: &mut Outbox) {
    ui.label(RichText::new(format!("{} of {}   {}", n + 1, STEPS.len(), step.title)).font(strong(size::BODY)));
    ui.label(step.text);
    ui.horizontal(|ui| {
        let on = if n + 1 < STEPS.len() { "Next step" } else { "What else there is" };
        if ui.add(Button::new(on)).clicked() {
            out.ask(Request::Tour(true));
        }
        if ui.add(Button::new("End the tour")).on_hover_text("Help, Tour begins it again").clicked() {
            out.ask(Request::Tour(false));
        }
    });
}

/// What a newcomer would not find by the eye, each a press away.
const OUTLOOK: [(Action, &str); 5] = [
    (Action::Ask(Ask::Panel), "Questions whose answers point at what you drew"),
    (Action::Case(Errand::Page(Page::Case)), "The case form: findings, image and study labels"),
    (Action::Case(Errand::Page(Page::Cases)), "The work list: cases one after the other, with their time"),
    (Action::Palette, "Any command by its name"),
    (Action::KeySheet, "All keys"),
];

fn outlook_ui(app: &App, ui: &mut Ui, out: &mut Outbox) {
    ui.label(RichText::new("That was the tour. There is more").font(strong(size::BODY)));
    for (action, text) in OUTLOOK {
        ui.horizontal(|ui| {
            action_button(app, action, ui, out);
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                key_cap(ui, &app.keys_of(action));
                ui.with_layout(Layout::left_to_right(Align::Center), |ui| ui.add(Label::new(text).wrap()));
            });
        });
    }
    if ui.button("Close").clicked() {
        out.ask(Request::Tour(false));
    }
}

/// The next sensible key, for the status bar.
pub fn hint(app: &App) -> String {
    if let Some(draft) = &app.work.draft {
        let info = draft.tool.info();
        return match info.gather {
            limner_annotation::tools::path::Gather::RING => {
                "Enter or double click closes, Backspace takes a corner back, Esc drops it".into()
            }
            _ => info.hint.into(),
        };
    }
    if app.assist.operation().is_some() {
        return "Enter does it, Esc leaves everything as it was".into();
    }
    if app.assist.is_busy() {
        return if app.why_not(Action::Accept).is_some() {
            "Add a prompt, or Esc drops them".into()
        } else if app.shows_preview() {
            "A preview: the model is at work. Enter waits for its answer and accepts it, Esc rejects".into()
        } else {
            "Enter accepts, N accepts and begins the next, Esc rejects, Ctrl+Z takes the last prompt back".into()
        };
    }
    let Some((viewport, _)) = app.workspace.active() else {
        return "Open a file or a folder, or drop it onto the window".into();
    };
    match app.hand.tool {
        tool if viewport.is_solid() && !tool.cuts() => TURNING.into(),
        Tool::Use(tool) => tool.info().hint.into(),
        tool => tool.hint().into(),
    }
}

/// In 3D a drag turns, whatever is in hand but the scissors.
pub const TURNING: &str = "Drag to turn, right drag or wheel to zoom, middle drag to move";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_step_says_what_to_do_in_few_words() {
        for step in &STEPS {
            assert!(step.title.len() < 32 && step.text.len() < 200 && !step.text.ends_with('.'), "{}", step.title);
        }
        let keyed = OUTLOOK.iter().all(|(action, _)| action.entry().is_some_and(|entry| !entry.keys.is_empty()));
        assert!(keyed, "what the outlook names has a key");
    }
}
