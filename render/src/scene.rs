//! What a picture shows, and how it is drawn: one path for the window, the command line and the tests.
//!
//! `Renderer` lives as long as the device and keeps the pipelines. A scene is plain data for one picture and borrows
//! what it shows. Nothing is remembered between two pictures, so the same scene always gives the same pixels.

use crate::colour_map::{ColourMap, MapPreset};
use crate::context::GpuContext;
use crate::host;
use crate::label_texture::LabelTexture;
use crate::palette::Palette;
use crate::pass::Finish;
use crate::pass::blit::BlitPass;
use crate::pass::difference::DifferencePass;
use crate::pass::labels::{LabelPart, LabelsPass};
use crate::pass::raycast::RaycastPass;
use crate::pass::shapes::ShapesPass;
use crate::pass::slice::{Layer, SlicePass};
use crate::shapes::{Mark, Shape};
use crate::target::Target;
use crate::volume_scene::VolumeScene;
use crate::volume_texture::VolumeTexture;
use glam::DAffine3;
use limner_imaging::reslice::{Interpolation, Raster, Slab};
use limner_imaging::{Geometry, Volume, Window};

/// The pipelines of every pass, for targets of one format.
pub struct Renderer {
    slice: SlicePass,
    difference: DifferencePass,
    labels: LabelsPass,
    raycast: RaycastPass,
    shapes: ShapesPass,
    blit: BlitPass,
    /// Bound where a pass wants a colour map and the scene names none.
    difference_map: ColourMap,
}

impl Renderer {
    /// `format` is that of the targets, usually `Target::FORMAT`. An sRGB format would bend every grey level.
    #[must_use]
    pub fn new(gpu: &GpuContext, format: wgpu::TextureFormat) -> Self {
        let entries = MapPreset::named("blue-white-red").map_or([[0; 3]; 256], MapPreset::entries);
        Self {
            slice: SlicePass::new(format),
            difference: DifferencePass::new(format),
            labels: LabelsPass::new(&gpu.device, format),
            raycast: RaycastPass::new(&gpu.device, format),
            shapes: ShapesPass::new(&gpu.device, format),
            blit: BlitPass::new(&gpu.device, format),
            difference_map: ColourMap::new(gpu, &entries),
        }
    }

    pub(crate) fn draw_volume(&self, gpu: &GpuContext, pass: &mut wgpu::RenderPass<'_>, scene: &VolumeScene<'_>) {
        self.raycast.draw(gpu, pass, scene, self.difference_map.view());
    }

    pub(crate) fn draw_marks(
        &self,
        gpu: &GpuContext,
        pass: &mut wgpu::RenderPass<'_>,
        marks: &[Mark],
        size: [usize; 2],
    ) {
        self.shapes.draw(gpu, pass, marks, size);
    }

    /// Blue, white and red.
    pub(crate) const fn difference_map(&self) -> &ColourMap {
        &self.difference_map
    }

    pub(crate) fn stretch(
        &self,
        gpu: &GpuContext,
        encoder: &mut wgpu::CommandEncoder,
        picture: &Target,
        target: &wgpu::TextureView,
        factor: usize,
    ) {
        self.blit.encode(gpu, encoder, picture, target, factor);
    }
}

/// One layer of labels, on the grid of the scene's volume or one of its own (`LabelTexture::on_grid`).
#[derive(Clone, Copy)]
pub struct LabelLayer<'a> {
    pub texture: &'a LabelTexture,
    pub palette: &'a Palette,
    /// Of the fill, from 0 to 1. The outline is always solid.
    pub opacity: f32,
    /// Width of the outline in screen pixels, 0 for none. Drawn in whole pixels: half a pixel would only blur it.
    pub outline_px: f32,
    /// The first and the one after the last column of the picture that it is drawn on: two layers swiped over each other
    /// share a picture.
    pub columns: [usize; 2],
}

/// All of a picture.
pub const EVERY_COLUMN: [usize; 2] = [0, usize::MAX];

impl<'a> LabelLayer<'a> {
    /// A fill seen through, with a thin outline.
    #[must_use]
    pub const fn new(texture: &'a LabelTexture, palette: &'a Palette) -> Self {
        Self { texture, palette, opacity: 0.4, outline_px: 1.0, columns: EVERY_COLUMN }
    }

    /// Its columns in a picture so wide; the second is never below the first.
    pub(crate) fn columns_of(&self, width: usize) -> [usize; 2] {
        let [from, to] = self.columns.map(|column| column.min(width));
        [from, to.max(from)]
    }

    /// In whole pixels. Some outline is at least one pixel wide.
    pub(crate) fn outline_width(&self) -> usize {
        const MOST: f32 = 64.0;
        if self.outline_px > 0.0 { self.outline_px.round().clamp(1.0, MOST) as usize } else { 0 }
    }
}

/// How values become colours.
#[derive(Clone, Copy)]
pub struct Tone<'a> {
    pub window: Window,
    /// Low values bright.
    pub inverted: bool,
    /// Above 1 the middle greys get brighter.
    pub gamma: f32,
    /// Grey where there is none. Colour pictures keep their own colours.
    pub colour_map: Option<&'a ColourMap>,
}

impl Tone<'_> {
    #[must_use]
    pub const fn new(window: Window) -> Self {
        Self { window, inverted: false, gamma: 1.0, colour_map: None }
    }
}

/// A second volume in the same picture, on a grid of its own.
#[derive(Clone, Copy)]
pub struct Second<'a> {
    pub volume: &'a VolumeTexture,
    /// From the first volume's world to the second's: the identity where both share a frame of reference.
    pub moved: DAffine3,
    pub tone: Tone<'a>,
    pub mode: SecondMode,
}

/// How two volumes share a picture.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum SecondMode {
    /// The second shines through; where it `hides_low`, values at or below its window are not shown.
    Fusion {
        opacity: f32,
        hides_low: bool,
    },
    /// Only the second where `share` is 1. Flicker is a blend that jumps between 0 and 1.
    Blend {
        share: f32,
    },
    Checkerboard {
        square_px: f32,
    },
    /// The second from this pixel to the right end.
    SwipeRight {
        from_px: f32,
    },
    /// The second from this pixel down.
    SwipeDown {
        from_px: f32,
    },
    /// Second minus first; `range` in value units reaches the ends of the second's colour map (blue, white, red
    /// where it names none). Always of the plane itself, not of a slab.
    Difference {
        range: f64,
    },
}

impl SecondMode {
    /// How the second volume is laid over the first; a difference is neither.
    pub(crate) const fn finish(self) -> Option<Finish> {
        Some(match self {
            Self::Fusion { opacity, hides_low } => Finish::Fusion { opacity, hides_low },
            Self::Blend { share } => Finish::Blend { share },
            Self::Checkerboard { square_px } => Finish::Checkerboard { square_px },
            Self::SwipeRight { from_px } => Finish::SwipeRight { from_px },
            Self::SwipeDown { from_px } => Finish::SwipeDown { from_px },
            Self::Difference { .. } => return None,
        })
    }
}

/// A field from a model or from several raters, seen through: probability, uncertainty, disagreement.
#[derive(Clone, Copy)]
pub struct HeatLayer<'a> {
    /// On any grid of the scene's world.
    pub volume: &'a VolumeTexture,
    /// Clear at the window's low end, `opacity` at its high end.
    pub tone: Tone<'a>,
    pub opacity: f32,
}

/// A plane through a volume with labels over it. Start from `new` and change what differs.
#[derive(Clone)]
pub struct SliceScene<'a> {
    pub volume: &'a VolumeTexture,
    /// The same volume in main memory, where the texture has none at hand (`VolumeTexture::with_host`): on a machine
    /// without graphics hardware slices are drawn from it, several times as fast.
    pub host: Option<&'a Volume>,
    /// The part of the plane that fills the target, pixel for pixel.
    pub raster: Raster,
    pub window: Window,
    /// Low values bright.
    pub inverted: bool,
    /// Above 1 the middle greys get brighter.
    pub gamma: f32,
    /// Grey where there is none.
    pub colour_map: Option<&'a ColourMap>,
    pub interpolation: Interpolation,
    /// A thick slice in place of a thin one.
    pub slab: Option<Slab>,
    pub second: Option<Second<'a>>,
    /// Over the volumes and under the labels, from the bottom up.
    pub heat: Vec<HeatLayer<'a>>,
    /// From the bottom up. Outlines lie over all fills.
    pub labels: Vec<LabelLayer<'a>>,
    /// Over everything, from the bottom up.
    pub shapes: Vec<Shape>,
    /// Where the volume does not reach.
    pub background: [u8; 3],
}

impl<'a> SliceScene<'a> {
    /// A thin, linear, grey slice without anything over it, on black.
    #[must_use]
    pub const fn new(volume: &'a VolumeTexture, raster: Raster, window: Window) -> Self {
        Self {
            volume,
            host: None,
            raster,
            window,
            inverted: false,
            gamma: 1.0,
            colour_map: None,
            interpolation: Interpolation::Linear,
            slab: None,
            second: None,
            heat: Vec::new(),
            labels: Vec::new(),
            shapes: Vec::new(),
            background: [0; 3],
        }
    }

    /// Draws the picture over whatever `target` held. The target has the raster's size.
    pub fn encode(
        &self,
        renderer: &Renderer,
        gpu: &GpuContext,
        encoder: &mut wgpu::CommandEncoder,
        target: &wgpu::TextureView,
    ) {
        if host::takes_copies(target.texture(), self.raster.size)
            && let Some(pixels) = host::draw(self, renderer, gpu)
        {
            host::copy(gpu, encoder, &pixels, target.texture(), 0);
            gpu.staging().give_back(pixels);
            return;
        }
        let mut pass = crate::pass::begin(encoder, "slice scene", target, wgpu::LoadOp::Clear(wgpu::Color::BLACK));
        match &self.second {
            Some(second) => self.draw_two(renderer, gpu, &mut pass, second),
            None => self.draw_layer(renderer, gpu, &mut pass, &self.layer()),
        }
        for heat in &self.heat {
            let finish = Finish::Heat { opacity: heat.opacity };
            let over = Layer { volume: heat.volume, tone: heat.tone, finish, ..self.layer() };
            self.draw_layer(renderer, gpu, &mut pass, &over);
        }
        let layers: Vec<_> = self.shown_labels().collect();
        let draw = |pass: &mut wgpu::RenderPass<'_>, part| {
            for (layer, geometry) in &layers {
                renderer.labels.draw(gpu, pass, layer, &self.raster, geometry, part);
            }
        };
        if layers.len() == 1 {
            draw(&mut pass, LabelPart::Whole);
        } else {
            draw(&mut pass, LabelPart::Fill);
            draw(&mut pass, LabelPart::Outline);
        }
        let marks = crate::shapes::marks(&self.shapes);
        if !marks.is_empty() {
            renderer.draw_marks(gpu, &mut pass, &marks, self.raster.size);
        }
    }

    /// Every voxel of the volume in main memory, where there is a copy of it.
    pub(crate) fn host_volume(&self) -> Option<&Volume> {
        self.host.or_else(|| self.volume.host())
    }

    /// The layers of labels that can be drawn, and the grid each lies on.
    pub(crate) fn shown_labels(&self) -> impl Iterator<Item = (&LabelLayer<'a>, Geometry)> {
        let grid = self.host_volume().map_or_else(|| *self.volume.geometry(), |volume| volume.geometry);
        self.labels.iter().filter_map(move |layer| {
            let grid = layer.texture.geometry().unwrap_or(grid);
            if grid.size() == layer.texture.size() {
                return Some((layer, grid));
            }
            log::error!("a label layer of another grid than the volume's is not drawn");
            None
        })
    }

    pub(crate) const fn tone(&self) -> Tone<'a> {
        Tone { window: self.window, inverted: self.inverted, gamma: self.gamma, colour_map: self.colour_map }
    }

    pub(crate) fn background_rgba(&self) -> [f32; 4] {
        let [r, g, b] = self.background.map(|c| f32::from(c) / 255.0);
        [r, g, b, 1.0]
    }

    fn layer(&self) -> Layer<'_> {
        Layer {
            volume: self.volume,
            raster: &self.raster,
            moved: DAffine3::IDENTITY,
            tone: self.tone(),
            interpolation: self.interpolation,
            slab: self.slab,
            finish: Finish::Opaque,
            background: self.background_rgba(),
        }
    }

    fn draw_layer(&self, renderer: &Renderer, gpu: &GpuContext, pass: &mut wgpu::RenderPass<'_>, layer: &Layer<'_>) {
        renderer.slice.draw(gpu, pass, layer, renderer.difference_map.view());
    }

    fn draw_two(&self, renderer: &Renderer, gpu: &GpuContext, pass: &mut wgpu::RenderPass<'_>, second: &Second<'_>) {
        if let SecondMode::Difference { range } = second.mode {
            let map = second.tone.colour_map.unwrap_or(&renderer.difference_map);
            renderer.difference.draw(gpu, pass, self, second, range, map.view());
        }
        let Some(finish) = second.mode.finish() else { return };
        self.draw_layer(renderer, gpu, pass, &self.layer());
        let over = Layer { volume: second.volume, moved: second.moved, tone: second.tone, finish, ..self.layer() };
        self.draw_layer(renderer, gpu, pass, &over);
    }
}
