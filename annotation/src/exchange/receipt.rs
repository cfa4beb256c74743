//! What an export says of itself: every file with its hash, which image each case is, what was lost, and how reading it back
//! came out.

use crate::contents::Contents;
use crate::entity::ImageId;
use crate::error::{Error, Result};
use crate::exchange::{DryRun, Options, folder};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::io::Read;
use std::path::Path;

pub(super) const FILE_NAME: &str = "limner-receipt.json";

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Receipt {
    pub schema: String,
    pub format: String,
    pub limner_version: String,
    pub options: Options,
    pub files: Vec<WrittenFile>,
    /// Receipts of older versions have none.
    #[serde(default)]
    pub cases: Vec<CaseSource>,
    pub dry_run: DryRun,
    pub self_check: SelfCheck,
    pub judges: Vec<Judge>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WrittenFile {
    /// From the folder, with forward slashes.
    pub path: String,
    pub sha256: String,
}

/// The image behind the name of a case. `limner info` prints the same hash of a picture's samples, so that a file finds its
/// picture again without a name that may be a patient's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaseSource {
    /// As in the names of the files: `case_00001`.
    pub case: String,
    pub image: ImageId,
    pub sha256_samples: String,
    /// Only where names were asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
}

/// Whether the files, read back, say the same in the patient, and how far off at most.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct SelfCheck {
    pub pass: bool,
    pub max_mm: f64,
}

/// What another program said of the folder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Judge {
    pub name: String,
    pub version: String,
    pub verdict: String,
}

impl Judge {
    /// Whether it found nothing to complain of.
    #[must_use]
    pub fn is_content(&self) -> bool {
        self.verdict == super::tools::NO_FAULT
    }
}

impl std::fmt::Display for Judge {
    /// "dciodvfy: no fault found"; a version that the tool does not tell is not made up.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.version.as_str() {
            super::tools::NO_VERSION => write!(f, "{}: {}", self.name, self.verdict),
            version => write!(f, "{} {version}: {}", self.name, self.verdict),
        }
    }
}

impl Receipt {
    pub(super) fn of_folder(
        format: &str,
        folder: &Path,
        self_check: SelfCheck,
        options: &Options,
        dry_run: DryRun,
    ) -> Result<Self> {
        let mut files = Vec::new();
        for file in folder::files_under(folder)? {
            files.push(WrittenFile { path: inside(folder, &file), sha256: sha256_of_file(&file)? });
        }
        Ok(Self {
            schema: "limner.receipt/1".into(),
            format: format.into(),
            limner_version: env!("CARGO_PKG_VERSION").into(),
            options: options.clone(),
            files,
            cases: Vec::new(),
            dry_run,
            self_check,
            judges: Vec::new(),
        })
    }

    /// Whether a folder is an export of ours. What is put into it later is not in its receipt.
    #[must_use]
    pub fn lies_in(folder: &Path) -> bool {
        folder.join(FILE_NAME).is_file()
    }

    /// Says which images the cases are.
    pub(super) fn naming(self, contents: &Contents, options: &Options) -> Self {
        let named = |text: &String| options.keep_identity.then(|| text.clone());
        let sources = options.cases(contents).into_iter().map(|case| CaseSource {
            image: case.image.id,
            sha256_samples: case.image.sha256.clone(),
            title: named(&case.image.title),
            source: named(&case.image.path),
            case: case.name,
        });
        Self { cases: sources.collect(), ..self }
    }

    /// The cases that names of files speak of; all where names of files say nothing of cases.
    #[must_use]
    pub fn written_cases(&self) -> Vec<&CaseSource> {
        let named: BTreeSet<&str> = self.files.iter().filter_map(|file| case_in(&file.path)).collect();
        let is_written = |one: &&CaseSource| named.is_empty() || named.contains(one.case.as_str());
        self.cases.iter().filter(is_written).collect()
    }

    /// Reads the receipt of a folder and compares every hash; the problems found.
    pub fn check(folder: &Path) -> Result<(Self, Vec<String>)> {
        let path = folder.join(FILE_NAME);
        let text = std::fs::read(&path).map_err(Error::io(&path, "could not read the receipt"))?;
        let receipt: Self = serde_json::from_slice(&text).map_err(Error::json("the receipt cannot be read"))?;
        let mut problems = Vec::new();
        for file in &receipt.files {
            // A receipt may come from anywhere; it names files of its own folder only.
            let plain = Path::new(&file.path).components().all(|c| matches!(c, std::path::Component::Normal(_)));
            match plain.then(|| sha256_of_file(&folder.join(&file.path))) {
                Some(Ok(hash)) if hash == file.sha256 => {}
                Some(Ok(_)) => problems.push(format!("{} has changed", file.path)),
                Some(Err(_)) => problems.push(format!("{} cannot be read", file.path)),
                None => problems.push(format!("{} is outside of the folder", file.path)),
            }
        }
        let listed: BTreeSet<&str> = receipt.files.iter().map(|file| file.path.as_str()).collect();
        for file in folder::files_under(folder)? {
            let inside = inside(folder, &file);
            if inside != FILE_NAME && !listed.contains(inside.as_str()) {
                problems.push(format!("{inside} is not in the receipt"));
            }
        }
        Ok((receipt, problems))
    }
}

/// `case_00001` of `labels/case_00001_layer_2.nii.gz`.
fn case_in(path: &str) -> Option<&str> {
    const HEAD: &str = "case_";
    let start = path.find(HEAD)?;
    let digits = path[start + HEAD.len()..].bytes().take_while(u8::is_ascii_digit).count();
    (digits > 0).then(|| &path[start..start + HEAD.len() + digits])
}

/// A file's path from its folder, with forward slashes.
fn inside(folder: &Path, file: &Path) -> String {
    let inside = file.strip_prefix(folder).unwrap_or(file);
    let parts: Vec<_> = inside.components().map(|c| c.as_os_str().to_string_lossy()).collect();
    parts.join("/")
}

pub(super) fn sha256_of_file(path: &Path) -> Result<String> {
    let reading = || Error::io(path, "could not read the file");
    let mut file = std::fs::File::open(path).map_err(reading())?;
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 1 << 16];
    loop {
        let count = file.read(&mut buffer).map_err(reading())?;
        if count == 0 {
            return Ok(hasher.finalize().iter().map(|b| format!("{b:02x}")).collect());
        }
        hasher.update(&buffer[..count]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_files_say_which_cases_were_written() {
        assert_eq!(case_in("labels/train/case_00012_layer_2.nii.gz"), Some("case_00012"));
        assert_eq!(case_in("images/case_00003_slice_00004.png"), Some("case_00003"));
        for other in ["annotations.json", "case_study.json", "sub-00001/anat/sub-00001_dseg.nii.gz"] {
            assert_eq!(case_in(other), None, "{other}");
        }
    }

    #[test]
    fn a_judge_without_a_version_does_not_name_one() {
        let said = |version: &str| {
            let judge = Judge { name: "checker".into(), version: version.into(), verdict: "no fault found".into() };
            judge.to_string()
        };
        assert_eq!(said("unknown"), "checker: no fault found");
        assert_eq!(said("2.1"), "checker 2.1: no fault found");
    }
}
