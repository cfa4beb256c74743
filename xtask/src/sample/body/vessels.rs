//! The named vessels of the belly and the lower chest, and the fine ones of the mesentery.

use super::ink::{BLOOD_ARTERY, BLOOD_CAVA, BLOOD_VEIN, Ink, Label, MUSCLE, Tissue};
use crate::sample::maths::smoothstep;
use crate::sample::noise;
use crate::sample::random::Random;
use crate::sample::tree::{Growth, grow};
use crate::sample::tube::{Tubes, curve};
use glam::Vec3;

type Line = &'static [[f32; 4]];

const AORTA: Line = &[
    [30., 24., 170., 12.5],
    [28., 22., 130., 12.3],
    [22., 18., 90., 12.],
    [15., 12., 50., 11.5],
    [9., 7., 15., 11.],
    [7., 2., -20., 10.],
    [7., -4., -60., 9.],
    [5., -10., -100., 8.6],
    [3., -12., -120., 9.2],
];
const ARTERIES: &[Line] = &[
    // Coeliac trunk, then the splenic artery with its windings.
    &[
        [8., 0., 3., 4.],
        [8., -14., 6., 3.6],
        [10., -20., 10., 3.4],
        [24., -14., 17., 2.9],
        [36., -6., 12., 2.8],
        [48., -8., 21., 2.7],
        [62., 2., 17., 2.6],
        [76., 8., 26., 2.5],
        [94., 22., 27., 2.2],
    ],
    &[[8., -14., 6., 3.2], [-4., -24., 8., 2.8], [-18., -32., 4., 2.6], [-32., -32., 6., 2.3], [-44., -26., 14., 2.]],
    // Superior mesenteric artery.
    &[
        [7., -4., -14., 4.],
        [6., -16., -20., 3.7],
        [4., -26., -36., 3.5],
        [2., -32., -64., 3.3],
        [-4., -38., -100., 2.8],
        [-10., -42., -130., 2.4],
    ],
    &[[8., 2., -24., 3.], [24., 8., -22., 2.8], [40., 14., -18., 2.5], [50., 18., -16., 2.2]],
    &[[6., 2., -26., 3.], [-16., 12., -28., 2.7], [-34., 16., -31., 2.5], [-48., 18., -33., 2.2]],
    &[[3., -12., -120., 6.], [-10., -8., -140., 5.5], [-24., -2., -160., 5.]],
    &[[3., -12., -120., 6.], [16., -8., -140., 5.5], [28., -2., -160., 5.]],
    // Inferior mesenteric artery.
    &[[6., -10., -82., 1.8], [14., -18., -96., 1.7], [22., -20., -124., 1.6]],
];
const CAVA: Line = &[
    [-24., -14., 112., 13.],
    [-23., -8., 92., 12.],
    [-24., -2., 74., 11.5],
    [-25., 1., 45., 11.],
    [-25., 1., 10., 10.5],
    [-24., 0., -25., 10.5],
    [-23., -4., -65., 10.],
    [-20., -8., -110., 10.],
    [-16., -6., -150., 9.],
];
const CAVAL: &[Line] = &[
    &[[-16., -2., -24., 4.], [2., -13., -25., 3.2], [18., -8., -22., 4.3], [36., 6., -17., 4.5], [52., 15., -14., 4.2]],
    &[[-28., 2., -32., 4.], [-42., 12., -34., 4.4], [-52., 16., -34., 4.]],
    &[[24., 30., 170., 2.5], [10., 28., 130., 2.6], [-2., 26., 80., 2.6], [-3., 22., 40., 2.2]],
];
const PORTAL: &[Line] = &[
    &[
        [100., 26., 28., 4.],
        [82., 14., 24., 4.4],
        [58., 2., 13., 4.6],
        [32., -9., 4., 4.8],
        [10., -17., -4., 5.2],
        [-8., -20., -4., 6.2],
        [-22., -22., 2., 6.6],
        [-38., -22., 6., 6.6],
        [-50., -21., 13., 6.4],
    ],
    &[
        [-8., -20., -4., 5.6],
        [-9., -26., -18., 5.4],
        [-10., -32., -40., 5.2],
        [-10., -37., -70., 4.8],
        [-14., -42., -104., 4.],
        [-20., -44., -132., 3.4],
    ],
];
/// Bile duct and oesophagus are tubes too, but not of blood.
const DUCT: Line = &[[-46., -27., 10., 2.2], [-38., -29., -4., 2.6], [-30., -22., -22., 2.6], [-34., -16., -40., 2.2]];
const OESOPHAGUS: Line = &[
    [8., 20., 170., 8.],
    [9., 16., 130., 8.],
    [13., 10., 95., 8.],
    [20., 4., 72., 8.],
    [36., 6., 60., 9.],
    [52., 14., 58., 9.],
];
const CRURA: &[Line] = &[
    &[[-12., 14., 66., 3.5], [-9., 6., 40., 5.5], [-9., 4., 10., 6.5], [-10., 6., -20., 5.5], [-10., 8., -60., 2.5]],
    &[[26., 4., 66., 3.5], [23., 2., 40., 5.], [20., 6., 10., 5.], [19., 10., -15., 4.], [16., 10., -45., 2.]],
];

#[derive(Debug)]
pub struct Vessels {
    aorta: Tubes,
    arteries: Tubes,
    cava: Tubes,
    caval: Tubes,
    portal: Tubes,
    duct: Tubes,
    oesophagus: Tubes,
    crura: Tubes,
    mesentery: Tubes,
}

impl Vessels {
    /// `served` are the places the mesentery reaches.
    pub fn new(served: Vec<Vec3>, stays: impl Fn(Vec3) -> bool) -> Self {
        let one = |line: Line, reach| Tubes::new(curve(line, 0), reach);
        let many = |lines: &[Line]| Tubes::new(lines.iter().flat_map(|line| curve(line, 0)).collect(), 4.0);
        let growth = Growth { step: 4.0, served: 7.0, pull: 110.0, twig: 0.95, law: 2.5, trunk: 2.8 };
        let root: Vec<Vec3> = curve(PORTAL[1], 0).iter().map(|s| s.b + Vec3::new(3.0, -1.0, 0.0)).collect();
        let mut random = Random::stream("mesentery", 0);
        let mut near = |p: Vec3| p + 9.0 * Vec3::new(random.normal(), random.normal(), random.normal());
        let loosely = served.into_iter().flat_map(|p| [near(p), near(p)]);
        let mesentery = grow(&[root], loosely.collect(), growth, stays);
        // The tree starts on the vein itself; only what branches off is drawn.
        let branches = mesentery.into_iter().filter(|s| s.radius_b < 2.6).collect();
        Self {
            aorta: one(AORTA, 4.0),
            arteries: many(ARTERIES),
            cava: one(CAVA, 5.0),
            caval: many(CAVAL),
            portal: many(PORTAL),
            duct: one(DUCT, 4.0),
            oesophagus: one(OESOPHAGUS, 4.0),
            crura: many(CRURA),
            mesentery: Tubes::new(branches, 3.0),
        }
    }

    /// Free distance to the large vessels.
    pub fn distance(&self, p: Vec3) -> f32 {
        self.aorta.distance(p).min(self.cava.distance(p)).min(self.portal.distance(p)).min(self.arteries.distance(p))
    }

    /// What lies in the fat behind and between the organs; goes on before them.
    pub fn paint_fine(&self, ink: &mut Ink, p: Vec3) {
        let wavy = p + 2.0 * noise::displacement(p / 10.0, 131);
        ink.tint(self.mesentery.distance(wavy), BLOOD_VEIN.varied(-15.0, 0.5));
    }

    /// The large vessels; they go on after the organs.
    pub fn paint(&self, ink: &mut Ink, p: Vec3) {
        let wavy = p + 1.0 * noise::displacement(p / 14.0, 132);
        let crus = self.crura.distance(wavy);
        if crus < 3.0 {
            ink.lay(crus, MUSCLE, Label::None);
        }
        self.paint_oesophagus(ink, wavy, p);
        ink.tint(self.duct.distance(wavy), Tissue::new(10.0, 400.0));
        blood(ink, self.caval.distance(wavy), BLOOD_CAVA.varied(14.0, 0.0), Label::None);
        blood(
            ink,
            self.cava.distance(flattened(wavy)),
            BLOOD_CAVA.varied(8.0 * noise::smooth(p / 9.0, 133), 0.2),
            Label::VenaCava,
        );
        blood(ink, self.portal.distance(wavy), BLOOD_VEIN, Label::PortalVein);
        blood(ink, self.arteries.distance(wavy), BLOOD_ARTERY, Label::None);
        let aorta = self.aorta.distance(wavy);
        if aorta < 3.0 {
            blood(ink, aorta, BLOOD_ARTERY, Label::Aorta);
            // Flecks of chalk in the wall.
            let chalk = smoothstep(0.56, 0.78, noise::smooth(Vec3::new(p.x / 4.0, p.y / 4.0, p.z / 7.0), 134));
            let share = chalk * ink.coverage((aorta + 0.4).abs() - 0.7) * smoothstep(30.0, -10.0, p.z);
            ink.tissue.hu += 420.0 * share;
        }
    }

    fn paint_oesophagus(&self, ink: &mut Ink, wavy: Vec3, p: Vec3) {
        let d = self.oesophagus.distance(wavy);
        if d < 3.0 {
            ink.lay(d, MUSCLE.varied(8.0, 0.3), Label::None);
            let lumen = d + 5.6 + 1.6 * noise::smooth(p / 6.0, 135);
            ink.tint(lumen, super::ink::AIR);
        }
    }
}

/// A vein lies flat.
fn flattened(p: Vec3) -> Vec3 {
    let axis_y = -1.0;
    Vec3::new(-24.0 + (p.x + 24.0) * 0.88, axis_y + (p.y - axis_y) * 1.08, p.z)
}

fn blood(ink: &mut Ink, distance: f32, tissue: Tissue, label: Label) {
    // A wall shows in fat, not inside an organ.
    if ink.label == Label::None {
        ink.tint(distance - 0.8, MUSCLE);
    }
    if ink.coverage(distance) > 0.0 {
        let kept = ink.label;
        ink.lay(distance, tissue, label);
        if label == Label::None && kept == Label::PortalVein {
            ink.label = kept;
        }
    }
}
