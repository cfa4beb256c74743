//! What one place in the body is made of, painted from the outside in.
//!
//! Every layer covers what was painted before by the share of the voxel it fills: partial volume comes for free. CT
//! and MR values are painted together, so both scanners see the same body.

/// CT number in HU and signal in a T2-weighted spin echo (fat about 260, free fluid about 430).
#[derive(Clone, Copy, Debug)]
pub struct Tissue {
    pub hu: f32,
    pub mr: f32,
}

impl Tissue {
    pub const fn new(hu: f32, mr: f32) -> Self {
        Self { hu, mr }
    }

    /// The same tissue, a little denser or brighter here.
    pub fn varied(self, hu: f32, mr: f32) -> Self {
        Self { hu: self.hu + hu, mr: self.mr * (1.0 + mr) }
    }

    pub fn mixed(self, other: Self, share: f32) -> Self {
        Self { hu: self.hu + (other.hu - self.hu) * share, mr: self.mr + (other.mr - self.mr) * share }
    }
}

// Portal-venous phase, about 75 s after the injection.
pub const AIR: Tissue = Tissue::new(-1000.0, 2.0);
pub const SKIN: Tissue = Tissue::new(25.0, 70.0);
pub const FAT: Tissue = Tissue::new(-104.0, 262.0);
pub const VISCERAL_FAT: Tissue = Tissue::new(-101.0, 240.0);
pub const MUSCLE: Tissue = Tissue::new(62.0, 58.0);
pub const CORTEX: Tissue = Tissue::new(950.0, 12.0);
pub const MARROW: Tissue = Tissue::new(170.0, 128.0);
pub const RIB_MARROW: Tissue = Tissue::new(140.0, 115.0);
pub const CARTILAGE: Tissue = Tissue::new(105.0, 85.0);
pub const DISC: Tissue = Tissue::new(82.0, 175.0);
pub const CORD: Tissue = Tissue::new(42.0, 150.0);
pub const CEREBROSPINAL: Tissue = Tissue::new(14.0, 430.0);
pub const LUNG: Tissue = Tissue::new(-862.0, 8.0);
pub const BLOOD_ARTERY: Tissue = Tissue::new(152.0, 24.0);
pub const BLOOD_VEIN: Tissue = Tissue::new(174.0, 30.0);
pub const BLOOD_CAVA: Tissue = Tissue::new(138.0, 36.0);
pub const HEART_BLOOD: Tissue = Tissue::new(148.0, 34.0);
pub const MYOCARDIUM: Tissue = Tissue::new(104.0, 88.0);
pub const LIVER: Tissue = Tissue::new(107.0, 88.0);
pub const SPLEEN: Tissue = Tissue::new(121.0, 178.0);
pub const KIDNEY_CORTEX: Tissue = Tissue::new(196.0, 185.0);
pub const KIDNEY_MEDULLA: Tissue = Tissue::new(172.0, 250.0);
pub const URINE: Tissue = Tissue::new(12.0, 430.0);
pub const PANCREAS: Tissue = Tissue::new(98.0, 118.0);
pub const ADRENAL: Tissue = Tissue::new(70.0, 95.0);
pub const BILE: Tissue = Tissue::new(7.0, 428.0);
pub const WALL: Tissue = Tissue::new(88.0, 90.0);
pub const CHYME: Tissue = Tissue::new(26.0, 330.0);
pub const STOOL: Tissue = Tissue::new(38.0, 130.0);
pub const METASTASIS: Tissue = Tissue::new(58.0, 172.0);
pub const NECROSIS: Tissue = Tissue::new(28.0, 260.0);
pub const CYST: Tissue = Tissue::new(6.0, 436.0);

/// What a label map calls a place. The numbers are stored in the masks and in labels.json.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Label {
    None = 0,
    Liver = 1,
    Spleen = 2,
    RightKidney = 3,
    LeftKidney = 4,
    Gallbladder = 5,
    Pancreas = 6,
    Stomach = 7,
    SmallBowel = 8,
    Colon = 9,
    Aorta = 10,
    VenaCava = 11,
    PortalVein = 12,
    Heart = 13,
    RightLung = 14,
    LeftLung = 15,
    Spine = 16,
    Ribs = 17,
    SpinalCanal = 18,
    LiverLesion = 19,
    KidneyCyst = 20,
}

#[derive(Clone, Copy, Debug)]
pub struct Ink {
    pub tissue: Tissue,
    pub label: Label,
    /// Over how many millimetres an edge is spread: the sharpness of the scanner.
    edge_mm: f32,
}

impl Ink {
    pub fn new(edge_mm: f32) -> Self {
        Self { tissue: AIR, label: Label::None, edge_mm }
    }

    pub fn edge_mm(&self) -> f32 {
        self.edge_mm
    }

    /// How much of this place a solid fills, from the signed distance to its surface.
    pub fn coverage(&self, distance: f32) -> f32 {
        (0.5 - distance / self.edge_mm).clamp(0.0, 1.0)
    }

    /// Paints a solid that has a label (or takes away the label of what it covers).
    pub fn lay(&mut self, distance: f32, tissue: Tissue, label: Label) {
        let coverage = self.coverage(distance);
        self.tissue = self.tissue.mixed(tissue, coverage);
        if coverage >= 0.5 {
            self.label = label;
        }
    }

    /// Paints within what is there, without a change of label.
    pub fn tint(&mut self, distance: f32, tissue: Tissue) {
        self.tissue = self.tissue.mixed(tissue, self.coverage(distance));
    }

    /// Paints a film thinner than a voxel: `thickness_mm` around where `distance` is zero.
    pub fn film(&mut self, distance: f32, thickness_mm: f32, tissue: Tissue) {
        let spread = self.edge_mm.max(thickness_mm);
        let share = (1.0 - distance.abs() / spread).max(0.0) * (thickness_mm / spread);
        self.tissue = self.tissue.mixed(tissue, share.min(1.0));
    }
}
