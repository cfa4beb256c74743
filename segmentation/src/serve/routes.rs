//! The places of the protocol and who answers there.

use super::answer::{Refusal, said};
use super::body;
use super::house::House;
use super::leases::Lease;
use super::work::{Ask, Job};
use crate::wire::{LEASE_HEADER, META_HEADER, path};
use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, Request, Response, StatusCode};
use axum::routing::{MethodRouter, get, post};
use limner_imaging::{Cancel, Task};
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use tokio::sync::oneshot;

type Outcome = Result<Response<Body>, Refusal>;

pub fn router(house: Arc<House>) -> Router {
    let nowhere = || async { Refusal::new(StatusCode::NOT_FOUND, "there is nothing here").answer() };
    let other =
        || async { Refusal::new(StatusCode::METHOD_NOT_ALLOWED, "this place is asked in another way").answer() };
    Router::new()
        .route(path::HEALTH, get(|| async { said(&json!({"ok": true})) }))
        .route(path::CAPABILITIES, told(|house, _| Ok(house.abilities.clone())))
        .route(path::CLAIM, done(claim))
        .route(path::RELEASE, done(release))
        .route(path::HEARTBEAT, done(heartbeat))
        .route(path::LEASE_STATUS, told(lease_status))
        .route(path::SET_IMAGE, asks(Ask::SetImage))
        .route(path::SET_TARGET_BUFFER, asks(Ask::SetTarget))
        .route(path::SET_DO_AUTOZOOM, asks(Ask::SetZoom))
        .route(path::RESET_INTERACTIONS, asks(Ask::Reset))
        .route(path::UNDO, asks(Ask::Undo))
        .route(path::PREDICT, asks(Ask::Predict))
        .route(path::ADD_POINT, asks(Ask::Point))
        .route(path::ADD_BOX, asks(Ask::Box))
        .route(path::ADD_SCRIBBLE, asks(Ask::Scribble))
        .route(path::ADD_LASSO, asks(Ask::Lasso))
        .route(path::ADD_INITIAL_SEG, asks(Ask::Start))
        .fallback(nowhere)
        .method_not_allowed_fallback(other)
        .with_state(house)
}

type Quick = fn(&House, &HeaderMap) -> Result<Value, Refusal>;

/// What needs the key and no body; one that comes along is not looked at.
async fn simple(answer: Quick, house: &House, mut request: Request<Body>) -> Response<Body> {
    let headers = request.headers();
    let outcome = house.admit(headers).and_then(|()| answer(house, headers));
    body::hear_out(request.body_mut()).await;
    outcome.map_or_else(|refusal| refusal.answer(), |value| said(&value))
}

fn told(answer: Quick) -> MethodRouter<Arc<House>> {
    get(move |State(house): State<Arc<House>>, request| async move { simple(answer, &house, request).await })
}

fn done(answer: Quick) -> MethodRouter<Arc<House>> {
    post(move |State(house): State<Arc<House>>, request| async move { simple(answer, &house, request).await })
}

fn token(headers: &HeaderMap) -> Option<&str> {
    headers.get(LEASE_HEADER)?.to_str().ok()
}

fn claim(house: &House, _: &HeaderMap) -> Result<Value, Refusal> {
    let leases = &house.leases;
    Ok(json!({"lease_token": leases.claim()?, "idle_timeout_seconds": leases.idle.as_secs_f64(),
        "liveness_timeout_seconds": leases.liveness.as_secs_f64(), "max_sessions": leases.most}))
}

/// Also where there is nothing to give back: whoever asks is rid of it.
fn release(house: &House, headers: &HeaderMap) -> Result<Value, Refusal> {
    house.leases.release(token(headers));
    Ok(json!({"released": true}))
}

fn heartbeat(house: &House, headers: &HeaderMap) -> Result<Value, Refusal> {
    let lease = house.leases.get(token(headers))?;
    Ok(json!({"remaining_seconds": house.leases.remaining_secs(&lease)}))
}

fn lease_status(house: &House, headers: &HeaderMap) -> Result<Value, Refusal> {
    let lease = house.leases.peek(token(headers))?;
    let idle = house.leases.idle.as_secs_f64();
    Ok(json!({"remaining_seconds": house.leases.remaining_secs(&lease), "idle_timeout_seconds": idle}))
}

/// What is asked of a session.
fn asks(ask: Ask) -> MethodRouter<Arc<House>> {
    post(move |State(house): State<Arc<House>>, mut request: Request<Body>| async move {
        let outcome = match admitted(&house, request.headers()) {
            Ok(lease) => carried_out(&house, &lease, ask, &mut request).await,
            Err(refusal) => Err(refusal),
        };
        match outcome {
            Ok(answer) => answer,
            Err(refusal) => {
                body::hear_out(request.body_mut()).await;
                refusal.answer()
            }
        }
    })
}

fn admitted(house: &House, headers: &HeaderMap) -> Result<Arc<Lease>, Refusal> {
    house.admit(headers)?;
    house.leases.get(token(headers))
}

/// A session is busy as long as this lives; what it was asked ends with whoever asked.
struct UnderWay<'a> {
    lease: &'a Lease,
    cancel: Cancel,
}

impl<'a> UnderWay<'a> {
    fn new(lease: &'a Lease) -> Self {
        lease.busy.fetch_add(1, Ordering::Relaxed);
        Self { lease, cancel: Cancel::default() }
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.cancel.cancel();
        self.lease.busy.fetch_sub(1, Ordering::Relaxed);
    }
}

async fn carried_out(house: &House, lease: &Lease, ask: Ask, request: &mut Request<Body>) -> Outcome {
    let ended = || Refusal::gone("the session ended before this was done");
    lease.acted();
    let turn = lease.turn.acquire().await.map_err(|_| ended())?;
    let under_way = UnderWay::new(lease);
    let headers = request.headers().clone();
    let limits = &house.options.limits;
    let most = if ask.brings_array() { body::with_array(limits) } else { body::SHORT };
    let body = body::read(&headers, request.body_mut(), most, limits).await?;
    let meta = meta(ask, &headers, &body)?;
    let task = Task { cancel: under_way.cancel.clone(), ..Task::default() };
    lease.at_work(&task.cancel);
    let (reply, answer) = oneshot::channel();
    lease.jobs.send(Job { ask, meta, body, task, reply }).await.map_err(|_| ended())?;
    let outcome = answer.await.map_err(|_| ended())?;
    lease.acted();
    drop(turn);
    outcome
}

/// What is said beside the array, or in the body where there is none.
fn meta(ask: Ask, headers: &HeaderMap, body: &[u8]) -> Result<Value, Refusal> {
    let (text, place) = if ask.brings_array() {
        (headers.get(META_HEADER).map_or(&b"{}"[..], |meta| meta.as_bytes()), "X-Meta")
    } else {
        (body, "the body")
    };
    // Some clients send nothing where nothing is to be said.
    let text = if text.is_empty() { &b"{}"[..] } else { text };
    let meta: Value =
        serde_json::from_slice(text).map_err(|error| Refusal::bad(format!("{place} is no JSON: {error}")))?;
    if meta.is_object() { Ok(meta) } else { Err(Refusal::bad(format!("{place} is no JSON object"))) }
}
