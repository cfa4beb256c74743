//! What the tool in hand asks for, in the bar over the pictures: only what it listens to is shown, in little space.

use crate::action::Action;
use crate::app::App;
use crate::assist::{Offer, OperationPreview};
use crate::outbox::{Outbox, Request};
use crate::theme::{colours, icon, icon_font, size};
use crate::widgets::{Words, action_button, icon_button, sign_ink};
use crate::work::operation::size_of;
use eframe::egui::{Button, Color32, DragValue, FontId, Label, Popup, RichText, Sense, Ui};
use limner_annotation::operations::region::PaintOver;
use limner_annotation::tools::{Makes, Settings, ToolInfo};

/// What a tool's own controls want; with less room beside them its name is left to its button.
const ROOM_FOR_CONTROLS: f32 = 300.0;

pub fn ui(app: &App, ui: &mut Ui, out: &mut Outbox) {
    if let Some(preview) = app.assist.operation() {
        return offer_ui(app, preview, ui, out);
    }
    let c = colours(ui.ctx());
    let tool = app.hand.tool;
    painted(ui, tool.icon(), icon_font(size::ICON - 1.0), c.accent);
    let used = tool.used();
    let controls = used.map_or(0.0, |used| match used.info().makes {
        Makes::Dab { .. } | Makes::Prompt(_) => ROOM_FOR_CONTROLS,
        Makes::Area { .. } => ROOM_FOR_CONTROLS / 2.0,
        Makes::Shape(_) | Makes::Scissors => 0.0,
    });
    let name =
        ui.painter().layout_no_wrap(Action::Tool(tool).title().to_owned(), FontId::proportional(size::BODY), c.text);
    if ui.available_width() > name.size().x + controls {
        painted(ui, Action::Tool(tool).title(), FontId::proportional(size::BODY), c.text);
    }
    let Some(used) = used else { return };
    let info = used.info();
    let mut settings = app.hand.settings;
    match info.makes {
        Makes::Dab { .. } => brush_ui(app, info, &mut settings, ui),
        Makes::Area { .. } if info.name == "grow" => tolerance_ui(&mut settings, ui),
        Makes::Prompt(_) => prompt_ui(app, ui, out),
        _ => {}
    }
    if settings != app.hand.settings {
        out.ask(Request::ToolSettings(settings));
    }
    if matches!(info.makes, Makes::Dab { .. } | Makes::Area { .. }) {
        rule_ui(app, ui, out);
    }
}

/// Says what the rail says already: seen, but not read out a second time.
fn painted(ui: &mut Ui, text: &str, font: FontId, ink: Color32) {
    let galley = ui.painter().layout_no_wrap(text.to_owned(), font, ink);
    let (rect, _) = ui.allocate_exact_size(galley.size(), Sense::hover());
    ui.painter().galley(rect.min, galley, ink);
}

/// What is about to be done to a label: its size, and the answer to it.
fn offer_ui(app: &App, preview: &OperationPreview, ui: &mut Ui, out: &mut Outbox) {
    ui.add(Label::new(preview.offer.title()).truncate());
    if let Offer::Operation(mut operation) = preview.offer
        && let Some((name, value, unit)) = size_of(&mut operation)
    {
        let speed = (*value * 0.02).max(0.02);
        let field = DragValue::new(value).range(0.1..=1e6).speed(speed).max_decimals(1).suffix(format!(" {unit}"));
        if ui.add(field).on_hover_text(name).changed() {
            out.ask(Request::Preview(operation));
        }
    }
    if preview.mask.is_none() {
        ui.spinner();
    }
    action_button(app, Action::Accept, ui, out);
    action_button(app, Action::Reject, ui, out);
}

fn brush_ui(app: &App, info: &ToolInfo, settings: &mut Settings, ui: &mut Ui) {
    let unit = if app.workspace.open().is_none_or(|open| open.volume.spacing_known) { " mm" } else { " px" };
    let speed = settings.radius_mm * 0.02;
    let radius = DragValue::new(&mut settings.radius_mm).range(0.1..=200.0).speed(speed).max_decimals(1).suffix(unit);
    ui.add(radius).on_hover_text("Radius of the brush: drag, type, Shift+wheel or [ ]");
    if app.workspace.open().is_some_and(crate::workspace::OpenPicture::has_planes) {
        let words =
            Words { name: "Sphere", hint: "Paint a ball through the slices, not a disc on one", ..Words::default() };
        if icon_button(ui, icon::ORBIT, words, settings.sphere).clicked() {
            settings.sphere = !settings.sphere;
        }
    }
    match info.name {
        "range-brush" => range_ui(settings, ui),
        "smart-brush" => tolerance_ui(settings, ui),
        _ => {}
    }
}

/// The values that are painted; the first touch sets them.
fn range_ui(settings: &mut Settings, ui: &mut Ui) {
    let Some([low, high]) = &mut settings.range else {
        ui.add(Label::new(RichText::new("The first touch sets the range").color(colours(ui.ctx()).weak)).truncate());
        return;
    };
    ui.add(DragValue::new(low).max_decimals(1)).on_hover_text("The lowest value that is painted");
    ui.add(DragValue::new(high).max_decimals(1)).on_hover_text("The highest value that is painted");
    *high = high.max(*low);
    let words = Words { name: "Set the range anew", hint: "The next touch sets the range", ..Words::default() };
    if icon_button(ui, icon::PIPETTE, words, false).clicked() {
        settings.range = None;
    }
}

fn tolerance_ui(settings: &mut Settings, ui: &mut Ui) {
    let field = DragValue::new(&mut settings.tolerance).range(0.2..=12.0).speed(0.05).max_decimals(1).prefix("± ");
    ui.add(field).on_hover_text(
        "Tolerance: how unlike the place under the pointer a value may be, in standard deviations around there",
    );
}

fn prompt_ui(app: &App, ui: &mut Ui, out: &mut Outbox) {
    let positive = app.hand.positive;
    let title = if positive { "Positive" } else { "Negative" };
    let button = Button::new(RichText::new(title).color(sign_ink(ui, positive)));
    if ui.add(button).on_hover_text("Whether the next prompt says \"this\" or \"not this\"  (W)").clicked() {
        out.act(Action::FlipSign);
    }
    if app.assist.collects {
        action_button(app, Action::RunModel, ui, out);
    }
    if app.assist.is_busy() {
        for action in [Action::Accept, Action::AcceptNext, Action::Reject] {
            action_button(app, action, ui, out);
        }
    }
}

/// Which voxels may be painted over.
fn rule_ui(app: &App, ui: &mut Ui, out: &mut Outbox) {
    let document = app.workspace.project.as_ref().map(limner_annotation::Project::document);
    let name = |rule: PaintOver| match rule {
        PaintOver::Shown => "Everything shown".to_owned(),
        PaintOver::All => "Everything, hidden labels too".to_owned(),
        PaintOver::UnlabelledOnly => "Unlabelled only".to_owned(),
        PaintOver::Inside(value) => {
            let label = document.and_then(|d| d.label_of_value(value));
            label.map_or_else(|| "Inside a label that is gone".into(), |label| format!("Inside {}", label.name))
        }
        PaintOver::Range { .. } => "Values in a range".to_owned(),
    };
    let now = format!("Now: {}", name(app.hand.rule).to_lowercase());
    let words = Words { name: "Paint over", hint: &now, ..Words::default() };
    let response = icon_button(ui, icon::LAYERS_2, words, app.hand.rule != PaintOver::Shown);
    Popup::menu(&response).show(|ui| {
        let mut rules = vec![PaintOver::Shown, PaintOver::UnlabelledOnly, PaintOver::All];
        rules.extend(document.iter().flat_map(|d| d.labels()).map(|label| PaintOver::Inside(label.value)));
        rules.extend(range_to_begin_with(app));
        for rule in rules {
            if ui.add(Button::selectable(rule == app.hand.rule, name(rule))).clicked() {
                out.ask(Request::PaintOver(rule));
                ui.close();
            }
        }
    });
    if let PaintOver::Range { mut low, mut high } = app.hand.rule {
        let field = |value| DragValue::new(value).max_decimals(1);
        let lowest = ui.add(field(&mut low)).on_hover_text("Paint over values from here up");
        let highest = ui.add(field(&mut high)).on_hover_text("Paint over values up to here");
        if lowest.changed() || highest.changed() {
            out.ask(Request::PaintOver(PaintOver::Range { low, high: high.max(low) }));
        }
    }
}

/// The range in use; else what the display window shows, which is what somebody looks at when they choose this.
fn range_to_begin_with(app: &App) -> Option<PaintOver> {
    if let PaintOver::Range { .. } = app.hand.rule {
        return Some(app.hand.rule);
    }
    let (view, _) = app.workspace.active()?;
    Some(PaintOver::Range { low: view.window.low(), high: view.window.high() })
}
