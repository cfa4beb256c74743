//! A network on the processor that moves to an adapter once that has shown that it is right and faster, and moves back
//! when it fails. The same question gets an answer either way.

use super::check::Checked;
use super::device::GpuDevice;
use super::network::GpuNetwork;
use super::pace;
use crate::engine::Computes;
use crate::error::{Error, Result};
use crate::network::{Network, Plan, Weights};
use crate::neural::Runner;
use limner_imaging::Task;
use parking_lot::Mutex;
use std::sync::{Arc, OnceLock};

/// Where networks are to run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wish {
    Cpu,
    /// The adapter, whatever it is, as long as its answers are right.
    Gpu,
    /// The adapter where it is hardware, right and faster; it is tried before the network opens.
    Fastest,
    /// The same, but the network opens at once and the adapter is tried meanwhile.
    FastestLater,
}

impl Wish {
    /// As the command line says it.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "cpu" => Some(Self::Cpu),
            "gpu" => Some(Self::Gpu),
            "auto" => Some(Self::Fastest),
            _ => None,
        }
    }
}

/// A window shall not wait longer than this for the adapter it shares.
const SMOOTH: std::time::Duration = pace::BUDGET.saturating_mul(3);

struct Accelerated {
    cpu: Arc<Network>,
    shared: Arc<Shared>,
}

struct Shared {
    state: Mutex<State>,
    /// What the adapter is called, once one was found right.
    name: OnceLock<String>,
}

enum State {
    /// The adapter is being tried.
    Warming,
    Ready(Arc<GpuNetwork>, Checked),
    /// The processor does it all, and why; `tell` until somebody has been told.
    Off {
        reason: String,
        fault: bool,
        tell: bool,
    },
}

/// The network where it is wished to be.
pub fn runner(plan: Plan, weights: Weights, wish: Wish) -> Result<Box<dyn Runner>> {
    let cpu = Network::new(plan, &weights)?;
    if wish == Wish::Cpu {
        return Ok(Box::new(cpu));
    }
    let shared = Arc::new(Shared { state: Mutex::new(State::Warming), name: OnceLock::new() });
    let cpu = Arc::new(cpu);
    let try_it = {
        let (cpu, shared) = (cpu.clone(), shared.clone());
        move || {
            let tried = tried(&cpu, &weights, wish);
            if let State::Ready(_, checked) = &tried {
                shared.name.get_or_init(|| format!("{} (gpu, {} bits)", checked.adapter, checked.bits()));
            }
            *shared.state.lock() = tried;
        }
    };
    if wish == Wish::FastestLater {
        let thread = std::thread::Builder::new().name("limner-warm-up".into()).spawn(try_it);
        thread.map_err(|error| Error::session(format!("no thread to try the graphics adapter: {error}")))?;
    } else {
        try_it();
    }
    Ok(Box::new(Accelerated { cpu, shared }))
}

fn tried(cpu: &Network, weights: &Weights, wish: Wish) -> State {
    match try_adapter(cpu, weights, wish) {
        Ok(Ok((network, checked))) => {
            log::info!("the network runs on {}: {}", checked.adapter, checked.words());
            State::Ready(Arc::new(network), checked)
        }
        // Nobody is to be bothered with what was to be expected.
        Ok(Err(reason)) => State::Off { reason, fault: false, tell: wish == Wish::Gpu },
        Err(error) => {
            log::warn!("the graphics adapter is not used: {error}");
            State::Off { reason: error.to_string(), fault: true, tell: true }
        }
    }
}

/// The network on the adapter, or why it is better left alone; an error where something is wrong with the adapter.
fn try_adapter(
    cpu: &Network,
    weights: &Weights,
    wish: Wish,
) -> Result<std::result::Result<(GpuNetwork, Checked), String>> {
    let mut device = match GpuDevice::of_process(wish == Wish::Gpu) {
        Ok(device) => device,
        Err(error) => return Ok(Err(error.to_string())),
    };
    let (mut network, mut checked) = right(&device, cpu, weights)?;
    if device.is_shared() && device.pace.lock().longest() > SMOOTH {
        device = GpuDevice::own_of_process(wish == Wish::Gpu)?;
        (network, checked) = right(&device, cpu, weights)?;
    }
    if wish != Wish::Gpu && !checked.is_faster() {
        return Ok(Err(format!("{} is slower than the processor: {}", device.name(), checked.words())));
    }
    // The first real patch finds its memory and its pipelines made.
    let plan = cpu.plan();
    if !device.is_software() {
        let input = vec![0.0; plan.inputs * plan.patch.iter().product::<usize>()];
        network.run(&input, plan.patch, &Task::default())?;
    }
    Ok(Ok((network, checked)))
}

/// In 16 bits where the adapter has them and the answers are near enough, else in 32.
fn right(device: &Arc<GpuDevice>, cpu: &Network, weights: &Weights) -> Result<(GpuNetwork, Checked)> {
    let mut last = None;
    // A software adapter has them, but converts each.
    for half in [true, false] {
        if half && (!device.abilities.half || device.is_software()) {
            continue;
        }
        let network = GpuNetwork::new(device.clone(), cpu.plan().clone(), weights, half)?;
        let checked = Checked::of(&network, cpu)?;
        if checked.is_right() {
            return Ok((network, checked));
        }
        last = Some(checked);
    }
    let words = last.map_or_else(String::new, |checked| checked.words());
    Err(Error::session(format!("{} does not compute as the processor does: {words}", device.name())))
}

impl Accelerated {
    /// The adapter, where it is at work.
    fn ready(&self, task: &Task) -> Option<Arc<GpuNetwork>> {
        match &mut *self.shared.state.lock() {
            State::Ready(network, _) => Some(network.clone()),
            State::Off { reason, tell, .. } => {
                if std::mem::take(tell) {
                    tell_of(task, reason);
                }
                None
            }
            State::Warming => None,
        }
    }
}

fn tell_of(task: &Task, reason: &str) {
    task.warnings.add("graphics_adapter", format!("The processor computes: {reason}"));
}

impl Runner for Accelerated {
    fn plan(&self) -> &Plan {
        self.cpu.plan()
    }

    fn run(&self, input: &[f32], size: [usize; 3], task: &Task) -> Result<Vec<u8>> {
        if let Some(network) = self.ready(task) {
            match network.shares(input, size, task) {
                Err(error) if !error.is_cancelled() => {
                    log::warn!("the processor goes on: {error}");
                    tell_of(task, &error.to_string());
                    *self.shared.state.lock() = State::Off { reason: error.to_string(), fault: true, tell: false };
                }
                answer => return answer,
            }
        }
        Runner::run(&*self.cpu, input, size, task)
    }

    fn device(&self) -> &str {
        match (&*self.shared.state.lock(), self.shared.name.get()) {
            (State::Ready(..), Some(name)) => name,
            _ => "cpu",
        }
    }

    fn computes(&self) -> Computes {
        let on = self.device().to_owned();
        match &*self.shared.state.lock() {
            State::Ready(_, checked) => Computes { on, checked: Some(checked.clone()), ..Computes::default() },
            State::Warming => {
                Computes { on, reason: Some("the graphics adapter is being tried".into()), ..Computes::default() }
            }
            State::Off { reason, fault, .. } => {
                Computes { on, reason: Some(reason.clone()), fault: *fault, ..Computes::default() }
            }
        }
    }
}
