//! Draws volumes, sequences and labels with wgpu, the same way for the window, the command line and the tests.
//!
//! This crate knows voxels and colours. It never sees a document, a file or a widget.

pub mod bricks;
pub mod camera;
pub mod colour_map;
pub mod context;
pub mod error;
mod host;
mod host_labels;
pub mod label_texture;
pub mod palette;
pub mod pass;
pub mod pick;
pub mod prepare;
pub mod progressive;
pub mod readback;
pub mod reduce;
pub mod scene;
pub mod shapes;
pub mod solid_preset;
pub mod target;
pub mod texels;
pub mod transfer;
pub mod upload;
pub mod volume_scene;
pub mod volume_texture;

pub use bricks::{BrickRanges, FreeSpace};
pub use camera::Camera;
pub use colour_map::{COLOUR_MAPS, ColourMap, MapPreset};
pub use context::{GpuContext, Tier, device_descriptor};
pub use error::{Error, Result};
pub use label_texture::LabelTexture;
pub use palette::{LabelStyle, Palette};
pub use pass::screen::{Fill, Ground, Screen};
pub use prepare::{Prepared, PreparedUpload};
pub use progressive::Progressive;
pub use scene::{EVERY_COLUMN, HeatLayer, LabelLayer, Renderer, Second, SecondMode, SliceScene, Tone};
pub use shapes::{HandleForm, ScaleBar, Shape, Stroke};
pub use solid_preset::{SolidLook, SolidPreset};
pub use target::Target;
pub use transfer::{TRANSFER_PRESETS, TransferFunction, TransferPoint, TransferPreset, TransferTable};
pub use volume_scene::{Clip, LabelSurfaces, VolumeMode, VolumeScene};
pub use volume_texture::{VolumeTexture, VolumeUpload};
pub use wgpu;
