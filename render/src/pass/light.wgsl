// A lamp at the eye. `slope` is a gradient per voxel; `weight` says how much it can be trusted: within something
// even there is no surface to light.

struct Light {
    colour: vec3f,
    covered: f32,
}

fn lit(colour: vec3f, slope: vec3f, direction: vec3f, weight: f32) -> vec3f {
    let across = mat3x3f(view.mm_gradient_x.xyz, view.mm_gradient_y.xyz, view.mm_gradient_z.xyz) * slope;
    // The direction is one mm long, so the product with a gradient per voxel is already per mm.
    let facing = min(abs(dot(slope, direction)) / max(length(across), 1e-12), 1.0);
    let shine = 0.25 * pow(facing, 24.0);
    return mix(colour, colour * (0.3 + 0.7 * facing) + shine, weight);
}
