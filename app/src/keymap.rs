//! From keys to actions, read off the action list.

use crate::action::{ACTIONS, Action};
use eframe::egui::Context;

/// The actions whose keys were pressed since the last frame. Chords with more modifiers are asked first, so that
/// Ctrl+Shift+Z is not taken for Ctrl+Z.
pub fn pressed(ctx: &Context) -> Vec<Action> {
    let mut chords: Vec<_> = ACTIONS.iter().flat_map(|e| e.keys.iter().map(|k| (e.action, *k))).collect();
    chords
        .sort_by_key(|(_, keys)| std::cmp::Reverse(u8::from(keys.modifiers.shift) + u8::from(keys.modifiers.command)));
    ctx.input_mut(|input| {
        let mut actions = Vec::new();
        for (action, keys) in chords {
            // A key held down repeats: each repeat is a press of its own.
            while input.consume_shortcut(&keys) {
                actions.push(action);
            }
        }
        actions
    })
}
