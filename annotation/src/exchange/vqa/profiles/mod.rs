//! One file for each family of layouts.

pub mod chat;
pub mod chest;
mod common;
pub mod deeptumor;
mod deeptumor_subtypes;
pub mod gemex;
pub mod medsg;
pub mod medspot;
pub mod medvision;
pub mod ms_swift;
pub mod nova;
pub mod preference;
pub mod several;
pub mod text_sets;
pub mod vlmeval;
