//! `limner demo`: the whole job on the sample study without a window. Open, prompt, mask, question, export, pictures.

use super::progress::task;
use super::project::add_one;
use super::{export_project, say};
use crate::picture::{self, Labels, Look};
use crate::sample;
use anyhow::Context as _;
use limner_annotation::exchange::Options;
use limner_annotation::question::Status;
use limner_annotation::question::generate::Plan;
use limner_annotation::step::StepInfo;
use limner_annotation::{Command, ImageId, Label, PackedMask, PaintMode, PaintRule, Project};
use limner_imaging::overlap::Overlap;
use limner_imaging::{Mask, Plane, Task, View, Volume, Voxel, VoxelBox, formats};
use limner_render::LabelStyle;
use limner_segmentation::{Prompt, Request, Shape, models};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

#[derive(clap::Args)]
#[command(after_help = "Example: limner demo out/")]
pub struct Args {
    /// A new folder for what the demo makes
    out: PathBuf,
}

/// The organs a scribble is drawn through, by their names in the sample's labels.json.
const ORGANS: [&str; 3] = ["liver", "spleen", "left kidney"];

pub fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let task = task();
    let out = &args.out;
    std::fs::create_dir_all(out).with_context(|| format!("could not make {}", out.display()))?;
    let study = out.join("sample");
    sample::unpack(&study)?;
    say(format!("sample study      {}", study.display()));

    let path = out.join("demo.limner");
    let mut project =
        Project::create(&path, "Demo", "demo").context("the demo wants a folder without an earlier demo")?;
    let image = add_one(&mut project, &study.join("ct_baseline"), &task)?;
    let entry = project.document().image(image).context("the picture was not added")?.clone();
    let volume = project.open_image(&entry, &task)?;
    let truth = Truth::read(&study, &volume, &task)?;
    for organ in ORGANS {
        let dice = segment_organ(&mut project, image, &volume, &truth, organ, &task)?;
        say(format!("{organ:<17} one scribble, Dice {dice:.3} against the true mask"));
    }
    ask(&mut project, &task)?;
    draw(&project, image, &volume, out)?;
    project.close()?;
    say(format!("project           {}", path.display()));
    for format in ["nifti", "coco-instances", "vqa:ms-swift"] {
        let folder = out.join(format.replace(':', "-"));
        let receipt = export_project(&path, format, &folder, &Options::default(), &task)?;
        say(format!("{format:<17} {} files, read back and checked: {}", receipt.files.len(), folder.display()));
    }
    tidy(&path)?;
    Ok(ExitCode::SUCCESS)
}

/// Questions from the masks: what they say is computed, and stands in for a reviewer's eye here.
fn ask(project: &mut Project, task: &Task) -> anyhow::Result<()> {
    let only = ["location", "volume", "larger", "closer"].map(str::to_owned).to_vec();
    let plan = Plan { seed: 1, only, most_of_each: 2, ..Plan::default() };
    let mut book = super::vqa::generate(project, &plan, task)?;
    for question in book.questions.values_mut() {
        question.status = Status::Accepted;
    }
    super::vqa::store(project, &book)?;
    for question in book.questions.values() {
        say(format!("question          {} {}", question.stem, question.answer_in_words()));
    }
    Ok(())
}

/// Nothing lies beside the project that another machine has no use for: readers could not take their log with them, and
/// nobody works here any more.
fn tidy(path: &Path) -> anyhow::Result<()> {
    let project = Project::open(path)?;
    project.compact()?;
    project.close()?;
    let beside = |ending: &str| {
        let mut name = path.as_os_str().to_owned();
        name.push(ending);
        PathBuf::from(name)
    };
    // Compacted, the log is empty; one that is not would hold steps.
    let log = beside("-wal");
    anyhow::ensure!(std::fs::metadata(&log).map_or(0, |log| log.len()) == 0, "steps are left in {}", log.display());
    for file in [log, beside("-shm"), beside(".lock")].into_iter().filter(|file| file.exists()) {
        std::fs::remove_file(&file).with_context(|| format!("could not remove {}", file.display()))?;
    }
    Ok(())
}

/// The true masks that come with the sample.
struct Truth {
    map: Volume,
    names: Value,
}

impl Truth {
    fn read(study: &Path, image: &Volume, task: &Task) -> anyhow::Result<Self> {
        let map = formats::open_single(&study.join("masks/ct_baseline.nii.gz"), task)?;
        anyhow::ensure!(
            map.geometry.matches(&image.geometry, 1e-2),
            "the sample's mask lies on another grid than its CT"
        );
        let names = serde_json::from_slice(&std::fs::read(study.join("labels.json"))?)?;
        Ok(Self { map, names })
    }

    fn mask(&self, organ: &str) -> anyhow::Result<Mask> {
        let value = label_value(&self.names, organ).with_context(|| format!("the sample has no {organ}"))?;
        let wanted = f64::from(value);
        Ok(Mask::from_fn(VoxelBox::whole(self.map.size()), |index| self.map.value(index) == wanted))
    }
}

/// Finds `{"value": n, "name": organ}` wherever it stands in the file.
fn label_value(names: &Value, organ: &str) -> Option<u16> {
    match names {
        Value::Array(all) => all.iter().find_map(|v| label_value(v, organ)),
        Value::Object(fields) => {
            let named = fields.get("name").and_then(Value::as_str).is_some_and(|n| n.eq_ignore_ascii_case(organ));
            let value = fields.get("value").and_then(Value::as_u64).and_then(|v| u16::try_from(v).ok());
            if named && value.is_some() { value } else { fields.values().find_map(|v| label_value(v, organ)) }
        }
        _ => None,
    }
}

fn segment_organ(
    project: &mut Project,
    image: ImageId,
    volume: &Volume,
    truth: &Truth,
    organ: &str,
    task: &Task,
) -> anyhow::Result<f64> {
    let wanted = truth.mask(organ)?;
    let prompts = [scribble_through(&wanted).with_context(|| format!("the sample's {organ} is empty"))?];
    let engine = models::open("classical")?;
    let request = Request::new(volume, &prompts);
    let mask = engine.predict(&request, task)?.mask;
    let document = project.document_mut();
    let value = document.free_label_value().context("no label value is free")?;
    let label = Label::new(value, organ);
    let paint = Command::Paint {
        image,
        layer: 0,
        label: value,
        mask: PackedMask::pack(&mask),
        mode: PaintMode::Set,
        rule: PaintRule::UnlabelledOnly,
    };
    let step = StepInfo::named(format!("Segment {organ}")).with_tool("scribble").with_model(engine.name());
    let step = step.with_prompts(serde_json::to_value(&prompts)?);
    document.apply_step(step, vec![Command::AddLabel { label }, paint])?;
    let painted = document.label_map(image).context("nothing was painted")?.mask_of(value);
    Ok(Overlap::of(&wanted, &painted).dice())
}

/// The line a hand would draw: along the widest row of the slice where the organ is largest, its ends kept inside.
fn scribble_through(mask: &Mask) -> Option<Prompt> {
    let tight = mask.tight_box();
    let area =
        |k: usize| (tight.min[1]..tight.max[1]).map(|j| mask.row(j, k).iter().filter(|&&v| v).count()).sum::<usize>();
    let k = (tight.min[2]..tight.max[2]).max_by_key(|&k| area(k))?;
    let longest = |j: usize| longest_run(mask.row(j, k));
    let j = (tight.min[1]..tight.max[1]).max_by_key(|&j| longest(j).1)?;
    let (start, length) = longest(j);
    let margin = length / 5;
    let i0 = mask.bounds().min[0] + start;
    let points = [i0 + margin, i0 + length - 1 - margin].map(|i| Voxel::centre([i, j, k])).to_vec();
    Some(Prompt { shape: Shape::Scribble { axis: 2, points }, positive: true })
}

fn longest_run(row: &[bool]) -> (usize, usize) {
    let (mut best, mut start) = ((0, 0), 0);
    for (i, &inside) in row.iter().enumerate() {
        if !inside {
            start = i + 1;
        } else if i + 1 - start > best.1 {
            best = (start, i + 1 - start);
        }
    }
    best
}

/// The three planes with what was segmented, through the middle.
fn draw(project: &Project, image: ImageId, volume: &Volume, out: &Path) -> anyhow::Result<()> {
    let document = project.document();
    let map = document.label_map(image).context("nothing was painted")?;
    let labels = Labels {
        geometry: volume.geometry,
        values: map.copy_box(0, VoxelBox::whole(volume.size())),
        styles: document.labels().iter().map(|l| (l.value, LabelStyle::new(l.colour()))).collect(),
    };
    let tight = map.mask_of(document.labels().first().context("no label")?.value).tight_box();
    let middle = Voxel::centre(std::array::from_fn(|a| usize::midpoint(tight.min[a], tight.max[a])));
    for view in View::ALL {
        let plane = Plane::of_view(&volume.geometry, view, volume.geometry.world(middle));
        let look = Look { window: volume.default_window(), ..Look::default() };
        let path = out.join(format!("{}.png", view.name().to_lowercase()));
        picture::draw(volume, &plane, &look, Some(&labels))?.save(&path)?;
        say(format!("picture           {}", path.display()));
    }
    Ok(())
}
