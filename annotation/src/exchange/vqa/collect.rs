//! From a project to records: which pictures are needed, and where every region lies on them. Pictures are named by number.

use crate::contents::Contents;
use crate::error::{Error, Result};
use crate::exchange::vqa::boxes::Rect;
use crate::exchange::vqa::record::{Asked, Picture, Place, PlaceKind, Records, Scene, Source, Talk};
use crate::exchange::vqa::talk;
use crate::id::{ImageId, LabelId};
use crate::image_entry::ImageEntry;
use crate::question::{
    Dialogue, Evidence, Frame, ImageSet, Lookup, Question, RecipeId, Region, RenderRecipe, Status, Transform,
};
use crate::shapes::{Form, Slice};
use limner_imaging::field::{Connectivity, components};
use limner_imaging::{StackAxis, Task, VoxelBox};
use std::collections::BTreeMap;

/// Which questions to take.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// Also those that no reviewer has accepted.
    pub unreviewed: bool,
    /// Only pictures of these images; all where not set.
    pub images: Option<Vec<ImageId>>,
}

/// A picture to be made: of one slice, by a recipe or as it is.
#[derive(Clone, Debug, PartialEq)]
pub struct PictureJob {
    pub path: String,
    pub image: ImageId,
    pub slice: Slice,
    pub recipe: Option<RenderRecipe>,
}

#[derive(Clone, Debug, Default)]
pub struct Collected {
    pub records: Records,
    pub pictures: Vec<PictureJob>,
    /// Questions left out, each with why.
    pub left_out: Vec<(String, String)>,
}

/// Gathers the questions and dialogues of a project.
pub fn collect(contents: &Contents, book: &dyn Lookup, wanted: &Selection, task: &Task) -> Result<Collected> {
    let mut collector =
        Collector { contents, book, names: BTreeMap::new(), made: Collected::default(), parts: BTreeMap::new() };
    for question in book.questions() {
        task.cancel.check()?;
        let counts = question.status == Status::Accepted || (wanted.unreviewed && question.status != Status::Rejected);
        if !counts || !collector.is_wanted(question, wanted) {
            continue;
        }
        match collector.asked(question) {
            Ok(asked) => collector.made.records.asked.push(asked),
            Err(error) => collector.made.left_out.push((question.stem.clone(), error.to_string())),
        }
    }
    for dialogue in book.dialogues() {
        task.cancel.check()?;
        match collector.talk(dialogue) {
            Ok(talk) => collector.made.records.talks.push(talk),
            Err(error) => collector.made.left_out.push((dialogue.id.to_string(), error.to_string())),
        }
    }
    Ok(collector.made)
}

struct Collector<'a> {
    contents: &'a Contents,
    book: &'a dyn Lookup,
    names: BTreeMap<(ImageId, Slice, Option<RecipeId>), usize>,
    made: Collected,
    /// Boxes of connected parts, found once.
    parts: BTreeMap<(ImageId, LabelId, [usize; 3]), Option<limner_imaging::Mask>>,
}

impl Collector<'_> {
    fn is_wanted(&self, question: &Question, wanted: &Selection) -> bool {
        let Some(images) = &wanted.images else { return true };
        let set = self.book.image_set(question.image_set);
        set.is_some_and(|set| set.items.iter().all(|item| images.contains(&item.frame.image)))
    }

    fn asked(&mut self, question: &Question) -> Result<Asked> {
        let missing = || Error::refused("its image set is not there");
        let set = self.book.image_set(question.image_set).ok_or_else(missing)?;
        let evidence: Vec<&Evidence> = question.all_evidence().collect();
        let scene = self.scene(set, &evidence)?;
        let mut option_scenes = BTreeMap::new();
        for choice in &question.choices {
            if let Some(id) = choice.image_set {
                let set = self.book.image_set(id).ok_or_else(missing)?;
                option_scenes.insert(choice.key.clone(), self.scene(set, &[])?);
            }
        }
        Ok(Asked { scene, question: question.clone(), option_scenes })
    }

    /// A dialogue that is complete: something is said in each turn, and all it points at is seen on its pictures.
    fn talk(&mut self, dialogue: &Dialogue) -> Result<Talk> {
        let set = self.book.image_set(dialogue.image_set);
        let set = set.ok_or_else(|| Error::refused("it names an image set that is not there"))?;
        let dialogue = talk::with_all_markers(dialogue, set.items.len());
        if let Some(n) = dialogue.turns.iter().position(|turn| turn.text.replace(talk::IMAGE, "").trim().is_empty()) {
            return Err(Error::refused(format!("nothing is said in turn {}", n + 1)));
        }
        let evidence: Vec<&Evidence> = dialogue.turns.iter().flat_map(|turn| &turn.evidence).collect();
        let scene = self.scene(set, &evidence)?;
        if let Some(unseen) = evidence.iter().find(|evidence| scene.place(evidence).is_none()) {
            let (name, picture) = (&unseen.name, unseen.image_index + 1);
            return Err(Error::refused(format!("\"{name}\" is not seen on picture {picture}, where it points at it")));
        }
        Ok(Talk { scene, dialogue })
    }

    fn scene(&mut self, set: &ImageSet, evidence: &[&Evidence]) -> Result<Scene> {
        let mut scene = Scene::default();
        let mut shown = Vec::new();
        for (index, item) in set.items.iter().enumerate() {
            let image = self.contents.image(item.frame.image).ok_or(Error::Missing { key: item.frame.image.into() })?;
            let here = evidence.iter().filter(|e| e.image_index == index).map(|e| &e.region);
            let slice = self.slice_of(item.frame, image, here);
            let recipe = item.recipe.and_then(|id| self.book.recipe(id)).cloned();
            let native = Frame::on(image.id, slice).size(self.contents).unwrap_or_default();
            let transform =
                recipe.as_ref().map_or_else(|| Transform::identity(native), |recipe| recipe.transform(native));
            let path = self.path_of(image.id, slice, recipe);
            scene.pictures.push(Picture {
                path,
                size: Some(transform.size),
                role: item.role,
                name: item.name.clone(),
                caption: item.caption.clone(),
                source: Source {
                    is_one_of_many: item.frame.slice.is_none() && image.size()[2] > 1,
                    ..self.source_of(image, slice, transform)
                },
            });
            shown.push((image.id, slice, transform));
        }
        for evidence in evidence {
            if scene.place(evidence).is_some() {
                continue;
            }
            let (_, slice, transform) = shown
                .get(evidence.image_index)
                .ok_or_else(|| Error::refused("its evidence names a picture that is not there"))?;
            if let Some((rect, kind)) = self.rect_of(&evidence.region, *slice) {
                let rect = transform.rectangle(rect);
                scene.places.push(((*evidence).clone(), Place { picture: evidence.image_index, rect, kind }));
            }
        }
        Ok(scene)
    }

    /// The slice shown of a frame: its own, or of a whole image the one with most of the evidence.
    fn slice_of<'r>(&mut self, frame: Frame, image: &ImageEntry, regions: impl Iterator<Item = &'r Region>) -> Slice {
        if let Some(slice) = frame.slice {
            return slice;
        }
        for region in regions {
            if let Some(slice) = region.slice(self.contents) {
                return slice;
            }
            match region {
                Region::Painted { image, label, around, .. } => {
                    if let Some(index) = self.fullest_slice(*image, *label, *around) {
                        return Slice::stored(index);
                    }
                }
                _ => {
                    if let Some(at) = self.point_of(region) {
                        let last = image.size()[2] - 1;
                        return Slice::stored((at[2].round().max(0.0) as usize).min(last));
                    }
                }
            }
        }
        Slice::stored(image.size()[2] / 2)
    }

    fn mask_of(&mut self, image: ImageId, label: LabelId, around: Option<[usize; 3]>) -> Option<limner_imaging::Mask> {
        let value = self.contents.label(label)?.value;
        let map = self.contents.label_map(image)?;
        let Some(at) = around else { return Some(map.mask_of(value)) };
        let find = || {
            let parts = components(&map.mask_of(value), Connectivity::Corner26);
            parts.at(at).map(|part| parts.mask(part))
        };
        self.parts.entry((image, label, at)).or_insert_with(find).clone()
    }

    fn fullest_slice(&mut self, image: ImageId, label: LabelId, around: Option<[usize; 3]>) -> Option<usize> {
        let mask = self.mask_of(image, label, around)?;
        let mut counts: BTreeMap<usize, usize> = BTreeMap::new();
        for index in mask.indices() {
            *counts.entry(index[2]).or_default() += 1;
        }
        counts.into_iter().max_by_key(|(slice, count)| (*count, std::cmp::Reverse(*slice))).map(|(slice, _)| slice)
    }

    fn path_of(&mut self, image: ImageId, slice: Slice, recipe: Option<RenderRecipe>) -> String {
        let key = (image, slice, recipe.as_ref().map(|recipe| recipe.id));
        let place = *self.names.entry(key).or_insert_with(|| {
            let ending = match recipe.as_ref().map(|recipe| recipe.format) {
                Some(crate::question::PictureFormat::Jpeg) => "jpg",
                _ => "png",
            };
            let path = format!("images/{:06}.{ending}", self.made.pictures.len() + 1);
            self.made.pictures.push(PictureJob { path, image, slice, recipe });
            self.made.pictures.len() - 1
        });
        self.made.pictures[place].path.clone()
    }

    fn source_of(&self, image: &ImageEntry, slice: Slice, transform: Transform) -> Source {
        let number = self.contents.images().position(|other| other.id == image.id).unwrap_or(0);
        let [a, b] = slice.axes_in_plane();
        let spacing = image.geometry.spacing_mm();
        let known = image.spacing_known && (image.stack_axis == StackAxis::Space || slice.axis == 2);
        // A picture that was stretched has other pixels; one that was turned has them the other way round.
        let scale = |row: usize| {
            let [dx, dy, _] = transform.rows[row];
            if dx == 0.0 { spacing[b] / dy.abs() } else { spacing[a] / dx.abs() }
        };
        Source {
            case: format!("case_{:05}", number + 1),
            pixel_mm: known.then(|| [scale(0), scale(1)]),
            volume_size: image.size(),
            spacing_mm: (image.spacing_known && image.stack_axis == StackAxis::Space).then_some(spacing),
            slice: Some((slice.axis, slice.index)),
            is_one_of_many: false,
            modality: image.modality.clone(),
        }
    }

    fn point_of(&self, region: &Region) -> Option<[f64; 3]> {
        match region {
            Region::Shape { shape } => match &self.contents.shape(*shape)?.form {
                Form::Point { at } => Some(*at),
                Form::Box3d { min, max } => Some(std::array::from_fn(|a| f64::midpoint(min[a], max[a]) - 0.5)),
                Form::Landmarks { points } => points.values().next().copied(),
                _ => None,
            },
            Region::Landmark { shape, name } => match &self.contents.shape(*shape)?.form {
                Form::Landmarks { points } => points.get(name).copied(),
                _ => None,
            },
            Region::Painted { .. } => None,
        }
    }

    /// Where a region lies on a slice, in native pixels; `None` where it does not.
    fn rect_of(&mut self, region: &Region, slice: Slice) -> Option<(Rect, PlaceKind)> {
        let [a, b] = slice.axes_in_plane();
        match region {
            Region::Painted { image, label, around, .. } => {
                let mask = self.mask_of(*image, *label, *around)?;
                let bounds = mask.bounds();
                let (mut min, mut max) = (bounds.min, bounds.max);
                (min[slice.axis], max[slice.axis]) = (slice.index, slice.index + 1);
                let tight = mask.within(bounds.intersection(&VoxelBox::new(min, max))).tight_box();
                let n = |index: usize| index as f64;
                let rect = [n(tight.min[a]), n(tight.min[b]), n(tight.max[a]), n(tight.max[b])];
                (!tight.is_empty()).then_some((rect, PlaceKind::Outline))
            }
            Region::Shape { shape } => {
                let form = &self.contents.shape(*shape)?.form;
                match form {
                    Form::Box3d { min, max } => {
                        // Voxel indices from corner to corner: half-open as on slices.
                        let index = slice.index as f64;
                        let inside = min[slice.axis] <= index && index < max[slice.axis];
                        inside.then_some(([min[a], min[b], max[a], max[b]], PlaceKind::Box))
                    }
                    Form::Point { .. } | Form::Landmarks { .. } => self.pixel_of(region, slice),
                    Form::ConfidenceMap { map } => {
                        map.outline(slice).as_ref().and_then(bounds_of).map(|rect| (rect, PlaceKind::Outline))
                    }
                    form if form.slice() != Some(slice) => None,
                    Form::Box2d { min, max, .. } => Some(([min[0], min[1], max[0], max[1]], PlaceKind::Box)),
                    form => bounds_of(form).map(|rect| (rect, PlaceKind::Outline)),
                }
            }
            Region::Landmark { .. } => self.pixel_of(region, slice),
        }
    }

    /// From voxel centres to pixel corners.
    fn pixel_of(&self, region: &Region, slice: Slice) -> Option<(Rect, PlaceKind)> {
        let at = self.point_of(region)?;
        let [a, b] = slice.axes_in_plane();
        let near = (at[slice.axis] - slice.index as f64).abs() <= 0.5;
        let (x, y) = (at[a] + 0.5, at[b] + 0.5);
        near.then_some(([x, y, x, y], PlaceKind::Point))
    }
}

/// The box around everything a form is drawn of, at least a pixel wide and high.
pub(crate) fn bounds_of(form: &Form) -> Option<Rect> {
    let points: Vec<[f64; 2]> = match form {
        Form::Polyline { points, .. } => points.clone(),
        Form::Ruler { ends, .. } => ends.to_vec(),
        Form::Bidirectional { long: first, short: second, .. } | Form::Cobb { first, second, .. } => {
            [*first, *second].concat()
        }
        Form::Angle { points, .. } => points.to_vec(),
        form => form.rings()?.concat(),
    };
    let start = [f64::INFINITY, f64::INFINITY, f64::NEG_INFINITY, f64::NEG_INFINITY];
    let all = points.iter().fold(start, |r, p| [r[0].min(p[0]), r[1].min(p[1]), r[2].max(p[0]), r[3].max(p[1])]);
    // A line along a row has no height, and a box without height is none.
    let thin = |low: f64, high: f64| if high - low < 1.0 { 0.5 } else { 0.0 };
    let (dx, dy) = (thin(all[0], all[2]), thin(all[1], all[3]));
    let all = [all[0] - dx, all[1] - dy, all[2] + dx, all[3] + dy];
    all.iter().all(|n| n.is_finite()).then_some(all)
}
