//! What the server says: JSON, the changed part of a mask, or why not.

use super::talk::{Changed, Target};
use crate::wire::{JSON, META_HEADER, OCTETS, pack};
use axum::body::Body;
use axum::http::{HeaderValue, Response, StatusCode, header};
use limner_imaging::{Mask, VoxelBox};
use serde_json::{Value, json};

/// Seconds after which a client of a full server may ask again.
const RETRY_AFTER: HeaderValue = HeaderValue::from_static("10");

/// A request that is not carried out, and why, in the words of HTTP and of people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    pub status: StatusCode,
    pub detail: String,
}

impl Refusal {
    pub fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Self { status, detail: detail.into() }
    }

    /// What was sent makes no sense.
    pub fn bad(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, detail)
    }

    pub fn too_large(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, detail)
    }

    /// There is no such session, or there is no longer.
    pub fn gone(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::GONE, detail)
    }

    pub fn answer(&self) -> Response<Body> {
        let mut answer = said(&json!({"detail": self.detail}));
        *answer.status_mut() = self.status;
        if self.status == StatusCode::SERVICE_UNAVAILABLE {
            answer.headers_mut().insert(header::RETRY_AFTER, RETRY_AFTER);
        }
        answer
    }
}

pub fn said(value: &Value) -> Response<Body> {
    let mut answer = Response::new(Body::from(value.to_string()));
    answer.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(JSON));
    answer
}

/// The part of a mask that may have changed, and whether anything was predicted or taken back at all.
pub fn changed(changed: &Changed, target: Option<Target>) -> Response<Body> {
    let part = changed.part.as_ref().zip(target).filter(|((_, bounds), _)| !bounds.is_empty());
    let (meta, body) = match part {
        None => (json!({"ran_prediction": changed.ran, "bbox": null}), Vec::new()),
        Some(((mask, bounds), target)) => {
            let size = bounds.size();
            let shape = [size[2], size[1], size[0]];
            let box_of = |a: usize| json!([bounds.min[a], bounds.max[a]]);
            let meta = json!({"ran_prediction": changed.ran, "bbox": [box_of(2), box_of(1), box_of(0)],
                "dtype": target.dtype.name(), "shape": shape});
            (meta, pack(target.dtype, &shape, &numbers(mask, bounds, target.dtype.bytes()), false))
        }
    };
    let mut answer = Response::new(Body::from(body));
    answer.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(OCTETS));
    if let Ok(meta) = HeaderValue::from_str(&meta.to_string()) {
        answer.headers_mut().insert(META_HEADER, meta);
    }
    answer
}

/// Ones and zeros of so many bytes each.
fn numbers(mask: &Mask, bounds: &VoxelBox, bytes: usize) -> Vec<u8> {
    let part = mask.within(*bounds);
    if bytes == 1 {
        return part.voxels().iter().map(|&inside| u8::from(inside)).collect();
    }
    let mut numbers = vec![0; part.voxels().len() * bytes];
    for (number, &inside) in numbers.chunks_exact_mut(bytes).zip(part.voxels()) {
        number[0] = u8::from(inside);
    }
    numbers
}
