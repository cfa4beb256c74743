//! Where a model fails, and which prompt helps: `failures CASES MODEL OUT.png [COUNT]`.
//!
//! Every case gets one click. The worst answers are kept, and each is then corrected in turn by a click and a scribble on
//! what is wrong and by a lasso around what is sought. A row of the picture is a case: what is sought, the answer to the
//! click, the best of the three. The same as lines of a Markdown table on stdout.

#![expect(clippy::print_stdout, reason = "a program for people at a terminal")]

use limner_imaging::overlap::Overlap;
use limner_imaging::{Geometry, Mask, Samples, Task, Volume, VoxelBox, World};
use limner_segmentation::evaluate::robot::{self, Aim, Dice};
use limner_segmentation::evaluate::{self, Case};
use limner_segmentation::session::Session;
use limner_segmentation::{Engine, Prompt, models};
use std::path::Path;
use std::sync::Arc;

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

const USUAL_COUNT: usize = 10;

/// A picture of the gallery, in pixels, and the gap between two.
const TILE: usize = 168;
const GAP: usize = 4;

const SOUGHT: [u8; 3] = [90, 200, 90];
const FOUND: [u8; 3] = [255, 150, 40];

/// Grey values beyond these shares of a slice are cut off.
const DARKEST: f64 = 0.005;
const BRIGHTEST: f64 = 0.995;

struct Failure {
    case: Case,
    clicked: Mask,
    after_click: f64,
    /// What each kind of correction made of it.
    corrected: Vec<(&'static str, f64, Mask)>,
}

impl Failure {
    /// The name of the picture: a case is one object of it.
    fn picture(&self) -> &str {
        self.case.name.split('/').next().unwrap_or(&self.case.name)
    }

    fn best(&self) -> &(&'static str, f64, Mask) {
        let better = |a: &&(&str, f64, Mask), b: &&(&str, f64, Mask)| a.1.total_cmp(&b.1);
        self.corrected.iter().max_by(better).expect("three kinds of correction were tried")
    }
}

fn main() -> Outcome<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [cases, model, out, count @ ..] = &arguments[..] else { return Err("which cases, model and picture?".into()) };
    let count = count.first().map_or(Ok(USUAL_COUNT), |count| count.parse())?;
    let (task, engine) = (Task::default(), models::open(model)?);
    let mut clicked: Vec<Failure> = Vec::new();
    for case in evaluate::read(Path::new(cases), &task)?.cases {
        clicked.extend(after_click(case, &engine, &task)?);
    }
    clicked.sort_by(|a, b| a.after_click.total_cmp(&b.after_click));
    let mut worst: Vec<Failure> = Vec::new();
    for failure in clicked {
        // One object of each picture.
        if worst.len() < count && worst.iter().all(|kept| kept.picture() != failure.picture()) {
            worst.push(failure);
        }
    }
    println!("| case | one click | and a click | a scribble | a lasso |\n| --- | --- | --- | --- | --- |");
    for failure in &mut worst {
        failure.corrected = corrections(failure, &engine, &task)?;
        let cells: Vec<String> = failure.corrected.iter().map(|(_, dice, _)| format!("{dice:.3}")).collect();
        let (name, label) = (&failure.case.name, failure.case.label);
        println!("| {name} {label} | {:.3} | {} |", failure.after_click, cells.join(" | "));
    }
    gallery(&worst, Path::new(out))
}

fn dice_of(case: &Case, answer: &Mask) -> f64 {
    Overlap::of(&case.reference, answer).dice()
}

fn answer_of(session: &Session) -> Mask {
    session.prediction().map_or_else(|| Mask::empty(VoxelBox::default()), |answer| answer.mask.clone())
}

fn first_click(case: &Case) -> Option<Prompt> {
    let nothing = Mask::empty(VoxelBox::default());
    robot::click(&case.reference, &nothing, case.image.size(), Aim::Centre, &mut Dice(1))
}

fn after_click(case: Case, engine: &Arc<dyn Engine>, task: &Task) -> Outcome<Option<Failure>> {
    let Some(click) = first_click(&case) else { return Ok(None) };
    let mut session = Session::new(case.image.clone(), engine.clone());
    session.add(click, task)?;
    let clicked = answer_of(&session);
    Ok(Some(Failure { after_click: dice_of(&case, &clicked), clicked, case, corrected: Vec::new() }))
}

fn corrections(failure: &Failure, engine: &Arc<dyn Engine>, task: &Task) -> Outcome<Vec<(&'static str, f64, Mask)>> {
    let (case, size) = (&failure.case, failure.case.image.size());
    let (wrong, nothing) = ((&case.reference, &failure.clicked), Mask::empty(VoxelBox::default()));
    let kinds = [
        ("click", robot::click(wrong.0, wrong.1, size, Aim::Centre, &mut Dice(1))),
        ("scribble", robot::scribble(wrong.0, wrong.1, size)),
        ("lasso", robot::lasso(&case.reference, &nothing, size)),
    ];
    let mut session = Session::new(case.image.clone(), engine.clone());
    session.add_all(first_click(case).into_iter().collect(), task)?;
    let mut found = Vec::new();
    for (kind, prompt) in kinds {
        let prompts: Vec<Prompt> = prompt.into_iter().collect();
        let asked = !prompts.is_empty();
        if asked {
            session.add_all(prompts, task)?;
        }
        let answer = answer_of(&session);
        found.push((kind, dice_of(case, &answer), answer));
        if asked {
            session.undo();
        }
    }
    Ok(found)
}

fn gallery(failures: &[Failure], out: &Path) -> Outcome<()> {
    let step = TILE + GAP;
    let (width, height) = (3 * step - GAP, (failures.len() * step).saturating_sub(GAP).max(1));
    let mut pixels = vec![24_u8; width * height * 3];
    for (row, failure) in failures.iter().enumerate() {
        let slice = fullest_slice(&failure.case.reference);
        let nothing = Mask::empty(VoxelBox::default());
        for (column, answer) in [&nothing, &failure.clicked, &failure.best().2].into_iter().enumerate() {
            let tile = tile(&failure.case, slice, answer)?;
            for (j, line) in tile.chunks_exact(TILE * 3).enumerate() {
                let start = ((row * step + j) * width + column * step) * 3;
                pixels[start..start + TILE * 3].copy_from_slice(line);
            }
        }
    }
    let grid = Geometry::axis_aligned([width, height, 1], World::default(), [1.0; 3])?;
    limner_imaging::formats::write(&Volume::new(grid, Samples::U8(pixels), 3)?, out)?;
    Ok(())
}

/// The slice that holds most of what is sought.
fn fullest_slice(reference: &Mask) -> usize {
    let bounds = reference.bounds();
    (bounds.min[2]..bounds.max[2]).max_by_key(|&k| reference.on_slice(k).count()).unwrap_or(0)
}

/// A slice as colours, the outline of what is sought and of what was found drawn on it; pixels as large as fit.
fn tile(case: &Case, slice: usize, answer: &Mask) -> Outcome<Vec<u8>> {
    let picture = case.image.slice(slice)?;
    let ([columns, rows, _], channels) = (picture.size(), picture.channels());
    let values: Vec<f64> = (0..columns * rows * channels).map(|n| picture.samples().get(n)).collect();
    let mut sorted: Vec<f64> = values.iter().copied().filter(|value| value.is_finite()).collect();
    sorted.sort_by(f64::total_cmp);
    let at = |share: f64| sorted.get((sorted.len().saturating_sub(1) as f64 * share) as usize).copied().unwrap_or(0.0);
    let (dark, bright) = (at(DARKEST), at(BRIGHTEST));
    let grey = |value: f64| ((value - dark) / (bright - dark).max(1e-9) * 255.0).clamp(0.0, 255.0) as u8;
    let scale = TILE as f64 / columns.max(rows) as f64;
    let place = |x: usize, y: usize| {
        let at = [x, y].map(|n| (n as f64 / scale) as usize);
        (at[0] < columns && at[1] < rows).then_some([at[0], at[1], slice])
    };
    let mut pixels = Vec::with_capacity(TILE * TILE * 3);
    for y in 0..TILE {
        for x in 0..TILE {
            let Some([i, j, k]) = place(x, y) else {
                pixels.extend([24; 3]);
                continue;
            };
            // On the outline of a mask a neighbour, a pixel of the tile off, lies on the other side.
            let beside = [(x + 1, y), (x, y + 1)].map(|(x, y)| place(x, y));
            let crosses =
                |mask: &Mask| beside.into_iter().flatten().any(|other| mask.get(other) != mask.get([i, j, k]));
            pixels.extend(if crosses(answer) {
                FOUND
            } else if crosses(&case.reference) {
                SOUGHT
            } else {
                let first = (j * columns + i) * channels;
                std::array::from_fn(|c| grey(values[first + c.min(channels - 1)]))
            });
        }
    }
    Ok(pixels)
}
