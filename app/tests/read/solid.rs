//! A volume in 3D by hand: another look, a transfer function edited, a side cut away.

use crate::hand::Hand;
use eframe::egui::{Key, vec2};
use egui_kittest::kittest::Queryable as _;
use image::RgbaImage;
use limner::view_state::SolidView;
use limner_imaging::Side;
use std::time::{Duration, Instant};

/// So long without a change, and it does not change any more.
const AT_REST: Duration = Duration::from_millis(1500);

impl Hand {
    fn press(&mut self, label: &str) {
        self.window.get_by_label(label).click();
        self.window.step();
        self.window.step();
    }

    fn solid(&self) -> SolidView {
        self.app().workspace.stage.active().solid.clone()
    }

    /// The 3D view once it does not get any better.
    fn drawn(&mut self) -> RgbaImage {
        let rect = self.window.get_by_label("3D view").rect();
        let mut last = RgbaImage::new(0, 0);
        // On a machine that does much else, a picture may stand still for some frames before it sharpens.
        let (mut same, mut since) = (0, Instant::now());
        for _ in 0..400 {
            for _ in 0..4 {
                self.window.step();
            }
            let whole = self.window.render().unwrap();
            let [x, y, w, h] = [rect.left(), rect.top(), rect.width(), rect.height()].map(|n| n as u32);
            // Below the bar of the view, where nothing but the volume is.
            let now = image::imageops::crop_imm(&whole, x + 10, y + h / 3, w - 20, h / 2).to_image();
            (same, since) = if now == last { (same + 1, since) } else { (0, Instant::now()) };
            if same >= 6 && since.elapsed() >= AT_REST {
                return now;
            }
            last = now;
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        panic!("the volume never comes to rest");
    }
}

#[test]
fn a_volume_takes_another_look_and_shows_what_lies_behind_a_cut() {
    let home = tempfile::tempdir().unwrap();
    let mut hand = Hand::on_sample(home.path());
    hand.press("Three planes and 3D");
    let middle = hand.window.get_by_label("3D view").rect().center();
    hand.click(middle);
    hand.window.step();
    assert!(hand.app().workspace.stage.active().is_solid(), "a click makes the 3D view the active one");
    let whole = hand.drawn();

    hand.press("Cut away");
    hand.press("Anterior");
    assert_eq!(hand.solid().cut.side, Some(Side::Anterior));
    let cut = hand.drawn();
    assert_ne!(cut, whole, "half of the body is gone");
    hand.press("Nothing is cut away");
    assert!(hand.solid().cut.is_nothing());
    assert_eq!(hand.drawn(), whole);
    hand.key(Key::Escape);

    hand.press("3D look");
    hand.press("Maximum intensity");
    assert_ne!(hand.drawn(), whole);
    assert!(hand.window.query_by_label("Opacity by value").is_none(), "a projection has no transfer function");
    hand.press("CT bone");
    // The list lies over the view: it is closed for what is compared.
    hand.key(Key::Escape);
    let bone = hand.drawn();
    hand.press("3D look");
    let point = hand.window.get_by_label("Point 2").rect().center();
    hand.drag(&[point, point + vec2(-25.0, -20.0)]);
    let edited = hand.solid().function.expect("the point was moved");
    assert_eq!(edited.points().len(), 4);
    hand.press("As the preset has it");
    assert_eq!(hand.solid().function, None);
    hand.press("Denser");
    hand.key(Key::Escape);
    assert_ne!(hand.drawn(), bone);
    hand.press("3D look");
    hand.press("As the preset has it");
    hand.key(Key::Escape);
    assert_eq!(hand.drawn(), bone);
}
