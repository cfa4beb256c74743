//! Limner: the window, the command line, and the joins between the crates below.

pub mod action;
pub mod app;
pub mod assist;
pub mod cli;
pub mod dispatch;
pub mod gpu;
pub mod jobs;
pub mod keymap;
pub mod notices;
pub mod outbox;
pub mod overlay;
pub mod panels;
pub mod paths;
pub mod picture;
pub mod sample;
pub mod settings;
pub mod stroke;
pub mod theme;
pub mod view_state;
pub mod views;
pub mod window;
pub mod workspace;
