//! Choosing a model and trying one out, beside the window: weights may be large and servers slow. Until the new one is
//! there the old one answers.

use crate::app::App;
use crate::assist::Tried;
use crate::jobs::Apply;
use crate::model_choice::{Choice, ChosenBy, ModelSettings};
use crate::outbox::ModelAct;
use crate::panels::dialog::Dialog;
use crate::panels::settings::SettingsPage;

/// The newest wish is the one that counts.
const SLOT: &str = "model";

impl App {
    pub(super) fn act_on_model(&mut self, act: ModelAct) {
        match act {
            ModelAct::Use(choice) => self.use_model(choice, ChosenBy::User),
            ModelAct::Test => self.test_server(),
            ModelAct::Keep(settings) => self.keep_model_settings(settings),
            ModelAct::PickFolder => self.pick_model_folder(),
            ModelAct::Show => self.dialog = Some(Dialog::Settings(SettingsPage::Models)),
        }
    }

    pub(super) fn keep_model_settings(&mut self, settings: ModelSettings) {
        self.settings.model = settings;
        self.keep_settings();
    }

    /// Opens a model; a user's choice is kept once it has worked.
    pub(crate) fn use_model(&mut self, choice: Choice, by: ChosenBy) {
        let title = if choice == Choice::Server { "Asking the server" } else { "Opening the model" };
        let settings = self.settings.model.clone();
        self.assist.tried = Some(Tried { choice: choice.clone(), outcome: None });
        self.jobs.start_latest(SLOT, title, move |task| {
            let opened = settings.open(&choice, task);
            let apply: Apply = Box::new(move |app| match opened {
                Ok((model, engine)) => {
                    if by == ChosenBy::User {
                        app.settings.model.chosen = Some(choice.clone());
                        app.keep_settings();
                    }
                    // What those with the program are stands beside them already.
                    let said = if model.is_listed() { "Ready".into() } else { model.about.clone() };
                    app.assist.tried = Some(Tried { choice, outcome: Some(Ok(said)) });
                    app.assist.list(model);
                    app.assist.use_engine(engine);
                    app.ask_engine();
                }
                Err(error) => app.model_failed(choice, &error),
            });
            Ok(apply)
        });
    }

    /// Asks a server what it is, and leaves everything as it was.
    fn test_server(&mut self) {
        let settings = self.settings.model.clone();
        self.assist.tried = Some(Tried { choice: Choice::Server, outcome: None });
        self.jobs.start_latest(SLOT, "Asking the server", move |task| {
            let opened = settings.open(&Choice::Server, task);
            let apply: Apply = Box::new(move |app| match opened {
                Ok((model, engine)) => {
                    let license = model.license.unwrap_or_default();
                    let takes = engine.capabilities().words().join(", ");
                    let said =
                        format!("{}\nLicence: {license}\nRuns on {}\nTakes {takes}", model.about, engine.device());
                    app.assist.tried = Some(Tried { choice: Choice::Server, outcome: Some(Ok(said)) });
                }
                Err(error) => app.model_failed(Choice::Server, &error),
            });
            Ok(apply)
        });
    }

    fn model_failed(&mut self, choice: Choice, error: &anyhow::Error) {
        let causes: Vec<String> = error.chain().map(ToString::to_string).collect();
        self.assist.tried = Some(Tried { choice, outcome: Some(Err(causes.join(": "))) });
        // The page says it beside the button that was pressed.
        if !matches!(self.dialog, Some(Dialog::Settings(SettingsPage::Models))) {
            self.notices.error("The model could not be opened; the one before it goes on", error);
        }
    }
}
