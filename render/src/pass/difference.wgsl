// Second volume minus first, in value units, on the grid of the screen. The middle of the colour map is no change.

struct Difference {
    raster: Raster,
    other_raster: Raster,
    // value = texel * x + y, for the first volume; z and w for the second
    value_from_texel: vec4f,
    background: vec4f,
    // x: the change in values that reaches the ends of the colour map
    range: vec4f,
}

@group(0) @binding(0) var<uniform> difference: Difference;
@group(0) @binding(2) var colour_of_change: texture_2d<f32>;

@fragment
fn draw(@builtin(position) pixel: vec4f) -> @location(0) vec4f {
    let at = voxel_under(difference.raster, pixel.xy);
    let other_at = voxel_under(difference.other_raster, pixel.xy);
    if !is_inside(at, difference.raster.size.xyz) || !is_inside(other_at, difference.other_raster.size.xyz) {
        return difference.background;
    }
    let m = difference.value_from_texel;
    let value = as_rgb(sampled(at, difference.raster.size.xyz)).r * m.x + m.y;
    let other = other_as_rgb(other_sampled(other_at, difference.other_raster.size.xyz)).r * m.z + m.w;
    let change = clamp((other - value) / difference.range.x * 0.5 + 0.5, 0.0, 1.0);
    return textureLoad(colour_of_change, vec2u(u32(change * 255.0 + 0.5), 0u), 0);
}
