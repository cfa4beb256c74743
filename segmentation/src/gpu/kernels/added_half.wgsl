// Four products of 16-bit numbers, added to 32-bit sums.

fn added(sums: vec4<f32>, w0: vec4<f16>, w1: vec4<f16>, w2: vec4<f16>, w3: vec4<f16>, p: vec4<f16>) -> vec4<f32> {
    return sums + vec4<f32>(fma(w3, p.wwww, fma(w2, p.zzzz, fma(w1, p.yyyy, w0 * p.xxxx))));
}
