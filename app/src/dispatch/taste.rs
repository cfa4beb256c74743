//! Requests that change how the program looks and listens: kept in the settings, at once.

use crate::action::Action;
use crate::app::App;
use crate::keymap::{self, Profile};
use crate::settings::Look;

impl App {
    pub(super) fn set_look(&mut self, look: Look) {
        let neurological = look.neurological;
        self.settings.look = look;
        self.workspace.stage.set_neurological(neurological);
        self.restyle();
        self.keep_settings();
    }

    pub(super) fn change_look(&mut self, change: impl FnOnce(&mut Look)) {
        let mut look = self.settings.look.clone();
        change(&mut look);
        self.set_look(look);
    }

    /// In a narrow window the list of series takes the place of what stands at the right.
    pub(super) fn toggle_browser(&mut self) {
        let (wanted, alone) = (!self.shows_browser(), self.is_narrow());
        self.change_look(|look| {
            look.browser = wanted;
            if wanted && alone {
                (look.inspector, look.questions) = (false, false);
            }
        });
    }

    pub(super) fn set_profile(&mut self, profile: Profile) {
        self.settings.profile = profile;
        self.restyle();
        self.keep_settings();
    }

    pub(super) fn set_key(&mut self, action: Action, chord: Option<String>) {
        let id = keymap::id_of(action);
        match chord {
            Some(words) => self.settings.own_keys.insert(id, vec![words]),
            None => self.settings.own_keys.remove(&id),
        };
        self.restyle();
        self.keep_settings();
    }

    pub(super) fn keep_settings(&mut self) {
        if let Err(error) = self.settings.save(&self.paths.config) {
            self.notices.error("The settings could not be saved", &error);
        }
    }
}
