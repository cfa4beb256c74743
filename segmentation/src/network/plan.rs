//! The shape of a network as nnU-Net's plans.json describes it.

use crate::error::{Error, Result};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::Path;

/// A residual-encoder U-Net of one, two or three spatial axes; axes that are not there have size, kernel and stride 1.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    pub inputs: usize,
    pub outputs: usize,
    /// Slices, rows, columns.
    pub patch: [usize; 3],
    pub features: Vec<usize>,
    pub kernels: Vec<[usize; 3]>,
    pub strides: Vec<[usize; 3]>,
    pub encoder_blocks: Vec<usize>,
    pub decoder_convolutions: Vec<usize>,
    pub epsilon: f64,
}

#[derive(Deserialize)]
struct Plans {
    configurations: BTreeMap<String, Configuration>,
}

#[derive(Deserialize)]
struct Configuration {
    inherits_from: Option<String>,
    patch_size: Option<Vec<usize>>,
    architecture: Option<Architecture>,
}

impl Plans {
    /// Something of a configuration, or of one it inherits from.
    fn inherited<'a, T>(&'a self, name: &'a str, of: impl Fn(&'a Configuration) -> Option<T>) -> Option<T> {
        let mut at = self.configurations.get(name)?;
        for _ in 0..=self.configurations.len() {
            if let Some(found) = of(at) {
                return Some(found);
            }
            at = self.configurations.get(at.inherits_from.as_ref()?)?;
        }
        None
    }
}

#[derive(Deserialize)]
struct Architecture {
    network_class_name: String,
    arch_kwargs: Arguments,
}

#[derive(Deserialize)]
struct Arguments {
    features_per_stage: Vec<usize>,
    kernel_sizes: Vec<PerAxis>,
    strides: Vec<PerAxis>,
    n_blocks_per_stage: Counts,
    n_conv_per_stage_decoder: Counts,
    #[serde(default)]
    norm_op_kwargs: NormArguments,
}

/// One number for all axes or stages, or one for each.
#[derive(Clone, Deserialize)]
#[serde(untagged)]
enum PerAxis {
    All(usize),
    Each(Vec<usize>),
}

type Counts = PerAxis;

#[derive(Default, Deserialize)]
struct NormArguments {
    eps: Option<f64>,
}

/// A network beyond this is a broken file, not a plan.
const MOST_STAGES: usize = 12;
const MOST_FEATURES: usize = 4096;
const LARGEST_PATCH: usize = 1024;

impl Plan {
    /// From plans.json; `configuration` may be left out where only one describes a network.
    pub fn parse(text: &str, path: &Path, configuration: Option<&str>, inputs: usize, outputs: usize) -> Result<Self> {
        let broken = |reason: String| Error::Model { path: path.into(), reason };
        let plans: Plans = serde_json::from_str(text).map_err(|e| broken(format!("not a plans file: {e}")))?;
        let name = match configuration {
            Some(name) => name,
            None => {
                let described = plans.configurations.iter().find(|(_, c)| c.architecture.is_some());
                described.ok_or_else(|| broken("the plans describe no architecture".into()))?.0
            }
        };
        let architecture = plans
            .inherited(name, |c| c.architecture.as_ref())
            .ok_or_else(|| broken(format!("the plans describe no architecture of a configuration {name:?}")))?;
        if !architecture.network_class_name.ends_with("ResidualEncoderUNet") {
            let name = &architecture.network_class_name;
            return Err(broken(format!("the network is a {name}; only residual-encoder U-Nets are known")));
        }
        let patch = plans.inherited(name, |c| c.patch_size.clone());
        let patch = patch.ok_or_else(|| broken("the plans name no patch size".into()))?;
        let arguments = &architecture.arch_kwargs;
        let stages = arguments.features_per_stage.len();
        let plan = Self {
            inputs,
            outputs,
            patch: three(&PerAxis::Each(patch)).ok_or_else(|| broken("the patch size has no 2 or 3 axes".into()))?,
            features: arguments.features_per_stage.clone(),
            kernels: arguments.kernel_sizes.iter().filter_map(three).collect(),
            strides: arguments.strides.iter().filter_map(three).collect(),
            encoder_blocks: each(&arguments.n_blocks_per_stage, stages),
            decoder_convolutions: each(&arguments.n_conv_per_stage_decoder, stages.saturating_sub(1)),
            epsilon: arguments.norm_op_kwargs.eps.unwrap_or(1e-5),
        };
        plan.check().map_err(broken)?;
        Ok(plan)
    }

    fn check(&self) -> std::result::Result<(), String> {
        let stages = self.features.len();
        if !(2..=MOST_STAGES).contains(&stages) {
            return Err(format!("the network has {stages} stages; 2 to {MOST_STAGES} are possible"));
        }
        let lengths =
            [self.kernels.len(), self.strides.len(), self.encoder_blocks.len(), self.decoder_convolutions.len() + 1];
        if lengths.iter().any(|&n| n != stages) {
            return Err("kernels, strides and blocks are not given for every stage".into());
        }
        let channels = self.features.iter().chain([&self.inputs, &self.outputs]);
        if channels.clone().any(|&n| n == 0 || n > MOST_FEATURES) || self.encoder_blocks.contains(&0) {
            return Err("a stage has no channels or blocks, or too many".into());
        }
        if self.kernels.iter().flatten().any(|k| ![1, 3].contains(k))
            || self.strides.iter().flatten().any(|s| ![1, 2].contains(s))
        {
            return Err("only kernels of 1 or 3 and strides of 1 or 2 are known".into());
        }
        if self.strides[0] != [1; 3] {
            return Err("the first stage must keep the resolution".into());
        }
        for axis in 0..3 {
            let total: usize = self.strides.iter().map(|s| s[axis]).product();
            if self.patch[axis] == 0 || self.patch[axis] > LARGEST_PATCH || !self.patch[axis].is_multiple_of(total) {
                return Err(format!("a patch of {:?} does not divide by the strides", self.patch));
            }
        }
        Ok(())
    }

    /// Whether the network runs on so many numbers as channels of plain volumes of `size`: it must divide by the strides
    /// as the patch does.
    pub fn accept(&self, numbers: usize, size: [usize; 3]) -> Result<()> {
        let divides = |a: usize| size[a].is_multiple_of(self.strides.iter().map(|s| s[a]).product());
        let fits = (0..3).all(|a| size[a] > 0 && divides(a));
        if fits && numbers == self.inputs * size.iter().product::<usize>() {
            return Ok(());
        }
        Err(Error::session(format!("the network cannot run on {} channels of {size:?}", self.inputs)))
    }

    /// The zero rim tensors need: one where any kernel reaches over.
    pub fn rim(&self) -> [usize; 3] {
        std::array::from_fn(|axis| usize::from(self.kernels.iter().any(|k| k[axis] > 1)))
    }
}

fn three(values: &PerAxis) -> Option<[usize; 3]> {
    match values {
        PerAxis::All(n) => Some([*n; 3]),
        PerAxis::Each(v) => match v[..] {
            [y, x] => Some([1, y, x]),
            [z, y, x] => Some([z, y, x]),
            _ => None,
        },
    }
}

fn each(values: &Counts, stages: usize) -> Vec<usize> {
    match values {
        PerAxis::All(n) => vec![*n; stages],
        PerAxis::Each(v) => v.clone(),
    }
}
