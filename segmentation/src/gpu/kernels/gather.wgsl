// Adds up a convolution whose sum was cut into parts.

@group(0) @binding(1) var<storage, read> parts: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read> bias: array<vec4<f32>>;
@group(0) @binding(5) var<storage, read_write> output: array<vec4<Out>>;

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let index = tile_of(group) * 256u + local;
    let length = params.blocks.z * params.to_size.w;
    if (index >= length) {
        return;
    }
    var sum = bias[index / params.to_size.w];
    for (var part = 0u; part < params.stride.w; part++) {
        sum += parts[part * length + index];
    }
    output[index] = vec4<Out>(sum);
}
