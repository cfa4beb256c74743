//! A drawn picture back in main memory: for files, golden images and comparisons with the CPU reference.

use crate::context::GpuContext;
use crate::error::{Error, Result};
use crate::target::Target;

/// The picture's bytes, four per pixel, rows from the top, without gaps. Waits for the drawing to end.
pub fn rgba(gpu: &GpuContext, target: &Target) -> Result<Vec<u8>> {
    let [width, height] = target.size();
    let row = width * 4;
    let padded = row.next_multiple_of(wgpu::COPY_BYTES_PER_ROW_ALIGNMENT as usize);
    let buffer = gpu.device.create_buffer(&wgpu::BufferDescriptor {
        label: Some("readback"),
        size: (padded * height) as u64,
        usage: wgpu::BufferUsages::COPY_DST | wgpu::BufferUsages::MAP_READ,
        mapped_at_creation: false,
    });
    let mut encoder = gpu.device.create_command_encoder(&wgpu::CommandEncoderDescriptor { label: Some("readback") });
    encoder.copy_texture_to_buffer(
        target.texture().as_image_copy(),
        wgpu::TexelCopyBufferInfo {
            buffer: &buffer,
            layout: wgpu::TexelCopyBufferLayout { offset: 0, bytes_per_row: Some(padded as u32), rows_per_image: None },
        },
        target.texture().size(),
    );
    gpu.queue.submit([encoder.finish()]);
    let (sender, receiver) = std::sync::mpsc::sync_channel(1);
    buffer.slice(..).map_async(wgpu::MapMode::Read, move |outcome| {
        // The receiver waits below; if it is gone nobody wants the answer.
        let _ = sender.send(outcome);
    });
    let failed = |error: &dyn std::fmt::Display| Error::Readback { reason: error.to_string() };
    gpu.device.poll(wgpu::PollType::wait_indefinitely()).map_err(|e| failed(&e))?;
    receiver.recv().map_err(|e| failed(&e))?.map_err(|e| failed(&e))?;
    let mapped = buffer.slice(..).get_mapped_range().map_err(|e| failed(&e))?;
    let mut pixels = Vec::with_capacity(row * height);
    for line in mapped.chunks_exact(padded) {
        pixels.extend_from_slice(&line[..row]);
    }
    Ok(pixels)
}
