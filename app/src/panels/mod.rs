//! Everything around the pictures. Panels read shared state and ask through the outbox.

pub mod dialog;
pub mod labels;
pub mod menu;
pub mod notices;
pub mod series;
pub mod status;
pub mod tools;
pub mod welcome;
