// The mean over boxes of voxels.

@group(0) @binding(1) var<storage, read> data: array<vec4<Out>>;
@group(0) @binding(5) var<storage, read_write> pooled: array<vec4<Out>>;

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let index = tile_of(group) * 256u + local;
    if (index >= params.blocks.z * params.grid.w) {
        return;
    }
    let block = index / params.grid.w;
    let corner = place_of(index - block * params.grid.w, params.grid) * params.stride.xyz;
    var sum = vec4<f32>();
    for (var z = 0u; z < params.stride.z; z++) {
        for (var y = 0u; y < params.stride.y; y++) {
            for (var x = 0u; x < params.stride.x; x++) {
                let at = index_of(corner + vec3<u32>(x, y, z), params.from_size);
                sum += vec4<f32>(data[block * params.from_size.w + at]);
            }
        }
    }
    let count = params.stride.x * params.stride.y * params.stride.z;
    pooled[index] = vec4<Out>(sum / f32(count));
}
