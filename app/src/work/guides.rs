//! Guided forms: the shape of a task that other data sets pose. Each says which pictures it wants and in what parts, how
//! it is answered, and what it is called there. A form is one line of the table.

use limner_annotation::question::{AnswerType, Question, Role};

#[derive(Clone, Copy, Debug)]
pub struct Guide {
    /// In menus and the palette.
    pub title: &'static str,
    /// What the pictures are, in their order; the last part repeats up to `most`.
    pub roles: &'static [Role],
    pub most: usize,
    pub answer_type: AnswerType,
    pub stem: &'static str,
    /// Where the question stands in the other data set's taxonomy, broadest first.
    pub path: &'static [&'static str],
    /// The picture that the answer lies on, where the task fixes it.
    pub answer_on: Option<usize>,
    /// The texts of choices it begins with.
    pub choices: &'static [&'static str],
    /// What to do, in order.
    pub steps: &'static [&'static str],
    pub stages: &'static [StageForm],
}

/// A question that follows the first one.
#[derive(Clone, Copy, Debug)]
pub struct StageForm {
    pub path: &'static str,
    pub stage: &'static str,
    pub answer_type: AnswerType,
    pub stem: &'static str,
    pub choices: &'static [&'static str],
    pub abstain: bool,
}

const PLAIN: Guide = Guide {
    title: "",
    roles: &[Role::Main],
    most: 1,
    answer_type: AnswerType::Box,
    stem: "",
    path: &[],
    answer_on: None,
    choices: &[],
    steps: &[],
    stages: &[],
};

const SHOW_TWO: &str = "Show both pictures side by side and add each with Alt+B";
const POINT: &str = "Point at the answer with Alt+P, then click or draw it";
const YES_NO: &[&str] = &["Yes", "No"];

const fn stage(path: &'static str, stage: &'static str, answer_type: AnswerType, stem: &'static str) -> StageForm {
    let abstain = !matches!(answer_type, AnswerType::Numeric);
    StageForm { path, stage, answer_type, stem, choices: &[], abstain }
}

const CXREASON: &[StageForm] = &[
    StageForm { choices: YES_NO, ..stage("path1", "init", AnswerType::Single, "Does the film show {finding}?") },
    stage("path1", "stage1", AnswerType::Multi, "Which criterion decides on {finding}?"),
    stage("path1", "stage2", AnswerType::Multi, "Which body parts are needed for the criterion?"),
    stage("path1", "stage3", AnswerType::Numeric, "What does the criterion measure here?"),
    StageForm {
        choices: YES_NO,
        ..stage("path1", "stage4", AnswerType::Single, "Is {finding} present, by that value?")
    },
    stage("path2", "stage1", AnswerType::Multi, "Guided: which body parts are needed?"),
    stage("path2", "stage2", AnswerType::Numeric, "Guided: what is the measured value?"),
    StageForm { choices: YES_NO, ..stage("path2", "stage3", AnswerType::Single, "Guided: is {finding} present?") },
];

pub const GUIDES: &[Guide] = &[
    Guide {
        title: "MedSG: difference on registered images",
        roles: &[Role::Reference, Role::Query],
        most: 2,
        stem: "What has changed in the second image against the first? Mark it.",
        path: &["MedSG", "difference grounding", "Registered_Diff"],
        answer_on: Some(1),
        steps: &[SHOW_TWO, POINT],
        ..PLAIN
    },
    Guide {
        title: "MedSG: difference without registration",
        roles: &[Role::Reference, Role::Query],
        most: 2,
        stem: "The images are not aligned. What differs in the second one? Mark it.",
        path: &["MedSG", "difference grounding", "Non_Registered_Diff"],
        answer_on: Some(1),
        steps: &[SHOW_TWO, POINT],
        ..PLAIN
    },
    Guide {
        title: "MedSG: the same object in several views",
        roles: &[Role::View],
        most: 6,
        stem: "Mark the object in the other view.",
        path: &["MedSG", "consistency grounding", "multi_view"],
        steps: &["Add each view with Alt+B and name it", "Point at evidence in the first view with Alt+E", POINT],
        ..PLAIN
    },
    Guide {
        title: "MedSG: an object followed through frames",
        roles: &[Role::Reference, Role::Frame],
        most: 6,
        stem: "Follow the object of the first image. Where is it in the last one?",
        path: &["MedSG", "consistency grounding", "object_tracking"],
        steps: &["Add the frames in order with Alt+B", "Point at the object in the first frame with Alt+E", POINT],
        ..PLAIN
    },
    Guide {
        title: "MedSG: the concept that images share",
        roles: &[Role::Reference, Role::Query],
        most: 4,
        stem: "The first images share one structure. Mark it in the last image.",
        path: &["MedSG", "consistency grounding", "concept"],
        steps: &["Add the reference images and the query last with Alt+B", POINT],
        ..PLAIN
    },
    Guide {
        title: "MedSG: the place of a patch",
        roles: &[Role::Reference, Role::Query],
        most: 2,
        stem: "The first image is a part of the second one. Mark where.",
        path: &["MedSG", "consistency grounding", "patch"],
        answer_on: Some(1),
        steps: &[SHOW_TWO, POINT],
        ..PLAIN
    },
    Guide {
        title: "MedSG: the same place in another modality",
        roles: &[Role::Reference, Role::Query],
        most: 2,
        stem: "Mark what is boxed in the first image in the second, which is of another modality.",
        path: &["MedSG", "consistency grounding", "crossmodal"],
        answer_on: Some(1),
        steps: &[SHOW_TWO, "Point at the object in the first image with Alt+E", POINT],
        ..PLAIN
    },
    Guide {
        title: "MedSG: a described object among images",
        roles: &[Role::Main],
        most: 6,
        stem: "Mark the described object, in whichever image it is.",
        path: &["MedSG", "consistency grounding", "referring"],
        steps: &["Add the images with Alt+B", "Describe the object in the question", POINT],
        ..PLAIN
    },
    Guide {
        title: "MedFrameQA: frames of a video",
        roles: &[Role::Frame],
        most: 5,
        answer_type: AnswerType::Single,
        stem: "Which statement agrees with all frames?",
        path: &["MedFrameQA"],
        steps: &[
            "Add two to five frames in order with Alt+B and caption each",
            "Add the choices with Alt+C and mark the right one with Ctrl+Alt and its number",
            "Add a reasoning step for each frame with Alt+S",
        ],
        ..PLAIN
    },
    Guide {
        title: "TemMed: change since the prior visit",
        roles: &[Role::Prior, Role::Current],
        most: 2,
        answer_type: AnswerType::YesNo,
        stem: "Has the finding worsened since the last visit?",
        path: &["TemMed"],
        choices: YES_NO,
        steps: &[
            "Show prior and current side by side and add each with Alt+B, the prior first",
            "Answer with Ctrl+Alt+1 or Ctrl+Alt+2",
        ],
        ..PLAIN
    },
    Guide {
        title: "TemMed: the pair that shows a change",
        roles: &[Role::Prior, Role::Current],
        most: 2,
        answer_type: AnswerType::PairChoice,
        stem: "Which pair shows the stated change?",
        path: &["TemMed"],
        steps: &["Write three questions on pairs first", "Choose their pairs as choices and mark the right one"],
        ..PLAIN
    },
    Guide {
        title: "MediConfusion: twins",
        roles: &[Role::Main],
        most: 2,
        answer_type: AnswerType::Single,
        stem: "Which of the two is seen?",
        path: &["MediConfusion"],
        steps: &[
            "Add two look-alike pictures with Alt+B and caption each",
            "Add two choices with Alt+C",
            "Say for each picture which choice is right: each has the other one",
        ],
        ..PLAIN
    },
    Guide {
        title: "CXReason: stages of a finding",
        roles: &[Role::Main],
        most: 1,
        answer_type: AnswerType::Staged,
        stem: "Reason in stages about {finding}.",
        path: &["CXReason"],
        steps: &["Name the finding in each stage", "Give the stages their choices, answers and the range of the value"],
        stages: CXREASON,
        ..PLAIN
    },
    Guide {
        title: "Image quality: severity",
        roles: &[Role::Main],
        most: 1,
        answer_type: AnswerType::Single,
        stem: "How severe is the degradation of this image?",
        path: &["image quality", "severity"],
        choices: &["None", "Mild", "Severe"],
        steps: &["Mark the right choice with Ctrl+Alt and its number", "Name the kind of degradation under keyword"],
        ..PLAIN
    },
    Guide {
        title: "Image quality: the better of two",
        roles: &[Role::Main],
        most: 2,
        answer_type: AnswerType::ImageChoice,
        stem: "Which image has the better quality?",
        path: &["image quality", "paired comparison"],
        steps: &[SHOW_TWO, "Mark the better image with Ctrl+Alt and its number", "Say why under reason"],
        ..PLAIN
    },
    Guide {
        title: "Tooth question",
        roles: &[Role::Main],
        most: 1,
        answer_type: AnswerType::Single,
        stem: "Which tooth is marked, by FDI notation?",
        path: &["dental", "tooth numbering"],
        steps: &["Point at the tooth with Alt+E", "Add the tooth numbers as choices and mark the right one"],
        ..PLAIN
    },
];

impl Guide {
    /// The part of the picture at a place.
    pub fn role_at(&self, place: usize) -> Role {
        self.roles[place.min(self.roles.len() - 1)]
    }

    /// How many pictures it wants at least.
    pub const fn fewest(&self) -> usize {
        if self.roles.len() > 1 || self.most == 1 { self.roles.len() } else { 2 }
    }
}

/// The form a question was begun with: known by its place in the taxonomy and its type.
pub fn of(question: &Question) -> Option<&'static Guide> {
    let path = &question.placement.as_ref()?.path;
    let same = |guide: &&Guide| {
        let alike = guide.path.iter().zip(path).all(|(a, b)| *a == b.as_str());
        alike && guide.path.len() == path.len() && guide.answer_type == question.answer_type
    };
    GUIDES.iter().find(same)
}

#[cfg(test)]
mod tests {
    use super::*;
    use limner_annotation::exchange::vqa::profile::by_name;

    #[test]
    fn all_eight_tasks_of_medsg_are_there_by_their_names_in_the_format() {
        let tasks = GUIDES.iter().filter(|guide| guide.path.first() == Some(&"MedSG")).map(|guide| guide.path[2]);
        let tasks: std::collections::BTreeSet<_> = tasks.collect();
        assert_eq!(tasks.len(), 8);
        assert!(by_name("medsg").is_some());
        for guide in GUIDES {
            assert!(!guide.steps.is_empty() && guide.fewest() <= guide.most, "{}", guide.title);
        }
    }
}
