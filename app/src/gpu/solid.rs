//! A picture in 3D in a viewport: appears at once, sharpens while nothing else needs the adapter.

use super::Device;
use super::SheetId;
use super::content::Content;
use crate::view_state::Viewport;
use limner_annotation::ImageId;
use limner_imaging::reslice::Projection;
use limner_imaging::{Geometry, Window};
use limner_render::{
    BrickRanges, Camera, Clip, Fill, FreeSpace, LabelSurfaces, Palette, Progressive, Target, Tier, Tone,
    TransferFunction, TransferTable, VolumeMode, VolumeScene,
};

/// What a viewport keeps of the volume it shows.
#[derive(Default)]
pub struct Solid {
    picture: Option<Picture>,
}

pub struct Wanted<'a> {
    pub image: ImageId,
    pub viewport: &'a Viewport,
    pub geometry: &'a Geometry,
    pub show_labels: bool,
    /// Shown in the place of the project's own labels.
    pub version: Option<SheetId>,
}

/// What is made again for another size of the viewport.
struct Picture {
    progressive: Progressive,
    /// Free to leap over for the content and window last shown.
    free_space: FreeSpace,
    transfer: TransferTable,
    shown: Shown,
}

#[derive(Clone, PartialEq)]
struct Shown {
    camera: Camera,
    size: [usize; 2],
    clip: Clip,
    matter: Matter,
}

/// What decides how a point of the volume looks, wherever it is seen from.
#[derive(Clone, PartialEq)]
struct Matter {
    image: ImageId,
    window: Window,
    inverted: bool,
    function: TransferFunction,
    /// In place of the function.
    projection: Option<Projection>,
    show_labels: bool,
    version: Option<SheetId>,
    revision: u64,
}

impl Solid {
    pub fn forget(&mut self) {
        self.picture = None;
    }

    /// The picture as far as it is drawn.
    pub fn target(&self) -> Option<&Target> {
        self.picture.as_ref().map(|picture| picture.progressive.target())
    }

    pub const fn has_texture(&self) -> bool {
        self.picture.is_some()
    }

    /// Draws the next part where one is due. True once the picture is as good as it gets.
    pub fn draw(
        &mut self,
        device: &Device,
        fill: &mut Fill,
        content: &Content,
        palette: &Palette,
        wanted: &Wanted<'_>,
    ) -> anyhow::Result<bool> {
        let Some(ranges) = content.prepared().ranges() else { return Ok(true) };
        let view = &wanted.viewport.solid;
        let shown = Shown {
            camera: wanted.viewport.solid_camera(wanted.geometry),
            size: wanted.viewport.size,
            clip: view.cut.clip(content.volume().geometry(), wanted.viewport.at),
            matter: Matter {
                image: wanted.image,
                window: wanted.viewport.window,
                inverted: wanted.viewport.inverted != content.is_inverted(),
                function: view.transfer(content.preset, wanted.viewport.window),
                projection: view.projection(),
                show_labels: wanted.show_labels,
                version: wanted.version,
                revision: content.revision,
            },
        };
        if self.picture.as_ref().is_none_or(|p| p.shown != shown) {
            self.restart(device, fill, (content, ranges), palette, shown)?;
        }
        let Some(picture) = &mut self.picture else { return Ok(true) };
        let draws_here = device.context.tier != Tier::Software && !content.is_there();
        if draws_here && picture.progressive.is_begun() {
            // Until the adapter has the volume the processor draws, and it has no time for more than an impression.
            return Ok(false);
        }
        let layers = content.surfaces(palette, wanted.version).into_iter().filter(|_| wanted.show_labels);
        let Shown { camera, size, clip, ref matter } = picture.shown;
        let mode = match matter.projection {
            Some(projection) => VolumeMode::Projected {
                projection,
                tone: Tone { inverted: matter.inverted, ..Tone::new(matter.window) },
            },
            None => VolumeMode::Shaded { transfer: &picture.transfer },
        };
        let scene = VolumeScene {
            labels: layers.map(|(texture, palette)| LabelSurfaces { texture, palette, opacity: 1.0 }).collect(),
            clip,
            ..VolumeScene::new(content.volume(), &picture.free_space, camera, size, mode)
        };
        picture.progressive.advance(&scene, &device.renderer, &device.context);
        Ok(picture.progressive.is_done())
    }

    fn restart(
        &mut self,
        device: &Device,
        fill: &mut Fill,
        (content, ranges): (&Content, &BrickRanges),
        palette: &Palette,
        shown: Shown,
    ) -> anyhow::Result<()> {
        let gpu = &device.context;
        let before = self.picture.take();
        let size = before.as_ref().map_or([0; 2], |p| p.shown.size);
        let mut picture = match before {
            Some(picture) if picture.shown.matter == shown.matter => Picture { shown, ..picture },
            before => {
                let layers = content.surfaces(palette, shown.matter.version);
                let layers = layers.into_iter().filter(|_| shown.matter.show_labels);
                let labels = layers.map(|(texture, _)| texture);
                let free_space = FreeSpace::new(gpu, content.volume(), ranges, &shown.matter.function, labels)?;
                let progressive = match before {
                    Some(picture) => picture.progressive,
                    None => Progressive::new(gpu, shown.size)?,
                };
                let transfer = TransferTable::new(gpu, shown.matter.function.clone());
                Picture { progressive, free_space, transfer, shown }
            }
        };
        if size != picture.shown.size {
            picture.progressive = Progressive::new(gpu, picture.shown.size)?;
            *fill = device.screen.picture(gpu, picture.progressive.target(), true);
        }
        picture.progressive.restart();
        self.picture = Some(picture);
        Ok(())
    }
}
