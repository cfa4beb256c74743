//! What goes to the adapter and comes back, on the thread of the device: a little at a time, so that a window on the
//! same device is never kept waiting, and with a look at the cancel between.

use super::device::GpuDevice;
use super::program::{Dispatch, Program};
use crate::error::Result;
use limner_imaging::Task;
use std::collections::VecDeque;
use std::sync::mpsc::sync_channel;
use std::time::Instant;
use wgpu::BufferUsages;

/// Submissions on their way: one that the adapter works on and one that waits.
const IN_FLIGHT: usize = 2;

/// What goes to the adapter at once.
const UPLOAD_BYTES: usize = 16 << 20;

pub fn upload(gpu: &GpuDevice, to: &wgpu::Buffer, numbers: &[f32], task: &Task) -> Result<()> {
    for (n, bytes) in bytemuck::cast_slice::<f32, u8>(numbers).chunks(UPLOAD_BYTES).enumerate() {
        task.cancel.check()?;
        gpu.queue.write_buffer(to, (n * UPLOAD_BYTES) as u64, bytes);
        gpu.wait(gpu.queue.submit([]))?;
    }
    Ok(())
}

pub fn work_through(gpu: &GpuDevice, program: &Program, task: &Task) -> Result<()> {
    let mut flight = Flight { gpu, waiting: VecDeque::new(), last_end: None };
    let (mut batch, mut products) = (Vec::new(), 0.0);
    let mut most = gpu.pace.lock().products();
    for (dispatch, work) in program.dispatches() {
        if !batch.is_empty() && products + work > most {
            task.cancel.check()?;
            flight.submit(&batch, products)?;
            batch.clear();
            products = 0.0;
            most = gpu.pace.lock().products();
        }
        batch.push(dispatch);
        products += work;
    }
    flight.submit(&batch, products)?;
    flight.land()
}

pub fn download(gpu: &GpuDevice, from: &wgpu::Buffer, bytes: usize) -> Result<Vec<u8>> {
    let staging = gpu.buffer("answers", bytes as u64, BufferUsages::MAP_READ | BufferUsages::COPY_DST)?;
    let mut encoder = gpu.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
    encoder.copy_buffer_to_buffer(from, 0, &staging, 0, bytes as u64);
    let submission = gpu.queue.submit([encoder.finish()]);
    let (tell, told) = sync_channel(1);
    staging.map_async(wgpu::MapMode::Read, .., move |result| drop(tell.send(result)));
    gpu.wait(submission)?;
    told.recv().ok().and_then(Result::ok).ok_or_else(|| gpu.gone())?;
    let view = staging.get_mapped_range(..).map_err(|_| gpu.gone())?;
    Ok(view[..bytes].to_vec())
}

/// Submissions under way.
struct Flight<'a> {
    gpu: &'a GpuDevice,
    waiting: VecDeque<(wgpu::SubmissionIndex, f64, Instant)>,
    last_end: Option<Instant>,
}

impl Flight<'_> {
    fn submit(&mut self, batch: &[Dispatch<'_>], products: f64) -> Result<()> {
        if self.waiting.len() >= IN_FLIGHT {
            self.wait_for_one()?;
        }
        let mut encoder = self.gpu.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default());
        for dispatch in batch {
            dispatch.encode(&mut pass);
        }
        drop(pass);
        let start = Instant::now();
        self.waiting.push_back((self.gpu.queue.submit([encoder.finish()]), products, start));
        Ok(())
    }

    fn wait_for_one(&mut self) -> Result<()> {
        let Some((submission, products, start)) = self.waiting.pop_front() else { return Ok(()) };
        self.gpu.wait(submission)?;
        let end = Instant::now();
        let start = self.last_end.map_or(start, |last| last.max(start));
        self.gpu.pace.lock().saw(products, end.saturating_duration_since(start));
        self.last_end = Some(end);
        Ok(())
    }

    fn land(&mut self) -> Result<()> {
        while !self.waiting.is_empty() {
            self.wait_for_one()?;
        }
        Ok(())
    }
}
