//! The open picture in 3D: appears at once, sharpens while nothing else needs the adapter.

use super::{Content, Device};
use crate::picture::preset_for;
use crate::view_state::ViewState;
use eframe::egui::TextureId;
use eframe::wgpu;
use limner_imaging::{Volume, Window};
use limner_render::{
    BrickRanges, Camera, FreeSpace, LabelSurfaces, Palette, Progressive, TransferPreset, TransferTable, VolumeMode,
    VolumeScene,
};

/// What is made once for a picture.
pub struct Solid {
    ranges: BrickRanges,
    preset: &'static TransferPreset,
    picture: Option<Picture>,
}

/// What is made again for another size of the pane.
struct Picture {
    progressive: Progressive,
    /// Free to leap over for the content and window last shown.
    free_space: FreeSpace,
    transfer: TransferTable,
    shown: Shown,
}

#[derive(Clone, Copy, PartialEq)]
struct Shown {
    camera: Camera,
    size: [usize; 2],
    window: Window,
    show_labels: bool,
    revision: u64,
}

impl Solid {
    pub fn new(ranges: BrickRanges, volume: &Volume) -> Self {
        Self { ranges, preset: preset_for(volume), picture: None }
    }

    /// Draws the next part where one is due. True once the picture is as good as it gets.
    pub fn draw(
        &mut self,
        device: &Device,
        id: TextureId,
        content: &Content,
        palette: &Palette,
        (volume, state, size): (&Volume, &ViewState, [usize; 2]),
    ) -> anyhow::Result<bool> {
        let shown = Shown {
            camera: state.camera(&volume.geometry, size),
            size,
            window: state.window,
            show_labels: state.show_labels,
            revision: content.revision,
        };
        if self.picture.as_ref().is_none_or(|p| p.shown != shown) {
            self.restart(device, id, content, shown)?;
        }
        let Some(picture) = &mut self.picture else { return Ok(true) };
        let labels = content.layers.first().filter(|_| shown.show_labels);
        let scene = VolumeScene {
            labels: labels.map(|texture| LabelSurfaces { texture, palette, opacity: 1.0 }),
            ..VolumeScene::new(
                &content.volume,
                &picture.free_space,
                shown.camera,
                size,
                VolumeMode::Shaded { transfer: &picture.transfer },
            )
        };
        picture.progressive.advance(&scene, &device.renderer, &device.context);
        Ok(picture.progressive.is_done())
    }

    fn restart(&mut self, device: &Device, id: TextureId, content: &Content, shown: Shown) -> anyhow::Result<()> {
        let gpu = &device.context;
        let before = self.picture.take();
        let (size, same_matter) = before.as_ref().map_or(([0; 2], false), |p| {
            let s = p.shown;
            let same = (s.window, s.show_labels, s.revision) == (shown.window, shown.show_labels, shown.revision);
            (s.size, same)
        });
        let mut picture = match before {
            Some(picture) if same_matter => Picture { shown, ..picture },
            before => {
                let function = self.preset.function(shown.window);
                let labels = content.layers.first().filter(|_| shown.show_labels);
                let free_space = FreeSpace::new(gpu, &content.volume, &self.ranges, &function, labels)?;
                let progressive = match before {
                    Some(picture) => picture.progressive,
                    None => Progressive::new(gpu, shown.size)?,
                };
                Picture { progressive, free_space, transfer: TransferTable::new(gpu, function), shown }
            }
        };
        if size != shown.size {
            picture.progressive = Progressive::new(gpu, shown.size)?;
            device.host.renderer.write().update_egui_texture_from_wgpu_texture(
                &device.host.device,
                picture.progressive.target().view(),
                wgpu::FilterMode::Linear,
                id,
            );
        }
        picture.progressive.restart();
        self.picture = Some(picture);
        Ok(())
    }
}
