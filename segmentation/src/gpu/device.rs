//! The adapter networks run on: a device of our own, or the one a window draws with.
//!
//! Everything is submitted from one thread of its own. What is submitted at once is kept so short that a window on the
//! same device still draws in time (`pace`).

use super::kernels::Pipelines;
use super::pace::Pace;
use crate::error::{Error, Result};
use parking_lot::Mutex;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::time::Duration;

/// What an adapter offers beyond plain arithmetic.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Abilities {
    /// 16-bit floats, stored and multiplied.
    pub half: bool,
    /// Threads that hand numbers to each other.
    pub subgroups: bool,
}

impl Abilities {
    const fn of(features: wgpu::Features) -> Self {
        Self {
            half: features.contains(wgpu::Features::SHADER_F16),
            subgroups: features.contains(wgpu::Features::SUBGROUP),
        }
    }
}

/// What a device must be asked for so that networks make the most of the adapter.
pub const FEATURES: wgpu::Features = wgpu::Features::SHADER_F16.union(wgpu::Features::SUBGROUP);

/// A submission that takes longer than this will never end.
const LONGEST: Duration = Duration::from_secs(60);

type Work = Box<dyn FnOnce() + Send>;

/// A device ready for networks, and the thread that feeds it.
pub struct GpuDevice {
    pub device: wgpu::Device,
    pub queue: wgpu::Queue,
    pub abilities: Abilities,
    pub pipelines: Pipelines,
    pub pace: Mutex<Pace>,
    info: wgpu::AdapterInfo,
    /// Whether a window draws on it too.
    shared: bool,
    lost: Arc<AtomicBool>,
    work: SyncSender<Work>,
}

impl GpuDevice {
    /// A device of our own on the fastest adapter.
    pub fn own() -> Result<Arc<Self>> {
        Self::on(&adapter()?, FEATURES)
    }

    /// One that is asked for plain arithmetic only, for comparisons.
    pub fn plain() -> Result<Arc<Self>> {
        Self::on(&adapter()?, wgpu::Features::empty())
    }

    pub(super) fn on(adapter: &wgpu::Adapter, features: wgpu::Features) -> Result<Arc<Self>> {
        let info = adapter.get_info();
        let descriptor = wgpu::DeviceDescriptor {
            label: Some("limner network"),
            required_features: adapter.features() & features,
            required_limits: adapter.limits(),
            memory_hints: wgpu::MemoryHints::MemoryUsage,
            ..Default::default()
        };
        let (device, queue) = pollster::block_on(adapter.request_device(&descriptor))
            .map_err(|error| Error::session(format!("{} gives no device: {error}", info.name)))?;
        let lost = Arc::new(AtomicBool::new(false));
        let observer = lost.clone();
        device.set_device_lost_callback(move |_, _| observer.store(true, Ordering::Relaxed));
        // What is not caught where it happens must not end the program.
        let observer = lost.clone();
        device.on_uncaptured_error(Arc::new(move |error: wgpu::Error| {
            log::error!("the graphics adapter failed: {error}");
            observer.store(true, Ordering::Relaxed);
        }));
        Self::new(device, queue, info, false, lost)
    }

    /// The device of a window, whose host watches over its loss.
    pub fn of_window(device: wgpu::Device, queue: wgpu::Queue, info: wgpu::AdapterInfo) -> Result<Arc<Self>> {
        Self::new(device, queue, info, true, Arc::default())
    }

    fn new(
        device: wgpu::Device,
        queue: wgpu::Queue,
        info: wgpu::AdapterInfo,
        shared: bool,
        lost: Arc<AtomicBool>,
    ) -> Result<Arc<Self>> {
        let (work, waiting) = sync_channel::<Work>(1);
        let feed = move || {
            while let Ok(work) = waiting.recv() {
                work();
            }
        };
        std::thread::Builder::new()
            .name("limner-network".into())
            .spawn(feed)
            .map_err(|error| Error::session(format!("no thread for the graphics adapter: {error}")))?;
        let abilities = Abilities::of(device.features());
        let pipelines = Pipelines::new(&device);
        let pace = Mutex::new(Pace::new(info.device_type));
        Ok(Arc::new(Self { device, queue, abilities, pipelines, pace, info, shared, lost, work }))
    }

    #[must_use]
    pub fn name(&self) -> &str {
        &self.info.name
    }

    #[must_use]
    pub const fn info(&self) -> &wgpu::AdapterInfo {
        &self.info
    }

    /// Whether the processor only plays an adapter.
    #[must_use]
    pub fn is_software(&self) -> bool {
        self.info.device_type == wgpu::DeviceType::Cpu
    }

    /// Whether a window draws on it too.
    #[must_use]
    pub const fn is_shared(&self) -> bool {
        self.shared
    }

    /// Gives the device back to the system, as a failing driver does.
    pub fn lose(&self) {
        self.device.destroy();
        self.lost.store(true, Ordering::Relaxed);
    }

    pub(super) fn gone(&self) -> Error {
        Error::session(format!("the graphics adapter {} no longer answers", self.info.name))
    }

    pub(super) fn check(&self) -> Result<()> {
        if self.lost.load(Ordering::Relaxed) { Err(self.gone()) } else { Ok(()) }
    }

    /// Does something on the thread of the device and waits for it.
    pub(super) fn on_thread<T: Send + 'static>(&self, work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
        let (answer, answered) = sync_channel(1);
        let work = move || drop(answer.send(work()));
        self.work.send(Box::new(work)).map_err(|_| self.gone())?;
        answered.recv().map_err(|_| self.gone())?
    }

    /// Waits for something submitted.
    pub(super) fn wait(&self, submission: wgpu::SubmissionIndex) -> Result<()> {
        let wait = wgpu::PollType::Wait { submission_index: Some(submission), timeout: Some(LONGEST) };
        self.device.poll(wait).map_err(|_| self.gone())?;
        self.check()
    }

    /// A buffer for kernels, or the reason why there is none.
    pub(super) fn buffer(&self, what: &str, bytes: u64, usage: wgpu::BufferUsages) -> Result<wgpu::Buffer> {
        let limits = self.device.limits();
        let most = match usage.contains(wgpu::BufferUsages::STORAGE) {
            true => limits.max_buffer_size.min(limits.max_storage_buffer_binding_size),
            false => limits.max_buffer_size,
        };
        let refused =
            |why: &str| Error::session(format!("{} cannot hold {} MiB of {what}: {why}", self.info.name, bytes >> 20));
        if bytes > most {
            return Err(refused(&format!("at most {} MiB are possible", most >> 20)));
        }
        let scope = self.device.push_error_scope(wgpu::ErrorFilter::OutOfMemory);
        let size = bytes.next_multiple_of(16).max(16);
        let buffer = self.device.create_buffer(&wgpu::BufferDescriptor {
            label: Some(what),
            size,
            usage,
            mapped_at_creation: false,
        });
        match pollster::block_on(scope.pop()) {
            Some(_) => Err(refused("its memory is full")),
            None => Ok(buffer),
        }
    }
}

/// The fastest adapter there is; `WGPU_BACKEND` says by which system it is looked for.
pub(super) fn adapter() -> Result<wgpu::Adapter> {
    let mut descriptor = wgpu::InstanceDescriptor::new_without_display_handle();
    descriptor.backends = wgpu::Backends::from_env().unwrap_or(wgpu::Backends::PRIMARY);
    let instance = wgpu::Instance::new(descriptor);
    let options =
        wgpu::RequestAdapterOptions { power_preference: wgpu::PowerPreference::HighPerformance, ..Default::default() };
    let found = pollster::block_on(instance.request_adapter(&options));
    found.map_err(|error| Error::session(format!("there is no graphics adapter: {error}")))
}
