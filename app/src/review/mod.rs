//! Review: several versions of what is on a picture side by side. What models predicted comes from files and is no part of
//! the project until it is accepted; what was decided, preferred and rated is in the document. Here is the state of looking.

pub mod act;
pub mod ask;
pub mod blind;
pub mod charts;
pub mod look;
pub mod queue;
pub mod said;

pub use act::{Act, Combine, How, Side};
pub use ask::{Ask, ChartAsk};

use crate::case::clock::Clock;
use crate::dispatch::review::HiddenBy;
use crate::theme::LABEL_COLOURS;
use crate::view_state::ViewportId;
use limner_annotation::metrics::Labels;
use limner_annotation::records::Verdict;
use limner_annotation::review::dashboard::{Agreed, By, Told};
use limner_annotation::review::differ::{Distances, Place, Sheet};
use limner_annotation::review::layers::Layer;
use limner_annotation::review::opened::{ModelFiles, Version};
use limner_annotation::review::study::Unmatched;
use limner_annotation::review::{Row, Summary};
use limner_annotation::{ImageId, Revision};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SourceId(pub u32);

/// The project's own labels.
pub const OWN: SourceId = SourceId(0);

/// Who says it.
#[derive(Clone, Debug)]
pub enum Speaker {
    Project,
    /// A rater, or a consensus that was made before.
    Layer(Layer),
    Files(Arc<ModelFiles>),
}

/// A number in place of a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alias {
    pub name: String,
    pub colour: [u8; 3],
}

pub struct Source {
    pub id: SourceId,
    pub name: String,
    pub colour: [u8; 3],
    pub visible: bool,
    /// What it is called and shown as while nobody is to know whose it is.
    pub alias: Option<Alias>,
    pub from: Speaker,
    /// About the picture in front.
    pub state: State,
}

#[derive(Clone, Default)]
pub enum State {
    /// It says nothing about this picture.
    #[default]
    Nothing,
    Reading,
    Ready(Arc<Ready>),
    Failed(String),
}

/// A version with its map for the adapter.
pub struct Ready {
    pub version: Version,
    pub sheet: Sheet,
}

impl Source {
    pub const fn is_file(&self) -> bool {
        matches!(self.from, Speaker::Files(_))
    }

    pub fn shown_colour(&self) -> [u8; 3] {
        self.alias.as_ref().map_or(self.colour, |alias| alias.colour)
    }

    pub fn ready(&self) -> Option<&Arc<Ready>> {
        if let State::Ready(ready) = &self.state { Some(ready) } else { None }
    }

    pub fn labels(&self) -> Option<&Labels> {
        self.ready().map(|ready| &ready.version.labels)
    }
}

/// What the table shows, and of what it was worked out.
#[derive(Default)]
pub struct Figures {
    pub rows: BTreeMap<SourceId, Vec<Row>>,
    pub of: Option<(u64, Option<SourceId>)>,
}

/// Where versions differ on the picture in front, and of what it was worked out.
#[derive(Default)]
pub struct Places {
    pub list: Vec<Place>,
    /// The versions in the order in which places say what they say.
    pub said_by: Vec<SourceId>,
    pub at: Option<usize>,
    pub of: Option<PlacesOf>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct PlacesOf {
    pub made: u64,
    pub sources: Vec<SourceId>,
    pub only: Option<u32>,
}

/// The map that is laid over the picture: of which versions, and of what kind.
#[derive(Clone, Debug, PartialEq)]
pub struct MapOf {
    pub how: How,
    pub places: PlacesOf,
}

#[derive(Default)]
pub struct Map {
    pub drawn: Distances,
    /// It was worked out: until then nothing is known of it.
    pub is_drawn: bool,
    pub of: Option<MapOf>,
}

/// A case of the whole list, wherever it stands in it now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CaseKey {
    pub series: Option<usize>,
    pub image: Option<ImageId>,
}

/// All cases of the list compared.
pub struct Compared {
    /// How often that was done before.
    pub made: u64,
    pub rows: Vec<Row>,
    pub summary: Summary,
    pub left_out: Vec<Unmatched>,
    /// Models with probability maps, which were cut at the threshold.
    pub soft: BTreeSet<String>,
    /// By the name a case has in the rows.
    pub cases: BTreeMap<String, CaseKey>,
}

/// What was decided in the project, and of which revision that is.
#[derive(Default)]
pub struct Decided {
    pub all: Vec<Told>,
    pub agreed: Vec<Agreed>,
    pub of: Option<Revision>,
}

pub struct Review {
    /// The project's own labels first.
    pub sources: Vec<Source>,
    next: u32,
    pub reference: Option<SourceId>,
    /// The picture whose versions are read.
    pub image: Option<ImageId>,
    pub own_revision: Option<Revision>,
    /// Counts every change of what sources say.
    pub made: u64,
    /// The source that decisions are about.
    pub in_hand: Option<SourceId>,
    pub pair: [Option<SourceId>; 2],
    pub how: How,
    /// Of two that take turns the second is in front.
    pub flipped: bool,
    /// They take turns by themselves.
    pub flickers: bool,
    /// Where across a view one version ends and the other begins.
    pub swipe: f32,
    /// Views that show one version alone.
    pub seats: BTreeMap<ViewportId, SourceId>,
    /// The view that was in front last.
    pub(crate) active: Option<ViewportId>,
    /// The one label that is looked at.
    pub only: Option<u32>,
    pub figures: Figures,
    pub places: Places,
    pub map: Map,
    pub compared: Option<Compared>,
    pub comparisons: u64,
    pub charts: charts::Charts,
    pub at_worst: Option<usize>,
    /// The table is of all cases and not of the one in front.
    pub all_cases: bool,
    pub filter: String,
    /// Rows of the queue that are let through, by what was decided about them.
    pub standing: queue::Standing,
    pub decided: Decided,
    /// By what decisions are counted.
    pub count_by: By,
    pub said: said::Said,
    /// The row of records that is open, with what everybody says in full.
    pub row: Option<said::RowKey>,
    /// The view is to go where that row is, once it can.
    pub(crate) goes_to_row: bool,
    /// The verdict that waits for its reason.
    pub asking: Option<Verdict>,
    pub reasons: Vec<String>,
    pub comment: String,
    /// The row of the rating that keys speak to, while they do.
    pub rating: Option<usize>,
    pub clock: Clock,
    /// Sheets were sent in the colours of this state.
    pub coloured: Option<look::ColoursOf>,
    /// Names are hidden as this says.
    pub(crate) hidden_by: Option<HiddenBy>,
    /// What is opened one after the other; true for what was open with the project when it was left.
    pub(crate) waiting: Vec<(PathBuf, bool)>,
}

impl Default for Review {
    fn default() -> Self {
        let own = Source {
            id: OWN,
            name: "This project".into(),
            colour: [232, 232, 222],
            visible: true,
            alias: None,
            from: Speaker::Project,
            state: State::Nothing,
        };
        Self {
            sources: vec![own],
            next: 1,
            reference: None,
            image: None,
            own_revision: None,
            made: 0,
            in_hand: None,
            pair: [None; 2],
            how: How::Outlines,
            flipped: false,
            flickers: false,
            swipe: 0.5,
            seats: BTreeMap::new(),
            active: None,
            only: None,
            figures: Figures::default(),
            places: Places::default(),
            map: Map::default(),
            compared: None,
            comparisons: 0,
            charts: charts::Charts::default(),
            at_worst: None,
            all_cases: false,
            filter: String::new(),
            standing: queue::Standing::default(),
            decided: Decided::default(),
            count_by: By::default(),
            said: said::Said::default(),
            row: None,
            goes_to_row: false,
            asking: None,
            reasons: Vec::new(),
            comment: String::new(),
            rating: None,
            clock: Clock::default(),
            coloured: None,
            hidden_by: None,
            waiting: Vec::new(),
        }
    }
}

impl Review {
    pub fn get(&self, id: SourceId) -> Option<&Source> {
        self.sources.iter().find(|source| source.id == id)
    }

    pub fn get_mut(&mut self, id: SourceId) -> Option<&mut Source> {
        self.sources.iter_mut().find(|source| source.id == id)
    }

    /// Whether there is anything beside the project's own labels.
    pub fn is_empty(&self) -> bool {
        self.sources.len() == 1
    }

    /// Adds a model or a rater under a name nobody else has.
    pub fn add(&mut self, name: &str, from: Speaker) -> SourceId {
        let id = SourceId(self.next);
        self.next += 1;
        let is_taken = |name: &str| self.sources.iter().any(|source| source.name == name);
        let numbered = (2..).map(|n| format!("{name} {n}"));
        let name = std::iter::once(name.to_owned()).chain(numbered).find(|name| !is_taken(name)).unwrap_or_default();
        let colour = LABEL_COLOURS[(id.0 as usize - 1) % LABEL_COLOURS.len()];
        self.sources.push(Source { id, name, colour, visible: true, alias: None, from, state: State::Nothing });
        id
    }

    pub fn remove(&mut self, id: SourceId) {
        self.sources.retain(|source| source.id != id || id == OWN);
        self.seats.retain(|_, seat| *seat != id);
        self.reference = self.reference.filter(|known| *known != id);
        self.in_hand = self.in_hand.filter(|known| *known != id);
        self.pair = self.pair.map(|side| side.filter(|known| *known != id));
        self.made += 1;
    }

    /// What sources say about the picture in front, those that say something.
    pub fn ready(&self) -> impl Iterator<Item = (&Source, &Arc<Ready>)> {
        self.sources.iter().filter_map(|source| Some((source, source.ready()?)))
    }

    pub fn labels_of(&self, id: SourceId) -> Option<&Labels> {
        self.get(id)?.labels()
    }

    /// The two that are laid against each other: those chosen, else two models, else the reference and a model.
    pub fn pair(&self) -> Option<[SourceId; 2]> {
        let is_ready = |id: &SourceId| self.labels_of(*id).is_some();
        let mut free = self.sources.iter().filter(|source| source.is_file()).map(|source| source.id);
        let mut free: Vec<SourceId> = free.by_ref().filter(|id| Some(*id) != self.reference && is_ready(id)).collect();
        free.sort_by_key(|id| self.place(*id));
        free.extend(self.reference);
        free.extend(self.sources.iter().filter(|source| !source.is_file()).map(|source| source.id));
        let mut pair = self.pair.map(|side| side.filter(is_ready));
        for n in 0..2 {
            if pair[n].is_none() {
                pair[n] = free.iter().copied().find(|id| is_ready(id) && !pair.contains(&Some(*id)));
            }
        }
        let [Some(a), Some(b)] = pair else { return None };
        // With one model alone the reference stands first.
        let swapped = self.pair == [None; 2] && Some(b) == self.reference;
        Some(if swapped { [b, a] } else { [a, b] })
    }

    /// Where a source stands in the list.
    pub fn place(&self, id: SourceId) -> usize {
        self.sources.iter().position(|source| source.id == id).unwrap_or(usize::MAX)
    }

    /// The versions that are compared with each other: all shown ones, and the reference.
    pub fn compared_now(&self) -> Vec<SourceId> {
        let takes_part = |source: &&Source| source.visible || Some(source.id) == self.reference;
        let said = |source: &&Source| {
            let empty = source.id == OWN && Some(OWN) != self.reference;
            source.ready().is_some_and(|ready| !empty || !ready.version.labels.labels().is_empty())
        };
        self.sources.iter().filter(takes_part).filter(said).map(|source| source.id).collect()
    }

    /// Forgets what was about the picture before.
    pub fn leave_case(&mut self) {
        for source in &mut self.sources {
            source.state = State::Nothing;
        }
        self.sources.retain(|source| !matches!(source.from, Speaker::Layer(_)));
        (self.figures, self.places, self.map) = (Figures::default(), Places::default(), Map::default());
        (self.own_revision, self.asking, self.coloured) = (None, None, None);
        self.reference = self.reference.filter(|id| self.sources.iter().any(|source| source.id == *id));
        self.made += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use limner_imaging::{Geometry, Samples, Volume, World};

    pub(super) fn ready(value: u8) -> State {
        let geometry = Geometry::axis_aligned([4, 4, 4], World::default(), [1.0; 3]).unwrap();
        let labels = Labels::of(Volume::new(geometry, Samples::U8(vec![value; 64]), 1).unwrap()).unwrap();
        let version = Version { labels, soft: None, names: BTreeMap::new(), sha256: None, file: None };
        State::Ready(Arc::new(Ready { version, sheet: Sheet::default() }))
    }

    #[test]
    fn two_models_are_laid_against_each_other_and_one_against_the_reference() {
        let mut review = Review::default();
        let file = || Speaker::Files(Arc::new(ModelFiles::default()));
        let a = review.add("model", file());
        assert_eq!(review.pair(), None);
        for id in [OWN, a] {
            review.get_mut(id).unwrap().state = ready(1);
        }
        review.reference = Some(OWN);
        assert_eq!(review.pair(), Some([OWN, a]), "the reference stands first");
        let b = review.add("model", file());
        assert_eq!(review.get(b).unwrap().name, "model 2");
        review.get_mut(b).unwrap().state = ready(1);
        assert_eq!(review.pair(), Some([a, b]));
        review.pair = [Some(b), None];
        assert_eq!(review.pair(), Some([b, a]));
        review.remove(a);
        assert_eq!(review.pair(), Some([b, OWN]));
    }
}
