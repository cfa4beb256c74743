//! What the tool in hand asks for, in the bar over the pictures: only what it listens to is shown, in little space.
//! Where that is too little the words give way; what is pressed stays.

use crate::action::Action;
use crate::app::App;
use crate::assist::{Offer, OperationPreview};
use crate::outbox::{Outbox, Request};
use crate::theme::{colours, icon, icon_font, size};
use crate::widgets::{Words, action_button, icon_button, sign_ink};
use crate::work::operation::size_of;
use eframe::egui::text::{LayoutJob, TextWrapping};
use eframe::egui::{
    Align, Button, Color32, DragValue, FontId, Id, Layout, Popup, Response, RichText, Role, Sense, Ui, UiBuilder,
    WidgetInfo, vec2,
};
use limner_annotation::operations::region::PaintOver;
use limner_annotation::tools::{Makes, Settings, ToolId, ToolInfo};

/// What the controls are taken to need until they were drawn once.
const ROOM_FOR_CONTROLS: f32 = 300.0;
/// Less of a word says nothing.
const SHORTEST: f32 = 32.0;

/// What is left beside what is pressed: words have it, and are cut where it is too little for them.
struct Spare {
    left: f32,
    taken: f32,
}

impl Spare {
    /// Whether there is as much; it is taken then.
    fn take(&mut self, wide: f32) -> bool {
        let fits = wide <= self.left;
        if fits {
            self.left -= wide;
            self.taken += wide;
        }
        fits
    }

    /// As much of a text as finds room. Seen, but not read out by itself.
    fn text_ui(&mut self, text: &str, ink: Color32, ui: &mut Ui) -> Option<Response> {
        let gap = ui.spacing().item_spacing.x;
        let room = self.left - gap;
        if room < wide(text, ui).min(SHORTEST) {
            // A field behind it that is typed into stays the same one.
            ui.skip_ahead_auto_ids(1);
            return None;
        }
        let mut job = LayoutJob::simple_singleline(text.to_owned(), FontId::proportional(size::BODY), ink);
        job.wrap = TextWrapping::truncate_at_width(room);
        let galley = ui.painter().layout_job(job);
        let (rect, response) = ui.allocate_exact_size(galley.size(), Sense::hover());
        let (used, is_cut) = (galley.size().x + gap, galley.elided);
        ui.painter().galley(rect.min, galley, ink);
        self.left -= used;
        self.taken += used;
        Some(if is_cut { response.on_hover_text(text) } else { response })
    }
}

/// How wide a text is.
fn wide(text: &str, ui: &Ui) -> f32 {
    let font = FontId::proportional(size::BODY);
    ui.painter().layout_no_wrap(text.to_owned(), font, Color32::PLACEHOLDER).size().x
}

/// The bar is asked for what cannot be done without, so that it never puts away what is pressed to keep a word.
pub fn ui(app: &App, ui: &mut Ui, out: &mut Outbox) {
    let known = Id::unique("what the tool in hand cannot do without");
    let before = ui.data(|data| data.get_temp::<f32>(known)).unwrap_or(ROOM_FOR_CONTROLS);
    let mut spare = Spare { left: ui.available_width() - before, taken: 0.0 };
    let builder = UiBuilder::new().max_rect(ui.available_rect_before_wrap());
    let mut inner = ui.new_child(builder.layout(Layout::left_to_right(Align::Center)));
    controls_ui(app, &mut spare, &mut inner, out);
    let drawn = inner.min_rect().size();
    let least = (drawn.x - spare.taken).max(0.0);
    if (least - before).abs() > 0.5 {
        ui.ctx().request_repaint();
    }
    ui.data_mut(|data| data.insert_temp(known, least));
    ui.allocate_space(vec2(least, drawn.y));
}

fn controls_ui(app: &App, spare: &mut Spare, ui: &mut Ui, out: &mut Outbox) {
    if let Some(preview) = app.assist.operation() {
        return offer_ui(app, preview, spare, ui, out);
    }
    let c = colours(ui.ctx());
    let tool = app.hand.tool;
    let info = tool.used().map(ToolId::info);
    painted(ui, tool.icon(), icon_font(size::ICON - 1.0), c.accent);
    // What a control says in words goes before the name, which is on the tool's own button too.
    let in_words = match info.map(|info| &info.makes) {
        Some(Makes::Prompt(_)) => {
            let (word, sign) = said_by_sign(app.hand.positive);
            spare.take(wide(word, ui) - wide(sign, ui))
        }
        Some(Makes::Dab { .. }) => spare.take(wide(RADIUS, ui) - wide(RADIUS_IN_SHORT, ui)),
        _ => false,
    };
    spare.text_ui(Action::Tool(tool).title(), c.text, ui);
    let Some(info) = info else { return };
    let mut settings = app.hand.settings;
    match info.makes {
        Makes::Dab { .. } => brush_ui(app, info, &mut settings, (spare, in_words), ui),
        Makes::Area { .. } if info.name == "grow" => tolerance_ui(&mut settings, ui),
        Makes::Prompt(_) => prompt_ui(app, in_words, ui, out),
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
fn offer_ui(app: &App, preview: &OperationPreview, spare: &mut Spare, ui: &mut Ui, out: &mut Outbox) {
    let title = preview.offer.title();
    if let Some(response) = spare.text_ui(title, colours(ui.ctx()).text, ui) {
        response.widget_info(|| WidgetInfo::labeled(Role::Label, true, title));
    }
    if let Offer::Operation(mut operation) = preview.offer
        && let Some((name, value, unit)) = size_of(&mut operation)
    {
        let speed = (*value * 0.02).max(0.02);
        let field = DragValue::new(value).range(0.1..=1e6).speed(speed).max_decimals(1).suffix(format!(" {unit}"));
        if ui.add(field).accessible_name(name).on_hover_text(name).changed() {
            out.ask(Request::Preview(operation));
        }
    }
    if preview.mask.is_none() {
        ui.spinner();
    }
    action_button(app, Action::Accept, ui, out);
    action_button(app, Action::Reject, ui, out);
}

/// What stands before the size of a brush, with room and without.
const RADIUS: &str = "Radius ";
const RADIUS_IN_SHORT: &str = "r ";

fn brush_ui(app: &App, info: &ToolInfo, settings: &mut Settings, (spare, in_words): (&mut Spare, bool), ui: &mut Ui) {
    let unit = if app.workspace.open().is_none_or(|open| open.volume.spacing_known) { " mm" } else { " px" };
    let speed = settings.radius_mm * 0.02;
    let radius = DragValue::new(&mut settings.radius_mm).range(0.1..=200.0).speed(speed).max_decimals(1);
    let radius = radius.prefix(if in_words { RADIUS } else { RADIUS_IN_SHORT }).suffix(unit);
    let response = ui.add(radius).accessible_name("Radius of the brush");
    response.on_hover_text("Radius of the brush: drag, type, Shift+wheel or [ ]");
    if app.workspace.open().is_some_and(crate::workspace::OpenPicture::has_planes) {
        let words =
            Words { name: "Sphere", hint: "Paint a ball through the slices, not a disc on one", ..Words::default() };
        if icon_button(ui, icon::ORBIT, words, settings.sphere).clicked() {
            settings.sphere = !settings.sphere;
        }
    }
    match info.name {
        "range-brush" => range_ui(settings, spare, ui),
        "smart-brush" => tolerance_ui(settings, ui),
        _ => {}
    }
}

/// The values that are painted; the first touch sets them.
fn range_ui(settings: &mut Settings, spare: &mut Spare, ui: &mut Ui) {
    let Some([low, high]) = &mut settings.range else {
        let hint = "The first touch sets the range";
        if let Some(response) = spare.text_ui(hint, colours(ui.ctx()).weak, ui) {
            response.widget_info(|| WidgetInfo::labeled(Role::Label, true, hint));
        }
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

/// Whether a prompt says "this" or "not this", in a word and by its sign.
const fn said_by_sign(positive: bool) -> (&'static str, &'static str) {
    if positive { ("Positive", "+") } else { ("Negative", "−") }
}

fn prompt_ui(app: &App, in_words: bool, ui: &mut Ui, out: &mut Outbox) {
    let (word, sign) = said_by_sign(app.hand.positive);
    let text = if in_words { word } else { sign };
    let response = ui.add(Button::new(RichText::new(text).color(sign_ink(ui, app.hand.positive))));
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, word));
    let hint = format!("{word}: whether the next prompt says \"this\" or \"not this\"  (W)");
    if response.on_hover_text(hint).clicked() {
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
