//! From the sheets of a data set to commands: each sheet finds its image in the project, or brings its picture along.

use super::{Body, Reframe, Set, Sheet};
use crate::ImageId;
use crate::command::Command;
use crate::error::{Error, Result};
use crate::exchange::import::{Import, Labels, Painter, Reading};
use crate::exchange::names;
use crate::exchange::recipes::{self, Made};
use crate::image_entry::ImageEntry;
use crate::shapes::{Shape, Slice};
use limner_imaging::{Mask, VoxelBox};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

impl Made {
    /// The way back to native pixels, where the picture is not the slice as it is stored.
    fn back(&self, native: [usize; 2]) -> Result<Option<Reframe>> {
        const SAME: [[f64; 3]; 3] = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];
        match &self.render {
            Some(render) if render.exported_from_native != SAME => {
                let back = Reframe::back(&render.exported_from_native, native);
                back.map(Some).ok_or_else(|| Error::refused("its recipe turns the picture, which cannot be taken back"))
            }
            _ => Ok(None),
        }
    }
}

pub(super) fn commands(set: &Set, reading: &Reading<'_>) -> Result<Import> {
    let mut import = Import::default();
    let root = root_of(reading.path);
    let recipes = recipes::read(&root)?.into_iter().map(|made| (made.file.clone(), made)).collect();
    let mut labels = Labels::of(reading.contents);
    let values: BTreeMap<u16, u16> = set
        .labels
        .iter()
        .map(|label| Ok((label.value, labels.want(&label.name, label.value, label.colour)?)))
        .collect::<Result<_>>()?;
    import.commands.extend(labels.commands());
    let mut places = Places { reading, root, recipes, added: BTreeMap::new(), commands: Vec::new() };
    let mut painter = Painter::new(reading.contents);
    let mut drawn = Vec::new();
    reading.task.progress.begin("placing annotations", set.sheets.len() as u64);
    for sheet in &set.sheets {
        reading.task.cancel.check()?;
        let (image, size, slice, back) = match places.find(sheet) {
            Ok(found) => found,
            Err(Error::Imaging(limner_imaging::Error::Cancelled)) => {
                return Err(limner_imaging::Error::Cancelled.into());
            }
            Err(error) => {
                import.warn("picture_not_found", format!("{}: {error}", sheet.file));
                continue;
            }
        };
        for item in &sheet.items {
            let label = item.label.and_then(|value| values.get(&value)).copied();
            let Some(body) = native(&item.body, back.as_ref()) else {
                import
                    .warn("outside", format!("{}: something lies outside of the picture it was made from", sheet.file));
                continue;
            };
            import.records += 1;
            match (&body, label) {
                (Body::Mask(mask), Some(value)) => {
                    let [w, h, _] = size;
                    let bounds = VoxelBox::new([0, 0, slice.index], [w, h, slice.index + 1]);
                    let mask = Mask::from_voxels(bounds, mask.pixels()).ok_or_else(|| {
                        Error::export(Path::new(&sheet.file), "a mask is not as large as its picture")
                    })?;
                    drawn.push(painter.paint(image, size, value, &mask));
                }
                (Body::Mask(_), None) => import.warn("no_label", format!("{}: a mask without a label", sheet.file)),
                (body, label) => {
                    let Some(form) = body.form(slice) else { continue };
                    let label = label.and_then(|value| labels.id_of(value));
                    let shape = Shape { text: item.text.clone(), ..Shape::new(image, form, label) };
                    drawn.push(Command::AddShape { shape });
                }
            }
        }
        reading.task.progress.advance(1);
    }
    import.commands.extend(places.commands);
    import.commands.extend(drawn);
    Ok(import)
}

/// What an item is in native pixels; `None` where nothing of it lies on the picture.
fn native(body: &Body, back: Option<&Reframe>) -> Option<Body> {
    back.map_or_else(|| Some(body.clone()), |back| back.body(body).map(|(body, _)| body))
}

/// The folder that paths in a data set start from.
fn root_of(path: &Path) -> PathBuf {
    if path.is_dir() { path.to_path_buf() } else { path.parent().unwrap_or(path).to_path_buf() }
}

struct Places<'a> {
    reading: &'a Reading<'a>,
    root: PathBuf,
    recipes: BTreeMap<String, Made>,
    added: BTreeMap<String, (ImageId, [usize; 3])>,
    commands: Vec<Command>,
}

impl Places<'_> {
    fn find(&mut self, sheet: &Sheet) -> Result<(ImageId, [usize; 3], Slice, Option<Reframe>)> {
        let (image, size, slice) = self.image_of(sheet)?;
        let native = [size[0], size[1]];
        let made = self.recipes.get(&sheet.file).filter(|made| made.image == image);
        let back = made.map_or(Ok(None), |made| made.back(native))?;
        if (back.is_none() && native != sheet.size) || slice.index >= size[2] {
            let reason = format!("the data set says {:?} pixels, the picture has {:?}", sheet.size, &size[..2]);
            return Err(Error::refused(reason));
        }
        Ok((image, size, slice, back))
    }

    fn image_of(&mut self, sheet: &Sheet) -> Result<(ImageId, [usize; 3], Slice)> {
        let contents = self.reading.contents;
        if let Some(made) = self.recipes.get(&sheet.file)
            && let Some(image) = contents.image(made.image)
        {
            return Ok((image.id, image.size(), made.slice));
        }
        let name = file_name(&sheet.file);
        let mut same_name = contents.images().filter(|image| file_name(&image.path) == name);
        if let (Some(image), None) = (same_name.next(), same_name.next()) {
            return Ok((image.id, image.size(), Slice::stored(0)));
        }
        if let Some((image, size)) = self.added.get(&sheet.file) {
            return Ok((*image, *size, Slice::stored(0)));
        }
        let entry = self.bring(sheet)?;
        let (id, size) = (entry.id, entry.size());
        self.added.insert(sheet.file.clone(), (id, size));
        self.commands.push(Command::AddImage { image: entry });
        Ok((id, size, Slice::stored(0)))
    }

    /// The picture as the data set brings it, unless the project has its pixels already.
    fn bring(&self, sheet: &Sheet) -> Result<ImageEntry> {
        let outside = || Error::refused("the picture lies outside of the data set");
        let named = names::inside(&self.root, &sheet.file).ok_or_else(outside)?;
        let beside = self.root.join("images").join(file_name(&sheet.file));
        let file = [named, beside].into_iter().find(|file| file.is_file());
        let gone = || Error::refused("the picture is neither in the project nor in the data set");
        self.reading.pictures.entry_of(&file.ok_or_else(gone)?, self.reading.task)
    }
}

fn file_name(path: &str) -> &str {
    path.rsplit(['/', '\\']).next().unwrap_or(path)
}
