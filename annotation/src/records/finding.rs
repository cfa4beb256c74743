//! Findings, and the same lesion at several times. "Not assessed", "absent" and "present" are three different things.

use crate::contents::Contents;
use crate::entity::{FindingId, ImageId, LabelId, LesionId, MeasurementId, Rules, ShapeId, StudyId, SubjectId};
use crate::error::{Error, Result};
use crate::id::Key;
use crate::records::named;
use crate::tags::Attribute;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Finding {
    #[serde(default = "FindingId::new")]
    pub id: FindingId,
    /// What was looked at: images, or a whole study.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub images: Vec<ImageId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub study: Option<StudyId>,
    pub label: LabelId,
    pub status: Status,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub severity: Option<Severity>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certainty: Option<f64>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shapes: Vec<ShapeId>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub measurements: Vec<MeasurementId>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub attributes: BTreeMap<String, Attribute>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sentence: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    Present,
    Absent,
    Uncertain,
    /// Nobody looked; says nothing of whether it is there.
    NotAssessed,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    Mild,
    Moderate,
    Severe,
}

impl Rules for Finding {
    fn id(&self) -> Uuid {
        self.id.0
    }

    fn mentions(&self) -> Vec<Key> {
        let looked_at = self.images.iter().map(|id| id.key()).chain(self.study.map(Key::from));
        let evidence = self.shapes.iter().map(|id| id.key()).chain(self.measurements.iter().map(|id| id.key()));
        looked_at.chain([self.label.key()]).chain(evidence).collect()
    }

    fn check(&self, contents: &Contents) -> Result<()> {
        if self.images.is_empty() && self.study.is_none() {
            return Err(Error::refused("a finding needs the image or the study it is about"));
        }
        if let Some(certainty) = self.certainty {
            super::share("the certainty of a finding", certainty)?;
        }
        let sees = matches!(self.status, Status::Present | Status::Uncertain);
        if !sees && (self.severity.is_some() || !self.shapes.is_empty() || !self.measurements.is_empty()) {
            return Err(Error::refused("a finding that is absent or not assessed has no severity, regions or sizes"));
        }
        let of_study = self.study.and_then(|id| contents.get::<super::Study>(id)).map(|study| &study.images);
        let evidence = self.shapes.iter().map(|id| id.key()).chain(self.measurements.iter().map(|id| id.key()));
        for key in evidence {
            let image = contents.entity(key).and_then(crate::Entity::image);
            let is_about = |image| self.images.contains(&image) || of_study.is_some_and(|all| all.contains(&image));
            if !image.is_some_and(is_about) {
                return Err(Error::refused(format!("the {} is not on an image of the finding", key.kind)));
            }
        }
        Ok(())
    }
}

/// The same lesion at several times: one stage a study.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lesion {
    #[serde(default = "LesionId::new")]
    pub id: LesionId,
    pub subject: SubjectId,
    /// What the readers call it: "L1".
    pub name: String,
    #[serde(default)]
    pub label: Option<LabelId>,
    /// Measured at each time, or only followed.
    #[serde(default = "super::yes")]
    pub is_target: bool,
    pub stages: Vec<LesionStage>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LesionStage {
    pub study: StudyId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finding: Option<FindingId>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shapes: Vec<ShapeId>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub measurements: Vec<MeasurementId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trend: Option<Trend>,
}

/// What became of it since the study before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trend {
    New,
    Larger,
    Same,
    Smaller,
    Gone,
    Split,
    Merged,
    NotAssessed,
}

impl Rules for Lesion {
    fn id(&self) -> Uuid {
        self.id.0
    }

    fn mentions(&self) -> Vec<Key> {
        let mut keys = vec![self.subject.key()];
        keys.extend(self.label.map(Key::from));
        for stage in &self.stages {
            keys.push(stage.study.key());
            keys.extend(stage.finding.map(Key::from));
            keys.extend(stage.shapes.iter().map(|id| id.key()));
            keys.extend(stage.measurements.iter().map(|id| id.key()));
        }
        keys
    }

    fn check(&self, contents: &Contents) -> Result<()> {
        named("a lesion", &self.name)?;
        let mut seen = BTreeSet::new();
        for stage in &self.stages {
            if !seen.insert(stage.study) {
                return Err(Error::refused("a lesion has one stage a study"));
            }
            let study = contents.get::<super::Study>(stage.study).ok_or(Error::Missing { key: stage.study.into() })?;
            if study.subject != self.subject {
                return Err(Error::refused("a lesion stays with its subject; the study is of another one"));
            }
            for shape in &stage.shapes {
                if !contents.shape(*shape).is_some_and(|shape| study.images.contains(&shape.image)) {
                    return Err(Error::refused("a region of the lesion is not on an image of its study"));
                }
            }
        }
        Ok(())
    }
}
