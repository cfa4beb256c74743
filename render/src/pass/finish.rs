//! How a layer meets what lies under it: it covers it, shines through, or takes a part of the picture.

/// A layer's share in the picture. `Opaque` is the lowest layer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Finish {
    Opaque,
    Fusion { opacity: f32, hides_low: bool },
    Heat { opacity: f32 },
    Blend { share: f32 },
    Checkerboard { square_px: f32 },
    SwipeRight { from_px: f32 },
    SwipeDown { from_px: f32 },
}

/// What of a finish a pipeline is made for: the rest is in the uniform.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum FinishKey {
    Opaque,
    Fusion,
    Heat,
    Compare(u32),
}

impl Finish {
    pub const fn key(self) -> FinishKey {
        match self {
            Self::Opaque => FinishKey::Opaque,
            Self::Fusion { .. } => FinishKey::Fusion,
            Self::Heat { .. } => FinishKey::Heat,
            Self::Blend { .. } => FinishKey::Compare(0),
            Self::Checkerboard { .. } => FinishKey::Compare(1),
            Self::SwipeRight { .. } => FinishKey::Compare(2),
            Self::SwipeDown { .. } => FinishKey::Compare(3),
        }
    }

    /// `finish` of layer.wgsl.
    pub const fn parameters(self) -> [f32; 4] {
        match self {
            Self::Opaque => [0.0; 4],
            Self::Fusion { opacity, hides_low } => {
                [opacity.clamp(0.0, 1.0), if hides_low { 1.0 } else { 0.0 }, 0.0, 0.0]
            }
            Self::Heat { opacity } => [opacity.clamp(0.0, 1.0), 0.0, 0.0, 0.0],
            Self::Blend { share } => [share.clamp(0.0, 1.0), 0.0, 0.0, 0.0],
            Self::Checkerboard { square_px } => [square_px.max(1.0), 0.0, 0.0, 0.0],
            Self::SwipeRight { from_px } | Self::SwipeDown { from_px } => [from_px, 0.0, 0.0, 0.0],
        }
    }
}

impl FinishKey {
    pub const ALL: [Self; 4] = [Self::Opaque, Self::Fusion, Self::Heat, Self::Compare(0)];

    pub const fn source(self) -> &'static str {
        match self {
            Self::Opaque => include_str!("opaque.wgsl"),
            Self::Fusion => include_str!("fusion.wgsl"),
            Self::Heat => include_str!("heat.wgsl"),
            Self::Compare(_) => include_str!("compare.wgsl"),
        }
    }

    pub fn constant(self) -> Option<(&'static str, f64)> {
        match self {
            Self::Compare(pattern) => Some(("PATTERN", f64::from(pattern))),
            Self::Opaque | Self::Fusion | Self::Heat => None,
        }
    }

    pub fn blend(self) -> Option<wgpu::BlendState> {
        (self != Self::Opaque).then_some(wgpu::BlendState::PREMULTIPLIED_ALPHA_BLENDING)
    }
}
