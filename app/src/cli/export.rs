//! `limner export`: a project's annotations as a dataset that other tools read.

use super::progress::task;
use super::{exit, note, say, say_json, usage};
use anyhow::Context as _;
use limner_annotation::exchange::{
    self, Balance, Blackened, Crop, Exchange, Options, Receipt, Shard, Split, Wanted, picture_size,
};
use limner_annotation::{Contents, ImageId, Project, counted};
use limner_imaging::{Task, Window};
use serde_json::json;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

#[derive(clap::Args)]
#[command(after_help = "Example: limner export study.limner --format coco-instances --out dataset/")]
pub struct Args {
    /// The project
    #[arg(required_unless_present_any = ["list", "merge"])]
    project: Option<PathBuf>,
    /// Which format (limner export --list)
    #[arg(long, required_unless_present_any = ["list", "merge", "again"])]
    format: Option<String>,
    /// A new folder
    #[arg(long, required_unless_present_any = ["list", "dry_run"])]
    out: Option<PathBuf>,
    /// Say what would be lost, write nothing
    #[arg(long)]
    dry_run: bool,
    /// Keep titles, paths and identifiers of the sources, which may name a patient
    #[arg(long)]
    keep_identity: bool,
    /// Deal subjects out to parts by their shares: train=0.8,val=0.1,test=0.1
    #[arg(long)]
    split: Option<String>,
    /// Another number deals the subjects out otherwise
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Keep a subject in one part whatever the seed says: test=S001
    #[arg(long, value_name = "PART=SUBJECT", requires = "split")]
    pin: Vec<String>,
    /// Give every part its share of each kind of picture or of each set of labels: modality, labels
    #[arg(long, value_name = "BY", requires = "split")]
    balance: Option<String>,
    /// Only one of several equal shares of the work: 3/16 is the third of sixteen jobs
    #[arg(long)]
    shard: Option<String>,
    /// Join the folders of all shards into one
    #[arg(long, num_args = 1.., value_name = "SHARD", conflicts_with_all = ["project", "format", "shard", "dry_run"])]
    merge: Vec<PathBuf>,
    /// Only these images, by id, title or the name of their case: case_00001
    #[arg(long)]
    image: Vec<String>,
    /// Only images with this label painted or drawn on them
    #[arg(long, value_name = "LABEL")]
    with: Vec<String>,
    /// Only images on which this reader changed something last
    #[arg(long, value_name = "PSEUDONYM")]
    by: Vec<String>,
    /// Only images of this kind: CT, MR, US
    #[arg(long)]
    modality: Vec<String>,
    /// The window pictures are written in: WIDTH,LEVEL or a preset
    #[arg(long)]
    window: Option<String>,
    /// Only a part of every picture: COLUMN,ROW,COLUMN,ROW, or around=16 for what is annotated with a margin
    #[arg(long, value_name = "PART")]
    crop: Option<String>,
    /// Scale every picture to this many columns and rows: 512x512
    #[arg(long, value_name = "WxH")]
    size: Option<String>,
    /// An image that may have text burned in, looked at and found free of it; named as in --image
    #[arg(long, value_name = "IMAGE")]
    cleared: Vec<String>,
    /// Make a rectangle black on every slice of an image, columns and rows from, to: case_00001=0,0,200,40
    #[arg(long, value_name = "IMAGE=RECTANGLE")]
    blacken: Vec<String>,
    /// A choice of the format: --set layout=one-hot
    #[arg(long, value_name = "NAME=VALUE")]
    set: Vec<String>,
    /// Keep what was written as this version of the data in the project: 1.0.0
    #[arg(long, value_name = "VERSION", conflicts_with_all = ["list", "merge", "dry_run", "shard"])]
    release: Option<String>,
    /// Make a release again from what the project keeps of it, and compare every file
    #[arg(long, value_name = "VERSION", conflicts_with_all = ["format", "list", "merge", "dry_run", "shard", "split", "release", "image", "with", "by", "modality", "window", "cleared", "blacken", "set", "keep_identity"])]
    again: Option<String>,
    /// Keep what is done when interrupted, and go on from it: a hidden folder beside the new one
    #[arg(long, conflicts_with_all = ["list", "merge", "dry_run"])]
    resume: bool,
    /// List the formats
    #[arg(long)]
    list: bool,
    /// One JSON object on stdout
    #[arg(long)]
    json: bool,
}

pub fn run(args: &Args) -> anyhow::Result<ExitCode> {
    if args.list {
        return list(args.json);
    }
    if let (false, Some(out)) = (args.merge.is_empty(), &args.out) {
        return tell(&exchange::merge(&args.merge, out, &task())?, out, args.json);
    }
    let project = args.project.as_deref().context("name a project")?;
    let task = task();
    if let (Some(version), Some(out)) = (&args.again, &args.out) {
        return again(project, version, out, args, &task);
    }
    let format = args.format.as_deref().context("name a format")?;
    let options = options(args, &Project::open_read_only(project)?)?;
    let Some(out) = args.out.as_deref().filter(|_| !args.dry_run) else {
        let project = Project::open_read_only(project)?;
        let run = exchange::dry_run(find(format)?, project.document(), &options);
        say_json(&run)?;
        return Ok(exit(run.blocked.is_empty()));
    };
    let Some(version) = &args.release else {
        let receipt = export_project(project, format, out, &options, &task);
        warn(&task);
        return tell(&receipt?, out, args.json);
    };
    // Open to write from the start, so that nobody else gives out the same version meanwhile.
    let mut kept = Project::open(project)?;
    exchange::check_version(kept.document(), version)?;
    let receipt = export_project(project, format, out, &options, &task)?;
    exchange::record_release(kept.document_mut(), version, &receipt, out)?;
    kept.close()?;
    tell(&receipt, out, args.json)
}

/// A release from its record. What differs is told and fails: it is not what others hold.
fn again(project: &Path, version: &str, out: &Path, args: &Args, task: &Task) -> anyhow::Result<ExitCode> {
    let (set, options) = exchange::recipe_of(Project::open_read_only(project)?.document(), version)?;
    let options = Options { resume: args.resume, ..options };
    let receipt = export_project(project, &set.format, out, &options, task)?;
    let differences = exchange::differences(&set, &receipt);
    for difference in &differences {
        note(format!("{difference}: the project has changed since {version} was given out"));
    }
    tell(&receipt, out, args.json)?;
    Ok(exit(differences.is_empty()))
}

/// What a job has to say beside its result.
fn warn(task: &Task) {
    task.warnings.take().into_iter().for_each(|warning| note(warning.text));
}

fn tell(receipt: &Receipt, out: &Path, as_json: bool) -> anyhow::Result<ExitCode> {
    if as_json {
        say_json(receipt)?;
    } else {
        say(format!("{}, read back and checked: {}", counted(receipt.files.len(), "file"), out.display()));
        for lossy in &receipt.dry_run.lossy {
            say(lossy.to_string());
        }
        for judge in &receipt.judges {
            say(judge.to_string());
        }
    }
    Ok(exit(receipt.self_check.pass))
}

fn list(as_json: bool) -> anyhow::Result<ExitCode> {
    let formats = exchange::EXCHANGES;
    if as_json {
        let all: Vec<_> = formats
            .iter()
            .map(|f| {
                json!({
                    "name": f.name(), "kind": f.holds(), "lossy": f.lossy(), "status": f.status(),
                    "title": f.title(), "reads": f.reads(),
                })
            })
            .collect();
        say_json(&all)?;
    } else {
        for f in formats {
            let sure = if f.status() == exchange::Status::Checked { "checked" } else { "from description" };
            let ways = if f.reads() { "out and in" } else { "out" };
            say(format!("{:<22} {:<34} {ways:<10}  {sure}", f.name(), f.title()));
        }
    }
    Ok(ExitCode::SUCCESS)
}

pub(super) fn find(name: &str) -> anyhow::Result<&'static dyn Exchange> {
    match exchange::by_name(name) {
        Some(format) => Ok(format),
        None => {
            let all = exchange::EXCHANGES.iter().map(|f| f.name());
            let near: Vec<&str> = all.clone().filter(|known| known.contains(name) || name.contains(known)).collect();
            let (words, names) = match near.as_slice() {
                [] => ("choose one of", all.collect::<Vec<_>>()),
                near => ("did you mean", near.to_vec()),
            };
            Err(usage(format!("the format {name:?} is not known; {words} {} (limner export --list)", names.join(", "))))
        }
    }
}

fn options(args: &Args, project: &Project) -> anyhow::Result<Options> {
    let wrong = |error: limner_annotation::Error| usage(error.to_string());
    let window = args.window.as_deref().map(|text| {
        Window::parse(text).ok_or_else(|| usage(format!("{text:?} is no window; write WIDTH,LEVEL or a preset")))
    });
    let choice = |text: &String| {
        let (name, value) = text.split_once('=').ok_or_else(|| usage(format!("{text:?} is not NAME=VALUE")))?;
        Ok((name.to_owned(), value.to_owned()))
    };
    let contents: &Contents = project.document();
    let named =
        |words: &[String]| words.iter().map(|word| image_named(contents, word)).collect::<anyhow::Result<Vec<_>>>();
    Ok(Options {
        images: images(args, contents, named(&args.image)?)?,
        window: window.transpose()?,
        keep_identity: args.keep_identity,
        split: split(args).map_err(wrong)?,
        shard: args.shard.as_deref().map(Shard::parse).transpose().map_err(wrong)?,
        cleared: named(&args.cleared)?,
        blackened: args.blacken.iter().map(|text| blackened(contents, text)).collect::<anyhow::Result<_>>()?,
        crop: args.crop.as_deref().map(Crop::parse).transpose().map_err(wrong)?,
        resize: args.size.as_deref().map(picture_size).transpose().map_err(wrong)?,
        set: args.set.iter().map(choice).collect::<anyhow::Result<_>>()?,
        resume: args.resume,
        ..Options::default()
    })
}

fn split(args: &Args) -> limner_annotation::Result<Option<Split>> {
    let Some(text) = &args.split else { return Ok(None) };
    let mut split = Split::parse(text, args.seed)?;
    args.pin.iter().try_for_each(|pin| split.pin(pin))?;
    split.balance = args.balance.as_deref().map(Balance::parse).transpose()?.unwrap_or_default();
    Ok(Some(split))
}

/// The images asked for; none where all are. An export of nothing is a mistake and says which wish nothing fits.
fn images(args: &Args, contents: &Contents, only: Vec<ImageId>) -> anyhow::Result<Option<Vec<ImageId>>> {
    let wanted = Wanted { with: args.with.clone(), by: args.by.clone(), modality: args.modality.clone() };
    if wanted.is_empty() {
        return Ok((!only.is_empty()).then_some(only));
    }
    let mut images = wanted.images(contents)?;
    images.retain(|image| only.is_empty() || only.contains(image));
    anyhow::ensure!(!images.is_empty(), "no image of the project fits all of --with, --by, --modality and --image");
    Ok(Some(images))
}

/// An image by its id, the name its case has in exports, or its title where only one has it.
pub(super) fn image_named(contents: &Contents, word: &str) -> anyhow::Result<ImageId> {
    if let Some(image) = word.parse().ok().and_then(|id| contents.image(id)) {
        return Ok(image.id);
    }
    let number = word.strip_prefix("case_").and_then(|n| n.parse::<usize>().ok()).and_then(|n| n.checked_sub(1));
    if let Some(image) = number.and_then(|n| contents.images().nth(n)) {
        return Ok(image.id);
    }
    let mut titled = contents.images().filter(|image| image.title == word);
    match (titled.next(), titled.next()) {
        (Some(image), None) => Ok(image.id),
        (None, _) => Err(usage(format!("no image of the project is called {word:?}; limner project info lists them"))),
        (Some(_), Some(_)) => Err(usage(format!("several images are called {word:?}; name one by its id or case"))),
    }
}

fn blackened(contents: &Contents, text: &str) -> anyhow::Result<Blackened> {
    let (image, corners) = text
        .rsplit_once('=')
        .ok_or_else(|| usage(format!("{text:?} is not IMAGE=COLUMN,ROW,COLUMN,ROW; write case_00001=0,0,200,40")))?;
    Blackened::parse(image_named(contents, image)?, corners).map_err(|error| usage(error.to_string()))
}

/// Exports the project as it is on disk. The window and the command line both come here.
pub fn export_project(
    path: &Path,
    format: &str,
    out: &Path,
    options: &Options,
    task: &Task,
) -> anyhow::Result<Receipt> {
    let format = find(format)?;
    let project = Project::open_read_only(path)?;
    // Stand-ins for identifiers are the same in every export of a project, and nobody without it can go back.
    let options = Options { key: project.meta().id.to_string(), ..options.clone() };
    Ok(exchange::export(format, project.document(), &project, out, &options, task)?)
}
