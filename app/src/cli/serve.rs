//! `limner serve`: the engines of this machine for a whole room, in the protocol of nnInteractive's server.

use super::progress::task;
use super::{note, prefer_device, usage};
use anyhow::Context as _;
use limner_segmentation::serve::{Key, Options, Server};
use limner_segmentation::{models, wire};
use std::process::ExitCode;
use std::time::Duration;

#[derive(clap::Args)]
#[command(after_help = "Example: LIMNER_SERVER_KEY=... limner serve --host 0.0.0.0 --max-sessions 8\n\
Clients: napari, Slicer and MITK with nnInteractive's plug-in, or another Limner; docs/server.md says how.")]
pub struct Args {
    /// The address to listen on; others than this machine's own need a key
    #[arg(long, default_value = "127.0.0.1")]
    host: String,
    #[arg(long, default_value_t = wire::PORT)]
    port: u16,
    /// What clients must show; better given as LIMNER_SERVER_KEY or NN_INTERACTIVE_API_KEY, which others cannot see
    #[arg(long)]
    key: Option<String>,
    /// How many clients may work at once
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u16).range(1..=256))]
    max_sessions: u16,
    /// Seconds after which the session of a user who does nothing is given up
    #[arg(long, default_value_t = 600, value_parser = clap::value_parser!(u64).range(1..))]
    idle_timeout_seconds: u64,
    /// Seconds after which the session of a client that is not heard of is given up
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..))]
    liveness_timeout_seconds: u64,
    /// cpu, gpu, or auto: the graphics adapter where it is hardware, right and faster
    #[arg(long, default_value = "auto")]
    device: String,
    /// Which model answers: a name from limner models list, or a model folder (default: the one Limner comes with)
    #[arg(long, default_value = models::EMBEDDED)]
    model: String,
}

pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    prefer_device(&args.device)?;
    if limner_segmentation::remote::is_address(&args.model) {
        return Err(usage("a server answers with a model of its own, not with another server's"));
    }
    let engine = models::open(&args.model).with_context(|| format!("the model {} could not be opened", args.model))?;
    let key = args.key.or_else(wire::key_of_environment).and_then(Key::new);
    let options = Options {
        host: args.host,
        port: args.port,
        key,
        max_sessions: args.max_sessions.into(),
        idle: Duration::from_secs(args.idle_timeout_seconds),
        liveness: Duration::from_secs(args.liveness_timeout_seconds),
        ..Options::default()
    };
    let needs_key = options.key.is_some();
    log_to_stderr();
    let name = engine.name().to_owned();
    let server = Server::bind(options, engine)?;
    let key = if needs_key { "with a key" } else { "without a key" };
    note(format!("limner: {name} answers at http://{} {key}; Ctrl+C ends it", server.address()?));
    server.run(&task().cancel)?;
    note("limner: the server has ended");
    // Being stopped is how a server ends well.
    Ok(ExitCode::SUCCESS)
}

/// What happens to sessions, by their number, on stderr.
struct Stderr;

impl log::Log for Stderr {
    fn enabled(&self, metadata: &log::Metadata<'_>) -> bool {
        metadata.target().starts_with("limner")
    }

    fn log(&self, record: &log::Record<'_>) {
        if self.enabled(record.metadata()) {
            note(format!("limner: {}", record.args()));
        }
    }

    fn flush(&self) {}
}

fn log_to_stderr() {
    if log::set_logger(&Stderr).is_ok() {
        log::set_max_level(log::LevelFilter::Info);
    }
}
