//! A view drawn without a window: for the command line, exports and screenshots. The same scene the window draws.

use crate::curve::Curve;
use crate::drawings;
use crate::gpu::GuestLayers;
use crate::view_state::SolidView;
use anyhow::{Context as _, bail};
use image::RgbaImage;
use limner_imaging::reslice::{Raster, Slab};
use limner_imaging::{Geometry, Plane, Volume, VoxelBox, Window, World};
use limner_render::{
    BrickRanges, Camera, ColourMap, FreeSpace, GpuContext, LabelLayer, LabelStyle, LabelSurfaces, LabelTexture,
    MapPreset, Palette, Prepared, Renderer, Second, SecondMode, SliceScene, TRANSFER_PRESETS, Target, Tone,
    TransferPreset, TransferTable, VolumeMode, VolumeScene, VolumeTexture, readback, reduce, wgpu,
};
use std::sync::Arc;

/// How a picture is to look.
#[derive(Clone)]
pub struct Look {
    pub window: Window,
    pub inverted: bool,
    pub size: [usize; 2],
    pub label_opacity: f32,
    /// A thick slice in place of a thin one.
    pub slab: Option<Slab>,
    pub solid: SolidView,
    /// Where the crosshair is: in 3D what is cut away ends there.
    pub at: World,
    /// In 3D: how far to turn from the front, to the right and down, in degrees.
    pub turn_degrees: [f64; 2],
}

impl Default for Look {
    fn default() -> Self {
        Self {
            window: Window::new(400.0, 40.0),
            inverted: false,
            size: [768, 768],
            label_opacity: 0.45,
            slab: None,
            solid: SolidView::default(),
            at: World::default(),
            turn_degrees: [0.0; 2],
        }
    }
}

/// Labels to lay over a picture.
pub struct Labels {
    pub geometry: Geometry,
    /// One number per voxel, columns fastest; 0 is background.
    pub values: Vec<u16>,
    /// Labels not named here get a colour of their own.
    pub styles: Vec<(u16, LabelStyle)>,
}

impl Labels {
    /// From a label map file's volume.
    pub fn from_volume(volume: &Volume) -> anyhow::Result<Self> {
        if volume.channels() != 1 {
            bail!("a label map has one number per voxel, this one has {} channels", volume.channels());
        }
        let mut values = Vec::with_capacity(volume.samples().len());
        for n in 0..volume.samples().len() {
            let value = volume.value_map.value(volume.samples().get(n));
            if value.fract() != 0.0 || !(0.0..=f64::from(u16::MAX)).contains(&value) {
                bail!("a label map holds whole numbers from 0 to 65535, this one holds {value}");
            }
            values.push(value as u16);
        }
        Ok(Self { geometry: volume.geometry, values, styles: Vec::new() })
    }
}

/// Another volume in the same picture, where it lies in the patient.
pub struct Other {
    pub volume: Arc<Volume>,
    pub mode: SecondMode,
    /// Grey where there is none.
    pub colours: Option<&'static MapPreset>,
}

/// The whole plane fitted into the look's size, on a device of its own.
pub fn draw(volume: &Volume, plane: &Plane, look: &Look, labels: Option<&Labels>) -> anyhow::Result<RgbaImage> {
    Studio::in_room(&Room::new()?, volume)?.draw(&Raster::fitted(plane, volume, look.size), look, labels, None)
}

/// The volume in 3D from the patient's front, on a device of its own.
pub fn draw_solid(volume: &Volume, look: &Look, labels: Option<&Labels>) -> anyhow::Result<RgbaImage> {
    Studio::in_room(&Room::new()?, volume)?.draw_solid(look, labels)
}

/// A device that draws what no window shows.
pub struct Room {
    gpu: GpuContext,
    renderer: Renderer,
}

impl Room {
    pub fn new() -> anyhow::Result<Self> {
        let gpu = GpuContext::headless().context("no graphics adapter could be started")?;
        let renderer = Renderer::new(&gpu, Target::FORMAT);
        Ok(Self { gpu, renderer })
    }
}

/// A device with one volume on it, for drawing many pictures of it.
pub struct Studio<'a> {
    room: &'a Room,
    host: &'a Volume,
    /// What the adapter holds, where it cannot hold all of the volume.
    reduced: Option<Volume>,
    texture: VolumeTexture,
}

impl<'a> Studio<'a> {
    pub fn in_room(room: &'a Room, volume: &'a Volume) -> anyhow::Result<Self> {
        let reduced = reduce::to_fit(&room.gpu, volume)?;
        let texture = VolumeTexture::new(&room.gpu, reduced.as_ref().unwrap_or(volume))
            .context("the volume could not be put on the graphics adapter")?;
        Ok(Self { room, host: volume, reduced, texture })
    }

    pub fn draw(
        &self,
        raster: &Raster,
        look: &Look,
        labels: Option<&Labels>,
        other: Option<&Other>,
    ) -> anyhow::Result<RgbaImage> {
        let on_adapter = |volume: &Arc<Volume>| -> anyhow::Result<VolumeTexture> {
            Ok(Prepared::new(&self.room.gpu, Arc::clone(volume), false)?.upload(&self.room.gpu)?)
        };
        let other_texture = other.map(|o| on_adapter(&o.volume)).transpose()?;
        let colours = other.and_then(|o| o.colours).map(|preset| ColourMap::new(&self.room.gpu, &preset.entries()));
        let second = other.zip(other_texture.as_ref()).map(|(other, volume)| Second {
            volume,
            moved: glam::DAffine3::IDENTITY,
            tone: Tone { colour_map: colours.as_ref(), ..Tone::new(other.volume.default_window()) },
            mode: other.mode,
        });
        let on_gpu = labels.map(|labels| self.upload(labels)).transpose()?;
        let drawn = drawings::of(self.host).map(|drawn| self.upload_drawings(&drawn)).transpose()?.unwrap_or_default();
        let layer = |(texture, palette)| LabelLayer {
            opacity: look.label_opacity,
            outline_px: OUTLINE_PX,
            ..LabelLayer::new(texture, palette)
        };
        let inverted = look.inverted != self.host.inverted;
        let curve = Curve::of(self.host).filter(|curve| curve.window == look.window);
        let curve = curve.map(|curve| ColourMap::new(&self.room.gpu, &curve.entries(inverted)));
        let scene = SliceScene {
            host: Some(self.host),
            // A curve's map is inverted already.
            inverted: inverted && curve.is_none(),
            colour_map: curve.as_ref(),
            slab: look.slab,
            second,
            labels: drawn.iter().chain(&on_gpu).map(|(texture, palette)| layer((texture, palette))).collect(),
            ..SliceScene::new(&self.texture, *raster, look.window)
        };
        self.develop(raster.size, |encoder, target| scene.encode(&self.room.renderer, &self.room.gpu, encoder, target))
    }

    pub fn draw_solid(&self, look: &Look, labels: Option<&Labels>) -> anyhow::Result<RgbaImage> {
        let [right, down] = look.turn_degrees.map(f64::to_radians);
        let camera = Camera::from_front(&self.host.geometry, look.size).turned(right, down).zoomed(SOLID_ZOOM);
        self.draw_solid_from(&camera, look, labels)
    }

    /// From anywhere; the look's own turn does not count.
    pub fn draw_solid_from(&self, camera: &Camera, look: &Look, labels: Option<&Labels>) -> anyhow::Result<RgbaImage> {
        if self.host.is_colour() || self.host.size()[2] < 2 {
            bail!("a single picture or a colour picture has no third dimension to show");
        }
        if labels.is_some_and(|labels| !labels.geometry.matches(&self.host.geometry, 1e-3)) {
            bail!("in 3D labels are shown on the image's own grid; show them on a slice, or resample them");
        }
        let on_gpu = labels.map(|labels| self.upload(labels)).transpose()?;
        let function = look.solid.transfer(preset_for(self.host.looks_like_ct()), look.window);
        let on_adapter = self.reduced.as_ref().unwrap_or(self.host);
        let ranges = BrickRanges::measure(on_adapter);
        let layer = on_gpu.as_ref().map(|(texture, _)| texture);
        let free_space = FreeSpace::new(&self.room.gpu, &self.texture, &ranges, &function, layer)?;
        let transfer = TransferTable::new(&self.room.gpu, function);
        let mode = match look.solid.projection() {
            None => VolumeMode::Shaded { transfer: &transfer },
            Some(projection) => {
                let tone = Tone { inverted: look.inverted != self.host.inverted, ..Tone::new(look.window) };
                VolumeMode::Projected { projection, tone }
            }
        };
        let scene = VolumeScene {
            host: Some(on_adapter),
            labels: on_gpu.iter().map(|(texture, palette)| LabelSurfaces { texture, palette, opacity: 1.0 }).collect(),
            clip: look.solid.cut.clip(&on_adapter.geometry, look.at),
            ..VolumeScene::new(&self.texture, &free_space, *camera, look.size, mode)
        };
        self.develop(look.size, |encoder, target| scene.encode(&self.room.renderer, &self.room.gpu, encoder, target))
    }

    fn upload(&self, labels: &Labels) -> anyhow::Result<(LabelTexture, Palette)> {
        let mut palette = Palette::new(&self.room.gpu)?;
        palette.update(&self.room.gpu, labels.styles.iter().copied());
        let texture = LabelTexture::on_grid(&self.room.gpu, labels.geometry)?;
        texture.write_box(&self.room.gpu, VoxelBox::whole(labels.geometry.size()), &labels.values)?;
        Ok((texture, palette))
    }

    fn upload_drawings(&self, drawn: &GuestLayers) -> anyhow::Result<Vec<(LabelTexture, Palette)>> {
        let upload = |boxes: &Vec<(VoxelBox, Vec<u16>)>| -> anyhow::Result<_> {
            let mut palette = Palette::new(&self.room.gpu)?;
            palette.update(&self.room.gpu, drawn.styles.iter().copied());
            let texture = LabelTexture::new(&self.room.gpu, self.host.size())?;
            for (bounds, labels) in boxes {
                texture.write_box(&self.room.gpu, *bounds, labels)?;
            }
            Ok((texture, palette))
        };
        drawn.layers.iter().map(upload).collect()
    }

    /// Draws into a fresh target and reads it back.
    fn develop(
        &self,
        size: [usize; 2],
        draw: impl FnOnce(&mut wgpu::CommandEncoder, &wgpu::TextureView),
    ) -> anyhow::Result<RgbaImage> {
        let target = Target::new(&self.room.gpu, size)?;
        let mut encoder = self.room.gpu.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        draw(&mut encoder, target.view());
        self.room.gpu.queue.submit([encoder.finish()]);
        let bytes = readback::rgba(&self.room.gpu, &target)?;
        RgbaImage::from_raw(size[0] as u32, size[1] as u32, bytes).context("the picture came back in another size")
    }
}

/// How a volume is shown in 3D before anybody chooses.
pub fn preset_for(is_ct: bool) -> &'static TransferPreset {
    TransferPreset::named(if is_ct { "ct-bone" } else { "mr" }).unwrap_or(&TRANSFER_PRESETS[0])
}

/// A volume turned any way fits at 1; bodies are rarely seen along their diagonal.
pub const SOLID_ZOOM: f64 = 1.5;

/// Thin enough not to hide an edge, wide enough to be seen across the room.
pub const OUTLINE_PX: f32 = 1.5;
