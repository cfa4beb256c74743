//! Answers and reports: the questions of the project, or of a file that says what is right, with what each model answered in
//! its own words.
//!
//! A line belongs to the question with its id; one that names no question but a picture is about that picture: a report.

use super::words::diff;
use super::{About, Cell, Kind, Left, Lines, Mark, Records, Row, Unreadable, Versions, lines_of, reference_of, short};
use crate::contents::Contents;
use crate::entity::ImageId;
use crate::error::Result;
use crate::exchange::vqa::boxes::Rect;
use crate::exchange::vqa::collect::{Selection, collect};
use crate::exchange::vqa::record::{Asked, letter};
use crate::metrics::answers::{Answered, Scored};
use crate::metrics::text::token_f1;
use crate::question::{AnswerType, Book, Frame, Lookup, Question, QuestionId, Tolerance, Transform};
use crate::records::{Caption, CaptionKind};
use crate::review::records::answers::{Said, Truth};
use crate::review::records::{Expected, Given, RecordFile, parse};
use crate::shapes::{Form, Slice};
use limner_imaging::Task;
use std::collections::{BTreeMap, HashMap};

/// A question with what is right, and where its pictures come from.
struct Item<K> {
    names: Vec<String>,
    title: String,
    truth: Truth,
    expected: Option<Expected>,
    /// Whether there is a rule for what is right.
    judged: bool,
    /// None where a picture is not of the list.
    pictures: Vec<Option<Shown<K>>>,
}

const NOWHERE: Slice = Slice::stored(usize::MAX);

/// A picture of a question as the model saw it.
struct Shown<K> {
    key: K,
    slice: Slice,
    transform: Transform,
}

pub(super) fn compare<K: Copy + Ord>(
    about: &About<'_, K>,
    versions: &Versions,
    records: &mut Records<K>,
    task: &Task,
) -> Result<()> {
    let answers = lines_of(versions, |file| match &file.lines {
        Lines::Answers(lines) => Some(lines),
        _ => None,
    });
    if answers.is_empty() {
        return Ok(());
    }
    let items = items_of(about, versions, &answers, task)?;
    let mut by_name: HashMap<&str, usize> = HashMap::new();
    for (n, item) in items.iter().enumerate() {
        by_name.extend(item.names.iter().map(|name| (name.as_str(), n)));
    }
    let mut said: BTreeMap<usize, BTreeMap<usize, &Said>> = BTreeMap::new();
    let mut reports: BTreeMap<(K, String), BTreeMap<usize, &Said>> = BTreeMap::new();
    for (version, lines) in &answers {
        for line in *lines {
            let mut leave = |why: String| {
                let key = line.names().into_iter().find(|name| !name.is_empty()).unwrap_or_default().to_owned();
                records.left.push(Left { version: *version, key, why });
            };
            let former = if let Some(item) = by_name.get(line.id.as_str()) {
                said.entry(*item).or_default().entry(*version).or_insert(line)
            } else {
                match report_of(about, line) {
                    Ok(report) => reports.entry(report).or_default().entry(*version).or_insert(line),
                    Err(why) => {
                        leave(why);
                        continue;
                    }
                }
            };
            if !std::ptr::eq(*former, line) {
                leave("answered before; the first answer counts".into());
            }
        }
    }
    let speaking: Vec<usize> = {
        let mut all: Vec<usize> = answers.iter().map(|(version, _)| *version).collect();
        all.dedup();
        all
    };
    for (n, said) in said {
        push_row(about, &items[n], (&speaking, &said), records);
    }
    for ((key, kind), said) in reports {
        let image = about.images.get(&key);
        let truth = image.and_then(|image| own_report(about.contents, *image, &kind));
        let row = report_row(&kind, truth.as_deref(), &speaking, &said);
        records.rows.entry(key).or_default().push(row);
    }
    Ok(())
}

/// The questions that are answered: of the file that is compared with, and of the project.
fn items_of<K: Copy + Ord>(
    about: &About<'_, K>,
    versions: &Versions,
    answers: &[(usize, &Vec<Said>)],
    task: &Task,
) -> Result<Vec<Item<K>>> {
    let has_truth = |file: &RecordFile| matches!(file.lines, Lines::Truths(_));
    let mut items = own_items(about, answers, task)?;
    let chosen = reference_of(about.reference, versions, has_truth, !items.is_empty());
    for (version, truths) in
        lines_of(versions, |file| if let Lines::Truths(all) = &file.lines { Some(all) } else { None })
    {
        if Some(version) == chosen {
            // What the file says comes before the project's own of the same name.
            let read: Vec<Item<K>> = truths.iter().filter_map(|truth| item_of(about, truth)).collect();
            items.retain(|item| !read.iter().any(|other| other.names.iter().any(|name| item.names.contains(name))));
            items.extend(read);
        }
    }
    Ok(items)
}

/// The questions of the project that somebody answers.
fn own_items<K: Copy + Ord>(
    about: &About<'_, K>,
    answers: &[(usize, &Vec<Said>)],
    task: &Task,
) -> Result<Vec<Item<K>>> {
    let wanted: std::collections::HashSet<&str> =
        answers.iter().flat_map(|(_, lines)| lines.iter().map(|line| line.id.as_str())).collect();
    let mut book = Book::default();
    for question in about.contents.all::<Question>() {
        let id = question.id.to_string();
        if wanted.contains(id.as_str()) || question.external_ids.values().any(|id| wanted.contains(id.as_str())) {
            take_along(about.contents, question, &mut book);
        }
    }
    if book.questions.is_empty() {
        return Ok(Vec::new());
    }
    let wanted = Selection { unreviewed: true, images: None };
    let collected = collect(about.contents, &book, &wanted, task)?;
    let keys: HashMap<ImageId, K> = about.images.iter().map(|(key, image)| (*image, *key)).collect();
    Ok(collected.records.asked.iter().map(|asked| own_item(about.contents, asked, &keys)).collect())
}

fn take_along(contents: &Contents, question: &Question, book: &mut Book) {
    let sets = question.choices.iter().filter_map(|choice| choice.image_set).chain([question.image_set]);
    for set in sets.filter_map(|set| contents.image_set(set)) {
        for recipe in set.items.iter().filter_map(|item| contents.recipe(item.recipe?)) {
            book.recipes.insert(recipe.id, recipe.clone());
        }
        book.image_sets.insert(set.id, set.clone());
    }
    book.questions.insert(question.id, question.clone());
}

fn own_item<K: Copy>(contents: &Contents, asked: &Asked, keys: &HashMap<ImageId, K>) -> Item<K> {
    let question = &asked.question;
    let set = contents.image_set(question.image_set);
    let mut pictures = Vec::new();
    for (item, picture) in set.iter().flat_map(|set| &set.items).zip(&asked.scene.pictures) {
        let (Some(key), Some((axis, index))) = (keys.get(&item.frame.image), picture.source.slice) else {
            pictures.push(None);
            continue;
        };
        let slice = Slice { axis, index };
        let native = Frame { image: item.frame.image, slice: Some(slice) }.size(contents).unwrap_or_default();
        let recipe = item.recipe.and_then(|id| contents.recipe(id));
        let transform = recipe.map_or_else(|| Transform::identity(native), |recipe| recipe.transform(native));
        pictures.push(Some(Shown { key: *key, slice, transform }));
    }
    let id: QuestionId = question.id;
    let names = std::iter::once(id.to_string()).chain(question.external_ids.values().cloned()).collect();
    let (truth, expected) = truth_of(asked);
    let regions = asked.scene.places_of(&question.answer.regions).count();
    let judged = match question.answer_type {
        // The first of several boxes says nothing of the others, and a point has no extent to overlap.
        AnswerType::Boxes => regions == 1,
        AnswerType::Point => false,
        _ => true,
    };
    Item { names, title: question.stem.clone(), truth, expected, judged, pictures }
}

/// What is right by the project, as a reference file would say it: choices by the letters they are given when exported.
fn truth_of(asked: &Asked) -> (Truth, Option<Expected>) {
    let question = &asked.question;
    let mut truth = Truth { kind: question.answer_type.name().to_owned(), pictures: 1, ..Truth::default() };
    let choices = question.choices.iter().enumerate().map(|(n, choice)| (letter(n), choice.text.clone()));
    truth.choices = choices.collect();
    match question.answer_type {
        AnswerType::Ordering => truth.text = Some(asked.answer_letters().join(" ")),
        kind if kind.has_choices() => {
            truth.keys = Some(asked.answer_letters());
            let several = kind == AnswerType::Multi;
            return (truth.clone(), Some(Expected::Keys { choices: truth.choices, several }));
        }
        AnswerType::Numeric => {
            if let Some(number) = question.answer.numbers.first() {
                truth.value = Some(number.value);
                truth.tolerance = match (number.range, number.tolerance) {
                    (Some([low, high]), _) => {
                        truth.value = Some(f64::midpoint(low, high));
                        (high - low) / 2.0
                    }
                    (None, Some(Tolerance::Absolute(most))) => most,
                    (None, Some(Tolerance::Relative(share))) => share * number.value.abs(),
                    (None, None) => 0.0,
                };
            }
        }
        kind if kind.is_region() => {
            if let Some((_, place)) = asked.scene.places_of(&question.answer.regions).next() {
                (truth.rect, truth.picture) = (Some(place.rect), place.picture);
                truth.size = asked.scene.size(place.picture);
                truth.pictures = asked.scene.pictures.len();
            }
        }
        _ => truth.text = Some(question.answer.text.clone()),
    }
    let expected = truth.expected();
    (truth, expected)
}

/// A question of a reference file, on the picture it names.
fn item_of<K: Copy + Ord>(about: &About<'_, K>, truth: &Truth) -> Option<Item<K>> {
    let found = about.find(&[&truth.image, &truth.sha256, &truth.id]).ok()?;
    let entry = found.image.and_then(|image| about.contents.image(image));
    let slice = found.slice.or_else(|| entry.filter(|entry| entry.size()[2] == 1).map(|_| 0)).map(Slice::stored);
    let shown = entry.zip(slice).map(|(entry, slice)| {
        let native = [entry.size()[0], entry.size()[1]];
        let size = truth.size.unwrap_or([native[0] as f64, native[1] as f64]);
        Shown { key: found.key, slice, transform: Transform::identity(native).resized(size) }
    });
    // Without a slice nothing can be drawn, but what is said can be read.
    let nowhere = || Shown { key: found.key, slice: NOWHERE, transform: Transform::identity([1, 1]) };
    let title = if truth.question.is_empty() { truth.id.clone() } else { truth.question.clone() };
    let expected = truth.expected();
    let pictures = vec![Some(shown.unwrap_or_else(nowhere))];
    Some(Item { names: vec![truth.id.clone()], title, truth: truth.clone(), expected, judged: true, pictures })
}

fn push_row<K: Copy + Ord>(
    about: &About<'_, K>,
    item: &Item<K>,
    (speaking, said): (&[usize], &BTreeMap<usize, &Said>),
    records: &mut Records<K>,
) {
    let mut keys: Vec<K> = item.pictures.iter().flatten().map(|picture| picture.key).collect();
    keys.sort();
    keys.dedup();
    for key in keys {
        records.rows.entry(key).or_default().push(row(about, item, key, (speaking, said)));
    }
    for (version, line) in said {
        if let Some(why) = answered(about, item, None, line).why {
            let (id, output) = (line.id.clone(), line.output.clone());
            records.unreadable.push(Unreadable { version: *version, id, why, output });
        }
    }
}

/// As it is seen from one of its pictures.
fn row<K: Copy + Ord>(
    about: &About<'_, K>,
    item: &Item<K>,
    key: K,
    (speaking, said): (&[usize], &BTreeMap<usize, &Said>),
) -> Row {
    let cell = |version: &usize| match said.get(version) {
        None => Cell { words: "–".into(), mark: Some(Mark::Missing), figure: Some(0.0), ..Cell::default() },
        Some(line) => answered(about, item, Some(key), line),
    };
    let cells = speaking.iter().map(|version| (*version, cell(version))).collect();
    let (truth, kind) = (&item.truth, if item.truth.text.is_some() { Kind::Text } else { Kind::Answer });
    let rect = truth.rect.map(|rect| (truth.picture, rect));
    let reference = Cell {
        words: reference_words(truth),
        raw: truth.text.clone().unwrap_or_default(),
        form: rect.and_then(|rect| form_of(item, Some(key), rect)),
        sign: "Reference".into(),
        ..Cell::default()
    };
    let known = truth.keys.is_some() || truth.value.is_some() || truth.rect.is_some() || truth.text.is_some();
    let (title, part) = (item.title.clone(), item.truth.kind.replace('_', " "));
    Row { kind, title, part, reference: known.then_some(reference), said: cells }
}

fn reference_words(truth: &Truth) -> String {
    match (&truth.keys, truth.value, truth.rect, &truth.text) {
        (Some(keys), ..) => with_texts(keys.iter(), truth),
        (_, Some(value), ..) if truth.tolerance > 0.0 => format!("{value} ± {}", truth.tolerance),
        (_, Some(value), ..) => value.to_string(),
        (_, _, Some(_), _) => "box".into(),
        (.., Some(text)) => short(text),
        _ => String::new(),
    }
}

fn with_texts<'a>(keys: impl Iterator<Item = &'a String>, truth: &Truth) -> String {
    let one = |key: &String| match truth.choices.get(key).filter(|text| !text.is_empty()) {
        Some(text) => format!("{key} {text}"),
        None => key.clone(),
    };
    short(&keys.map(one).collect::<Vec<_>>().join(", "))
}

fn answered<K: Copy + Ord>(about: &About<'_, K>, item: &Item<K>, key: Option<K>, line: &Said) -> Cell {
    let cell = Cell { raw: line.output.clone(), ..Cell::default() };
    let Some(expected) = &item.expected else { return Cell { words: short(&line.output), ..cell } };
    let given = parse(&line.output, expected, about.how);
    let given = match given {
        Ok(given) => given,
        Err(why) => {
            let mark = Some(Mark::Unreadable);
            return Cell { words: short(&line.output), mark, figure: Some(0.0), why: Some(why), ..cell };
        }
    };
    let words = match &given {
        Given::Keys(keys) => with_texts(keys.iter(), &item.truth),
        Given::Number(number) => number.to_string(),
        Given::Region(..) => "box".into(),
        Given::Text(text) => short(text),
    };
    let form = if let Given::Region(picture, rect) = &given { form_of(item, key, (*picture, *rect)) } else { None };
    let sign = if form.is_some() { short(&item.title) } else { String::new() };
    let cell = Cell { words, form, sign, ..cell };
    let scored = item.truth.scored(Ok(given));
    if item.judged { marked(cell, &scored) } else { cell }
}

fn marked(cell: Cell, scored: &Scored) -> Cell {
    let is_right = scored.is_right();
    let mark = Some(if is_right { Mark::Right } else { Mark::Wrong });
    let figure = Some(f64::from(u8::from(is_right)));
    match &scored.answered {
        Answered::Region(region) => {
            let overlap = region.iou();
            let elsewhere = overlap == 0.0 && region.iou_on_any_picture() >= 0.5;
            let detail =
                if elsewhere { "the right box on a wrong picture".to_owned() } else { format!("IoU {overlap:.3}") };
            Cell { words: format!("IoU {overlap:.2}"), mark, figure: Some(overlap), detail, ..cell }
        }
        Answered::Text { reference, given } => against(cell, reference, given),
        Answered::Number { reference, given: Some(given), .. } if *reference != 0.0 => {
            let off = 100.0 * (given - reference) / reference.abs();
            Cell { mark, figure, detail: format!("{off:+.1} % off"), ..cell }
        }
        _ => Cell { mark, figure, ..cell },
    }
}

/// A text beside its reference.
fn against(cell: Cell, reference: &str, given: &str) -> Cell {
    if reference.trim().is_empty() {
        return cell;
    }
    let shared = token_f1(reference, given);
    let same = crate::metrics::text::tokens(reference) == crate::metrics::text::tokens(given);
    let mark = Some(if same { Mark::Right } else { Mark::Differs });
    let detail = format!("{:.0} % of the words are shared (token F1 {shared:.3})", 100.0 * shared);
    Cell { words: format!("F1 {shared:.2}"), mark, figure: Some(shared), detail, diff: diff(reference, given), ..cell }
}

/// A box in the picture's pixels as a shape on the image it was made from, where that is the one asked about.
fn form_of<K: Ord>(item: &Item<K>, key: Option<K>, (picture, rect): (usize, Rect)) -> Option<Form> {
    let [x0, y0, x1, y1] = rect;
    let shown = item.pictures.get(picture)?.as_ref()?;
    if shown.slice == NOWHERE || key.is_some_and(|key| key != shown.key) {
        return None;
    }
    let (a, b) = (shown.transform.inverse_point([x0, y0])?, shown.transform.inverse_point([x1, y1])?);
    let (min, max) = ([a[0].min(b[0]), a[1].min(b[1])], [a[0].max(b[0]), a[1].max(b[1])]);
    Some(Form::Box2d { slice: shown.slice, min, max })
}

const REPORTS: [(&str, CaptionKind, &str); 4] = [
    ("report", CaptionKind::Report, "Report"),
    ("findings", CaptionKind::Findings, "Findings"),
    ("impression", CaptionKind::Impression, "Impression"),
    ("caption", CaptionKind::Caption, "Caption"),
];

/// The picture and the part of a report that a line is about.
fn report_of<K: Copy + Ord>(about: &About<'_, K>, line: &Said) -> std::result::Result<(K, String), String> {
    let kind = line.kind.trim().to_lowercase();
    let is_report = REPORTS.iter().any(|(word, ..)| *word == kind);
    let names_picture = !line.image.is_empty() || !line.sha256.is_empty();
    if !line.id.is_empty() && names_picture && !is_report {
        return Err("no question has this id".into());
    }
    let found = about.find(&line.names()).map_err(|why| match is_report {
        true => why,
        false => "no question has this id, and no picture this name, id or hash".to_owned(),
    })?;
    Ok((found.key, if kind.is_empty() { "report".into() } else { kind }))
}

/// What the project's own report says.
fn own_report(contents: &Contents, image: ImageId, kind: &str) -> Option<String> {
    let about: Vec<&Caption> = contents.all::<Caption>().filter(|caption| caption.target == image.into()).collect();
    let of =
        |wanted: CaptionKind| about.iter().find(|caption| caption.kind == wanted).map(|caption| caption.text.clone());
    let named = REPORTS.iter().find(|(word, ..)| *word == kind).map(|(_, wanted, _)| *wanted);
    let any = || REPORTS.iter().find_map(|(_, wanted, _)| of(*wanted)).filter(|_| kind == "report");
    named.and_then(of).or_else(any)
}

fn report_row(kind: &str, truth: Option<&str>, speaking: &[usize], said: &BTreeMap<usize, &Said>) -> Row {
    let cell = |version: &usize| {
        let cell = match said.get(version) {
            None => Cell { words: "–".into(), mark: truth.map(|_| Mark::Missing), ..Cell::default() },
            Some(line) => {
                let cell = Cell { words: short(&line.output), raw: line.output.clone(), ..Cell::default() };
                truth.map_or(cell.clone(), |truth| against(cell, truth, &line.output))
            }
        };
        (*version, cell)
    };
    let title = REPORTS.iter().find(|(word, ..)| *word == kind).map_or("Text", |(.., title)| *title).to_owned();
    let reference = truth.map(|text| Cell { words: short(text), raw: text.to_owned(), ..Cell::default() });
    Row { kind: Kind::Text, title, part: kind.to_owned(), reference, said: speaking.iter().map(cell).collect() }
}
