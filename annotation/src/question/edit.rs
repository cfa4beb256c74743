//! What a hand does to a question: another type, one more choice, the right one marked. Each gives a question that
//! contradicts nothing; whether it is complete is for `missing` to say.

use crate::audit::Random;
use crate::question::answer::{Answer, AnswerType, Choice, ChoiceKind};
use crate::question::entity::{Draft, Question, Status};
use crate::question::region::Evidence;

pub const DONT_KNOW: &str = "I don't know";
pub const NONE_OF_THESE: &str = "None of these";

impl Question {
    /// The same question asked another way: what the new type has no room for goes, the rest stays.
    #[must_use]
    pub fn retyped(&self, answer_type: AnswerType, pictures: usize) -> Self {
        let mut question = Self { answer_type, ..self.clone() };
        let was_fixed = matches!(self.answer_type, AnswerType::YesNo | AnswerType::ImageChoice);
        if !answer_type.has_choices() || was_fixed || answer_type == AnswerType::PairChoice {
            question.choices.clear();
        }
        match answer_type {
            AnswerType::YesNo => question.choices = vec![Choice::text("yes", "Yes"), Choice::text("no", "No")],
            AnswerType::ImageChoice => question.choices = (0..pictures).map(picture_choice).collect(),
            _ => {}
        }
        question.answer = Answer {
            text: if keeps_text(answer_type) { self.answer.text.clone() } else { String::new() },
            regions: if answer_type.is_region() { self.answer.regions.clone() } else { Vec::new() },
            numbers: if answer_type == AnswerType::Numeric { self.answer.numbers.clone() } else { Vec::new() },
            phrases: if keeps_text(answer_type) { self.answer.phrases.clone() } else { Vec::new() },
            keys: self.answer.keys.iter().filter(|key| question.choice(key).is_some()).cloned().collect(),
            ..Answer::default()
        };
        match answer_type {
            AnswerType::Ordering => question.answer.keys = question.ordered_keys(),
            AnswerType::YesNo | AnswerType::Single | AnswerType::ImageChoice | AnswerType::PairChoice => {
                question.answer.keys.truncate(1);
            }
            _ => {}
        }
        if matches!(answer_type, AnswerType::Box | AnswerType::Point) {
            question.answer.regions.truncate(1);
        }
        question
    }

    /// A key that no choice has.
    #[must_use]
    pub fn free_key(&self) -> String {
        (1..).map(|n: usize| format!("c{n}")).find(|key| self.choice(key).is_none()).unwrap_or_default()
    }

    /// One more choice, before those that stand at the end by their nature. Gives its key.
    pub fn add_choice(&mut self, text: &str, kind: ChoiceKind) -> String {
        let key = self.free_key();
        let choice = Choice { kind, ..Choice::text(key.clone(), text) };
        let at_end = matches!(kind, ChoiceKind::DontKnow | ChoiceKind::None);
        let before = |choice: &Choice| matches!(choice.kind, ChoiceKind::DontKnow | ChoiceKind::None);
        let place = if at_end { None } else { self.choices.iter().position(before) };
        self.choices.insert(place.unwrap_or(self.choices.len()), choice);
        if self.answer_type == AnswerType::Ordering {
            self.answer.keys = self.ordered_keys();
        }
        key
    }

    /// "I don't know" or "none of these": there once, or taken away again.
    pub fn toggle_abstention(&mut self, kind: ChoiceKind) {
        if let Some(place) = self.choices.iter().position(|choice| choice.kind == kind) {
            self.remove_choice(place);
        } else {
            self.add_choice(if kind == ChoiceKind::DontKnow { DONT_KNOW } else { NONE_OF_THESE }, kind);
        }
    }

    pub fn remove_choice(&mut self, place: usize) {
        if place < self.choices.len() {
            let gone = self.choices.remove(place);
            self.answer.keys.retain(|key| *key != gone.key);
            self.answer.per_image.retain(|_, key| *key != gone.key);
            if let Some(draft) = &mut self.draft {
                draft.choices.remove(&gone.key);
            }
        }
    }

    /// Marks a choice as right, or no longer; where one only is right the other goes.
    pub fn mark_choice(&mut self, place: usize) {
        let Some(choice) = self.choices.get_mut(place) else { return };
        let key = choice.key.clone();
        if choice.kind == ChoiceKind::Distractor {
            choice.kind = ChoiceKind::Normal;
        }
        let was_right = self.answer.keys.contains(&key);
        match self.answer_type {
            AnswerType::Ordering => {}
            AnswerType::Multi if was_right => self.answer.keys.retain(|other| *other != key),
            // In the order of the choices: the order of clicks says nothing.
            AnswerType::Multi => {
                self.answer.keys.push(key);
                let place = |key: &String| self.choices.iter().position(|choice| choice.key == *key);
                self.answer.keys.sort_by_key(place);
            }
            _ => self.answer.keys = if was_right { Vec::new() } else { vec![key] },
        }
        if self.answer_type == AnswerType::ImageChoice {
            let right = self.answer.keys.first().and_then(|key| self.choice(key));
            self.answer.image_index = right.and_then(|choice| choice.image_index);
        }
    }

    /// Moves a choice up or down; in an ordering this is the answer.
    pub fn move_choice(&mut self, place: usize, by: isize) {
        let Some(other) = place.checked_add_signed(by).filter(|n| *n < self.choices.len()) else { return };
        if self.answer_type == AnswerType::Ordering {
            if other < self.answer.keys.len() && place < self.answer.keys.len() {
                self.answer.keys.swap(place, other);
            }
        } else {
            self.choices.swap(place, other);
        }
    }

    /// The keys of an ordering: as they are, with new choices at the end.
    fn ordered_keys(&self) -> Vec<String> {
        let mut keys: Vec<String> = self.answer.keys.iter().filter(|key| self.choice(key).is_some()).cloned().collect();
        let new = self.choices.iter().map(|choice| choice.key.clone()).filter(|key| !keys.contains(key));
        let new: Vec<String> = new.collect();
        keys.extend(new);
        keys
    }

    /// Fills up to four choices: numbers a factor of 1.4 apart around a right number, else names of siblings. The place of
    /// the right one is drawn by the question's id. Gives how many were added.
    pub fn add_distractors(&mut self, siblings: &[String]) -> usize {
        let right = self.correct_texts().first().map(|text| (*text).to_owned()).unwrap_or_default();
        let mut random = Random::of_text(1, &self.id.to_string());
        let has = |q: &Self, text: &str| q.choices.iter().any(|c| c.text.trim().eq_ignore_ascii_case(text.trim()));
        let (mut texts, source) = match split_number(&right) {
            Some((value, unit)) => (numbers_around(value, unit, &mut random), "a factor of 1.4 apart"),
            None => (siblings.to_vec(), "sibling label"),
        };
        texts.retain(|text| !has(self, text));
        random.shuffle(&mut texts);
        let scored = self.scored_choices().filter(|choice| choice.kind != ChoiceKind::None).count();
        texts.truncate(FULL.saturating_sub(scored));
        for text in &texts {
            let key = self.add_choice(text, ChoiceKind::Distractor);
            if let Some(choice) = self.choices.iter_mut().find(|choice| choice.key == key) {
                choice.source = Some(source.into());
            }
        }
        if !texts.is_empty() && self.answer_type != AnswerType::Ordering {
            let own = |c: &Choice| !matches!(c.kind, ChoiceKind::DontKnow | ChoiceKind::None);
            let many = self.choices.iter().filter(|choice| own(choice)).count();
            random.shuffle(&mut self.choices[..many]);
        }
        texts.len()
    }

    /// Follows the pictures of its set to their new places: what pointed at a picture points at it still. What pointed at
    /// one that is gone stays for the check to refuse.
    pub fn follow_pictures(&mut self, place_of: impl Fn(usize) -> usize) {
        let choices = self.choices.iter_mut().filter_map(|choice| choice.region.as_mut());
        let phrases = self.answer.phrases.iter_mut().flat_map(|phrase| &mut phrase.evidence);
        let steps = self.rationale.iter_mut().flat_map(|step| &mut step.evidence);
        let all = self.grounding.iter_mut().chain(&mut self.answer.regions).chain(choices).chain(phrases).chain(steps);
        all.for_each(|evidence| evidence.image_index = place_of(evidence.image_index));
        let choices = self.choices.iter_mut().filter_map(|choice| choice.image_index.as_mut());
        let steps = self.rationale.iter_mut().filter_map(|step| step.image_index.as_mut());
        choices.chain(steps).chain(&mut self.answer.image_index).for_each(|index| *index = place_of(*index));
        let per_image = std::mem::take(&mut self.answer.per_image);
        self.answer.per_image = per_image.into_iter().map(|(index, key)| (place_of(index), key)).collect();
    }

    /// One choice for each picture of its set, for "which image"; what was said of a picture stays with it.
    pub fn offer_pictures(&mut self, pictures: usize) {
        let former = std::mem::take(&mut self.choices);
        let said = |n: usize| {
            let own = former.iter().find(|choice| choice.image_index == Some(n));
            own.map(|choice| choice.text.clone()).filter(|text| !text.starts_with("Image "))
        };
        self.choices = (0..pictures).map(picture_choice).collect();
        for (n, choice) in self.choices.iter_mut().enumerate() {
            if let Some(text) = said(n) {
                choice.text = text;
            }
        }
        self.choices.extend(former.iter().filter(|choice| choice.image_index.is_none()).cloned());
        let right = self.answer.image_index.filter(|index| *index < pictures);
        self.answer.image_index = right;
        if let Some(right) = right {
            self.answer.keys = vec![format!("p{}", right + 1)];
        } else {
            let kept: Vec<String> = self.answer.keys.iter().filter(|key| self.choice(key).is_some()).cloned().collect();
            self.answer.keys = kept;
        }
    }

    /// What a machine said, kept before a hand changes it for the first time.
    pub fn keep_draft(&mut self, model: &str) {
        if self.draft.is_none() {
            self.draft = Some(Draft {
                stem: self.stem.clone(),
                choices: self.choices.iter().map(|choice| (choice.key.clone(), choice.text.clone())).collect(),
                answer: self.answer_in_words(),
                model: model.to_owned(),
            });
        }
    }

    /// The answer on one line, for lists and for the draft.
    #[must_use]
    pub fn answer_in_words(&self) -> String {
        let answer = &self.answer;
        if !answer.keys.is_empty() {
            return self.correct_texts().join(", ");
        }
        if !answer.numbers.is_empty() {
            let numbers = answer.numbers.iter().map(|n| format!("{} {}", shortest(n.value), n.unit));
            return numbers.collect::<Vec<_>>().join(", ");
        }
        if !answer.regions.is_empty() {
            let names = answer.regions.iter().map(|region: &Evidence| region.name.as_str());
            return names.collect::<Vec<_>>().join(", ");
        }
        answer.text.clone()
    }

    /// A copy to start another question from: of a hand, not reviewed.
    #[must_use]
    pub fn copied(&self) -> Self {
        Self {
            id: crate::question::QuestionId::new(),
            external_ids: Default::default(),
            status: Status::Draft,
            origin: crate::question::Origin::Human,
            audit: None,
            draft: None,
            ..self.clone()
        }
    }
}

const fn keeps_text(answer_type: AnswerType) -> bool {
    matches!(answer_type, AnswerType::Open | AnswerType::GroundedCaption)
}

fn picture_choice(n: usize) -> Choice {
    Choice { image_index: Some(n), ..Choice::text(format!("p{}", n + 1), format!("Image {}", n + 1)) }
}

/// Choices of a full set, abstentions not counted.
const FULL: usize = 4;

/// A number with what follows it: "12.5 mm".
fn split_number(text: &str) -> Option<(f64, &str)> {
    let text = text.trim();
    let end = text.find(|c: char| !(c.is_ascii_digit() || c == '.' || c == '-')).unwrap_or(text.len());
    Some((text[..end].parse().ok()?, text[end..].trim()))
}

/// Three others, the right one at any rank among them.
fn numbers_around(value: f64, unit: &str, random: &mut Random) -> Vec<String> {
    const FACTOR: f64 = 1.4;
    let whole = value.fract() == 0.0 && value.abs() < 20.0;
    let rank = random.below(FULL) as i32;
    let rank = if whole { rank.min(value.abs() as i32) } else { rank };
    let other = |n: i32| match whole {
        true => value + f64::from(n - rank),
        false => value * FACTOR.powi(n - rank),
    };
    let text = |value: f64| format!("{} {unit}", shortest((value * 10.0).round() / 10.0)).trim().to_owned();
    (0..FULL as i32).filter(|n| *n != rank).map(|n| text(other(n))).collect()
}

/// Three digits behind the point at most.
fn shortest(value: f64) -> String {
    let text = format!("{value:.3}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::question::{ImageSetId, Quantity};

    fn question(answer_type: AnswerType) -> Question {
        Question::new(ImageSetId::new(), AnswerType::Open, "Which?").retyped(answer_type, 2)
    }

    #[test]
    fn choices_stay_among_themselves_and_abstentions_at_the_end() {
        let mut q = question(AnswerType::Single);
        q.toggle_abstention(ChoiceKind::DontKnow);
        let liver = q.add_choice("Liver", ChoiceKind::Normal);
        q.add_choice("Spleen", ChoiceKind::Distractor);
        assert_eq!(q.choices.iter().map(|c| c.text.as_str()).collect::<Vec<_>>(), ["Liver", "Spleen", DONT_KNOW]);
        q.mark_choice(0);
        assert_eq!(q.answer.keys, [liver]);
        // A distractor that is right is none.
        q.mark_choice(1);
        assert_eq!((q.correct_texts(), q.choices[1].kind), (vec!["Spleen"], ChoiceKind::Normal));
        q.remove_choice(1);
        assert!(q.answer.keys.is_empty());
        q.toggle_abstention(ChoiceKind::DontKnow);
        assert_eq!(q.choices.len(), 1);
    }

    #[test]
    fn several_right_choices_stand_in_the_order_of_the_choices() {
        let mut q = question(AnswerType::Multi);
        for text in ["a", "b", "c"] {
            q.add_choice(text, ChoiceKind::Normal);
        }
        for place in [2, 0, 1, 0] {
            q.mark_choice(place);
        }
        assert_eq!(q.correct_texts(), ["b", "c"]);
    }

    #[test]
    fn an_ordering_is_answered_by_its_order() {
        let mut q = question(AnswerType::Ordering);
        for text in ["early", "late", "latest"] {
            q.add_choice(text, ChoiceKind::Normal);
        }
        q.move_choice(0, 1);
        assert_eq!(q.correct_texts(), ["late", "early", "latest"]);
        assert_eq!(q.choices[0].text, "early", "the choices are offered as they were");
        q.move_choice(0, -1);
        q.move_choice(2, 1);
        assert_eq!(q.answer.keys.len(), 3);
    }

    #[test]
    fn another_type_keeps_what_it_has_room_for() {
        let mut q = question(AnswerType::Single);
        q.add_choice("Liver", ChoiceKind::Normal);
        q.mark_choice(0);
        assert_eq!(q.retyped(AnswerType::Multi, 1).correct_texts(), ["Liver"]);
        let yes_no = q.retyped(AnswerType::YesNo, 1);
        assert_eq!((yes_no.choices.len(), yes_no.answer.keys.len()), (2, 0));
        assert!(yes_no.retyped(AnswerType::Single, 1).choices.is_empty());
        let mut number = q.retyped(AnswerType::Numeric, 1);
        number.answer.numbers.push(Quantity::new(12.5, "mm", crate::measure::Scale::Pixels));
        assert_eq!(number.answer_in_words(), "12.5 mm");
        assert!(number.retyped(AnswerType::Open, 1).answer.numbers.is_empty());
        let which = q.retyped(AnswerType::ImageChoice, 3);
        assert_eq!(which.choices.iter().map(|c| c.image_index).collect::<Vec<_>>(), [Some(0), Some(1), Some(2)]);
    }

    #[test]
    fn distractors_fill_up_to_four_and_are_no_copies() {
        let siblings = ["Spleen", "liver", "Kidney", "Stomach", "Aorta"].map(str::to_owned);
        let mut q = question(AnswerType::Single);
        q.add_choice("Liver", ChoiceKind::Normal);
        q.mark_choice(0);
        q.toggle_abstention(ChoiceKind::DontKnow);
        assert_eq!(q.add_distractors(&siblings), 3);
        assert_eq!((q.choices.len(), q.choices[4].kind), (5, ChoiceKind::DontKnow));
        assert_eq!((q.add_distractors(&siblings), q.correct_texts()), (0, vec!["Liver"]));
        let mut number = question(AnswerType::Single);
        number.add_choice("12.5 mm", ChoiceKind::Normal);
        number.mark_choice(0);
        number.add_distractors(&siblings);
        assert!(number.choices.iter().all(|choice| choice.text.ends_with(" mm")), "{:?}", number.choices);
    }

    #[test]
    fn what_points_at_a_picture_follows_it() {
        let mut q = question(AnswerType::ImageChoice);
        q.mark_choice(0);
        let region = crate::question::Region::Shape { shape: crate::id::ShapeId::new() };
        q.grounding.push(Evidence::new(region, 1, "lesion"));
        q.follow_pictures(|n| 1 - n);
        q.offer_pictures(2);
        assert_eq!(
            (q.grounding[0].image_index, q.answer.image_index, q.answer.keys.as_slice()),
            (0, Some(1), &["p2".to_owned()][..])
        );
        q.offer_pictures(1);
        assert_eq!((q.choices.len(), q.answer.image_index), (1, None));
        assert!(q.answer.keys.is_empty());
    }

    #[test]
    fn the_draft_is_what_stood_there_first() {
        let mut q = question(AnswerType::YesNo);
        q.mark_choice(0);
        q.keep_draft("derive");
        q.stem = "Better words".into();
        q.keep_draft("derive");
        let draft = q.draft.unwrap();
        assert_eq!((draft.stem.as_str(), draft.answer.as_str(), draft.model.as_str()), ("Which?", "Yes", "derive"));
    }
}
