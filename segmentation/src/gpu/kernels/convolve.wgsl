// Convolutions of any kernel and stride, and transposed ones whose kernel is their stride, as a product of matrices:
// weights (outputs by inputs and taps) with what the taps see (inputs and taps by voxels), which is never written out.
//
// A workgroup makes a tile of ROWS blocks of outputs by VOXELS voxels, a thread two blocks by eight voxels. Step by
// step a few input channels of one tap come into workgroup memory. A transposed convolution is one product for each of
// its taps (`phase`); a long sum may be cut into parts that are added later.

@group(0) @binding(1) var<storage, read> first: array<vec4<In>>;
@group(0) @binding(2) var<storage, read> second: array<vec4<In>>;
@group(0) @binding(3) var<storage, read> weights: array<vec4<Element>>;
@group(0) @binding(4) var<storage, read> bias: array<vec4<f32>>;
@group(0) @binding(5) var<storage, read_write> output: array<vec4<Out>>;

var<workgroup> seen: array<vec4<Element>, SEEN>;
var<workgroup> learnt: array<vec4<Element>, LEARNT>;

// The voxel the first tap sees from one of the grid; far outside for those beyond the grid.
fn corner_of(voxel: u32) -> vec3<i32> {
    if (voxel >= params.grid.w) {
        return vec3<i32>(-0x10000);
    }
    return vec3<i32>(place_of(voxel, params.grid) * params.stride.xyz) - vec3<i32>(params.kernel.xyz / 2u);
}

// The index of a voxel of the input, or one that says that there is zero.
const OUTSIDE: u32 = 0xffffffffu;

fn look(corner: vec3<i32>, offset: vec3<i32>) -> u32 {
    let place = vec3<u32>(corner + offset);
    return select(OUTSIDE, index_of(place, params.from_size), all(place < params.from_size.xyz));
}

fn fetch(block: u32, at: u32) -> vec4<Element> {
    if (at == OUTSIDE || block >= params.blocks.x + params.blocks.y) {
        return vec4<Element>();
    }
    if (block < params.blocks.x) {
        return vec4<Element>(first[block * params.from_size.w + at]);
    }
    return vec4<Element>(second[(block - params.blocks.x) * params.from_size.w + at]);
}

fn learn(phase_and_tap: u32, block: u32, row: u32, index: u32) -> vec4<Element> {
    let inputs = params.blocks.x + params.blocks.y;
    let at = block + index / (4u * ROWS);
    let output_block = row + index % ROWS;
    if (at >= inputs || output_block >= params.blocks.z) {
        return vec4<Element>();
    }
    let channel = index / ROWS % 4u;
    return weights[((phase_and_tap * inputs + at) * 4u + channel) * params.blocks.z + output_block];
}

fn keep(block: u32, voxel: u32, phase: u32, part: u32, upper: vec4<f32>, lower: vec4<f32>) {
    if (block >= params.blocks.z || voxel >= params.grid.w) {
        return;
    }
    var at = voxel;
    if (params.step.w > 1u) {
        let place = place_of(voxel, params.grid) * params.step.xyz + place_of(phase, params.step);
        at = index_of(place, params.to_size);
    }
    at += (part * params.blocks.z + block) * params.to_size.w;
    let counts = params.stride.w == 1u;
    output[at] = vec4<Out>(upper + select(vec4<f32>(), bias[block], counts));
    if (block + 1u < params.blocks.z) {
        output[at + params.to_size.w] = vec4<Out>(lower + select(vec4<f32>(), bias[block + 1u], counts));
    }
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let tile = tile_of(group);
    if (tile >= params.tiles.z) {
        return;
    }
    let row_tiles = (params.blocks.z + ROWS - 1u) / ROWS;
    let row = group.z % row_tiles * ROWS;
    let phase = group.z / row_tiles % params.step.w;
    let part = group.z / row_tiles / params.step.w;
    let voxel = tile * VOXELS;
    let lane = local % LANES;
    let rank = local / LANES;

    // Each thread fetches what the taps see from the same voxels all the time.
    //: repeat N LOADS
    let corner_$N = corner_of(voxel + local + $Nu * 64u);
    var at_$N = OUTSIDE;
    //: end
    //: repeat V 8
    var upper_$V = vec4<f32>();
    var lower_$V = vec4<f32>();
    //: end

    let steps_of_tap = (params.blocks.x + params.blocks.y + DEPTH - 1u) / DEPTH;
    let steps = params.kernel.w * steps_of_tap;
    let begin = part * steps / params.stride.w;
    let end = (part + 1u) * steps / params.stride.w;
    for (var step = begin; step < end; step++) {
        let tap = step / steps_of_tap;
        let block = (step - tap * steps_of_tap) * DEPTH;
        if (block == 0u || step == begin) {
            let offset = vec3<i32>(place_of(tap, params.kernel));
            //: repeat N LOADS
            at_$N = look(corner_$N, offset);
            //: end
        }
        workgroupBarrier();
        //: repeat D DEPTH
        //: repeat N LOADS
        seen[$Du * VOXELS + $Nu * 64u + local] = fetch(block + $Du, at_$N);
        //: end
        //: end
        for (var index = local; index < LEARNT; index += 64u) {
            learnt[index] = learn(phase * params.kernel.w + tap, block, row, index);
        }
        workgroupBarrier();
        for (var d = 0u; d < DEPTH; d++) {
            let base = d * 4u * ROWS + rank * 2u;
            let a0 = learnt[base];
            let b0 = learnt[base + 1u];
            let a1 = learnt[base + ROWS];
            let b1 = learnt[base + ROWS + 1u];
            let a2 = learnt[base + 2u * ROWS];
            let b2 = learnt[base + 2u * ROWS + 1u];
            let a3 = learnt[base + 3u * ROWS];
            let b3 = learnt[base + 3u * ROWS + 1u];
            //: repeat V 8
            let p_$V = seen[d * VOXELS + $Vu * LANES + lane];
            upper_$V = added(upper_$V, a0, a1, a2, a3, p_$V);
            lower_$V = added(lower_$V, b0, b1, b2, b3, p_$V);
            //: end
        }
    }
    let block = row + rank * 2u;
    //: repeat V 8
    keep(block, voxel + $Vu * LANES + lane, phase, part, upper_$V, lower_$V);
    //: end
}
