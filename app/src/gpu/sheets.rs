//! Maps of the review on pictures: what a model predicted, where versions differ. Unlike guests they are not shown
//! everywhere: each viewport says which of them it shows, how strongly, and on which part of its width.

use super::Gpu;
use crate::view_state::ViewportId;
use glam::{DAffine3, DVec3};
use limner_annotation::ImageId;
use limner_annotation::review::differ::Sheet;
use limner_imaging::{Geometry, VoxelBox};
use limner_render::{GpuContext, LabelLayer, LabelStyle, LabelTexture, Palette};
use std::collections::BTreeMap;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SheetId {
    /// What one source says, by its number.
    Version(u32),
    /// Where versions differ.
    Map,
}

/// The two ways a sheet is coloured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Inks {
    ByLabel,
    BySource,
}

/// How a viewport shows a sheet.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SheetLook {
    pub id: SheetId,
    pub inks: Inks,
    pub opacity: f32,
    /// In points.
    pub outline: f32,
    /// From where to where across the viewport, as shares of its width.
    pub part: [f32; 2],
}

/// What the review puts into a viewport.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ReviewLook {
    /// The project's own labels are not shown beside it.
    pub hides_own: bool,
    /// From the bottom up.
    pub sheets: Vec<SheetLook>,
}

pub type ReviewLooks = BTreeMap<ViewportId, ReviewLook>;

/// A sheet's colours: by label, and by source.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SheetColours {
    pub by_label: Vec<(u16, LabelStyle)>,
    pub by_source: Vec<(u16, LabelStyle)>,
}

pub struct OnAdapter {
    /// None where there is nothing on it.
    texture: Option<LabelTexture>,
    by_label: Palette,
    by_source: Palette,
}

impl OnAdapter {
    fn new(gpu: &GpuContext, sheet: &Sheet, grid: &Geometry, colours: &SheetColours) -> anyhow::Result<Self> {
        let texture = if sheet.bounds.is_empty() {
            None
        } else {
            let texture = LabelTexture::on_grid(gpu, part_of(grid, sheet.bounds)?)?;
            texture.write_box(gpu, VoxelBox::whole(sheet.bounds.size()), &sheet.codes)?;
            Some(texture)
        };
        let mut made = Self { texture, by_label: Palette::new(gpu)?, by_source: Palette::new(gpu)? };
        made.colour(gpu, colours);
        Ok(made)
    }

    fn colour(&mut self, gpu: &GpuContext, colours: &SheetColours) {
        self.by_label.update(gpu, colours.by_label.iter().copied());
        self.by_source.update(gpu, colours.by_source.iter().copied());
    }

    /// As a viewport so wide shows it, `scale` pixels to a point.
    pub fn layer(&self, look: &SheetLook, width: usize, scale: f32) -> Option<LabelLayer<'_>> {
        let palette = if look.inks == Inks::ByLabel { &self.by_label } else { &self.by_source };
        let columns = look.part.map(|share| (f64::from(share.clamp(0.0, 1.0)) * width as f64).round() as usize);
        let (opacity, outline_px) = (look.opacity, look.outline * scale);
        Some(LabelLayer { opacity, outline_px, columns, ..LabelLayer::new(self.texture.as_ref()?, palette) })
    }
}

/// A sheet on the voxels of its whole picture, as surfaces want it.
pub struct InSpace {
    texture: LabelTexture,
    palette: Palette,
}

impl InSpace {
    pub const fn layer(&self) -> (&LabelTexture, &Palette) {
        (&self.texture, &self.palette)
    }
}

/// The grid of a box of voxels: a sheet takes no more memory than what is on it.
fn part_of(grid: &Geometry, bounds: VoxelBox) -> anyhow::Result<Geometry> {
    let moved = DAffine3::from_translation(DVec3::from_array(bounds.min.map(|n| n as f64)));
    Ok(Geometry::new(bounds.size(), grid.world_from_voxel() * moved)?)
}

impl Gpu {
    pub fn show_sheet(
        &mut self,
        image: ImageId,
        id: SheetId,
        sheet: &Sheet,
        grid: &Geometry,
        colours: &SheetColours,
    ) -> anyhow::Result<()> {
        let Some(content) = self.pictures.get_mut(&image) else { return Ok(()) };
        content.sheets.insert(id, OnAdapter::new(&self.device.context, sheet, grid, colours)?);
        content.revision += 1;
        Ok(())
    }

    /// The same for views in 3D, which then show it in the place of the project's own labels.
    pub fn show_in_space(
        &mut self,
        image: ImageId,
        id: SheetId,
        sheet: &Sheet,
        colours: &SheetColours,
    ) -> anyhow::Result<()> {
        let gpu = &self.device.context;
        let Some(content) = self.pictures.get_mut(&image) else { return Ok(()) };
        let texture = LabelTexture::new(gpu, content.size())?;
        texture.write_box(gpu, sheet.bounds, &sheet.codes)?;
        let mut palette = Palette::new(gpu)?;
        palette.update(gpu, colours.by_label.iter().copied());
        content.in_space.insert(id, InSpace { texture, palette });
        content.revision += 1;
        Ok(())
    }

    pub fn has_in_space(&self, image: ImageId, id: SheetId) -> bool {
        self.pictures.get(&image).is_none_or(|content| content.in_space.contains_key(&id))
    }

    /// Lets go of what no view in 3D shows: it takes as much memory as half the volume.
    pub fn keep_in_space(&mut self, image: ImageId, shown: &[SheetId]) {
        for (of, content) in &mut self.pictures {
            content.in_space.retain(|id, _| *of == image && shown.contains(id));
        }
    }

    /// Whether a sheet is on a picture that is there; true where the picture is not.
    pub fn has_sheet(&self, image: ImageId, id: SheetId) -> bool {
        self.pictures.get(&image).is_none_or(|content| content.sheets.contains_key(&id))
    }

    pub fn colour_sheet(&mut self, image: ImageId, id: SheetId, colours: &SheetColours) {
        let Some(content) = self.pictures.get_mut(&image) else { return };
        if let Some(sheet) = content.sheets.get_mut(&id) {
            sheet.colour(&self.device.context, colours);
            content.revision += 1;
        }
        if let Some(sheet) = content.in_space.get_mut(&id) {
            sheet.palette.update(&self.device.context, colours.by_label.iter().copied());
            content.revision += 1;
        }
    }

    pub fn drop_sheet(&mut self, id: SheetId) {
        for content in self.pictures.values_mut() {
            if content.sheets.remove(&id).is_some() | content.in_space.remove(&id).is_some() {
                content.revision += 1;
            }
        }
    }

    pub fn drop_sheets(&mut self) {
        for content in self.pictures.values_mut().filter(|content| !content.sheets.is_empty()) {
            content.sheets.clear();
            content.in_space.clear();
            content.revision += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use limner_imaging::{Voxel, World};

    #[test]
    fn a_part_of_a_grid_lies_where_its_voxels_lie() {
        let turn = glam::DQuat::from_rotation_z(0.4) * glam::DQuat::from_rotation_x(0.2);
        let directions = [turn * DVec3::NEG_X, turn * DVec3::Y, turn * DVec3::Z];
        let whole = Geometry::from_parts([9, 8, 7], World::new(3.0, -2.0, 11.0), [0.7, 1.1, 2.9], directions).unwrap();
        let part = part_of(&whole, VoxelBox::new([2, 3, 1], [8, 7, 5])).unwrap();
        assert_eq!(part.size(), [6, 4, 4]);
        let (a, b) = (part.world(Voxel::new(1.0, 2.0, 3.0)), whole.world(Voxel::new(3.0, 5.0, 4.0)));
        assert!((a.0 - b.0).length() < 1e-9);
    }
}
