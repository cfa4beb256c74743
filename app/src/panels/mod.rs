//! Everything around the pictures. Panels read shared state and ask through the outbox.

pub mod browser;
pub mod dialog;
pub mod labels;
pub mod menu;
pub mod notices;
pub mod rail;
pub mod settings;
pub mod status;
pub mod tools;
pub mod viewbar;
pub mod welcome;
