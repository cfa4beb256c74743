//! How long an audit of many questions takes, and the same features beside scikit-learn's forest.
//!
//!     cargo run -p limner-annotation --example audit_benchmark -- FOLDER [QUESTIONS] [PYTHON]
//!
//! Writes one fold's table into FOLDER and, where a Python with scikit-learn is named, runs tests/judges/audit_forest.py on it.

use limner_annotation::audit::features::Features;
use limner_annotation::audit::forest::{Forest, Settings, Target};
use limner_annotation::audit::item::{Group, Item, Truth};
use limner_annotation::audit::{Plan, Random, run_items};
use limner_imaging::Task;
use std::path::Path;
use std::time::Instant;

const WORDS: [&str; 12] = [
    "pneumonia",
    "effusion",
    "atelectasis",
    "fibrosis",
    "nodule",
    "oedema",
    "fracture",
    "cardiomegaly",
    "emphysema",
    "consolidation",
    "hernia",
    "mass",
];

/// Four options; in one of five the right one is told by its length, in another by the stem.
fn questions(count: usize) -> Vec<Item> {
    let mut random = Random::new(1);
    let mut make = |n: usize| {
        let mut options: Vec<String> = WORDS.iter().map(|word| (*word).to_owned()).collect();
        random.shuffle(&mut options);
        options.truncate(4);
        let place = random.below(4);
        let mut stem = format!("What is seen in zone {} of picture {}?", random.below(6), random.below(400));
        match random.below(5) {
            0 => options[place].push_str(" with a pleural reaction"),
            1 => stem = format!("Where the {} is seen, what is it?", options[place]),
            _ => {}
        }
        Item {
            id: n.to_string(),
            group: Group::Choice,
            stem,
            options,
            truth: Truth::Option(place),
            categories: vec![
                ("content", WORDS[random.below(3)].to_owned()),
                ("anatomy", WORDS[random.below(12)].to_owned()),
            ],
            pictures: vec![format!("images/{n:06}.png")],
            subject: Some((n / 4).to_string()),
            split: None,
        }
    };
    (0..count).map(&mut make).collect()
}

fn floats(path: &Path, values: impl Iterator<Item = f32>) -> std::io::Result<()> {
    std::fs::write(path, values.flat_map(f32::to_le_bytes).collect::<Vec<u8>>())
}

#[expect(clippy::print_stdout, reason = "a benchmark says its figures")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().ok_or("name a folder for the table")?;
    let folder = Path::new(&folder);
    let count: usize = arguments.next().map_or(Ok(100_000), |text| text.parse())?;
    let items = questions(count);

    let start = Instant::now();
    let report = run_items(&items, Plan::default(), None, &Task::default())?;
    let score = report.groups.first().map_or(0.0, |group| group.score);
    println!("audit of {count} questions: {:.1} s, accuracy {score:.4}", start.elapsed().as_secs_f64());

    let all: Vec<&Item> = items.iter().collect();
    let features = Features::of(&all);
    let (held, training): (Vec<usize>, Vec<usize>) = (0..count).partition(|n| n % 5 == 0);
    let table = features.table(&training);
    let of_row: Vec<u32> = all.iter().map(|item| item.right_option().unwrap_or(0) as u32).collect();
    std::fs::create_dir_all(folder)?;
    for (name, rows) in [("train", &training), ("held", &held)] {
        let part = table.rows(rows);
        floats(&folder.join(format!("{name}.f32")), part.columns.iter().flatten().copied())?;
        floats(&folder.join(format!("{name}_y.f32")), rows.iter().map(|row| of_row[*row] as f32))?;
    }
    std::fs::write(folder.join("shape.txt"), format!("{} {} {}", table.columns.len(), training.len(), held.len()))?;

    let start = Instant::now();
    let target = Target::Classes { of_row: of_row.clone(), classes: 4 };
    let forest = Forest::grow(&table.rows(&training), &target.rows(&training), Settings::new(100, 1));
    let grown = start.elapsed().as_secs_f64();
    let predicted = forest.predict(&table.rows(&held));
    let best = |row: &Vec<f32>| (0..4).max_by(|a, b| row[*a].total_cmp(&row[*b])).unwrap_or(0);
    let right = held.iter().zip(&predicted).filter(|(row, found)| best(found) == of_row[**row] as usize).count();
    println!("one fold: grown in {grown:.2} s, accuracy {:.4}", right as f64 / held.len() as f64);

    if let Some(python) = arguments.next() {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/judges/audit_forest.py");
        let status = std::process::Command::new(python).arg(script).arg(folder).status()?;
        println!("scikit-learn ended with {status}");
    }
    Ok(())
}
