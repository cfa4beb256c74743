// From the moments of all stretches of a channel: what instance norm multiplies by and adds.

@group(0) @binding(1) var<storage, read> moments: array<vec4<f32>>;
// The learnt scale and shift of each block.
@group(0) @binding(3) var<storage, read> learnt: array<vec4<f32>>;
@group(0) @binding(5) var<storage, read_write> factors: array<vec4<f32>>;

@compute @workgroup_size(256)
fn main(threads: Threads) {
    let local = threads.local;
    let block = tile_of(threads.group);
    let is_one = block < params.tiles.z;
    let stretches = select(0u, (params.grid.w + STRETCH - 1u) / STRETCH, is_one);
    let base = block * stretches;
    let all = f32(params.grid.w);
    var sum = vec4<f32>();
    for (var n = local; n < stretches; n += 256u) {
        sum += moments[(base + n) * 2u] * (f32(min(STRETCH, params.grid.w - n * STRETCH)) / all);
    }
    let mean = total(sum, threads);
    var spread = vec4<f32>();
    for (var n = local; n < stretches; n += 256u) {
        let distance = moments[(base + n) * 2u] - mean;
        let count = f32(min(STRETCH, params.grid.w - n * STRETCH));
        spread += moments[(base + n) * 2u + 1u] + distance * distance * count;
    }
    let variance = total(spread, threads) / all;
    if (local == 0u && is_one) {
        let factor = learnt[block * 2u] / sqrt(variance + params.numbers.y);
        factors[block * 2u] = factor;
        factors[block * 2u + 1u] = learnt[block * 2u + 1u] - mean * factor;
    }
}
