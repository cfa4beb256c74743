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
}

impl How {
    pub const ALL: [Self; 6] =
        [Self::Outlines, Self::Agreement, Self::Swipe, Self::Flicker, Self::Distance, Self::Disputes];

    pub const fn title(self) -> &'static str {
        match self {
            Self::Outlines => "Outlines of all versions",
            Self::Agreement => "Agreed, only A, only B",
            Self::Swipe => "Swipe between A and B",
            Self::Flicker => "Flicker between A and B",
            Self::Distance => "Distance from A to B",
            Self::Disputes => "Disagreement of all versions",
        }
    }

    /// Whether it is a map of its own and not the versions themselves.
    pub const fn is_map(self) -> bool {
        matches!(self, Self::Agreement | Self::Distance | Self::Disputes)
    }
}

/// How versions become one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Combine {
    Majority,
    Staple,
    StapleMulti,
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
    NextWorst,
    NextSource,
    PreviousSource,
    CloseAll,
}

const fn chord(modifiers: Modifiers, key: Key) -> Chord {
    Chord { keys: KeyboardShortcut::new(modifiers, key), when: When::Always }
}

const fn shift(key: Key) -> Chord {
    chord(Modifiers::SHIFT, key)
}

const fn entry(act: Act, title: &'static str, keys: &'static [Chord]) -> Entry {
    Entry { action: Action::Review(act), menu: Menu::Review, title, keys }
}

/// In menu order.
pub const ENTRIES: [Entry; 18] = [
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
    entry(Act::Flip, "The other of A and B to the front", &[shift(Key::X)]),
    entry(Act::NextPlace, "Next disagreement", &[shift(Key::N)]),
    entry(Act::PreviousPlace, "Previous disagreement", &[shift(Key::P)]),
    entry(Act::CompareAll, "Compare all cases of the list", &[]),
    entry(Act::NextWorst, "Next worst case", &[shift(Key::W)]),
    entry(Act::NextSource, "Next version in the list", &[chord(Modifiers::COMMAND, Key::ArrowDown)]),
    entry(Act::PreviousSource, "Previous version in the list", &[chord(Modifiers::COMMAND, Key::ArrowUp)]),
];

impl Act {
    pub const fn icon(self) -> Option<&'static str> {
        Some(match self {
            Self::OpenFolder => icon::FOLDER_OPEN,
            Self::OpenFile => icon::FILE_INPUT,
            Self::CloseAll => icon::X,
            Self::SideBySide => icon::COLUMNS_3,
            Self::NextHow => icon::LAYERS,
            Self::How(How::Outlines) => icon::CIRCLE_DASHED,
            Self::How(How::Agreement) => icon::BLEND,
            Self::How(How::Swipe) => icon::SQUARE_SPLIT_HORIZONTAL,
            Self::How(How::Flicker) => icon::REPEAT,
            Self::How(How::Distance) => icon::RULER_DIMENSION_LINE,
            Self::How(How::Disputes) => icon::TRIANGLE_ALERT,
            Self::Flip => icon::ARROW_LEFT_RIGHT,
            Self::NextPlace => icon::STEP_FORWARD,
            Self::PreviousPlace => icon::STEP_BACK,
            Self::CompareAll => icon::TABLE_2,
            Self::NextWorst => icon::THUMBS_DOWN,
            Self::NextSource => icon::CHEVRON_DOWN,
            Self::PreviousSource => icon::CHEVRON_UP,
        })
    }

    pub const fn hint(self) -> &'static str {
        match self {
            Self::OpenFolder => {
                "A folder of label maps, of DICOM segmentations or as nnU-Net writes them; or of such folders, one a model. \
                 They are matched to pictures by name, id or hash"
            }
            Self::OpenFile => "A label map (NIfTI, NRRD, MetaImage) or a DICOM segmentation for the picture in front",
            Self::SideBySide => "A linked view for the reference and for each version shown; again for one view",
            Self::How(How::Agreement) => "What both say, what only one says, and where each says another label",
            Self::How(How::Swipe) => "A at the left of the line, B at its right; drag the line",
            Self::How(How::Flicker) => "A and B take turns",
            Self::How(How::Distance) => "How far what only B has lies outside of A, and what only A has inside of it",
            Self::How(How::Disputes) => "How many versions differ from what most say",
            Self::NextPlace => "Where versions differ deepest, then the next; all linked views go there",
            Self::CompareAll => "Every case of the work list that has predictions and a reference, worst first",
            Self::NextWorst => "Opens the case with the lowest figures, then the one after it",
            _ => "",
        }
    }

    pub const fn submenu(self) -> Option<&'static str> {
        match self {
            Self::How(_) | Self::NextHow | Self::Flip => Some("Lay over each other"),
            _ => None,
        }
    }
}

/// In the order of their buttons.
pub const VERDICTS: [Verdict; 5] = [Verdict::Accept, Verdict::Edit, Verdict::Reject, Verdict::Flag, Verdict::Defer];
