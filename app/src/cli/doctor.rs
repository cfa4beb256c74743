//! `limner doctor`: what this machine offers, what is missing, and what to do about it.

use super::{exit, say, say_json};
use crate::paths::Paths;
use limner_imaging::formats::FORMATS;
use limner_render::GpuContext;
use limner_segmentation::gpu::{self, Wish};
use limner_segmentation::models;
use serde::Serialize;
use std::process::ExitCode;

#[derive(clap::Args)]
#[command(after_help = "Example: limner doctor --json")]
pub struct Args {
    /// Try networks on a software adapter too, which takes its time
    #[arg(long)]
    gpu: bool,
    /// One JSON object on stdout
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Report {
    schema: &'static str,
    version: &'static str,
    checks: Vec<Check>,
}

#[derive(Serialize)]
struct Check {
    name: &'static str,
    ok: bool,
    found: String,
    /// What to do where it is not well.
    #[serde(skip_serializing_if = "Option::is_none")]
    advice: Option<&'static str>,
}

impl Check {
    fn of(name: &'static str, found: Result<String, String>, advice: &'static str) -> Self {
        let ok = found.is_ok();
        let found = found.unwrap_or_else(|problem| problem);
        Self { name, ok, found, advice: (!ok).then_some(advice) }
    }
}

pub fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let checks = vec![graphics(), display(), folder(), processor(), formats(), models(), networks(args.gpu)];
    let well = checks.iter().all(|c| c.ok || c.name == "display");
    let report = Report { schema: "limner.doctor/1", version: env!("CARGO_PKG_VERSION"), checks };
    if args.json {
        say_json(&report)?;
    } else {
        say(format!("Limner {}", report.version));
        for check in &report.checks {
            say(format!("{} {}: {}", if check.ok { "ok     " } else { "missing" }, check.name, check.found));
            if let Some(advice) = check.advice {
                say(format!("          {advice}"));
            }
        }
    }
    Ok(exit(well))
}

fn graphics() -> Check {
    let found = GpuContext::headless().map(|gpu| format!("{} ({:?})", gpu.adapter_name(), gpu.tier));
    let advice = "install a Vulkan driver; without a graphics card: mesa-vulkan-drivers and libvulkan1";
    Check::of("graphics", found.map_err(|e| e.to_string()), advice)
}

fn display() -> Check {
    let set = ["WAYLAND_DISPLAY", "DISPLAY"].into_iter().find_map(std::env::var_os);
    let found = match set {
        Some(name) => Ok(name.to_string_lossy().into_owned()),
        None if cfg!(target_os = "linux") => Err("none".into()),
        None => Ok("native".into()),
    };
    Check::of("display", found, "the window needs one; every command works without")
}

fn folder() -> Check {
    let data = Paths::of_user().data;
    let probe = data.join("doctor-was-here");
    let written = std::fs::create_dir_all(&data)
        .and_then(|()| std::fs::write(&probe, ""))
        .and_then(|()| std::fs::remove_file(&probe));
    let found = written.map(|()| data.display().to_string()).map_err(|e| format!("{}: {e}", data.display()));
    Check::of("folder for projects", found, "make the folder writable, or set XDG_DATA_HOME")
}

fn processor() -> Check {
    let cores = std::thread::available_parallelism().map_err(|e| e.to_string());
    Check::of("processor", cores.map(|n| format!("{n} cores, {}", std::env::consts::ARCH)), "")
}

fn formats() -> Check {
    let names: Vec<&str> = FORMATS.iter().map(|f| f.title()).collect();
    Check::of("picture formats", Ok(names.join(", ")), "")
}

fn models() -> Check {
    let names: Vec<String> = models::all().into_iter().map(|model| model.name).collect();
    Check::of("models", Ok(names.join(", ")), "")
}

/// Where networks run, and what the adapter showed when it was tried with the network that comes with the program.
fn networks(insists: bool) -> Check {
    let advice = "update the graphics driver; until then the processor computes, with the same answers";
    gpu::prefer(if insists { Wish::Gpu } else { Wish::Fastest });
    let found = models::open(models::EMBEDDED).map(|engine| engine.computes());
    let found = found.map_err(|error| error.to_string()).and_then(|now| match (now.checked, now.reason) {
        (Some(checked), _) => Ok(format!("{}; the self-check passed: {}", now.on, checked.words())),
        (None, Some(reason)) if now.fault || insists => Err(reason),
        (None, Some(reason)) => Ok(format!("{}; {reason}", now.on)),
        (None, None) => Ok(now.on),
    });
    Check::of("networks", found, advice)
}
