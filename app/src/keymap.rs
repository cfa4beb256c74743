//! From keys to actions, read off the action list.

use crate::action::{ACTIONS, Action};
use eframe::egui::{Context, Key, KeyboardShortcut};

/// The actions whose keys were pressed since the last frame, each as often as it was pressed: a slow frame may bring
/// many. A key whose action cannot be done now is left for others, so that Esc still closes a menu. Chords with more
/// modifiers are asked first, so that Ctrl+Shift+Z is not taken for Ctrl+Z.
pub fn pressed(ctx: &Context, possible: impl Fn(Action) -> bool) -> Vec<Action> {
    let all = ACTIONS.iter().filter(|e| possible(e.action)).flat_map(|e| e.keys.iter().map(|k| (e.action, *k)));
    let mut chords: Vec<_> = all.collect();
    chords
        .sort_by_key(|(_, keys)| std::cmp::Reverse(u8::from(keys.modifiers.shift) + u8::from(keys.modifiers.command)));
    ctx.input_mut(|input| {
        let times = |(action, keys): (Action, KeyboardShortcut)| {
            std::iter::repeat_n(action, input.count_and_consume_key(keys.modifiers, keys.logical_key))
        };
        chords.into_iter().flat_map(times).collect()
    })
}

/// The keys as they stand on the keyboard.
pub fn name(ctx: &Context, keys: &KeyboardShortcut) -> String {
    let sign = match keys.logical_key {
        Key::Questionmark => "?",
        Key::OpenBracket => "[",
        Key::CloseBracket => "]",
        Key::Escape => "Esc",
        Key::Plus => "+",
        Key::Equals => "=",
        Key::Minus => "-",
        _ => return ctx.format_shortcut(keys),
    };
    ctx.format_shortcut(keys).replace(keys.logical_key.name(), sign)
}
