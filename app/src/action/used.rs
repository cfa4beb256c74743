//! Which commands were called by name, so that the palette begins with what is likely to be wanted.

use super::{ACTIONS, Action, Ask, Entry, Tool};
use crate::case::Errand;
use crate::keymap::id_of;
use limner_annotation::tools::ToolId;
use serde::{Deserialize, Serialize};
use std::cmp::Reverse;

/// The one called last comes first, each with how often it was called.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Used(Vec<(String, u32)>);

/// Of those called, so many stand in the order of time, the others in that of how often.
const RECENT: usize = 5;
/// Names kept; what was not called for long is forgotten.
const MOST: usize = 100;

/// What a new user is likely to want, before there is anything to learn from.
fn first_wanted(action: Action) -> Option<usize> {
    const TOOLS: [&str; 4] = ["point", "scribble", "brush", "ruler"];
    let tool = |name: &&str| ToolId::named(name).is_some_and(|tool| action == Action::Tool(Tool::Use(tool)));
    if let Some(place) = TOOLS.iter().position(tool) {
        return Some(place);
    }
    const OTHERS: [Action; 10] = [
        Action::FourUp,
        Action::OpenFolder,
        Action::OpenFile,
        Action::OpenSample,
        Action::ComparePrior,
        Action::Ask(Ask::New),
        Action::Case(Errand::Grid),
        Action::Export,
        Action::KeySheet,
        Action::Tour,
    ];
    OTHERS.iter().position(|other| *other == action).map(|place| TOOLS.len() + place)
}

impl Used {
    /// A command was called by name.
    pub fn note(&mut self, action: Action) {
        let id = id_of(action);
        let before = self.0.iter().position(|(known, _)| *known == id).map_or(0, |at| self.0.remove(at).1);
        self.0.insert(0, (id, before.saturating_add(1)));
        self.0.truncate(MOST);
    }

    /// All commands: those called last, those called often, those a new user wants, the others as the menus have them,
    /// and the one that ends the program.
    pub fn in_order(&self) -> Vec<&'static Entry> {
        let standing = |entry: &&Entry| {
            if entry.action == Action::Quit {
                return (4, Reverse(0), 0);
            }
            let id = id_of(entry.action);
            match (self.0.iter().position(|(known, _)| *known == id), first_wanted(entry.action)) {
                (Some(place), _) if place < RECENT => (0, Reverse(0), place),
                (Some(place), _) => (1, Reverse(self.0[place].1), place),
                (None, Some(place)) => (2, Reverse(0), place),
                (None, None) => (3, Reverse(0), 0),
            }
        };
        let mut all: Vec<&Entry> = ACTIONS.iter().collect();
        all.sort_by_cached_key(standing);
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first(used: &Used, count: usize) -> Vec<Action> {
        used.in_order().into_iter().take(count).map(|entry| entry.action).collect()
    }

    #[test]
    fn the_last_come_first_then_the_frequent_and_the_end_of_the_program_comes_last() {
        let mut used = Used::default();
        assert!(used.in_order().len() == ACTIONS.len() && first(&used, 1) != [Action::Quit]);
        for _ in 0..3 {
            used.note(Action::MirrorView);
        }
        used.note(Action::TurnClockwise);
        let recent = [Action::ZoomIn, Action::ZoomOut, Action::NextSlice, Action::LastSlice, Action::Quit];
        recent.iter().rev().for_each(|action| used.note(*action));
        assert_eq!(first(&used, 4), recent[..4]);
        assert_eq!(first(&used, 6)[4..], [Action::MirrorView, Action::TurnClockwise], "the more frequent one first");
        assert_eq!(used.in_order().last().map(|entry| entry.action), Some(Action::Quit), "also where it was called");
    }

    #[test]
    fn what_a_new_user_wants_is_known_by_name() {
        let places: std::collections::BTreeSet<_> =
            ACTIONS.iter().filter_map(|entry| first_wanted(entry.action)).collect();
        assert_eq!(places, (0..14).collect());
    }
}
