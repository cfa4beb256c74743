// One triangle over the whole picture, and where each of its pixels lies on a grid of voxels.

struct Raster {
    // Voxel position of the outer corner of the first pixel, and of one pixel to the right and one down.
    origin: vec4f,
    right: vec4f,
    down: vec4f,
    // Voxels along each axis.
    size: vec4f,
}

@vertex
fn cover(@builtin(vertex_index) index: u32) -> @builtin(position) vec4f {
    let corner = vec2f(f32((index << 1u) & 2u), f32(index & 2u));
    return vec4f(corner * 2.0 - 1.0, 0.0, 1.0);
}

// Voxel centres are whole numbers; a pixel's own position is its centre.
fn voxel_under(raster: Raster, pixel: vec2f) -> vec3f {
    return raster.origin.xyz + pixel.x * raster.right.xyz + pixel.y * raster.down.xyz;
}

fn is_inside(at: vec3f, size: vec3f) -> bool {
    return all(at >= vec3f(-0.5)) && all(at < size - 0.5);
}

fn nearest_voxel(at: vec3f) -> vec3i {
    return vec3i(floor(at + 0.5));
}
