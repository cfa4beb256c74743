//! The layers of a residual-encoder U-Net, read by the names `dynamic-network-architectures` gives them, for whatever
//! computes them: each convolution is handed to a maker as PyTorch keeps it.

use super::conv::Motion;
use super::norm::Norm;
use super::plan::Plan;
use super::weights::Weights;
use crate::error::Result;

/// All layers, with convolutions as their maker made them.
pub struct Layers<C> {
    pub stem: Layer<C>,
    pub encoder: Vec<Vec<Residual<C>>>,
    pub decoder: Vec<Decode<C>>,
    pub head: C,
}

/// A convolution and the norm after it.
pub struct Layer<C> {
    pub convolution: C,
    pub norm: Norm,
    pub stride: [usize; 3],
}

/// Two convolutions and what is carried past them.
pub struct Residual<C> {
    pub first: Layer<C>,
    pub second: Layer<C>,
    pub projection: Option<Layer<C>>,
    pub stride: [usize; 3],
}

/// One step up: the transposed convolution and the convolutions after the skip has joined.
pub struct Decode<C> {
    pub up: C,
    pub layers: Vec<Layer<C>>,
}

/// A convolution in PyTorch's order: output, input, then the kernel; for a transposed one input comes first.
pub struct Raw {
    pub weights: Vec<f32>,
    pub bias: Option<Vec<f32>>,
    pub outputs: usize,
    /// Channels from the tensor before and, behind them, from a skip.
    pub inputs: [usize; 2],
    pub kernel: [usize; 3],
    pub motion: Motion,
}

impl<C> Layers<C> {
    pub fn read(plan: &Plan, weights: &Weights, make: &dyn Fn(Raw) -> Result<C>) -> Result<Self> {
        let flat = plan.patch[0] == 1 && plan.kernels.iter().chain(&plan.strides).all(|k| k[0] == 1);
        let loader = Loader { weights, plan, axes: if flat { 2 } else { 3 }, make };
        let form = Form {
            inputs: [plan.inputs, 0],
            outputs: plan.features[0],
            kernel: plan.kernels[0],
            stride: [1; 3],
            stage: 0,
        };
        Ok(Self {
            stem: loader.layer("encoder.stem.convs.0", form)?,
            encoder: loader.encoder()?,
            decoder: loader.decoder()?,
            head: loader.head()?,
        })
    }

    /// Every convolution there is.
    pub fn convolutions(&self) -> impl Iterator<Item = &C> {
        let blocks = self.encoder.iter().flatten();
        let inner = blocks.flat_map(|b| [Some(&b.first), Some(&b.second), b.projection.as_ref()]).flatten();
        let outer = self.decoder.iter().flat_map(|d| &d.layers).chain([&self.stem]);
        let plain = self.decoder.iter().map(|d| &d.up).chain([&self.head]);
        inner.chain(outer).map(|layer| &layer.convolution).chain(plain)
    }
}

/// Reads layers by name.
struct Loader<'a, C> {
    weights: &'a Weights,
    plan: &'a Plan,
    /// Kernels are stored without the axes a flat network does not have.
    axes: usize,
    make: &'a dyn Fn(Raw) -> Result<C>,
}

/// What a convolution is between, and where.
#[derive(Clone, Copy)]
struct Form {
    inputs: [usize; 2],
    outputs: usize,
    kernel: [usize; 3],
    stride: [usize; 3],
    stage: usize,
}

/// Stages of fewer voxels spend their time on reading weights, of which Winograd's are more.
const LEAST_VOXELS: usize = 512;

impl<C> Loader<'_, C> {
    fn kernel_shape(&self, [o, i]: [usize; 2], kernel: [usize; 3]) -> Vec<usize> {
        [o, i].into_iter().chain(kernel[3 - self.axes..].iter().copied()).collect()
    }

    fn layer(&self, name: &str, form: Form) -> Result<Layer<C>> {
        let Form { inputs, outputs, kernel, stride, stage } = form;
        let shape = self.kernel_shape([outputs, inputs[0] + inputs[1]], kernel);
        let weights = self.weights.tensor(&format!("{name}.conv.weight"), &shape)?;
        // A projection is the one that has no bias.
        let bias = (!name.contains(".skip."))
            .then(|| self.weights.tensor(&format!("{name}.conv.bias"), &[outputs]))
            .transpose()?;
        let norm = Norm {
            scale: self.weights.tensor(&format!("{name}.norm.weight"), &[outputs])?,
            shift: self.weights.tensor(&format!("{name}.norm.bias"), &[outputs])?,
            epsilon: self.plan.epsilon,
        };
        let still = stride == [1; 3] && self.voxels(stage) >= LEAST_VOXELS;
        let motion = if still { Motion::Still } else { Motion::Any };
        let convolution = (self.make)(Raw { weights, bias, outputs, inputs, kernel, motion })?;
        Ok(Layer { convolution, norm, stride })
    }

    /// The voxels of a stage of the patch.
    fn voxels(&self, stage: usize) -> usize {
        let steps = self.plan.strides[..=stage].iter();
        let divisor: usize = steps.flatten().product();
        self.plan.patch.iter().product::<usize>() / divisor
    }

    fn residual(&self, name: &str, form: Form) -> Result<Residual<C>> {
        let Form { inputs, outputs, stride, .. } = form;
        let pooled = stride != [1; 3];
        let projection = (inputs[0] != outputs).then(|| {
            // The pooling before it takes a number of its own.
            let name = format!("{name}.skip.{}", usize::from(pooled));
            self.layer(&name, Form { kernel: [1; 3], stride: [1; 3], ..form })
        });
        Ok(Residual {
            first: self.layer(&format!("{name}.conv1"), form)?,
            second: self.layer(&format!("{name}.conv2"), Form { inputs: [outputs, 0], stride: [1; 3], ..form })?,
            projection: projection.transpose()?,
            stride,
        })
    }

    fn encoder(&self) -> Result<Vec<Vec<Residual<C>>>> {
        let plan = self.plan;
        let mut inputs = plan.features[0];
        let mut stages = Vec::with_capacity(plan.features.len());
        for (s, &outputs) in plan.features.iter().enumerate() {
            let mut blocks = Vec::with_capacity(plan.encoder_blocks[s]);
            for b in 0..plan.encoder_blocks[s] {
                let stride = if b == 0 { plan.strides[s] } else { [1; 3] };
                let form = Form { inputs: [inputs, 0], outputs, kernel: plan.kernels[s], stride, stage: s };
                blocks.push(self.residual(&format!("encoder.stages.{s}.blocks.{b}"), form)?);
                inputs = outputs;
            }
            stages.push(blocks);
        }
        Ok(stages)
    }

    fn decoder(&self) -> Result<Vec<Decode<C>>> {
        let plan = self.plan;
        let last = plan.features.len() - 1;
        (0..last)
            .map(|s| {
                let (below, skip) = (plan.features[last - s], plan.features[last - s - 1]);
                let step = plan.strides[last - s];
                let name = format!("decoder.transpconvs.{s}");
                let weights =
                    self.weights.tensor(&format!("{name}.weight"), &self.kernel_shape([below, skip], step))?;
                let bias = Some(self.weights.tensor(&format!("{name}.bias"), &[skip])?);
                let layers = (0..plan.decoder_convolutions[s]).map(|c| {
                    let inputs = [skip, if c == 0 { skip } else { 0 }];
                    let stage = last - s - 1;
                    let form = Form { inputs, outputs: skip, kernel: plan.kernels[stage], stride: [1; 3], stage };
                    self.layer(&format!("decoder.stages.{s}.convs.{c}"), form)
                });
                let (inputs, motion) = ([below, 0], Motion::Transposed);
                let up = (self.make)(Raw { weights, bias, outputs: skip, inputs, kernel: step, motion })?;
                Ok(Decode { up, layers: layers.collect::<Result<_>>()? })
            })
            .collect()
    }

    fn head(&self) -> Result<C> {
        let plan = self.plan;
        let name = format!("decoder.seg_layers.{}", plan.features.len() - 2);
        let (outputs, inputs) = (plan.outputs, plan.features[0]);
        let kernel = [1; 3];
        let weights = self.weights.tensor(&format!("{name}.weight"), &self.kernel_shape([outputs, inputs], kernel))?;
        let bias = Some(self.weights.tensor(&format!("{name}.bias"), &[outputs])?);
        (self.make)(Raw { weights, bias, outputs, inputs: [inputs, 0], kernel, motion: Motion::Any })
    }
}
