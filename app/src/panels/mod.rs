//! Everything around the pictures. Panels read shared state and ask through the outbox.

pub mod browser;
pub mod dialog;
pub mod inspector;
pub mod labels;
pub mod measurements;
pub mod menu;
pub mod model;
pub mod notices;
pub mod questions;
pub mod rail;
pub mod settings;
pub mod status;
pub mod tools;
pub mod tour;
pub mod viewbar;
pub mod welcome;
