//! The sample study: made by our own code from a fixed seed, so that anyone can open something on the first start.

pub mod body;
pub mod chest;
pub mod ct;
pub mod dicom;
pub mod field;
pub mod film;
pub mod fundus;
pub mod heart;
pub mod jpegls;
pub mod labels;
pub mod loft;
pub mod maths;
pub mod mr;
pub mod noise;
pub mod packed;
pub mod random;
pub mod readme;
pub mod thorax;
pub mod tomography;
pub mod tree;
pub mod tube;
pub mod ultrasound;

use anyhow::Result;
use sha2::{Digest, Sha256};

/// One file of the study, path relative to its folder.
#[derive(Clone, Debug)]
pub struct Artefact {
    pub path: String,
    pub bytes: Vec<u8>,
}

/// Everything, in a fixed order.
pub fn artefacts() -> Result<Vec<Artefact>> {
    let body = body::Body::new();
    let mut all = Vec::new();
    all.extend(ct::visit(&body, &ct::BASELINE)?);
    all.extend(ct::visit(&body, &ct::FOLLOW_UP)?);
    all.extend(mr::files(&body)?);
    all.extend(ultrasound::files()?);
    all.extend(chest::files()?);
    all.extend(fundus::files());
    all.push(labels::file()?);
    all.push(readme::file());
    all.push(sums(&all));
    Ok(all)
}

/// What `sha256sum -c` reads.
fn sums(artefacts: &[Artefact]) -> Artefact {
    let lines = artefacts.iter().map(|a| format!("{:x}  {}\n", Sha256::digest(&a.bytes), a.path));
    Artefact { path: "SHA256SUMS".into(), bytes: lines.collect::<String>().into_bytes() }
}
