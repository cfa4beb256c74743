//! Label maps of several raters from folders, brought together case by case into a folder of their own. Nothing that a
//! rater made is written to.

use super::folder::{self, Maps};
use super::study::Unmatched;
use crate::consensus::{Votes, staple, staple_many};
use crate::error::{Error, Result};
use crate::metrics::{LabelPair, Labels, mean};
use limner_imaging::{Task, Volume, formats};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// How versions are brought together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    Majority,
    /// Each label against all else; where several labels are probable the most probable wins.
    Staple,
    /// All labels at once.
    StapleMulti,
    /// The share of raters, a picture for each label.
    SoftMean,
}

impl Method {
    pub const ALL: [(&'static str, Self); 4] = [
        ("majority", Self::Majority),
        ("staple", Self::Staple),
        ("staple-multi", Self::StapleMulti),
        ("soft-mean", Self::SoftMean),
    ];

    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(known, _)| *known == name).map(|(_, method)| *method)
    }
}

/// A rater's quality for a label, by STAPLE.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Quality {
    pub rater: String,
    pub label: u32,
    pub sensitivity: Option<f64>,
    pub specificity: Option<f64>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CaseConsensus {
    pub case: String,
    pub raters: Vec<String>,
    pub outputs: Vec<PathBuf>,
    /// The share of labelled voxels on which not all agree: what adjudication is ordered by.
    pub disagreement: f64,
    /// Mean Dice of all pairs of raters, by label.
    pub pairwise_dice: BTreeMap<u32, f64>,
    /// Voxels on which no label won; they are background.
    pub undecided_voxels: usize,
    pub quality: Vec<Quality>,
}

#[derive(Clone, Debug, Default)]
pub struct Consensus {
    /// Most disagreed first.
    pub cases: Vec<CaseConsensus>,
    pub unmatched: Vec<Unmatched>,
    pub failed: Vec<Unmatched>,
}

/// Brings all cases together that at least two raters have. `out` is a new or empty folder outside the raters' own.
pub fn consense(raters: &[(String, PathBuf)], method: Method, out: &Path, task: &Task) -> Result<Consensus> {
    refuse_inputs(raters, out)?;
    let maps: Vec<(&String, Maps)> =
        raters.iter().map(|(name, path)| Ok((name, folder::maps_in(path, task)?))).collect::<Result<_>>()?;
    let cases: BTreeSet<&String> = maps.iter().flat_map(|(_, maps)| maps.files.keys()).collect();
    std::fs::create_dir_all(out).map_err(Error::io(out, "could not make the folder"))?;
    task.progress.begin("bringing versions together", cases.len() as u64);
    let mut consensus = Consensus::default();
    for case in cases {
        task.cancel.check()?;
        let versions: Vec<(&str, &PathBuf)> =
            maps.iter().filter_map(|(name, maps)| maps.files.get(case).map(|file| (name.as_str(), file))).collect();
        if let [(rater, file)] = versions.as_slice() {
            let why = "only one rater has this case".into();
            consensus.unmatched.push(Unmatched { model: Some((*rater).to_owned()), path: (*file).clone(), why });
        } else {
            match one(case, &versions, method, out, task) {
                Ok(done) => consensus.cases.push(done),
                Err(error) => {
                    let (path, why) = (PathBuf::from(case), error.to_string());
                    consensus.failed.push(Unmatched { model: None, path, why });
                }
            }
        }
        task.progress.advance(1);
    }
    consensus.cases.sort_by(|a, b| b.disagreement.total_cmp(&a.disagreement).then_with(|| a.case.cmp(&b.case)));
    Ok(consensus)
}

/// A consensus stands beside its inputs: never in their folders, never over a file.
fn refuse_inputs(raters: &[(String, PathBuf)], out: &Path) -> Result<()> {
    let whole = |path: &Path| std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
    let real = |path: &Path| std::fs::canonicalize(path).unwrap_or_else(|_| whole(path));
    if let Some((name, _)) = raters.iter().find(|(_, path)| real(out).starts_with(real(path))) {
        return Err(Error::export(out, format!("this is the folder of {name}; a consensus goes into one of its own")));
    }
    if std::fs::read_dir(out).is_ok_and(|mut entries| entries.next().is_some()) {
        return Err(Error::export(out, "the folder is not empty; a consensus goes into a new one"));
    }
    Ok(())
}

fn one(case: &str, versions: &[(&str, &PathBuf)], method: Method, out: &Path, task: &Task) -> Result<CaseConsensus> {
    let maps: Vec<Labels> = versions.iter().map(|(_, file)| folder::read(file, None, task)).collect::<Result<_>>()?;
    let votes = Votes::of(&maps)?;
    let mut done = CaseConsensus {
        case: case.to_owned(),
        raters: versions.iter().map(|(name, _)| (*name).to_owned()).collect(),
        outputs: Vec::new(),
        disagreement: votes.disagreement(),
        pairwise_dice: pairwise(&maps)?,
        undecided_voxels: 0,
        quality: Vec::new(),
    };
    drop(maps);
    let file = case.replace('/', "_");
    for (ending, picture) in pictures(&votes, method, &mut done)? {
        let path = out.join(format!("{file}{ending}.nii.gz"));
        formats::write(&picture, &path)?;
        done.outputs.push(path);
    }
    Ok(done)
}

/// One label for each pattern, and how good each rater was.
pub(super) struct Agreed {
    pub labels: Vec<u32>,
    pub undecided_voxels: usize,
    pub quality: Vec<Quality>,
}

/// What most say, or what is most probable. A mean is no label map.
pub(super) fn agreed(votes: &Votes, method: Method, raters: &[String]) -> Result<Agreed> {
    let mut quality = Vec::new();
    let (labels, undecided_voxels) = match method {
        Method::Majority => {
            let majority = votes.majority();
            (majority.labels, majority.tied_voxels)
        }
        Method::Staple => {
            let mut best: Vec<(u32, f64)> = vec![(0, 0.5); votes.patterns().len()];
            for label in votes.labels() {
                let found = staple(votes, label);
                for (rater, name) in raters.iter().enumerate() {
                    let (sensitivity, specificity) = (found.sensitivity[rater], found.specificity[rater]);
                    quality.push(Quality { rater: name.clone(), label, sensitivity, specificity });
                }
                for (best, p) in best.iter_mut().zip(&found.probability) {
                    if *p > best.1 {
                        *best = (label, *p);
                    }
                }
            }
            (best.into_iter().map(|(label, _)| label).collect(), 0)
        }
        Method::StapleMulti => {
            let many = staple_many(votes);
            for (name, of) in raters.iter().zip(&many.quality) {
                quality.extend(of.iter().map(|(label, (sensitivity, specificity))| Quality {
                    rater: name.clone(),
                    label: *label,
                    sensitivity: Some(*sensitivity),
                    specificity: Some(*specificity),
                }));
            }
            (many.labels, many.undecided_voxels)
        }
        Method::SoftMean => return Err(Error::refused("a mean of versions is no label map")),
    };
    Ok(Agreed { labels, undecided_voxels, quality })
}

fn pictures(votes: &Votes, method: Method, done: &mut CaseConsensus) -> Result<Vec<(String, Volume)>> {
    if method == Method::SoftMean {
        let one = |label: u32| Ok((format!("_label_{label}"), votes.picture(&votes.soft_mean(label))?));
        return votes.labels().into_iter().map(one).collect();
    }
    let agreed = agreed(votes, method, &done.raters)?;
    done.undecided_voxels = agreed.undecided_voxels;
    done.quality = agreed.quality;
    Ok(vec![(String::new(), votes.label_map(&agreed.labels)?)])
}

fn pairwise(maps: &[Labels]) -> Result<BTreeMap<u32, f64>> {
    let mut all: BTreeMap<u32, Vec<f64>> = BTreeMap::new();
    for (n, one) in maps.iter().enumerate() {
        for other in &maps[n + 1..] {
            for (label, reach) in LabelPair::new(one, other)?.labels() {
                all.entry(*label).or_default().push(reach.overlap.dice());
            }
        }
    }
    Ok(all.into_iter().filter_map(|(label, all)| mean(&all).map(|mean| (label, mean))).collect())
}
