//! `limner serve`: one workstation answers for a whole room, in the protocol of nnInteractive's own server, so that its
//! napari, Slicer and MITK clients work as they are.
//!
//! Who asks holds a lease; each lease has a session on a thread of its own, and one prediction runs at a time. Nothing
//! that comes in names a file, sizes are proved before memory is taken, every wait ends, and the log knows sessions by
//! number only.

mod abilities;
mod answer;
mod body;
mod connection;
mod house;
mod leases;
mod picture;
mod routes;
mod talk;
mod work;

use crate::engine::Engine;
use crate::error::{Error, Result};
use house::House;
use limner_imaging::Cancel;
use std::net::{SocketAddr, TcpListener, ToSocketAddrs as _};
use std::sync::Arc;
use std::time::Duration;

/// Where to listen, who may come, and how much they may ask for.
#[derive(Clone, Debug)]
pub struct Options {
    pub host: String,
    pub port: u16,
    /// What clients must show. Without one only this machine is listened to.
    pub key: Option<Key>,
    pub max_sessions: usize,
    /// A session whose user does nothing for so long is given up.
    pub idle: Duration,
    /// A session whose client is not heard of for so long is given up.
    pub liveness: Duration,
    pub limits: Limits,
}

/// What a client shows to be let in. It is never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Key(String);

impl Key {
    /// `None` for nothing at all.
    #[must_use]
    pub fn new(key: impl Into<String>) -> Option<Self> {
        Some(Self(key.into())).filter(|key| !key.0.is_empty())
    }

    /// Compares in a time that says nothing about where two keys part.
    fn is(&self, shown: &[u8]) -> bool {
        let own = self.0.as_bytes();
        let differing = shown.iter().enumerate().fold(own.len() ^ shown.len(), |differing, (n, &byte)| {
            std::hint::black_box(differing | usize::from(byte ^ own[n % own.len()]))
        });
        differing == 0
    }

    pub(crate) fn bearer(&self) -> String {
        format!("Bearer {}", self.0)
    }
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Key")
    }
}

/// What one request may take.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of an array, unpacked.
    pub array_bytes: usize,
    /// How long a request's body may say nothing.
    pub stall: Duration,
    /// How long its head may take.
    pub head: Duration,
}

/// An array may take a quarter of the memory there is, as with the official server.
const SHARE_OF_MEMORY: usize = 4;
/// Where the system does not say how much there is.
const USUAL_MEMORY: usize = 16 << 30;

impl Default for Limits {
    fn default() -> Self {
        let array_bytes = memory().unwrap_or(USUAL_MEMORY) / SHARE_OF_MEMORY;
        Self { array_bytes, stall: Duration::from_secs(20), head: Duration::from_secs(30) }
    }
}

/// Bytes of memory in this machine, where it says so in Linux's way.
fn memory() -> Option<usize> {
    let text = std::fs::read_to_string("/proc/meminfo").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<usize>().ok()?.checked_mul(1024)
}

impl Default for Options {
    fn default() -> Self {
        Self {
            host: "127.0.0.1".into(),
            port: crate::wire::PORT,
            key: None,
            max_sessions: 3,
            idle: Duration::from_secs(600),
            liveness: Duration::from_secs(60),
            limits: Limits::default(),
        }
    }
}

/// A server that listens already and answers once it runs.
pub struct Server {
    listener: TcpListener,
    house: Arc<House>,
}

impl Server {
    /// Takes the address. Others than this machine are listened to only with a key.
    pub fn bind(options: Options, engine: Arc<dyn Engine>) -> Result<Self> {
        let place = format!("{}:{}", options.host, options.port);
        let failed =
            |source: std::io::Error| Error::Network { reason: format!("could not listen on {place}: {source}") };
        let addresses: Vec<SocketAddr> =
            (options.host.as_str(), options.port).to_socket_addrs().map_err(failed)?.collect();
        if options.key.is_none() && !addresses.iter().all(|address| address.ip().is_loopback()) {
            let reason =
                format!("{} can be reached from other machines, so clients must show a key: give one", options.host);
            return Err(Error::Network { reason });
        }
        let listener = TcpListener::bind(&addresses[..]).map_err(failed)?;
        listener.set_nonblocking(true).map_err(failed)?;
        Ok(Self { listener, house: Arc::new(House::new(options, engine)) })
    }

    pub fn address(&self) -> Result<SocketAddr> {
        self.listener.local_addr().map_err(|error| Error::Network { reason: error.to_string() })
    }

    /// Answers until it is told to stop; then requests that are under way are answered and all sessions end.
    pub fn run(self, stop: &Cancel) -> Result<()> {
        let failed =
            |source: std::io::Error| Error::Network { reason: format!("the server could not start: {source}") };
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("server")
            .enable_all()
            .build()
            .map_err(failed)?;
        let ended = runtime.block_on(connection::serve(self.listener, self.house, stop));
        runtime.shutdown_timeout(Duration::from_secs(1));
        ended.map_err(failed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_itself_alone_and_never_printed() {
        let key = Key::new("open sesame").unwrap();
        assert!(key.is(b"open sesame"));
        for other in ["", "open", "open sesamf", "open sesame open sesame", "Open sesame"] {
            assert!(!key.is(other.as_bytes()), "{other}");
        }
        assert_eq!(format!("{key:?}"), "Key");
        assert_eq!(Key::new(""), None);
    }

    #[test]
    fn others_than_this_machine_need_a_key() {
        let engine = || crate::models::open("classical").unwrap();
        let open =
            |host: &str, key| Server::bind(Options { host: host.into(), port: 0, key, ..Options::default() }, engine());
        let refused = open("0.0.0.0", None).map(|_| ()).unwrap_err().to_string();
        assert!(refused.contains("key"), "{refused}");
        assert!(open("127.0.0.1", None).unwrap().address().unwrap().ip().is_loopback());
        assert!(open("0.0.0.0", Key::new("k")).is_ok());
    }
}
