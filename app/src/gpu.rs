//! The join between eframe's device and our renderer: the open pictures on the GPU, their labels, and the textures of
//! the viewports.

mod solid;

use crate::picture::OUTLINE_PX;
use crate::view_state::{Stage, Viewport, ViewportId};
use crate::workspace::{OpenPicture, Workspace};
use anyhow::Context as _;
use eframe::egui::TextureId;
use eframe::egui_wgpu::RenderState;
use eframe::wgpu;
use image::RgbaImage;
use limner_annotation::ImageId;
use limner_imaging::reslice::{Raster, Slab};
use limner_imaging::{Volume, VoxelBox, Window};
use limner_render::{
    BrickRanges, GpuContext, LabelLayer, LabelStyle, LabelTexture, Palette, Renderer, SliceScene, Target,
    TransferPreset, VolumeTexture, readback, reduce,
};
use solid::Solid;
use std::collections::BTreeMap;

/// Lives as long as the window.
pub struct Gpu {
    device: Device,
    palette: Palette,
    proposal_palette: Palette,
    pictures: BTreeMap<ImageId, Content>,
    viewports: BTreeMap<ViewportId, ViewportTexture>,
}

/// eframe's device as both sides know it.
struct Device {
    host: RenderState,
    context: GpuContext,
    renderer: Renderer,
}

/// What is on the GPU for an open picture.
struct Content {
    volume: VolumeTexture,
    /// For what has a third dimension to show.
    ranges: Option<BrickRanges>,
    /// How it is seen in 3D before anybody chooses.
    preset: &'static TransferPreset,
    inverted: bool,
    size: [usize; 3],
    layers: Vec<LabelTexture>,
    proposal: Option<LabelTexture>,
    /// Counts every change of what the textures hold.
    revision: u64,
}

/// A viewport's off-screen picture, drawn again only when what it shows has changed.
struct ViewportTexture {
    target: Target,
    id: TextureId,
    shown: Option<Shown>,
    solid: Solid,
}

#[derive(Clone, Copy, PartialEq)]
struct Shown {
    image: ImageId,
    raster: Raster,
    window: Window,
    inverted: bool,
    slab: Option<Slab>,
    labels: LabelLook,
    revision: u64,
}

#[derive(Clone, Copy, PartialEq)]
struct LabelLook {
    show: bool,
    opacity: f32,
}

impl LabelLook {
    const fn of(stage: &Stage) -> Self {
        Self { show: stage.show_labels, opacity: stage.label_opacity }
    }
}

/// What a proposal says of a voxel; the number it has in the proposal's own texture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub enum Proposed {
    No,
    Yes,
    /// Inside, but the engine is not sure.
    Unsure,
}

impl Gpu {
    pub fn new(host: &RenderState) -> anyhow::Result<Self> {
        let context = GpuContext::from_host(&host.adapter, host.device.clone(), host.queue.clone());
        let renderer = Renderer::new(&context, Target::FORMAT);
        Ok(Self {
            palette: Palette::new(&context)?,
            proposal_palette: Palette::new(&context)?,
            device: Device { host: host.clone(), context, renderer },
            pictures: BTreeMap::new(),
            viewports: BTreeMap::new(),
        })
    }

    /// Gives every viewport of the stage a texture and takes it from those that are gone.
    pub fn fit_to(&mut self, stage: &Stage) -> anyhow::Result<()> {
        let gone: Vec<ViewportId> = self.viewports.keys().copied().filter(|&id| stage.get(id).is_none()).collect();
        for id in gone {
            if let Some(texture) = self.viewports.remove(&id) {
                self.device.host.renderer.write().free_texture(&texture.id);
            }
        }
        for (id, _) in stage.iter() {
            if !self.viewports.contains_key(&id) {
                let target = Target::new(&self.device.context, [1, 1])?;
                let texture = self.device.register(&target);
                let made = ViewportTexture { target, id: texture, shown: None, solid: Solid::default() };
                self.viewports.insert(id, made);
            }
        }
        Ok(())
    }

    /// The adapter's name and the bytes our textures hold on it.
    pub fn memory(&self) -> (&str, u64) {
        (self.device.context.adapter_name(), self.device.context.bytes_in_use())
    }

    pub fn texture_id(&self, viewport: ViewportId) -> Option<TextureId> {
        self.viewports.get(&viewport).map(|texture| texture.id)
    }

    /// `ranges` are there for pictures that have a third dimension.
    pub fn add_picture(
        &mut self,
        image: ImageId,
        volume: &Volume,
        ranges: Option<BrickRanges>,
        preset: &'static TransferPreset,
    ) -> anyhow::Result<()> {
        // Slices of a volume the adapter cannot hold still show every voxel; 3D shows a smaller one.
        let reduced = reduce::to_fit(&self.device.context, volume)?;
        let texture = VolumeTexture::new(&self.device.context, reduced.as_ref().unwrap_or(volume))
            .context("the volume could not be put on the graphics adapter")?;
        let content = Content {
            volume: texture,
            ranges: match &reduced {
                Some(reduced) => ranges.map(|_| BrickRanges::measure(reduced)),
                None => ranges,
            },
            preset,
            inverted: volume.inverted,
            size: volume.size(),
            layers: Vec::new(),
            proposal: None,
            revision: 0,
        };
        self.pictures.insert(image, content);
        self.forget_shown(|shown| shown.image == image);
        Ok(())
    }

    pub fn drop_picture(&mut self, image: ImageId) {
        self.pictures.remove(&image);
        self.forget_shown(|shown| shown.image == image);
    }

    pub fn drop_all_pictures(&mut self) {
        self.pictures.clear();
        self.forget_shown(|_| true);
    }

    fn forget_shown(&mut self, which: impl Fn(&Shown) -> bool) {
        for texture in self.viewports.values_mut() {
            if texture.shown.as_ref().is_some_and(&which) {
                texture.shown = None;
            }
            texture.solid.forget();
        }
    }

    /// Replaces the labels of a box of one layer, columns fastest.
    pub fn write_labels(
        &mut self,
        image: ImageId,
        layer: usize,
        bounds: VoxelBox,
        labels: &[u16],
    ) -> anyhow::Result<()> {
        let Some(content) = self.pictures.get_mut(&image) else { return Ok(()) };
        while content.layers.len() <= layer {
            content.layers.push(LabelTexture::new(&self.device.context, content.size)?);
        }
        content.layers[layer].write_box(&self.device.context, bounds, labels)?;
        content.revision += 1;
        Ok(())
    }

    pub fn style_labels(&mut self, styles: impl IntoIterator<Item = (u16, LabelStyle)>) {
        self.palette.update(&self.device.context, styles);
        for content in self.pictures.values_mut() {
            content.revision += 1;
        }
    }

    /// Shows a proposal in `bounds` over whatever proposal was there: one word per voxel of the box, columns fastest.
    pub fn write_proposal(
        &mut self,
        image: ImageId,
        bounds: VoxelBox,
        proposed: &[Proposed],
        colour: [u8; 3],
    ) -> anyhow::Result<()> {
        let Some(content) = self.pictures.get_mut(&image) else { return Ok(()) };
        let texture = match &mut content.proposal {
            Some(texture) => texture,
            none => none.insert(LabelTexture::new(&self.device.context, content.size)?),
        };
        let labels: Vec<u16> = proposed.iter().map(|&word| word as u16).collect();
        texture.write_box(&self.device.context, bounds, &labels)?;
        let sure = LabelStyle { selected: true, ..LabelStyle::new(colour) };
        // Halfway to white.
        let unsure = LabelStyle { colour: colour.map(|channel| channel / 2 + 127), ..sure };
        let styles = [(Proposed::Yes as u16, sure), (Proposed::Unsure as u16, unsure)];
        self.proposal_palette.update(&self.device.context, styles);
        content.revision += 1;
        Ok(())
    }

    /// Draws what is out of date on screen. False while a volume still sharpens.
    pub fn draw(&mut self, workspace: &Workspace) -> anyhow::Result<bool> {
        let mut done = true;
        for id in workspace.stage.visible() {
            let Some((viewport, picture)) = workspace.shown_in(id) else { continue };
            let labels = LabelLook::of(&workspace.stage);
            if viewport.is_solid() {
                done &= self.draw_solid(id, viewport, picture.image, &picture.volume, labels)?;
            } else {
                self.draw_slice(id, viewport, picture.image, &picture.volume, labels)?;
            }
        }
        Ok(done)
    }

    /// What a viewport shows, without anything written over it, `scale` times as large. The volume in 3D is taken as
    /// it stands on the screen.
    pub fn snapshot(
        &self,
        (id, viewport, open): (ViewportId, &Viewport, &OpenPicture),
        stage: &Stage,
        scale: usize,
    ) -> anyhow::Result<RgbaImage> {
        let gpu = &self.device.context;
        let content = self.pictures.get(&open.image).context("the picture is not on the graphics adapter")?;
        if viewport.is_solid() {
            let texture = self.viewports.get(&id).context("the view is not on screen")?;
            let target = texture.solid.target().context("the volume has not been drawn yet")?;
            return as_image(&readback::rgba(gpu, target)?, target.size());
        }
        let raster = viewport.raster(&open.volume);
        let size = raster.size.map(|n| n * scale);
        let raster = Raster { mm_per_pixel: raster.mm_per_pixel / scale as f64, size, ..raster };
        let shown = Shown { raster, ..content.shown(open.image, viewport, &open.volume, LabelLook::of(stage)) };
        let target = Target::new(gpu, size)?;
        let mut encoder = gpu.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        let scene = content.scene(&open.volume, &shown, &self.palette, &self.proposal_palette);
        scene.encode(&self.device.renderer, gpu, &mut encoder, target.view());
        gpu.queue.submit([encoder.finish()]);
        as_image(&readback::rgba(gpu, &target)?, size)
    }

    fn draw_slice(
        &mut self,
        id: ViewportId,
        viewport: &Viewport,
        image: ImageId,
        volume: &Volume,
        labels: LabelLook,
    ) -> anyhow::Result<()> {
        let (Some(content), Some(texture)) = (self.pictures.get(&image), self.viewports.get_mut(&id)) else {
            return Ok(());
        };
        let shown = content.shown(image, viewport, volume, labels);
        if texture.shown == Some(shown) {
            return Ok(());
        }
        if texture.target.size() != viewport.size || texture.solid.has_texture() {
            texture.target = Target::new(&self.device.context, viewport.size)?;
            texture.solid.forget();
            self.device.show_on(texture.id, &texture.target, wgpu::FilterMode::Nearest);
        }
        let mut encoder = self.device.context.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        let scene = content.scene(volume, &shown, &self.palette, &self.proposal_palette);
        scene.encode(&self.device.renderer, &self.device.context, &mut encoder, texture.target.view());
        self.device.context.queue.submit([encoder.finish()]);
        texture.shown = Some(shown);
        Ok(())
    }

    fn draw_solid(
        &mut self,
        id: ViewportId,
        viewport: &Viewport,
        image: ImageId,
        volume: &Volume,
        labels: LabelLook,
    ) -> anyhow::Result<bool> {
        let (Some(content), Some(texture)) = (self.pictures.get(&image), self.viewports.get_mut(&id)) else {
            return Ok(true);
        };
        texture.shown = None;
        let wanted = solid::Wanted { image, viewport, volume, show_labels: labels.show };
        texture.solid.draw(&self.device, texture.id, content, &self.palette, &wanted)
    }
}

impl Device {
    fn register(&self, target: &Target) -> TextureId {
        let mut textures = self.host.renderer.write();
        textures.register_native_texture(&self.host.device, target.view(), wgpu::FilterMode::Nearest)
    }

    /// Shows another target where a texture was shown.
    fn show_on(&self, id: TextureId, target: &Target, filter: wgpu::FilterMode) {
        let mut textures = self.host.renderer.write();
        textures.update_egui_texture_from_wgpu_texture(&self.host.device, target.view(), filter, id);
    }
}

fn as_image(bytes: &[u8], size: [usize; 2]) -> anyhow::Result<RgbaImage> {
    RgbaImage::from_raw(size[0] as u32, size[1] as u32, bytes.to_vec()).context("the picture came back in another size")
}

impl Content {
    fn shown(&self, image: ImageId, viewport: &Viewport, volume: &Volume, labels: LabelLook) -> Shown {
        Shown {
            image,
            raster: viewport.raster(volume),
            window: viewport.window,
            inverted: viewport.inverted != self.inverted,
            slab: viewport.slab,
            labels,
            revision: self.revision,
        }
    }

    fn scene<'a>(
        &'a self,
        volume: &'a Volume,
        shown: &Shown,
        palette: &'a Palette,
        proposal: &'a Palette,
    ) -> SliceScene<'a> {
        let layer =
            |texture, palette| LabelLayer { texture, palette, opacity: shown.labels.opacity, outline_px: OUTLINE_PX };
        let mut labels = Vec::new();
        if shown.labels.show {
            labels.extend(self.layers.iter().map(|texture| layer(texture, palette)));
        }
        // A proposal asks for an answer, so it is seen even where labels are hidden.
        labels.extend(self.proposal.iter().map(|texture| LabelLayer { opacity: 0.35, ..layer(texture, proposal) }));
        // On a software adapter, and for volumes no adapter can hold, slices come from main memory.
        SliceScene {
            host: Some(volume),
            inverted: shown.inverted,
            slab: shown.slab,
            labels,
            ..SliceScene::new(&self.volume, shown.raster, shown.window)
        }
    }
}
