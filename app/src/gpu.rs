//! The join between eframe's device and our renderer: one picture on the GPU, its labels, and the textures of the views.

use crate::picture::OUTLINE_PX;
use crate::view_state::ViewState;
use anyhow::Context as _;
use eframe::egui::TextureId;
use eframe::egui_wgpu::RenderState;
use eframe::wgpu;
use limner_imaging::reslice::Raster;
use limner_imaging::{Volume, VoxelBox, Window};
use limner_render::{
    GpuContext, LabelLayer, LabelStyle, LabelTexture, Palette, Renderer, SliceScene, Target, VolumeTexture,
};

/// Lives as long as the window.
pub struct Gpu {
    host: RenderState,
    context: GpuContext,
    renderer: Renderer,
    palette: Palette,
    proposal_palette: Palette,
    picture: Option<Picture>,
    view: ViewTexture,
}

/// What is on the GPU for the open picture.
struct Picture {
    volume: VolumeTexture,
    inverted: bool,
    size: [usize; 3],
    layers: Vec<LabelTexture>,
    proposal: Option<LabelTexture>,
    /// Counts every change of what the textures hold.
    content: u64,
}

/// A view's off-screen picture, drawn again only when what it shows has changed.
struct ViewTexture {
    target: Target,
    id: TextureId,
    shown: Option<Shown>,
}

#[derive(Clone, Copy, PartialEq)]
struct Shown {
    raster: Raster,
    window: Window,
    inverted: bool,
    label_opacity: f32,
    content: u64,
}

/// The number a proposal has in its own texture.
const PROPOSED: u16 = 1;

impl Gpu {
    pub fn new(host: &RenderState) -> anyhow::Result<Self> {
        let context = GpuContext::from_host(&host.adapter, host.device.clone(), host.queue.clone());
        let renderer = Renderer::new(&context, Target::FORMAT);
        let target = Target::new(&context, [1, 1])?;
        let id = host.renderer.write().register_native_texture(&host.device, target.view(), wgpu::FilterMode::Nearest);
        Ok(Self {
            palette: Palette::new(&context)?,
            proposal_palette: Palette::new(&context)?,
            host: host.clone(),
            context,
            renderer,
            picture: None,
            view: ViewTexture { target, id, shown: None },
        })
    }

    /// The adapter's name, for the doctor and the status bar.
    pub fn adapter_name(&self) -> &str {
        self.context.adapter_name()
    }

    pub fn texture_id(&self) -> TextureId {
        self.view.id
    }

    pub fn show_volume(&mut self, volume: &Volume) -> anyhow::Result<()> {
        self.close_picture();
        let texture =
            VolumeTexture::new(&self.context, volume).context("the volume could not be put on the graphics adapter")?;
        self.picture = Some(Picture {
            volume: texture,
            inverted: volume.inverted,
            size: volume.size(),
            layers: Vec::new(),
            proposal: None,
            content: 0,
        });
        Ok(())
    }

    pub fn close_picture(&mut self) {
        self.picture = None;
        self.view.shown = None;
    }

    /// Replaces the labels of a box of one layer, columns fastest.
    pub fn write_labels(&mut self, layer: usize, bounds: VoxelBox, labels: &[u16]) -> anyhow::Result<()> {
        let Some(picture) = &mut self.picture else { return Ok(()) };
        while picture.layers.len() <= layer {
            picture.layers.push(LabelTexture::new(&self.context, picture.size)?);
        }
        picture.layers[layer].write_box(&self.context, bounds, labels)?;
        picture.content += 1;
        Ok(())
    }

    pub fn style_labels(&mut self, styles: impl IntoIterator<Item = (u16, LabelStyle)>) {
        self.palette.update(&self.context, styles);
        if let Some(picture) = &mut self.picture {
            picture.content += 1;
        }
    }

    /// Shows a proposal in `bounds` over whatever proposal was there: `inside` has one flag per voxel of the box.
    pub fn write_proposal(&mut self, bounds: VoxelBox, inside: &[bool], colour: [u8; 3]) -> anyhow::Result<()> {
        let Some(picture) = &mut self.picture else { return Ok(()) };
        let texture = match &picture.proposal {
            Some(texture) => texture,
            None => picture.proposal.insert(LabelTexture::new(&self.context, picture.size)?),
        };
        let labels: Vec<u16> = inside.iter().map(|&inside| if inside { PROPOSED } else { 0 }).collect();
        texture.write_box(&self.context, bounds, &labels)?;
        let style = LabelStyle { selected: true, ..LabelStyle::new(colour) };
        self.proposal_palette.update(&self.context, [(PROPOSED, style)]);
        picture.content += 1;
        Ok(())
    }

    /// Draws the view's texture where what it shows differs from what it held.
    pub fn draw_view(&mut self, volume: &Volume, state: &ViewState, size: [usize; 2]) -> anyhow::Result<()> {
        let Some(picture) = &self.picture else { return Ok(()) };
        let shown = Shown {
            raster: state.raster(volume, size),
            window: state.window,
            inverted: state.inverted != picture.inverted,
            label_opacity: if state.show_labels { state.label_opacity } else { 0.0 },
            content: picture.content,
        };
        if self.view.shown == Some(shown) {
            return Ok(());
        }
        if self.view.target.size() != size {
            self.view.target = Target::new(&self.context, size)?;
            self.host.renderer.write().update_egui_texture_from_wgpu_texture(
                &self.host.device,
                self.view.target.view(),
                wgpu::FilterMode::Nearest,
                self.view.id,
            );
        }
        let mut encoder = self.context.device.create_command_encoder(&Default::default());
        let scene = picture.scene(&shown, state.show_labels, &self.palette, &self.proposal_palette);
        scene.encode(&self.renderer, &self.context, &mut encoder, self.view.target.view());
        self.context.queue.submit([encoder.finish()]);
        self.view.shown = Some(shown);
        Ok(())
    }
}

impl Picture {
    fn scene<'a>(
        &'a self,
        shown: &Shown,
        show_labels: bool,
        palette: &'a Palette,
        proposal: &'a Palette,
    ) -> SliceScene<'a> {
        let layer =
            |texture, palette| LabelLayer { texture, palette, opacity: shown.label_opacity, outline_px: OUTLINE_PX };
        let mut labels = Vec::new();
        if show_labels {
            labels.extend(self.layers.iter().map(|texture| layer(texture, palette)));
        }
        // A proposal asks for an answer, so it is seen even where labels are hidden.
        labels.extend(self.proposal.iter().map(|texture| LabelLayer { opacity: 0.35, ..layer(texture, proposal) }));
        SliceScene { inverted: shown.inverted, labels, ..SliceScene::new(&self.volume, shown.raster, shown.window) }
    }
}
