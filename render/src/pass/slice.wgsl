struct Slice {
    raster: Raster,
    // grey = (texel - x - y) * z + w
    grey_from_texel: vec4f,
    background: vec4f,
}

@group(0) @binding(0) var<uniform> slice: Slice;

override LINEAR: bool = true;
override INVERTED: bool = false;

@fragment
fn draw(@builtin(position) pixel: vec4f) -> @location(0) vec4f {
    let at = voxel_under(slice.raster, pixel.xy);
    if !is_inside(at, slice.raster.size.xyz) {
        return slice.background;
    }
    var texel: Texel;
    if LINEAR {
        texel = linear(at, slice.raster.size.xyz);
    } else {
        texel = nearest(at);
    }
    let w = slice.grey_from_texel;
    var grey = clamp(rgb((texel - w.x - w.y) * w.z + w.w), vec3f(0.0), vec3f(1.0));
    if INVERTED {
        grey = 1.0 - grey;
    }
    return vec4f(grey, 1.0);
}
