//! A view drawn without a window: for the command line, exports and screenshots. The same scene the window draws.

use anyhow::{Context as _, bail};
use image::RgbaImage;
use limner_imaging::reslice::Raster;
use limner_imaging::{Plane, Volume, VoxelBox, Window};
use limner_render::{
    GpuContext, LabelLayer, LabelStyle, LabelTexture, Palette, Renderer, SliceScene, Target, VolumeTexture, readback,
};

/// How a picture is to look.
#[derive(Clone, Debug)]
pub struct Look {
    pub window: Window,
    pub inverted: bool,
    pub size: [usize; 2],
    pub label_opacity: f32,
}

impl Default for Look {
    fn default() -> Self {
        Self { window: Window::new(400.0, 40.0), inverted: false, size: [768, 768], label_opacity: 0.45 }
    }
}

/// Labels to lay over a picture, on its grid.
pub struct Labels {
    pub size: [usize; 3],
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
        Ok(Self { size: volume.size(), values, styles: Vec::new() })
    }
}

/// The whole plane fitted into the look's size, on a device of its own.
pub fn draw(volume: &Volume, plane: &Plane, look: &Look, labels: Option<&Labels>) -> anyhow::Result<RgbaImage> {
    let studio = Studio::new(volume)?;
    let raster = Raster::fitted(plane, volume, look.size);
    studio.draw(&raster, look, labels)
}

/// A device with one volume on it, for drawing many pictures of it.
pub struct Studio {
    gpu: GpuContext,
    renderer: Renderer,
    volume: VolumeTexture,
    inverted: bool,
}

impl Studio {
    pub fn new(volume: &Volume) -> anyhow::Result<Self> {
        let gpu = GpuContext::headless().context("no graphics adapter could be started")?;
        let renderer = Renderer::new(&gpu, Target::FORMAT);
        let texture =
            VolumeTexture::new(&gpu, volume).context("the volume could not be put on the graphics adapter")?;
        Ok(Self { gpu, renderer, volume: texture, inverted: volume.inverted })
    }

    pub fn draw(&self, raster: &Raster, look: &Look, labels: Option<&Labels>) -> anyhow::Result<RgbaImage> {
        let target = Target::new(&self.gpu, raster.size)?;
        let mut palette = Palette::new(&self.gpu)?;
        let texture = labels.map(|labels| -> anyhow::Result<LabelTexture> {
            palette.update(&self.gpu, labels.styles.iter().copied());
            let texture = LabelTexture::new(&self.gpu, labels.size)?;
            texture.write_box(&self.gpu, VoxelBox::whole(labels.size), &labels.values)?;
            Ok(texture)
        });
        let texture = texture.transpose()?;
        let layer =
            |texture| LabelLayer { texture, palette: &palette, opacity: look.label_opacity, outline_px: OUTLINE_PX };
        let scene = SliceScene {
            inverted: look.inverted != self.inverted,
            labels: texture.iter().map(layer).collect(),
            ..SliceScene::new(&self.volume, *raster, look.window)
        };
        let mut encoder = self.gpu.device.create_command_encoder(&Default::default());
        scene.encode(&self.renderer, &self.gpu, &mut encoder, target.view());
        self.gpu.queue.submit([encoder.finish()]);
        let bytes = readback::rgba(&self.gpu, &target)?;
        let [width, height] = raster.size;
        RgbaImage::from_raw(width as u32, height as u32, bytes).context("the picture came back in another size")
    }
}

/// Thin enough not to hide an edge, wide enough to be seen across the room.
pub const OUTLINE_PX: f32 = 1.5;
