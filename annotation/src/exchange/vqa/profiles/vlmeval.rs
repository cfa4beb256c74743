//! VLMEvalKit tables: one row a question, tab-separated. EndoBench, GMAI-MMBench and MedQ-Bench are the same with columns of
//! their own.

use super::common::{
    GROUNDING, RATIONALE, REASON, UNITS, base64, finest, is_lettered, level, lost, option_texts, python_list, table,
};
use crate::error::Result;
use crate::exchange::Status;
use crate::exchange::vqa::profile::{Files, Profile, ProfileOptions, fitting};
use crate::exchange::vqa::record::{Asked, Records, letter};
use crate::exchange::vqa::talk;
use crate::question::{AnswerType, RationaleStep};

/// What a row asks for.
#[derive(Clone, Copy, PartialEq)]
enum Rows {
    Choice,
    Description,
    /// Two pictures, and which is better.
    Paired,
}

type Column = (&'static str, fn(&Asked) -> String);

pub struct Tsv {
    name: &'static str,
    title: &'static str,
    file: &'static str,
    rows: Rows,
    columns: &'static [Column],
}

/// Options a table has at most.
const OPTIONS: usize = 5;

pub const VLMEVALKIT: Tsv = Tsv {
    name: "vqa:vlmevalkit",
    title: "VLMEvalKit multiple choice",
    file: "limner",
    rows: Rows::Choice,
    columns: &[],
};

pub const ENDOBENCH: Tsv = Tsv {
    name: "vqa:endobench",
    title: "EndoBench",
    file: "EndoBench",
    rows: Rows::Choice,
    columns: &[
        ("scenario", |asked| level(asked, 0)),
        ("task", |asked| level(asked, 1)),
        ("subtask", |asked| level(asked, 2)),
        ("visual_prompt", prompt),
    ],
};

pub const GMAI: Tsv = Tsv {
    name: "vqa:gmai-mmbench",
    title: "GMAI-MMBench",
    file: "GMAI-MMBench",
    rows: Rows::Choice,
    columns: &[
        ("clinical vqa task", |asked| finest(asked)),
        ("department", |asked| asked.question.facets.department.join("; ")),
        ("perceptual granularity", prompt),
    ],
};

pub const MEDQ: Tsv = Tsv {
    name: "vqa:medq",
    title: "MedQ-Bench questions",
    file: "medqbench_QA",
    rows: Rows::Choice,
    columns: &[("modality", modality), ("severity", |asked| super::common::ext_text(asked, "severity"))],
};

pub const MEDQ_DESCRIPTION: Tsv = Tsv {
    name: "vqa:medq-description",
    title: "MedQ-Bench descriptions",
    file: "medqbench_description",
    rows: Rows::Description,
    columns: &[("modality", modality)],
};

pub const MEDQ_PAIRED: Tsv = Tsv {
    name: "vqa:medq-paired",
    title: "MedQ-Bench pairs",
    file: "medqbench_paired_description",
    rows: Rows::Paired,
    columns: &[("modality", modality)],
};

fn modality(asked: &Asked) -> String {
    asked.question.facets.modality.join("; ")
}

/// How the question points at its picture: the finest mark drawn on it.
fn prompt(asked: &Asked) -> String {
    let said = super::common::ext_text(asked, "visual_prompt");
    if said.is_empty() { "none".into() } else { said }
}

impl Profile for Tsv {
    fn name(&self) -> &'static str {
        self.name
    }

    fn title(&self) -> &'static str {
        self.title
    }

    fn status(&self) -> Status {
        Status::FromDescription
    }

    fn lossy(&self) -> &'static [&'static str] {
        &[GROUNDING, REASON, RATIONALE, UNITS]
    }

    fn refuses(&self, asked: &Asked) -> Option<String> {
        let question = &asked.question;
        match self.rows {
            Rows::Choice if !is_lettered(asked) => Some("it has no single right choice".into()),
            Rows::Choice if question.choices.len() > OPTIONS => Some(format!("it has more than {OPTIONS} choices")),
            Rows::Choice => None,
            Rows::Paired if asked.scene.pictures.len() != 2 => Some("it does not compare two pictures".into()),
            Rows::Description | Rows::Paired => {
                let open = matches!(question.answer_type, AnswerType::Open | AnswerType::GroundedCaption);
                let chosen = self.rows == Rows::Paired && question.answer_type == AnswerType::ImageChoice;
                (!open && !chosen).then(|| "its answer is no description".into())
            }
        }
    }

    fn loses(&self, asked: &Asked) -> Vec<&'static str> {
        lost(&[
            (!asked.scene.places.is_empty(), GROUNDING),
            (!asked.question.reason.is_empty(), REASON),
            (asked.question.rationale.iter().any(|step: &RationaleStep| !step.text.is_empty()), RATIONALE),
            (!asked.question.answer.numbers.is_empty(), UNITS),
        ])
    }

    fn write(&self, records: &Records, options: &ProfileOptions<'_>) -> Result<Files> {
        let all: Vec<&Asked> = fitting(self, records).collect();
        let mut rows = vec![self.head()];
        rows.extend(all.iter().enumerate().map(|(index, asked)| self.row(index, asked, options)));
        Ok(Files::from([(format!("{}_{}.tsv", self.file, options.split), table(&rows, '\t'))]))
    }
}

impl Tsv {
    fn head(&self) -> Vec<String> {
        let mut head = vec!["index".to_owned()];
        match self.rows {
            Rows::Choice => {
                head.extend(["image", "image_path", "question", "hint"].map(str::to_owned));
                head.extend((0..OPTIONS).map(letter));
                head.extend(["answer", "category", "l2-category", "split"].map(str::to_owned));
            }
            Rows::Description => head.extend(["image", "image_path", "question", "description"].map(str::to_owned)),
            Rows::Paired => {
                head.extend(["image_a", "image_b", "image_path", "question", "description"].map(str::to_owned));
            }
        }
        head.extend(self.columns.iter().map(|(name, _)| (*name).to_owned()));
        head
    }

    fn row(&self, index: usize, asked: &Asked, options: &ProfileOptions<'_>) -> Vec<String> {
        let paths: Vec<String> = asked.scene.pictures.iter().map(|picture| picture.path.clone()).collect();
        // A table without pictures inside names their paths alone.
        let coded: Vec<String> = paths
            .iter()
            .map(|path| (options.picture)(path).map_or_else(|_| String::new(), |bytes| base64(&bytes)))
            .collect();
        let listed = |items: &[String]| if let [one] = items { one.clone() } else { python_list(items) };
        let inside = |items: &[String]| if items.iter().all(String::is_empty) { String::new() } else { listed(items) };
        let stem = asked.question.stem.clone();
        let mut row = vec![index.to_string()];
        match self.rows {
            Rows::Choice => {
                row.extend([inside(&coded), listed(&paths), stem, String::new()]);
                let texts = option_texts(asked);
                row.extend((0..OPTIONS).map(|n| texts.get(n).cloned().unwrap_or_default()));
                let answer = asked.answer_letters().first().cloned().unwrap_or_default();
                row.extend([answer, level(asked, 0), finest(asked), options.split.to_owned()]);
            }
            Rows::Description => row.extend([inside(&coded), listed(&paths), stem, talk::answer_text(asked)]),
            Rows::Paired => {
                let text = match asked.question.answer.image_index {
                    Some(better) => {
                        format!("{} Image {} is better.", asked.question.reason, letter(better)).trim().to_owned()
                    }
                    None => talk::answer_text(asked),
                };
                row.extend([coded[0].clone(), coded[1].clone(), python_list(&paths), stem, text]);
            }
        }
        row.extend(self.columns.iter().map(|(_, value)| value(asked)));
        row
    }
}
