//! A child draws and says which steps it was told are stored; it is killed at a random moment. Every such step must be
//! there when the project is opened again, and nothing else than what a step leaves behind.

use crate::play::{Move, Player, commands_to_begin_with, stage_all};
use limner_annotation::{Document, Project, Revision};
use rand::{Rng, SeedableRng};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

const CHILD: &str = "LIMNER_CRASH_CHILD";

/// The same work every time: what the child does and what the parent expects.
fn play(document: &mut Document, player: &mut Player) {
    match player.next_move(document.contents()) {
        Move::Step(commands) | Move::Abort(commands) => {
            document.begin("step").unwrap();
            stage_all(document, commands);
            document.commit().unwrap();
        }
        Move::Undo => drop(document.undo().unwrap()),
        Move::Redo => drop(document.redo().unwrap()),
    }
}

#[test]
fn child_that_draws_until_it_is_killed() {
    let Ok(path) = std::env::var(CHILD) else { return };
    let mut project = Project::open(Path::new(&path)).unwrap();
    let mut player = Player::new(project.document().revision().0);
    loop {
        play(project.document_mut(), &mut player);
        if project.document().revision().0.is_multiple_of(3) {
            project.wait_until_synced().unwrap();
        }
        println!("stored {}", project.acknowledged());
    }
}

fn kill_once(path: &Path, after: Duration) -> Revision {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "crash::child_that_draws_until_it_is_killed", "--nocapture"])
        .env(CHILD, path)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let output = child.stdout.take().unwrap();
    let killer = std::thread::Builder::new()
        .name("killer".into())
        .spawn(move || {
            std::thread::sleep(after);
            child.kill().unwrap();
            child.wait().unwrap();
        })
        .unwrap();
    let mut stored = Revision(0);
    for line in BufReader::new(output).lines().map_while(Result::ok) {
        if let Some(number) = line.strip_prefix("stored ").and_then(|n| n.parse().ok()) {
            stored = Revision(number);
        }
    }
    killer.join().unwrap();
    stored
}

#[test]
fn every_acknowledged_step_survives_a_kill() {
    let kills = std::env::var("LIMNER_CRASH_KILLS").ok().and_then(|n| n.parse().ok()).unwrap_or(100);
    let folder = tempfile::tempdir().unwrap();
    let mut rng = rand::rngs::StdRng::seed_from_u64(11);
    let mut acknowledged_in_all = 0;
    for n in 0..kills {
        let path = folder.path().join(format!("{n}.limner"));
        let mut project = Project::create(&path, "crash", "reader").unwrap();
        project.document_mut().apply("Start", commands_to_begin_with()).unwrap();
        project.close().unwrap();
        let stored = kill_once(&path, Duration::from_millis(rng.random_range(30..250)));
        let project = Project::open(&path).unwrap();
        let found = project.document().revision();
        assert!(found >= stored, "revision {stored} was acknowledged, {found} was found");
        assert_eq!(project.verify().unwrap(), Vec::<String>::new());
        crate::play::check_invariants(project.document().contents());
        // Undoing everything shows that the log is whole and fits the state.
        let mut project = project;
        while project.document_mut().undo().unwrap().is_some() {}
        assert_eq!(project.document().contents(), &limner_annotation::Contents::default());
        acknowledged_in_all += stored.0;
        drop(project);
        std::fs::remove_file(&path).unwrap();
    }
    assert!(acknowledged_in_all > 0, "no child got as far as storing anything");
}

/// A write-ahead log that is cut or flipped anywhere: what opens is a state that was, and what is missing is said.
#[test]
fn a_torn_write_ahead_log_is_survived_or_reported() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("torn.limner");
    let mut project = Project::create(&path, "torn", "reader").unwrap();
    let mut states = vec![project.document().contents().clone()];
    project.document_mut().apply("Start", commands_to_begin_with()).unwrap();
    states.push(project.document().contents().clone());
    let mut player = Player::new(5);
    while states.len() < 25 {
        play(project.document_mut(), &mut player);
        if project.document().revision().0 as usize == states.len() {
            states.push(project.document().contents().clone());
        }
    }
    project.wait_until_synced().unwrap();
    let acknowledged = project.acknowledged();
    let beside = |ending: &str| folder.path().join(format!("torn.limner{ending}"));
    let files = ["", "-wal", ".lock"].map(|ending| (ending, std::fs::read(beside(ending)).unwrap()));
    project.close().unwrap();
    let mut rng = rand::rngs::StdRng::seed_from_u64(3);
    for n in 0..30 {
        let copy = folder.path().join(format!("copy {n}.limner"));
        for (ending, bytes) in &files {
            let mut bytes = bytes.clone();
            if *ending == "-wal" {
                let at = rng.random_range(0..bytes.len());
                if n % 2 == 0 { bytes.truncate(at) } else { bytes[at] ^= 1 << rng.random_range(0..8) }
            }
            std::fs::write(folder.path().join(format!("copy {n}.limner{ending}")), bytes).unwrap();
        }
        match Project::open(&copy) {
            Ok(project) => {
                let revision = project.document().revision();
                assert_eq!(project.document().contents(), &states[revision.0 as usize], "tear {n}");
                assert_eq!(project.verify().unwrap(), Vec::<String>::new());
                assert!(revision == acknowledged || !project.notices().is_empty(), "tear {n}: a loss was not reported");
            }
            // Nothing but the header was in the main file yet.
            Err(error) => assert!(!error.to_string().is_empty()),
        }
    }
}
