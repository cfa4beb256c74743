//! One question of each family, made by hand, for every profile to write.

use limner_annotation::ShapeId;
use limner_annotation::exchange::vqa::boxes::Rect;
use limner_annotation::exchange::vqa::record::{Asked, Picture, Place, PlaceKind, Records, Scene, Source};
use limner_annotation::measure::Scale;
use limner_annotation::question::{
    Answer, AnswerType, Choice, Draft, Evidence, Facets, Follows, ImageSetId, Phrase, Placement, Quantity, Question,
    RationaleStep, Region, Role, Stage, StepKind,
};

const SIZES: [[f64; 2]; 3] = [[512.0, 400.0], [640.0, 480.0], [336.0, 336.0]];

fn picture(n: usize, role: Role) -> Picture {
    let source = Source {
        case: format!("case_{:05}", n % 3 + 1),
        pixel_mm: Some([0.7, 0.8]),
        volume_size: [512, 400, 60],
        spacing_mm: Some([0.7, 0.8, 5.0]),
        slice: Some((2, n)),
        is_one_of_many: false,
        modality: Some("CT".into()),
    };
    Picture { path: format!("images/{n:06}.png"), size: Some(SIZES[n % 3]), role, source, ..Picture::default() }
}

pub struct Make {
    pub asked: Asked,
}

impl Make {
    pub fn new(kind: AnswerType, stem: &str, pictures: &[(usize, Role)]) -> Self {
        let pictures = pictures.iter().map(|(n, role)| picture(*n, *role)).collect();
        let mut question = Question::new(ImageSetId::new(), kind, stem);
        question.facets = Facets {
            content: "finding".into(),
            modality: vec!["CT".into()],
            anatomy: vec!["liver".into()],
            department: vec!["radiology".into()],
            ..Facets::default()
        };
        let path = ["measurement".to_owned(), "volume measurement".to_owned()].to_vec();
        question.placement = Some(Placement { taxonomy: None, path });
        question.reason = "As the picture shows.".into();
        Self { asked: Asked::new(pictures, question) }
    }

    fn evidence(&mut self, picture: usize, rect: Rect, name: &str) -> Evidence {
        let evidence = Evidence::new(Region::Shape { shape: ShapeId::new() }, picture, name);
        let kind = if rect[0] == rect[2] { PlaceKind::Point } else { PlaceKind::Box };
        self.asked.scene.places.push((evidence.clone(), Place { picture, rect, kind }));
        evidence
    }

    pub fn grounded(mut self, picture: usize, rect: Rect, name: &str) -> Self {
        let evidence = self.evidence(picture, rect, name);
        self.asked.question.grounding.push(evidence);
        self
    }

    fn answered(mut self, picture: usize, rect: Rect, name: &str) -> Self {
        let evidence = self.evidence(picture, rect, name);
        self.asked.question.answer.regions.push(evidence);
        self
    }

    pub fn choices(mut self, texts: &[&str], right: &[usize]) -> Self {
        let question = &mut self.asked.question;
        question.choices = texts.iter().enumerate().map(|(n, text)| Choice::text(format!("k{n}"), *text)).collect();
        question.answer.keys = right.iter().map(|n| format!("k{n}")).collect();
        self
    }

    fn numbers(mut self, numbers: &[(&str, f64, &str)]) -> Self {
        let quantity = |(name, value, unit): &(&str, f64, &str)| Quantity {
            name: (*name).into(),
            range: Some([value * 0.9, value * 1.1]),
            ..Quantity::new(*value, *unit, Scale::Spacing([0.7, 0.8, 5.0]))
        };
        self.asked.question.answer.numbers = numbers.iter().map(quantity).collect();
        self
    }

    fn with(mut self, change: impl FnOnce(&mut Question)) -> Self {
        change(&mut self.asked.question);
        self
    }

    fn steps(self) -> Self {
        let step = |kind, text: &str| RationaleStep { kind, text: text.into(), ..RationaleStep::default() };
        self.with(|q| {
            q.rationale = vec![
                step(StepKind::Modality, "A portal venous CT."),
                step(StepKind::Feature, "A dark round area."),
                step(StepKind::Conclusion, "It is a cyst."),
            ];
        })
    }
}

const BOX: Rect = [100.0, 50.0, 300.0, 250.0];
const OTHER: Rect = [31.0, 44.0, 281.0, 291.0];

fn one_picture() -> Vec<Asked> {
    let one = [(0, Role::Main)];
    let four = ["cyst", "metastasis", "haemangioma", "abscess"];
    [
        Make::new(AnswerType::Single, "What is it?", &one).choices(&four, &[2]).grounded(0, BOX, "liver").steps(),
        Make::new(AnswerType::YesNo, "Is there a cyst?", &one).choices(&["Yes", "No"], &[0]).grounded(0, BOX, "cyst"),
        Make::new(AnswerType::Multi, "Which are seen?", &one).choices(&four, &[0, 3]).grounded(0, OTHER, "liver"),
        Make::new(AnswerType::Open, "Describe it", &one)
            .with(|q| q.answer.text = "A cyst, \"simple\".\tNo wall".into())
            .steps(),
        Make::new(AnswerType::Numeric, "How large is it in mL?", &one)
            .choices(&["1 mL", "12.5 mL", "17.5 mL", "24.5 mL"], &[1])
            .numbers(&[("", 12.5, "mL")]),
        Make::new(AnswerType::Numeric, "How long is it?", &one).numbers(&[("", 31.5, "mm")]).grounded(0, BOX, "cyst"),
        Make::new(AnswerType::Numeric, "What are the axes?", &one)
            .numbers(&[("major axis", 31.5, "mm"), ("minor axis", 20.0, "mm")])
            .grounded(0, BOX, "cyst"),
        Make::new(AnswerType::Numeric, "What is the angle?", &one).numbers(&[("", 42.0, "deg")]),
        Make::new(AnswerType::Box, "Where is the cyst?", &one).answered(0, BOX, "cyst"),
        Make::new(AnswerType::Boxes, "Where are the cysts?", &one).answered(0, BOX, "cyst").answered(0, OTHER, "cyst"),
        Make::new(AnswerType::Point, "Where is the tip?", &one).answered(0, [7.0, 9.0, 7.0, 9.0], "tip"),
        Make::new(AnswerType::GroundedCaption, "Caption it", &one).grounded(0, BOX, "cyst").with(|q| {
            q.answer.text = "A cyst in the liver".into();
            q.answer.phrases = vec![Phrase { span: [2, 6], evidence: q.grounding.clone() }];
        }),
    ]
    .map(|make| make.asked)
    .into()
}

fn several_pictures() -> Vec<Asked> {
    let frames = [(3, Role::Frame), (4, Role::Frame), (5, Role::Frame)];
    let pair = [(6, Role::Prior), (7, Role::Current)];
    let mut which = Make::new(AnswerType::PairChoice, "The effusion has resolved", &[(0, Role::Main)])
        .choices(&["first", "second", "third"], &[1])
        .asked;
    for n in 0..3 {
        let scene = Scene {
            pictures: vec![picture(6 + 2 * n, Role::Prior), picture(7 + 2 * n, Role::Current)],
            places: Vec::new(),
        };
        which.option_scenes.insert(format!("k{n}"), scene);
    }
    let mut twins = Make::new(AnswerType::Single, "Is the mass cystic or solid?", &[(8, Role::Main), (9, Role::Main)])
        .choices(&["cystic", "solid"], &[])
        .asked;
    twins.question.answer = Answer { per_image: [(0, "k0".into()), (1, "k1".into())].into(), ..Answer::default() };
    let draft = Draft { stem: "What is the mass?".into(), ..Draft::default() };
    twins.question.draft = Some(Draft { choices: [("k0".to_owned(), "a cyst".to_owned())].into(), ..draft });
    let mut better = Make::new(AnswerType::ImageChoice, "Which image is better?", &[(8, Role::Main), (9, Role::Main)]);
    better.asked.question.answer.image_index = Some(1);
    let mut all = vec![
        Make::new(AnswerType::Single, "What changes over the frames?", &frames)
            .choices(&["size", "shape", "colour"], &[1])
            .grounded(1, OTHER, "valve")
            .asked,
        Make::new(AnswerType::YesNo, "Has it grown?", &pair).choices(&["Yes", "No"], &[1]).asked,
        Make::new(AnswerType::Box, "Where has it changed?", &pair)
            .answered(1, BOX, "nodule")
            .with(|q| q.placement.as_mut().unwrap().path = vec!["grounding".into(), "Registered_Diff".into()])
            .asked,
        Make::new(AnswerType::Box, "Where is it in this view?", &[(10, Role::View), (11, Role::View)])
            .answered(0, BOX, "ventricle")
            .with(|q| q.placement.as_mut().unwrap().path = vec!["multi_view".into()])
            .asked,
        which,
        twins,
        better.asked,
    ];
    all.extend(staged());
    all
}

fn staged() -> Vec<Asked> {
    let film = [(2, Role::Main)];
    let stage = |parent: Option<&Asked>, path: &str, stage: &str| {
        Some(Stage {
            parent: parent.map(|asked| asked.question.id),
            path: path.into(),
            stage: stage.into(),
            follows: Follows::Correct,
            review_of: None,
        })
    };
    let place = |q: &mut Question| q.placement.as_mut().unwrap().path = vec!["cardiomegaly".into()];
    let mut root = Make::new(AnswerType::YesNo, "Is the heart enlarged?", &film)
        .choices(&["Yes", "No", "I don't know"], &[0])
        .with(place)
        .asked;
    root.question.stage = stage(None, "path1", "init");
    let mut criteria = Make::new(AnswerType::Multi, "By which criterion?", &film)
        .choices(&["ratio over 0.5", "other"], &[0])
        .with(place)
        .asked;
    criteria.question.stage = stage(Some(&root), "path1", "stage1");
    let mut measured =
        Make::new(AnswerType::Numeric, "What is the ratio?", &film).numbers(&[("", 0.55, "1")]).with(place).asked;
    measured.question.stage = stage(Some(&criteria), "path1", "stage3");
    vec![root, criteria, measured]
}

pub fn records() -> Records {
    Records { asked: [one_picture(), several_pictures()].concat(), ..Records::default() }
}
