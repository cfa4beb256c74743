//! Grounded questions in the layouts of the field's data sets and trainers: names `vqa:PROFILE`.
//!
//! A project becomes `record::Records` (pictures by path, regions in their pixels), a profile writes those; reading goes the
//! same way back. Boxes are written by one table, `boxes::CONVENTIONS`. What a reader must not see never enters a record's
//! prompt: `talk::human_turn` and each profile take the stem and the choices, and nothing else of a question.

pub mod boxes;
pub mod collect;
pub mod export;
pub(in crate::exchange) mod frame;
pub mod pictures;
pub mod profile;
pub(in crate::exchange) mod profiles;
pub mod record;
pub mod talk;
mod wording;
