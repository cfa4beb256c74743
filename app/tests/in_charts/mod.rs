//! Sessions with the window of plots, with the state of what was decided as a filter, and with boxes brought together.

use super::{act, ask, click, opened, planted, sample, source};
use crate::hand::Hand;
use crate::in_records::click_on;
use eframe::egui::{Key, Modifiers};
use egui_kittest::kittest::Queryable as _;
use limner::action::Action;
use limner::app::App;
use limner::review::charts::{Chart, Measure};
use limner::review::queue::Standing;
use limner::review::{Act, Ask, ChartAsk, Combine};
use limner_annotation::ImageId;
use limner_annotation::records::{Consensus, ConsensusMethod, Verdict};
use limner_annotation::review::Figure;
use limner_annotation::review::said::Kind;

fn chart(hand: &mut Hand, wanted: ChartAsk) {
    ask(hand, Ask::Chart(wanted));
    // What is asked in one frame is worked out in the next and stands in the one after it.
    (0..3).for_each(|_| hand.window.step());
}

fn title(hand: &Hand) -> Option<String> {
    hand.app().review.charts.drawn.as_ref().map(|drawn| drawn.drawing.title.clone())
}

fn in_front(app: &App) -> Option<ImageId> {
    app.workspace.open().map(|open| open.image)
}

#[test]
fn a_dot_opens_its_case_with_its_label_and_the_plot_is_written_as_a_file() {
    let home = tempfile::tempdir().unwrap();
    let mut hand = opened(home.path());
    act(&mut hand, Act::Charts);
    hand.window.get_by_label("The cases are not compared yet");
    act(&mut hand, Act::CompareAll);
    hand.wait("all cases", |app| app.review.compared.is_some() && app.review.charts.drawn.is_some());
    assert_eq!(title(&hand).as_deref(), Some("Dice of each label of each case"));
    let front = in_front(hand.app());
    click_on(&mut hand, "ct_followup, Left kidney, mirrored: 0.0000");
    hand.wait("the case", |app| in_front(app) != front);
    let app = hand.app();
    assert_eq!(app.review.only, Some(u32::from(planted::LEFT_KIDNEY)));
    assert_eq!(app.review.in_hand, Some(source(app, "mirrored")));
    assert_eq!(app.review.charts.opened.as_ref().map(|(to, _)| to.len()), Some(1));
    hand.window.get_by_label("ct_followup, Left kidney");
    // Another figure, one label alone, and the other plots of label maps.
    chart(&mut hand, ChartAsk::Measure(Measure::Map(Figure::Hd95Mm)));
    assert_eq!(title(&hand).as_deref(), Some("HD95 (mm) of each label of each case"));
    chart(&mut hand, ChartAsk::Label(Some(u32::from(planted::LIVER))));
    assert!(hand.window.query_all_by_label_contains("Left kidney, mirrored").next().is_none());
    hand.window.get_by_label_contains("ct_baseline, Liver, moved:");
    chart(&mut hand, ChartAsk::Label(None));
    click(&mut hand, "Bland-Altman");
    assert_eq!(title(&hand).as_deref(), Some("Volume by half"));
    hand.window.get_by_label_contains("ct_baseline, Liver, half: -");
    chart(&mut hand, ChartAsk::Measure(Measure::Map(Figure::Dice)));
    click(&mut hand, "Heat table");
    let heat = "Left kidney, mirrored: 0.0000";
    click_on(&mut hand, heat);
    hand.window.get_by_label_contains("1 of 2: ");
    click_on(&mut hand, heat);
    hand.window.get_by_label_contains("2 of 2: ");
    for ending in ["svg", "csv", "png", "parquet"] {
        chart(&mut hand, ChartAsk::Write(home.path().join(format!("plot.{ending}"))));
        hand.wait("the file", |_| home.path().join(format!("plot.{ending}")).exists());
    }
    let bytes = |ending: &str| std::fs::read(home.path().join(format!("plot.{ending}"))).unwrap();
    assert!(String::from_utf8(bytes("svg")).unwrap().contains("Left kidney, mirrored"));
    assert!(String::from_utf8(bytes("csv")).unwrap().contains("Left kidney,mirrored,0"));
    assert!(bytes("png").starts_with(b"\x89PNG") && bytes("parquet").starts_with(b"PAR1"));
    // While it is hidden who made what, plots would tell.
    act(&mut hand, Act::Blind);
    hand.window.get_by_label("Figures are withheld while it is hidden who made what");
    assert!(hand.app().review.charts.drawn.is_none());
}

#[test]
fn without_anything_to_plot_the_window_says_what_to_open() {
    let home = tempfile::tempdir().unwrap();
    let mut hand = Hand::on_sample(home.path());
    act(&mut hand, Act::Charts);
    hand.window.get_by_label("No predictions are open");
    click(&mut hand, "Confusion");
    hand.window.get_by_label_contains("It needs a CSV of classes");
    assert_eq!(hand.app().why_not(Action::Review(Act::Charts)), None);
    act(&mut hand, Act::Charts);
    assert!(hand.window.query_by_label("No predictions are open").is_none());
}

#[test]
fn plots_of_records_lead_to_their_rows() {
    let home = tempfile::tempdir().unwrap();
    let mut hand = Hand::on_sample(home.path());
    let folder = planted::models(&sample(home.path()), home.path());
    planted::records(&sample(home.path()), &folder);
    let classes = |name: &str, rows: &str| {
        let path = folder.join(name).join("classes.csv");
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, rows).unwrap();
    };
    classes("truth_of_classes", "case,label\nct_baseline,sick\nct_followup,well\n");
    classes("half", "case,p_sick,p_well\nct_baseline,0.9,0.1\nct_followup,0.8,0.2\n");
    ask(&mut hand, Ask::Open(folder));
    hand.wait("the models", |app| !app.review.rows_here().is_empty());
    let truth = source(hand.app(), "truth_of_classes");
    ask(&mut hand, Ask::Reference(Some(truth)));
    act(&mut hand, Act::Charts);
    hand.wait("the rows", |app| {
        let reference = app.review.said.of.as_ref().is_some_and(|of| of.reference == Some(truth));
        reference && app.review.charts.drawn.is_some()
    });
    chart(&mut hand, ChartAsk::Measure(Measure::Said(Kind::Box)));
    assert_eq!(title(&hand).as_deref(), Some("Boxes: IoU of what was found"));
    click(&mut hand, "FROC");
    // The one box of half that hits nothing by much is the least sure one of its classes.
    click_on(&mut hand, "mirrored, score 0.700 and above");
    let key = hand.app().review.row.clone().expect("a row is open");
    assert_eq!(key.kind, Kind::Box);
    click(&mut hand, "Confusion");
    hand.window.get_by_label("sick taken for sick: 1 of 1");
    click_on(&mut hand, "well taken for sick: 1 of 1");
    let key = hand.app().review.row.clone().expect("a row is open");
    assert_eq!(key.kind, Kind::Class);
    click(&mut hand, "Reliability");
    hand.window.get_by_label("half: confidence 0.800, 0.000 right of 1");
    click(&mut hand, "Heat table");
    hand.window.get_by_label("half, Classes: 0.5000");
    assert_eq!(hand.app().review.charts.chart, Chart::Heat);
}

#[test]
fn the_queue_lists_and_goes_to_what_was_decided_so() {
    let home = tempfile::tempdir().unwrap();
    let mut hand = opened(home.path());
    act(&mut hand, Act::CompareAll);
    hand.wait("all cases", |app| app.review.compared.is_some());
    hand.chord(Modifiers::SHIFT, Key::W);
    hand.wait("the worst case", |app| app.review.sources.iter().all(|source| source.ready().is_some()));
    let first = hand.app().review.compared.as_ref().unwrap().summary.queue[0].clone();
    // A rejection of the label that is looked at, with a reason by its digit.
    hand.chord(Modifiers::SHIFT, Key::R);
    hand.key(Key::Num6);
    ask(&mut hand, Ask::Standing(Standing::After(Verdict::Reject)));
    let label = hand.app().label_name(first.label);
    let listed = |hand: &Hand, part: &str| hand.window.query_all_by_label_contains(part).count();
    let spoken = format!("{}: {}, {label}, Dice", first.case, first.model);
    assert_eq!(listed(&hand, ", Dice "), 1, "it alone is listed");
    hand.window.get_by_label_contains(&format!("{spoken} {:.3}, rejected", first.dice));
    ask(&mut hand, Ask::Standing(Standing::After(Verdict::Defer)));
    hand.window.get_by_label("Nothing in the queue fits the filter");
    ask(&mut hand, Ask::Standing(Standing::Undecided));
    assert_eq!(listed(&hand, &spoken), 0);
    assert!(listed(&hand, ", Dice ") > 3);
    hand.window.state_mut().review.at_worst = None;
    act(&mut hand, Act::NextWorst);
    assert_eq!(hand.app().review.at_worst, Some(1), "what was decided is passed over");
}

#[test]
fn boxes_that_most_versions_have_become_shapes_that_are_nobodys_truth() {
    let home = tempfile::tempdir().unwrap();
    let mut hand = Hand::on_sample(home.path());
    let folder = home.path().join("detectors");
    std::fs::create_dir_all(&folder).unwrap();
    let head = "image,category,x1,y1,x2,y2,score,slice\n";
    let rows = [
        ("a", "ct_baseline,Nodule,10,10,30,30,0.9,5\nct_baseline,Cyst,60,60,70,70,0.9,5\n"),
        ("b", "ct_baseline,nodule,12,10,32,30,0.9,5\n"),
        ("c", "ct_baseline,Nodule,100,100,120,120,0.9,5\n"),
    ];
    for (name, lines) in rows {
        std::fs::write(folder.join(format!("{name}.csv")), format!("{head}{lines}")).unwrap();
    }
    ask(&mut hand, Ask::Open(folder));
    hand.wait("the boxes", |app| app.review.sources.len() == 4 && app.review.rows_here().len() == 3);
    let image = hand.app().workspace.open().unwrap().image;
    act(&mut hand, Act::Combine(Combine::Boxes));
    assert_eq!(hand.document().shapes_on(image).count(), 1, "{:?}", hand.app().notices.shown());
    let consensus = hand.document().all::<Consensus>().next().cloned().expect("it is on record");
    assert_eq!((consensus.method, consensus.inputs.len()), (ConsensusMethod::IouCluster, 3));
    let shape = hand.document().shapes_on(image).next().cloned().unwrap();
    assert!(format!("{:?}", shape.form).contains("[11.0, 10.0]"), "{:?}", shape.form);
    hand.wait("the rows again", |app| {
        app.review.said.of.as_ref().is_some_and(|of| {
            app.workspace.project.as_ref().is_some_and(|project| of.revision == project.document().content_revision())
        })
    });
    assert!(hand.app().review.rows_here().iter().all(|row| row.reference.is_none()), "nobody has said it is right");
    assert!(hand.document().problems().is_empty());
    hand.chord(Modifiers::COMMAND, Key::Z);
    assert_eq!(hand.document().shapes_on(image).count(), 0, "one step");
}
