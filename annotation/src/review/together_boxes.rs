//! Boxes of several versions brought together: those that overlap by half and are of one class and slice are one thing, and
//! what more than half of the versions have is kept, at the mean place. The inputs are not touched.

use super::together::{Input, consensus_label, inputs_of};
use crate::command::Command;
use crate::consensus::{RatedBox, cluster};
use crate::contents::Contents;
use crate::entity::{ConsensusId, ImageId, ShapeId};
use crate::error::Result;
use crate::exchange::vqa::boxes::Rect;
use crate::id::Key;
use crate::records::{Consensus, ConsensusMethod};
use crate::shapes::{Form, Shape, Slice};
use std::collections::{BTreeMap, BTreeSet};

/// Boxes mean the same from this overlap on.
const SAME: f64 = 0.5;

/// A box of the n-th version.
#[derive(Clone, Debug)]
pub struct OneBox {
    pub version: usize,
    pub class: String,
    pub slice: Slice,
    pub rect: Rect,
    /// How sure; none for a person.
    pub score: Option<f64>,
}

/// What most versions have.
#[derive(Clone, Debug, PartialEq)]
pub struct Agreed {
    pub class: String,
    pub slice: Slice,
    pub rect: Rect,
    pub versions: usize,
}

/// Of so many versions.
#[must_use]
pub fn agreed(boxes: &[OneBox], versions: usize) -> Vec<Agreed> {
    let mut by_slice: BTreeMap<(usize, usize), Vec<&OneBox>> = BTreeMap::new();
    for one in boxes {
        by_slice.entry((one.slice.axis, one.slice.index)).or_default().push(one);
    }
    let mut out = Vec::new();
    for here in by_slice.into_values() {
        let rated = |one: &&OneBox| RatedBox {
            rater: one.version,
            category: one.class.trim().to_lowercase(),
            rect: one.rect,
            weight: one.score.unwrap_or(1.0),
        };
        let clusters = cluster(&here.iter().map(rated).collect::<Vec<_>>(), SAME, versions / 2 + 1);
        // As the first of them is written.
        out.extend(clusters.into_iter().map(|cluster| Agreed {
            class: here[cluster.members[0]].class.clone(),
            slice: here[cluster.members[0]].slice,
            rect: cluster.rect,
            versions: cluster.raters,
        }));
    }
    out
}

/// The commands that keep it: one step. Every class gets a label of its own, an instance of the class's.
pub fn keep(contents: &Contents, image: ImageId, agreed: &[Agreed], inputs: &[Input]) -> Result<Vec<Command>> {
    let mut commands = Vec::new();
    let (_, annotations) = inputs_of(contents, image, inputs, &mut commands);
    let classes: BTreeSet<&str> = agreed.iter().map(|one| one.class.as_str()).collect();
    let mut labels = BTreeMap::new();
    for class in classes.into_iter().filter(|class| !class.trim().is_empty()) {
        let base = super::decide_row::label_called(contents, class, &mut commands);
        labels.insert(class, consensus_label(contents, base, ConsensusMethod::IouCluster, &mut commands)?);
    }
    let mut output: Vec<Key> = Vec::new();
    for Agreed { class, slice, rect: [x0, y0, x1, y1], .. } in agreed {
        let form = Form::Box2d { slice: *slice, min: [*x0, *y0], max: [*x1, *y1] };
        let (id, label) = (ShapeId::new(), labels.get(class.as_str()).copied());
        let shape = Shape { id, image, form, label, text: None, tags: Default::default() };
        output.push(id.into());
        commands.push(Command::AddShape { shape });
    }
    let params = BTreeMap::from([("iou".to_owned(), SAME), ("versions".to_owned(), inputs.len() as f64)]);
    let (id, target, method, per_rater) =
        (ConsensusId::new(), image.into(), ConsensusMethod::IouCluster, BTreeMap::new());
    commands.push(Command::put(Consensus { id, target, method, inputs: annotations, params, per_rater, output }));
    Ok(commands)
}

/// Shapes that a consensus put there: what several say is not what the project says.
#[must_use]
pub fn shapes_of_consensus(contents: &Contents) -> BTreeSet<Key> {
    contents.all::<Consensus>().flat_map(|one| one.output.iter().copied()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_most_versions_have_is_kept_slice_by_slice() {
        let one = |version: usize, class: &str, slice: usize, x: f64, score: f64| OneBox {
            version,
            class: class.into(),
            slice: Slice::stored(slice),
            rect: [x, 0.0, x + 10.0, 10.0],
            score: Some(score),
        };
        let boxes = [
            one(0, "Nodule", 3, 0.0, 1.0),
            one(1, "nodule", 3, 2.0, 1.0),
            // Another slice, another class, a place of its own.
            one(2, "Nodule", 4, 0.0, 0.9),
            one(2, "Cyst", 3, 0.0, 0.9),
            one(0, "Nodule", 3, 50.0, 0.9),
        ];
        let found = agreed(&boxes, 3);
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!((found[0].class.as_str(), found[0].versions), ("Nodule", 2));
        assert_eq!((found[0].slice, found[0].rect), (Slice::stored(3), [1.0, 0.0, 11.0, 10.0]));
        assert!(agreed(&boxes, 4).is_empty(), "two of four are not most");
    }
}
