//! Checkpoints written by PyTorch: the numbers come out as they went in, and what is no data is refused with a reason.
//!
//! The fixtures come from tests/data/checkpoints.py.

use limner_segmentation::evaluate::robot::Dice;
use limner_segmentation::network::Weights;
use safetensors::SafeTensors;
use std::path::Path;

struct Fixtures {
    bytes: Vec<u8>,
    folder: tempfile::TempDir,
}

impl Fixtures {
    fn read() -> Self {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/checkpoints.safetensors");
        Self { bytes: std::fs::read(path).unwrap(), folder: tempfile::tempdir().unwrap() }
    }

    fn all(&self) -> SafeTensors<'_> {
        SafeTensors::deserialize(&self.bytes).unwrap()
    }

    fn opened(&self, bytes: &[u8]) -> limner_segmentation::Result<Weights> {
        let path = self.folder.path().join("checkpoint_final.pth");
        std::fs::write(&path, bytes).unwrap();
        Weights::read(&path)
    }
}

#[test]
fn every_number_of_a_checkpoint_is_read() {
    let fixtures = Fixtures::read();
    let all = fixtures.all();
    let weights = fixtures.opened(all.tensor("honest").unwrap().data()).unwrap();
    assert_eq!(weights.configuration().as_deref(), Some("tiny"));
    let mut compared = 0;
    for (name, view) in all.iter().filter_map(|(name, view)| Some((name.strip_prefix("number ")?, view))) {
        let wanted: Vec<f32> = view.data().as_chunks::<4>().0.iter().map(|&b| f32::from_le_bytes(b)).collect();
        assert_eq!(weights.tensor(name, view.shape()).unwrap(), wanted, "{name}");
        let error = weights.tensor(name, &[99, 1]).unwrap_err().to_string();
        assert!(error.contains("the plans ask for"), "{error}");
        compared += 1;
    }
    assert!(compared >= 12);
    assert!(weights.tensor("counter", &[]).unwrap_err().to_string().contains("whole numbers"));
    assert!(weights.tensor("nothing", &[1]).unwrap_err().to_string().contains("lack nothing"));
}

#[test]
fn what_is_no_data_is_refused_with_a_reason() {
    let fixtures = Fixtures::read();
    let (_, header) = SafeTensors::read_metadata(&fixtures.bytes).unwrap();
    let words = header.metadata().clone().unwrap();
    assert!(words.len() >= 40);
    let mut wrong = Vec::new();
    for (name, words) in words {
        let opened = fixtures.opened(fixtures.all().tensor(&name).unwrap().data());
        let said = opened.map_or_else(|error| error.to_string(), |_| "opened".into());
        let is_refusal = said.starts_with("the checkpoint is refused: ") && said.ends_with("checkpoint_final.pth");
        if !is_refusal || !said.contains(&words) {
            wrong.push(format!("{name}: {said}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn spoiled_bytes_never_do_more_than_fail() {
    let fixtures = Fixtures::read();
    let honest = fixtures.all().tensor("honest").unwrap().data().to_vec();
    let mut dice = Dice(6);
    for _ in 0..600 {
        let mut bytes = honest.clone();
        for _ in 0..=dice.below(4) {
            let at = dice.below(bytes.len());
            bytes[at] = dice.below(256) as u8;
        }
        bytes.truncate(bytes.len() - dice.below(2) * dice.below(400));
        if let Ok(weights) = fixtures.opened(&bytes) {
            let _ = (weights.configuration(), weights.tensor("turned", &[3, 4]), weights.tensor("single", &[3, 2, 4]));
        }
    }
}
