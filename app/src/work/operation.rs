//! What can be done to a label as a whole, as menus offer it: with sizes to start from, shown before it is done.

use super::propagate::Way;
use limner_annotation::operations::Operation;
use limner_imaging::Geometry;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Work {
    Interpolate,
    CopyOnwards,
    CopyBack,
    Forwards,
    Backwards,
    Between,
    FillOutlines,
    FillHoles,
    KeepLargest,
    RemoveSmall,
    Grow,
    Shrink,
    Smooth,
    CloseGaps,
    RemoveThin,
    Hollow,
}

impl Work {
    pub const ALL: [Self; 16] = [
        Self::Interpolate,
        Self::CopyOnwards,
        Self::CopyBack,
        Self::Forwards,
        Self::Backwards,
        Self::Between,
        Self::FillOutlines,
        Self::FillHoles,
        Self::KeepLargest,
        Self::RemoveSmall,
        Self::Grow,
        Self::Shrink,
        Self::Smooth,
        Self::CloseGaps,
        Self::RemoveThin,
        Self::Hollow,
    ];

    pub const fn title(self) -> &'static str {
        match self {
            Self::Interpolate => "Interpolate between slices",
            Self::CopyOnwards => "Copy to the next slice",
            Self::CopyBack => "Copy to the previous slice",
            Self::Forwards => "Propagate forwards",
            Self::Backwards => "Propagate backwards",
            Self::Between => "Propagate between painted slices",
            Self::FillOutlines => "Fill outlines",
            Self::FillHoles => "Fill holes",
            Self::KeepLargest => "Keep largest island",
            Self::RemoveSmall => "Remove small islands",
            Self::Grow => "Grow",
            Self::Shrink => "Shrink",
            Self::Smooth => "Smooth",
            Self::CloseGaps => "Close gaps",
            Self::RemoveThin => "Remove thin parts",
            Self::Hollow => "Hollow",
        }
    }

    pub const fn way(self) -> Option<Way> {
        match self {
            Self::Forwards => Some(Way::Forwards),
            Self::Backwards => Some(Way::Backwards),
            Self::Between => Some(Way::Between),
            _ => None,
        }
    }

    /// The operation to start from: on slices along `axis`, the shown one being `slice`. `None` where it is none, or
    /// has nowhere to go.
    pub fn operation(self, geometry: &Geometry, axis: usize, slice: usize) -> Option<Operation> {
        let spacing = geometry.spacing_mm();
        // Two voxels of the finest step: seen, and not too much.
        let mm = (20.0 * spacing.into_iter().fold(f64::INFINITY, f64::min)).round() / 10.0;
        let copy = |to: usize| (to < geometry.size()[axis]).then_some(Operation::CopySlice { axis, from: slice, to });
        Some(match self {
            Self::Interpolate => Operation::Interpolate { axis },
            Self::CopyOnwards => copy(slice + 1)?,
            Self::CopyBack => copy(slice.checked_sub(1)?)?,
            Self::Forwards | Self::Backwards | Self::Between => return None,
            Self::FillOutlines => Operation::FillOutlines,
            Self::FillHoles => Operation::FillHoles { slice_by_slice: false },
            Self::KeepLargest => Operation::KeepLargest,
            Self::RemoveSmall => Operation::RemoveIslands { below_mm3: (mm * 4.0).powi(3).round() },
            Self::Grow => Operation::Grow { mm },
            Self::Shrink => Operation::Shrink { mm },
            Self::Smooth => Operation::Gaussian { sigma_mm: mm },
            Self::CloseGaps => Operation::Close { mm },
            Self::RemoveThin => Operation::Open { mm },
            Self::Hollow => Operation::Hollow { mm },
        })
    }
}

/// The size an operation works with, where it has one: its name, its value, its unit.
pub fn size_of(operation: &mut Operation) -> Option<(&'static str, &mut f64, &'static str)> {
    match operation {
        Operation::Grow { mm } | Operation::Shrink { mm } => Some(("By", mm, "mm")),
        Operation::Hollow { mm } => Some(("Wall", mm, "mm")),
        Operation::Open { mm } | Operation::Close { mm } | Operation::Median { mm } => Some(("Radius", mm, "mm")),
        Operation::Gaussian { sigma_mm } => Some(("Width", sigma_mm, "mm")),
        Operation::RemoveIslands { below_mm3 } => Some(("Smaller than", below_mm3, "mm³")),
        _ => None,
    }
}

/// As menus and the history say it.
pub const fn title_of(operation: &Operation) -> &'static str {
    match operation {
        Operation::Grow { .. } => Work::Grow.title(),
        Operation::Shrink { .. } => Work::Shrink.title(),
        Operation::Hollow { .. } => Work::Hollow.title(),
        Operation::Open { .. } => Work::RemoveThin.title(),
        Operation::Close { .. } => Work::CloseGaps.title(),
        Operation::Gaussian { .. } => Work::Smooth.title(),
        Operation::Median { .. } => "Smooth by the median",
        Operation::FillOutlines => Work::FillOutlines.title(),
        Operation::FillHoles { .. } => Work::FillHoles.title(),
        Operation::KeepLargest => Work::KeepLargest.title(),
        Operation::RemoveIslands { .. } => Work::RemoveSmall.title(),
        Operation::Unite { .. } => "Unite",
        Operation::Subtract { .. } => "Subtract",
        Operation::Intersect { .. } => "Intersect",
        Operation::Interpolate { .. } => Work::Interpolate.title(),
        Operation::CopySlice { .. } => "Copy to a neighbouring slice",
    }
}
