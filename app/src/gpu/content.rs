//! What is on the GPU for an open picture.

use super::guests::{Guest, GuestId};
use super::sheets::{InSpace, OnAdapter, SheetId};
use super::{LabelLook, Part, ReviewLook, Shown};
use crate::curve::Curve;
use crate::view_state::Viewport;
use limner_annotation::ImageId;
use limner_imaging::{Volume, VoxelBox, Window};
use limner_render::{
    ColourMap, GpuContext, LabelLayer, LabelTexture, Palette, Prepared, PreparedUpload, SliceScene, Tier,
    TransferPreset, VolumeTexture,
};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

pub struct Content {
    /// What it was made of: enough to make it again.
    prepared: Arc<Prepared>,
    upload: PreparedUpload,
    is_there: bool,
    /// How it is seen in 3D before anybody chooses.
    pub preset: &'static TransferPreset,
    /// `None` until something is painted on it: a layer takes as much memory as half the volume or more.
    layers: Vec<Option<LabelTexture>>,
    /// Labels that have not been sent yet, by layer.
    pub waiting: VecDeque<(usize, VoxelBox)>,
    pub guests: BTreeMap<GuestId, Guest>,
    /// Of the review.
    pub sheets: BTreeMap<SheetId, OnAdapter>,
    /// Those that are seen in 3D.
    pub in_space: BTreeMap<SheetId, InSpace>,
    /// The file's own curve of greys: its window, and its map as it is and inverted.
    curve: Option<(Window, [ColourMap; 2])>,
    pub proposal: Option<LabelTexture>,
    /// Counts every change of what the textures hold.
    pub revision: u64,
    /// Which of the picture's voxels these are.
    pub part: Part,
}

impl Content {
    pub fn new(
        gpu: &GpuContext,
        prepared: Arc<Prepared>,
        part: Part,
        preset: &'static TransferPreset,
    ) -> limner_render::Result<Self> {
        let curve = Curve::of(prepared.volume()).map(|curve| {
            let map = |inverted| ColourMap::new(gpu, &curve.entries(inverted));
            (curve.window, [map(false), map(true)])
        });
        Ok(Self {
            upload: prepared.begin_upload(gpu)?,
            is_there: false,
            prepared,
            preset,
            layers: Vec::new(),
            waiting: VecDeque::new(),
            guests: BTreeMap::new(),
            sheets: BTreeMap::new(),
            in_space: BTreeMap::new(),
            curve,
            proposal: None,
            revision: 0,
            part,
        })
    }

    /// The same picture for another device, which may hold less than the one before.
    pub fn prepared_for(&self, gpu: &GpuContext) -> anyhow::Result<Arc<Prepared>> {
        if self.prepared.fits(gpu) {
            return Ok(Arc::clone(&self.prepared));
        }
        let has_solid = self.prepared.ranges().is_some();
        Ok(Arc::new(Prepared::new(gpu, Arc::clone(self.prepared.volume()), has_solid)?))
    }

    pub fn prepared(&self) -> &Prepared {
        &self.prepared
    }

    pub fn size(&self) -> [usize; 3] {
        self.prepared.volume().size()
    }

    pub fn is_inverted(&self) -> bool {
        self.prepared.volume().inverted
    }

    /// The same picture at another time, at once: labels and guests stay, unless it is another frame of a long film.
    pub fn change_volume(&mut self, gpu: &GpuContext, volume: &Arc<Volume>, part: Part) -> anyhow::Result<()> {
        let has_solid = self.prepared.ranges().is_some();
        let prepared = Prepared::new(gpu, Arc::clone(volume), has_solid)?;
        self.upload = prepared.begin_upload(gpu)?;
        self.is_there = self.upload.advance(gpu, u64::MAX);
        self.prepared = Arc::new(prepared);
        self.revision += 1;
        if std::mem::replace(&mut self.part, part) != part {
            self.layers.clear();
            self.waiting.clear();
            self.proposal = None;
            for guest in self.guests.values_mut() {
                guest.lie_on(gpu, part)?;
            }
        }
        Ok(())
    }

    pub const fn is_there(&self) -> bool {
        self.is_there
    }

    pub fn advance(&mut self, gpu: &GpuContext, budget_bytes: u64) {
        if self.upload.advance(gpu, budget_bytes) {
            self.is_there = true;
            if gpu.tier != Tier::Software {
                // The processor drew so far, and without what only the adapter has.
                self.revision += 1;
            }
        }
    }

    pub const fn volume(&self) -> &VolumeTexture {
        self.upload.texture()
    }

    /// Every layer of labels with its colours, those of the project first.
    pub fn label_layers<'a>(&'a self, own: &'a Palette) -> impl Iterator<Item = (&'a LabelTexture, &'a Palette)> {
        let guests = self.guests.values().flat_map(Guest::layers);
        self.layers.iter().flatten().map(move |texture| (texture, own)).chain(guests)
    }

    /// What has surfaces in 3D: a version of the review in the place of the project's own labels.
    pub fn surfaces<'a>(&'a self, own: &'a Palette, version: Option<SheetId>) -> Vec<(&'a LabelTexture, &'a Palette)> {
        let version = version.and_then(|id| self.in_space.get(&id));
        version.map_or_else(|| self.label_layers(own).collect(), |version| vec![version.layer()])
    }

    /// Replaces the labels of a box of one layer, columns fastest.
    pub fn write_labels(
        &mut self,
        gpu: &GpuContext,
        layer: usize,
        bounds: VoxelBox,
        labels: &[u16],
    ) -> anyhow::Result<()> {
        let Some((bounds, labels)) = self.part.cut(bounds, labels) else { return Ok(()) };
        if self.layers.len() <= layer {
            self.layers.resize_with(layer + 1, || None);
        }
        let texture = match &mut self.layers[layer] {
            Some(texture) => texture,
            None if labels.iter().all(|&label| label == 0) => return Ok(()),
            none => none.insert(LabelTexture::new(gpu, self.part.size())?),
        };
        texture.write_box(gpu, bounds, &labels)?;
        self.revision += 1;
        Ok(())
    }

    pub fn shown(&self, image: ImageId, viewport: &Viewport, volume: &Volume, labels: LabelLook) -> Shown {
        Shown {
            image,
            raster: viewport.raster(volume),
            window: viewport.window,
            inverted: viewport.inverted != self.is_inverted(),
            slab: viewport.slab,
            labels,
            over: None,
            review: ReviewLook::default(),
            scale: 1.0,
            revision: self.revision,
        }
    }

    pub fn scene<'a>(
        &'a self,
        volume: &'a Volume,
        shown: &Shown,
        palette: &'a Palette,
        proposal: &'a Palette,
    ) -> SliceScene<'a> {
        let layer = |texture, palette| LabelLayer {
            opacity: shown.labels.opacity,
            outline_px: shown.labels.outline_px,
            ..LabelLayer::new(texture, palette)
        };
        let mut labels = Vec::new();
        if shown.labels.show && !shown.review.hides_own {
            labels.extend(self.label_layers(palette).map(|(texture, palette)| layer(texture, palette)));
        }
        if shown.labels.show {
            let width = shown.raster.size[0];
            let on = shown.review.sheets.iter().filter_map(|look| Some((self.sheets.get(&look.id)?, look)));
            labels.extend(on.filter_map(|(sheet, look)| sheet.layer(look, width, shown.scale)));
        }
        // A proposal asks for an answer, so it is seen even where labels are hidden.
        labels.extend(self.proposal.iter().map(|texture| LabelLayer { opacity: 0.35, ..layer(texture, proposal) }));
        let curve = self.curve.as_ref().filter(|(window, _)| *window == shown.window);
        let curve = curve.map(|(_, maps)| &maps[usize::from(shown.inverted)]);
        // On a software adapter, and for volumes no adapter can hold, slices come from main memory.
        SliceScene {
            host: Some(volume),
            // A curve's map is inverted already.
            inverted: shown.inverted && curve.is_none(),
            colour_map: curve,
            slab: shown.slab,
            labels,
            ..SliceScene::new(self.volume(), shown.raster, shown.window)
        }
    }
}
