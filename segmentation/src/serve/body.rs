//! Reading what a client sends, as far as it may go and as fast as it must.

use super::Limits;
use super::answer::Refusal;
use axum::body::{Body, Bytes, HttpBody as _};
use axum::http::{HeaderMap, StatusCode, header};
use std::future::poll_fn;
use std::pin::Pin;
use std::time::{Duration, Instant};

/// What asks for no array is this short.
pub const SHORT: usize = 64 << 10;

/// However slow a line is, so many bytes a second come through.
const SLOWEST_BYTES_PER_SEC: u64 = 64 << 10;
/// Room for what cannot be packed, and for heads.
const UNPACKABLE: usize = 1 << 20;
/// Of a body that is refused so much is still taken, so that its sender comes to hear why.
const HEARD_OUT: u64 = 64 << 20;
const HEARD_OUT_FOR: Duration = Duration::from_secs(5);

/// How long a body may be that carries an array.
pub const fn with_array(limits: &Limits) -> usize {
    limits.array_bytes.saturating_add(limits.array_bytes / 64).saturating_add(UNPACKABLE)
}

async fn next(body: &mut Body) -> Option<Result<Bytes, axum::Error>> {
    loop {
        match poll_fn(|cx| Pin::new(&mut *body).poll_frame(cx)).await? {
            // Trailers say nothing here.
            Ok(frame) => {
                if let Ok(data) = frame.into_data() {
                    return Some(Ok(data));
                }
            }
            Err(error) => return Some(Err(error)),
        }
    }
}

/// The whole body, if it is no longer than `most` bytes and keeps coming.
pub async fn read(headers: &HeaderMap, body: &mut Body, most: usize, limits: &Limits) -> Result<Vec<u8>, Refusal> {
    let too_large = || Refusal::too_large(format!("the body is larger than the {most} bytes that are taken here"));
    let declared = headers.get(header::CONTENT_LENGTH).and_then(|n| n.to_str().ok()?.parse::<u64>().ok());
    if declared.is_some_and(|declared| declared > most as u64) {
        return Err(too_large());
    }
    let start = Instant::now();
    let mut all: Vec<u8> = Vec::new();
    loop {
        let wait = tokio::time::timeout(limits.stall, next(body)).await;
        let slow = || Refusal::new(StatusCode::REQUEST_TIMEOUT, "the body came too slowly");
        let Some(data) = wait.map_err(|_| slow())? else { return Ok(all) };
        let data = data.map_err(|_| Refusal::bad("the body broke off"))?;
        if all.len() + data.len() > most {
            return Err(too_large());
        }
        all.extend_from_slice(&data);
        let allowed = limits.stall + Duration::from_secs(all.len() as u64 / SLOWEST_BYTES_PER_SEC);
        if start.elapsed() > allowed {
            return Err(slow());
        }
    }
}

/// Lets a sender finish, within reason: one who is cut off while sending does not read the answer.
pub async fn hear_out(body: &mut Body) {
    let listen = async {
        let mut left = HEARD_OUT;
        while let Some(Ok(data)) = next(body).await {
            left = left.saturating_sub(data.len() as u64);
            if left == 0 {
                break;
            }
        }
    };
    // Whether it came to an end makes no difference.
    let _ = tokio::time::timeout(HEARD_OUT_FOR, listen).await;
}
