//! The device everything is drawn with: the window's own, or one of our own where there is no window.
//!
//! Clones share the device and the count of bytes held on it.

use crate::error::{Error, Result};
use crate::host::Staging;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// How much an adapter can be asked to do in one frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tier {
    /// No graphics hardware: the processor draws.
    Software,
    /// A graphics unit that shares the processor's memory, or one we know nothing of.
    Weak,
    /// A graphics card.
    Full,
}

#[derive(Clone)]
pub struct GpuContext {
    pub device: wgpu::Device,
    pub queue: wgpu::Queue,
    pub tier: Tier,
    shared: Arc<Shared>,
}

struct Shared {
    adapter_name: String,
    limits: wgpu::Limits,
    lost: AtomicBool,
    bytes: Arc<AtomicU64>,
    staging: Staging,
}

/// What to ask of an adapter: all it can hold, exact 16-bit textures where it has them, and what networks use that may
/// run on the same device.
#[must_use]
pub fn device_descriptor(adapter: &wgpu::Adapter) -> wgpu::DeviceDescriptor<'static> {
    let wanted = wgpu::Features::TEXTURE_FORMAT_16BIT_NORM | wgpu::Features::SHADER_F16 | wgpu::Features::SUBGROUP;
    wgpu::DeviceDescriptor {
        label: Some("limner"),
        required_features: adapter.features() & wanted,
        required_limits: adapter.limits(),
        memory_hints: wgpu::MemoryHints::Performance,
        ..Default::default()
    }
}

impl GpuContext {
    /// A device of our own, without a window.
    pub fn headless() -> Result<Self> {
        let mut descriptor = wgpu::InstanceDescriptor::new_without_display_handle();
        descriptor.backends = wgpu::Backends::from_env().unwrap_or(wgpu::Backends::all());
        let instance = wgpu::Instance::new(descriptor);
        let options = wgpu::RequestAdapterOptions {
            power_preference: wgpu::PowerPreference::HighPerformance,
            ..Default::default()
        };
        let adapter =
            pollster::block_on(instance.request_adapter(&options)).map_err(|source| Error::NoAdapter { source })?;
        let (device, queue) = pollster::block_on(adapter.request_device(&device_descriptor(&adapter)))
            .map_err(|source| Error::NoDevice { adapter: adapter.get_info().name, source })?;
        Ok(Self::from_host(&adapter, device, queue))
    }

    /// The device of a host that has made one already, best with `device_descriptor`.
    #[must_use]
    pub fn from_host(adapter: &wgpu::Adapter, device: wgpu::Device, queue: wgpu::Queue) -> Self {
        let info = adapter.get_info();
        let tier = match info.device_type {
            wgpu::DeviceType::Cpu => Tier::Software,
            wgpu::DeviceType::DiscreteGpu => Tier::Full,
            wgpu::DeviceType::IntegratedGpu | wgpu::DeviceType::VirtualGpu | wgpu::DeviceType::Other => Tier::Weak,
        };
        let shared = Arc::new(Shared {
            adapter_name: info.name,
            limits: device.limits(),
            lost: AtomicBool::new(false),
            bytes: Arc::default(),
            staging: Staging::default(),
        });
        let observer = Arc::downgrade(&shared);
        device.set_device_lost_callback(move |reason, _| {
            if let Some(shared) = observer.upgrade() {
                if reason != wgpu::DeviceLostReason::Destroyed {
                    log::error!("the graphics device was lost");
                }
                shared.lost.store(true, Ordering::Relaxed);
            }
        });
        Self { device, queue, tier, shared }
    }

    /// The adapter's name, for "about" and `doctor`.
    #[must_use]
    pub fn adapter_name(&self) -> &str {
        &self.shared.adapter_name
    }

    #[must_use]
    pub fn limits(&self) -> &wgpu::Limits {
        &self.shared.limits
    }

    /// True once the device is gone: make a new context and upload again; nothing but the textures is lost.
    #[must_use]
    pub fn is_lost(&self) -> bool {
        self.shared.lost.load(Ordering::Relaxed)
    }

    /// Bytes held in textures made through this context.
    #[must_use]
    pub fn bytes_in_use(&self) -> u64 {
        self.shared.bytes.load(Ordering::Relaxed)
    }

    pub(crate) fn staging(&self) -> &Staging {
        &self.shared.staging
    }

    #[must_use]
    pub(crate) fn has_16bit_norm(&self) -> bool {
        self.device.features().contains(wgpu::Features::TEXTURE_FORMAT_16BIT_NORM)
    }

    /// Blocks until everything submitted so far is done.
    pub fn wait(&self) {
        if let Err(error) = self.device.poll(wgpu::PollType::wait_indefinitely()) {
            log::warn!("waiting for the graphics device failed: {error}");
        }
    }

    /// A texture whose bytes are counted until it is dropped. Lack of memory is an error, not a panic.
    pub(crate) fn texture(
        &self,
        what: &'static str,
        descriptor: &wgpu::TextureDescriptor<'_>,
    ) -> Result<CountedTexture> {
        let bytes = bytes_of(descriptor);
        let scope = self.device.push_error_scope(wgpu::ErrorFilter::OutOfMemory);
        let texture = self.device.create_texture(descriptor);
        if pollster::block_on(scope.pop()).is_some() {
            return Err(Error::OutOfMemory { what, bytes });
        }
        Ok(self.counted(texture, bytes))
    }

    /// A texture of a few kilobytes: nobody runs out of memory for it.
    pub(crate) fn small_texture(&self, descriptor: &wgpu::TextureDescriptor<'_>) -> CountedTexture {
        self.counted(self.device.create_texture(descriptor), bytes_of(descriptor))
    }

    fn counted(&self, texture: wgpu::Texture, bytes: u64) -> CountedTexture {
        let counter = Arc::clone(&self.shared.bytes);
        counter.fetch_add(bytes, Ordering::Relaxed);
        let view = texture.create_view(&wgpu::TextureViewDescriptor::default());
        CountedTexture { texture, view, bytes, counter }
    }
}

fn bytes_of(descriptor: &wgpu::TextureDescriptor<'_>) -> u64 {
    let wgpu::Extent3d { width, height, depth_or_array_layers } = descriptor.size;
    let texels = u64::from(width) * u64::from(height) * u64::from(depth_or_array_layers);
    texels * u64::from(descriptor.format.block_copy_size(None).unwrap_or(4))
}

/// A texture, the view of all of it, and its share of `GpuContext::bytes_in_use`.
pub(crate) struct CountedTexture {
    pub texture: wgpu::Texture,
    pub view: wgpu::TextureView,
    pub bytes: u64,
    counter: Arc<AtomicU64>,
}

impl Drop for CountedTexture {
    fn drop(&mut self) {
        self.counter.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

/// A context for unit tests; without an adapter the test is skipped in words, unless one is required.
#[cfg(test)]
pub(crate) fn for_tests() -> Option<GpuContext> {
    match GpuContext::headless() {
        Ok(gpu) => Some(gpu),
        Err(error) => {
            assert!(std::env::var_os("LIMNER_REQUIRE_GPU").is_none_or(|v| v != "1"), "{error}");
            eprintln!("skipped: no adapter");
            None
        }
    }
}
