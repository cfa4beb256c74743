//! Everything around the pictures. Panels read shared state and ask through the outbox.

pub mod browser;
pub mod case_form;
pub mod cases;
pub mod companions;
pub mod dialog;
pub mod follow_up;
pub mod inspector;
pub mod labels;
pub mod measurements;
pub mod menu;
pub mod model;
pub mod notices;
pub mod palette;
pub mod questions;
pub mod rail;
pub mod region;
pub mod registration;
pub mod report;
pub mod settings;
pub mod status;
pub mod time;
pub mod timebar;
pub mod tools;
pub mod tour;
pub mod viewbar;
pub mod welcome;
