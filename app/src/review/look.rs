//! What each viewport shows of the versions, and in which colours.

use super::{How, OWN, Review, Side, Source, SourceId};
use crate::gpu::{Inks, ReviewLook, ReviewLooks, SheetColours, SheetId, SheetLook};
use crate::theme::over;
use crate::view_state::{Stage, Viewport, ViewportId};
use limner_annotation::Contents;
use limner_annotation::review::differ::{STEPS, said};
use limner_annotation::review::soft;
use limner_render::LabelStyle;

/// Wider than the project's own outlines: versions are told apart by them.
const OUTLINE: f32 = 2.0;
const WHOLE: [f32; 2] = [0.0, 1.0];
const MAP_OPACITY: f32 = 0.6;

/// What decides the colours of sheets.
#[derive(Clone, Debug, PartialEq)]
pub struct ColoursOf {
    pub made: u64,
    pub only: Option<u32>,
    pub colours: Vec<(SourceId, [u8; 3])>,
    pub labels: Vec<(u16, [u8; 3])>,
}

/// What a viewport shows of the versions, in words.
#[derive(Clone, Debug, PartialEq)]
pub enum Caption {
    One(SourceId),
    /// At the left and at the right of a line.
    Swiped([SourceId; 2]),
    Turn(Side, SourceId),
    Map(How),
    Outlines(Vec<SourceId>),
}

impl Review {
    /// Whether versions are shown on a viewport: it shows the picture they are about, as a slice.
    pub fn is_on(&self, viewport: &Viewport) -> bool {
        !self.is_empty() && viewport.image.is_some() && viewport.image == self.image && !viewport.is_solid()
    }

    /// The version whose surfaces a viewport in 3D shows: its own, else the one chosen in the list, else A.
    pub fn in_space(&self, id: ViewportId, viewport: &Viewport) -> Option<SourceId> {
        let is_about = viewport.is_solid() && viewport.image.is_some() && viewport.image == self.image;
        if self.is_empty() || !is_about {
            return None;
        }
        let chosen = self.seats.get(&id).copied().or(self.in_hand);
        let chosen = chosen.or_else(|| self.pair().map(|[a, _]| a));
        chosen.filter(|id| *id != OWN && self.labels_of(*id).is_some())
    }

    pub fn caption(&self, id: ViewportId, viewport: &Viewport) -> Option<Caption> {
        if viewport.is_solid() {
            return self.in_space(id, viewport).map(Caption::One);
        }
        if !self.is_on(viewport) {
            return None;
        }
        if let Some(seat) = self.seats.get(&id) {
            return Some(Caption::One(*seat));
        }
        let pair = self.pair();
        match (self.how, pair) {
            (How::Swipe, Some(pair)) => Some(Caption::Swiped(pair)),
            (How::Flicker, Some([a, b])) => {
                let (side, one) = if self.flipped { (Side::B, b) } else { (Side::A, a) };
                Some(Caption::Turn(side, one))
            }
            (How::Agreement | How::Distance, Some(_)) | (How::Disputes, _) => Some(Caption::Map(self.how)),
            (How::Probability, _) if self.soft().is_some() => Some(Caption::Map(self.how)),
            _ => {
                let shown = self.outlined().map(|source| source.id).collect::<Vec<_>>();
                (!shown.is_empty()).then_some(Caption::Outlines(shown))
            }
        }
    }

    /// The version whose probability map is shown: the one chosen, else the first that is one.
    pub fn soft(&self) -> Option<SourceId> {
        let is_soft = |source: &&Source| source.ready().is_some_and(|ready| ready.version.soft.is_some());
        let chosen = self.in_hand.and_then(|id| self.get(id)).filter(is_soft);
        chosen.or_else(|| self.sources.iter().filter(|source| source.visible).find(is_soft)).map(|source| source.id)
    }

    /// Versions drawn as outlines; the project's own labels are there anyway.
    fn outlined(&self) -> impl Iterator<Item = &Source> {
        // The reference lies under the others: where they agree with it they are seen.
        let order = |first: bool| self.sources.iter().filter(move |s| (Some(s.id) == self.reference) == first);
        let says = |source: &Source| source.ready().is_some() || self.says_in_records(source.id);
        let shown = move |source: &&Source| source.id != OWN && source.visible && says(source);
        order(true).chain(order(false)).filter(shown)
    }

    pub fn looks(&self, stage: &Stage) -> ReviewLooks {
        let of = |(id, viewport): (ViewportId, &Viewport)| {
            let look = self.look(&self.caption(id, viewport)?, stage.label_opacity);
            Some((id, look))
        };
        stage.iter().filter_map(of).collect()
    }

    /// Of one viewport.
    pub fn look_of(&self, id: ViewportId, stage: &Stage) -> ReviewLook {
        let caption = stage.get(id).and_then(|viewport| self.caption(id, viewport));
        caption.map(|caption| self.look(&caption, stage.label_opacity)).unwrap_or_default()
    }

    fn look(&self, caption: &Caption, opacity: f32) -> ReviewLook {
        let sheet = |id: SourceId, part| SheetLook {
            id: SheetId::Version(id.0),
            inks: Inks::ByLabel,
            opacity,
            outline: OUTLINE,
            part,
        };
        match caption {
            // As it is painted, so that a stroke is seen at once.
            Caption::One(OWN) | Caption::Turn(_, OWN) => ReviewLook::default(),
            // Who speaks in records alone leaves the paint as it is.
            Caption::One(one) if self.labels_of(*one).is_none() => ReviewLook::default(),
            Caption::One(one) | Caption::Turn(_, one) => {
                ReviewLook { hides_own: true, sheets: vec![sheet(*one, WHOLE)] }
            }
            Caption::Swiped([a, b]) => {
                let sheets = vec![sheet(*a, [0.0, self.swipe]), sheet(*b, [self.swipe, 1.0])];
                ReviewLook { hides_own: true, sheets }
            }
            Caption::Map(_) => {
                let map =
                    SheetLook { id: SheetId::Map, opacity: MAP_OPACITY, outline: 0.0, ..sheet(SourceId(0), WHOLE) };
                // Who disputes what is seen by the outlines of all over the map.
                let outlined = match self.how {
                    How::Disputes => self.compared_now(),
                    // Where it is cut for figures.
                    How::Probability => self.soft().into_iter().collect(),
                    _ => Vec::new(),
                };
                let outline = if self.how == How::Disputes { OUTLINE / 2.0 } else { OUTLINE };
                let outlines = outlined.into_iter().map(|id| SheetLook {
                    inks: Inks::BySource,
                    opacity: 0.0,
                    outline,
                    ..sheet(id, WHOLE)
                });
                ReviewLook { hides_own: true, sheets: std::iter::once(map).chain(outlines).collect() }
            }
            Caption::Outlines(shown) => {
                let one = |id: &SourceId| SheetLook { inks: Inks::BySource, opacity: 0.0, ..sheet(*id, WHOLE) };
                let painted = shown.iter().filter(|id| self.labels_of(**id).is_some());
                ReviewLook { hides_own: false, sheets: painted.map(one).collect() }
            }
        }
    }

    /// The colours of a version's sheet: its numbers are places in the list of its labels.
    pub fn colours_of(&self, source: &Source, contents: Option<&Contents>) -> SheetColours {
        let Some(labels) = source.labels() else { return SheetColours::default() };
        let (_, names) = labels.codes();
        let mut colours = SheetColours::default();
        for (code, label) in names.iter().enumerate().skip(1) {
            let visible = self.only.is_none_or(|only| only == *label);
            let style = |colour| LabelStyle { visible, ..LabelStyle::new(colour) };
            let code = code as u16;
            colours.by_label.push((code, style(colour_of_label(contents, *label))));
            colours.by_source.push((code, LabelStyle { filled: false, ..style(source.shown_colour()) }));
        }
        colours
    }

    pub fn map_colours(&self) -> SheetColours {
        let styles: Vec<(u16, LabelStyle)> = match self.map.of.as_ref().map(|of| of.how) {
            Some(How::Agreement) => AGREEMENT.iter().map(|(code, colour, _)| (*code, rgb(*colour))).collect(),
            Some(How::Probability) => {
                (1..=soft::STEPS).map(|code| (code, LabelStyle::new(over::probability(code, soft::STEPS)))).collect()
            }
            Some(How::Distance) => (1..=2 * STEPS).map(|code| (code, LabelStyle::new(over::distance(code)))).collect(),
            _ => (1..=32).map(|code| (code, LabelStyle::new(over::dispute(code)))).collect(),
        };
        SheetColours { by_label: styles.clone(), by_source: styles }
    }
}

/// What the numbers of the agreement map mean, each with its colour.
pub const AGREEMENT: [(u16, eframe::egui::Color32, &str); 4] = [
    (said::BOTH, over::AGREED, "Agreed"),
    (said::ONLY_A, over::ONLY_A, "Only A"),
    (said::ONLY_B, over::ONLY_B, "Only B"),
    (said::OTHERWISE, over::OTHERWISE, "Another label"),
];

fn rgb(colour: eframe::egui::Color32) -> LabelStyle {
    LabelStyle::new([colour.r(), colour.g(), colour.b()])
}

/// As the project has it, else as an unstyled label looks.
pub fn colour_of_label(contents: Option<&Contents>, label: u32) -> [u8; 3] {
    let value = u16::try_from(label).unwrap_or((label % 65_521) as u16);
    let own = contents.and_then(|contents| contents.label_of_value(value));
    own.map_or_else(|| LabelStyle::of_label(value).colour, limner_annotation::Label::colour)
}
