//! One box around an object on the slice where it is largest, in volumes: `flat_boxes CASES MODEL even|odd|all`.
//!
//! What a reader does first: how much of the object is found from it, what lies outside the box on its own slice, and
//! how often the answer runs away to more than twice the object. Halves of the cases as in `expert_pairs`.

#![expect(clippy::print_stdout, reason = "a program for people at a terminal")]

use limner_imaging::{Mask, StackAxis, Task, VoxelBox};
use limner_segmentation::evaluate::{self, Case};
use limner_segmentation::{Engine, Prompt, Request, models};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::path::Path;

/// Voxels that a hand leaves free around an object.
const LOOSE: usize = 2;
/// Smaller objects say more about the box than about the engine.
const LEAST_VOXELS: usize = 200;

#[derive(Default)]
struct Sum {
    objects: usize,
    dice: f64,
    on_slice: f64,
    outside: f64,
    ran_away: usize,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [cases, model, half] = &arguments[..] else { return Err("which cases, model and half?".into()) };
    let task = Task::default();
    let engine = models::open(model)?;
    let is_in = |name: &str| match half.as_str() {
        "even" => Sha256::digest(name)[31] % 2 == 0,
        "odd" => Sha256::digest(name)[31] % 2 == 1,
        _ => true,
    };
    let mut sums: BTreeMap<String, Sum> = BTreeMap::new();
    for case in evaluate::read(Path::new(cases), &task)?.cases {
        let name = case.name.split('/').next().unwrap_or(&case.name).to_owned();
        let in_space = case.image.size()[2] > 2 && case.image.stack_axis == StackAxis::Space;
        if in_space && is_in(&name) && case.reference.count() >= LEAST_VOXELS {
            add(sums.entry(name).or_default(), &case, &*engine, &task)?;
        }
    }
    println!("{:32} objects   dice  slice  outside  over 2 x", "case");
    let mut all = Sum::default();
    for (name, sum) in &sums {
        println!("{name:32} {}", line(sum));
        all.objects += sum.objects;
        all.dice += sum.dice;
        all.on_slice += sum.on_slice;
        all.outside += sum.outside;
        all.ran_away += sum.ran_away;
    }
    println!("{:32} {}", "all objects", line(&all));
    Ok(())
}

fn add(sum: &mut Sum, case: &Case, engine: &dyn Engine, task: &Task) -> Result<(), Box<dyn std::error::Error>> {
    let reference = &case.reference;
    let tight = reference.tight_box();
    let slices = tight.min[2]..tight.max[2];
    let on = |mask: &Mask, k: usize| mask.within(mask.bounds().slice(2, k));
    let Some(k) = slices.max_by_key(|&k| on(reference, k).count()) else { return Ok(()) };
    let here = on(reference, k);
    let mut bounds = here.tight_box().grown([LOOSE, LOOSE, 0], case.image.size());
    (bounds.min[2], bounds.max[2]) = (k, k + 1);
    let prompts = [Prompt { shape: limner_segmentation::Shape::Box { bounds }, positive: true }];
    let answer = engine.predict(&Request::new(&case.image, &prompts), task)?.mask;
    let seen = on(&answer, k);
    sum.objects += 1;
    sum.dice += dice(&answer, reference);
    sum.on_slice += dice(&seen, &here);
    sum.outside += seen.indices().filter(|at| !bounds.contains(*at)).count() as f64 / seen.count().max(1) as f64;
    sum.ran_away += usize::from(answer.count() > 2 * reference.count());
    Ok(())
}

fn dice(one: &Mask, other: &Mask) -> f64 {
    let shared: VoxelBox = one.bounds().intersection(&other.bounds());
    let both = one.within(shared).indices().filter(|at| other.get(*at)).count();
    2.0 * both as f64 / (one.count() + other.count()).max(1) as f64
}

fn line(sum: &Sum) -> String {
    let n = sum.objects.max(1) as f64;
    let (dice, slice, outside) = (sum.dice / n, sum.on_slice / n, sum.outside / n);
    format!("{:7} {dice:6.3} {slice:6.3} {outside:8.3} {:9}", sum.objects, sum.ran_away)
}
