//! A scripted session of writing questions, by keyboard and mouse: one of each family on the sample study, reviewed,
//! exported, and loaded by the hub's own library.

#![expect(clippy::unwrap_used, reason = "a test stops at the first thing that is not so")]

#[expect(dead_code, reason = "prompts and held keys are for the session of annotating")]
mod hand;

use eframe::egui::{Event, Key, Modifiers, Pos2};
use egui_kittest::kittest::Queryable as _;
use hand::Hand;
use limner::action::{Action, Ask};
use limner::outbox::{AskAct, ExportAct, Request};
use limner::work::asking::{Page, Part, Slot};
use limner::work::guides::GUIDES;
use limner_annotation::question::{
    AnswerType, ChoiceKind, Dialogue, ImageSet, Question, QuestionId, Region, RenderRecipe, Role, Status, Template,
    children,
};
use std::path::{Path, PathBuf};

const ALT: Modifiers = Modifiers::ALT;
const MARK: Modifiers = Modifiers::ALT.plus(Modifiers::COMMAND);
const SHIFT: Modifiers = Modifiers::SHIFT;

/// In the liver of the sample patient: mm from the middle of the picture.
const LIVER: (f64, f64) = (-90.0, -25.0);

struct Author(Hand);

impl Author {
    /// On the sample's first CT, with a painted label and a ruler on it.
    fn on_sample(home: &Path) -> Self {
        let mut hand = Hand::on_sample(home);
        hand.key(Key::B);
        let way: Vec<Pos2> = (0..4).map(|n| hand.at_mm(LIVER.0 + 6.0 * f64::from(n), LIVER.1)).collect();
        hand.drag(&way);
        assert!(hand.voxels() > 0, "the brush painted nothing");
        hand.key(Key::K);
        let ends = [(-30.0, 60.0), (30.0, 60.0)].map(|(x, y)| hand.at_mm(x, y));
        hand.drag(&ends);
        hand.key(Key::L);
        let mut author = Self(hand);
        author.0.chord(Modifiers::COMMAND, Key::J);
        author
    }

    fn press(&mut self, modifiers: Modifiers, key: Key) {
        self.0.chord(modifiers, key);
    }

    /// Types into the field that has the keyboard.
    fn write(&mut self, text: &str) {
        // The field that an action asked for has the keyboard as soon as its section is open and it has been laid out.
        for _ in 0..4 {
            self.0.window.step();
        }
        self.0.window.event(Event::Text(text.to_owned()));
        self.0.window.step();
        self.0.window.step();
    }

    fn begin(&mut self, kind: AnswerType, stem: &str) {
        self.press(ALT, Key::N);
        self.press_to_type(kind);
        self.press(ALT, Key::Q);
        self.write(stem);
    }

    /// By the key that goes through the types.
    fn press_to_type(&mut self, kind: AnswerType) {
        let place = |kind: AnswerType| AnswerType::ALL.iter().position(|k| *k == kind).unwrap();
        for _ in 0..place(kind).abs_diff(place(AnswerType::YesNo)) {
            let modifiers = if place(kind) > place(AnswerType::YesNo) { ALT } else { ALT | SHIFT };
            self.press(modifiers, Key::T);
        }
        assert_eq!(self.shown().answer_type, kind);
    }

    fn choices(&mut self, texts: &[&str]) {
        for text in texts {
            self.press(ALT, Key::C);
            self.write(text);
        }
    }

    fn accept(&mut self) {
        self.press(ALT, Key::Enter);
        let question = self.shown();
        let missing = question.missing(self.0.document().contents());
        assert_eq!(question.status, Status::Accepted, "{:?}: {missing:?}", question.answer_type);
    }

    /// As a field of the form does it.
    fn change(&mut self, id: QuestionId, edit: impl FnOnce(&mut Question)) {
        let mut question = self.0.document().get::<Question>(id).unwrap().clone();
        edit(&mut question);
        self.0.window.state_mut().carry_out(Request::Ask(AskAct::Put(Box::new(question.into()), "Edit question")));
        self.0.window.step();
    }

    /// As the document has it: nothing may be left in the field.
    fn shown(&mut self) -> Question {
        let id = self.0.app().work.asking.question.expect("a question is shown");
        self.0.document().get::<Question>(id).expect("it is in the document").clone()
    }

    /// Clicks on a place and gives what is pointed at there.
    fn click(&mut self, (x, y): (f64, f64)) {
        let at = self.0.at_mm(x, y);
        self.0.click(at);
    }
}

#[test]
fn one_question_of_each_family_by_keyboard_and_mouse_is_exported_and_loaded() {
    let home = tempfile::tempdir().unwrap();
    let mut author = Author::on_sample(home.path());
    write_choices(&mut author);
    write_regions(&mut author);
    write_words(&mut author);
    let talk = write_dialogue(&mut author);
    write_about_pictures(&mut author);
    write_stages(&mut author);
    let kinds: std::collections::BTreeSet<AnswerType> =
        author.0.document().all::<Question>().map(|question| question.answer_type).collect();
    assert_eq!(kinds.len(), AnswerType::ALL.len(), "{kinds:?}");
    let accepted = author.0.document().all::<Question>().filter(|q| q.status == Status::Accepted).count();

    let out = home.path().join("ms-swift");
    author
        .0
        .window
        .state_mut()
        .carry_out(Request::Export(ExportAct::Write { format: "vqa:ms-swift", out: out.clone() }));
    author.0.wait("the export", |_| out.join("limner-receipt.json").is_file());
    let records = std::fs::read_to_string(jsonl_in(&out)).unwrap();
    assert!(records.lines().count() >= accepted / 2, "{} records of {accepted}", records.lines().count());
    let said = records.lines().find(|line| line.contains(&talk)).expect("the dialogue is exported");
    let said: serde_json::Value = serde_json::from_str(said).unwrap();
    let text = said["messages"].to_string();
    assert_eq!(["<image>", "<ref-object>", "<bbox>"].map(|marker| text.matches(marker).count()), [1, 1, 1], "{text}");
    assert_eq!(said["objects"]["ref"], serde_json::json!(["Label 1"]));
    assert_eq!(said["objects"]["bbox"].as_array().map(Vec::len), Some(1));
    loaded_by_the_hub(&out);
}

fn write_choices(author: &mut Author) {
    author.begin(AnswerType::YesNo, "Is the liver visible on this slice?");
    author.press(MARK, Key::Num1);
    author.press(ALT, Key::E);
    assert_eq!(author.0.app().work.asking.pointing, Some(Slot::Grounding));
    author.click(LIVER);
    let question = author.shown();
    assert_eq!(
        (question.correct_texts(), question.stem.as_str()),
        (vec!["Yes"], "Is the liver visible on this slice?")
    );
    assert!(matches!(question.grounding[0].region, Region::Painted { .. }), "{:?}", question.grounding);
    assert_eq!(question.grounding[0].name, "Label 1");
    author.accept();

    author.begin(AnswerType::Single, "Which organ is the largest here?");
    author.choices(&["Liver", "Spleen", "Kidney"]);
    author.press(MARK, Key::Num1);
    author.press(ALT, Key::I);
    author.press(ALT, Key::O);
    let question = author.shown();
    let kinds: Vec<ChoiceKind> = question.choices.iter().map(|choice| choice.kind).collect();
    assert_eq!(kinds[3..], [ChoiceKind::DontKnow, ChoiceKind::None], "{:?}", question.choices);
    author.accept();

    author.begin(AnswerType::Multi, "Which organs are seen?");
    author.choices(&["Liver", "Spleen", "Brain"]);
    author.press(MARK, Key::Num2);
    author.press(MARK, Key::Num1);
    assert_eq!(author.shown().correct_texts(), ["Liver", "Spleen"]);
    author.accept();

    author.begin(AnswerType::Ordering, "Order these from head to foot");
    author.choices(&["Lung", "Liver", "Bladder"]);
    author.accept();
}

fn write_regions(author: &mut Author) {
    author.begin(AnswerType::Numeric, "How long is the marked line?");
    author.press(ALT, Key::M);
    author.click((0.0, 60.0));
    let question = author.shown();
    let number = &question.answer.numbers[0];
    assert!((number.value - 60.0).abs() < 3.0 && number.unit == "mm" && !number.definition.is_empty(), "{number:?}");
    assert_eq!(question.grounding.len(), 1, "what was measured is evidence");
    author.accept();

    for (kind, stem) in [
        (AnswerType::Box, "Where is the lesion? One box."),
        (AnswerType::Boxes, "Where are the lesions? Boxes."),
        (AnswerType::Mask, "Which voxels are the liver?"),
        (AnswerType::Point, "Where is the middle of the lesion?"),
    ] {
        author.begin(kind, stem);
        author.press(ALT, Key::P);
        match kind {
            AnswerType::Mask => author.click(LIVER),
            AnswerType::Point => {
                author.0.window.state_mut().act(tool("probe"));
                author.click((20.0, -40.0));
            }
            _ => {
                author.0.window.state_mut().act(tool("rectangle"));
                let shift = if kind == AnswerType::Box { 0.0 } else { 25.0 };
                let corners = [(40.0, -60.0 + shift), (58.0, -46.0 + shift)].map(|(x, y)| author.0.at_mm(x, y));
                author.0.drag(&corners);
            }
        }
        author.0.window.state_mut().act(Action::Tool(limner::action::Tool::Window));
        assert_eq!(author.shown().answer.regions.len(), 1, "{kind:?}");
        author.0.key(Key::Escape);
        assert_eq!(author.0.app().work.asking.pointing, None);
        author.accept();
    }
}

fn tool(name: &str) -> Action {
    Action::Tool(limner::action::Tool::Use(limner_annotation::tools::ToolId::named(name).expect("the tool is there")))
}

fn write_words(author: &mut Author) {
    author.begin(AnswerType::Open, "What is seen in the right upper abdomen?");
    author.press(ALT, Key::A);
    author.write("A homogeneous liver");
    author.press(ALT, Key::S);
    author.write("The organ is homogeneous");
    author.press(ALT | SHIFT, Key::S);
    author.click(LIVER);
    let question = author.shown();
    assert_eq!(question.answer.text, "A homogeneous liver");
    assert_eq!((question.rationale.len(), question.rationale[0].evidence.len()), (1, 1));
    author.accept();

    author.begin(AnswerType::GroundedCaption, "Describe the picture");
    author.press(ALT, Key::A);
    author.write("The liver is large");
    author.0.window.state_mut().carry_out(Request::Ask(AskAct::Point(Slot::Phrase([4, 9]))));
    author.click(LIVER);
    assert_eq!(author.shown().answer.phrases[0].span, [4, 9]);
    author.accept();
}

/// Pictures of a slice each, for which-image and which-pair.
fn write_about_pictures(author: &mut Author) {
    author.begin(AnswerType::ImageChoice, "Which image is nearer to the feet?");
    for _ in 0..2 {
        author.0.chord(Modifiers::NONE, Key::Escape);
        author.0.window.state_mut().act(Action::NextSlice);
        author.press(ALT, Key::B);
    }
    assert_eq!(author.shown().choices.len(), 3, "a choice for each picture");
    author.press(MARK, Key::Num2);
    assert_eq!(author.shown().answer.image_index, Some(1));
    let right = |author: &mut Author| {
        let question = author.shown();
        let set = author.0.document().get::<ImageSet>(question.image_set).unwrap();
        set.items[question.answer.image_index.unwrap()].frame
    };
    let frame = right(author);
    let set = author.shown().image_set;
    let mut items = author.0.document().get::<ImageSet>(set).unwrap().items.clone();
    items.swap(1, 2);
    author.0.window.state_mut().carry_out(Request::Ask(AskAct::Pictures(items)));
    assert_eq!(
        (author.shown().answer.keys, right(author)),
        (vec!["p3".to_owned()], frame),
        "the answer stays with its picture"
    );
    author.accept();

    let set = author.0.document().all::<ImageSet>().next().unwrap().id;
    author.begin(AnswerType::PairChoice, "Which pair shows growth?");
    // What is typed is stored only when the hand rests or leaves the field.
    let mut question = author.shown();
    question.stem = "Which pair shows growth?".into();
    for text in ["Pair 1", "Pair 2"] {
        let key = question.add_choice(text, ChoiceKind::Normal);
        question.choices.iter_mut().find(|choice| choice.key == key).unwrap().image_set = Some(set);
    }
    author.0.window.state_mut().carry_out(Request::Ask(AskAct::Put(Box::new(question.into()), "Add pairs")));
    author.press(MARK, Key::Num1);
    author.accept();
}

fn write_stages(author: &mut Author) {
    author.begin(AnswerType::Staged, "Is the liver normal, step by step?");
    let root = author.shown().id;
    author.press(ALT | SHIFT, Key::N);
    author.write("Which criterion decides?");
    author.choices(&["Size", "Colour"]);
    author.press(MARK, Key::Num1);
    author.accept();
    assert_eq!(children(author.0.document().contents(), root).count(), 1);
    author.0.window.state_mut().carry_out(Request::Ask(AskAct::Show(root)));
    author.accept();
}

/// Two turns with evidence in the answer, pointed at by a click while the words are still being typed. Gives what is asked.
fn write_dialogue(author: &mut Author) -> String {
    let asked = "Where is the largest organ of the abdomen?";
    author.press(ALT | SHIFT, Key::D);
    author.write(asked);
    // The turn that has the keyboard is the one.
    author.press(ALT, Key::E);
    assert_eq!(author.0.app().work.asking.pointing, Some(Slot::Turn(0)));
    author.0.window.get_by_label("Evidence for turn 2").click();
    author.0.window.step();
    author.0.window.step();
    assert_eq!(author.0.app().work.asking.pointing, Some(Slot::Turn(1)));
    author.click((LIVER.0, LIVER.1 + 60.0));
    assert!(author.0.app().work.asking.missed, "a click beside everything goes by without a word");
    author.click(LIVER);
    assert_eq!(author.0.app().work.asking.pointing, None, "{:?}", author.0.app().notices.shown());
    author.0.window.state_mut().carry_out(Request::Ask(AskAct::Focus(Part::Turn(1))));
    author.write("It is here: ");
    author.press(ALT, Key::L);
    author.write("Thank you");
    // What is being typed is stored before the turn is taken away.
    author.0.window.get_by_label("Remove turn 3").click();
    author.0.window.step();
    author.0.window.step();
    let talk = author.0.app().work.asking.talk.expect("the dialogue is shown");
    let talk = author.0.document().get::<Dialogue>(talk).unwrap().clone();
    assert_eq!(talk.turns.len(), 2);
    assert_eq!((talk.turns[0].text.as_str(), talk.turns[0].evidence.len()), (asked, 0));
    assert!(talk.turns[1].text.contains("It is here: ") && talk.turns[1].text.contains("<bbox>"), "{:?}", talk.turns);
    assert!(matches!(talk.turns[1].evidence[0].region, Region::Painted { .. }), "{:?}", talk.turns);
    asked.to_owned()
}

fn jsonl_in(folder: &Path) -> PathBuf {
    let files = std::fs::read_dir(folder).unwrap().flatten().map(|entry| entry.path());
    files.into_iter().find(|path| path.extension().is_some_and(|e| e == "jsonl")).expect("records were written")
}

#[expect(clippy::print_stdout, reason = "a judge that does not run must say so in the transcript")]
fn loaded_by_the_hub(folder: &Path) {
    let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let cache = cache.or_else(|| std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache")));
    let home = std::env::var_os("LIMNER_JUDGES").map(PathBuf::from).or_else(|| cache.map(|c| c.join("limner/judges")));
    let python = home.map(|home| home.join("hub/bin/python")).filter(|python| python.is_file());
    let Some(python) = python else {
        println!("not loaded with datasets: tests/judges/prepare.sh has not made the environment hub");
        return;
    };
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/judges/vqa_load.py");
    let output = std::process::Command::new(python).arg(script).arg(folder).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    println!("{said}");
}

#[test]
fn typing_is_stored_undone_and_flagged_as_it_goes() {
    let home = tempfile::tempdir().unwrap();
    let mut author = Author::on_sample(home.path());
    author.begin(AnswerType::Open, "Is there a stone in the left kidney?");
    assert!(author.0.window.query_by_label("Write the answer").is_some(), "what is missing is not said");
    // Nobody left the field: the hand rests, and it is a step.
    author.0.wait("the words to be stored", |app| !app.work.asking.is_typing());
    assert_eq!(author.shown().stem, "Is there a stone in the left kidney?");

    author.press(ALT, Key::N);
    author.press(ALT | SHIFT, Key::T);
    author.press(ALT, Key::Q);
    author.write("Is there a stone in the left kidney?");
    let flag = "Nearly the same as question 1 on these pictures";
    assert!(author.0.window.query_by_label(flag).is_some(), "a copy is not flagged while it is typed");
    let count = author.0.document().all::<Question>().count();
    author.press(ALT | SHIFT, Key::Delete);
    assert_eq!(author.0.document().all::<Question>().count(), count - 1);
    author.0.chord(Modifiers::COMMAND, Key::Z);
    assert_eq!(author.0.document().all::<Question>().count(), count, "undo does not bring the question back");

    // A letter with Alt is an action and not typed; what is typed in a field is not an action.
    author.press(ALT, Key::Q);
    author.write("b");
    assert!(!author.0.app().hand.tool.annotates(), "a letter in a field took the brush");
}

#[test]
fn evidence_is_marked_and_gone_to_and_a_template_begins_the_next_one() {
    let home = tempfile::tempdir().unwrap();
    let mut author = Author::on_sample(home.path());
    author.begin(AnswerType::YesNo, "Is the lesion calcified?");
    // Also with a ruler in hand: only a drag would draw one.
    author.0.window.state_mut().act(tool("ruler"));
    author.press(ALT, Key::E);
    author.click(LIVER);
    let rulers = author.0.document().shapes().count();
    assert_eq!((author.shown().grounding.len(), rulers), (1, 1), "the click is no evidence");
    assert!(author.0.app().work.draft.is_none());
    let slice = |author: &Author| {
        let (viewport, open) = author.0.app().workspace.active().unwrap();
        viewport.slice(&open.volume.geometry).0
    };
    let home_slice = slice(&author);
    for _ in 0..4 {
        author.0.window.state_mut().act(Action::NextSlice);
    }
    author.0.window.step();
    assert_ne!(slice(&author), home_slice);
    author.0.window.get_by_label("Go to evidence 1").click();
    author.0.window.step();
    author.0.window.step();
    assert_eq!(slice(&author), home_slice, "a click on the evidence does not go there");
    assert!(author.0.app().work.asking.marked.is_some());
    (0..4).for_each(|_| author.0.window.state_mut().act(Action::NextSlice));
    let id = author.shown().id;
    author.0.window.state_mut().carry_out(Request::Ask(AskAct::Show(id)));
    assert_eq!(slice(&author), home_slice, "a question that is chosen does not show what it points at");

    let recipe = |author: &Author| author.0.document().all::<RenderRecipe>().next().cloned();
    let mark = limner_annotation::question::Mark::Box;
    author.0.window.state_mut().carry_out(Request::Ask(AskAct::VisualPrompt(0, Some(mark))));
    assert_eq!(recipe(&author).map(|recipe| recipe.overlays.len()), Some(1));

    author.0.window.state_mut().act(Action::Ask(Ask::SaveTemplate));
    let template = author.0.document().all::<Template>().next().unwrap().id;
    author.0.window.state_mut().carry_out(Request::Ask(AskAct::BeginWith(template)));
    assert_eq!(author.shown().stem, "Is the lesion calcified?");
}

#[test]
fn made_questions_are_looked_at_reviewed_by_key_and_keep_the_machines_words() {
    let home = tempfile::tempdir().unwrap();
    let mut author = Author::on_sample(home.path());
    author.press(ALT, Key::G);
    assert_eq!(author.0.app().work.asking.page, Page::Make);
    let mut plan = author.0.app().work.asking.plan.clone();
    (plan.only, plan.most_of_each) = (vec!["volume".into(), "area".into(), "location".into()], 1);
    author.0.window.state_mut().carry_out(Request::Ask(AskAct::Plan(plan)));
    author.press(ALT | SHIFT, Key::G);
    author.0.wait("made questions", |app| app.work.asking.made.is_some());
    let made = author.0.app().work.asking.made.as_ref().unwrap().questions.len();
    assert!(made >= 2, "{made}");
    assert_eq!(author.0.document().all::<Question>().count(), 0, "what is made does not count before it is sent");
    author.press(ALT | SHIFT, Key::K);
    let waiting =
        |author: &Author, status| author.0.document().all::<Question>().filter(|q| q.status == status).count();
    assert_eq!(waiting(&author, Status::Proposed), made);
    assert_eq!(author.0.app().work.asking.page, Page::Review);

    // Edited before it is accepted: the machine's words stay beside the hand's.
    let first = author.shown();
    author.press(ALT, Key::Q);
    author.write(" Edited.");
    author.press(ALT, Key::Enter);
    let edited = author.0.document().get::<Question>(first.id).unwrap().clone();
    assert_eq!((edited.status, edited.draft.as_ref().map(|d| d.stem.clone())), (Status::Accepted, Some(first.stem)));
    author.press(ALT, Key::X);
    assert_eq!((waiting(&author, Status::Rejected), waiting(&author, Status::Accepted)), (1, 1));
    assert_eq!(waiting(&author, Status::Proposed), made - 2);

    author.press(ALT | SHIFT, Key::U);
    author.0.wait("the audit", |app| app.work.asking.audit.is_some());
    let report = author.0.app().work.asking.audit.clone().unwrap();
    assert_eq!(report.questions, 1);
    author.0.window.state_mut().carry_out(Request::Ask(AskAct::WriteAudit(home.path().join("audit"))));
    assert!(home.path().join("audit/audit.json").is_file() && home.path().join("audit/audit.html").is_file());

    // What a machine made and a hand changes after it was accepted goes to the reviewer again.
    author.change(first.id, |question| question.stem += " Again.");
    assert_eq!((waiting(&author, Status::Accepted), waiting(&author, Status::Proposed)), (0, made - 1));
}

#[test]
fn an_accepted_question_that_is_changed_counts_no_longer_until_it_is_accepted_anew() {
    let home = tempfile::tempdir().unwrap();
    let mut author = Author::on_sample(home.path());
    author.begin(AnswerType::YesNo, "Is the liver visible?");
    author.press(MARK, Key::Num1);
    author.accept();
    let accepted = author.shown();

    author.press(ALT, Key::Q);
    author.write(" Wholly?");
    author.0.wait("the words to be stored", |app| !app.work.asking.is_typing());
    let edited = author.shown();
    assert!(edited.stem != accepted.stem && edited.status == Status::Draft, "{:?} {}", edited.status, edited.stem);
    let told = format!("{:?}", author.0.app().notices.shown());
    assert!(told.contains("An accepted question was changed: it is a draft again"), "{told}");
    author.0.window.state_mut().act(Action::Undo);
    assert_eq!(author.shown(), accepted, "one step has taken back both");

    // The answer, the evidence, the pictures: each is what a reviewer looked at.
    author.press(MARK, Key::Num2);
    assert_eq!(author.shown().status, Status::Draft);
    author.accept();
    author.press(ALT, Key::E);
    author.click(LIVER);
    assert_eq!((author.shown().grounding.len(), author.shown().status), (1, Status::Draft));
    author.accept();
    author.0.window.state_mut().act(Action::NextSlice);
    author.press(ALT, Key::B);
    let set = author.shown().image_set;
    assert_eq!(author.0.document().get::<ImageSet>(set).unwrap().items.len(), 2);
    assert_eq!(author.shown().status, Status::Draft);
    author.accept();
    // Where it is filed is not.
    let id = author.shown().id;
    author.change(id, |question| question.facets.keyword = "liver".into());
    assert_eq!((author.shown().facets.keyword.as_str(), author.shown().status), ("liver", Status::Accepted));
}

#[test]
fn every_guided_form_begins_a_question_in_its_parts() {
    let home = tempfile::tempdir().unwrap();
    let mut author = Author::on_sample(home.path());
    for (n, guide) in GUIDES.iter().enumerate() {
        author.0.window.state_mut().act(Action::Ask(Ask::Guide(n)));
        author.0.window.step();
        let question = author.shown();
        assert_eq!((question.answer_type, question.stem.as_str()), (guide.answer_type, guide.stem), "{}", guide.title);
        let path: Vec<&str> = question.placement.iter().flat_map(|p| &p.path).map(String::as_str).collect();
        assert_eq!(path, guide.path);
        let set = author.0.document().get::<ImageSet>(question.image_set).unwrap();
        assert_eq!(set.items[0].role, guide.roles[0], "{}", guide.title);
        let stages = children(author.0.document().contents(), question.id).count();
        assert_eq!(stages > 0, !guide.stages.is_empty());
        if guide.most > 1 {
            author.0.window.state_mut().act(Action::NextSlice);
            author.press(ALT, Key::B);
            let shown = author.shown().image_set;
            let set = author.0.document().get::<ImageSet>(shown).unwrap().clone();
            let roles: Vec<Role> = set.items.iter().map(|item| item.role).collect();
            assert_eq!(roles, [guide.role_at(0), guide.role_at(1)], "{}", guide.title);
        }
    }
}
