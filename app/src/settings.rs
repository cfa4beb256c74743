//! What is remembered between starts. A settings file that cannot be read is set aside, never a reason not to start.

use crate::action::Used;
use crate::assist::Kept;
use crate::beside::Place;
use crate::keymap::{OwnKeys, Profile};
use crate::model_choice::ModelSettings;
use crate::theme::Theme;
use crate::view_state::{Hand, Stage};
use anyhow::Context as _;
use limner_annotation::{LabelId, counted};
use limner_imaging::Window;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    pub last_project: Option<PathBuf>,
    pub recent_projects: Vec<PathBuf>,
    /// Files and folders of predictions that were looked at with a project, to go on with.
    pub predictions: BTreeMap<PathBuf, Vec<PathBuf>>,
    /// Files and folders that were opened with a project, to be listed again with it.
    pub opened: BTreeMap<PathBuf, Vec<PathBuf>>,
    /// Prompts that nobody has accepted yet, by project, to go on with.
    pub talks: BTreeMap<PathBuf, Vec<Kept>>,
    /// Where a file or folder was chosen last.
    pub last_folder: Option<PathBuf>,
    /// How answers of models write boxes, by the name of the convention.
    pub answer_boxes: String,
    pub hand: Option<Hand>,
    /// In the hand last.
    pub label: Option<LabelId>,
    /// Where the windows stood.
    pub window_place: Option<Place>,
    pub beside_place: Option<Place>,
    /// The viewports as they were left, with the pictures in them.
    pub stage: Option<Stage>,
    /// Who signs the work. Never leaves the project unless the user exports it.
    pub author: Option<String>,
    pub look: Look,
    pub profile: Profile,
    pub own_keys: OwnKeys,
    /// Called by name in the palette.
    pub commands: Used,
    /// The table behind the window keys.
    pub windows: Vec<NamedWindow>,
    pub model: ModelSettings,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            last_project: None,
            recent_projects: Vec::new(),
            predictions: BTreeMap::new(),
            opened: BTreeMap::new(),
            talks: BTreeMap::new(),
            last_folder: None,
            answer_boxes: "pixels".into(),
            hand: None,
            label: None,
            window_place: None,
            beside_place: None,
            stage: None,
            author: None,
            look: Look::default(),
            profile: Profile::default(),
            own_keys: OwnKeys::new(),
            commands: Used::default(),
            windows: default_windows(),
            model: ModelSettings::default(),
        }
    }
}

/// How the window looks and reads.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Look {
    pub theme: Theme,
    /// Of everything on screen, over what the system asks for.
    pub text_scale: f32,
    pub browser: bool,
    pub inspector: bool,
    /// The panel where questions are written, in the place of the labels.
    pub questions: bool,
    /// Title, place and window in the corners of pictures.
    pub text_on_pictures: bool,
    /// Where the planes of other pictures cut a picture.
    pub reference_lines: bool,
    /// H and F for head and feet, as DICOM has it, in place of S and I.
    pub head_and_feet: bool,
    /// The patient's left on the screen's left.
    pub neurological: bool,
    /// The right button does what the left one does for others.
    pub left_handed: bool,
    /// Patients and study dates in the series list.
    pub patient_text: bool,
    /// How many times as large as on screen a saved view is.
    pub snapshot_scale: u8,
    /// How many times as fast as they were taken frames go on.
    pub cine_speed: f64,
}

impl Look {
    /// A speed at which something moves, whatever was written by hand.
    pub const fn speed(&self) -> f64 {
        if self.cine_speed.is_finite() { self.cine_speed.clamp(0.05, 20.0) } else { 1.0 }
    }
}

impl Default for Look {
    fn default() -> Self {
        Self {
            theme: Theme::default(),
            text_scale: 1.0,
            browser: true,
            inspector: true,
            questions: false,
            text_on_pictures: true,
            reference_lines: true,
            head_and_feet: false,
            neurological: false,
            left_handed: false,
            patient_text: true,
            snapshot_scale: 2,
            cine_speed: 1.0,
        }
    }
}

/// A grey window with a name, for CT numbers or whatever unit the picture has.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NamedWindow {
    pub name: String,
    pub width: f64,
    pub centre: f64,
}

impl NamedWindow {
    pub fn window(&self) -> Window {
        Window::new(self.width.max(1e-6), self.centre)
    }
}

/// Lines of the table of windows: one for each of F1 to F9.
pub const WINDOWS: usize = 9;

/// OHIF's CT windows on the first keys, common ones after them.
pub fn default_windows() -> Vec<NamedWindow> {
    let table = [
        ("Soft tissue", 400.0, 40.0),
        ("Lung", 1500.0, -600.0),
        ("Liver", 150.0, 90.0),
        ("Bone", 2500.0, 480.0),
        ("Brain", 80.0, 40.0),
        ("Mediastinum", 350.0, 50.0),
        ("Stroke", 40.0, 35.0),
        ("Vessels", 600.0, 200.0),
        ("Full CT range", 4096.0, 1024.0),
    ];
    table.map(|(name, width, centre)| NamedWindow { name: name.to_owned(), width, centre }).into()
}

const RECENT: usize = 10;

impl Settings {
    pub fn load(folder: &Path) -> Self {
        let path = folder.join("settings.json");
        let Ok(text) = std::fs::read_to_string(&path) else { return Self::default() };
        let settings: Self = serde_json::from_str(&text).unwrap_or_else(|error| {
            log::warn!("the settings could not be read and were set aside: {error}");
            let _ = std::fs::rename(&path, folder.join("settings.unreadable.json"));
            Self::default()
        });
        settings.mended()
    }

    /// Whatever was written by hand: the table has all its lines, scales are scales.
    fn mended(mut self) -> Self {
        let missing = default_windows().into_iter().skip(self.windows.len());
        self.windows.extend(missing);
        self.windows.truncate(WINDOWS);
        self.look.text_scale =
            if self.look.text_scale.is_finite() { self.look.text_scale.clamp(0.7, 2.0) } else { 1.0 };
        self
    }

    pub fn save(&self, folder: &Path) -> anyhow::Result<()> {
        std::fs::create_dir_all(folder).with_context(|| format!("could not make {}", folder.display()))?;
        let beside = folder.join("settings.json.new");
        let mut file = private(&beside).context("could not write the settings")?;
        file.write_all(&serde_json::to_vec_pretty(self)?)?;
        file.sync_all()?;
        std::fs::rename(&beside, folder.join("settings.json")).context("could not put the settings in place")
    }

    /// Notes a file or folder with the project it was opened in, the newest last.
    pub fn note_opened(&mut self, project: &Path, path: PathBuf) {
        const MOST: usize = 8;
        let opened = self.opened.entry(project.into()).or_default();
        opened.retain(|known| *known != path);
        opened.push(path);
        opened.drain(..opened.len().saturating_sub(MOST));
    }

    /// What was opened with a project was opened with its copy too, and prompts wait in both.
    pub fn carry_opened(&mut self, project: &Path, copy: &Path) {
        if let Some(opened) = self.opened.get(project).cloned() {
            self.opened.insert(copy.into(), opened);
        }
        if let Some(talks) = self.talks.get(project).cloned() {
            self.talks.insert(copy.into(), talks);
        }
    }

    /// The folder that was chosen, or that of the file.
    pub fn remember_folder(&mut self, chosen: &Path) {
        let folder = if chosen.is_dir() { Some(chosen) } else { chosen.parent() };
        if let Some(folder) = folder.filter(|folder| folder.is_dir()) {
            self.last_folder = Some(folder.into());
        }
    }

    pub fn remember_project(&mut self, path: &Path) {
        self.recent_projects.retain(|p| p != path);
        self.recent_projects.insert(0, path.into());
        self.recent_projects.truncate(RECENT);
        let recent = &self.recent_projects;
        self.opened.retain(|known, _| recent.contains(known));
        self.talks.retain(|known, _| recent.contains(known));
        self.last_project = Some(path.into());
    }
}

/// A project that was worked on lately, as lists name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recent {
    pub path: PathBuf,
    pub name: String,
    /// When it was worked on last, in words.
    pub when: String,
}

impl Settings {
    /// The projects that were worked on lately and are still where they were, the newest first.
    pub fn recent(&self) -> impl Iterator<Item = Recent> {
        let now = SystemTime::now();
        self.recent_projects.iter().filter_map(move |path| {
            let changed = last_changed(path)?;
            let name = path.file_stem().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
            Some(Recent { path: path.clone(), name, when: since(changed, now) })
        })
    }
}

/// When anything was written into a project; `None` where it is no longer there. What was written last may still lie in the
/// log beside it.
fn last_changed(project: &Path) -> Option<SystemTime> {
    let changed = |path: &Path| std::fs::metadata(path).and_then(|file| file.modified()).ok();
    let log = project.with_file_name(format!("{}-wal", project.file_name()?.to_string_lossy()));
    changed(project).map(|at| changed(&log).map_or(at, |later| later.max(at)))
}

/// "5 minutes ago", and from a week on the day. Times of day are left out: they would need the time zone.
fn since(changed: SystemTime, now: SystemTime) -> String {
    const HOUR: u64 = 60;
    const DAY: u64 = 24 * HOUR;
    const WEEK: u64 = 7 * DAY;
    let minutes = now.duration_since(changed).unwrap_or_default().as_secs() / 60;
    let ago = |count: u64, thing: &str| format!("{} ago", counted(count as usize, thing));
    match minutes {
        0 => "just now".to_owned(),
        1..HOUR => ago(minutes, "minute"),
        HOUR..DAY => ago(minutes / HOUR, "hour"),
        DAY..WEEK => ago(minutes / DAY, "day"),
        _ => {
            jiff::Timestamp::try_from(changed).map_or_else(|_| String::new(), |at| at.strftime("%Y-%m-%d").to_string())
        }
    }
}

/// A new file that only its owner reads: there may be a server's key in it.
fn private(path: &Path) -> std::io::Result<std::fs::File> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn the_next_dialog_begins_where_the_last_one_ended() {
        let home = tempfile::tempdir().unwrap();
        let mut settings = Settings::default();
        settings.remember_folder(&home.path().join("not there yet.png"));
        assert_eq!(settings.last_folder.as_deref(), Some(home.path()));
        let inner = home.path().join("inner");
        std::fs::create_dir(&inner).unwrap();
        settings.remember_folder(&inner);
        settings.remember_folder(&home.path().join("gone/view.png"));
        assert_eq!(settings.last_folder, Some(inner), "a folder that is not there is no place to begin");
    }

    #[test]
    fn what_was_opened_is_noted_with_recent_projects_once_and_newest_last() {
        let mut settings = Settings::default();
        let [first, copy] = ["first.limner", "copy.limner"].map(Path::new);
        settings.remember_project(first);
        for n in 0..9 {
            settings.note_opened(first, format!("folder {n}").into());
        }
        settings.note_opened(first, "folder 4".into());
        let names = [1, 2, 3, 5, 6, 7, 8, 4].map(|n| PathBuf::from(format!("folder {n}")));
        assert_eq!(settings.opened[first], names);
        settings.remember_project(copy);
        settings.carry_opened(first, copy);
        assert_eq!(settings.opened[copy], names);
        for n in 1..RECENT {
            settings.remember_project(Path::new(&format!("p{n}.limner")));
        }
        assert_eq!(settings.opened.keys().collect::<Vec<_>>(), [copy], "the first is no recent project any more");
    }

    #[test]
    fn recent_projects_say_when_they_were_worked_on() {
        let home = tempfile::tempdir().unwrap();
        let (there, gone) = (home.path().join("liver trial.limner"), home.path().join("gone.limner"));
        std::fs::write(&there, "").unwrap();
        let mut settings = Settings::default();
        settings.remember_project(&there);
        settings.remember_project(&gone);
        let recent: Vec<Recent> = settings.recent().collect();
        assert_eq!(recent, [Recent { path: there, name: "liver trial".into(), when: "just now".into() }]);
        let then = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
        for (minutes, words) in [
            (1, "1 minute ago"),
            (59, "59 minutes ago"),
            (61, "1 hour ago"),
            (48 * 60 + 1, "2 days ago"),
            (9 * 24 * 60, "2023-11-14"),
        ] {
            assert_eq!(since(then, then + Duration::from_secs(60 * minutes)), words);
        }
        assert_eq!(since(then, SystemTime::UNIX_EPOCH), "just now", "a clock that was put back");
    }

    #[test]
    fn settings_survive_and_a_broken_file_is_set_aside() {
        let folder = tempfile::tempdir().unwrap();
        let mut settings = Settings::default();
        for n in 0..12 {
            settings.remember_project(Path::new(&format!("p{n}.limner")));
        }
        settings.save(folder.path()).unwrap();
        let back = Settings::load(folder.path());
        assert_eq!(back, settings);
        assert_eq!(back.recent_projects.len(), RECENT);
        std::fs::write(folder.path().join("settings.json"), "{ not json").unwrap();
        assert_eq!(Settings::load(folder.path()), Settings::default());
        assert!(folder.path().join("settings.unreadable.json").exists());
        std::fs::write(folder.path().join("settings.json"), r#"{"windows": [], "look": {"text_scale": 99.0}}"#)
            .unwrap();
        let mended = Settings::load(folder.path());
        assert_eq!((mended.windows.len(), mended.look.text_scale), (WINDOWS, 2.0));
    }
}
