//! One error for the crate: a variant per step that can fail.

pub type Result<T, E = Error> = std::result::Result<T, E>;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("no graphics adapter was found; install a Vulkan driver (Mesa's software one, lavapipe, will do)")]
    NoAdapter { source: wgpu::RequestAdapterError },
    #[error("the graphics adapter {adapter} gave no device; update its driver or choose another adapter")]
    NoDevice { adapter: String, source: wgpu::RequestDeviceError },
    #[error(
        "a grid of {}×{}×{} voxels does not fit this graphics adapter, which holds 1 to {limit} along an axis; \
         crop or resample the picture",
        size[0], size[1], size[2]
    )]
    GridSize { size: [usize; 3], limit: u32 },
    #[error("the graphics adapter has no memory left for {bytes} bytes ({what}); close another picture")]
    OutOfMemory { what: &'static str, bytes: u64 },
    #[error("a picture of {width}×{height} pixels cannot be drawn here; between 1 and {limit} per side can")]
    PictureSize { width: usize, height: usize, limit: u32 },
    #[error("{given} labels do not fill a box of {expected} voxels")]
    LabelCount { given: usize, expected: usize },
    #[error("the box {min:?} to {max:?} does not lie in a grid of {size:?} voxels")]
    BoxOutside { min: [usize; 3], max: [usize; 3], size: [usize; 3] },
    #[error("the picture could not be read back from the graphics adapter: {reason}")]
    Readback { reason: String },
}
