//! The page that lies beside the files.

use super::random::SEED;
use super::{Artefact, ct};

pub fn file() -> Artefact {
    let volume = ct::GROWTH * ct::GROWTH * ct::GROWTH;
    let text = format!(
        "# Sample study

Synthetic pictures, made by our own code from the seed {SEED}. There is no patient: anatomy, noise and names are
computed. Nothing here comes from a real examination. Dedicated to the public domain (CC0 1.0).

Made with `cargo run -p xtask -- sample`; `--check` says whether the files are still what the code makes.
`sha256sum -c SHA256SUMS` checks them without the code.

| path | what it is |
| --- | --- |
| `ct_baseline/`, `ct_followup/` | CT of the upper abdomen, portal-venous phase, two visits twelve weeks apart; DICOM, JPEG-LS lossless |
| `mr/mr.nii.gz` | T2-weighted MR of the same body, coronal and tilted; NIfTI |
| `us/cine.dcm` | echocardiogram, apical four-chamber view, one beat in 28 frames; DICOM, JPEG |
| `xray/chest.dcm` | chest film, PA; DICOM, JPEG-LS lossless |
| `fundus/fundus.png` | retina of a right eye with a few exudates and small haemorrhages |
| `masks/` | true labels on the grid of each picture |
| `labels.json` | the names, codes and colours of the labels |

## What to try

- Open `ct_baseline`, press the abdomen window, scroll to the liver: a dark lesion in the right lobe.
- Open `ct_followup` beside it. The lesion has grown by {growth} in every direction ({volume:.2} in volume); the
  cyst at the left kidney has not. Patient position and breath differ, as they do.
- Measure both lesions and compare with the masks (labels 19 and 20).
- Open `mr/mr.nii.gz` together with the CT: other grid, other contrast, same organs.
- Play `us/cine.dcm` and follow the left ventricle: it empties by half. The mask has a label in every frame.
- Segment the spleen or a kidney with a few clicks and compare with the mask.
",
        growth = ct::GROWTH,
    );
    Artefact { path: "README.md".into(), bytes: text.into_bytes() }
}
