//! Classes of pictures: what each version calls it, and how sure it is.

use super::{About, Cell, Kind, Left, Lines, Mark, Records, Row, Versions, lines_of, reference_of};
use crate::contents::Contents;
use crate::entity::ImageId;
use crate::records::{CaseForm, Finding, FormEntry, Status};
use crate::review::records::classes::ClassLine;
use crate::tags::Attribute;
use std::collections::{BTreeMap, BTreeSet};

pub(super) fn compare<K: Copy + Ord>(about: &About<'_, K>, versions: &Versions, records: &mut Records<K>) {
    let files = lines_of(versions, |file| match &file.lines {
        Lines::Classes(lines) => Some(lines),
        _ => None,
    });
    let chosen = reference_of(about.reference, versions, |file| matches!(file.lines, Lines::Classes(_)), true);
    let mut by_picture: BTreeMap<K, (Option<ImageId>, BTreeMap<usize, &ClassLine>)> = BTreeMap::new();
    let mut speaking: BTreeSet<usize> = BTreeSet::new();
    for (version, lines) in files {
        speaking.insert(version);
        for line in lines {
            match about.find(&[&line.case]) {
                Ok(found) => {
                    let (_, said) = by_picture.entry(found.key).or_insert_with(|| (found.image, BTreeMap::new()));
                    if said.insert(version, line).is_some() {
                        let why = "another line is about the same picture; the last one counts".to_owned();
                        records.left.push(Left { version, key: line.case.clone(), why });
                    }
                }
                Err(why) => records.left.push(Left { version, key: line.case.clone(), why }),
            }
        }
    }
    let known: BTreeSet<String> =
        by_picture.values().flat_map(|(_, said)| said.values()).flat_map(|l| classes(l)).collect();
    for (key, (image, said)) in by_picture {
        let truth = match chosen {
            Some(version) => said.get(&version).and_then(|line| line.class().map(str::to_owned)),
            None => image.and_then(|image| own_class(about.contents, image, &known)),
        };
        let cell = |version: &usize| {
            let cell = said.get(version).map_or_else(missing, |line| cell(line, truth.as_deref()));
            (*version, Cell { mark: cell.mark.filter(|_| truth.is_some()), ..cell })
        };
        let said = speaking.iter().filter(|version| Some(**version) != chosen).map(cell).collect();
        let reference =
            truth.as_ref().map(|class| Cell { words: class.clone(), class: Some(class.clone()), ..Cell::default() });
        let row = Row {
            kind: Kind::Class,
            title: "Class of the picture".into(),
            part: Kind::Class.part().into(),
            reference,
            said,
        };
        records.rows.entry(key).or_default().push(row);
    }
}

fn classes(line: &ClassLine) -> impl Iterator<Item = String> {
    line.said.iter().cloned().chain(line.shares.iter().map(|(class, _)| class.clone()))
}

fn missing() -> Cell {
    Cell { words: "–".into(), mark: Some(Mark::Missing), figure: Some(0.0), ..Cell::default() }
}

fn cell(line: &ClassLine, truth: Option<&str>) -> Cell {
    let class = line.class().unwrap_or_default();
    let share = |class: &str| line.shares.iter().find(|(known, _)| known == class).map(|(_, share)| *share);
    let is_right = truth.is_some_and(|truth| truth.trim().eq_ignore_ascii_case(class.trim()));
    let words = share(class).map_or_else(|| class.to_owned(), |share| format!("{class} {share:.2}"));
    let all: Vec<String> = line.shares.iter().map(|(class, share)| format!("{class} {share:.3}")).collect();
    let raw = if all.is_empty() { class.to_owned() } else { all.join(", ") };
    let figure = if is_right { 1.0 } else { truth.and_then(share).unwrap_or(0.0) };
    let mark = if is_right { Mark::Right } else { Mark::Wrong };
    let (class, sure) = (Some(class.to_owned()).filter(|class| !class.is_empty()), share(class));
    Cell { words, mark: Some(mark), figure: Some(figure), raw, class, sure, ..Cell::default() }
}

/// The one of these classes that the project gives a picture: by a finding that is there, or by an answer of the case form.
fn own_class(contents: &Contents, image: ImageId, known: &BTreeSet<String>) -> Option<String> {
    let present = contents.all::<Finding>().filter(|one| one.status == Status::Present && one.images.contains(&image));
    let mut said: Vec<String> =
        present.filter_map(|one| contents.label(one.label)).map(|label| label.name.clone()).collect();
    for entry in contents.all::<FormEntry>().filter(|entry| entry.target == image.into()) {
        let form = contents.get::<CaseForm>(entry.form);
        for (key, value) in &entry.values {
            said.extend(form.and_then(|form| form.field(key)).map(|field| field.words(value)));
            if let Attribute::Text(text) = value {
                said.push(text.clone());
            }
        }
    }
    let is_said = |class: &&String| said.iter().any(|word| word.trim().eq_ignore_ascii_case(class.trim()));
    let mut classes = known.iter().filter(is_said);
    // Two of them say that these are no classes of one question.
    classes.next().filter(|_| classes.next().is_none()).cloned()
}
