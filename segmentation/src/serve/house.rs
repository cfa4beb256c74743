//! What all requests share.

use super::answer::Refusal;
use super::leases::Leases;
use super::work::Bench;
use super::{Options, abilities};
use crate::engine::Engine;
use axum::http::{HeaderMap, StatusCode, header};
use serde_json::Value;
use std::sync::Arc;

pub struct House {
    pub options: Options,
    pub leases: Leases,
    /// What the engine understands; it never changes.
    pub abilities: Value,
}

impl House {
    pub fn new(options: Options, engine: Arc<dyn Engine>) -> Self {
        let abilities = abilities::of(&*engine);
        let bench = Bench::new(engine, options.limits);
        let leases = Leases::new(bench, options.max_sessions, options.idle, options.liveness);
        Self { options, leases, abilities }
    }

    /// Lets in who shows the key. Where there is none, pages of the web are kept out: a browser on this machine
    /// would let any of them in.
    pub fn admit(&self, headers: &HeaderMap) -> Result<(), Refusal> {
        const SCHEME: &[u8] = b"Bearer ";
        let unknown = |detail| Refusal::new(StatusCode::UNAUTHORIZED, detail);
        let Some(key) = &self.options.key else {
            return if headers.contains_key(header::ORIGIN) {
                Err(Refusal::new(StatusCode::FORBIDDEN, "pages of the web are let in only by a server with a key"))
            } else {
                Ok(())
            };
        };
        let shown = headers.get(header::AUTHORIZATION).and_then(|shown| shown.as_bytes().strip_prefix(SCHEME));
        let shown = shown.ok_or_else(|| unknown("this server wants a key (Authorization: Bearer ...)"))?;
        if key.is(shown) { Ok(()) } else { Err(unknown("this is not the key of this server")) }
    }
}
