// For texels the adapter cannot interpolate.
fn soft(at: vec3f, size: vec3f) -> f32 {
    return as_rgb(linear(at, size)).r;
}
