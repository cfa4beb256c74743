//! What can be done now, and what is on: read by menus, buttons, keys and the palette alike.

mod asking;
mod reviewing;

use crate::action::{Action, Tool};
use crate::app::App;
use crate::case::Errand;
use crate::settings::{NamedWindow, default_windows};
use crate::view_state::{Arrangement, Pane, Viewport};
use crate::work::measures::may_show_a_signal;
use crate::work::operation::Work;
use crate::workspace::OpenPicture;
use limner_annotation::ImageId;
use limner_annotation::operations::outlines;
use limner_annotation::tools::prompt::Ask;
use limner_annotation::tools::{Makes, ToolId};

const ONE_PLANE: &str = "This picture has one plane only";

impl App {
    /// Why an action cannot be done now, for its tooltip; `None` where it can.
    pub fn why_not(&self, action: Action) -> Option<&'static str> {
        let document = self.workspace.project.as_ref().map(limner_annotation::Project::document);
        match action {
            Action::NewLabel
            | Action::Save
            | Action::SaveProjectAs
            | Action::Import
            | Action::Relink
            | Action::Export
            | Action::ExportNifti
            | Action::ExportCoco
                if document.is_none() =>
            {
                Some("Open a picture or a project first")
            }
            Action::Ask(ask) => self.why_not_ask(ask),
            Action::WindowPreset(n) if self.is_foreign_window(n) => {
                Some("This window is for CT: write one for such pictures in the settings")
            }
            Action::NextSeries | Action::PreviousSeries if self.workspace.found.is_empty() => {
                Some("Open a folder first")
            }
            Action::Case(errand) => self.why_not_errand(errand),
            Action::Review(act) => self.why_not_review(act),
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
            Action::Accept => (!offered).then_some("There is no proposal"),
            Action::AcceptNext => {
                let nothing = !offered && (self.assist.is_busy() || self.label.is_none());
                nothing.then_some("There is no proposal")
            }
            Action::Reject if self.work.asking.pointing.is_some() => None,
            Action::Reject => (!self.assist.is_busy() && !self.work.is_busy()).then_some("There is no proposal"),
            Action::RunModel => {
                let positive = self.assist.prompts().iter().any(|prompt| prompt.positive);
                (!positive).then_some("Say first what the object is, with a positive prompt")
            }
            Action::DeleteThing => (!self.work.has_thing()).then_some("There is nothing under the pointer to delete"),
            Action::Tool(Tool::Use(tool)) => {
                self.why_model_cannot(tool).or_else(|| self.why_no_time(tool, self.workspace.open()?.image))
            }
            Action::PickLabel(n) => self.work.recent.get(n).is_none().then_some("No label was used on this digit yet"),
            Action::Work(Work::FillOutlines) if !self.has_outlines() => Some("The label in hand has no outline here"),
            Action::Work(_) => self.label.is_none().then_some("Pick a label first"),
            _ => None,
        }
    }

    /// Whether the label in hand was outlined on the picture in view.
    fn has_outlines(&self) -> bool {
        let (Some(project), Some(open)) = (&self.workspace.project, self.workspace.open()) else { return false };
        let mut shapes = project.document().shapes_on(open.image);
        shapes.any(|shape| shape.label == self.label && outlines::is_outline(shape))
    }

    /// Why what a study brings along cannot become part of the project now.
    pub fn why_not_import(&self, line: usize) -> Option<&'static str> {
        let known = self.companions.get(line)?;
        let speaks_of_open = self.workspace.pictures.values().any(|open| {
            let series = open.series.and_then(|n| self.workspace.found.get(n));
            series.is_some_and(|s| s.format == "dicom" && known.speaks_of(s.uid.as_deref()))
        });
        (!speaks_of_open).then_some("Open the pictures it speaks of first")
    }

    fn why_not_shown(&self, action: Action) -> Option<&'static str> {
        let alone = self.workspace.stage.own_layout().ids().len() < 2;
        let only_one = self.workspace.stage.ids().len() < 2;
        match action {
            Action::CloseView | Action::Maximise if alone => return Some("There is only one view"),
            Action::NextView if only_one => return Some("There is only one view"),
            Action::Arrange(wanted) if wanted != Arrangement::Planes => return None,
            Action::Split(_)
            | Action::LinkPlace
            | Action::LinkCamera
            | Action::LinkWindow
            | Action::SecondWindow
            | Action::ToggleReferenceLines => return None,
            Action::ComparePrior if self.workspace.open().is_some() && self.prior().is_none() => {
                return Some("No earlier study of this patient is in the list");
            }
            Action::AdjustRegistration if self.adjusting => return None,
            Action::Register | Action::AdjustRegistration if self.registrable().is_none() => {
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
            Action::Case(Errand::Page(page)) => look.inspector && self.case.page == page,
            Action::Case(Errand::Grid) => self.case.grid.open,
            Action::Case(Errand::FillForm) => self.case.focus.is_some(),
            Action::Review(act) => self.is_reviewed(act),
            Action::FourUp => stage.is_arranged(Arrangement::Planes),
            Action::Arrange(wanted) => stage.is_arranged(wanted),
            Action::Maximise => stage.is_maximised(),
            Action::SecondWindow => stage.beside().is_some(),
            Action::LinkPlace => stage.links.place,
            Action::LinkCamera => stage.links.camera,
            Action::LinkWindow => stage.links.window,
            Action::ToggleLabels => stage.show_labels,
            Action::ToggleText => look.text_on_pictures,
            Action::ToggleReferenceLines => look.reference_lines,
            Action::AdjustRegistration => self.adjusting,
            Action::ToggleBrowser => self.shows_browser(),
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

impl App {
    /// Why the model at hand does not serve a tool.
    fn why_model_cannot(&self, tool: ToolId) -> Option<&'static str> {
        let Makes::Prompt(ask) = tool.info().makes else { return None };
        let can = self.assist.engine().capabilities();
        let (serves, reason) = match ask {
            Ask::Point => (can.point, "The model in use takes no points"),
            Ask::Scribble => (can.scribble, "The model in use takes no scribbles"),
            Ask::Lasso => (can.lasso, "The model in use takes no lassos"),
            Ask::Box => (can.box_2d, "The model in use takes no boxes"),
            Ask::Box3d => (can.takes_solid_boxes(), "The model in use takes no 3D boxes"),
        };
        (!serves).then_some(reason)
    }

    /// Intervals need to know how time runs on the picture.
    pub(crate) fn why_no_time(&self, tool: ToolId, image: ImageId) -> Option<&'static str> {
        if tool.info().name != "interval" {
            return None;
        }
        let image = self.workspace.project.as_ref()?.document().image(image)?;
        if !may_show_a_signal(image) {
            return Some("This is no picture of a signal");
        }
        let reason = "Draw a ruler along a known time and say in the Region panel how long it lasts";
        image.signal.is_none().then_some(reason)
    }

    fn why_not_errand(&self, errand: Errand) -> Option<&'static str> {
        let Some(document) = self.workspace.project.as_ref().map(limner_annotation::Project::document) else {
            return (!matches!(errand, Errand::Page(_))).then_some("Open a picture or a project first");
        };
        let selected = self.work.selected.and_then(|id| document.shape(id)).is_some();
        let open = self.workspace.open().is_some();
        match errand {
            Errand::Page(_) | Errand::Grid | Errand::NextCase | Errand::PreviousCase => None,
            _ if !open => Some("Open a picture first"),
            Errand::NothingHere => self.label.is_none().then_some("Pick a label first"),
            Errand::Track | Errand::NewLesion => (!selected).then_some("Select a shape on the picture first"),
            Errand::Keyframe | Errand::Outside | Errand::Occluded => {
                self.track_in_hand().is_none().then_some("Choose a track in the list first")
            }
            Errand::NextKeyframe | Errand::PreviousKeyframe => {
                let none = self.track_in_hand().is_none() && self.marks_in_view().is_none();
                none.then_some("Nothing is followed here")
            }
            Errand::NextVisit | Errand::PreviousVisit => {
                self.subject_in_view().is_none().then_some("The picture in view is no visit yet")
            }
            _ => None,
        }
    }
}

impl App {
    /// Whether a window of the table as it comes, which is for CT, is asked for on what its file calls something else.
    fn is_foreign_window(&self, n: usize) -> bool {
        let modality = self.workspace.open().and_then(|open| open.volume.modality.as_deref());
        modality.is_some_and(|modality| modality != "CT") && self.settings.windows.get(n) == default_windows().get(n)
    }
}

/// What the picture in the active view has no use for.
fn why_not_of(action: Action, viewport: &Viewport, open: &OpenPicture) -> Option<&'static str> {
    let frames = viewport.slice(&open.volume.geometry).1;
    match action {
        Action::ShowSolid if !open.has_solid() => Some("This picture has no third dimension"),
        Action::FourUp | Action::Arrange(Arrangement::Planes) if !open.has_planes() => Some(ONE_PLANE),
        Action::Show(view) if !open.has_planes() && open.stored_view() != view => Some(ONE_PLANE),
        Action::NextTime | Action::PreviousTime | Action::PlayCine if open.times.is_some() => None,
        Action::NextTime | Action::PreviousTime if open.clock.is_none() => Some("This picture has no time"),
        Action::Hang if open.series.is_none() => Some("This picture is not in the list"),
        Action::PlayCine if viewport.is_solid() || frames < 2 => Some("There is only one frame"),
        Action::WindowAsStored | Action::WindowPreset(_) | Action::InvertWindow if open.volume.is_colour() => {
            Some("A colour picture has no grey window")
        }
        _ => None,
    }
}
