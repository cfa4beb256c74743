//! What a project is made of: one list of kinds. An entity is a row that is replaced as a whole, by a command, and says
//! itself what it points at and what makes it whole. A new kind is a file with its type and `Rules`, and a line in the
//! list; commands, undo, log, storage, merging and the command line follow.

use crate::contents::Contents;
use crate::error::{Error, Result};
use crate::id::{Key, id_type};
use crate::image_entry::ImageEntry;
use crate::labels::Label;
use crate::question::{Dialogue, ImageSet, Question, RenderRecipe, Taxonomy, Template};
use crate::records::{
    Annotation, Assignment, AuditRun, Caption, CaseForm, Consensus, Decision, Finding, FormEntry, FrameMarks,
    Judgement, Lesion, MeasurementEntry, Ontology, Prediction, ProjectInfo, PromptTrace, Protocol, Rater, Registration,
    Release, SegmentState, Split, Study, Subject, Track,
};
use crate::shapes::Shape;
use serde::{Deserialize, Serialize};
use std::fmt;
use uuid::Uuid;

/// What every entity knows of itself.
pub trait Rules {
    fn id(&self) -> Uuid;

    /// The image it lies on, for kinds that are kept with their image. It never changes.
    fn image(&self) -> Option<ImageId> {
        None
    }

    /// Everything it points at. Those must exist, and none of them can be removed before it.
    fn mentions(&self) -> Vec<Key> {
        Vec::new()
    }

    /// Refuses what is not whole. All it mentions is there when this is asked.
    fn check(&self, contents: &Contents) -> Result<()>;

    /// Refuses a change from what it was.
    fn check_change(&self, former: &Entity) -> Result<()> {
        let _ = former;
        Ok(())
    }
}

/// Joins a type to its kind; written by the list below.
pub trait Record: Rules + Clone + Into<Entity> + 'static {
    const KIND: Kind;
    type Id: Copy + Into<Key>;

    fn of(entity: &Entity) -> Option<&Self>;
}

/// Where a kind is kept. Rows on images are read when their image is looked at, so a project may have millions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Home {
    Project,
    Image,
}

macro_rules! entities {
    ($($(#[$doc:meta])* $kind:ident, $id:ident, $name:literal, $home:ident: $type:ty;)*) => {
        /// What a row of the project is.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum Kind {
            $(#[serde(rename = $name)] $kind,)*
        }

        impl Kind {
            pub const ALL: &'static [Self] = &[$(Self::$kind),*];

            /// The word in scripts, in files and in messages.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$kind => $name,)*
                }
            }

            #[must_use]
            pub const fn home(self) -> Home {
                match self {
                    $(Self::$kind => Home::$home,)*
                }
            }
        }

        /// A row that is replaced as a whole.
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        pub enum Entity {
            $(#[serde(rename = $name)] $kind(Box<$type>),)*
        }

        impl Entity {
            #[must_use]
            pub fn rules(&self) -> &dyn Rules {
                match self {
                    $(Self::$kind(record) => record.as_ref(),)*
                }
            }

            #[must_use]
            pub const fn kind(&self) -> Kind {
                match self {
                    $(Self::$kind(_) => Kind::$kind,)*
                }
            }
        }

        $(
            id_type! {
                $(#[$doc])*
                $id = $kind
            }

            impl Record for $type {
                const KIND: Kind = Kind::$kind;
                type Id = $id;

                fn of(entity: &Entity) -> Option<&Self> {
                    if let Entity::$kind(record) = entity { Some(record.as_ref()) } else { None }
                }
            }

            impl From<$type> for Entity {
                fn from(record: $type) -> Self {
                    Self::$kind(Box::new(record))
                }
            }
        )*
    };
}

entities! {
    /// An image of the project.
    Image, ImageId, "image", Project: ImageEntry;
    /// What voxels and shapes are labelled with.
    Label, LabelId, "label", Project: Label;
    /// A shape drawn on an image.
    Shape, ShapeId, "shape", Image: Shape;
    /// One thing followed through the frames of an image.
    Track, TrackId, "track", Image: Track;
    /// A number that was measured, with how.
    Measurement, MeasurementId, "measurement", Image: MeasurementEntry;
    /// How far the work on a segment of an image is.
    SegmentState, SegmentStateId, "segment_state", Image: SegmentState;
    /// On which slices a label was drawn by hand, and on which there is nothing of it.
    FrameMarks, FrameMarksId, "frame_marks", Image: FrameMarks;
    /// What a model was asked on an image, and what came of it.
    PromptTrace, PromptTraceId, "prompt_trace", Image: PromptTrace;
    /// A vocabulary with levels and codes.
    Ontology, OntologyId, "ontology", Project: Ontology;
    /// Somebody who was imaged; splits never cut through one.
    Subject, SubjectId, "subject", Project: Subject;
    /// Images of a subject taken at one time.
    Study, StudyId, "study", Project: Study;
    /// Something seen, or not seen, or not looked for.
    Finding, FindingId, "finding", Project: Finding;
    /// The same thing at several times.
    Lesion, LesionId, "lesion", Project: Lesion;
    /// A caption or a report, with what its words point at.
    Caption, CaptionId, "caption", Project: Caption;
    /// What is asked of every case.
    CaseForm, CaseFormId, "case_form", Project: CaseForm;
    /// What a form was answered about an image or a study.
    FormEntry, FormEntryId, "form_entry", Project: FormEntry;
    /// Images that are looked at together, in order, each with its role.
    ImageSet, ImageSetId, "image_set", Project: ImageSet;
    /// How a picture is made from a frame.
    Recipe, RecipeId, "recipe", Project: RenderRecipe;
    /// A question with its answer, evidence and reasoning.
    Question, QuestionId, "question", Project: Question;
    /// A conversation over an image set.
    Dialogue, DialogueId, "dialogue", Project: Dialogue;
    /// A tree of skills and tasks.
    Taxonomy, TaxonomyId, "taxonomy", Project: Taxonomy;
    /// The wording of questions.
    Template, TemplateId, "template", Project: Template;
    /// Somebody or something that judges, by pseudonym.
    Rater, RaterId, "rater", Project: Rater;
    /// How judging is done.
    Protocol, ProtocolId, "protocol", Project: Protocol;
    /// An item a rater is to do under a protocol.
    Assignment, AssignmentId, "assignment", Project: Assignment;
    /// What a rater said about an item.
    Judgement, JudgementId, "judgement", Project: Judgement;
    /// A rater's version of something.
    Annotation, AnnotationId, "annotation", Project: Annotation;
    /// What several versions come to; they stay beside it.
    Consensus, ConsensusId, "consensus", Project: Consensus;
    /// What a reviewer decided about something.
    Decision, DecisionId, "decision", Project: Decision;
    /// What a model said, raw and parsed.
    Prediction, PredictionId, "prediction", Project: Prediction;
    /// Where one image lies to another.
    Registration, RegistrationId, "registration", Project: Registration;
    /// Which subjects are for training and which for testing.
    Split, SplitId, "split", Project: Split;
    /// What the project is: title, licence, guideline. One a project.
    ProjectInfo, ProjectInfoId, "project_info", Project: ProjectInfo;
    /// What an audit was asked and what it found.
    AuditRun, AuditRunId, "audit_run", Project: AuditRun;
    /// A version that was given out.
    Release, ReleaseId, "release", Project: Release;
}

impl Kind {
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.name() == name)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name().replace('_', " "))
    }
}

impl Entity {
    #[must_use]
    pub fn key(&self) -> Key {
        Key { kind: self.kind(), id: self.rules().id() }
    }

    #[must_use]
    pub fn image(&self) -> Option<ImageId> {
        self.rules().image()
    }

    /// Refuses an entity that does not fit into the project: everything it points at must be there, rows on an image
    /// point at rows of that image or of the whole project, and it must be whole.
    pub(crate) fn check(&self, contents: &Contents) -> Result<()> {
        let rules = self.rules();
        if (self.kind().home() == Home::Image) != rules.image().is_some() {
            return Err(Error::refused(format!("a {} is kept with an image", self.kind())));
        }
        if let Some(image) = rules.image() {
            contents.image(image).ok_or(Error::Missing { key: image.into() })?;
        }
        for key in rules.mentions() {
            let mentioned = contents.entity(key).ok_or(Error::Missing { key })?;
            if rules.image().is_some() && mentioned.image().is_some_and(|image| Some(image) != rules.image()) {
                return Err(Error::refused(format!("a {} can point only at what lies on its own image", self.kind())));
            }
        }
        rules.check(contents)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_found_by_their_names() {
        for kind in Kind::ALL {
            assert_eq!(Kind::from_name(kind.name()), Some(*kind));
            assert_eq!(serde_json::to_string(kind).unwrap(), format!("\"{}\"", kind.name()));
        }
        assert_eq!(Kind::from_name("hat"), None);
    }
}
