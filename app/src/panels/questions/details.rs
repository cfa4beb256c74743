//! By what questions are sorted and counted: taxonomy, content, difficulty, modality, anatomy, department, language.

use super::sheet::{Field, Sheet, choose, row, section};
use crate::theme::size;
use crate::work::asking::Part;
use eframe::egui::{RichText, Ui};
use limner_annotation::question::{Origin, Placement, Question, Taxonomy, TaxonomyId};

const CONTENTS: [&str; 8] = ["", "disease", "abnormality", "severity", "finding", "location", "size", "intensity"];
const LANGUAGES: [(&str, &str); 6] =
    [("", "English"), ("de", "German"), ("es", "Spanish"), ("fr", "French"), ("ja", "Japanese"), ("zh", "Chinese")];

pub fn ui(sheet: &mut Sheet<'_>, question: &mut Question, ui: &mut Ui) {
    let filled = filled(question);
    section(
        ui,
        "Details",
        filled,
        false,
        |_| {},
        |ui| {
            taxonomy_ui(sheet, question, ui);
            let facets = &mut question.facets;
            row(ui, "Content", |ui| {
                let now = CONTENTS.iter().copied().find(|name| *name == facets.content).unwrap_or("");
                let title = |name: &str| if name.is_empty() { "not said".to_owned() } else { name.to_owned() };
                if let Some(content) = choose(ui, "Content", 120.0, now, &CONTENTS, title) {
                    facets.content = content.into();
                    sheet.did("Change content");
                }
            });
            row(ui, "Difficulty", |ui| {
                for n in 1..=5_u8 {
                    let on = facets.difficulty == Some(n);
                    let response = ui.selectable_label(on, RichText::new(n.to_string()).size(size::SMALL));
                    if response.on_hover_text("1 is easy, 5 is hard").clicked() {
                        facets.difficulty = if on { None } else { Some(n) };
                        sheet.did("Change difficulty");
                    }
                }
            });
            let lists: [(&str, &'static str, &mut Vec<String>); 3] = [
                ("Modality", "Split by commas", &mut facets.modality),
                ("Anatomy", "From system to organ, split by commas", &mut facets.anatomy),
                ("Department", "Split by commas", &mut facets.department),
            ];
            for (n, (name, hint, list)) in lists.into_iter().enumerate() {
                let field = Field { part: Part::Facet(n), name, hint, rows: 1, step: "Edit details" };
                list_line(sheet, field, list, ui);
            }
            let field = Field { part: Part::Facet(3), name: "Keyword", hint: "", rows: 1, step: "Edit details" };
            sheet.line(ui, "Keyword", field, &mut facets.keyword);
            row(ui, "Language", |ui| {
                let codes = LANGUAGES.map(|(code, _)| code);
                let now = codes.into_iter().find(|code| *code == facets.language).unwrap_or("");
                let title =
                    |code: &str| LANGUAGES.iter().find(|(c, _)| *c == code).map_or(code, |(_, name)| name).to_owned();
                if let Some(language) = choose(ui, "Language", 120.0, now, &codes, title) {
                    facets.language = language.into();
                    sheet.did("Change language");
                }
            });
            origin_ui(question, ui);
        },
    );
}

fn filled(question: &Question) -> usize {
    let facets = &question.facets;
    let lists = [&facets.modality, &facets.anatomy, &facets.department];
    usize::from(question.placement.is_some())
        + usize::from(!facets.content.is_empty())
        + usize::from(facets.difficulty.is_some())
        + lists.iter().filter(|list| !list.is_empty()).count()
        + usize::from(!facets.keyword.is_empty())
}

/// Words with commas between them, as they are typed: what stands after the last comma may still be empty.
fn list_line(sheet: &mut Sheet<'_>, field: Field<'_>, list: &mut Vec<String>, ui: &mut Ui) {
    let mut text = list.join(", ");
    row(ui, field.name, |ui| {
        if sheet.text(ui, field, &mut text).changed() {
            *list = words_of(&text);
        }
    });
}

fn words_of(text: &str) -> Vec<String> {
    let mut words: Vec<String> = text.split(',').map(|word| word.trim_start().to_owned()).collect();
    let last = words.len() - 1;
    words.iter_mut().take(last).for_each(|word| *word = word.trim_end().to_owned());
    if words.len() == 1 && words[0].is_empty() {
        words.clear();
    }
    words
}

fn taxonomy_ui(sheet: &mut Sheet<'_>, question: &mut Question, ui: &mut Ui) {
    let document = sheet.document;
    let taxonomies: Vec<&Taxonomy> = document.all::<Taxonomy>().collect();
    let placement = question.placement.clone();
    let now = placement.as_ref().and_then(|placement| placement.taxonomy);
    if !taxonomies.is_empty() {
        row(ui, "Taxonomy", |ui| {
            let all: Vec<Option<TaxonomyId>> =
                std::iter::once(None).chain(taxonomies.iter().map(|taxonomy| Some(taxonomy.id))).collect();
            let title = |id: Option<TaxonomyId>| {
                let name = id.and_then(|id| document.get::<Taxonomy>(id)).map(|taxonomy| taxonomy.name.clone());
                name.unwrap_or_else(|| "free path".into())
            };
            if let Some(taxonomy) = choose(ui, "Taxonomy", 150.0, now, &all, title) {
                let path =
                    if taxonomy.is_some() { Vec::new() } else { placement.clone().map(|p| p.path).unwrap_or_default() };
                question.placement = Some(Placement { taxonomy, path });
                sheet.did("Change taxonomy");
            }
        });
    }
    let listed = now.and_then(|id| document.get::<Taxonomy>(id));
    match listed {
        Some(taxonomy) => levels_ui(sheet, question, taxonomy, ui),
        None => {
            let mut path = placement.map(|placement| placement.path).unwrap_or_default();
            let hint = "Type, subtype, split by commas";
            let field = Field { part: Part::Path(0), name: "Path", hint, rows: 1, step: "Edit path" };
            list_line(sheet, field, &mut path, ui);
            question.placement = (!path.is_empty()).then_some(Placement { taxonomy: None, path });
        }
    }
}

/// One list a level, each narrowed by those before it.
fn levels_ui(sheet: &mut Sheet<'_>, question: &mut Question, taxonomy: &Taxonomy, ui: &mut Ui) {
    let mut path = question.placement.clone().map(|placement| placement.path).unwrap_or_default();
    for (n, level) in taxonomy.levels.iter().enumerate() {
        if n > path.len() {
            break;
        }
        let under = taxonomy.entries.iter().filter(|entry| entry.path.starts_with(&path[..n]));
        let mut names: Vec<&str> = under.filter_map(|entry| entry.path.get(n)).map(String::as_str).collect();
        names.sort_unstable();
        names.dedup();
        if names.is_empty() {
            break;
        }
        names.insert(0, "");
        let now = path.get(n).map_or("", String::as_str);
        let now = names.iter().copied().find(|name| *name == now).unwrap_or("");
        let mut chosen = None;
        row(ui, level, |ui| {
            let title = |name: &str| if name.is_empty() { "not said".to_owned() } else { name.to_owned() };
            chosen = choose(ui, level, 150.0, now, &names, title).map(str::to_owned);
        });
        if let Some(chosen) = chosen {
            path.truncate(n);
            if !chosen.is_empty() {
                path.push(chosen);
            }
            question.placement = Some(Placement { taxonomy: Some(taxonomy.id), path: path.clone() });
            sheet.did("Change taxonomy");
        }
    }
}

/// Where the question comes from, in words.
fn origin_ui(question: &Question, ui: &mut Ui) {
    let text = match &question.origin {
        Origin::Human => return,
        Origin::Generated { generator, seed, .. } => format!("Made by the generator {generator}, seed {seed}"),
        Origin::Model { name, version } => format!("Drafted by {name} {version}"),
        Origin::Imported { profile } => format!("Imported from {profile}"),
    };
    row(ui, "Origin", |ui| {
        ui.add(eframe::egui::Label::new(RichText::new(text).size(size::SMALL)).truncate());
    });
}

#[cfg(test)]
mod tests {
    use super::words_of;

    #[test]
    fn a_comma_begins_a_word_and_a_space_may_follow_it() {
        assert_eq!(words_of("chest, lung "), ["chest", "lung "]);
        assert_eq!(words_of("chest,"), ["chest", ""]);
        assert!(words_of("").is_empty());
    }
}
