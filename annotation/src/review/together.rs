//! Versions brought together into a new one beside them: under labels of its own, on a layer of its own. No input is touched.

use super::agree::{self, Method, Quality};
use super::decide::own_label;
use crate::command::{Command, PaintMode, PaintRule};
use crate::consensus::Votes;
use crate::contents::Contents;
use crate::entity::{AnnotationId, ConsensusId, ImageId, LabelId, PredictionId, RaterId};
use crate::error::{Error, Result};
use crate::id::Key;
use crate::labels::Label;
use crate::metrics::Labels;
use crate::packed::PackedMask;
use crate::records::{Annotation, AnnotationState, Consensus, ConsensusMethod, Rater, RaterRole};
use std::collections::{BTreeMap, BTreeSet};

/// Whose version goes in.
#[derive(Clone, Debug)]
pub struct Input {
    pub name: String,
    pub said: Said,
}

#[derive(Clone, Debug)]
pub enum Said {
    /// A model, by the record of what it predicted.
    Model(PredictionId),
    /// Somebody of the project, with the annotations that hold it, where there are any.
    Rater(RaterId, Vec<AnnotationId>),
}

/// What came out, worked out off the frame.
#[derive(Debug)]
pub struct Together {
    pub labels: Labels,
    pub method: Method,
    pub disagreement: f64,
    pub undecided_voxels: usize,
    quality: Vec<Quality>,
}

/// Brings versions on one grid together.
pub fn bring_together(versions: &[(String, Labels)], method: Method) -> Result<Together> {
    let maps: Vec<Labels> = versions.iter().map(|(_, labels)| labels.clone()).collect();
    let votes = Votes::of(&maps)?;
    drop(maps);
    let names: Vec<String> = versions.iter().map(|(name, _)| name.clone()).collect();
    let agreed = agree::agreed(&votes, method, &names)?;
    let labels = Labels::of(votes.label_map(&agreed.labels)?)?;
    Ok(Together {
        labels,
        method,
        disagreement: votes.disagreement(),
        undecided_voxels: agreed.undecided_voxels,
        quality: agreed.quality,
    })
}

/// The commands that keep it: one step. `inputs` in the order of the versions.
pub fn keep(
    contents: &Contents,
    image: ImageId,
    together: &Together,
    inputs: &[Input],
    name: impl Fn(u32) -> String,
) -> Result<Vec<Command>> {
    let method = match together.method {
        Method::Majority => ConsensusMethod::Majority,
        Method::Staple | Method::StapleMulti => ConsensusMethod::Staple,
        Method::SoftMean => ConsensusMethod::SoftMean,
    };
    let mut commands = Vec::new();
    let (raters, annotations) = inputs_of(contents, image, inputs, &mut commands);
    let layer = contents.label_map(image).map_or(0, |map| map.layers().len());
    let mut output: Vec<Key> = Vec::new();
    for number in together.labels.labels() {
        let value = own_label(contents, number, &name, &mut commands)?;
        let base = base_of(contents, value, &commands)?;
        let label = consensus_label(contents, base, method, &mut commands)?;
        output.push(label.key());
        let value = label_in(contents, label, &commands)?.value;
        let mask = PackedMask::pack(&together.labels.tight_mask(number));
        let (mode, rule) = (PaintMode::Set, PaintRule::All);
        commands.push(Command::Paint { image, layer, label: value, mask, mode, rule });
    }
    let per_rater = qualities(&together.quality, inputs, &raters);
    let params = BTreeMap::from([("disagreement".to_owned(), together.disagreement)]);
    let (id, target) = (ConsensusId::new(), image.into());
    commands.push(Command::put(Consensus { id, target, method, inputs: annotations, params, per_rater, output }));
    Ok(commands)
}

/// A label of its own for what came out: an instance of the label it is a version of.
pub(super) fn consensus_label(
    contents: &Contents,
    base: LabelId,
    method: ConsensusMethod,
    commands: &mut Vec<Command>,
) -> Result<LabelId> {
    let base = label_in(contents, base, commands)?.clone();
    let known = contents.labels().into_iter().map(|label| label.value);
    let taken: BTreeSet<u16> = known.chain(new_labels(commands).map(|label| label.value)).collect();
    let free = (1..=u16::MAX).rev().find(|value| !taken.contains(value));
    let free = free.ok_or_else(|| Error::refused("all label values are taken"))?;
    let title = format!("{}, {}", base.name, super::layers::method_name(method));
    let label = Label { colour: Some(base.colour()), instance_of: Some(base.id), ..Label::new(free, title) };
    let id = label.id;
    commands.push(Command::AddLabel { label });
    Ok(id)
}

fn new_labels(commands: &[Command]) -> impl Iterator<Item = &Label> {
    commands.iter().filter_map(|command| match command {
        Command::AddLabel { label } => Some(label),
        _ => None,
    })
}

/// The label a consensus is a version of, which may be new in this step.
fn base_of(contents: &Contents, value: u16, commands: &[Command]) -> Result<LabelId> {
    let new = || new_labels(commands).find(|label| label.value == value);
    let base = contents.label_of_value(value).or_else(new).map(|label| label.id);
    base.ok_or_else(|| Error::refused(format!("there is no label of the value {value}")))
}

fn label_in<'a>(contents: &'a Contents, id: LabelId, commands: &'a [Command]) -> Result<&'a Label> {
    let new = || new_labels(commands).find(|label| label.id == id);
    contents.label(id).or_else(new).ok_or(Error::Missing { key: id.key() })
}

/// Raters and annotations of the inputs; those that are not there yet are added.
pub(super) fn inputs_of(
    contents: &Contents,
    image: ImageId,
    inputs: &[Input],
    commands: &mut Vec<Command>,
) -> (Vec<RaterId>, Vec<AnnotationId>) {
    let (mut raters, mut annotations) = (Vec::new(), Vec::new());
    for input in inputs {
        let (rater, content) = match &input.said {
            Said::Rater(rater, known) if !known.is_empty() => {
                raters.push(*rater);
                annotations.extend(known);
                continue;
            }
            Said::Rater(rater, _) => (*rater, Vec::new()),
            Said::Model(prediction) => (model_rater(contents, &input.name, commands), vec![prediction.key()]),
        };
        raters.push(rater);
        let id = AnnotationId::new();
        annotations.push(id);
        let (target, state, blinded_to) = (image.into(), AnnotationState::Submitted, Vec::new());
        commands.push(Command::put(Annotation { id, target, content, rater, protocol: None, state, blinded_to }));
    }
    (raters, annotations)
}

fn model_rater(contents: &Contents, name: &str, commands: &mut Vec<Command>) -> RaterId {
    if let Some(known) = contents.all::<Rater>().find(|rater| rater.pseudonym == name) {
        return known.id;
    }
    let rater = Rater::new(name, RaterRole::Model);
    let id = rater.id;
    commands.push(Command::put(rater));
    id
}

fn qualities(quality: &[Quality], inputs: &[Input], raters: &[RaterId]) -> BTreeMap<RaterId, BTreeMap<String, f64>> {
    let mut all: BTreeMap<RaterId, BTreeMap<String, f64>> = BTreeMap::new();
    for one in quality {
        let Some(place) = inputs.iter().position(|input| input.name == one.rater) else { continue };
        let figures = all.entry(raters[place]).or_default();
        let named = [("sensitivity", one.sensitivity), ("specificity", one.specificity)];
        let known = named.into_iter().filter_map(|(name, value)| Some((name, value?)));
        figures.extend(known.map(|(name, value)| (format!("label {} {name}", one.label), value)));
    }
    all
}
