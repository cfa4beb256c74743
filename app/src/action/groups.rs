//! How long menus are parted: what belongs together goes into a menu of its own, a line sets the rest apart.

use super::{Action, Ask};
use crate::case::Errand;
use crate::review::Act;
use crate::work::operation::Work;

impl Action {
    /// The menu inside of its menu.
    pub const fn submenu(self) -> Option<&'static str> {
        Some(match self {
            Self::Arrange(_) | Self::Split(_) | Self::CloseView | Self::NextView | Self::Maximise => "Arrange views",
            Self::LinkPlace | Self::LinkCamera | Self::LinkWindow => "Shared between views",
            Self::NextSlice
            | Self::PreviousSlice
            | Self::FirstSlice
            | Self::LastSlice
            | Self::NextSeries
            | Self::PreviousSeries => "Slices and series",
            Self::ZoomIn | Self::ZoomOut | Self::ResetView | Self::TurnClockwise | Self::MirrorView => "Zoom and turn",
            Self::WindowAsStored | Self::WindowPreset(_) | Self::InvertWindow => "Grey window",
            Self::PlayCine | Self::NextTime | Self::PreviousTime => "Play",
            Self::CopyView | Self::SaveView | Self::SaveClip => "Copy and save",
            Self::Register | Self::AdjustRegistration => "Registration",
            Self::Ask(ask) => return of_questions(ask),
            Self::Case(errand) => return of_case(errand),
            Self::Review(act) => return act.submenu(),
            Self::Work(work) => return of_work(work),
            _ => return None,
        })
    }

    /// Whether a line stands before it.
    pub const fn begins_group(self) -> bool {
        matches!(
            self,
            Self::NewProject
                | Self::Export
                | Self::DeleteThing
                | Self::FlipSign
                | Self::BrushLarger
                | Self::ToggleReferenceLines
                | Self::Settings
                | Self::Case(Errand::NextCase | Errand::NothingHere)
                | Self::Ask(Ask::Next | Ask::Accept | Ask::Export)
                | Self::Review(Act::SideBySide | Act::NextPlace | Act::CompareAll | Act::NextSource)
        )
    }
}

const fn of_questions(ask: Ask) -> Option<&'static str> {
    Some(match ask {
        Ask::EditQuestion
        | Ask::EditAnswer
        | Ask::NextType
        | Ask::PreviousType
        | Ask::AddChoice
        | Ask::AddDistractors
        | Ask::DontKnow
        | Ask::NoneOfThese
        | Ask::AddStep
        | Ask::AddPicture
        | Ask::AddTurn => "Write and add",
        Ask::PointAtEvidence | Ask::PointAtAnswer | Ask::Measure | Ask::PointForStep => "Point at something",
        Ask::Page(_) => "Pages of questions",
        Ask::Make | Ask::KeepMade | Ask::Audit => "Make and audit",
        _ => return None,
    })
}

const fn of_case(errand: Errand) -> Option<&'static str> {
    Some(match errand {
        Errand::Page(_) => "Pages",
        Errand::Track
        | Errand::Keyframe
        | Errand::Outside
        | Errand::Occluded
        | Errand::NextKeyframe
        | Errand::PreviousKeyframe => "Tracks through frames",
        Errand::NewLesion | Errand::NextVisit | Errand::PreviousVisit => "Lesions over visits",
        _ => return None,
    })
}

const fn of_work(work: Work) -> Option<&'static str> {
    Some(match work {
        Work::Interpolate | Work::CopyOnwards | Work::CopyBack | Work::Forwards | Work::Backwards | Work::Between => {
            "Through slices and frames"
        }
        Work::FillOutlines | Work::FillHoles | Work::KeepLargest | Work::RemoveSmall => "Outlines, holes and islands",
        Work::Grow | Work::Shrink | Work::Smooth | Work::CloseGaps | Work::RemoveThin | Work::Hollow => "Edge",
    })
}

#[cfg(test)]
mod tests {
    use crate::action::{ACTIONS, Menu};
    use std::collections::BTreeSet;

    /// A menu must fit a window of 800 points, with its lines and the bar above.
    #[test]
    fn no_menu_is_longer_than_a_small_window() {
        const MOST: usize = 24;
        for menu in Menu::ALL {
            let entries = || ACTIONS.iter().filter(|e| e.menu == menu && !e.action.is_only_a_key());
            let plain = entries().filter(|entry| entry.action.submenu().is_none()).count();
            let inner: BTreeSet<_> = entries().filter_map(|entry| entry.action.submenu()).collect();
            assert!(plain + inner.len() <= MOST, "{}: {plain} and {}", menu.title(), inner.len());
            for name in inner {
                let inside = entries().filter(|entry| entry.action.submenu() == Some(name)).count();
                assert!((2..=MOST).contains(&inside), "{name}: {inside}");
            }
        }
    }
}
