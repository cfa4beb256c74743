//! What a rater painted, in the project: under a label of its own that is an instance of the label it was painted with,
//! on a layer of its own, so that nobody's paint covers another's.

use crate::command::{Command, PaintMode, PaintRule};
use crate::contents::Contents;
use crate::entity::{AnnotationId, Entity, ImageId, Kind, LabelId, RaterId};
use crate::error::{Error, Result};
use crate::id::Key;
use crate::labels::Label;
use crate::packed::{PackedMask, indices};
use crate::records::{Annotation, AnnotationState, Rater};
use crate::share::{EXT, derived_id};
use limner_imaging::Mask;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// One label of a handout on one image.
pub(super) struct Painted {
    pub image: ImageId,
    pub label: LabelId,
    pub mask: Mask,
}

/// What was painted with each label on each image when it was handed out.
pub(super) type Hashes = BTreeMap<ImageId, BTreeMap<LabelId, String>>;

/// The commands that paint what a reader may see, on as few layers as keep it apart, and what that is.
pub(super) fn shown(
    contents: &Contents,
    images: impl Iterator<Item = ImageId>,
    labels: &BTreeSet<LabelId>,
) -> (Vec<Command>, Hashes) {
    let (mut commands, mut hashes) = (Vec::new(), Hashes::new());
    for image in images {
        let Some(map) = contents.label_map(image) else { continue };
        let mut layer = 0;
        for n in 0..map.layers().len() {
            let before = commands.len();
            for label in labels.iter().filter_map(|id| contents.label(*id)) {
                let mask = map.mask_on(n, label.value);
                if !mask.is_empty() {
                    let (label, mask) = (label.value, PackedMask::pack(&mask));
                    let (mode, rule) = (PaintMode::Set, PaintRule::All);
                    commands.push(Command::Paint { image, layer, label, mask, mode, rule });
                }
            }
            layer += usize::from(commands.len() > before);
        }
        let of = labels.iter().filter_map(|id| contents.label(*id)).map(|label| (label.id, map.mask_of(label.value)));
        let of: BTreeMap<_, _> = of.filter(|(_, mask)| !mask.is_empty()).map(|(id, mask)| (id, hash(&mask))).collect();
        if !of.is_empty() {
            hashes.insert(image, of);
        }
    }
    (commands, hashes)
}

/// What was handed out, as the handout itself notes it.
fn handed_out(contents: &Contents) -> Hashes {
    let noted = |image: ImageId| {
        let masks = contents.origin(image)?.ext.get(EXT)?.get("masks")?.clone();
        Some((image, serde_json::from_value(masks).ok()?))
    };
    contents.images().filter_map(|image| noted(image.id)).collect()
}

/// All that a rater painted in a handout: what is there and is not as it was handed out, and what they took away whole.
/// `collected` are images and labels that were brought in from it before.
pub(super) fn painted_in(contents: &Contents, collected: &BTreeSet<(ImageId, LabelId)>) -> Vec<Painted> {
    let handed = handed_out(contents);
    let mut found = painted(contents);
    let there: BTreeSet<_> = found.iter().map(|one| (one.image, one.label)).collect();
    let given = handed.iter().flat_map(|(image, labels)| labels.keys().map(|label| (*image, *label)));
    let empty = || Mask::empty(limner_imaging::VoxelBox::default());
    let gone: BTreeSet<_> = given.chain(collected.iter().copied()).filter(|at| !there.contains(at)).collect();
    found.extend(gone.into_iter().map(|(image, label)| Painted { image, label, mask: empty() }));
    found.retain(|one| {
        let given = handed.get(&one.image).and_then(|labels| labels.get(&one.label));
        // What was changed and collected before may be back as it was.
        given.is_none_or(|given| *given != hash(&one.mask)) || collected.contains(&(one.image, one.label))
    });
    found
}

/// Images and labels whose paint was brought in from a handout before.
pub(super) fn collected_from(contents: &Contents, handout: Uuid) -> BTreeSet<(ImageId, LabelId)> {
    let handout = handout.to_string();
    let from_here = |annotation: &&Annotation| {
        let ext = contents.origin(annotation.id).and_then(|origin| origin.ext.get(EXT));
        ext.is_some_and(|ext| {
            ext.get("mask").is_some() && ext.get("handout").and_then(|id| id.as_str()) == Some(&handout)
        })
    };
    let target = |annotation: &Annotation| {
        let label = annotation.content.first().filter(|key| key.kind == Kind::Label)?;
        Some((ImageId(annotation.target.id), contents.label(LabelId(label.id))?.instance_of?))
    };
    contents.all::<Annotation>().filter(from_here).filter_map(target).collect()
}

fn painted(contents: &Contents) -> Vec<Painted> {
    let mut all = Vec::new();
    for image in contents.images() {
        let Some(map) = contents.label_map(image.id) else { continue };
        for value in map.values() {
            if let Some(label) = contents.label_of_value(value) {
                all.push(Painted { image: image.id, label: label.id, mask: map.mask_of(value) });
            }
        }
    }
    all
}

/// What came of bringing paint in.
pub(super) enum Outcome {
    Same,
    /// Staged; the label it is under.
    Put(Vec<Command>),
    /// The project's version was changed since it was collected; this one was put beside it.
    Beside(Vec<Command>),
}

/// The commands that bring a rater's paint into the project.
pub(super) fn bring_in(contents: &Contents, rater: &Rater, handout: Uuid, painted: &Painted) -> Result<Outcome> {
    let kind = contents.label(painted.label).ok_or(Error::Missing { key: painted.label.into() })?;
    contents.image(painted.image).ok_or(Error::Missing { key: painted.image.into() })?;
    let new = hash(&painted.mask);
    let of = |extra: &[u8]| -> (LabelId, AnnotationId) {
        let parts = [handout.as_bytes().as_slice(), painted.image.0.as_bytes(), painted.label.0.as_bytes(), extra];
        let id = |what: &[u8]| derived_id(&[what, parts[0], parts[1], parts[2], parts[3]]);
        (LabelId(id(b"label")), AnnotationId(id(b"annotation")))
    };
    let main = of(b"");
    let version = of(new.as_bytes());
    let known = |(label, annotation): (LabelId, AnnotationId)| {
        let label = contents.label(label)?;
        let origin = contents.origin(annotation)?;
        let collected = origin.ext.get(EXT)?.get("mask")?.as_str()?.to_owned();
        let now = hash(&contents.label_map(painted.image)?.mask_of(label.value));
        Some((label.value, collected, now))
    };
    if known(version).is_some() {
        return Ok(Outcome::Same);
    }
    Ok(match known(main) {
        None => Outcome::Put(put(contents, rater, kind, painted, main, (handout, &new), None)?),
        Some((_, collected, _)) if collected == new => Outcome::Same,
        Some((_, _, now)) if now == new => Outcome::Same,
        Some((value, collected, now)) if collected == now => {
            Outcome::Put(put(contents, rater, kind, painted, main, (handout, &new), Some(value))?)
        }
        Some(_) => Outcome::Beside(put(contents, rater, kind, painted, version, (handout, &new), None)?),
    })
}

/// `replaces` is the value whose voxels go first.
fn put(
    contents: &Contents,
    rater: &Rater,
    kind: &Label,
    painted: &Painted,
    (label, annotation): (LabelId, AnnotationId),
    (handout, hash): (Uuid, &str),
    replaces: Option<u16>,
) -> Result<Vec<Command>> {
    let map = contents.label_map(painted.image).ok_or(Error::Missing { key: painted.image.into() })?;
    let none_left = || Error::refused("no label value is free; remove labels that are not used");
    let value = replaces.map_or_else(|| contents.free_label_value().ok_or_else(none_left), Ok)?;
    let mut commands = Vec::new();
    if replaces.is_none() {
        let name = format!("{} ({})", kind.name, rater.pseudonym);
        let concept = kind.concept.clone();
        let instance = Label { id: label, instance_of: Some(kind.id), concept, ..Label::new(value, name) };
        commands.push(Command::put(instance));
    }
    let old = map.layers().iter().position(|layer| layer.count(value) > 0);
    // A layer where nothing is under the mask; where every layer is full, a new one.
    let bounds = painted.mask.tight_box();
    let is_free = |n: &usize| -> bool {
        let there = map.copy_box(*n, bounds);
        let under = indices(bounds, 0, bounds.len());
        there.iter().zip(under).all(|(old, index)| *old == 0 || *old == value || !painted.mask.get(index))
    };
    let layer = old.filter(is_free).or_else(|| (0..map.layers().len()).find(is_free)).unwrap_or(map.layers().len());
    let paint = |layer: usize, mask: &Mask, mode: PaintMode| Command::Paint {
        image: painted.image,
        layer,
        label: value,
        mask: PackedMask::pack(mask),
        mode,
        rule: PaintRule::All,
    };
    if let Some(old) = old.filter(|_| replaces.is_some()) {
        commands.push(paint(old, &map.mask_on(old, value), PaintMode::Erase));
    }
    commands.push(paint(layer, &painted.mask, PaintMode::Set));
    commands.push(signed(rater.id, painted.image.into(), label, annotation, handout, hash));
    Ok(commands)
}

/// Says whose version it is and what it was when it was collected.
fn signed(rater: RaterId, target: Key, label: LabelId, id: AnnotationId, handout: Uuid, hash: &str) -> Command {
    let (protocol, state, blinded_to) = (None, AnnotationState::Submitted, Vec::new());
    let annotation = Annotation { id, target, content: vec![label.into()], rater, protocol, state, blinded_to };
    Command::Put {
        entity: Box::new(Entity::from(annotation)),
        parents: Vec::new(),
        ext: BTreeMap::from([(EXT.to_owned(), serde_json::json!({"handout": handout, "mask": hash}))]),
        origin: None,
    }
}

/// The same for the same voxels, however they were packed.
fn hash(mask: &Mask) -> String {
    let packed = serde_json::to_vec(&PackedMask::pack(mask)).unwrap_or_default();
    Sha256::digest(packed).iter().map(|byte| format!("{byte:02x}")).collect()
}
