//! Whether something is there at all, on a whole image. Yes is what is painted or recorded; no is asked only where somebody
//! has said that it is absent: what nobody looked for may be there.

use crate::contents::Contents;
use crate::error::Result;
use crate::id::Key;
use crate::image_entry::ImageEntry;
use crate::labels::Label;
use crate::question::generate::facts::ImageFacts;
use crate::question::generate::maker::Subject;
use crate::question::generate::{Generator, Maker, names};
use crate::question::{Frame, Region, Role};
use crate::records::{Finding, FrameMarks, Status};

/// What people have recorded of an image, about it alone or about its study.
pub(super) fn findings<'c>(contents: &'c Contents, image: &ImageEntry) -> Vec<&'c Finding> {
    let of_image = contents.pointing_at_from::<Finding>(Key::from(image.id)).into_iter();
    let study = contents.study_of(image.id).map(|study| Key::from(study.id));
    let of_study = study.map(|key| contents.pointing_at_from::<Finding>(key)).unwrap_or_default();
    // One of a study that names images is about those.
    let is_whole = |finding: &&Finding| finding.images.is_empty();
    of_image.chain(of_study.into_iter().filter(is_whole)).collect()
}

/// Whether every slice was looked at and has nothing of the label.
fn is_marked_absent(contents: &Contents, image: &ImageEntry, label: &Label) -> bool {
    let on = |axis: usize| FrameMarks::of(contents, image.id, label.id, axis);
    (0..3).any(|axis| on(axis).is_some_and(|marks| marks.absent.len() == image.size()[axis]))
}

pub(super) fn presence(generator: &Generator, facts: &ImageFacts<'_>, maker: &mut Maker<'_>) -> Result<()> {
    let (contents, image) = (maker.contents, facts.image);
    let recorded = findings(contents, image);
    for label in contents.labels().into_iter().filter(|label| names::is_lesion(&label.name)) {
        let painted = facts.structures.iter().find(|structure| structure.label.id == label.id);
        let of_label = || recorded.iter().filter(|finding| finding.label == label.id);
        let says = |status: Status| of_label().any(|finding| finding.status == status);
        let present = painted.is_some() || says(Status::Present);
        let absent = says(Status::Absent) || is_marked_absent(contents, image, label);
        // Where records contradict each other, or nobody has said anything, there is no answer.
        if present == absent || says(Status::Uncertain) {
            continue;
        }
        let frames = vec![(Frame::whole(image.id), Role::Main)];
        let mut subject = Subject::new(frames, &label.name, format!("{} {}", image.id, label.id));
        if let Some(structure) = painted {
            subject = subject.pointing(structure.region(), 0, &label.name);
        }
        let shapes = of_label().flat_map(|finding| &finding.shapes);
        for shape in shapes.filter(|id| contents.shape(**id).is_some_and(|shape| shape.image == image.id)) {
            subject = subject.pointing(Region::Shape { shape: *shape }, 0, &label.name);
        }
        maker.yes_no(generator, &subject, present, &[])?;
    }
    Ok(())
}
