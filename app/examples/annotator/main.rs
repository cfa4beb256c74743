//! A simulated annotator on expert pairs: how many prompts and seconds to a Dice of 0.80 and 0.90 with the engine, beside
//! outlines on every few slices with interpolation between them. Both go through the tools and commands of the window.
//!
//!     cargo run --release -p limner --example annotator -- CASES [--model NAME]

mod outline;

use anyhow::{Context as _, bail};
use limner_annotation::operations::{self, Operation, Target};
use limner_annotation::tools::lasso;
use limner_annotation::tools::path::{Gather, Path, Step};
use limner_annotation::{Command, Document, ImageEntry, Label, PackedMask, PaintMode, PaintRule};
use limner_imaging::overlap::Overlap;
use limner_imaging::{Mask, Plane, Task, View, Voxel, VoxelBox, World};
use limner_segmentation::evaluate::robot::{self, Aim, Dice};
use limner_segmentation::evaluate::{Case, read};
use limner_segmentation::{Engine, Request, models};
use std::io::Write as _;
use std::time::Instant;

/// Seconds of a hand, after the keystroke-level model: pointing at a place, a click, a moment of thought. Corners of an
/// outline lie near each other and want less of both.
mod hand {
    pub const PROMPT: f64 = 1.1 + 0.2 + 1.35;
    pub const CORNER: f64 = 0.6 + 0.2;
    pub const NEXT_SLICE: f64 = 1.35 + 0.3;
}

const GOALS: [f64; 2] = [0.80, 0.90];
const MOST_PROMPTS: usize = 12;
const MOST_OUTLINES: usize = 24;

fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().context("which folder of cases?")?;
    let model = match (arguments.next().as_deref(), arguments.next()) {
        (None, _) => "classical".to_owned(),
        (Some("--model"), Some(name)) => name,
        _ => bail!("usage: annotator CASES [--model NAME]"),
    };
    let engine = models::open(&model)?;
    let found = read(folder.as_ref(), &Task::default())?;
    let mut out = std::io::stdout().lock();
    writeln!(
        out,
        "case\tlabel\tprompts_080\tseconds_080\tprompts_090\tseconds_090\tclicks_080\tmanual_080\tclicks_090\tmanual_090"
    )?;
    for case in &found.cases {
        let prompted = prompted(case, &*engine)?;
        let manual = manual(case)?;
        let row: Vec<String> = prompted.iter().chain(&manual).map(ToString::to_string).collect();
        writeln!(out, "{}\t{}\t{}", case.name, case.label, row.join("\t"))?;
    }
    Ok(())
}

/// What it took to a goal, or that it was not reached.
#[derive(Clone, Copy, Default)]
struct Effort(Option<(usize, f64)>);

impl std::fmt::Display for Effort {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            Some((actions, seconds)) => write!(f, "{actions}\t{seconds:.1}"),
            None => write!(f, "-\t-"),
        }
    }
}

struct Desk {
    document: Document,
    target: Target,
}

impl Desk {
    fn new(case: &Case) -> anyhow::Result<Self> {
        let image = ImageEntry::of_volume(&case.image, "case", "case");
        let target = Target { image: image.id, layer: 0, label: 1 };
        let mut document = Document::new("robot");
        let label = Label::new(1, "object");
        document.apply("Start", vec![Command::AddImage { image }, Command::AddLabel { label }])?;
        Ok(Self { document, target })
    }

    fn mask(&self) -> Mask {
        self.document
            .label_map(self.target.image)
            .map_or_else(|| Mask::empty(VoxelBox::default()), |map| map.mask_on(0, 1))
    }

    fn paint(&mut self, mask: &Mask) -> anyhow::Result<()> {
        let (image, layer, label) = (self.target.image, self.target.layer, self.target.label);
        let mask = PackedMask::pack(mask);
        let paint = Command::Paint { image, layer, label, mask, mode: PaintMode::Set, rule: PaintRule::All };
        self.document.apply("Paint", vec![paint])?;
        Ok(())
    }

    /// The label becomes this mask.
    fn replace(&mut self, mask: &Mask) -> anyhow::Result<()> {
        let commands = operations::replacing(self.document.contents(), self.target, mask, PaintRule::All)?;
        self.document.apply("Accept", commands)?;
        Ok(())
    }
}

fn note(efforts: &mut [Effort; 2], dice: f64, actions: usize, seconds: f64) {
    for (effort, goal) in efforts.iter_mut().zip(GOALS) {
        if effort.0.is_none() && dice >= goal {
            effort.0 = Some((actions, seconds));
        }
    }
}

fn dice(reference: &Mask, mask: &Mask) -> f64 {
    Overlap::of(reference, mask).dice()
}

/// Points, each where the error is largest, a little off as a hand would put them.
fn prompted(case: &Case, engine: &dyn Engine) -> anyhow::Result<[Effort; 2]> {
    let mut desk = Desk::new(case)?;
    let (mut prompts, mut random) = (Vec::new(), Dice(7));
    let (mut efforts, mut seconds) = ([Effort::default(); 2], 0.0);
    while prompts.len() < MOST_PROMPTS && efforts[1].0.is_none() {
        let answer = desk.mask();
        let click = robot::click(&case.reference, &answer, case.image.size(), Aim::Jittered, &mut random);
        let Some(click) = click else { break };
        prompts.push(click);
        let start = Instant::now();
        let prediction = engine.predict(&Request::new(&case.image, &prompts), &Task::default())?;
        seconds += hand::PROMPT + start.elapsed().as_secs_f64();
        desk.replace(&prediction.mask)?;
        note(&mut efforts, dice(&case.reference, &desk.mask()), prompts.len(), seconds);
    }
    Ok(efforts)
}

/// Outlines on the first, the middle and the last slice, then where interpolation is worst.
fn manual(case: &Case) -> anyhow::Result<[Effort; 2]> {
    let mut desk = Desk::new(case)?;
    let tight = case.reference.tight_box();
    let slices: Vec<usize> =
        (tight.min[2]..tight.max[2]).filter(|k| !on_slice(&case.reference, *k).is_empty()).collect();
    let mut queue = vec![slices[0], slices[slices.len() / 2], slices[slices.len() - 1]];
    queue.dedup();
    let (mut drawn, mut clicks, mut seconds) = (Vec::<usize>::new(), 0, 0.0);
    let mut efforts = [Effort::default(); 2];
    while drawn.len() < MOST_OUTLINES && efforts[1].0.is_none() {
        let worst = || {
            let mask = desk.mask();
            let open = slices.iter().filter(|k| !drawn.contains(k));
            let error = |k: &usize| robot::error_of(&on_slice(&case.reference, *k), &on_slice(&mask, *k)).count();
            open.max_by_key(|k| error(k)).copied()
        };
        let Some(slice) = queue.pop().or_else(worst) else { break };
        drawn.push(slice);
        seconds += hand::NEXT_SLICE;
        let whole = desk.mask();
        let mut kept = whole.within(whole.bounds());
        on_slice(&whole, slice).indices().for_each(|index| kept.set(index, false));
        desk.replace(&kept)?;
        for corners in outline::of(&on_slice(&case.reference, slice), slice) {
            clicks += corners.len();
            seconds += hand::CORNER * corners.len() as f64;
            desk.paint(&drawn_polygon(case, slice, &corners))?;
        }
        if queue.is_empty() && drawn.len() > 1 {
            let keys = Mask::from_fn(desk.mask().bounds(), |v| drawn.contains(&v[2]) && desk.mask().get(v));
            desk.replace(&keys)?;
            let filled = operations::commands(
                desk.document.contents(),
                desk.target,
                Operation::Interpolate { axis: 2 },
                PaintRule::All,
            )?;
            desk.document.apply("Interpolate", filled)?;
        }
        note(&mut efforts, dice(&case.reference, &desk.mask()), clicks, seconds);
    }
    Ok(efforts)
}

fn on_slice(mask: &Mask, slice: usize) -> Mask {
    mask.within(mask.bounds().slice(2, slice))
}

/// The corners clicked one by one with the polygon tool.
fn drawn_polygon(case: &Case, slice: usize, corners: &[[f64; 2]]) -> Mask {
    let geometry = &case.image.geometry;
    let at = |[x, y]: [f64; 2]| geometry.world(Voxel::new(x - 0.5, y - 0.5, slice as f64));
    let view = View::of_stored_slices(geometry);
    let plane = Plane::of_view(geometry, view, at(corners[0]));
    let mut path = Path::new(Gather::RING, 1e-6);
    for corner in corners {
        path.press(at(*corner));
        path.release(at(*corner));
    }
    let points: &[World] = if path.finish() == Step::Done { path.points() } else { &[] };
    lasso::fill(geometry, &plane, points)
}
