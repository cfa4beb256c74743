//! Pixels from main memory into a target. Staging buffers come back by themselves when the copy is done.

use super::Pixel;
use crate::context::GpuContext;
use crate::target::Target;
use std::sync::{Arc, Mutex, PoisonError};

/// Mapped buffers that wait for their next picture, and what the last picture was drawn in.
#[derive(Default)]
pub(crate) struct Staging {
    buffers: Arc<Mutex<Vec<wgpu::Buffer>>>,
    pictures: Mutex<Vec<Vec<Pixel>>>,
}

/// More than this many are given back to the system.
const MOST_KEPT: usize = 6;
const GRAIN: usize = 1 << 16;

impl Staging {
    /// Room for a picture, filled. Fresh pages cost more than drawing into old ones.
    pub fn picture(&self, len: usize, fill: Pixel) -> Vec<Pixel> {
        let mut picture = self.pictures.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or_default();
        picture.clear();
        picture.resize(len, fill);
        picture
    }

    pub fn give_back(&self, picture: Vec<Pixel>) {
        let mut pictures = self.pictures.lock().unwrap_or_else(PoisonError::into_inner);
        if pictures.len() < MOST_KEPT {
            pictures.push(picture);
        }
    }

    fn buffer(&self, device: &wgpu::Device, bytes: usize) -> wgpu::Buffer {
        let size = bytes.next_multiple_of(GRAIN) as u64;
        let mut free = self.buffers.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(n) = free.iter().position(|buffer| buffer.size() == size) {
            return free.swap_remove(n);
        }
        free.truncate(MOST_KEPT - 1);
        device.create_buffer(&wgpu::BufferDescriptor {
            label: Some("pixels"),
            size,
            usage: wgpu::BufferUsages::MAP_WRITE | wgpu::BufferUsages::COPY_SRC,
            mapped_at_creation: true,
        })
    }
}

/// Can `copy` write this target?
pub(crate) fn takes_copies(target: &wgpu::Texture, size: [usize; 2]) -> bool {
    target.usage().contains(wgpu::TextureUsages::COPY_DST)
        && target.format() == Target::FORMAT
        && [target.width() as usize, target.height() as usize] == size
}

/// Puts whole rows into the target, from row `first` on, as part of the encoder's work.
pub(crate) fn copy(
    gpu: &GpuContext,
    encoder: &mut wgpu::CommandEncoder,
    pixels: &[Pixel],
    target: &wgpu::Texture,
    first: usize,
) {
    let width = target.width() as usize;
    let row = width * 4;
    let padded = row.next_multiple_of(wgpu::COPY_BYTES_PER_ROW_ALIGNMENT as usize);
    let rows = pixels.len() / width;
    let buffer = gpu.staging().buffer(&gpu.device, padded * rows);
    {
        let mut mapped = match buffer.slice(..).get_mapped_range_mut() {
            Ok(mapped) => mapped,
            Err(error) => {
                log::error!("a picture could not be handed to the graphics device: {error}");
                return;
            }
        };
        if padded == row {
            mapped.slice(..row * rows).copy_from_slice(bytemuck::cast_slice(pixels));
        } else {
            for (n, line) in pixels.chunks_exact(width).enumerate() {
                mapped.slice(n * padded..n * padded + row).copy_from_slice(bytemuck::cast_slice(line));
            }
        }
    }
    buffer.unmap();
    let layout = wgpu::TexelCopyBufferLayout { offset: 0, bytes_per_row: Some(padded as u32), rows_per_image: None };
    let source = wgpu::TexelCopyBufferInfo { buffer: &buffer, layout };
    let mut destination = target.as_image_copy();
    destination.origin.y = first as u32;
    let size = wgpu::Extent3d { width: width as u32, height: rows as u32, depth_or_array_layers: 1 };
    encoder.copy_buffer_to_texture(source, destination, size);
    let home = Arc::downgrade(&gpu.staging().buffers);
    let returning = buffer.clone();
    encoder.map_buffer_on_submit(&buffer, wgpu::MapMode::Write, .., move |mapped| {
        if let (Ok(()), Some(home)) = (mapped, home.upgrade()) {
            let mut free = home.lock().unwrap_or_else(PoisonError::into_inner);
            if free.len() < MOST_KEPT {
                free.push(returning);
            }
        }
    });
}
