//! A review in a real window on a screen of its own: three models with known faults are opened, compared, accepted, hidden,
//! rated, told, brought together and reported; another program sees each step on disk.

#![expect(clippy::unwrap_used, reason = "a test stops at the first thing that is not so")]

#[path = "../../app/tests/planted/mod.rs"]
mod planted;

use limner_tests::screen::{Screen, wait_for};
use limner_tests::{limner, limner_program, root};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(90);

struct Session {
    home: tempfile::TempDir,
    screen: Screen,
}

impl Session {
    fn project(&self) -> Option<PathBuf> {
        let folder = self.home.path().join("data/limner/projects");
        let files = std::fs::read_dir(folder).ok()?.flatten().map(|entry| entry.path());
        files.into_iter().find(|path| path.extension().is_some_and(|ending| ending == "limner"))
    }

    fn ask(&self, words: &[&str]) -> Option<Value> {
        let project = self.project()?;
        let [first, second, rest @ ..] = words else { return None };
        let mut arguments = vec![*first, *second];
        if *first == "report" {
            arguments = vec![*first];
        }
        arguments.push(project.to_str()?);
        arguments.extend(if *first == "report" { &words[1..] } else { rest });
        serde_json::from_slice(&limner(self.home.path(), &arguments).stdout).ok()
    }

    /// Names of the labels that are painted on the first picture.
    fn painted(&self) -> Vec<String> {
        let info = self.ask(&["project", "info", "--json"]).unwrap_or_default();
        let labels = info["images"][0]["labels"].as_array().cloned().unwrap_or_default();
        let is_painted = |label: &&Value| label["voxels"].as_u64().is_some_and(|voxels| voxels > 0);
        labels.iter().filter(is_painted).filter_map(|label| label["name"].as_str().map(str::to_owned)).collect()
    }

    fn judged(&self) -> Value {
        self.ask(&["report", "--json"]).map(|report| report["judged"].clone()).unwrap_or_default()
    }

    fn when<T>(&self, what: &str, ask: impl FnMut() -> Option<T>) -> T {
        wait_for(PATIENCE, ask).unwrap_or_else(|| {
            self.look("failed");
            panic!("waited in vain: {what}; painted {:?}, judged {}", self.painted(), self.judged())
        })
    }

    /// By its name in the palette.
    fn command(&self, name: &str) {
        self.screen.key("ctrl+k");
        std::thread::sleep(Duration::from_millis(500));
        self.screen.type_text(name);
        std::thread::sleep(Duration::from_millis(500));
        self.screen.key("Return");
        std::thread::sleep(Duration::from_secs(1));
    }

    fn type_path(&self, path: &Path) {
        std::thread::sleep(Duration::from_secs(1));
        self.screen.type_text(path.to_str().unwrap());
        self.screen.key("Return");
    }

    /// Kept for the eye where LIMNER_SCREENSHOTS names a folder.
    fn look(&self, name: &str) {
        if let Some(folder) = std::env::var_os("LIMNER_SCREENSHOTS") {
            std::thread::sleep(Duration::from_secs(1));
            self.screen.screenshot(&Path::new(&folder).join(format!("review-{name}.png")));
        }
    }
}

#[test]
fn three_models_are_opened_compared_hidden_rated_adjudicated_and_reported() {
    let session = Session { home: tempfile::tempdir().unwrap(), screen: Screen::start() };
    let models = planted::models(&root().join("assets/sample"), session.home.path());
    planted::records(&root().join("assets/sample"), &models);
    let mut window = session.screen.launch(&limner_program(), session.home.path(), &["--sample"]);
    session.screen.focus("Limner");
    session.when("the sample study", || session.ask(&["project", "info", "--json"]));
    std::thread::sleep(Duration::from_secs(3));
    let screen = &session.screen;
    screen.key("ctrl+p");
    session.type_path(&models);
    std::thread::sleep(Duration::from_secs(8));
    session.look("1-outlines");
    screen.key("shift+s");
    screen.key("shift+n");
    session.look("2-side-by-side");
    screen.key("shift+s");
    // The last place to look at is a row of records.
    screen.key("shift+p");
    session.look("2-records");
    // The one after it is the first again, of the label maps: decisions are about those.
    screen.key("shift+n");
    for (n, name) in ["agreement", "swipe", "flicker", "distance", "disputes"].into_iter().enumerate() {
        screen.key("shift+v");
        std::thread::sleep(Duration::from_secs(2));
        session.look(&format!("{}-{name}", n + 3));
    }
    // The first model of the list is in the hand.
    screen.key("shift+a");
    session.when("the accepted version", || session.painted().iter().any(|name| name == "Liver").then_some(()));
    assert_eq!(session.judged()["decisions"]["accept"], 1);
    session.look("8-accepted");

    session.command("Hide who made what");
    screen.key("shift+u");
    // Digits answer from the next frame on.
    std::thread::sleep(Duration::from_secs(1));
    for key in ["1", "2", "3", "5", "3", "1"] {
        screen.key(key);
        std::thread::sleep(Duration::from_millis(700));
    }
    session.look("9-rated");
    screen.key("Escape");
    let judged = session.when("the ratings", || {
        let judged = session.judged();
        let full = judged["preferences"].as_array().is_some_and(|all| all.len() == 3);
        (full && judged["scores"][0]["items"] == 3).then_some(judged)
    });
    let raters = judged["raters"].as_array().unwrap();
    assert!(
        raters.iter().any(|rater| rater["mean_active_s"].as_f64().is_some_and(|seconds| seconds > 0.0)),
        "{judged}"
    );
    session.command("Tell who made what");
    session.command("Consensus: majority");
    session.when("the consensus", || session.painted().iter().any(|name| name == "Liver, majority").then_some(()));
    session.look("10-consensus");
    let page = session.home.path().join("report.html");
    session.command("Write report");
    session.type_path(&page);
    session.when("the report", || page.is_file().then_some(()));
    session.look("11-reported");
    screen.key("ctrl+q");
    let ended = wait_for(PATIENCE, || window.try_wait().ok().flatten());
    assert!(ended.is_some_and(|status| status.success()));
}
