//! The question family as entities of a project: what each points at, and that a whole project can be looked up like a
//! book.

use crate::contents::Contents;
use crate::entity::Rules;
use crate::error::Result;
use crate::id::Key;
use crate::question::book::Lookup;
use crate::question::{
    Answer, Choice, Dialogue, Hidden, ImageSet, ImageSetId, Item, Question, QuestionId, RecipeId, Region, RenderRecipe,
    Taxonomy, TaxonomyId, Template,
};
use std::collections::BTreeMap;
use uuid::Uuid;

impl Lookup for Contents {
    fn image_set(&self, id: ImageSetId) -> Option<&ImageSet> {
        self.get(id)
    }

    fn recipe(&self, id: RecipeId) -> Option<&RenderRecipe> {
        self.get(id)
    }

    fn taxonomy(&self, id: TaxonomyId) -> Option<&Taxonomy> {
        self.get(id)
    }

    fn question(&self, id: QuestionId) -> Option<&Question> {
        self.get(id)
    }

    fn questions(&self) -> Box<dyn Iterator<Item = &Question> + '_> {
        Box::new(self.all::<Question>())
    }

    fn dialogues(&self) -> Box<dyn Iterator<Item = &Dialogue> + '_> {
        Box::new(self.all::<Dialogue>())
    }
}

impl Region {
    fn mentions(&self) -> Vec<Key> {
        match self {
            Self::Shape { shape } | Self::Landmark { shape, .. } => vec![shape.key()],
            Self::Painted { image, label, .. } => vec![image.key(), label.key()],
        }
    }
}

impl Question {
    /// The question as who answers it may see it: no answer, no reasons, no evidence, nothing that says where it is from.
    #[must_use]
    pub fn for_reader(&self) -> Self {
        let choice = |choice: &Choice| Choice { source: None, kind: neutral(choice), ..choice.clone() };
        Self {
            choices: self.choices.iter().map(choice).collect(),
            answer: Answer::default(),
            grounding: Vec::new(),
            reason: String::new(),
            rationale: Vec::new(),
            hidden: None::<Hidden>,
            placement: None,
            facets: crate::question::Facets { language: self.facets.language.clone(), ..Default::default() },
            stage: None,
            draft: None,
            external_ids: BTreeMap::new(),
            origin: crate::question::Origin::Human,
            status: crate::question::Status::Draft,
            audit: None,
            ext: BTreeMap::new(),
            ..self.clone()
        }
    }
}

/// A distractor must look like any other choice.
const fn neutral(choice: &Choice) -> crate::question::ChoiceKind {
    use crate::question::ChoiceKind::{Distractor, Normal};
    match choice.kind {
        Distractor => Normal,
        other => other,
    }
}

impl ImageSet {
    /// The pictures without what is said about them.
    #[must_use]
    pub fn for_reader(&self) -> Self {
        let bare = |item: &Item| Item { caption: None, ..item.clone() };
        Self { id: self.id, items: self.items.iter().map(bare).collect(), title: None }
    }
}

impl Rules for Question {
    fn id(&self) -> Uuid {
        self.id.0
    }

    fn mentions(&self) -> Vec<Key> {
        let mut keys = vec![self.image_set.key()];
        keys.extend(self.choices.iter().filter_map(|choice| choice.image_set).map(ImageSetId::key));
        keys.extend(self.placement.as_ref().and_then(|placement| placement.taxonomy).map(TaxonomyId::key));
        if let Some(stage) = &self.stage {
            keys.extend(stage.parent.into_iter().chain(stage.review_of).map(QuestionId::key));
        }
        keys.extend(self.all_regions().flat_map(Region::mentions));
        keys
    }

    fn check(&self, contents: &Contents) -> Result<()> {
        self.validate(contents, contents)
    }
}

impl Rules for ImageSet {
    fn id(&self) -> Uuid {
        self.id.0
    }

    fn mentions(&self) -> Vec<Key> {
        let images = self.items.iter().map(|item| item.frame.image.key());
        images.chain(self.items.iter().filter_map(|item| item.recipe).map(RecipeId::key)).collect()
    }

    fn check(&self, contents: &Contents) -> Result<()> {
        self.validate(contents, contents)
    }
}

impl Rules for RenderRecipe {
    fn id(&self) -> Uuid {
        self.id.0
    }

    fn mentions(&self) -> Vec<Key> {
        let overlays = self.overlays.iter().flat_map(|overlay| overlay.region.mentions());
        overlays.chain([self.source.image.key()]).collect()
    }

    fn check(&self, contents: &Contents) -> Result<()> {
        self.validate(contents)
    }
}

impl Rules for Dialogue {
    fn id(&self) -> Uuid {
        self.id.0
    }

    fn mentions(&self) -> Vec<Key> {
        let evidence =
            self.turns.iter().flat_map(|turn| &turn.evidence).flat_map(|evidence| evidence.region.mentions());
        let questions = self.turns.iter().filter_map(|turn| turn.question).map(QuestionId::key);
        evidence.chain(questions).chain([self.image_set.key()]).collect()
    }

    fn check(&self, contents: &Contents) -> Result<()> {
        self.validate(contents, contents)
    }
}

impl Rules for Taxonomy {
    fn id(&self) -> Uuid {
        self.id.0
    }

    fn check(&self, _: &Contents) -> Result<()> {
        self.validate()
    }
}

impl Rules for Template {
    fn id(&self) -> Uuid {
        self.id.0
    }

    fn check(&self, _: &Contents) -> Result<()> {
        self.validate()
    }
}
