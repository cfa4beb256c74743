//! A volume on the GPU: its samples in the smallest exact format, and how to read values out of them.

use crate::context::{CountedTexture, GpuContext};
use crate::error::Result;
use crate::texels::{Encoding, TexelFormat};
use crate::upload;
use limner_imaging::{Geometry, ValueMap, Volume, VoxelBox, Window};
use std::sync::Arc;

/// How a shader reads a texel; each has pipelines of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TexelKind {
    Float,
    Integer,
    Colour,
}

impl TexelKind {
    pub const ALL: [Self; 3] = [Self::Float, Self::Integer, Self::Colour];
}

pub struct VolumeTexture {
    texture: CountedTexture,
    geometry: Geometry,
    encoding: Encoding,
    value_map: ValueMap,
    host: Option<Arc<Volume>>,
    /// What the texture holds, where that is not the host.
    reduced: Option<Arc<Volume>>,
    /// Not all of it has been sent.
    is_partial: bool,
}

/// A volume on its way to the adapter, some megabytes a frame, so that no frame waits for all of it.
pub struct VolumeUpload {
    texture: VolumeTexture,
    chunks: std::vec::IntoIter<VoxelBox>,
}

impl VolumeUpload {
    /// Takes the memory; `advance` with the same volume fills it.
    pub fn begin(gpu: &GpuContext, volume: &Volume) -> Result<Self> {
        let size = volume.size();
        let falling = volume.value_map.slope < 0.0;
        let encoding = Encoding::choose(volume.samples(), volume.channels(), gpu.has_16bit_norm(), falling);
        let texture = upload::texture_3d(gpu, "volume", size, encoding.format.wgpu())?;
        let chunks = upload::chunks(size, encoding.format.bytes()).into_iter();
        let value_map = volume.value_map.clone();
        let geometry = volume.geometry;
        let (host, reduced, is_partial) = (None, None, true);
        let texture = VolumeTexture { texture, geometry, encoding, value_map, host, reduced, is_partial };
        Ok(Self { texture, chunks })
    }

    /// Sends about `budget_bytes`, at least one piece. True once everything is sent.
    pub fn advance(&mut self, gpu: &GpuContext, volume: &Volume, budget_bytes: u64) -> bool {
        let encoding = self.texture.encoding;
        let mut sent = 0;
        while sent < budget_bytes || sent == 0 {
            let Some(chunk) = self.chunks.next() else { return true };
            let start = volume.geometry.linear_index(chunk.min);
            let bytes = encoding.bytes(volume.samples(), volume.channels(), start..start + chunk.len());
            upload::write_box(gpu, &self.texture.texture.texture, chunk, &bytes);
            upload::flush(gpu);
            sent += bytes.len() as u64;
        }
        self.texture.is_partial = !self.chunks.as_slice().is_empty();
        !self.texture.is_partial
    }

    #[must_use]
    pub fn with_host(self, volume: Arc<Volume>) -> Self {
        Self { texture: self.texture.with_host(volume), ..self }
    }

    /// Keeps what the texture holds at hand, where the host is the whole volume and the texture a smaller one.
    #[must_use]
    pub(crate) fn with_reduced(mut self, volume: Arc<Volume>) -> Self {
        self.texture.reduced = Some(volume);
        self
    }

    /// What is there so far. With a host it can be drawn from the start.
    #[must_use]
    pub const fn texture(&self) -> &VolumeTexture {
        &self.texture
    }

    /// From 0 to 1.
    #[must_use]
    pub fn progress(&self) -> f32 {
        let left: usize = self.chunks.as_slice().iter().map(VoxelBox::len).sum();
        1.0 - left as f32 / self.texture.geometry.voxel_count() as f32
    }

    /// The texture; what was not sent is zero.
    #[must_use]
    pub fn finish(self) -> VolumeTexture {
        self.texture
    }
}

impl VolumeTexture {
    /// Uploads all samples, piece by piece. Floats, wide integers and colour are converted on the way.
    pub fn new(gpu: &GpuContext, volume: &Volume) -> Result<Self> {
        let mut upload = VolumeUpload::begin(gpu, volume)?;
        upload.advance(gpu, volume, u64::MAX);
        Ok(upload.finish())
    }

    /// Keeps the volume itself at hand. On a machine without graphics hardware everything is then drawn from it,
    /// several times as fast; and where the texture had to be reduced, slices still show every voxel.
    #[must_use]
    pub fn with_host(self, volume: Arc<Volume>) -> Self {
        Self { host: Some(volume), ..self }
    }

    pub(crate) const fn is_partial(&self) -> bool {
        self.is_partial
    }

    pub(crate) fn host(&self) -> Option<&Volume> {
        self.host.as_deref()
    }

    pub(crate) fn reduced(&self) -> Option<&Volume> {
        self.reduced.as_deref()
    }

    #[must_use]
    pub const fn geometry(&self) -> &Geometry {
        &self.geometry
    }

    #[must_use]
    pub const fn format(&self) -> TexelFormat {
        self.encoding.format
    }

    #[must_use]
    pub const fn bytes(&self) -> u64 {
        self.texture.bytes
    }

    pub(crate) const fn kind(&self) -> TexelKind {
        match self.encoding.format {
            TexelFormat::Sint16 => TexelKind::Integer,
            TexelFormat::Rgba8 => TexelKind::Colour,
            _ => TexelKind::Float,
        }
    }

    pub(crate) const fn view(&self) -> &wgpu::TextureView {
        &self.texture.view
    }

    /// Larger texels mean smaller values.
    pub(crate) const fn is_falling(&self) -> bool {
        self.value_map.slope < 0.0
    }

    /// What a shader reads for a stored sample.
    pub(crate) fn texel(&self, stored: f64) -> f32 {
        let (step, offset) = self.encoding.stored_from_texel();
        ((stored - offset) / step) as f32
    }

    pub(crate) fn value(&self, stored: f64) -> f64 {
        self.value_map.value(stored)
    }

    /// True where the adapter can interpolate this format itself.
    pub(crate) const fn is_filterable(&self) -> bool {
        matches!(self.encoding.format, TexelFormat::Unorm8 | TexelFormat::Snorm16 | TexelFormat::Unorm16)
    }

    /// `value = texel * [0] + [1]`
    pub(crate) fn value_from_texel(&self) -> [f32; 2] {
        let (step, offset) = self.encoding.stored_from_texel();
        [(self.value_map.slope * step) as f32, self.value_map.value(offset) as f32]
    }

    /// `entry = (texel - [0] - [1]) * [2]`: 0 at the value `low` and `last` at `high`.
    pub(crate) fn entry_from_texel(&self, low: f64, high: f64, last: f32) -> [f32; 4] {
        let [low_part, rest, scale, _] =
            self.grey_from_texel(Window { centre: f64::midpoint(low, high), width: high - low });
        [low_part, rest, scale * last, 0.0]
    }

    /// The window in texel units: `grey = (texel - [0] - [1]) * [2] + [3]`.
    ///
    /// The low end comes in two parts because one f32 cannot hold it to the last step where values lie far from zero.
    pub(crate) fn grey_from_texel(&self, window: Window) -> [f32; 4] {
        let (step, offset) = self.encoding.stored_from_texel();
        let slope = self.value_map.slope * step;
        let intercept = self.value_map.value(offset);
        if slope == 0.0 {
            return [0.0, 0.0, 0.0, window.grey(intercept) as f32];
        }
        let low = (window.low() - intercept) / slope;
        let high_part = low as f32;
        [high_part, (low - f64::from(high_part)) as f32, (slope / window.width) as f32, 0.0]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use limner_imaging::{Samples, World};

    #[test]
    fn an_upload_is_counted_and_given_back() {
        let Some(gpu) = crate::context::for_tests() else { return };
        let geometry = Geometry::axis_aligned([30, 20, 10], World::default(), [1.0; 3]).unwrap();
        let volume = Volume::new(geometry, Samples::I16(vec![0; 6000]), 1).unwrap();
        let texture = VolumeTexture::new(&gpu, &volume).unwrap();
        assert_eq!(texture.bytes(), 12_000);
        assert_eq!(gpu.bytes_in_use(), 12_000);
        drop(texture);
        assert_eq!(gpu.bytes_in_use(), 0);
    }

    #[test]
    fn a_grid_too_long_for_the_adapter_is_refused_with_numbers() {
        let Some(gpu) = crate::context::for_tests() else { return };
        let long = gpu.limits().max_texture_dimension_3d as usize + 1;
        let geometry = Geometry::axis_aligned([long, 1, 1], World::default(), [1.0; 3]).unwrap();
        let volume = Volume::new(geometry, Samples::U8(vec![0; long]), 1).unwrap();
        let error = VolumeTexture::new(&gpu, &volume).err().unwrap().to_string();
        assert!(error.contains(&long.to_string()), "{error}");
    }

    #[test]
    fn an_upload_in_parts_ends_after_all_of_them() {
        let Some(gpu) = crate::context::for_tests() else { return };
        let geometry = Geometry::axis_aligned([1024, 1024, 20], World::default(), [1.0; 3]).unwrap();
        let volume = Volume::new(geometry, Samples::I16(vec![0; 20 << 20]), 1).unwrap();
        let mut upload = VolumeUpload::begin(&gpu, &volume).unwrap();
        assert_eq!(upload.progress(), 0.0);
        let mut calls = 1;
        while !upload.advance(&gpu, &volume, 1) {
            calls += 1;
            assert!(upload.progress() > 0.0 && upload.progress() < 1.0);
        }
        assert_eq!(calls, 5, "40 MiB in pieces of 8");
        assert_eq!(upload.finish().bytes(), 40 << 20);
    }
}
