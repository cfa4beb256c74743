//! The reference tools of the formats that are installed on this machine: each looks at a finished export before it gets
//! its name, and what it says stays in the receipt. A tool that is not there says nothing; one that finds fault does not
//! undo the export, because it may be the tool that is wrong: whoever exports reads its words.

use super::receipt::Judge;
use limner_imaging::Task;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

struct Tool {
    name: &'static str,
    formats: &'static [&'static str],
    program: &'static str,
    arguments: &'static [&'static str],
    /// What it is pointed at: the folder itself (""), or every file whose path ends so.
    looks_at: &'static str,
    version: &'static [&'static str],
    faults: fn(&Said) -> Option<String>,
}

const TOOLS: &[Tool] = &[
    Tool {
        name: "dciodvfy",
        formats: &["dicom-seg", "rtstruct", "gsps", "sr-tid1500"],
        program: "dciodvfy",
        arguments: &[],
        looks_at: ".dcm",
        version: &[],
        faults: |said| first_line(said, |line| line.starts_with("Error")),
    },
    Tool {
        name: "pycocotools",
        formats: &["coco-instances", "coco-keypoints"],
        program: "python3",
        arguments: &["-c", COCO],
        looks_at: "annotations.json",
        version: &["-c", "from importlib.metadata import version; print(version('pycocotools'))"],
        faults: Said::failure,
    },
    Tool {
        name: "nnU-Net",
        formats: &["nnunet"],
        program: "python3",
        arguments: &["-c", NNUNET],
        looks_at: "dataset.json",
        version: &["-c", "from importlib.metadata import version; print(version('nnunetv2'))"],
        faults: Said::failure,
    },
    Tool {
        name: "mlcroissant",
        formats: &["hf-imagefolder", "hf-parquet"],
        program: "mlcroissant",
        arguments: &["validate", "--jsonld"],
        looks_at: "croissant.json",
        version: &[],
        faults: Said::failure,
    },
    Tool {
        name: "bids-validator",
        formats: &["bids"],
        program: "bids-validator-deno",
        arguments: &["--ignoreWarnings"],
        looks_at: "",
        version: &["--version"],
        faults: Said::failure,
    },
];

/// Loads the file as training code does and decodes every mask.
const COCO: &str = "import sys\nfrom pycocotools.coco import COCO\nc = COCO(sys.argv[1])\n\
    [c.annToMask(a) for a in c.loadAnns(c.getAnnIds()) if a.get('segmentation')]";
/// nnU-Net's own check wants folders of its own to be named, and does not use them.
const NNUNET: &str = "import os, sys\n\
    [os.environ.setdefault(n, os.path.dirname(sys.argv[1])) for n in ('nnUNet_raw', 'nnUNet_preprocessed', 'nnUNet_results')]\n\
    from nnunetv2.experiment_planning.verify_dataset_integrity import verify_dataset_integrity\n\
    verify_dataset_integrity(os.path.dirname(sys.argv[1]), 1)";

/// What the receipt says where nothing is wrong.
pub(crate) const NO_FAULT: &str = "no fault found";
/// For a tool that does not tell its version.
pub(crate) const NO_VERSION: &str = "unknown";
/// A tool that takes longer is stopped: an export ends.
const LONGEST: Duration = Duration::from_secs(120);
/// More of what a tool says is not kept.
const LONGEST_VERDICT: usize = 300;

/// The verdicts on a folder, of the tools that are installed.
pub(super) fn verdicts(format: &str, folder: &Path, files: &[PathBuf], task: &Task) -> Vec<Judge> {
    let fitting = TOOLS.iter().filter(|tool| tool.formats.contains(&format));
    let found = fitting.filter_map(|tool| Some((tool, program(tool.program)?)));
    found.filter_map(|(tool, program)| judge(tool, &program, folder, files, task)).collect()
}

fn judge(tool: &Tool, program: &Path, folder: &Path, files: &[PathBuf], task: &Task) -> Option<Judge> {
    let mut version = NO_VERSION.to_owned();
    if !tool.version.is_empty() {
        let arguments = tool.version.iter().map(OsString::from).collect();
        let said = run(program, arguments, task)?;
        // A Python without the package is no tool.
        said.success.then_some(())?;
        version = said.text.lines().find_map(|l| l.split_whitespace().last().map(str::to_owned)).unwrap_or(version);
    }
    let ends = |file: &&PathBuf| file.to_string_lossy().ends_with(tool.looks_at);
    let targets: Vec<&Path> = match tool.looks_at {
        "" => vec![folder],
        _ => files.iter().filter(ends).map(PathBuf::as_path).collect(),
    };
    task.progress.begin(format!("asking {}", tool.name), targets.len() as u64);
    let mut verdict = NO_FAULT.to_owned();
    for target in &targets {
        let mut arguments: Vec<OsString> = tool.arguments.iter().map(OsString::from).collect();
        arguments.push(target.as_os_str().to_owned());
        let fault = match run(program, arguments, task) {
            Some(said) => (tool.faults)(&said),
            None => Some("it did not come to an end".to_owned()),
        };
        task.progress.advance(1);
        if let Some(fault) = fault {
            // The folder still has the name it is filled under; a receipt speaks of files by their place in it.
            let fault = fault.replace(&*folder.to_string_lossy(), ".");
            verdict = fault.chars().take(LONGEST_VERDICT).collect();
            break;
        }
    }
    (!targets.is_empty()).then(|| Judge { name: tool.name.into(), version, verdict })
}

/// Where a program lies on the path.
fn program(name: &str) -> Option<PathBuf> {
    let folders = std::env::var_os("PATH")?;
    std::env::split_paths(&folders).map(|folder| folder.join(name)).find(|path| path.is_file())
}

struct Said {
    success: bool,
    text: String,
}

impl Said {
    /// The last line of a program that failed: where Python names its error.
    fn failure(&self) -> Option<String> {
        let last = self.text.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("it failed without a word");
        (!self.success).then(|| last.trim().to_owned())
    }
}

fn first_line(said: &Said, wanted: impl Fn(&str) -> bool) -> Option<String> {
    said.text.lines().find(|line| wanted(line)).map(str::to_owned)
}

/// Runs a program to its end; `None` where it cannot be run, takes too long or the export is cancelled.
fn run(program: &Path, arguments: Vec<OsString>, task: &Task) -> Option<Said> {
    let mut child = Command::new(program)
        .args(arguments)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .ok()?;
    // Both are read while it runs: a full pipe would hold it up for ever.
    let said = heard(child.stdout.take()?)?;
    let complained = heard(child.stderr.take()?)?;
    let start = Instant::now();
    let status = loop {
        match child.try_wait() {
            Ok(Some(status)) => break status,
            Ok(None) if start.elapsed() < LONGEST && !task.cancel.is_cancelled() => {
                std::thread::sleep(Duration::from_millis(20));
            }
            _ => {
                let _ = child.kill();
                let _ = child.wait();
                // What it has started itself may hold the pipes for longer: nobody waits for that.
                return None;
            }
        }
    };
    let text = [said.join().ok()?, complained.join().ok()?].join("\n");
    Some(Said { success: status.success(), text })
}

/// Listens to a pipe until its end.
fn heard(mut pipe: impl std::io::Read + Send + 'static) -> Option<JoinHandle<String>> {
    let listen = move || {
        let mut bytes = Vec::new();
        let _ = pipe.read_to_end(&mut bytes);
        String::from_utf8_lossy(&bytes).into_owned()
    };
    std::thread::Builder::new().name("judge".into()).spawn(listen).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_heard_and_its_failure_told() {
        let task = Task::default();
        let shell = program("sh").unwrap();
        let say = |text: &str| run(&shell, vec!["-c".into(), text.into()], &task).unwrap();
        assert_eq!(say("echo fine").failure(), None);
        assert_eq!(say("echo first; echo ValueError: no >&2; exit 3").failure().unwrap(), "ValueError: no");
        // More than a pipe holds.
        assert!(say("head -c 300000 /dev/zero | tr '\\0' x").text.len() >= 300_000);
        let cancelled = Task::default();
        let cancel = cancelled.cancel.clone();
        let start = Instant::now();
        // The sleep is a child of the shell, and outlives it with the pipes in its hands.
        let outcome = std::thread::scope(|scope| {
            scope.spawn(|| {
                std::thread::sleep(Duration::from_millis(300));
                cancel.cancel();
            });
            run(&shell, vec!["-c".into(), "sleep 30; true".into()], &cancelled)
        });
        assert!(outcome.is_none());
        assert!(start.elapsed() < Duration::from_secs(20), "a cancelled export does not wait for it");
        assert!(program("no-such-tool-of-anybody").is_none());
    }

    #[test]
    fn every_tool_judges_formats_that_exist() {
        for tool in TOOLS {
            assert!(tool.formats.iter().all(|format| crate::exchange::by_name(format).is_some()), "{}", tool.name);
        }
    }
}
