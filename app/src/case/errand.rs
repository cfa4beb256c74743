//! What can be asked for about a case by key, menu and palette.

use crate::action::{Action, Entry, Menu};
use crate::keymap::{Chord, When};
use crate::theme::icon;
use eframe::egui::{Key, KeyboardShortcut, Modifiers};

/// What the panel at the right shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Page {
    #[default]
    Labels,
    Region,
    Case,
    Report,
    Time,
    FollowUp,
    Cases,
    Review,
}

impl Page {
    pub const ALL: [Self; 8] =
        [Self::Labels, Self::Region, Self::Case, Self::Report, Self::Time, Self::FollowUp, Self::Cases, Self::Review];

    pub const fn title(self) -> &'static str {
        match self {
            Self::Labels => "Labels and model",
            Self::Region => "Region in hand",
            Self::Case => "Case form",
            Self::Report => "Caption and report",
            Self::Time => "Frames and tracks",
            Self::FollowUp => "Follow-up",
            Self::Cases => "Work list",
            Self::Review => "Review of versions",
        }
    }

    pub const fn icon(self) -> &'static str {
        match self {
            Self::Labels => icon::TAGS,
            Self::Region => icon::SHAPES,
            Self::Case => icon::CLIPBOARD_LIST,
            Self::Report => icon::FILE_TEXT,
            Self::Time => icon::FILM,
            Self::FollowUp => icon::CHART_LINE,
            Self::Cases => icon::LIST_CHECKS,
            Self::Review => icon::GIT_COMPARE,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Errand {
    Page(Page),
    /// Gives the keys to the form, or takes them back.
    FillForm,
    Grid,
    NextCase,
    PreviousCase,
    FinishCase,
    SkipCase,
    FlagCase,
    NothingHere,
    Track,
    Keyframe,
    Outside,
    Occluded,
    NextKeyframe,
    PreviousKeyframe,
    NewLesion,
    NextVisit,
    PreviousVisit,
}

const fn chord(modifiers: Modifiers, key: Key) -> Chord {
    Chord { keys: KeyboardShortcut::new(modifiers, key), when: When::Always }
}

const fn alt(key: Key) -> Chord {
    chord(Modifiers::ALT, key)
}

const fn shift(key: Key) -> Chord {
    chord(Modifiers::SHIFT, key)
}

const fn entry(errand: Errand, title: &'static str, keys: &'static [Chord]) -> Entry {
    Entry { action: Action::Case(errand), menu: Menu::Case, title, keys }
}

/// In menu order.
pub const ENTRIES: [Entry; 25] = [
    entry(Errand::Page(Page::Labels), Page::Labels.title(), &[alt(Key::Num1)]),
    entry(Errand::Page(Page::Region), Page::Region.title(), &[alt(Key::Num2)]),
    entry(Errand::Page(Page::Case), Page::Case.title(), &[alt(Key::Num3)]),
    entry(Errand::Page(Page::Report), Page::Report.title(), &[alt(Key::Num4)]),
    entry(Errand::Page(Page::Time), Page::Time.title(), &[alt(Key::Num5)]),
    entry(Errand::Page(Page::FollowUp), Page::FollowUp.title(), &[alt(Key::Num6)]),
    entry(Errand::Page(Page::Cases), Page::Cases.title(), &[alt(Key::Num7)]),
    entry(Errand::Page(Page::Review), Page::Review.title(), &[alt(Key::Num8)]),
    entry(Errand::FillForm, "Fill in the form by keys", &[shift(Key::F)]),
    entry(Errand::Grid, "Grid of all pictures", &[shift(Key::G)]),
    entry(Errand::NextCase, "Next case", &[shift(Key::PageDown)]),
    entry(Errand::PreviousCase, "Previous case", &[shift(Key::PageUp)]),
    entry(Errand::FinishCase, "Case done, on to the next", &[shift(Key::Enter)]),
    entry(Errand::SkipCase, "Skip case", &[]),
    entry(Errand::FlagCase, "Flag case", &[]),
    entry(Errand::NothingHere, "Nothing of this label here", &[chord(Modifiers::NONE, Key::O)]),
    entry(Errand::Track, "Track the selected shape", &[shift(Key::T)]),
    entry(Errand::Keyframe, "Set or remove keyframe", &[shift(Key::K)]),
    entry(Errand::Outside, "Track leaves or returns here", &[shift(Key::O)]),
    entry(Errand::Occluded, "Track is hidden or seen here", &[shift(Key::H)]),
    entry(Errand::NextKeyframe, "Next keyframe", &[alt(Key::ArrowRight)]),
    entry(Errand::PreviousKeyframe, "Previous keyframe", &[alt(Key::ArrowLeft)]),
    entry(Errand::NewLesion, "New lesion from the selected shape", &[shift(Key::L)]),
    entry(Errand::NextVisit, "Lesion at the next visit", &[alt(Key::PageDown)]),
    entry(Errand::PreviousVisit, "Lesion at the previous visit", &[alt(Key::PageUp)]),
];

impl Errand {
    pub const fn icon(self) -> Option<&'static str> {
        Some(match self {
            Self::Page(page) => page.icon(),
            Self::Grid => icon::LAYOUT_GRID,
            Self::NextCase => icon::SKIP_FORWARD,
            Self::PreviousCase => icon::SKIP_BACK,
            Self::FinishCase => icon::CIRCLE_CHECK,
            Self::SkipCase => icon::CIRCLE_SLASH,
            Self::FlagCase => icon::FLAG,
            Self::NothingHere => icon::CIRCLE_DASHED,
            Self::Track => icon::ROUTE,
            Self::Keyframe => icon::PIN,
            Self::Outside => icon::EYE_OFF,
            Self::Occluded => icon::BLEND,
            Self::NextKeyframe | Self::NextVisit => icon::STEP_FORWARD,
            Self::PreviousKeyframe | Self::PreviousVisit => icon::STEP_BACK,
            Self::NewLesion => icon::TARGET,
            Self::FillForm => icon::KEYBOARD,
        })
    }

    pub const fn hint(self) -> &'static str {
        match self {
            Self::FillForm => "Arrows choose the row, digits and P A U N answer, Esc gives the keys back",
            Self::Grid => "Many pictures at once, to label and check them in bulk",
            Self::FinishCase => "Says that this case is done, with the time it took, and opens the next open one",
            Self::NothingHere => "Records that the label in hand was looked for on this frame and is not there",
            Self::Track => "The shape becomes a track: pull it on other frames, the way between is interpolated",
            Self::Keyframe => "What the track looks like here is kept as a keyframe, or the keyframe is taken away",
            Self::NewLesion => "Follows the selected shape as one lesion through all visits",
            _ => "",
        }
    }
}
