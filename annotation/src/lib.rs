//! The domain: everything an expert says about a picture, how it changes, and how it is kept.
//!
//! `Document` is the only mutable root. Every change is a `Command`, every command can be taken back, every step reaches
//! the store. This crate knows pictures only through `limner_imaging` and nothing of windows, GPUs or models.

pub mod audit;
pub mod brick;
pub mod command;
pub mod confidence;
pub mod consensus;
pub mod contents;
pub mod document;
pub mod edit;
pub mod entity;
pub mod error;
pub mod exchange;
pub mod follow_up;
pub mod form_file;
pub mod history;
pub mod id;
pub mod image_entry;
pub mod label_map;
pub mod labels;
pub mod landmarks;
pub mod measure;
pub mod metrics;
mod numbers;
pub mod oblique;
pub mod ontology_file;
pub mod operations;
pub mod origin;
pub mod packed;
pub mod project;
pub mod query;
pub mod question;
pub mod records;
pub mod region_statistics;
pub mod review;
pub mod series_facts;
pub mod shapes;
pub mod share;
pub mod sources;
pub mod step;
pub mod store;
pub mod tags;
pub mod tools;

mod apply;
mod rows;
mod stroke;
mod words;

pub use command::{Command, PaintMode, PaintRule};
pub use contents::Contents;
pub use document::Document;
pub use edit::Change;
pub use entity::{Entity, ImageId, Kind, LabelId, Record, Rules, ShapeId};
pub use error::{Error, Result};
pub use id::{Key, Revision};
pub use image_entry::{ImageEntry, SignalScale};
pub use label_map::LabelMap;
pub use labels::Label;
pub use origin::{Origin, Source, Touch};
pub use packed::{PackedMask, Patch};
pub use project::Project;
pub use query::Query;
pub use series_facts::SeriesFacts;
pub use shapes::{Form, Shape, Slice};
pub use step::StepInfo;
pub use tags::Tags;
pub use words::counted;
