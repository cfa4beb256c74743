//! The join between eframe's device and our renderer: the open pictures on the GPU, their labels, and the textures of
//! the viewports.
//!
//! What is on the GPU is a copy of what is in main memory. It gets there some megabytes a frame, and when the device is
//! lost it is put on the next one (`renew`).

mod content;
mod guests;
mod over;
mod part;
mod screen;
mod sheets;
mod solid;

pub use guests::{GuestId, GuestLayers};
pub use part::Part;
pub use sheets::{Inks, ReviewLook, ReviewLooks, SheetColours, SheetId, SheetLook};

use crate::picture::OUTLINE_PX;
use crate::view_state::{Stage, Viewport, ViewportId};
use crate::workspace::{OpenPicture, Workspace};
use anyhow::Context as _;
use content::Content;
use eframe::egui::{Color32, Rect, Shape};
use eframe::egui_wgpu::RenderState;
use eframe::wgpu;
use image::RgbaImage;
use limner_annotation::ImageId;
use limner_imaging::reslice::{Raster, Slab};
use limner_imaging::{Volume, VoxelBox, Window};
use limner_render::{
    ColourMap, Fill, GpuContext, Ground, LabelStyle, LabelTexture, MapPreset, Palette, Prepared, Renderer, Screen,
    Second, Target, Tier, TransferPreset, readback,
};
use limner_segmentation::gpu::{self as network, GpuDevice, Wish};
use over::ShownOver;
use screen::Slot;
use solid::Solid;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Lives as long as the window.
pub struct Gpu {
    device: Device,
    palette: Palette,
    proposal_palette: Palette,
    /// Of what is laid over another picture in colour.
    over_colours: ColourMap,
    pictures: BTreeMap<ImageId, Content>,
    viewports: BTreeMap<ViewportId, ViewportTexture>,
    /// Pixels of the screen in a point.
    pub scale: f32,
}

/// eframe's device as both sides know it.
struct Device {
    context: GpuContext,
    renderer: Renderer,
    screen: Screen,
    ground: Ground,
    /// What a viewport without a picture shows: black.
    dark: (Target, Fill),
}

/// A viewport's off-screen picture, drawn again only when what it shows has changed.
struct ViewportTexture {
    target: Target,
    /// What puts it on the screen.
    fill: Fill,
    slot: Slot,
    shown: Option<Shown>,
    solid: Solid,
}

#[derive(Clone, PartialEq)]
struct Shown {
    image: ImageId,
    raster: Raster,
    window: Window,
    inverted: bool,
    slab: Option<Slab>,
    labels: LabelLook,
    over: Option<ShownOver>,
    review: ReviewLook,
    /// Pixels of the screen in a point.
    scale: f32,
    revision: u64,
}

#[derive(Clone, Copy, PartialEq)]
struct LabelLook {
    show: bool,
    opacity: f32,
    outline_px: f32,
}

impl LabelLook {
    /// Outlines are as wide to the eye on every screen: `scale` is pixels a point.
    const fn of(stage: &Stage, scale: f32) -> Self {
        Self { show: stage.show_labels, opacity: stage.label_opacity, outline_px: OUTLINE_PX * scale }
    }
}

/// What a proposal says of a voxel; the number it has in the proposal's own texture. What accepting would paint has the
/// bit of `PROPOSED_BODY`: the one outline goes around that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub enum Proposed {
    No = 0,
    /// Outside, but not far from being inside.
    Near = 1,
    Yes = PROPOSED_BODY,
    /// Inside, but the engine is not sure.
    Unsure = PROPOSED_BODY + 1,
}

const PROPOSED_BODY: u16 = 4;

impl Gpu {
    pub fn new(host: &RenderState) -> anyhow::Result<Self> {
        let context = GpuContext::from_host(&host.adapter, host.device.clone(), host.queue.clone());
        lend_to_networks(host);
        let renderer = Renderer::new(&context, Target::FORMAT);
        let screen = Screen::new(&context, host.target_format);
        let ground = screen.ground(&context);
        let nothing = Target::new(&context, [1, 1])?;
        let fill = screen.picture(&context, &nothing, false);
        let dark = (nothing, fill);
        let mut proposal_palette = Palette::new(&context)?;
        proposal_palette.set_body_bits(PROPOSED_BODY);
        Ok(Self {
            palette: Palette::new(&context)?,
            proposal_palette,
            over_colours: ColourMap::new(&context, &MapPreset::named("hot").context("there is no such map")?.entries()),
            device: Device { context, renderer, screen, ground, dark },
            pictures: BTreeMap::new(),
            viewports: BTreeMap::new(),
            scale: 1.0,
        })
    }

    /// Gives every viewport of the stage a texture and takes it from those that are gone.
    pub fn fit_to(&mut self, stage: &Stage) -> anyhow::Result<()> {
        let gone: Vec<ViewportId> = self.viewports.keys().copied().filter(|&id| stage.get(id).is_none()).collect();
        for id in gone {
            self.viewports.remove(&id);
        }
        for (id, _) in stage.iter() {
            if !self.viewports.contains_key(&id) {
                let target = Target::new(&self.device.context, [1, 1])?;
                let fill = self.device.screen.picture(&self.device.context, &target, false);
                let slot = Slot::new(&self.device.dark.1);
                let made = ViewportTexture { target, fill, slot, shown: None, solid: Solid::default() };
                self.viewports.insert(id, made);
            }
        }
        Ok(())
    }

    /// The adapter's name and the bytes our textures hold on it.
    pub fn memory(&self) -> (&str, u64) {
        (self.device.context.adapter_name(), self.device.context.bytes_in_use())
    }

    /// A viewport's picture over a rectangle of the screen.
    pub fn picture(&self, viewport: ViewportId, rect: Rect) -> Option<Shape> {
        self.viewports.get(&viewport).map(|texture| screen::picture(rect, &texture.slot))
    }

    /// A rectangle without a picture.
    pub fn nothing(&self, rect: Rect) -> Shape {
        screen::picture(rect, &Slot::new(&self.device.dark.1))
    }

    /// What lies under all panels of a window.
    pub fn ground(&self, rect: Rect, colour: Color32) -> Shape {
        screen::ground(rect, &self.device.ground, colour)
    }

    /// The device pictures are prepared for, on whatever thread.
    pub const fn context(&self) -> &GpuContext {
        &self.device.context
    }

    /// True once the device is gone: nothing more is drawn until `renew`.
    pub fn is_lost(&self) -> bool {
        self.device.context.is_lost()
    }

    /// Lets go of the device, as the system does when a driver fails.
    pub fn lose(&self) {
        self.device.context.device.destroy();
        self.device.context.wait();
    }

    /// Puts every picture on the device of another window. Labels, styles and proposals are sent again by those who
    /// know them.
    pub fn renew(&mut self, host: &RenderState) -> anyhow::Result<()> {
        let mut new = Self::new(host)?;
        for (image, content) in &self.pictures {
            new.add_picture(*image, content.prepared_for(&new.device.context)?, content.part, content.preset)?;
        }
        *self = new;
        Ok(())
    }

    /// Takes the memory; the voxels follow frame by frame. `part` says which of the picture's voxels they are.
    pub fn add_picture(
        &mut self,
        image: ImageId,
        prepared: Arc<Prepared>,
        part: Part,
        preset: &'static TransferPreset,
    ) -> anyhow::Result<()> {
        let content = Content::new(&self.device.context, prepared, part, preset)
            .context("the volume could not be put on the graphics adapter")?;
        self.pictures.insert(image, content);
        self.forget_shown(|shown| shown.image == image);
        Ok(())
    }

    /// Sends some more of what is on its way. True once everything is there.
    fn advance_uploads(&mut self) -> bool {
        let budget_bytes = match self.device.context.tier {
            Tier::Full => 64 << 20,
            Tier::Weak => 16 << 20,
            Tier::Software => 8 << 20,
        };
        match self.pictures.values_mut().find(|content| !content.is_there()) {
            Some(content) => {
                content.advance(&self.device.context, budget_bytes);
                false
            }
            None => true,
        }
    }

    /// The same picture at another time: labels and guests stay. Of a long film `part` is another frame, and its labels are
    /// for whoever knows them to send.
    pub fn change_volume(&mut self, image: ImageId, volume: &Arc<Volume>, part: Part) -> anyhow::Result<()> {
        let Some(content) = self.pictures.get_mut(&image) else { return Ok(()) };
        content.change_volume(&self.device.context, volume, part)
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
            if texture.shown.is_none() {
                texture.slot.show(&self.device.dark.1);
            }
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
        content.write_labels(&self.device.context, layer, bounds, labels)
    }

    /// Labels of a picture that are to be sent as frames have time for them.
    pub fn await_labels(&mut self, image: ImageId, boxes: impl IntoIterator<Item = (usize, VoxelBox)>) {
        if let Some(content) = self.pictures.get_mut(&image) {
            content.waiting.extend(boxes);
        }
    }

    /// Takes one of the boxes that wait: its picture, its layer and its voxels.
    pub fn next_labels(&mut self) -> Option<(ImageId, usize, VoxelBox)> {
        self.pictures.iter_mut().find_map(|(image, content)| {
            let (layer, bounds) = content.waiting.pop_front()?;
            Some((*image, layer, bounds))
        })
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
        let size = content.part.size();
        let texture = match &mut content.proposal {
            Some(texture) => texture,
            none => none.insert(LabelTexture::new(&self.device.context, size)?),
        };
        let labels: Vec<u16> = proposed.iter().map(|&word| word as u16).collect();
        if let Some((bounds, labels)) = content.part.cut(bounds, &labels) {
            texture.write_box(&self.device.context, bounds, &labels)?;
        }
        // Dashes, as nothing of it is paint yet: the line says what accepting would paint.
        let offered = |colour| LabelStyle { selected: true, dashed: true, ..LabelStyle::new(colour) };
        // The less sure, the nearer to white.
        let (sure, unsure) = (offered(colour), offered(colour.map(|channel| channel / 2 + 127)));
        let near = LabelStyle::new(colour.map(|channel| channel / 4 + 191));
        let styles = [(Proposed::Yes as u16, sure), (Proposed::Unsure as u16, unsure), (Proposed::Near as u16, near)];
        self.proposal_palette.update(&self.device.context, styles);
        content.revision += 1;
        Ok(())
    }

    /// Draws what is out of date on screen. False while a volume is on its way or still sharpens.
    pub fn draw(&mut self, workspace: &Workspace, reviews: &ReviewLooks) -> anyhow::Result<bool> {
        let mut done = self.advance_uploads();
        for id in workspace.stage.visible() {
            let Some((viewport, picture)) = workspace.shown_in(id) else { continue };
            let labels = LabelLook::of(&workspace.stage, self.scale);
            if viewport.is_solid() {
                let version = reviews.get(&id).and_then(|look| look.sheets.first()).map(|look| look.id);
                done &= self.draw_solid((id, viewport), picture, version, labels)?;
            } else {
                let over = self.shown_over(workspace, viewport, picture);
                let review = reviews.get(&id).cloned().unwrap_or_default();
                self.draw_slice((id, viewport, picture), labels, over, review)?;
            }
        }
        Ok(done)
    }

    /// What a viewport shows, without anything written over it, `scale` times as large. The volume in 3D is taken as
    /// it stands on the screen.
    pub fn snapshot(
        &self,
        (id, viewport, open): (ViewportId, &Viewport, &OpenPicture),
        workspace: &Workspace,
        review: ReviewLook,
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
        let look = LabelLook::of(&workspace.stage, self.scale * scale as f32);
        let over = self.shown_over(workspace, viewport, open);
        let pixels = self.scale * scale as f32;
        let shown =
            Shown { raster, over, review, scale: pixels, ..content.shown(open.image, viewport, &open.volume, look) };
        let target = Target::new(gpu, size)?;
        let mut encoder = gpu.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        let mut scene = content.scene(&open.drawn, &shown, &self.palette, &self.proposal_palette);
        scene.second = second(&self.pictures, &self.over_colours, &shown);
        scene.encode(&self.device.renderer, gpu, &mut encoder, target.view());
        gpu.queue.submit([encoder.finish()]);
        as_image(&readback::rgba(gpu, &target)?, size)
    }

    fn draw_slice(
        &mut self,
        (id, viewport, open): (ViewportId, &Viewport, &OpenPicture),
        labels: LabelLook,
        over: Option<ShownOver>,
        review: ReviewLook,
    ) -> anyhow::Result<()> {
        let scale = self.scale;
        let (Some(content), Some(texture)) = (self.pictures.get(&open.image), self.viewports.get_mut(&id)) else {
            return Ok(());
        };
        let shown = Shown { over, review, scale, ..content.shown(open.image, viewport, &open.volume, labels) };
        if texture.shown.as_ref() == Some(&shown) {
            return Ok(());
        }
        if texture.target.size() != viewport.size || texture.solid.has_texture() {
            texture.target = Target::new(&self.device.context, viewport.size)?;
            texture.solid.forget();
            texture.fill = self.device.screen.picture(&self.device.context, &texture.target, false);
        }
        let mut encoder = self.device.context.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        let mut scene = content.scene(&open.drawn, &shown, &self.palette, &self.proposal_palette);
        scene.second = second(&self.pictures, &self.over_colours, &shown);
        scene.encode(&self.device.renderer, &self.device.context, &mut encoder, texture.target.view());
        self.device.context.queue.submit([encoder.finish()]);
        texture.slot.show(&texture.fill);
        texture.shown = Some(shown);
        Ok(())
    }

    fn draw_solid(
        &mut self,
        (id, viewport): (ViewportId, &Viewport),
        picture: &OpenPicture,
        version: Option<SheetId>,
        labels: LabelLook,
    ) -> anyhow::Result<bool> {
        let (image, geometry) = (picture.image, &picture.volume.geometry);
        let (Some(content), Some(texture)) = (self.pictures.get(&image), self.viewports.get_mut(&id)) else {
            return Ok(true);
        };
        texture.shown = None;
        let wanted = solid::Wanted { image, viewport, geometry, show_labels: labels.show, version };
        let done = texture.solid.draw(&self.device, &mut texture.fill, content, &self.palette, &wanted)?;
        texture.slot.show(&texture.fill);
        Ok(done)
    }
}

/// Networks are tried on the adapter while the window is open already; on its own device where that is best.
fn lend_to_networks(host: &RenderState) {
    if let Err(error) = GpuDevice::lend(&host.device, &host.queue, host.adapter.get_info()) {
        log::warn!("networks do not use the window's device: {error}");
    }
    network::prefer(Wish::FastestLater);
}

fn second<'a>(pictures: &'a BTreeMap<ImageId, Content>, colours: &'a ColourMap, shown: &Shown) -> Option<Second<'a>> {
    let over = shown.over?;
    Some(over.second(pictures.get(&over.image())?, colours, shown.raster.size[0]))
}

fn as_image(bytes: &[u8], size: [usize; 2]) -> anyhow::Result<RgbaImage> {
    RgbaImage::from_raw(size[0] as u32, size[1] as u32, bytes.to_vec()).context("the picture came back in another size")
}
