// Mean and squared distances from it of every channel over a stretch of voxels: the mean first, then the distances, so
// that nothing cancels. `factors` puts the stretches together.

@group(0) @binding(1) var<storage, read> data: array<vec4<In>>;
@group(0) @binding(5) var<storage, read_write> moments: array<vec4<f32>>;

@compute @workgroup_size(256)
fn main(threads: Threads) {
    let local = threads.local;
    let tile = tile_of(threads.group);
    let is_one = tile < params.tiles.z;
    let begin = tile * STRETCH;
    let count = select(0u, min(STRETCH, params.grid.w - begin), is_one);
    let base = threads.group.z * params.grid.w + begin;
    var sum = vec4<f32>();
    for (var n = local; n < count; n += 256u) {
        sum += vec4<f32>(data[base + n]);
    }
    let mean = total(sum, threads) / f32(count);
    var distances = vec4<f32>();
    for (var n = local; n < count; n += 256u) {
        let distance = vec4<f32>(data[base + n]) - mean;
        distances += distance * distance;
    }
    let spread = total(distances, threads);
    if (local == 0u && is_one) {
        let at = (threads.group.z * ((params.grid.w + STRETCH - 1u) / STRETCH) + tile) * 2u;
        moments[at] = mean;
        moments[at + 1u] = spread;
    }
}
