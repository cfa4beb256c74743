//! What other processes, full disks and media that cannot be written do to a project: nothing that is not said.

use crate::play::{Move, Player, commands_to_begin_with, stage_all};
use limner_annotation::{Error, Project, Revision};
use std::path::Path;
use std::process::Command;

const CHILD: &str = "LIMNER_PROCESS_CHILD";

/// Runs one of the tests below as another process; what it printed.
fn child(test: &str, path: &Path, start: impl FnOnce(&Path) -> Command) -> String {
    let exe = std::env::current_exe().unwrap();
    let mut command = start(&exe);
    let output =
        command.args(["--exact", &format!("processes::{test}"), "--nocapture"]).env(CHILD, path).output().unwrap();
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn new_project(path: &Path) -> Project {
    let mut project = Project::create(path, "shared", "reader").unwrap();
    project.document_mut().apply("Start", commands_to_begin_with()).unwrap();
    project
}

fn work(project: &mut Project, player: &mut Player) {
    if let Move::Step(commands) = player.next_move(project.document().contents()) {
        project.document_mut().begin("step").unwrap();
        stage_all(project.document_mut(), commands);
        project.document_mut().commit().unwrap();
    }
}

#[test]
fn other_process_that_tries_to_open() {
    let Ok(path) = std::env::var(CHILD) else { return };
    let path = Path::new(&path);
    for _ in 0..20 {
        match Project::open(path) {
            Ok(_) => println!("opened"),
            Err(error) => println!("refused: {error}"),
        }
        let looking = Project::open_read_only(path).unwrap();
        println!("problems {:?}", looking.document().problems());
        println!("looked {}", looking.document().revision());
    }
}

#[test]
fn two_processes_on_one_project_do_it_no_harm() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("shared.limner");
    let mut project = new_project(&path);
    let at = path.clone();
    let other = std::thread::Builder::new()
        .name("other process".into())
        .spawn(move || child("other_process_that_tries_to_open", &at, |exe| Command::new(exe)))
        .unwrap();
    let mut player = Player::new(4);
    let mut done = 0;
    while !other.is_finished() || done < 50 {
        work(&mut project, &mut player);
        done += 1;
    }
    let said = other.join().unwrap();
    let refused = format!("process {} has this project open", std::process::id());
    assert_eq!(said.matches(&refused).count(), 20, "{said}");
    assert_eq!(said.matches("problems []").count(), 20, "{said}");
    let seen: Vec<u64> = said.lines().filter_map(|line| line.strip_prefix("looked ")?.parse().ok()).collect();
    assert!(seen.len() == 20 && seen.is_sorted(), "{seen:?}");
    assert_eq!(project.verify().unwrap(), Vec::<String>::new());
    let contents = project.document().contents().clone();
    project.close().unwrap();
    assert_eq!(Project::open(&path).unwrap().document().contents(), &contents);
}

#[test]
fn child_that_draws_until_the_disk_is_full() {
    let Ok(path) = std::env::var(CHILD) else { return };
    let mut project = Project::open(Path::new(&path)).unwrap();
    let mut player = Player::new(9);
    for _ in 0..4000 {
        work(&mut project, &mut player);
        if let Err(fault) = project.wait_until_synced() {
            // The work goes on in memory; only storing has stopped.
            work(&mut project, &mut player);
            println!("fault: {fault}");
            break;
        }
        println!("stored {}", project.acknowledged());
    }
    assert!(project.fault().is_some() && project.is_saving());
}

/// A limit on the size of files stands for a full disk where none can be mounted: writing fails at some byte.
#[cfg(unix)]
#[test]
fn a_full_disk_is_reported_and_what_was_stored_is_there() {
    let folder = tempfile::tempdir().unwrap();
    for kib in [400, 700, 1100] {
        let path = folder.path().join(format!("full {kib}.limner"));
        new_project(&path).close().unwrap();
        let said = child("child_that_draws_until_the_disk_is_full", &path, |exe| {
            let mut shell = Command::new("sh");
            // Blocks of 512 bytes; the signal would end the process before it could say anything.
            let limited = format!("trap '' XFSZ; ulimit -f {}; exec \"$0\" \"$@\"", kib * 2);
            shell.args(["-c", &limited]).arg(exe);
            shell
        });
        let fault = said.lines().find(|line| line.starts_with("fault: "));
        assert!(fault.is_some_and(|line| line.contains("free some room")), "{said}");
        let stored = said.lines().filter_map(|line| line.strip_prefix("stored ")?.parse().ok()).max();
        let stored = Revision(stored.unwrap_or(0));
        assert!(stored > Revision(3), "too little room to begin with: {said}");
        let project = Project::open(&path).unwrap();
        assert!(project.document().revision() >= stored, "{stored} was acknowledged");
        assert_eq!(project.verify().unwrap(), Vec::<String>::new());
        assert_eq!(project.document().problems(), Vec::<String>::new());
        let mut project = project;
        while project.document_mut().undo().unwrap().is_some() {}
        assert_eq!(project.document().contents(), &limner_annotation::Contents::default());
    }
}

#[test]
fn child_that_may_only_read() {
    let Ok(path) = std::env::var(CHILD) else { return };
    let path = Path::new(&path);
    match Project::open(path) {
        Err(Error::Io { .. }) => println!("not to be written"),
        other => println!("{other:?}"),
    }
    let looking = Project::open_read_only(path).unwrap();
    println!("looked {}", looking.document().revision());
    println!("problems {:?}", looking.verify().unwrap());
}

#[cfg(unix)]
#[test]
fn a_medium_that_cannot_be_written_opens_to_look() {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    use std::os::unix::process::CommandExt;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("disc.limner");
    let project = new_project(&path);
    let revision = project.document().revision();
    project.close().unwrap();
    std::fs::remove_file(path.with_extension("limner.lock")).unwrap();
    let exe = folder.path().join("reader");
    std::fs::copy(std::env::current_exe().unwrap(), &exe).unwrap();
    let allow = |path: &Path, mode| std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    allow(&exe, 0o755);
    allow(&path, 0o444);
    allow(folder.path(), 0o555);
    // Nothing is closed to the superuser: another user looks.
    let nobody = 65534;
    let said = child("child_that_may_only_read", &path, |_| {
        let mut command = Command::new(&exe);
        if folder.path().metadata().unwrap().uid() == 0 {
            command.uid(nobody);
        }
        command
    });
    allow(folder.path(), 0o755);
    assert!(said.contains("not to be written"), "{said}");
    assert!(said.contains(&format!("looked {revision}")), "{said}");
    assert!(said.contains("problems []"), "{said}");
}
