//! What panels ask for about a case.

use limner_annotation::entity::{CaseFormId, FindingId, LesionId, StudyId, SubjectId, TrackId};
use limner_annotation::records::{AssignmentStatus, CaptionKind, Severity, Status, Trend, Verdict};
use limner_annotation::tags::Attribute;
use limner_annotation::{Form, ImageId, LabelId, ShapeId, Tags};
use std::path::PathBuf;

#[derive(Clone, Debug)]
pub enum Ask {
    /// A ready form, by its name.
    ReadyForm(&'static str),
    LoadForm(PathBuf),
    UseForm(CaseFormId),
    /// Which row keys speak to; none gives the keys back.
    Focus(Option<usize>),
    /// A finding by the name of its label; none takes it back.
    Finding {
        name: String,
        status: Option<Status>,
    },
    FindingDetail {
        id: FindingId,
        severity: Option<Severity>,
        certainty: Option<f64>,
    },
    /// The answer to a field of the form in use, about the picture in view or its study.
    Answer {
        field: String,
        value: Option<Attribute>,
    },
    OpenCase(usize),
    CaseStatus(usize, AssignmentStatus),
    Filter(super::list::Filter),
    Grid(GridAsk),
    Report(ReportAsk),
    Time(TimeAsk),
    Lesion(LesionAsk),
    Region(RegionAsk),
    LoadTemplate(PathBuf),
    UseTemplate(Option<usize>),
}

#[derive(Clone, Copy, Debug)]
pub enum GridAsk {
    Close,
    Cursor {
        to: usize,
        extend: bool,
        toggle: bool,
    },
    All(bool),
    Columns(usize),
    Row(usize),
    /// The n-th choice of the row, for all that are chosen.
    Pick(usize),
    Status(AssignmentStatus),
    Verdict(Verdict),
    Open(usize),
}

#[derive(Clone, Debug)]
pub enum ReportAsk {
    Kind(CaptionKind),
    /// What was typed; kept when the hand rests.
    Typed(String),
    /// The hand left the text, or rested.
    Keep,
    /// Characters that the next clicks on regions are bound to; none ends the binding.
    Bind(Option<[usize; 2]>),
    /// The n-th region of the list.
    ToggleNth(usize),
    /// Lets go of a phrase.
    Unbind([usize; 2]),
    Point(Option<usize>),
    Delete,
}

#[derive(Clone, Copy, Debug)]
pub enum TimeAsk {
    Select(TrackId),
    Delete(TrackId),
    GoTo(usize),
    Interpolated(bool),
    Label(TrackId, Option<LabelId>),
    /// Forgets what was said of the frame in view.
    Unsay,
}

#[derive(Clone, Debug)]
pub enum LesionAsk {
    Select(LesionId),
    /// Makes the picture in view a visit of a subject, or of a new one.
    Visit(Option<SubjectId>),
    Days(StudyId, Option<i64>),
    Earlier(StudyId),
    Link(LesionId),
    New,
    Rename(LesionId, String),
    Target(LesionId, bool),
    Trend(LesionId, StudyId, Option<Trend>),
    Jump {
        image: ImageId,
        shape: Option<ShapeId>,
        lesion: LesionId,
    },
    Delete(LesionId),
    Copy,
}

#[derive(Clone, Debug)]
pub enum RegionAsk {
    Form(ShapeId, Form),
    Tags(ShapeId, Box<Tags>),
    /// Certainty, attributes and note of a painted label on the picture in view.
    Segment {
        label: LabelId,
        certainty: Option<f64>,
        note: Option<String>,
    },
    SegmentAttribute {
        label: LabelId,
        name: String,
        value: Option<Attribute>,
    },
    /// The ruler lasts so many seconds.
    TimeScale(ShapeId, f64),
    /// What is painted with one label has another one too.
    AlsoLabel {
        label: LabelId,
        also: LabelId,
    },
}
