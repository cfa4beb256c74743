//! What shows a picture. A view draws from shared state and asks through the outbox.

pub mod overlay_text;
pub mod slice;
