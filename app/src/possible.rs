//! What can be done now, and what is on: read by menus, buttons, keys and the palette alike.

mod asking;

use crate::action::Action;
use crate::app::App;
use crate::settings::NamedWindow;
use crate::view_state::{Arrangement, Pane, Viewport};
use crate::workspace::OpenPicture;

const ONE_PLANE: &str = "This picture has one plane only";

impl App {
    /// Why an action cannot be done now, for its tooltip; `None` where it can.
    pub fn why_not(&self, action: Action) -> Option<&'static str> {
        let document = self.workspace.project.as_ref().map(limner_annotation::Project::document);
        match action {
            Action::NewLabel | Action::SaveProjectAs | Action::ExportNifti | Action::ExportCoco
                if document.is_none() =>
            {
                Some("Open a picture or a project first")
            }
            Action::Ask(ask) => self.why_not_ask(ask),
            Action::NextSeries | Action::PreviousSeries if self.workspace.found.is_empty() => {
                Some("Open a folder first")
            }
            _ => self.why_not_by_hand(action).or_else(|| self.why_not_shown(action)),
        }
    }

    /// What depends on what the hand is in the middle of.
    fn why_not_by_hand(&self, action: Action) -> Option<&'static str> {
        let document = self.workspace.project.as_ref().map(limner_annotation::Project::document);
        let drafting = self.work.draft.is_some();
        let offered = self.assist.proposal().is_some();
        match action {
            Action::Undo => {
                let waiting = drafting || self.assist.can_undo() || self.assist.operation().is_some();
                (!waiting && document.and_then(|d| d.can_undo()).is_none()).then_some("Nothing to undo")
            }
            Action::Redo => {
                let waiting = self.assist.can_redo() || document.and_then(|d| d.can_redo()).is_some();
                (!waiting).then_some("Nothing to redo")
            }
            Action::Accept if drafting => None,
            Action::Accept | Action::AcceptNext => (!offered).then_some("There is no proposal"),
            Action::Reject if self.work.asking.pointing.is_some() => None,
            Action::Reject => (!self.assist.is_busy() && !self.work.is_busy()).then_some("There is no proposal"),
            Action::RunModel => {
                let positive = self.assist.prompts().iter().any(|prompt| prompt.positive);
                (!positive).then_some("Say first what the object is, with a positive prompt")
            }
            Action::DeleteThing => (!self.work.has_thing()).then_some("There is nothing under the pointer to delete"),
            Action::PickLabel(n) => self.work.recent.get(n).is_none().then_some("No label was used on this digit yet"),
            Action::Work(_) => self.label.is_none().then_some("Pick a label first"),
            _ => None,
        }
    }

    fn why_not_shown(&self, action: Action) -> Option<&'static str> {
        let alone = self.workspace.stage.layout().ids().len() < 2;
        match action {
            Action::CloseView | Action::NextView | Action::Maximise if alone => return Some("There is only one view"),
            Action::Arrange(wanted) if wanted != Arrangement::Planes => return None,
            Action::Split(_) | Action::LinkPlace | Action::LinkCamera | Action::LinkWindow => return None,
            Action::Register if self.registrable().is_none() => {
                return Some("Show two grey volumes side by side first");
            }
            _ => {}
        }
        match self.workspace.active() {
            Some((viewport, open)) => why_not_of(action, viewport, open),
            None => action.needs_picture().then_some("Open a picture first"),
        }
    }

    /// Whether a switch is on, for menus and buttons.
    pub fn is_on(&self, action: Action) -> bool {
        let stage = &self.workspace.stage;
        let look = &self.settings.look;
        match action {
            Action::Tool(tool) => self.hand.tool == tool,
            Action::FourUp => stage.is_arranged(Arrangement::Planes),
            Action::Arrange(wanted) => stage.is_arranged(wanted),
            Action::Maximise => stage.is_maximised(),
            Action::LinkPlace => stage.links.place,
            Action::LinkCamera => stage.links.camera,
            Action::LinkWindow => stage.links.window,
            Action::ToggleLabels => stage.show_labels,
            Action::ToggleText => look.text_on_pictures,
            Action::ToggleBrowser => look.browser,
            Action::ToggleInspector => look.inspector,
            Action::Ask(ask) => self.is_asked(ask),
            Action::PlayCine => self.cine.is_some_and(|cine| cine.viewport == stage.active_id()),
            _ => self.workspace.active().is_some_and(|(viewport, _)| self.is_shown(action, viewport)),
        }
    }

    fn is_shown(&self, action: Action, viewport: &Viewport) -> bool {
        match action {
            Action::Show(wanted) => viewport.pane == Pane::Slice(wanted),
            Action::ShowSolid => viewport.is_solid(),
            Action::InvertWindow => viewport.inverted,
            Action::MirrorView => viewport.mirrored,
            Action::WindowPreset(n) => self.settings.windows.get(n).map(NamedWindow::window) == Some(viewport.window),
            _ => false,
        }
    }
}

/// What the picture in the active view has no use for.
fn why_not_of(action: Action, viewport: &Viewport, open: &OpenPicture) -> Option<&'static str> {
    let frames = viewport.slice(&open.volume.geometry).1;
    match action {
        Action::ShowSolid if !open.has_solid() => Some("This picture has no third dimension"),
        Action::FourUp | Action::Arrange(Arrangement::Planes) if !open.has_planes() => Some(ONE_PLANE),
        Action::Show(view) if !open.has_planes() && open.stored_view() != view => Some(ONE_PLANE),
        Action::PlayCine if viewport.is_solid() || frames < 2 => Some("There is only one frame"),
        Action::WindowAsStored | Action::WindowPreset(_) | Action::InvertWindow if open.volume.is_colour() => {
            Some("A colour picture has no grey window")
        }
        _ => None,
    }
}
