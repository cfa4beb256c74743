//! Requests that change how pictures are seen, never what is said about them.

use crate::action::Action;
use crate::app::App;
use crate::settings::NamedWindow;
use crate::view_state::{Arrangement, Pane, Viewport, ViewportId};
use crate::workspace::OpenPicture;

const ZOOM_STEP: f64 = 1.25;

impl App {
    /// Changes how a viewport shows its picture, and what is linked to it.
    pub(super) fn look(&mut self, id: ViewportId, change: impl FnOnce(&mut Viewport, &OpenPicture)) {
        self.workspace.look(id, change);
    }

    /// A stroke in hand stays on the slice it began on.
    pub(super) fn scroll(&mut self, id: ViewportId, steps: isize) {
        if !self.stroke.is_held() && self.workspace.stage.get(id).is_some_and(|v| !v.is_solid()) {
            self.look(id, |view, open| view.step(&open.volume, steps));
        }
    }

    pub(super) fn go_to_slice(&mut self, slice: usize) {
        if !self.stroke.is_held() {
            let active = self.workspace.stage.active_id();
            self.look(active, |view, open| view.go_to_slice(&open.volume.geometry, slice));
        }
    }

    pub(super) fn zoom_about(&mut self, id: ViewportId, pixel: [f64; 2], factor: f64) {
        self.look(id, |view, open| view.zoom_about(&open.volume, pixel, factor));
    }

    fn zoom_active(&mut self, factor: f64) {
        let middle = self.workspace.stage.active().size.map(|n| n as f64 / 2.0);
        self.zoom_about(self.workspace.stage.active_id(), middle, factor);
    }

    /// Fills the space with a viewport or shows all again; a lone viewport on a volume opens its planes.
    pub(super) fn maximise(&mut self, id: ViewportId) {
        self.end_stroke();
        let stage = &mut self.workspace.stage;
        stage.activate(id);
        if stage.is_maximised() || stage.own_layout().ids().len() > 1 {
            stage.maximise(id);
        } else {
            self.arrange(Arrangement::Planes);
        }
    }

    pub(super) fn arrange(&mut self, wanted: Arrangement) {
        self.end_stroke();
        let possible = wanted != Arrangement::Planes || self.workspace.open().is_some_and(OpenPicture::has_planes);
        if possible {
            for id in self.workspace.stage.visible() {
                self.workspace.remember_look(id);
            }
            self.workspace.stage.arrange(wanted);
            self.drop_unseen();
        }
    }

    /// Frees what no viewport shows any more.
    pub(super) fn drop_unseen(&mut self) {
        for image in self.workspace.drop_unseen() {
            self.gpu.drop_picture(image);
        }
        self.follow_talk();
    }

    /// Each viewport says in every frame whether the pointer is over it; one that is not does not speak for the others.
    pub(super) fn hover_over(&mut self, id: ViewportId, at: Option<[f64; 2]>) {
        match at {
            Some(at) if self.hover == Some((id, at)) => {}
            Some(at) => {
                self.hover = Some((id, at));
                self.hover_things(id, at);
            }
            None if self.hover.is_some_and(|(over, _)| over == id) => self.hover = None,
            None => {}
        }
    }

    pub(super) fn act_on_view(&mut self, action: Action) {
        let active = self.workspace.stage.active_id();
        let preset = match action {
            Action::WindowPreset(n) => self.settings.windows.get(n).map(NamedWindow::window),
            _ => None,
        };
        match action {
            Action::Show(wanted) => self.look(active, |view, _| view.show_pane(Pane::Slice(wanted))),
            Action::ShowSolid => self.look(active, |view, _| view.show_pane(Pane::Solid)),
            Action::NextSlice => self.scroll(active, 1),
            Action::PreviousSlice => self.scroll(active, -1),
            Action::FirstSlice => self.go_to_slice(0),
            Action::LastSlice => self.go_to_slice(usize::MAX),
            Action::ZoomIn => self.zoom_active(ZOOM_STEP),
            Action::ZoomOut => self.zoom_active(1.0 / ZOOM_STEP),
            Action::ToggleLabels => self.workspace.stage.show_labels = !self.workspace.stage.show_labels,
            Action::PlayCine => self.play_or_stop(),
            _ => self.look(active, |view, open| match action {
                Action::ResetView => view.fit(),
                Action::WindowAsStored => view.window = open.stored_window,
                Action::WindowPreset(_) => view.window = preset.unwrap_or(view.window),
                Action::TurnClockwise => view.quarters = (view.quarters + 1) % 4,
                Action::MirrorView => view.mirrored = !view.mirrored,
                Action::InvertWindow => view.inverted = !view.inverted,
                _ => {}
            }),
        }
    }

    pub(super) fn act_on_stage(&mut self, action: Action) {
        self.end_stroke();
        let stage = &mut self.workspace.stage;
        match action {
            Action::FourUp if stage.is_arranged(Arrangement::Planes) => self.arrange(Arrangement::ONE),
            Action::FourUp => self.arrange(Arrangement::Planes),
            Action::Arrange(wanted) => self.arrange(wanted),
            Action::Split(along) => stage.split_active(along),
            Action::CloseView => {
                self.workspace.remember_look(self.workspace.stage.active_id());
                self.workspace.stage.close_active();
                self.drop_unseen();
            }
            Action::NextView => stage.activate_next(),
            Action::SecondWindow => {
                stage.toggle_beside();
                self.drop_unseen();
            }
            Action::Maximise => stage.maximise(stage.active_id()),
            Action::LinkPlace => stage.links.place = !stage.links.place,
            Action::LinkCamera => stage.links.camera = !stage.links.camera,
            Action::LinkWindow => stage.links.window = !stage.links.window,
            _ => {}
        }
    }
}
