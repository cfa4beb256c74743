//! What is made of a volume before it is shown, on a worker thread: a smaller one where the adapter cannot hold it,
//! and the ranges that let rays leap. Then it goes to the adapter some megabytes a frame, and is seen from the first.

use crate::bricks::BrickRanges;
use crate::context::GpuContext;
use crate::error::Result;
use crate::reduce;
use crate::volume_texture::{VolumeTexture, VolumeUpload};
use limner_imaging::Volume;
use std::sync::Arc;

pub struct Prepared {
    full: Arc<Volume>,
    /// The full volume, or the reduced one.
    on_adapter: Arc<Volume>,
    ranges: Option<BrickRanges>,
}

/// A prepared volume on its way to the adapter.
pub struct PreparedUpload {
    upload: VolumeUpload,
    source: Arc<Volume>,
}

impl Prepared {
    /// Reads every sample once or twice. `has_solid` for what will be shown in 3D.
    pub fn new(gpu: &GpuContext, full: Arc<Volume>, has_solid: bool) -> limner_imaging::Result<Self> {
        let on_adapter = reduce::to_fit(gpu, &full)?.map_or_else(|| Arc::clone(&full), Arc::new);
        let ranges = has_solid.then(|| BrickRanges::measure(&on_adapter));
        Ok(Self { full, on_adapter, ranges })
    }

    #[must_use]
    pub const fn volume(&self) -> &Arc<Volume> {
        &self.full
    }

    /// Of what is on the adapter. `None` where it is not shown in 3D.
    #[must_use]
    pub const fn ranges(&self) -> Option<&BrickRanges> {
        self.ranges.as_ref()
    }

    /// True where 3D shows fewer voxels than there are. Slices show them all.
    #[must_use]
    pub fn is_reduced(&self) -> bool {
        !Arc::ptr_eq(&self.full, &self.on_adapter)
    }

    /// Is it as small as this adapter needs it?
    #[must_use]
    pub fn fits(&self, gpu: &GpuContext) -> bool {
        let size = self.on_adapter.size();
        reduce::factor_on(gpu, size, self.on_adapter.channels()) == [1; 3]
    }

    /// All of it at once.
    pub fn upload(&self, gpu: &GpuContext) -> Result<VolumeTexture> {
        let mut upload = self.begin_upload(gpu)?;
        upload.advance(gpu, u64::MAX);
        Ok(upload.finish())
    }

    /// Takes the memory; `PreparedUpload::advance` fills it.
    pub fn begin_upload(&self, gpu: &GpuContext) -> Result<PreparedUpload> {
        let mut upload = VolumeUpload::begin(gpu, &self.on_adapter)?.with_host(Arc::clone(&self.full));
        if self.is_reduced() {
            upload = upload.with_reduced(Arc::clone(&self.on_adapter));
        }
        Ok(PreparedUpload { upload, source: Arc::clone(&self.on_adapter) })
    }
}

impl PreparedUpload {
    /// Sends about `budget_bytes`, at least one piece. True once everything is sent.
    pub fn advance(&mut self, gpu: &GpuContext, budget_bytes: u64) -> bool {
        self.upload.advance(gpu, &self.source, budget_bytes)
    }

    /// From 0 to 1.
    #[must_use]
    pub fn progress(&self) -> f32 {
        self.upload.progress()
    }

    /// Can be drawn from the start: until everything is sent, the processor draws from main memory.
    #[must_use]
    pub const fn texture(&self) -> &VolumeTexture {
        self.upload.texture()
    }

    #[must_use]
    pub fn finish(self) -> VolumeTexture {
        self.upload.finish()
    }
}
