//! What a picture shows, and how it is drawn: one path for the window, the command line and the tests.
//!
//! `Renderer` lives as long as the device and keeps the pipelines. A scene is plain data for one picture and borrows
//! what it shows. Nothing is remembered between two pictures, so the same scene always gives the same pixels.

use crate::context::GpuContext;
use crate::label_texture::LabelTexture;
use crate::palette::Palette;
use crate::pass::labels::LabelsPass;
use crate::pass::slice::SlicePass;
use crate::volume_texture::VolumeTexture;
use limner_imaging::Window;
use limner_imaging::reslice::{Interpolation, Raster};

/// The pipelines of every pass, for targets of one format.
pub struct Renderer {
    slice: SlicePass,
    labels: LabelsPass,
}

impl Renderer {
    /// `format` is that of the targets, usually `Target::FORMAT`. An sRGB format would bend every grey level.
    #[must_use]
    pub fn new(gpu: &GpuContext, format: wgpu::TextureFormat) -> Self {
        Self { slice: SlicePass::new(format), labels: LabelsPass::new(&gpu.device, format) }
    }
}

/// One layer of labels. It lies on the grid of the scene's volume.
#[derive(Clone, Copy)]
pub struct LabelLayer<'a> {
    pub texture: &'a LabelTexture,
    pub palette: &'a Palette,
    /// Of the fill, from 0 to 1. The outline is always solid.
    pub opacity: f32,
    /// Width of the outline in screen pixels, 0 for none.
    pub outline_px: f32,
}

/// A plane through a volume with labels over it.
pub struct SliceScene<'a> {
    pub volume: &'a VolumeTexture,
    /// The part of the plane that fills the target, pixel for pixel.
    pub raster: Raster,
    pub window: Window,
    /// Low values bright.
    pub inverted: bool,
    pub interpolation: Interpolation,
    /// From the bottom up.
    pub labels: Vec<LabelLayer<'a>>,
    /// Where the volume does not reach.
    pub background: [u8; 3],
}

impl SliceScene<'_> {
    /// Draws the picture over whatever `target` held. The target has the raster's size.
    pub fn encode(
        &self,
        renderer: &Renderer,
        gpu: &GpuContext,
        encoder: &mut wgpu::CommandEncoder,
        target: &wgpu::TextureView,
    ) {
        let mut pass = encoder.begin_render_pass(&wgpu::RenderPassDescriptor {
            label: Some("slice scene"),
            color_attachments: &[Some(wgpu::RenderPassColorAttachment {
                view: target,
                depth_slice: None,
                resolve_target: None,
                ops: wgpu::Operations { load: wgpu::LoadOp::Clear(wgpu::Color::BLACK), store: wgpu::StoreOp::Store },
            })],
            ..Default::default()
        });
        renderer.slice.draw(gpu, &mut pass, self);
        for layer in &self.labels {
            if layer.texture.size() != self.volume.geometry().size() {
                log::error!("a label layer of another grid than the volume's is not drawn");
                continue;
            }
            renderer.labels.draw(gpu, &mut pass, layer, &self.raster, self.volume.geometry());
        }
    }
}
