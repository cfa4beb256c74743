// The brightest, darkest or mean value across a thick layer. Texels, not values: where values fall as texels rise
// the caller asks for the other end.

// 0 largest texel, 1 smallest texel, 2 mean
override PROJECTION: u32 = 0u;

@fragment
fn draw(@builtin(position) pixel: vec4f) -> @location(0) vec4f {
    let size = layer.raster.size.xyz;
    var at = voxel_under(layer.raster, pixel.xy) + layer.slab_start.xyz;
    var result = Texel();
    var count = 0.0;
    for (var n = 0.0; n < layer.slab_step.w; n += 1.0) {
        if is_inside(at, size) {
            let texel = sampled(at, size);
            if PROJECTION == 2u {
                result += texel;
            } else if count == 0.0 {
                result = texel;
            } else if PROJECTION == 0u {
                result = max(result, texel);
            } else {
                result = min(result, texel);
            }
            count += 1.0;
        }
        at += layer.slab_step.xyz;
    }
    if count == 0.0 {
        return blank(pixel.xy);
    }
    if PROJECTION == 2u {
        result /= count;
    }
    return paint(result, pixel.xy);
}
