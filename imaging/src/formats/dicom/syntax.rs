//! Transfer syntaxes: what a UID says about the layout of elements and the coding of pixels.

use super::dataset::Layout;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coding {
    Native,
    Rle,
    Jpeg,
    JpegLs,
    Jpeg2000,
    JpegXl,
}

/// One transfer syntax this crate reads.
#[derive(Clone, Copy, Debug)]
pub struct Syntax {
    pub uid: &'static str,
    pub layout: Layout,
    pub deflated: bool,
    pub coding: Coding,
}

const fn native(uid: &'static str, layout: Layout) -> Syntax {
    Syntax { uid, layout, deflated: false, coding: Coding::Native }
}

const fn coded(uid: &'static str, coding: Coding) -> Syntax {
    Syntax { uid, layout: Layout::EXPLICIT, deflated: false, coding }
}

pub const IMPLICIT: Syntax = native("1.2.840.10008.1.2", Layout::IMPLICIT);
pub const EXPLICIT: Syntax = native("1.2.840.10008.1.2.1", Layout::EXPLICIT);
pub const BIG_ENDIAN: Syntax = native("1.2.840.10008.1.2.2", Layout::BIG_ENDIAN);

pub const SYNTAXES: &[Syntax] = &[
    IMPLICIT,
    EXPLICIT,
    BIG_ENDIAN,
    Syntax { uid: "1.2.840.10008.1.2.1.99", layout: Layout::EXPLICIT, deflated: true, coding: Coding::Native },
    coded("1.2.840.10008.1.2.5", Coding::Rle),
    coded("1.2.840.10008.1.2.4.50", Coding::Jpeg),
    coded("1.2.840.10008.1.2.4.51", Coding::Jpeg),
    coded("1.2.840.10008.1.2.4.57", Coding::Jpeg),
    coded("1.2.840.10008.1.2.4.70", Coding::Jpeg),
    coded("1.2.840.10008.1.2.4.80", Coding::JpegLs),
    coded("1.2.840.10008.1.2.4.81", Coding::JpegLs),
    coded("1.2.840.10008.1.2.4.90", Coding::Jpeg2000),
    coded("1.2.840.10008.1.2.4.91", Coding::Jpeg2000),
    coded("1.2.840.10008.1.2.4.201", Coding::Jpeg2000),
    coded("1.2.840.10008.1.2.4.202", Coding::Jpeg2000),
    coded("1.2.840.10008.1.2.4.203", Coding::Jpeg2000),
    coded("1.2.840.10008.1.2.4.110", Coding::JpegXl),
    coded("1.2.840.10008.1.2.4.111", Coding::JpegXl),
    coded("1.2.840.10008.1.2.4.112", Coding::JpegXl),
];

pub fn find(uid: &str) -> Option<Syntax> {
    SYNTAXES.iter().find(|s| s.uid == uid).copied()
}

/// The uncompressed syntax with this layout, for files that name none.
pub fn native_with(layout: Layout) -> Syntax {
    if layout.big_endian {
        BIG_ENDIAN
    } else if layout.explicit {
        EXPLICIT
    } else {
        IMPLICIT
    }
}
