//! Whose paint is whose on an image of the project: what raters brought in from their handouts and what consensus made lies
//! under labels of their own, everything else is the project's.

use crate::contents::Contents;
use crate::entity::{AnnotationId, ImageId, Kind, LabelId, RaterId};
use crate::id::Key;
use crate::label_map::LabelMap;
use crate::records::{Annotation, Consensus, ConsensusMethod, Rater};
use std::collections::{BTreeMap, BTreeSet};

/// One version in the project's own paint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layer {
    pub name: String,
    pub rater: Option<RaterId>,
    pub annotations: Vec<AnnotationId>,
    /// The value it is painted with, and the number of the label it is a version of.
    pub labels: Vec<(u16, u32)>,
}

/// The project's own version, and those of raters and consensus.
#[must_use]
pub fn layers(contents: &Contents, image: ImageId) -> (Layer, Vec<Layer>) {
    let painted: BTreeSet<u16> = contents.label_map(image).map(LabelMap::values).unwrap_or_default();
    let of_label = |key: &Key| {
        let label = contents.label(LabelId(key.id)).filter(|_| key.kind == Kind::Label)?;
        let base = label.instance_of.and_then(|id| contents.label(id)).unwrap_or(label);
        painted.contains(&label.value).then(|| (label.value, u32::from(base.value)))
    };
    let mut raters: BTreeMap<RaterId, Layer> = BTreeMap::new();
    for annotation in contents.all::<Annotation>().filter(|one| one.target == image.into()) {
        let labels: Vec<(u16, u32)> = annotation.content.iter().filter_map(of_label).collect();
        let Some(rater) = contents.get::<Rater>(annotation.rater).filter(|_| !labels.is_empty()) else { continue };
        let layer = raters.entry(rater.id).or_insert_with(|| Layer {
            name: rater.pseudonym.clone(),
            rater: Some(rater.id),
            annotations: Vec::new(),
            labels: Vec::new(),
        });
        layer.annotations.push(annotation.id);
        layer.labels.extend(labels);
    }
    let mut others: Vec<Layer> = raters.into_values().collect();
    for consensus in contents.all::<Consensus>().filter(|one| one.target == image.into()) {
        let labels: Vec<(u16, u32)> = consensus.output.iter().filter_map(of_label).collect();
        if !labels.is_empty() {
            let name = format!("Consensus: {}", method_name(consensus.method));
            let alike = others.iter().filter(|layer| layer.name.starts_with(&name)).count();
            let name = if alike == 0 { name } else { format!("{name} ({})", alike + 1) };
            others.push(Layer { name, rater: None, annotations: Vec::new(), labels });
        }
    }
    let theirs: BTreeSet<u16> = others.iter().flat_map(|layer| layer.labels.iter().map(|(value, _)| *value)).collect();
    let own = painted.difference(&theirs).map(|value| (*value, u32::from(*value))).collect();
    (Layer { name: String::new(), rater: None, annotations: Vec::new(), labels: own }, others)
}

/// For people.
#[must_use]
pub const fn method_name(method: ConsensusMethod) -> &'static str {
    match method {
        ConsensusMethod::Majority => "majority",
        ConsensusMethod::Staple => "STAPLE",
        ConsensusMethod::SoftMean => "mean",
        ConsensusMethod::RandomSample => "random sample",
        ConsensusMethod::IouCluster => "boxes",
        ConsensusMethod::Adjudicated => "adjudicated",
    }
}
