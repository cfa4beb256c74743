//! Layouts over several pictures: MedFrameQA (frames), TemMed (prior and current), MediConfusion (twins).

use super::common::{
    GROUNDING, RATIONALE, REASON, ext_text, id_of, is_lettered, lost, option_texts, python_list, table, yes_no,
};
use crate::error::Result;
use crate::exchange::Status;
use crate::exchange::vqa::profile::{Files, Profile, ProfileOptions, fitting, json_file};
use crate::exchange::vqa::record::{Asked, Records, Scene};
use crate::question::{AnswerType, Role};
use serde_json::{Map, Value, json};

pub struct MedFrame;
pub struct TemMed;
pub struct MediConfusion;

fn paths(scene: &Scene) -> Vec<&str> {
    scene.pictures.iter().map(|picture| picture.path.as_str()).collect()
}

impl Profile for MedFrame {
    fn name(&self) -> &'static str {
        "vqa:medframeqa"
    }

    fn title(&self) -> &'static str {
        "MedFrameQA"
    }

    fn status(&self) -> Status {
        Status::FromDescription
    }

    fn lossy(&self) -> &'static [&'static str] {
        &[GROUNDING, REASON]
    }

    fn refuses(&self, asked: &Asked) -> Option<String> {
        if !(2..=5).contains(&asked.scene.pictures.len()) {
            return Some("the format has two to five frames".into());
        }
        if !is_lettered(asked) {
            return Some("it has no single right choice".into());
        }
        // The evaluator cuts an option there.
        let cut = option_texts(asked).iter().any(|text| text.contains(". "));
        cut.then(|| "a choice holds a full stop and a space, where the format's reader would cut it; reword it".into())
    }

    fn loses(&self, asked: &Asked) -> Vec<&'static str> {
        lost(&[(!asked.scene.places.is_empty(), GROUNDING)])
    }

    fn write(&self, records: &Records, _: &ProfileOptions<'_>) -> Result<Files> {
        let items: Vec<Value> = fitting(self, records).map(frames).collect();
        Ok(Files::from([("MedFrameQA.json".into(), json_file(&items)?)]))
    }
}

fn frames(asked: &Asked) -> Value {
    let question = &asked.question;
    let facets = &question.facets;
    let steps = question.rationale.iter().map(|step| step.text.as_str()).chain([question.reason.as_str()]);
    let chain: Vec<_> = steps.filter(|text| !text.is_empty()).collect();
    json!({
        "question_id": id_of(asked, "question_id"), "question": question.stem, "options": option_texts(asked),
        "correct_answer": asked.answer_letters().first(), "image_path": paths(&asked.scene),
        "keyword": facets.keyword, "system": facets.anatomy.first().cloned().unwrap_or_default(),
        "organ": facets.anatomy.last().cloned().unwrap_or_default(), "modality": facets.modality.join(", "),
        "video_id": ext_text(asked, "video_id"), "image_url": Vec::<String>::new(), "reasoning_chain": chain.join(" "),
    })
}

/// Where the earlier and the later picture of a pair stand.
fn prior_and_current(scene: &Scene) -> Option<(usize, usize)> {
    let with = |role: Role| scene.pictures.iter().position(|picture| picture.role == role);
    Some((with(Role::Prior)?, with(Role::Current)?))
}

fn pair(scene: &Scene) -> Option<Value> {
    let (prior, current) = prior_and_current(scene)?;
    let path = |n: usize| scene.pictures[n].path.as_str();
    Some(json!({"image_path": path(current), "historical_image_path": path(prior), "VQA_Final": []}))
}

impl Profile for TemMed {
    fn name(&self) -> &'static str {
        "vqa:temmed"
    }

    fn title(&self) -> &'static str {
        "TemMed-Bench"
    }

    fn status(&self) -> Status {
        Status::FromDescription
    }

    fn lossy(&self) -> &'static [&'static str] {
        &[GROUNDING, REASON, RATIONALE]
    }

    fn refuses(&self, asked: &Asked) -> Option<String> {
        match asked.question.answer_type {
            AnswerType::YesNo if prior_and_current(&asked.scene).is_some() => None,
            AnswerType::YesNo => Some("it has no prior and current picture".into()),
            AnswerType::PairChoice => {
                let scenes = &asked.option_scenes;
                let pairs =
                    asked.question.choices.iter().all(|c| scenes.get(&c.key).and_then(prior_and_current).is_some());
                let three = asked.question.choices.len() == 3;
                (!pairs || !three).then(|| "its choices are not three pairs of a prior and a current picture".into())
            }
            _ => Some("the format has yes-or-no on change and which pair only".into()),
        }
    }

    fn loses(&self, asked: &Asked) -> Vec<&'static str> {
        lost(&[
            (!asked.scene.places.is_empty(), GROUNDING),
            (!asked.question.reason.is_empty(), REASON),
            (!asked.question.rationale.is_empty(), RATIONALE),
        ])
    }

    fn write(&self, records: &Records, _: &ProfileOptions<'_>) -> Result<Files> {
        let mut samples: Vec<Value> = Vec::new();
        let mut selections: Vec<Value> = Vec::new();
        let mut selected: Vec<Value> = Vec::new();
        // One sample a pair: questions on the same pair stand together.
        let mut place = |scene: &Scene| {
            let wanted = pair(scene).unwrap_or_default();
            let same =
                |known: &Value| ["image_path", "historical_image_path"].iter().all(|key| known[*key] == wanted[*key]);
            samples.iter().position(same).unwrap_or_else(|| {
                samples.push(wanted.clone());
                samples.len() - 1
            })
        };
        let mut asked_of: Vec<(usize, Value)> = Vec::new();
        for asked in fitting(self, records) {
            if asked.question.answer_type == AnswerType::YesNo {
                let answer = yes_no(asked).map(str::to_lowercase);
                asked_of
                    .push((place(&asked.scene), json!({"VQA_question": asked.question.stem, "VQA_answer": answer})));
            } else {
                let mut option = Map::new();
                for (n, choice) in asked.question.choices.iter().enumerate() {
                    let index = asked.option_scenes.get(&choice.key).map(&mut place);
                    option.insert(crate::exchange::vqa::record::letter(n), json!(index));
                }
                let right = asked.answer_letters();
                selections.push(
                    json!({"condition_change": asked.question.stem, "option": option, "right_option": right.first()}),
                );
            }
        }
        for (sample, question) in asked_of {
            if let Some(list) = samples[sample]["VQA_Final"].as_array_mut() {
                selected.push(json!({"img_id": sample, "question_id": list.len()}));
                list.push(question);
            }
        }
        Ok(Files::from([
            ("TestSet_VQA_ReportGeneration_Final.json".into(), json_file(&samples)?),
            ("TestSet_SelectedVQA_2000.json".into(), json_file(&selected)?),
            ("TestSet_ImagePairSelection.json".into(), json_file(&selections)?),
        ]))
    }
}

impl Profile for MediConfusion {
    fn name(&self) -> &'static str {
        "vqa:mediconfusion"
    }

    fn title(&self) -> &'static str {
        "MediConfusion"
    }

    fn status(&self) -> Status {
        Status::FromDescription
    }

    fn lossy(&self) -> &'static [&'static str] {
        &[GROUNDING, REASON, RATIONALE]
    }

    fn refuses(&self, asked: &Asked) -> Option<String> {
        let question = &asked.question;
        if asked.scene.pictures.len() != 2 || question.choices.len() != 2 {
            return Some("the format has two pictures and two choices".into());
        }
        let keys = &question.answer.per_image;
        let opposite = keys.get(&0).zip(keys.get(&1)).is_some_and(|(a, b)| a != b);
        (!opposite).then(|| "the two pictures have not each the other answer".into())
    }

    fn loses(&self, asked: &Asked) -> Vec<&'static str> {
        TemMed.loses(asked)
    }

    fn write(&self, records: &Records, _: &ProfileOptions<'_>) -> Result<Files> {
        let rows: Vec<Vec<(&str, String)>> =
            fitting(self, records).enumerate().map(|(n, asked)| twins(n, asked)).collect();
        let head = rows.first().map(|row| row.iter().map(|(name, _)| (*name).to_owned()).collect::<Vec<_>>());
        let mut lines: Vec<Vec<String>> = head.into_iter().collect();
        lines.extend(rows.iter().map(|row| row.iter().map(|(_, value)| value.clone()).collect()));
        let as_object = |row: &Vec<(&str, String)>| -> Value {
            row.iter().map(|(name, value)| ((*name).to_owned(), value.as_str().into())).collect::<Map<_, _>>().into()
        };
        let objects: Vec<Value> = rows.iter().map(as_object).collect();
        Ok(Files::from([("dataset.csv".into(), table(&lines, ',')), ("dataset.json".into(), json_file(&objects)?)]))
    }
}

fn twins(n: usize, asked: &Asked) -> Vec<(&'static str, String)> {
    let question = &asked.question;
    let pictures = &asked.scene.pictures;
    let correct = |n: usize| question.answer.per_image.get(&n).and_then(|key| asked.letter(key)).unwrap_or_default();
    let draft = question.draft.clone().unwrap_or_default();
    let drafted = |n: usize| draft.choices.get(&question.choices[n].key).cloned().unwrap_or_default();
    let caption = |n: usize| pictures[n].caption.clone().unwrap_or_default();
    let categories = |n: usize| python_list(&pictures[n].name.iter().cloned().collect::<Vec<_>>());
    vec![
        ("id", n.to_string()),
        ("im_1", pictures[0].path.clone()),
        ("im_2", pictures[1].path.clone()),
        ("im_1_local", (2 * n).to_string()),
        ("im_2_local", (2 * n + 1).to_string()),
        ("cap_1", caption(0)),
        ("cap_2", caption(1)),
        ("category_1", categories(0)),
        ("category_2", categories(1)),
        ("BiomedCLIP_sim", ext_text(asked, "BiomedCLIP_sim")),
        ("DINO_sim", ext_text(asked, "DINO_sim")),
        ("question", question.stem.clone()),
        ("option_A", question.choices[0].text.clone()),
        ("option_B", question.choices[1].text.clone()),
        ("im_1_correct", correct(0)),
        ("im_2_correct", correct(1)),
        ("AI_question", draft.stem.clone()),
        ("AI_option_A", drafted(0)),
        ("AI_option_B", drafted(1)),
    ]
}
