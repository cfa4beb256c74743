//! One request at a time over HTTP, with an end to every wait.
//!
//! A thread waits for the network, so whoever asks can turn away at any moment; what comes back later is dropped.

use crate::error::{Error, Result};
use crate::serve::Key;
use crate::wire::{JSON, LEASE_HEADER, META_HEADER, OCTETS};
use limner_imaging::Cancel;
use serde_json::Value;
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::time::Duration;

const CONNECT: Duration = Duration::from_secs(10);
/// Kept open no longer than servers keep them.
const IDLE: Duration = Duration::from_secs(5);
const TICK: Duration = Duration::from_millis(20);
/// An answer that is no array is this short.
pub const SHORT: usize = 1 << 20;

pub struct Line {
    agent: ureq::Agent,
    base: String,
    key: Option<Key>,
}

/// What is asked.
pub struct Call {
    pub path: &'static str,
    pub body: Body,
    /// Which session it is about.
    pub lease: Option<String>,
    /// How long it may take as a whole.
    pub time: Duration,
    /// Bytes an answer may have.
    pub most: usize,
}

pub enum Body {
    /// A question without one.
    Get,
    Json(Value),
    Array {
        meta: Value,
        packed: Arc<Vec<u8>>,
    },
}

#[derive(Debug)]
pub struct Reply {
    pub meta: Option<Value>,
    pub body: Vec<u8>,
}

/// What goes wrong between a client and a server.
#[derive(Debug, thiserror::Error)]
pub enum Trouble {
    #[error("cancelled")]
    Cancelled,
    #[error("the session is gone: {0}")]
    Gone(String),
    #[error("no free session: {0}")]
    Full(String),
    #[error("the key was not taken: {0}")]
    Key(String),
    #[error("{0}")]
    Unreachable(String),
    #[error("{status}: {detail}")]
    Refused { status: u16, detail: String },
    #[error("{0}")]
    Stranger(String),
}

impl Trouble {
    /// Whether a new session may be the end of it.
    pub const fn may_pass(&self) -> bool {
        matches!(self, Self::Gone(_) | Self::Unreachable(_))
    }
}

impl Line {
    pub fn new(address: &str, key: Option<Key>) -> Result<Self> {
        let base = base_of(address).map_err(|why| Error::Network { reason: format!("{why}: {}", shown(address)) })?;
        // What names this very machine is not sent elsewhere.
        let own = ["//127.", "//localhost", "//[::1]"].iter().any(|host| base.contains(host));
        let mut config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .timeout_connect(Some(CONNECT))
            .max_idle_age(IDLE)
            .user_agent(concat!("limner/", env!("CARGO_PKG_VERSION")));
        if own {
            config = config.proxy(None);
        }
        Ok(Self { agent: config.build().into(), base, key })
    }

    /// The address, which is also the name of the engine there.
    pub fn name(&self) -> &str {
        &self.base
    }

    pub const fn has_key(&self) -> bool {
        self.key.is_some()
    }

    pub fn ask(self: &Arc<Self>, call: Call, cancel: &Cancel) -> Result<Reply, Trouble> {
        let (sender, answer) = sync_channel(1);
        let line = Arc::clone(self);
        let work = move || drop(sender.send(line.wait(call)));
        let started = std::thread::Builder::new().name("request".into()).spawn(work);
        started.map_err(|error| Trouble::Unreachable(error.to_string()))?;
        loop {
            if cancel.is_cancelled() {
                return Err(Trouble::Cancelled);
            }
            match answer.recv_timeout(TICK) {
                Ok(reply) => return reply,
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return Err(Trouble::Unreachable("the request failed".into())),
            }
        }
    }

    /// Waits on this very thread.
    pub fn wait(&self, call: Call) -> Result<Reply, Trouble> {
        let url = format!("{}{}", self.base, call.path);
        let sent = match call.body {
            Body::Get => self.dressed(self.agent.get(url), &call.lease, call.time).call(),
            Body::Json(value) => {
                let request = self.dressed(self.agent.post(url), &call.lease, call.time);
                request.header("content-type", JSON).send(value.to_string())
            }
            Body::Array { meta, packed } => {
                let request = self.dressed(self.agent.post(url), &call.lease, call.time);
                request.header("content-type", OCTETS).header(META_HEADER, meta.to_string()).send(&packed[..])
            }
        };
        let answer = sent.map_err(trouble)?;
        let status = answer.status().as_u16();
        let meta = answer.headers().get(META_HEADER).map(|meta| serde_json::from_slice(meta.as_bytes()));
        let body = answer.into_body().into_with_config().limit(call.most as u64 + 1).read_to_vec().map_err(trouble)?;
        if body.len() > call.most {
            return Err(Trouble::Stranger(format!("an answer of more than {} bytes", call.most)));
        }
        if status != 200 {
            return Err(refusal(status, &body));
        }
        let meta = meta.transpose().map_err(|error| Trouble::Stranger(format!("X-Meta is no JSON: {error}")))?;
        Ok(Reply { meta, body })
    }

    fn dressed<Any>(
        &self,
        request: ureq::RequestBuilder<Any>,
        lease: &Option<String>,
        time: Duration,
    ) -> ureq::RequestBuilder<Any> {
        let mut request = request.config().timeout_global(Some(time)).build();
        if let Some(key) = &self.key {
            request = request.header("authorization", key.bearer());
        }
        match lease {
            Some(lease) => request.header(LEASE_HEADER, lease),
            None => request,
        }
    }
}

/// An address without anything that does not belong there.
fn base_of(address: &str) -> std::result::Result<String, &'static str> {
    let (scheme, rest) =
        address.trim().split_once("://").ok_or("a server's address begins with http:// or https://")?;
    if !["http", "https"].contains(&scheme) {
        return Err("a server's address begins with http:// or https://");
    }
    let rest = rest.trim_end_matches('/');
    if rest.contains('@') {
        return Err("an address holds no key or password: give the key by itself");
    }
    if rest.is_empty() || rest.chars().any(|c| c.is_whitespace() || c.is_control() || "?#\\".contains(c)) {
        return Err("this is no address of a server, such as http://127.0.0.1:1527");
    }
    Ok(format!("{scheme}://{rest}"))
}

/// An address for a message: never with what stands before an @.
fn shown(address: &str) -> &str {
    address.rsplit('@').next().unwrap_or_default()
}

fn trouble(error: ureq::Error) -> Trouble {
    match error {
        ureq::Error::Timeout(_) => Trouble::Unreachable("no answer in time".into()),
        ureq::Error::HostNotFound => Trouble::Unreachable("nobody knows this host".into()),
        ureq::Error::BodyExceedsLimit(_) => Trouble::Stranger("the answer is too long".into()),
        ureq::Error::Io(_) | ureq::Error::ConnectionFailed | ureq::Error::BodyStalled => {
            Trouble::Unreachable(error.to_string())
        }
        other => Trouble::Stranger(other.to_string()),
    }
}

fn refusal(status: u16, body: &[u8]) -> Trouble {
    const MOST: usize = 300;
    let said = serde_json::from_slice::<Value>(body).ok().and_then(|said| Some(said["detail"].as_str()?.to_owned()));
    let detail: String = said.unwrap_or_default().chars().filter(|c| !c.is_control()).take(MOST).collect();
    match status {
        401 | 403 => Trouble::Key(detail),
        410 => Trouble::Gone(detail),
        503 => Trouble::Full(detail),
        301..=399 => Trouble::Stranger("it sends us elsewhere".into()),
        404 | 405 => Trouble::Stranger(format!("it answers with {status}")),
        _ => Trouble::Refused { status, detail },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_made_plain_and_keys_in_them_are_neither_taken_nor_shown() {
        assert_eq!(base_of(" http://room-7:1527/ ").unwrap(), "http://room-7:1527");
        assert_eq!(base_of("https://host/base//").unwrap(), "https://host/base");
        for bad in
            ["room-7", "ftp://host", "http://", "http://a b", "http://host?x=1", "file:///etc", "http://u:secret@host"]
        {
            assert!(base_of(bad).is_err(), "{bad}");
        }
        let Err(error) = Line::new("http://u:secret@host", None) else { panic!("a password was taken") };
        assert!(!error.to_string().contains("secret"), "{error}");
    }
}
