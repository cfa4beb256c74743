//! What is said about pictures beside labels and shapes: each kind of entity in a file of its own, with what it points at
//! and what makes it whole. The list of kinds is in `entity`.

mod audit_run;
mod caption;
mod case_form;
mod finding;
mod frame_marks;
mod measurement;
mod ontology;
mod people;
mod project_info;
mod prompt_trace;
mod registration;
mod release;
mod review;
mod segment_state;
mod study;
mod track;

pub use audit_run::{AuditKind, AuditRun, AuditScore};
pub use caption::{Caption, CaptionKind, Grounding, Region};
pub use case_form::{About, CaseForm, Choice, Field, FieldKind, FormEntry};
pub use finding::{Finding, Lesion, LesionStage, Severity, Status, Trend};
pub use frame_marks::FrameMarks;
pub use measurement::{Definition, MeasurementEntry};
pub use ontology::{Node, Ontology};
pub use people::{
    Assignment, AssignmentStatus, Blinding, Judgement, Payload, Protocol, ProtocolKind, Rater, RaterRole, Rating,
    Scale, TuringVerdict, Winner,
};
pub use project_info::{Guideline, ProjectInfo};
pub use prompt_trace::{PromptGeometry, PromptTrace};
pub use registration::Registration;
pub use release::{Release, ReleasedFile, ReleasedSet};
pub use review::{
    Annotation, AnnotationState, Consensus, ConsensusMethod, Decision, Prediction, PredictionModel, Verdict,
};
pub use segment_state::{Progress, SegmentState};
pub use study::{Split, Study, Subject};
pub use track::{Keyframe, Track};

use crate::error::{Error, Result};

/// Refuses a text that says nothing.
fn named(what: &str, text: &str) -> Result<()> {
    if text.trim().is_empty() { Err(Error::refused(format!("{what} needs a name"))) } else { Ok(()) }
}

/// Refuses a number that is none.
fn finite(what: &str, value: f64) -> Result<()> {
    if value.is_finite() { Ok(()) } else { Err(Error::refused(format!("{what} must be a finite number"))) }
}

/// Refuses a share that is not one.
fn share(what: &str, value: f64) -> Result<()> {
    if (0.0..=1.0).contains(&value) { Ok(()) } else { Err(Error::refused(format!("{what} is a number from 0 to 1"))) }
}

const fn yes() -> bool {
    true
}
