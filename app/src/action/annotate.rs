//! The actions of annotating: one for each tool of the list, each operation, each digit.

use super::{Action, Entry, Menu, Tool, chord, plain};
use crate::keymap::{Chord, When};
use crate::theme::icon;
use crate::work::operation::Work;
use eframe::egui::{Key, Modifiers};
use limner_annotation::tools::{Makes, TOOLS, ToolId};

const DIGITS: usize = 9;
pub(super) const COUNT: usize = TOOLS.len() + Work::ALL.len() + DIGITS;

/// In menu order.
pub(super) const fn entries() -> [Entry; COUNT] {
    let blank = Entry { action: Action::Quit, menu: Menu::Prompt, title: "", keys: &[] };
    let mut all = [blank; COUNT];
    let mut n = 0;
    while n < TOOLS.len() {
        let info = &TOOLS[n];
        let action = Action::Tool(Tool::Use(ToolId::at(n)));
        all[n] = Entry { action, menu: menu_of(&info.makes), title: info.title, keys: keys_of(info.key) };
        n += 1;
    }
    let mut w = 0;
    while w < Work::ALL.len() {
        let work = Work::ALL[w];
        all[n] = Entry { action: Action::Work(work), menu: Menu::Label, title: work.title(), keys: work_keys(work) };
        (n, w) = (n + 1, w + 1);
    }
    let mut digit = 0;
    while digit < DIGITS {
        let (title, keys) = DIGIT_KEYS[digit];
        all[n] = Entry { action: Action::PickLabel(digit), menu: Menu::Label, title, keys };
        (n, digit) = (n + 1, digit + 1);
    }
    all
}

const fn menu_of(makes: &Makes) -> Menu {
    match makes {
        Makes::Prompt(_) => Menu::Prompt,
        Makes::Shape(_) => Menu::Measure,
        Makes::Dab { .. } | Makes::Area { .. } | Makes::Scissors => Menu::Paint,
    }
}

const fn keys_of(key: Option<char>) -> &'static [Chord] {
    let Some(key) = key else { return &[] };
    match key {
        'a' => const { &[plain(Key::A)] },
        'b' => const { &[plain(Key::B)] },
        'd' => const { &[plain(Key::D)] },
        'e' => const { &[plain(Key::E)] },
        'f' => const { &[plain(Key::F)] },
        'g' => const { &[plain(Key::G)] },
        'j' => const { &[plain(Key::J)] },
        'k' => const { &[plain(Key::K)] },
        'p' => const { &[plain(Key::P)] },
        'q' => const { &[plain(Key::Q)] },
        's' => const { &[plain(Key::S)] },
        'x' => const { &[plain(Key::X)] },
        _ => panic!("a key of the tool list is not known here"),
    }
}

const fn work_keys(work: Work) -> &'static [Chord] {
    match work {
        Work::Interpolate => const { &[chord(Modifiers::SHIFT, Key::I, When::Always)] },
        Work::CopyOnwards => const { &[chord(Modifiers::SHIFT, Key::ArrowDown, When::Always)] },
        Work::CopyBack => const { &[chord(Modifiers::SHIFT, Key::ArrowUp, When::Always)] },
        Work::Forwards => const { &[chord(Modifiers::COMMAND.plus(Modifiers::SHIFT), Key::ArrowRight, When::Always)] },
        Work::Backwards => const { &[chord(Modifiers::COMMAND.plus(Modifiers::SHIFT), Key::ArrowLeft, When::Always)] },
        _ => &[],
    }
}

/// Only while a tool is in hand that annotates: else digits are windows.
const fn annotating(key: Key) -> Chord {
    chord(Modifiers::NONE, key, When::Annotating)
}

const DIGIT_KEYS: [(&str, &[Chord]); DIGITS] = [
    ("Recent label 1", &[annotating(Key::Num1)]),
    ("Recent label 2", &[annotating(Key::Num2)]),
    ("Recent label 3", &[annotating(Key::Num3)]),
    ("Recent label 4", &[annotating(Key::Num4)]),
    ("Recent label 5", &[annotating(Key::Num5)]),
    ("Recent label 6", &[annotating(Key::Num6)]),
    ("Recent label 7", &[annotating(Key::Num7)]),
    ("Recent label 8", &[annotating(Key::Num8)]),
    ("Recent label 9", &[annotating(Key::Num9)]),
];

pub(super) fn icon_of(tool: ToolId) -> &'static str {
    match tool.info().name {
        "point" => icon::CIRCLE_PLUS,
        "scribble" => icon::SIGNATURE,
        "prompt-lasso" => icon::LASSO,
        "prompt-box" => icon::SQUARE_DASHED_MOUSE_POINTER,
        "prompt-box-3d" => icon::CUBOID,
        "brush" => icon::BRUSH,
        "eraser" => icon::ERASER,
        "range-brush" => icon::PIPETTE,
        "smart-brush" => icon::WAND_SPARKLES,
        "lasso" => icon::LASSO_SELECT,
        "lasso-cut" => icon::CROP,
        "polygon" => icon::HEXAGON,
        "live-wire" => icon::MAGNET,
        "fill" => icon::PAINT_BUCKET,
        "grow" => icon::EXPAND,
        "keep-island" => icon::GOAL,
        "remove-island" => icon::CIRCLE_MINUS,
        "scissors" => icon::SCISSORS,
        "ruler" => icon::RULER,
        "bidirectional" => icon::DIAMETER,
        "angle" => icon::TRIANGLE_RIGHT,
        "cobb" => icon::TANGENT,
        "rectangle" => icon::RECTANGLE_HORIZONTAL,
        "ellipse" => icon::EGG,
        "outline" => icon::PENTAGON,
        "polyline" => icon::SPLINE,
        "rotated-box" => icon::SQUARE,
        "box-3d" => icon::BOX,
        "probe" => icon::LOCATE,
        "landmarks" => icon::WAYPOINTS,
        "interval" => icon::RULER_DIMENSION_LINE,
        _ => icon::DOT,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_tool_has_an_icon_of_its_own() {
        let mut icons = HashSet::new();
        for tool in ToolId::all() {
            let sign = icon_of(tool);
            assert!(sign != icon::DOT && icons.insert(sign), "{}", tool.info().name);
        }
    }
}
