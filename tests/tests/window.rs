//! The thin line through the whole house, in a real window on a screen of its own: open the sample study, scroll,
//! window, paint, prompt, undo, close, start again, find the work, export it; and a program that ends by force.

#![expect(clippy::unwrap_used, reason = "a test stops at the first thing that is not so")]

use limner_tests::screen::{Screen, wait_for};
use limner_tests::{judge_python, limner, limner_ok, limner_program};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::Duration;

/// The middle of the view, and points of a stroke through it. The side panels take about 240 points each.
const MIDDLE: (u32, u32) = (640, 430);
const STROKE: ((u32, u32), (u32, u32)) = ((600, 400), (680, 440));
const SCRIBBLE: ((u32, u32), (u32, u32)) = ((425, 300), (470, 390));
const PATIENCE: Duration = Duration::from_secs(90);

struct Session {
    home: tempfile::TempDir,
    screen: Screen,
}

impl Session {
    fn start(&self, arguments: &[&str]) -> Child {
        let child = self.screen.launch(&limner_program(), self.home.path(), arguments);
        self.screen.focus("Limner");
        child
    }

    fn project(&self) -> Option<PathBuf> {
        let folder = self.home.path().join("data/limner/projects");
        std::fs::read_dir(folder)
            .ok()?
            .flatten()
            .map(|e| e.path())
            .find(|p| p.extension().is_some_and(|e| e == "limner"))
    }

    /// What another program sees of the project while the window has it open.
    fn info(&self) -> Option<Value> {
        let project = self.project()?;
        let output = limner(self.home.path(), &["project", "info", project.to_str()?, "--json"]);
        serde_json::from_slice(&output.stdout).ok()
    }

    fn voxels(&self) -> Option<u64> {
        let info = self.info()?;
        let labels = info["images"][0]["labels"].as_array()?.clone();
        Some(labels.iter().filter_map(|l| l["voxels"].as_u64()).sum())
    }

    /// Waits until the voxel count on disk satisfies `wanted`.
    fn voxels_when(&self, what: &str, wanted: impl Fn(u64) -> bool) -> u64 {
        let found = wait_for(PATIENCE, || self.voxels().filter(|&n| wanted(n)));
        found.unwrap_or_else(|| {
            self.look("failed");
            panic!("{what}: {:?} voxels", self.voxels())
        })
    }

    /// Asks again while the window is still busy reopening the work: the menu entry is grey until then.
    fn export_from_the_menu(&self) {
        let exported = (1..=8).any(|attempt| {
            let out = self.home.path().join("from-menu");
            self.screen.key("Escape");
            self.screen.key("ctrl+e");
            std::thread::sleep(Duration::from_secs(attempt));
            self.look("5-export");
            self.screen.type_text(out.to_str().unwrap());
            self.screen.key("Return");
            wait_for(Duration::from_secs(5 + attempt), || out.join("limner-receipt.json").is_file().then_some(()))
                .is_some()
        });
        assert!(exported, "the menu exported nothing");
        self.look("6-exported");
    }

    /// Kept for the eye where LIMNER_SCREENSHOTS names a folder.
    fn look(&self, name: &str) {
        if let Some(folder) = std::env::var_os("LIMNER_SCREENSHOTS") {
            self.screen.screenshot(&Path::new(&folder).join(format!("{name}.png")));
        }
    }
}

fn ended(child: &mut Child) -> bool {
    wait_for(PATIENCE, || child.try_wait().ok().flatten()).is_some_and(|status| status.success())
}

#[test]
fn a_user_opens_paints_prompts_undoes_closes_returns_and_exports() {
    let session = Session { home: tempfile::tempdir().unwrap(), screen: Screen::start() };
    let mut window = session.start(&["--sample"]);
    let opened = wait_for(PATIENCE, || session.info().filter(|i| i["images"].as_array().is_some_and(|a| a.len() == 1)));
    assert!(opened.is_some(), "the sample study was not opened");
    std::thread::sleep(Duration::from_secs(2));
    session.look("1-opened");

    session.screen.wheel(MIDDLE, 3);
    session.screen.drag(MIDDLE, (MIDDLE.0 + 40, MIDDLE.1 - 30));
    session.screen.key("F1");
    session.screen.key("b");
    session.screen.drag(STROKE.0, STROKE.1);
    let painted = session.voxels_when("the brush stroke", |n| n > 0);
    session.look("2-painted");

    session.screen.key("s");
    session.screen.drag(SCRIBBLE.0, SCRIBBLE.1);
    // The proposal comes when the engine has answered; until then Enter has nothing to accept.
    let accepted = wait_for(PATIENCE, || {
        std::thread::sleep(Duration::from_secs(2));
        session.look("3-proposal");
        session.screen.key("Return");
        wait_for(Duration::from_secs(2), || session.voxels().filter(|&n| n > painted))
    });
    let accepted = accepted.expect("no proposal could be accepted");
    session.look("4-accepted");

    session.screen.key("ctrl+z");
    session.voxels_when("undo", |n| n == painted);
    session.screen.key("ctrl+y");
    session.voxels_when("redo", |n| n == accepted);
    session.screen.key("ctrl+z");
    session.voxels_when("undo again", |n| n == painted);
    session.screen.key("ctrl+q");
    assert!(ended(&mut window), "the window did not close");

    let mut window = session.start(&[]);
    assert_eq!(session.voxels(), Some(painted), "the work is not there after a restart");
    session.export_from_the_menu();
    session.screen.key("ctrl+q");
    assert!(ended(&mut window), "the window did not close");

    export_from_the_command_line(&session, painted);
}

#[test]
fn a_window_killed_in_the_middle_of_a_drag_has_lost_nothing_that_was_acknowledged() {
    let session = Session { home: tempfile::tempdir().unwrap(), screen: Screen::start() };
    let mut window = session.start(&["--sample"]);
    assert!(wait_for(PATIENCE, || session.info()).is_some(), "the sample study was not opened");
    std::thread::sleep(Duration::from_secs(2));
    session.screen.key("b");
    session.screen.drag(STROKE.0, STROKE.1);
    let first = session.voxels_when("the first stroke", |n| n > 0);
    session.screen.drag((600, 500), (680, 500));
    let acknowledged = session.voxels_when("the second stroke", |n| n > first);

    // Paint is on screen and the button is down when the program goes.
    session.screen.press_and_pull((560, 350), (700, 350));
    session.look("7-in-the-middle");
    window.kill().unwrap();
    let _ = window.wait();
    session.screen.let_go();
    assert_eq!(session.voxels(), Some(acknowledged), "what was acknowledged is not on disk");
    let project = session.project().unwrap();
    let _ = limner_ok(session.home.path(), &["project", "verify", project.to_str().unwrap()]);

    let mut window = session.start(&[]);
    assert_eq!(session.voxels(), Some(acknowledged));
    // The work goes on where it was: what was done can be undone, and more can be painted. Keys count once the project
    // is open again.
    let undone = wait_for(PATIENCE, || {
        session.screen.key("ctrl+z");
        wait_for(Duration::from_secs(2), || session.voxels().filter(|&n| n < acknowledged))
    });
    session.look("8-reopened");
    assert!(undone.is_some(), "what was done before the end cannot be undone after it");
    let before = session.voxels().unwrap();
    session.screen.key("b");
    session.screen.drag((560, 350), (700, 350));
    session.voxels_when("a stroke after the return", |n| n > before);
    session.screen.key("ctrl+q");
    assert!(ended(&mut window), "the window did not close");
}

#[expect(clippy::print_stdout, reason = "judges that do not run must say so in the transcript")]
fn export_from_the_command_line(session: &Session, painted: u64) {
    let project = session.project().unwrap();
    let home = session.home.path();
    for format in ["nifti", "coco-instances"] {
        let out = home.join(format);
        let _ =
            limner_ok(home, &["export", project.to_str().unwrap(), "--format", format, "--out", out.to_str().unwrap()]);
        let receipt: Value = serde_json::from_slice(&std::fs::read(out.join("limner-receipt.json")).unwrap()).unwrap();
        assert_eq!(receipt["self_check"]["pass"], true, "{format}");
    }
    let Some(python) = judge_python("formats") else {
        println!("judges not run: tests/judges/prepare.sh makes them");
        return;
    };
    let script = limner_tests::root().join("tests/judges/thin_line.py");
    let output = Command::new(python).arg(script).arg(home).arg(painted.to_string()).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}");
}
