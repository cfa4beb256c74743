//! The actions of writing questions. All but one have Alt, so that they also work while a field has the keyboard.

use super::{Action, Entry, Menu, chord, command, entry};
use crate::keymap::{Chord, When};
use crate::theme::icon;
use crate::work::asking::Page;
use crate::work::guides::GUIDES;
use eframe::egui::{Key, Modifiers};
use limner_annotation::question::AnswerType;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Ask {
    Panel,
    Page(Page),
    New,
    NewStage,
    NewDialogue,
    /// A line of the table of guided forms.
    Guide(usize),
    Next,
    Previous,
    Duplicate,
    Delete,
    NextType,
    PreviousType,
    Type(AnswerType),
    EditQuestion,
    EditAnswer,
    /// Right or not, by place.
    Mark(usize),
    AddChoice,
    AddDistractors,
    DontKnow,
    NoneOfThese,
    PointAtEvidence,
    PointAtAnswer,
    Measure,
    AddStep,
    PointForStep,
    AddPicture,
    AddTurn,
    Accept,
    Reject,
    Reopen,
    Make,
    KeepMade,
    Audit,
    Export,
    SaveTemplate,
}

const fn alt(key: Key) -> Chord {
    chord(Modifiers::ALT, key, When::Always)
}

const fn alt_shift(key: Key) -> Chord {
    chord(Modifiers::ALT.plus(Modifiers::SHIFT), key, When::Always)
}

/// Alt with a digit turns the pages of the labels panel.
const fn command_alt(key: Key) -> Chord {
    chord(Modifiers::COMMAND.plus(Modifiers::ALT), key, When::Always)
}

const fn ask(ask: Ask, title: &'static str, keys: &'static [Chord]) -> Entry {
    entry(Action::Ask(ask), Menu::Questions, title, keys)
}

const FIXED: &[Entry] = &[
    entry(Action::Ask(Ask::Panel), Menu::Window, "Show questions panel", &[command(Key::J)]),
    ask(Ask::New, "New question", &[alt(Key::N)]),
    ask(Ask::NewStage, "New stage after this question", &[alt_shift(Key::N)]),
    ask(Ask::NewDialogue, "New dialogue", &[alt_shift(Key::D)]),
    ask(Ask::Next, "Next question", &[alt(Key::ArrowDown)]),
    ask(Ask::Previous, "Previous question", &[alt(Key::ArrowUp)]),
    ask(Ask::Duplicate, "Duplicate question", &[alt(Key::D)]),
    ask(Ask::Delete, "Delete question", &[alt_shift(Key::Delete)]),
    ask(Ask::EditQuestion, "Edit the question", &[alt(Key::Q)]),
    ask(Ask::EditAnswer, "Edit the answer", &[alt(Key::A)]),
    ask(Ask::NextType, "Next type of question", &[alt(Key::T)]),
    ask(Ask::PreviousType, "Previous type of question", &[alt_shift(Key::T)]),
    ask(Ask::AddChoice, "Add a choice", &[alt(Key::C)]),
    ask(Ask::AddDistractors, "Add distractors", &[alt(Key::F)]),
    ask(Ask::DontKnow, "Offer \"I don't know\"", &[alt(Key::I)]),
    ask(Ask::NoneOfThese, "Offer \"none of these\"", &[alt(Key::O)]),
    ask(Ask::PointAtEvidence, "Point at evidence", &[alt(Key::E)]),
    ask(Ask::PointAtAnswer, "Point at the answer", &[alt(Key::P)]),
    ask(Ask::Measure, "Take the number from a measurement", &[alt(Key::M)]),
    ask(Ask::AddStep, "Add a reasoning step", &[alt(Key::S)]),
    ask(Ask::PointForStep, "Point at evidence of the last step", &[alt_shift(Key::S)]),
    ask(Ask::AddPicture, "Add the picture in view", &[alt(Key::B)]),
    ask(Ask::AddTurn, "Add a turn to the dialogue", &[alt(Key::L)]),
    ask(Ask::Accept, "Accept question", &[alt(Key::Enter)]),
    ask(Ask::Reject, "Reject question", &[alt(Key::X)]),
    ask(Ask::Reopen, "Back to draft", &[alt(Key::Z)]),
    ask(Ask::Page(Page::Write), "Questions: write", &[alt(Key::W)]),
    ask(Ask::Page(Page::Review), "Questions: review", &[alt(Key::R)]),
    ask(Ask::Page(Page::Make), "Questions: generate", &[alt(Key::G)]),
    ask(Ask::Page(Page::Audit), "Questions: audit", &[alt(Key::U)]),
    ask(Ask::Make, "Make questions from masks and shapes", &[alt_shift(Key::G)]),
    ask(Ask::KeepMade, "Send made questions to review", &[alt_shift(Key::K)]),
    ask(Ask::Audit, "Audit the accepted questions", &[alt_shift(Key::U)]),
    ask(Ask::Export, "Export questions for ms-swift…", &[alt_shift(Key::E)]),
    ask(Ask::SaveTemplate, "Save question as template", &[]),
];

const MARKS: [(&str, &[Chord]); 9] = [
    ("Right choice: 1", &[command_alt(Key::Num1)]),
    ("Right choice: 2", &[command_alt(Key::Num2)]),
    ("Right choice: 3", &[command_alt(Key::Num3)]),
    ("Right choice: 4", &[command_alt(Key::Num4)]),
    ("Right choice: 5", &[command_alt(Key::Num5)]),
    ("Right choice: 6", &[command_alt(Key::Num6)]),
    ("Right choice: 7", &[command_alt(Key::Num7)]),
    ("Right choice: 8", &[command_alt(Key::Num8)]),
    ("Right choice: 9", &[command_alt(Key::Num9)]),
];

/// By their place in `AnswerType::ALL`.
const TYPES: [&str; AnswerType::ALL.len()] = [
    "Question type: open text",
    "Question type: yes or no",
    "Question type: single choice",
    "Question type: multiple choice",
    "Question type: number with unit",
    "Question type: one box",
    "Question type: several boxes",
    "Question type: point",
    "Question type: mask",
    "Question type: which image",
    "Question type: which pair",
    "Question type: ordering",
    "Question type: grounded caption",
    "Question type: staged",
];

pub(super) const COUNT: usize = FIXED.len() + MARKS.len() + TYPES.len() + GUIDES.len();

pub(super) const fn entries() -> [Entry; COUNT] {
    let mut all = [FIXED[0]; COUNT];
    let mut n = 0;
    while n < FIXED.len() {
        all[n] = FIXED[n];
        n += 1;
    }
    let mut place = 0;
    while place < MARKS.len() {
        let (title, keys) = MARKS[place];
        all[n] = ask(Ask::Mark(place), title, keys);
        (n, place) = (n + 1, place + 1);
    }
    let mut place = 0;
    while place < TYPES.len() {
        all[n] = ask(Ask::Type(AnswerType::ALL[place]), TYPES[place], &[]);
        (n, place) = (n + 1, place + 1);
    }
    let mut place = 0;
    while place < GUIDES.len() {
        all[n] = ask(Ask::Guide(place), GUIDES[place].title, &[]);
        (n, place) = (n + 1, place + 1);
    }
    all
}

impl Ask {
    /// Found by name or key, but not worth a line of the menu.
    pub const fn is_hidden(self) -> bool {
        matches!(self, Self::Mark(_) | Self::Type(_) | Self::Guide(_))
    }

    pub const fn hint(self) -> &'static str {
        match self {
            Self::New => "About the pictures in view; a template can be chosen beside it",
            Self::NewStage => "A question that is asked after an answer to this one",
            Self::AddDistractors => "Sibling labels, or numbers spaced around the right one",
            Self::PointAtEvidence => "Then click a shape or a segment on any view, or draw one",
            Self::Measure => "Then click a measurement or a segment: number, unit and definition come from it",
            Self::Accept => "It counts from now on: accepted questions are exported and audited",
            Self::Reject => "It is kept but no longer counts",
            Self::Make => "What is made waits until it is sent to review",
            Self::Audit => "Shortcuts, balance, leaks, copies and identifiers",
            _ => "",
        }
    }

    pub const fn icon(self) -> Option<&'static str> {
        Some(match self {
            Self::Panel => icon::MESSAGE_CIRCLE_QUESTION_MARK,
            Self::NewStage => icon::ROUTE,
            Self::NewDialogue | Self::AddTurn => icon::MESSAGE_SQUARE,
            Self::Page(Page::Write) => icon::PENCIL,
            Self::Page(Page::Review) => icon::LIST_CHECKS,
            Self::Page(Page::Make) | Self::Make => icon::WAND_SPARKLES,
            Self::Page(Page::Audit) | Self::Audit => icon::GAUGE,
            Self::Duplicate => icon::COPY,
            Self::Delete => icon::TRASH_2,
            Self::New | Self::AddChoice | Self::AddStep => icon::PLUS,
            Self::AddDistractors => icon::SHUFFLE,
            Self::PointAtEvidence | Self::PointAtAnswer | Self::PointForStep => icon::TARGET,
            Self::Measure => icon::RULER,
            Self::AddPicture => icon::IMAGES,
            Self::Accept | Self::KeepMade => icon::CHECK,
            Self::Reject => icon::X,
            Self::Reopen => icon::ROTATE_CCW,
            Self::Export => icon::FILE_OUTPUT,
            Self::SaveTemplate => icon::STAMP,
            Self::Guide(_) => icon::CLIPBOARD_LIST,
            _ => return None,
        })
    }
}
