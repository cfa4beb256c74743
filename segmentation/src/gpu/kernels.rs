//! The kernels as WGSL, made to measure for what they compute on, and the pipelines of them.
//!
//! A kernel is `common.wgsl`, constants and a file of its own. What adapters may leave undone, unrolling, is done here:
//! lines between `//: repeat N COUNT` and `//: end` are written so many times, with `$N` counted from 0.

use super::device::Abilities;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::fmt::Write as _;

/// Voxels that one workgroup of `moments` goes over.
pub const STRETCH: u32 = 4096;
/// Threads of the kernels that take one number each.
pub const THREADS: u32 = 256;
/// Blocks of input channels that come into workgroup memory at once.
const DEPTH: u32 = 2;
/// Threads of a convolution's workgroup, and voxels of each.
const CONVOLVING: u32 = 64;
const VOXELS_EACH: u32 = 8;
const BLOCKS_EACH: u32 = 2;

/// How wide the numbers of a tensor are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scalar {
    Single,
    Half,
}

impl Scalar {
    pub const fn bytes(self) -> usize {
        match self {
            Self::Single => 4,
            Self::Half => 2,
        }
    }

    const fn word(self) -> &'static str {
        match self {
            Self::Single => "f32",
            Self::Half => "f16",
        }
    }
}

/// How a convolution's workgroup shares its outputs: so many ranks of threads of two blocks each, over as many voxels
/// as are left.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Tile {
    ranks: u32,
}

impl Tile {
    const ALL: [Self; 3] = [Self { ranks: 8 }, Self { ranks: 4 }, Self { ranks: 2 }];

    /// The one that does the least in vain; of equals the one that reads the least.
    pub fn fitting(blocks: u32, voxels: u64) -> Self {
        let work = |tile: &Self| {
            u64::from(blocks.next_multiple_of(tile.blocks())) * voxels.next_multiple_of(u64::from(tile.voxels()))
        };
        Self::ALL.into_iter().min_by_key(work).unwrap_or(Self { ranks: 8 })
    }

    pub const fn blocks(self) -> u32 {
        self.ranks * BLOCKS_EACH
    }

    pub const fn voxels(self) -> u32 {
        CONVOLVING / self.ranks * VOXELS_EACH
    }
}

/// What can be asked of an adapter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kernel {
    Convolve { tile: Tile, from: Scalar, within: Scalar, to: Scalar },
    Gather { to: Scalar },
    Moments { of: Scalar },
    Factors,
    Activate { on: Scalar, carries: bool },
    Pool { on: Scalar },
    Readout,
}

impl Kernel {
    /// Every kernel that an adapter of such abilities may be asked for.
    #[cfg(test)]
    fn all(abilities: Abilities) -> Vec<Self> {
        use Scalar::{Half, Single};
        let scalars: &[Scalar] = if abilities.half { &[Single, Half] } else { &[Single] };
        let mut all = vec![Self::Factors, Self::Readout];
        for &on in scalars {
            all.extend([Self::Gather { to: on }, Self::Moments { of: on }, Self::Pool { on }]);
            all.extend([true, false].map(|carries| Self::Activate { on, carries }));
            for tile in Tile::ALL {
                all.extend([(Single, on), (on, on), (on, Single)].map(|(from, to)| Self::Convolve {
                    tile,
                    from,
                    within: on,
                    to,
                }));
            }
        }
        all
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Convolve { .. } => "convolve",
            Self::Gather { .. } => "gather",
            Self::Moments { .. } => "moments",
            Self::Factors => "factors",
            Self::Activate { .. } => "activate",
            Self::Pool { .. } => "pool",
            Self::Readout => "readout",
        }
    }

    /// Its own file, after what it needs besides.
    fn files(self, abilities: Abilities) -> Vec<&'static str> {
        let total = if abilities.subgroups {
            include_str!("kernels/total_subgroups.wgsl")
        } else {
            include_str!("kernels/total_alone.wgsl")
        };
        match self {
            Self::Convolve { within: Scalar::Half, .. } => {
                vec![include_str!("kernels/added_half.wgsl"), include_str!("kernels/convolve.wgsl")]
            }
            Self::Convolve { .. } => {
                vec![include_str!("kernels/added_single.wgsl"), include_str!("kernels/convolve.wgsl")]
            }
            Self::Gather { .. } => vec![include_str!("kernels/gather.wgsl")],
            Self::Moments { .. } => vec![total, include_str!("kernels/moments.wgsl")],
            Self::Factors => vec![total, include_str!("kernels/factors.wgsl")],
            Self::Activate { .. } => vec![include_str!("kernels/activate.wgsl")],
            Self::Pool { .. } => vec![include_str!("kernels/pool.wgsl")],
            Self::Readout => vec![include_str!("kernels/readout.wgsl")],
        }
    }

    /// Its whole text.
    fn source(self, abilities: Abilities) -> String {
        let (mut types, mut numbers, mut carries) = (Vec::new(), vec![("STRETCH", STRETCH)], false);
        match self {
            Self::Convolve { tile, from, within, to } => {
                types.extend([("In", from), ("Element", within), ("Out", to)]);
                numbers.extend(tile_numbers(tile));
            }
            Self::Gather { to } => types.push(("Out", to)),
            Self::Moments { of } => types.push(("In", of)),
            Self::Activate { on, carries: too } => {
                types.push(("Out", on));
                carries = too;
            }
            Self::Pool { on } => types.push(("Out", on)),
            Self::Factors | Self::Readout => {}
        }
        let is_half = types.iter().any(|(_, scalar)| *scalar == Scalar::Half);
        let mut text = String::from(if is_half { "enable f16;\n" } else { "" });
        for (name, scalar) in types {
            let _ = writeln!(text, "alias {name} = {};", scalar.word());
        }
        for (name, value) in &numbers {
            let _ = writeln!(text, "const {name} = {value}u;");
        }
        let _ = writeln!(text, "const CARRIES = {carries};");
        text.push_str(include_str!("kernels/common.wgsl"));
        for file in self.files(abilities) {
            repeat(&mut file.lines(), &numbers, &mut text);
        }
        text
    }
}

/// The constants of a convolution whose workgroups have such a tile.
fn tile_numbers(tile: Tile) -> [(&'static str, u32); 7] {
    let voxels = tile.voxels();
    [
        ("DEPTH", DEPTH),
        ("ROWS", tile.blocks()),
        ("VOXELS", voxels),
        ("LANES", voxels / VOXELS_EACH),
        ("LOADS", voxels / CONVOLVING),
        ("SEEN", DEPTH * voxels),
        ("LEARNT", DEPTH * 4 * tile.blocks()),
    ]
}

/// Writes the lines up to the next end, those of a repeat once for each number.
fn repeat(lines: &mut std::str::Lines, numbers: &[(&str, u32)], text: &mut String) {
    while let Some(line) = lines.next() {
        let Some(order) = line.trim().strip_prefix("//: ") else {
            text.push_str(line);
            text.push('\n');
            continue;
        };
        let mut words = order.split_whitespace();
        let (Some("repeat"), Some(name), Some(count)) = (words.next(), words.next(), words.next()) else { return };
        let known = numbers.iter().find(|(name, _)| *name == count).map(|(_, value)| *value);
        let mut body = String::new();
        repeat(lines, numbers, &mut body);
        for n in 0..known.or_else(|| count.parse().ok()).unwrap_or(0) {
            text.push_str(&body.replace(&format!("${name}"), &n.to_string()));
        }
    }
}

/// The pipelines of one device, made when they are first needed.
pub struct Pipelines {
    pub layout: wgpu::BindGroupLayout,
    whole: wgpu::PipelineLayout,
    made: Mutex<HashMap<Kernel, wgpu::ComputePipeline>>,
}

/// Buffers a kernel reads, at bindings 1 to 4; what it writes is at 5, its parameters at 0.
pub const READ: usize = 4;

impl Pipelines {
    pub fn new(device: &wgpu::Device) -> Self {
        let entry = |(binding, ty, has_dynamic_offset)| wgpu::BindGroupLayoutEntry {
            binding,
            visibility: wgpu::ShaderStages::COMPUTE,
            ty: wgpu::BindingType::Buffer { ty, has_dynamic_offset, min_binding_size: None },
            count: None,
        };
        let read = wgpu::BufferBindingType::Storage { read_only: true };
        let write = wgpu::BufferBindingType::Storage { read_only: false };
        let uniform = wgpu::BufferBindingType::Uniform;
        let kinds = [
            (0, uniform, true),
            (1, read, false),
            (2, read, false),
            (3, read, false),
            (4, read, false),
            (5, write, false),
        ];
        let layout = device.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor {
            label: Some("network"),
            entries: &kinds.map(entry),
        });
        let whole = device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
            label: Some("network"),
            bind_group_layouts: &[Some(&layout)],
            immediate_size: 0,
        });
        Self { layout, whole, made: Mutex::default() }
    }

    pub fn get(&self, device: &wgpu::Device, abilities: Abilities, kernel: Kernel) -> wgpu::ComputePipeline {
        let mut made = self.made.lock();
        made.entry(kernel).or_insert_with(|| self.make(device, abilities, kernel)).clone()
    }

    fn make(&self, device: &wgpu::Device, abilities: Abilities, kernel: Kernel) -> wgpu::ComputePipeline {
        let checks = wgpu::ShaderRuntimeChecks {
            bounds_checks: false,
            force_loop_bounding: false,
            ..wgpu::ShaderRuntimeChecks::checked()
        };
        let text = kernel.source(abilities);
        let descriptor =
            wgpu::ShaderModuleDescriptor { label: Some(kernel.name()), source: wgpu::ShaderSource::Wgsl(text.into()) };
        // SAFETY: every index is checked by the kernels themselves against the sizes in their parameters, which
        // `program` takes from the tensors it has made; every loop counts up to one of them.
        let module = unsafe { device.create_shader_module_trusted(descriptor, checks) };
        device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
            label: Some(kernel.name()),
            layout: Some(&self.whole),
            module: &module,
            entry_point: Some("main"),
            compilation_options: wgpu::PipelineCompilationOptions {
                zero_initialize_workgroup_memory: false,
                ..Default::default()
            },
            cache: None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wgpu::naga;

    #[test]
    fn all_kernels_are_valid_on_any_machine() {
        let mut seen = std::collections::BTreeSet::from(["common.wgsl".to_owned()]);
        for abilities in [Abilities { half: false, subgroups: false }, Abilities { half: true, subgroups: true }] {
            for kernel in Kernel::all(abilities) {
                let text = kernel.source(abilities);
                let module = naga::front::wgsl::parse_str(&text)
                    .unwrap_or_else(|error| panic!("{kernel:?}: {}", error.emit_to_string(&text)));
                let can = naga::valid::Capabilities::SHADER_FLOAT16 | naga::valid::Capabilities::SUBGROUP;
                naga::valid::Validator::new(naga::valid::ValidationFlags::all(), can)
                    .subgroup_stages(naga::valid::ShaderStages::COMPUTE)
                    .subgroup_operations(naga::valid::SubgroupOperationSet::all())
                    .validate(&module)
                    .unwrap_or_else(|error| panic!("{kernel:?}: {}", error.emit_to_string(&text)));
                let files = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/gpu/kernels");
                for file in std::fs::read_dir(files).unwrap().map(|entry| entry.unwrap().path()) {
                    let first = std::fs::read_to_string(&file).unwrap().lines().next().unwrap().to_owned();
                    if text.contains(&first) {
                        seen.insert(file.file_name().unwrap().to_string_lossy().into_owned());
                    }
                }
            }
        }
        let all = std::fs::read_dir(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/gpu/kernels")).unwrap();
        assert_eq!(seen.len(), all.count(), "a file that no kernel includes: {seen:?}");
    }

    #[test]
    fn workgroups_fit_every_adapter() {
        let least = wgpu::Limits::default();
        for tile in Tile::ALL {
            let numbers: HashMap<_, _> = tile_numbers(tile).into_iter().collect();
            assert!((numbers["SEEN"] + numbers["LEARNT"]) * 16 <= least.max_compute_workgroup_storage_size);
        }
        assert!(THREADS <= least.max_compute_invocations_per_workgroup);
    }

    #[test]
    fn tiles_fit_what_they_cover() {
        let shape = |blocks, voxels| {
            let tile = Tile::fitting(blocks, voxels);
            (tile.blocks(), tile.voxels())
        };
        assert_eq!(shape(80, 216), (16, 64));
        assert_eq!(shape(8, 1 << 20), (8, 128));
        assert_eq!(shape(4, 1 << 20), (4, 256));
        assert_eq!(shape(1, 1 << 20), (4, 256));
    }

    #[test]
    fn repeats_are_written_out() {
        let mut text = String::new();
        let source = "a\n//: repeat N 2\nb$N\n//: repeat V COUNT\nc$N$V\n//: end\n//: end\nd";
        repeat(&mut source.lines(), &[("COUNT", 2)], &mut text);
        assert_eq!(text, "a\nb0\nc00\nc01\nb1\nc10\nc11\nd\n");
    }
}
