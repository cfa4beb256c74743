//! How good an engine is with a simulated user at the mouse: `limner evaluate segmentation`.
//!
//! A case is a picture, a reference and perhaps recorded scribbles. A protocol says which prompts the robot makes;
//! after each round the answer is scored against the reference.

mod cases;
pub mod robot;
mod summary;

use crate::engine::Engine;
use crate::error::Result;
use crate::prompt::Prompt;
use crate::session::Session;
pub use cases::{Cases, read};
use limner_imaging::overlap::{Overlap, SurfaceDistances};
use limner_imaging::{Mask, Task, Volume, VoxelBox};
use robot::{Aim, Dice};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
pub use summary::{Summary, summary};

/// Surfaces this close agree.
const TOLERANCE_MM: f64 = 2.0;

const LEAST_DICE_FOR_NSD: f64 = 0.2;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Protocol {
    /// A loose box in the middle slice, then clicks.
    Cvpr,
    /// Clicks from an empty mask.
    Clicks,
    Scribbles,
    Lasso,
    /// The scribbles people drew, all at once.
    Human,
}

impl Protocol {
    pub const ALL: [Self; 5] = [Self::Cvpr, Self::Clicks, Self::Scribbles, Self::Lasso, Self::Human];

    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Cvpr => "cvpr",
            Self::Clicks => "clicks",
            Self::Scribbles => "scribbles",
            Self::Lasso => "lasso",
            Self::Human => "human",
        }
    }

    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|protocol| protocol.name() == name)
    }

    /// Rounds of clicks (or whatever the protocol draws) where nobody says how many.
    #[must_use]
    pub const fn usual_rounds(self) -> usize {
        match self {
            Self::Cvpr => 5,
            Self::Clicks => 8,
            Self::Scribbles | Self::Lasso => 3,
            Self::Human => 1,
        }
    }
}

#[derive(Clone, Copy, Debug)]
pub struct Options {
    pub protocol: Protocol,
    pub rounds: usize,
    /// Clicks off centre, as a hand would.
    pub jitter: bool,
}

/// What is asked of an engine: find this.
#[derive(Clone, Debug)]
pub struct Case {
    pub name: String,
    pub label: u32,
    pub image: Arc<Volume>,
    pub reference: Mask,
    /// Voxels drawn for and against, per person.
    pub scribbles: Vec<[Mask; 2]>,
}

#[derive(Clone, Debug, Serialize)]
pub struct CaseReport {
    pub case: String,
    pub label: u32,
    pub rounds: Vec<Round>,
    /// Trapezoids over the rounds of clicks, a step of one: 0 to rounds less one.
    pub dsc_auc: Option<f64>,
    pub nsd_auc: Option<f64>,
}

#[derive(Clone, Copy, Debug, Serialize)]
pub struct Round {
    /// Prompts given so far.
    pub prompts: usize,
    pub dice: f64,
    pub nsd: f64,
    pub seconds: f64,
}

/// `limner.evaluate/1`.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    pub schema: &'static str,
    pub model: String,
    pub protocol: Protocol,
    pub cases: Vec<CaseReport>,
    pub summary: Summary,
}

/// Plays the protocol on every case.
pub fn evaluate(cases: &[Case], engine: &Arc<dyn Engine>, options: Options, task: &Task) -> Result<Report> {
    task.progress.begin("evaluating", cases.len() as u64);
    let mut reports = Vec::new();
    for case in cases {
        reports.extend(play(case, engine, options, task)?);
        task.progress.advance(1);
    }
    let summary = summary(&reports);
    let model = engine.name().to_owned();
    Ok(Report { schema: "limner.evaluate/1", model, protocol: options.protocol, cases: reports, summary })
}

/// One case: a row, or for recorded scribbles a row per person.
pub fn play(case: &Case, engine: &Arc<dyn Engine>, options: Options, task: &Task) -> Result<Vec<CaseReport>> {
    if options.protocol != Protocol::Human {
        return Ok(vec![Play::new(case, engine, options).run(task)?]);
    }
    case.scribbles
        .iter()
        .enumerate()
        .map(|(n, [inside, outside])| {
            let mut play = Play::new(case, engine, options);
            let mut prompts = robot::strokes(inside, true);
            prompts.extend(robot::strokes(outside, false));
            play.answer(&prompts, task)?;
            Ok(CaseReport { case: format!("{}#{n}", case.name), ..play.report() })
        })
        .collect()
}

/// Sees the prompts of a round and the mask that came of them.
pub type Watch<'a> = &'a mut dyn FnMut(&[Prompt], &Mask);

/// One case of simulated prompts, with each round's prompts and mask shown as they come.
pub fn watched(
    case: &Case,
    engine: &Arc<dyn Engine>,
    options: Options,
    task: &Task,
    watch: Watch,
) -> Result<CaseReport> {
    Play { watch: Some(watch), ..Play::new(case, engine, options) }.run(task)
}

/// A game under way.
struct Play<'a> {
    case: &'a Case,
    options: Options,
    session: Session,
    dice: Dice,
    rounds: Vec<Round>,
    watch: Option<Watch<'a>>,
}

impl<'a> Play<'a> {
    fn new(case: &'a Case, engine: &Arc<dyn Engine>, options: Options) -> Self {
        let seed = case
            .name
            .bytes()
            .chain(case.label.to_le_bytes())
            .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
        let session = Session::new(Arc::clone(&case.image), Arc::clone(engine));
        Self { case, options, session, dice: Dice(seed), rounds: Vec::new(), watch: None }
    }

    fn run(mut self, task: &Task) -> Result<CaseReport> {
        let size = self.case.image.size();
        if self.options.protocol == Protocol::Cvpr {
            let around = robot::loose_box(&self.case.reference, size, &mut self.dice);
            self.answer(around.as_slice(), task)?;
        }
        for _ in 0..self.options.rounds {
            let answer = self.session.prediction().map_or_else(|| Mask::empty(VoxelBox::default()), |p| p.mask.clone());
            let reference = &self.case.reference;
            let prompt = match self.options.protocol {
                Protocol::Scribbles => robot::scribble(reference, &answer, size),
                Protocol::Lasso => robot::lasso(reference, &answer, size),
                Protocol::Cvpr | Protocol::Clicks | Protocol::Human => {
                    let aim = if self.options.jitter { Aim::Jittered } else { Aim::Centre };
                    robot::click(reference, &answer, size, aim, &mut self.dice)
                }
            };
            self.answer(prompt.as_slice(), task)?;
        }
        Ok(self.report())
    }

    /// A round: without prompts nothing is asked and the last score stands.
    fn answer(&mut self, prompts: &[Prompt], task: &Task) -> Result<()> {
        let mut seconds = 0.0;
        if !prompts.is_empty() {
            seconds = self.session.add_all(prompts.to_vec(), task)?.seconds;
        }
        let nothing = Mask::empty(VoxelBox::default());
        let answer = self.session.prediction().map_or(&nothing, |p| &p.mask);
        if let Some(watch) = &mut self.watch {
            watch(prompts, answer);
        }
        let dice = Overlap::of(&self.case.reference, answer).dice();
        // As in the challenge: an answer this far off has no surface worth measuring.
        let nsd = if dice > LEAST_DICE_FOR_NSD {
            SurfaceDistances::of(&self.case.reference, answer, &self.case.image.geometry).nsd(TOLERANCE_MM)
        } else {
            0.0
        };
        let prompts = self.session.prompts().len();
        self.rounds.push(Round { prompts, dice, nsd, seconds });
        Ok(())
    }

    fn report(self) -> CaseReport {
        let clicks = &self.rounds[usize::from(self.options.protocol == Protocol::Cvpr).min(self.rounds.len())..];
        let area = |of: fn(&Round) -> f64| {
            (clicks.len() > 1).then(|| clicks.windows(2).map(|pair| f64::midpoint(of(&pair[0]), of(&pair[1]))).sum())
        };
        CaseReport {
            case: self.case.name.clone(),
            label: self.case.label,
            dsc_auc: area(|r| r.dice),
            nsd_auc: area(|r| r.nsd),
            rounds: self.rounds,
        }
    }
}
