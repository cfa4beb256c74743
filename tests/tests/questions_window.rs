//! Questions written in a real window on a screen of its own, by keys and mouse; another program sees them on disk, and they
//! go out in the layout of a data set.

use limner_tests::screen::{Screen, wait_for};
use limner_tests::{limner, limner_ok, limner_program};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(90);
/// Through the picture: the panel takes 350 points at the right, the studies 250 at the left.
const STROKE: ((u32, u32), (u32, u32)) = ((520, 400), (600, 440));

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

    fn checked(&self) -> Option<Value> {
        let output = limner(self.home.path(), &["vqa", "check", self.project()?.to_str()?, "--json"]);
        serde_json::from_slice(&output.stdout).ok()
    }

    /// Waits until so many questions are on disk, and so many of them accepted.
    fn when(&self, questions: u64, accepted: u64) {
        let wanted = |found: &Value| found["questions"] == questions && found["accepted"] == accepted;
        if wait_for(PATIENCE, || self.checked().filter(wanted)).is_none() {
            self.look("failed");
            panic!("wanted {questions} questions, {accepted} accepted; found {:?}", self.checked());
        }
    }

    /// Kept for the eye where LIMNER_SCREENSHOTS names a folder.
    fn look(&self, name: &str) {
        if let Some(folder) = std::env::var_os("LIMNER_SCREENSHOTS") {
            self.screen.screenshot(&Path::new(&folder).join(format!("questions-{name}.png")));
        }
    }
}

#[test]
fn a_user_paints_asks_points_accepts_and_exports() {
    let session = Session { home: tempfile::tempdir().unwrap(), screen: Screen::start() };
    let mut window = session.screen.launch(&limner_program(), session.home.path(), &["--sample"]);
    session.screen.focus("Limner");
    assert!(wait_for(PATIENCE, || session.checked()).is_some(), "the sample study was not opened");
    std::thread::sleep(Duration::from_secs(3));
    let screen = &session.screen;
    screen.key("ctrl+j");
    screen.key("b");
    screen.drag(STROKE.0, STROKE.1);
    screen.key("l");

    screen.key("alt+n");
    screen.type_text("Is the painted organ visible on this slice?");
    screen.key("ctrl+alt+1");
    screen.key("alt+e");
    screen.drag(STROKE.0, STROKE.0);
    screen.key("alt+Return");
    session.when(1, 1);
    session.look("1-yes-no");

    screen.key("alt+n");
    screen.key("alt+t");
    screen.key("alt+q");
    screen.type_text("Which organ is painted?");
    for text in ["Liver", "Spleen"] {
        screen.key("alt+c");
        screen.type_text(text);
    }
    screen.key("ctrl+alt+1");
    session.look("2-single");
    screen.key("alt+Return");
    session.when(2, 2);

    screen.key("alt+shift+d");
    screen.type_text("Where is the painted organ?");
    screen.key("alt+a");
    screen.type_text("Here");
    screen.key("alt+e");
    screen.drag(STROKE.0, STROKE.0);
    session.look("3-dialogue");
    screen.key("ctrl+q");
    let ended = wait_for(PATIENCE, || window.try_wait().ok().flatten());
    assert!(ended.is_some_and(|status| status.success()), "the window did not close");

    let out = session.home.path().join("set");
    let project = session.project().unwrap();
    let arguments = ["export", project.to_str().unwrap(), "--format", "vqa:gemex", "--out", out.to_str().unwrap()];
    let _ = limner_ok(session.home.path(), &arguments);
    let record = std::fs::read_to_string(out.join("closed_ended_questions.jsonl")).unwrap();
    let record: Value = serde_json::from_str(record.lines().next().unwrap()).unwrap();
    assert_eq!(record["answer"], "Yes.");
    assert_eq!(record["visual_regions"][0], "Label 1");

    let out = session.home.path().join("chat");
    let arguments = ["export", project.to_str().unwrap(), "--format", "vqa:ms-swift", "--out", out.to_str().unwrap()];
    let _ = limner_ok(session.home.path(), &arguments);
    let records = std::fs::read_to_string(out.join("train.jsonl")).unwrap();
    let talk =
        records.lines().find(|line| line.contains("Where is the painted organ?")).expect("the dialogue is there");
    let talk: Value = serde_json::from_str(talk).unwrap();
    assert_eq!(talk["messages"][0]["content"], "<image>\nWhere is the painted organ?");
    assert_eq!(talk["messages"][1]["content"], "Here <ref-object> <bbox>");
    assert_eq!(talk["objects"]["ref"][0], "Label 1");
}
