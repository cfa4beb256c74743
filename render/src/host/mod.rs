//! Pictures drawn by the processor, where the processor would draw them anyway.
//!
//! A software adapter is several times slower at this than plain code: it knows nothing of rows, spans or caches. The
//! pixels of slices are those of the shaders within one grey level; the same tests hold both against the CPU
//! reference. Slices of volumes too large for any adapter are drawn here too (reduce.rs).

#[cfg(target_arch = "x86_64")]
mod avx2;
mod copy;
mod labels;
mod layer;
mod paint;
mod projected;
mod ray;
mod rows;
mod shaded;
mod shapes;
mod surface;
mod texel;
mod volume;

pub(crate) use copy::{Staging, copy, takes_copies};
pub(crate) use volume::draw as draw_volume;

use crate::context::{GpuContext, Tier};
use crate::pass::Finish;
use crate::pass::labels::LabelPart;
use crate::scene::{Renderer, SecondMode, SliceScene};
use crate::volume_texture::VolumeTexture;
use glam::DAffine3;
use labels::LabelPicture;
use layer::{Difference, Layer, Recipe, Row, Shared};
use limner_imaging::Volume;
use rayon::prelude::*;

pub(crate) type Pixel = [u8; 4];

/// Rows drawn in one piece of work.
const BAND: usize = 16;

/// The picture, or `None` where the adapter has to draw it. Give it back to `GpuContext::staging`.
pub(crate) fn draw(scene: &SliceScene<'_>, renderer: &Renderer, gpu: &GpuContext) -> Option<Vec<Pixel>> {
    if gpu.tier != Tier::Software && !is_ahead_anywhere(scene) {
        return None;
    }
    let volumes = Volumes::new(scene, renderer)?;
    // Every layer is looked up before anything is drawn: one that is not here leaves the picture to the adapter.
    let layers: Vec<_> = scene.shown_labels().collect();
    let pictures = layers
        .iter()
        .map(|(layer, geometry)| Some(LabelPicture::new(&scene.raster, geometry, layer.texture.host()?, layer)));
    let pictures = pictures.collect::<Option<Vec<_>>>()?;
    let [width, height] = scene.raster.size;
    let [r, g, b] = scene.background;
    let mut pixels = gpu.staging().picture(width * height, [r, g, b, 255]);
    volumes.draw(width, &mut pixels);
    let parts: &[LabelPart] =
        if layers.len() > 1 { &[LabelPart::Fill, LabelPart::Outline] } else { &[LabelPart::Whole] };
    for &part in parts {
        for ((layer, _), picture) in layers.iter().zip(&pictures) {
            labels::draw(layer, picture, part, width, &mut pixels);
        }
    }
    shapes::draw(&crate::shapes::marks(&scene.shapes), width, &mut pixels);
    Some(pixels)
}

/// Does main memory hold more of a volume than the adapter does?
fn is_ahead(texture: &VolumeTexture, host: Option<&Volume>) -> bool {
    host.is_some_and(|host| texture.is_partial() || host.size() != texture.geometry().size())
}

fn is_ahead_anywhere(scene: &SliceScene<'_>) -> bool {
    let others = scene.second.iter().map(|second| second.volume).chain(scene.heat.iter().map(|heat| heat.volume));
    is_ahead(scene.volume, scene.host_volume())
        || scene.labels.iter().any(|layer| layer.texture.is_reduced())
        || others.into_iter().any(|texture| is_ahead(texture, texture.host()))
}

/// The volumes of a scene from the bottom up.
enum Volumes<'a> {
    Layers(Vec<Layer<'a>>),
    Difference(Box<Difference<'a>>, Vec<Layer<'a>>),
}

impl<'a> Volumes<'a> {
    fn new(scene: &'a SliceScene<'_>, renderer: &'a Renderer) -> Option<Self> {
        let shared = Shared {
            raster: &scene.raster,
            interpolation: scene.interpolation,
            slab: scene.slab,
            background: scene.background,
        };
        let first = Recipe {
            volume: scene.host_volume()?,
            moved: DAffine3::IDENTITY,
            tone: scene.tone(),
            finish: Finish::Opaque,
        };
        let mut over = Vec::new();
        for heat in &scene.heat {
            let finish = Finish::Heat { opacity: heat.opacity };
            let recipe = Recipe { volume: heat.volume.host()?, tone: heat.tone, finish, ..first };
            over.push(Layer::new(&recipe, shared));
        }
        let mut layers = Vec::new();
        if let Some(second) = &scene.second {
            let (volume, moved) = (second.volume.host()?, second.moved);
            if let SecondMode::Difference { range } = second.mode {
                // Of the plane itself, not of a slab.
                let thin = Shared { slab: None, ..shared };
                let recipe = Recipe { volume, moved, tone: second.tone, finish: Finish::Opaque };
                let map = second.tone.colour_map.unwrap_or_else(|| renderer.difference_map());
                let [first, second] = [&first, &recipe].map(|recipe| Layer::new(recipe, thin));
                return Some(Self::Difference(Box::new(Difference { first, second, range, map }), over));
            }
            let finish = second.mode.finish()?;
            layers.push(Layer::new(&Recipe { volume, moved, tone: second.tone, finish }, shared));
        }
        layers.insert(0, Layer::new(&first, shared));
        layers.extend(over);
        Some(Self::Layers(layers))
    }

    fn draw(&self, width: usize, pixels: &mut [Pixel]) {
        let width = width.max(1);
        pixels.par_chunks_mut(width * BAND).enumerate().for_each(|(band, pixels)| {
            let mut rows = [Row::new(width), Row::new(width)];
            for (n, line) in pixels.chunks_exact_mut(width).enumerate() {
                let y = band * BAND + n;
                let layers = match self {
                    Self::Layers(layers) => layers,
                    Self::Difference(difference, over) => {
                        difference.draw_row(y, &mut rows, line);
                        over
                    }
                };
                for layer in layers {
                    layer.draw_row(y, &mut rows[0], line);
                }
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::target::Target;
    use limner_imaging::reslice::Raster;
    use limner_imaging::{Geometry, Plane, Samples, View, Window, World};

    #[test]
    fn a_software_adapter_leaves_slices_to_the_processor() {
        let Some(gpu) = crate::context::for_tests() else { return };
        let renderer = Renderer::new(&gpu, Target::FORMAT);
        let geometry = Geometry::axis_aligned([9, 8, 7], World::default(), [1.0; 3]).unwrap();
        let volume = Volume::new(geometry, Samples::I16((0..504).collect()), 1).unwrap();
        let texture = VolumeTexture::new(&gpu, &volume).unwrap();
        let plane = Plane::of_view(&geometry, View::Axial, geometry.centre());
        let raster = Raster::fitted(&plane, &volume, [30, 20]);
        let scene = SliceScene::new(&texture, raster, Window::from_range(0.0, 500.0));
        assert!(draw(&scene, &renderer, &gpu).is_none(), "nothing in main memory");
        let scene = SliceScene { host: Some(&volume), ..scene };
        assert_eq!(draw(&scene, &renderer, &gpu).is_some(), gpu.tier == Tier::Software);
    }
}
