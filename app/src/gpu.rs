//! The join between eframe's device and our renderer: one picture on the GPU, its labels, and the textures of the panes.

mod solid;

use crate::picture::OUTLINE_PX;
use crate::view_state::{Pane, ViewState};
use anyhow::Context as _;
use eframe::egui::TextureId;
use eframe::egui_wgpu::RenderState;
use eframe::wgpu;
use limner_imaging::reslice::Raster;
use limner_imaging::{View, Volume, VoxelBox, Window};
use limner_render::{
    BrickRanges, GpuContext, LabelLayer, LabelStyle, LabelTexture, Palette, Renderer, SliceScene, Target, VolumeTexture,
};
use solid::Solid;

/// Lives as long as the window.
pub struct Gpu {
    device: Device,
    palette: Palette,
    proposal_palette: Palette,
    content: Option<Content>,
    solid: Option<Solid>,
    /// By `Pane::index`.
    panes: [PaneTexture; 4],
}

/// eframe's device as both sides know it.
struct Device {
    host: RenderState,
    context: GpuContext,
    renderer: Renderer,
}

/// What is on the GPU for the open picture.
struct Content {
    volume: VolumeTexture,
    inverted: bool,
    size: [usize; 3],
    layers: Vec<LabelTexture>,
    proposal: Option<LabelTexture>,
    /// Counts every change of what the textures hold.
    revision: u64,
}

/// A pane's off-screen picture, drawn again only when what it shows has changed.
struct PaneTexture {
    target: Target,
    id: TextureId,
    shown: Option<Shown>,
}

#[derive(Clone, Copy, PartialEq)]
struct Shown {
    raster: Raster,
    window: Window,
    inverted: bool,
    show_labels: bool,
    label_opacity: f32,
    revision: u64,
}

/// The number a proposal has in its own texture.
const PROPOSED: u16 = 1;

impl Gpu {
    pub fn new(host: &RenderState) -> anyhow::Result<Self> {
        let context = GpuContext::from_host(&host.adapter, host.device.clone(), host.queue.clone());
        let renderer = Renderer::new(&context, Target::FORMAT);
        let pane = || -> anyhow::Result<PaneTexture> {
            let target = Target::new(&context, [1, 1])?;
            let mut textures = host.renderer.write();
            let id = textures.register_native_texture(&host.device, target.view(), wgpu::FilterMode::Nearest);
            Ok(PaneTexture { target, id, shown: None })
        };
        Ok(Self {
            panes: [pane()?, pane()?, pane()?, pane()?],
            palette: Palette::new(&context)?,
            proposal_palette: Palette::new(&context)?,
            device: Device { host: host.clone(), context, renderer },
            content: None,
            solid: None,
        })
    }

    pub fn texture_id(&self, pane: Pane) -> TextureId {
        self.panes[pane.index()].id
    }

    /// Whether the open picture can be shown in 3D now.
    pub fn has_solid(&self) -> bool {
        self.solid.is_some()
    }

    /// `ranges` are there for pictures that have a third dimension.
    pub fn show_volume(&mut self, volume: &Volume, ranges: Option<BrickRanges>) -> anyhow::Result<()> {
        self.close_picture();
        let texture = VolumeTexture::new(&self.device.context, volume)
            .context("the volume could not be put on the graphics adapter")?;
        self.content = Some(Content {
            volume: texture,
            inverted: volume.inverted,
            size: volume.size(),
            layers: Vec::new(),
            proposal: None,
            revision: 0,
        });
        self.solid = ranges.map(|ranges| Solid::new(ranges, volume));
        Ok(())
    }

    pub fn close_picture(&mut self) {
        self.content = None;
        self.solid = None;
        for pane in &mut self.panes {
            pane.shown = None;
        }
    }

    /// Replaces the labels of a box of one layer, columns fastest.
    pub fn write_labels(&mut self, layer: usize, bounds: VoxelBox, labels: &[u16]) -> anyhow::Result<()> {
        let Some(content) = &mut self.content else { return Ok(()) };
        while content.layers.len() <= layer {
            content.layers.push(LabelTexture::new(&self.device.context, content.size)?);
        }
        content.layers[layer].write_box(&self.device.context, bounds, labels)?;
        content.revision += 1;
        Ok(())
    }

    pub fn style_labels(&mut self, styles: impl IntoIterator<Item = (u16, LabelStyle)>) {
        self.palette.update(&self.device.context, styles);
        if let Some(content) = &mut self.content {
            content.revision += 1;
        }
    }

    /// Shows a proposal in `bounds` over whatever proposal was there: `inside` has one flag per voxel of the box.
    pub fn write_proposal(&mut self, bounds: VoxelBox, inside: &[bool], colour: [u8; 3]) -> anyhow::Result<()> {
        let Some(content) = &mut self.content else { return Ok(()) };
        let texture = match &mut content.proposal {
            Some(texture) => texture,
            none => none.insert(LabelTexture::new(&self.device.context, content.size)?),
        };
        let labels: Vec<u16> = inside.iter().map(|&inside| if inside { PROPOSED } else { 0 }).collect();
        texture.write_box(&self.device.context, bounds, &labels)?;
        let style = LabelStyle { selected: true, ..LabelStyle::new(colour) };
        self.proposal_palette.update(&self.device.context, [(PROPOSED, style)]);
        content.revision += 1;
        Ok(())
    }

    /// Draws what is out of date on screen. False while the volume still sharpens.
    pub fn draw(&mut self, volume: &Volume, state: &ViewState, sizes: &[[usize; 2]; 4]) -> anyhow::Result<bool> {
        let mut done = true;
        for &pane in state.panes() {
            let size = sizes[pane.index()];
            match pane {
                Pane::Slice(view) => self.draw_slice(volume, state, view, size)?,
                Pane::Solid => done = self.draw_solid(volume, state, size)?,
            }
        }
        Ok(done)
    }

    fn draw_slice(&mut self, volume: &Volume, state: &ViewState, view: View, size: [usize; 2]) -> anyhow::Result<()> {
        let Some(content) = &self.content else { return Ok(()) };
        let pane = &mut self.panes[Pane::Slice(view).index()];
        let shown = Shown {
            raster: state.raster(volume, view, size),
            window: state.window,
            inverted: state.inverted != content.inverted,
            show_labels: state.show_labels,
            label_opacity: state.label_opacity,
            revision: content.revision,
        };
        if pane.shown == Some(shown) {
            return Ok(());
        }
        if pane.target.size() != size {
            pane.target = Target::new(&self.device.context, size)?;
            self.device.host.renderer.write().update_egui_texture_from_wgpu_texture(
                &self.device.host.device,
                pane.target.view(),
                wgpu::FilterMode::Nearest,
                pane.id,
            );
        }
        let mut encoder = self.device.context.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        let scene = content.scene(volume, &shown, &self.palette, &self.proposal_palette);
        scene.encode(&self.device.renderer, &self.device.context, &mut encoder, pane.target.view());
        self.device.context.queue.submit([encoder.finish()]);
        pane.shown = Some(shown);
        Ok(())
    }

    fn draw_solid(&mut self, volume: &Volume, state: &ViewState, size: [usize; 2]) -> anyhow::Result<bool> {
        let (Some(content), Some(solid)) = (&self.content, &mut self.solid) else { return Ok(true) };
        let id = self.panes[Pane::Solid.index()].id;
        solid.draw(&self.device, id, content, &self.palette, (volume, state, size))
    }
}

impl Content {
    fn scene<'a>(
        &'a self,
        volume: &'a Volume,
        shown: &Shown,
        palette: &'a Palette,
        proposal: &'a Palette,
    ) -> SliceScene<'a> {
        let layer =
            |texture, palette| LabelLayer { texture, palette, opacity: shown.label_opacity, outline_px: OUTLINE_PX };
        let mut labels = Vec::new();
        if shown.show_labels {
            labels.extend(self.layers.iter().map(|texture| layer(texture, palette)));
        }
        // A proposal asks for an answer, so it is seen even where labels are hidden.
        labels.extend(self.proposal.iter().map(|texture| LabelLayer { opacity: 0.35, ..layer(texture, proposal) }));
        // On a software adapter, and for volumes no adapter can hold, slices come from main memory.
        SliceScene {
            host: Some(volume),
            inverted: shown.inverted,
            labels,
            ..SliceScene::new(&self.volume, shown.raster, shown.window)
        }
    }
}
