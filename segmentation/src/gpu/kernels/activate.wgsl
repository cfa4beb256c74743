// Instance norm in place, what is carried past added, and leaky ReLU.

@group(0) @binding(1) var<storage, read> factors: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> carried: array<vec4<Out>>;
@group(0) @binding(5) var<storage, read_write> data: array<vec4<Out>>;

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let index = tile_of(group) * 256u + local;
    if (index >= params.blocks.z * params.grid.w) {
        return;
    }
    let block = index / params.grid.w;
    var value = vec4<f32>(data[index]) * factors[block * 2u] + factors[block * 2u + 1u];
    if (CARRIES) {
        value += vec4<f32>(carried[index]);
    }
    data[index] = vec4<Out>(max(value, value * params.numbers.x));
}
