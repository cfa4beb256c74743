// How sure the network is of each voxel, from 0 to 255: at least 128 where inside leads. Four voxels a word.

@group(0) @binding(1) var<storage, read> logits: array<vec4<f32>>;
@group(0) @binding(5) var<storage, read_write> shares: array<u32>;

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let word = tile_of(group) * 256u + local;
    if (word * 4u >= params.grid.w) {
        return;
    }
    var packed = 0u;
    for (var n = 0u; n < 4u && word * 4u + n < params.grid.w; n++) {
        let voxel = logits[word * 4u + n];
        let lead = voxel.y - voxel.x;
        let share = u32(round(255.0 / (1.0 + exp(-clamp(lead, -30.0, 30.0)))));
        packed |= select(min(share, 127u), max(share, 128u), lead > 0.0) << (8u * n);
    }
    shares[word] = packed;
}
