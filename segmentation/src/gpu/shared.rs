//! What this process has one of: the device networks share, which is the window's where that was lent, and the wish
//! where networks shall run.

use super::accelerated::Wish;
use super::device::{FEATURES, GpuDevice, adapter};
use crate::error::{Error, Result};
use parking_lot::Mutex;
use std::sync::Arc;

#[derive(Default)]
struct Known {
    lent: Option<Arc<GpuDevice>>,
    own: Option<Arc<GpuDevice>>,
    /// The window's adapter where the processor only plays it.
    software: Option<String>,
}

static KNOWN: Mutex<Known> = Mutex::new(Known { lent: None, own: None, software: None });
static PREFERRED: Mutex<Wish> = Mutex::new(Wish::Cpu);

/// Where networks that are opened from now on shall run; on the processor until something else is said.
pub fn prefer(wish: Wish) {
    *PREFERRED.lock() = wish;
}

#[must_use]
pub fn preferred() -> Wish {
    *PREFERRED.lock()
}

fn no_hardware(name: &str) -> Error {
    Error::session(format!("{name} is no hardware"))
}

impl GpuDevice {
    /// Lends networks the device a window draws with, until another one is lent. It is used where it has the
    /// processor's memory and one queue in any case; a graphics card keeps a window smooth beside a device of our own.
    pub fn lend(device: &wgpu::Device, queue: &wgpu::Queue, info: wgpu::AdapterInfo) -> Result<()> {
        let shares_memory = matches!(info.device_type, wgpu::DeviceType::IntegratedGpu | wgpu::DeviceType::Other);
        let software = (info.device_type == wgpu::DeviceType::Cpu).then(|| info.name.clone());
        let lent = if shares_memory { Some(Self::of_window(device.clone(), queue.clone(), info)?) } else { None };
        let mut known = KNOWN.lock();
        known.lent = lent;
        known.software = software;
        Ok(())
    }

    /// The device networks run on; one that the processor plays only where that is insisted on.
    pub fn of_process(insists: bool) -> Result<Arc<Self>> {
        let known = KNOWN.lock();
        match (&known.lent, &known.software) {
            (Some(lent), _) if lent.check().is_ok() => return Ok(lent.clone()),
            (_, Some(name)) if !insists => return Err(no_hardware(name)),
            _ => drop(known),
        }
        Self::own_of_process(insists)
    }

    /// The one of our own, which no window draws with.
    pub fn own_of_process(insists: bool) -> Result<Arc<Self>> {
        let own = &mut KNOWN.lock().own;
        let device = match own {
            Some(device) if device.check().is_ok() => device,
            _ => {
                let adapter = adapter()?;
                let info = adapter.get_info();
                if info.device_type == wgpu::DeviceType::Cpu && !insists {
                    return Err(no_hardware(&info.name));
                }
                own.insert(Self::on(&adapter, FEATURES)?)
            }
        };
        if device.is_software() && !insists { Err(no_hardware(device.name())) } else { Ok(device.clone()) }
    }
}
