//! Planted shortcuts are found, each for what it is, and a balanced set is left in peace.

use limner_annotation::audit::item::{Group, Item, Truth};
use limner_annotation::audit::shortcuts::relative_accuracy;
use limner_annotation::audit::{Doubt, Plan, Pruning, Random, Report, record, run_items};
use limner_annotation::records::{AuditKind, AuditRun};
use limner_annotation::{Document, Revision};
use limner_imaging::Task;

const FINDINGS: [&str; 8] =
    ["pneumonia", "effusion", "atelectasis", "fibrosis", "nodule", "oedema", "fracture", "cardiomegaly"];

/// Four options in even places, no word of them in the stem, lengths by chance.
fn balanced(count: usize, seed: u64) -> Vec<Item> {
    let mut random = Random::new(seed);
    (0..count)
        .map(|n| {
            let mut options: Vec<String> = FINDINGS.iter().map(|word| (*word).to_owned()).collect();
            random.shuffle(&mut options);
            options.truncate(4);
            Item {
                id: format!("q{n}"),
                group: Group::Choice,
                stem: format!("What is seen in zone {} of picture {}?", random.below(6), random.below(40)),
                options,
                truth: Truth::Option(random.below(4)),
                categories: vec![("content", ["finding", "disease"][random.below(2)].to_owned())],
                pictures: vec![format!("images/{n:06}.png")],
                subject: Some(format!("s{}", n / 3)),
                split: Some(if n / 3 % 5 == 0 { "test" } else { "train" }.to_owned()),
            }
        })
        .collect()
}

fn right(item: &Item) -> usize {
    item.right_option().unwrap()
}

fn audited(items: &[Item], seed: u64) -> Report {
    let plan = Plan { seed, trees: 40, ..Plan::default() };
    run_items(items, plan, None, &Task::default()).unwrap()
}

fn doubts(report: &Report) -> Vec<Doubt> {
    let mut doubts: Vec<_> = report.findings.iter().map(|finding| finding.doubt).collect();
    doubts.sort();
    doubts.dedup();
    doubts
}

#[test]
fn a_balanced_set_is_left_in_peace() {
    for seed in 1..6 {
        let report = audited(&balanced(600, seed), seed);
        assert_eq!(doubts(&report), [], "{:?}", report.findings);
        assert_eq!(report.scores.len(), 600);
    }
}

#[test]
fn a_place_that_is_right_too_often_is_found() {
    let mut items = balanced(600, 11);
    for (n, item) in items.iter_mut().enumerate().filter(|(n, _)| n % 2 == 0) {
        item.truth = Truth::Option(if n % 10 == 0 { right(item) } else { 2 });
    }
    let report = audited(&items, 1);
    assert_eq!(doubts(&report), [Doubt::OptionPosition], "{:?}", report.findings);
    assert!(report.findings[0].text.starts_with("C is right"), "{}", report.findings[0].text);
}

#[test]
fn an_answer_in_the_stem_is_found_by_counting_and_by_the_forest() {
    let mut items = balanced(600, 12);
    for item in items.iter_mut().step_by(2) {
        item.stem = format!("Where the {} is seen, what is it?", item.options[right(item)]);
    }
    let report = audited(&items, 1);
    assert!(report.has(Doubt::AnswerInStem) && report.has(Doubt::TextAlone), "{:?}", report.findings);
    assert!(!report.has(Doubt::OptionPosition) && !report.has(Doubt::OptionLength), "{:?}", report.findings);
    let found = report.findings.iter().find(|f| f.doubt == Doubt::AnswerInStem).unwrap();
    assert_eq!(found.questions.len(), 300);
    let told: f64 = report.scores.iter().step_by(2).map(|score| score.bias_score).sum::<f64>() / 300.0;
    let plain: f64 = report.scores.iter().skip(1).step_by(2).map(|score| score.bias_score).sum::<f64>() / 300.0;
    assert!(told > 0.6 && plain < 0.4, "{told} {plain}");
}

#[test]
fn a_right_option_that_is_the_longest_is_found() {
    let mut items = balanced(600, 13);
    for item in items.iter_mut().step_by(2) {
        let place = right(item);
        item.options[place].push_str(" with a small pleural reaction");
    }
    let report = audited(&items, 1);
    assert!(report.has(Doubt::OptionLength) && report.has(Doubt::TextAlone), "{:?}", report.findings);
    assert!(!report.has(Doubt::OptionPosition) && !report.has(Doubt::AnswerInStem), "{:?}", report.findings);
}

#[test]
fn the_same_seed_gives_the_same_report() {
    let items = balanced(300, 14);
    assert_eq!(audited(&items, 5), audited(&items, 5));
    assert_ne!(audited(&items, 5).scores, audited(&items, 6).scores);
}

#[test]
fn pruning_takes_out_what_gives_itself_away_and_empties_no_answer() {
    let mut items = balanced(200, 15);
    for item in items.iter_mut().step_by(4) {
        let place = right(item);
        item.options[place] = format!("{} with a small pleural reaction", item.options[place]);
    }
    let plan = Plan { trees: 40, ..Plan::default() };
    let pruning = Pruning { budget: 60, batch: 20, threshold: 0.6, keep_per_answer: 5 };
    let report = run_items(&items, plan, Some(pruning), &Task::default()).unwrap();
    let removed: Vec<usize> = (0..200).filter(|n| report.scores[*n].removed_at_iteration.is_some()).collect();
    assert!(removed.len() >= 20 && removed.len() <= 60, "{}", removed.len());
    let planted = removed.iter().filter(|n| *n % 4 == 0).count();
    assert!(planted * 10 >= removed.len() * 9, "{planted} of {}", removed.len());
    for answer in 0..4 {
        let left = (0..200).filter(|n| !removed.contains(n) && right(&items[*n]) == answer).count();
        assert!(left >= 5);
    }
}

#[test]
fn a_subject_in_two_splits_and_a_telling_file_name_are_found() {
    let mut items = balanced(60, 16);
    items[1].split = Some("other".into());
    let place = right(&items[7]);
    items[7].pictures = vec![format!("images/{}_01.png", items[7].options[place])];
    let report = audited(&items, 1);
    assert_eq!(doubts(&report), [Doubt::AnswerInFileName, Doubt::SubjectAcrossSplits]);
    let split = report.findings.iter().find(|f| f.doubt == Doubt::SubjectAcrossSplits).unwrap();
    assert_eq!(split.questions, ["q0", "q1", "q2"]);
}

#[test]
fn numbers_are_scored_by_relative_accuracy() {
    assert_eq!(relative_accuracy(100.0, 100.0), 1.0);
    assert_eq!(relative_accuracy(100.0, 120.0), 0.6);
    assert_eq!(relative_accuracy(100.0, 500.0), 0.0);
    let mut random = Random::new(3);
    let items: Vec<Item> = (0..300)
        .map(|n| Item {
            group: Group::Number,
            truth: Truth::Number(if n % 2 == 0 { 1500.0 } else { 200.0 } * (0.95 + 0.1 * random.share())),
            stem: format!("How large is the {}?", if n % 2 == 0 { "liver" } else { "spleen" }),
            options: Vec::new(),
            ..balanced(1, n).remove(0)
        })
        .collect();
    let report = audited(&items, 1);
    // Which organ it is says nearly how large it is.
    assert!(report.has(Doubt::TextAlone), "{:?}", report.groups);
}

#[test]
fn the_page_holds_what_was_found_and_nothing_from_outside() {
    let mut items = balanced(200, 17);
    for item in &mut items {
        item.truth = Truth::Option(1);
    }
    let folder = tempfile::tempdir().unwrap();
    audited(&items, 1).write(folder.path()).unwrap();
    let page = std::fs::read_to_string(folder.path().join("audit.html")).unwrap();
    let json = std::fs::read_to_string(folder.path().join("audit.json")).unwrap();
    assert!(json.starts_with("{\n  \"schema\": \"limner.audit/1\""));
    assert!(page.contains("stands too often in one place") && page.contains("<svg"));
    assert!(!page.contains("http") && !page.contains("<script"));
}

#[test]
fn an_audit_is_kept_once_with_all_it_found() {
    let mut items = balanced(120, 3);
    for (n, item) in items.iter_mut().enumerate() {
        item.id = uuid::Uuid::from_u128(n as u128 + 1).to_string();
        // One of two answers is nearly always right.
        item.truth = Truth::Option(if n % 10 == 0 { right(item) } else { 1 });
    }
    let report = audited(&items, 3);
    let mut document = Document::new("auditor");
    assert!(record(&mut document, &report, Revision(7)).unwrap());
    let runs: Vec<AuditRun> = document.all::<AuditRun>().cloned().collect();
    assert_eq!(runs.len(), 5);
    assert!(runs.iter().all(|run| run.revision == Revision(7) && run.params["questions"] == 120));
    let of = |kind| runs.iter().find(|run| run.kind == kind).unwrap();
    let found = |kind| of(kind).results["findings"].as_array().unwrap().len();
    assert_eq!((found(AuditKind::Balance), found(AuditKind::Leakage), found(AuditKind::Phi)), (1, 0, 0));
    let scores = &of(AuditKind::Tst).scores;
    assert_eq!(scores.len(), 120);
    for (kept, score) in scores.iter().zip(&report.scores) {
        assert_eq!((kept.item.id.to_string(), kept.score), (score.question.clone(), score.bias_score));
    }
    // The same again says nothing new; other settings are another audit of text alone.
    assert!(!record(&mut document, &report, Revision(9)).unwrap());
    assert!(record(&mut document, &audited(&items, 4), Revision(9)).unwrap());
    assert_eq!(document.all::<AuditRun>().len(), 6);
    document.undo().unwrap();
    document.undo().unwrap();
    assert_eq!(document.all::<AuditRun>().len(), 0);
}
