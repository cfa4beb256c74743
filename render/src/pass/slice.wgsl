@fragment
fn draw(@builtin(position) pixel: vec4f) -> @location(0) vec4f {
    let at = voxel_under(layer.raster, pixel.xy);
    let size = layer.raster.size.xyz;
    if !is_inside(at, size) {
        return blank(pixel.xy);
    }
    return paint(sampled(at, size), pixel.xy);
}
