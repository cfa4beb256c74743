// Before every kernel. Tensors hold four channels of a voxel together: block after block of four channels, voxels in
// order, columns fastest. Channels that only fill up a block are zero.

struct Params {
    // Columns, rows, slices, voxels of what is read.
    from_size: vec4<u32>,
    // Columns, rows, slices, voxels of the grid that is worked on.
    grid: vec4<u32>,
    // Columns, rows, slices, voxels of what is written.
    to_size: vec4<u32>,
    // How many voxels of the input lie between two of the grid; the last number says how many parts a sum is cut into.
    stride: vec4<u32>,
    // The kernel's width, height and depth, and the number of its taps.
    kernel: vec4<u32>,
    // How many voxels of the output belong to one of the grid along each axis, and in all.
    step: vec4<u32>,
    // Blocks of the first input, of the second, of the output.
    blocks: vec4<u32>,
    // The first tile of this dispatch, tiles in a row of workgroups, the end of the tiles.
    tiles: vec4<u32>,
    // What leaky ReLU leaves of a negative number, the norm's epsilon.
    numbers: vec4<f32>,
}

@group(0) @binding(0) var<uniform> params: Params;

fn tile_of(group: vec3<u32>) -> u32 {
    return params.tiles.x + group.y * params.tiles.y + group.x;
}

fn place_of(index: u32, size: vec4<u32>) -> vec3<u32> {
    let row = index / size.x;
    return vec3<u32>(index % size.x, row % size.y, row / size.y);
}

fn index_of(place: vec3<u32>, size: vec4<u32>) -> u32 {
    return (place.z * size.y + place.y) * size.x + place.x;
}
