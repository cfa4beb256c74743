// Lines, rings and handles with smooth edges: each mark is a rectangle around it, covered where a distance says so.

struct Picture {
    // Pixels, then unused.
    size: vec4f,
}

@group(0) @binding(0) var<uniform> picture: Picture;

struct Mark {
    @location(0) ends: vec4f,
    @location(1) colour: vec4f,
    // Half width, radius, dash, length before.
    @location(2) measures: vec4f,
    @location(3) kind: u32,
}

struct Spot {
    @builtin(position) position: vec4f,
    @location(0) @interpolate(flat) ends: vec4f,
    @location(1) @interpolate(flat) colour: vec4f,
    @location(2) @interpolate(flat) measures: vec4f,
    @location(3) @interpolate(flat) kind: u32,
}

const RING: u32 = 1u;
const SQUARE: u32 = 2u;

@vertex
fn surround(@builtin(vertex_index) index: u32, mark: Mark) -> Spot {
    let radius = select(mark.measures.y, 0.0, mark.kind == 0u);
    let reach = radius + mark.measures.x + 1.0;
    let low = min(mark.ends.xy, mark.ends.zw) - reach;
    let high = max(mark.ends.xy, mark.ends.zw) + reach;
    let corner = vec2f(f32(index & 1u), f32(index >> 1u));
    let at = mix(low, high, corner) / picture.size.xy * 2.0 - 1.0;
    var spot: Spot;
    spot.position = vec4f(at.x, -at.y, 0.0, 1.0);
    spot.ends = mark.ends;
    spot.colour = mark.colour;
    spot.measures = mark.measures;
    spot.kind = mark.kind;
    return spot;
}

fn dashed(along: f32, dash: f32) -> f32 {
    if dash <= 0.0 {
        return 1.0;
    }
    let within = along - 2.0 * dash * floor((along + 0.5 * dash) / (2.0 * dash));
    return clamp(min(within, dash - within) + 0.5, 0.0, 1.0);
}

fn coverage(spot: Spot) -> f32 {
    let offset = spot.position.xy - spot.ends.xy;
    let half_width = spot.measures.x;
    let radius = spot.measures.y;
    if spot.kind == RING {
        return clamp(0.5 - abs(length(offset) - radius) + half_width, 0.0, 1.0);
    }
    if spot.kind == SQUARE {
        return clamp(0.5 - max(abs(offset.x), abs(offset.y)) + radius, 0.0, 1.0);
    }
    let span = spot.ends.zw - spot.ends.xy;
    let reach = length(span);
    var along = 0.0;
    var nearest = vec2f(0.0);
    if reach > 0.0 {
        along = dot(offset, span) / reach;
        nearest = span / reach * clamp(along, 0.0, reach);
    }
    let covered = clamp(0.5 - distance(offset, nearest) + half_width, 0.0, 1.0);
    return covered * dashed(spot.measures.w + along, spot.measures.z);
}

@fragment
fn draw(spot: Spot) -> @location(0) vec4f {
    let opacity = spot.colour.a * coverage(spot);
    return vec4f(spot.colour.rgb * opacity, opacity);
}
