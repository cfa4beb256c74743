//! The whole list of actions by accessible label, and what every panel looks like in the three themes.

use crate::hand::Hand;
use eframe::egui::accesskit::Role;
use eframe::egui::{Key, Rect, pos2};
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use egui_kittest::{OsThreshold, SnapshotOptions, SnapshotResults, try_image_snapshot_options};
use limner::action::{ACTIONS, Action, Menu};
use limner::app::App;
use limner::notices::Severity;
use limner::outbox::Request;
use limner::panels::dialog::Dialog;
use limner::panels::settings::SettingsPage;
use limner::theme::Theme;

#[test]
fn every_action_is_in_its_menu_by_name_with_why_it_is_grey_and_does_no_harm() {
    let home = tempfile::tempdir().unwrap();
    let mut hand = Hand::on_sample(home.path());
    for menu in Menu::ALL {
        for entry in ACTIONS.iter().filter(|e| e.menu == menu && !e.action.is_only_a_key()) {
            let title = hand.app().title_of(entry.action);
            let tops = hand.window.query_all_by_label(menu.title());
            let top = tops.min_by(|a, b| a.rect().top().total_cmp(&b.rect().top()));
            top.expect("the menu is in the bar").click();
            hand.window.step();
            hand.window.step();
            if let Some(inner) = entry.action.submenu() {
                let item = menu_item(&hand, inner);
                item.unwrap_or_else(|| panic!("{inner} is not in the {} menu", menu.title())).click();
                hand.window.step();
                hand.window.step();
            }
            // Now, not before: what was begun may have ended since.
            let possible = hand.app().why_not(entry.action).is_none();
            let item = menu_item(&hand, &title);
            let item = item.unwrap_or_else(|| panic!("{title} is not in the {} menu", menu.title()));
            assert_eq!(!item.accesskit_node().is_disabled(), possible, "{title}");
            let acts = possible && !matches!(entry.action, Action::Quit | Action::NewProject);
            if acts {
                item.click();
            }
            hand.window.step();
            hand.window.step();
            // What lies over the menus is closed before the next is opened.
            let app = hand.window.state_mut();
            app.dialog = None;
            app.adjusting = false;
            if app.workspace.stage.beside().is_some() {
                app.act(Action::SecondWindow);
            }
            hand.key(Key::Escape);
            hand.key(Key::Escape);
            let errors: Vec<_> = hand.app().notices.shown().iter().filter(|n| n.severity == Severity::Error).collect();
            assert!(errors.is_empty(), "{title}: {errors:?}");
        }
    }
}

/// The line of an open menu: what it is called may be followed by its key or an arrow.
fn menu_item<'a>(hand: &'a Hand, title: &'a str) -> Option<egui_kittest::Node<'a>> {
    hand.window.query_all_by_label_contains(title).find(|node| {
        let label = node.accesskit_node().label();
        label.is_some_and(|label| label == title || label.starts_with(&format!("{title} ")))
    })
}

/// Where a panel is on the window of a test, in points.
const PANELS: [(&str, Rect); 4] = [
    ("menu", Rect { min: pos2(0.0, 0.0), max: pos2(1400.0, 36.0) }),
    ("browser", Rect { min: pos2(0.0, 36.0), max: pos2(330.0, 876.0) }),
    ("inspector", Rect { min: pos2(1150.0, 36.0), max: pos2(1400.0, 876.0) }),
    ("status", Rect { min: pos2(0.0, 876.0), max: pos2(600.0, 900.0) }),
];

/// The picture and the time a machine takes are no matter of the panels: only these are compared.
#[test]
fn every_panel_looks_as_it_did_in_all_three_themes() {
    let home = tempfile::tempdir().unwrap();
    let mut hand = Hand::on_sample(home.path());
    let series = hand.app().workspace.found.len();
    hand.wait("the small pictures", |app| {
        (0..series).all(|n| app.thumbnails.is_made(n)) && app.jobs.running().is_empty()
    });
    hand.wait("the store", App::is_safe_to_quit);
    let mut results = SnapshotResults::new();
    // Letters are drawn alike everywhere but for the last bit of their edges.
    let options = SnapshotOptions::new().threshold(OsThreshold::new(1.0)).max_failed_pixels(OsThreshold::new(400));
    for theme in Theme::ALL {
        let mut look = hand.app().settings.look.clone();
        look.theme = theme;
        hand.window.state_mut().carry_out(Request::SetLook(look));
        hand.window.state_mut().dialog = None;
        hand.hover(pos2(700.0, 888.0));
        let mut keep = |hand: &mut Hand, name: &str, part: Option<Rect>| {
            for _ in 0..4 {
                hand.window.step();
            }
            let mut picture = hand.window.render().expect("the window is drawn");
            if let Some(part) = part {
                let [x, y, w, h] = [part.left(), part.top(), part.width(), part.height()].map(|points| points as u32);
                picture = image::imageops::crop_imm(&picture, x, y, w, h).to_image();
            }
            let name = format!("{}_{name}", theme.name().to_lowercase().replace(' ', "_"));
            results.add(try_image_snapshot_options(&picture, name, &options));
        };
        for (name, place) in PANELS {
            keep(&mut hand, name, Some(place));
        }
        let dialog = Rect { min: pos2(380.0, 120.0), max: pos2(1020.0, 780.0) };
        for page in SettingsPage::ALL {
            hand.window.state_mut().dialog = Some(Dialog::Settings(page));
            keep(&mut hand, &format!("settings_{page:?}").to_lowercase(), Some(dialog));
        }
        hand.window.state_mut().dialog = Some(Dialog::keys());
        keep(&mut hand, "keys", Some(Rect { min: pos2(160.0, 40.0), max: pos2(1240.0, 860.0) }));
        hand.window.state_mut().dialog = Some(Dialog::palette());
        keep(&mut hand, "palette", Some(dialog));
    }
    results.unwrap();
    drop(home);
}

/// What is typed into, slid, ticked, chosen from or pressed says what it is to who does not see it.
#[test]
fn every_control_has_a_name() {
    let home = tempfile::tempdir().unwrap();
    let mut hand = Hand::on_sample(home.path());
    let pages = SettingsPage::ALL.map(|page| Some(Dialog::Settings(page)));
    for dialog in pages.into_iter().chain([None, Some(Dialog::palette()), Some(Dialog::keys())]) {
        let what = format!("{dialog:?}");
        hand.window.state_mut().dialog = dialog;
        for _ in 0..3 {
            hand.window.step();
        }
        for node in hand.window.root().children_recursive() {
            let node = node.accesskit_node();
            let is_control = matches!(
                node.role(),
                Role::Button | Role::TextInput | Role::Slider | Role::SpinButton | Role::CheckBox | Role::ComboBox
            );
            let named = node.label().is_some_and(|label| !label.trim().is_empty());
            assert!(!is_control || named, "{what}: a {:?} at {:?} has no name", node.role(), node.bounding_box());
        }
    }
}
