//! Preferences for training: an answer that was accepted beside one that was refused (DPO), or each with its verdict (KTO).
//! The refused one is the machine's draft that an expert changed, or a question a reviewer turned down.

use crate::error::Result;
use crate::exchange::Status;
use crate::exchange::vqa::profile::{Files, Profile, ProfileOptions, find_file, json_lines, read_json};
use crate::exchange::vqa::profiles::ms_swift::{MsSwift, check_markers, messages, objects};
use crate::exchange::vqa::record::{Asked, Records, Talk};
use crate::exchange::vqa::talk;
use crate::question::{Speaker, Status as ReviewStatus};
use serde_json::{Value, json};

pub struct Dpo;
pub struct Kto;

fn has_rejected(asked: &Asked) -> bool {
    asked.question.draft.as_ref().is_some_and(|draft| {
        let said = draft.answer.trim();
        !said.is_empty() && said != talk::answer_text(asked).trim()
    })
}

impl Profile for Dpo {
    fn name(&self) -> &'static str {
        "vqa:dpo"
    }

    fn title(&self) -> &'static str {
        "Preference pairs (DPO, ms-swift)"
    }

    fn status(&self) -> Status {
        Status::FromDescription
    }

    fn lossy(&self) -> &'static [&'static str] {
        MsSwift.lossy()
    }

    fn refuses(&self, asked: &Asked) -> Option<String> {
        (!has_rejected(asked)).then(|| "no answer was refused in favour of the one it has".into())
    }

    fn loses(&self, asked: &Asked) -> Vec<&'static str> {
        MsSwift.loses(asked)
    }

    fn write(&self, records: &Records, options: &ProfileOptions<'_>) -> Result<Files> {
        let asked = records.asked.iter().filter(|asked| has_rejected(asked));
        let talks: Vec<_> = asked.map(|asked| talk::of_question(asked, options.style)).collect();
        let lines = talks.iter().chain(&records.talks).filter_map(pair).collect::<Result<Vec<_>>>()?;
        Ok(Files::from([(format!("{}.jsonl", options.split), json_lines(lines)?)]))
    }

    fn reads(&self) -> bool {
        true
    }

    fn read(&self, files: &Files) -> Result<Records> {
        let (path, bytes) = find_file(files, &[".jsonl", ".json"])?;
        let rejected: Vec<Value> = read_json(path, bytes)?;
        let mut records = MsSwift.read(files)?;
        for (talk, record) in records.talks.iter_mut().zip(rejected) {
            talk.dialogue.ext.remove("rejected_response");
            let last = talk.dialogue.turns.iter_mut().rfind(|turn| turn.role == Speaker::Assistant);
            if let (Some(turn), Some(text)) = (last, record["rejected_response"].as_str()) {
                turn.rejected = Some(text.to_owned());
            }
        }
        Ok(records)
    }
}

/// The last answer of a dialogue beside what was said instead.
fn pair(talk: &Talk) -> Option<Result<Value>> {
    let rejected = talk.dialogue.turns.iter().rev().find_map(|turn| turn.rejected.as_ref())?;
    let mut fields = objects(talk);
    fields.insert("messages".into(), messages(&talk.dialogue.turns).into());
    fields.insert("rejected_response".into(), rejected.as_str().into());
    Some(check_markers(talk).map(|()| Value::Object(fields)))
}

impl Profile for Kto {
    fn name(&self) -> &'static str {
        "vqa:kto"
    }

    fn title(&self) -> &'static str {
        "Verdicts (KTO, ms-swift)"
    }

    fn status(&self) -> Status {
        Status::FromDescription
    }

    fn lossy(&self) -> &'static [&'static str] {
        MsSwift.lossy()
    }

    fn refuses(&self, _: &Asked) -> Option<String> {
        None
    }

    fn loses(&self, asked: &Asked) -> Vec<&'static str> {
        MsSwift.loses(asked)
    }

    fn write(&self, records: &Records, options: &ProfileOptions<'_>) -> Result<Files> {
        let mut lines = Vec::new();
        for asked in &records.asked {
            let talk = talk::of_question(asked, options.style);
            lines.push(verdict(&talk, asked.question.status != ReviewStatus::Rejected)?);
            if has_rejected(asked) {
                let mut refused = talk;
                let last = refused.dialogue.turns.last_mut();
                if let Some(turn) = last {
                    turn.text = turn.rejected.take().unwrap_or_default();
                    turn.evidence.clear();
                }
                lines.push(verdict(&refused, false)?);
            }
        }
        for talk in &records.talks {
            let good = talk.dialogue.ext.get("label").and_then(Value::as_bool).unwrap_or(true);
            lines.push(verdict(talk, good)?);
        }
        Ok(Files::from([(format!("{}.jsonl", options.split), json_lines(lines)?)]))
    }

    fn reads(&self) -> bool {
        true
    }

    fn read(&self, files: &Files) -> Result<Records> {
        MsSwift.read(files)
    }
}

fn verdict(talk: &Talk, good: bool) -> Result<Value> {
    check_markers(talk)?;
    let mut fields = objects(talk);
    fields.insert("messages".into(), messages(&talk.dialogue.turns).into());
    fields.insert("label".into(), json!(good));
    Ok(Value::Object(fields))
}
