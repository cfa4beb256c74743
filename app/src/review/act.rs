//! What can be asked for in a review by key, menu and palette.

use crate::action::{Action, Entry, Menu};
use crate::keymap::{Chord, When};
use crate::theme::icon;
use eframe::egui::{Key, KeyboardShortcut, Modifiers};
use limner_annotation::records::Verdict;

/// How versions share one view.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum How {
    #[default]
    Outlines,
    Agreement,
    Swipe,
    Flicker,
    Distance,
    Disputes,
    Probability,
}

impl How {
    pub const ALL: [Self; 7] = [
        Self::Outlines,
        Self::Agreement,
        Self::Swipe,
        Self::Flicker,
        Self::Distance,
        Self::Disputes,
        Self::Probability,
    ];

    pub const fn title(self) -> &'static str {
        match self {
            Self::Outlines => "Outlines of all versions",
            Self::Agreement => "Agreed, only A, only B",
            Self::Swipe => "Swipe between A and B",
            Self::Flicker => "Flicker between A and B",
            Self::Distance => "Distance from A to B",
            Self::Disputes => "Disagreement of all versions",
            Self::Probability => "Probability map of a version",
        }
    }

    /// Whether it is a map of its own and not the versions themselves.
    pub const fn is_map(self) -> bool {
        matches!(self, Self::Agreement | Self::Distance | Self::Disputes | Self::Probability)
    }
}

/// How versions become one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Combine {
    Majority,
    Staple,
    StapleMulti,
    /// Boxes of records that most versions have.
    Boxes,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Side {
    A,
    B,
}

impl Side {
    pub const fn index(self) -> usize {
        self as usize
    }

    pub const fn letter(self) -> &'static str {
        match self {
            Self::A => "A",
            Self::B => "B",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Act {
    OpenFolder,
    OpenFile,
    SideBySide,
    How(How),
    /// On to the next way to lay versions over each other.
    NextHow,
    /// The other one of two to the front.
    Flip,
    NextPlace,
    PreviousPlace,
    CompareAll,
    /// The window of plots, or away with it.
    Charts,
    NextWorst,
    NextSource,
    PreviousSource,
    CloseAll,
    Decide(Verdict),
    Comment,
    Blind,
    Unblind,
    Rate,
    LoadProtocol,
    Combine(Combine),
    /// For the part under the pointer.
    TakePart(Side),
    /// For the one label that is looked at.
    TakeLabel(Side),
    Report,
}

const fn chord(modifiers: Modifiers, key: Key) -> Chord {
    Chord { keys: KeyboardShortcut::new(modifiers, key), when: When::Always }
}

const fn shift(key: Key) -> Chord {
    chord(Modifiers::SHIFT, key)
}

const fn alt_shift(key: Key) -> Chord {
    chord(Modifiers::ALT.plus(Modifiers::SHIFT), key)
}

const fn entry(act: Act, title: &'static str, keys: &'static [Chord]) -> Entry {
    Entry { action: Action::Review(act), menu: Menu::Review, title, keys }
}

/// In menu order.
pub const ENTRIES: [Entry; 39] = [
    entry(Act::OpenFolder, "Open predictions…", &[chord(Modifiers::COMMAND, Key::P)]),
    entry(Act::OpenFile, "Open prediction file…", &[]),
    entry(Act::CloseAll, "Close all predictions", &[]),
    entry(Act::SideBySide, "Versions side by side", &[shift(Key::S)]),
    entry(Act::NextHow, "Next way to lay versions over each other", &[shift(Key::V)]),
    entry(Act::How(How::Outlines), How::Outlines.title(), &[]),
    entry(Act::How(How::Agreement), How::Agreement.title(), &[]),
    entry(Act::How(How::Swipe), How::Swipe.title(), &[]),
    entry(Act::How(How::Flicker), How::Flicker.title(), &[]),
    entry(Act::How(How::Distance), How::Distance.title(), &[]),
    entry(Act::How(How::Disputes), How::Disputes.title(), &[]),
    entry(Act::How(How::Probability), How::Probability.title(), &[]),
    entry(Act::Flip, "The other of A and B to the front", &[shift(Key::X)]),
    entry(Act::NextPlace, "Next disagreement", &[shift(Key::N)]),
    entry(Act::PreviousPlace, "Previous disagreement", &[shift(Key::P)]),
    entry(Act::CompareAll, "Compare all cases of the list", &[]),
    entry(Act::Charts, "Figures as plots", &[alt_shift(Key::P)]),
    entry(Act::NextWorst, "Next worst case", &[shift(Key::W)]),
    entry(Act::NextSource, "Next version in the list", &[chord(Modifiers::COMMAND, Key::ArrowDown)]),
    entry(Act::PreviousSource, "Previous version in the list", &[chord(Modifiers::COMMAND, Key::ArrowUp)]),
    entry(Act::Decide(Verdict::Accept), "Accept version", &[shift(Key::A)]),
    entry(Act::Decide(Verdict::Edit), "Accept version and edit it", &[shift(Key::E)]),
    entry(Act::Decide(Verdict::Reject), "Reject version", &[shift(Key::R)]),
    entry(Act::Decide(Verdict::Flag), "Flag version", &[shift(Key::M)]),
    entry(Act::Decide(Verdict::Defer), "Defer version", &[shift(Key::D)]),
    entry(Act::Comment, "Comment on the selected shape or this place", &[shift(Key::C)]),
    entry(Act::Rate, "Rate versions by keys", &[shift(Key::U)]),
    entry(Act::Blind, "Hide who made what", &[]),
    entry(Act::Unblind, "Tell who made what", &[]),
    entry(Act::LoadProtocol, "Load a review protocol…", &[]),
    entry(Act::Combine(Combine::Majority), "Consensus: majority", &[]),
    entry(Act::Combine(Combine::Staple), "Consensus: STAPLE, label by label", &[]),
    entry(Act::Combine(Combine::StapleMulti), "Consensus: STAPLE, all labels at once", &[]),
    entry(Act::Combine(Combine::Boxes), "Consensus: boxes that most versions have", &[]),
    entry(Act::TakePart(Side::A), "Take the part under the pointer from A", &[alt_shift(Key::A)]),
    entry(Act::TakePart(Side::B), "Take the part under the pointer from B", &[alt_shift(Key::B)]),
    entry(Act::TakeLabel(Side::A), "Take the label looked at from A", &[]),
    entry(Act::TakeLabel(Side::B), "Take the label looked at from B", &[]),
    entry(Act::Report, "Write report…", &[]),
];

impl Act {
    pub const fn icon(self) -> Option<&'static str> {
        Some(match self {
            Self::OpenFolder => icon::FOLDER_OPEN,
            Self::OpenFile => icon::FILE_INPUT,
            Self::CloseAll => icon::CIRCLE_X,
            Self::SideBySide => icon::COLUMNS_3,
            Self::NextHow => icon::LAYERS,
            Self::How(How::Outlines) => icon::CIRCLE_DASHED,
            Self::How(How::Agreement) => icon::BLEND,
            Self::How(How::Swipe) => icon::SQUARE_SPLIT_HORIZONTAL,
            Self::How(How::Flicker) => icon::REPEAT,
            Self::How(How::Distance) => icon::RULER_DIMENSION_LINE,
            Self::How(How::Disputes) => icon::TRIANGLE_ALERT,
            Self::How(How::Probability) => icon::DROPLET,
            Self::Flip => icon::ARROW_LEFT_RIGHT,
            Self::NextPlace => icon::STEP_FORWARD,
            Self::PreviousPlace => icon::STEP_BACK,
            Self::CompareAll => icon::TABLE_2,
            Self::Charts => icon::CHART_COLUMN,
            Self::NextWorst => icon::THUMBS_DOWN,
            Self::NextSource => icon::CHEVRON_DOWN,
            Self::PreviousSource => icon::CHEVRON_UP,
            Self::Decide(Verdict::Accept) => icon::CHECK,
            Self::Decide(Verdict::Edit) => icon::PENCIL,
            Self::Decide(Verdict::Reject) => icon::X,
            Self::Decide(Verdict::Flag) => icon::FLAG,
            Self::Decide(Verdict::Defer) => icon::CLOCK,
            Self::Comment => icon::MESSAGE_SQUARE,
            Self::Blind => icon::EYE_CLOSED,
            Self::Unblind => icon::EYE,
            Self::Rate => icon::STAR,
            Self::LoadProtocol => icon::FILE_TEXT,
            Self::Combine(Combine::Majority) => icon::VOTE,
            Self::Combine(_) => icon::MERGE,
            Self::TakePart(_) => icon::SQUARE_DASHED_MOUSE_POINTER,
            Self::TakeLabel(_) => icon::REPLACE,
            Self::Report => icon::FILE_OUTPUT,
        })
    }

    pub const fn hint(self) -> &'static str {
        match self {
            Self::OpenFolder => {
                "A folder of label maps, DICOM segmentations or records (boxes, classes, landmarks, answers), or one as \
                 nnU-Net writes it; or of such folders, one a model. They are matched to pictures by name, id or hash"
            }
            Self::OpenFile => {
                "A label map (NIfTI, NRRD, MetaImage) or DICOM segmentation for the picture in front; or a file of records: \
                 COCO results (.json), a CSV of boxes, classes or landmarks, answers (.jsonl)"
            }
            Self::SideBySide => "A linked view for the reference and for each version shown; again for one view",
            Self::How(How::Agreement) => "What both say, what only one says, and where each says another label",
            Self::How(How::Swipe) => "A at the left of the line, B at its right; drag the line",
            Self::How(How::Flicker) => "A and B take turns",
            Self::How(How::Distance) => "How far what only B has lies outside of A, and what only A has inside of it",
            Self::How(How::Probability) => "Of the version chosen in the list, else of the first that is one",
            Self::How(How::Disputes) => "How many versions differ from what most say",
            Self::NextPlace => {
                "Where label maps differ deepest, then the next, then the rows of records, worst first; all linked views go \
                 there"
            }
            Self::CompareAll => "Every case of the work list that has predictions and a reference, worst first",
            Self::Charts => {
                "Box and violin, Bland-Altman, heat table, FROC, reliability, confusion; a click on a dot opens its case"
            }
            Self::Decide(Verdict::Accept) => {
                "What it says becomes labels of the project in the place of what is painted with them, as one step that \
                 remembers the model and its file; of the one label looked at, where there is one. Labels it says nothing \
                 of stay"
            }
            Self::Decide(Verdict::Edit) => "Accepts it and takes the brush",
            Self::Decide(Verdict::Reject | Verdict::Flag | Verdict::Defer) => {
                "With a reason: choose one in the panel, or by its digit"
            }
            Self::Comment => {
                "What is written in the panel, about the selected shape, or about a point at the crosshair"
            }
            Self::Rate => "Arrows choose the row, digits answer, Esc gives the keys back",
            Self::Blind => "Models are numbers, in an order of its own for each case; figures are hidden",
            Self::Unblind => "For the lead; it is noted in the project who did it and when",
            Self::LoadProtocol => "A JSON file of a protocol: its form, and whether sources are hidden",
            Self::Combine(Combine::Boxes) => {
                "Of all versions shown that have boxes here: what overlaps by half is one thing"
            }
            Self::Combine(_) => "Of all versions shown, into new labels on a layer of their own",
            Self::TakePart(_) => "Where A and B differ there, the project's label becomes what that one says",
            Self::TakeLabel(_) => "The project's label becomes what that one says of it",
            Self::Report => "One page with figures, tests and the worst cases; and what was judged, beside it",
            Self::NextWorst => "Opens the case with the lowest figures, then the one after it",
            _ => "",
        }
    }

    pub const fn submenu(self) -> Option<&'static str> {
        match self {
            Self::How(_) | Self::NextHow | Self::Flip => Some("Lay over each other"),
            Self::Decide(_) | Self::Comment => Some("Decide"),
            Self::Blind | Self::Unblind | Self::Rate | Self::LoadProtocol => Some("Rate blinded"),
            Self::Combine(_) | Self::TakePart(_) | Self::TakeLabel(_) => Some("Consensus and adjudication"),
            _ => None,
        }
    }
}

/// In the order of their buttons.
pub const VERDICTS: [Verdict; 5] = [Verdict::Accept, Verdict::Edit, Verdict::Reject, Verdict::Flag, Verdict::Defer];
