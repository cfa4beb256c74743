// Where no labels are shown.

fn shown_label(at: vec3f, last: u32) -> u32 {
    return 0u;
}

fn surface(ray: Ray, before: f32, here: f32, label: u32) -> vec3f {
    return vec3f(0.0);
}

fn surface_opacity() -> f32 {
    return 0.0;
}
