//! From keys to actions: the action list, changed by a profile, changed by the user. One chord reaches one action in
//! each mode; a test holds every profile to it.

use crate::action::{ACTIONS, Action, Tool};
use eframe::egui::{Context, Event, Key, KeyboardShortcut, Modifiers};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What the hand is doing: some keys mean labels while it annotates and windows while it reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    Reading,
    Annotating,
}

impl Mode {
    pub const ALL: [Self; 2] = [Self::Reading, Self::Annotating];
}

/// In which modes a chord counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    Always,
    Reading,
    Annotating,
}

impl When {
    pub const fn counts_in(self, mode: Mode) -> bool {
        matches!(
            (self, mode),
            (Self::Always, _) | (Self::Reading, Mode::Reading) | (Self::Annotating, Mode::Annotating)
        )
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chord {
    pub keys: KeyboardShortcut,
    pub when: When,
}

/// The keys a user's hands know from another program.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Profile {
    #[default]
    Ohif,
    Horos,
    Slicer,
}

impl Profile {
    pub const ALL: [Self; 3] = [Self::Ohif, Self::Horos, Self::Slicer];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Ohif => "OHIF",
            Self::Horos => "Horos",
            Self::Slicer => "3D Slicer",
        }
    }

    /// The actions whose keys differ from the list's.
    const fn changes(self) -> &'static [(Action, &'static [Chord])] {
        match self {
            Self::Ohif => &[],
            Self::Horos => HOROS,
            Self::Slicer => SLICER,
        }
    }
}

const fn key(key: Key, when: When) -> Chord {
    Chord { keys: KeyboardShortcut::new(Modifiers::NONE, key), when }
}

const HOROS: &[(Action, &[Chord])] = &[
    (Action::Tool(Tool::Window), &[key(Key::W, When::Reading), key(Key::L, When::Annotating)]),
    (Action::FlipSign, &[key(Key::W, When::Annotating)]),
    (Action::NextSlice, &[key(Key::ArrowRight, When::Always), key(Key::ArrowUp, When::Always)]),
    (Action::PreviousSlice, &[key(Key::ArrowLeft, When::Always), key(Key::ArrowDown, When::Always)]),
];

const SLICER: &[(Action, &[Chord])] = &[
    (Action::NextSlice, &[key(Key::ArrowRight, When::Always), key(Key::ArrowUp, When::Always)]),
    (Action::PreviousSlice, &[key(Key::ArrowLeft, When::Always), key(Key::ArrowDown, When::Always)]),
    (Action::ResetView, &[key(Key::R, When::Reading), key(Key::Space, When::Always)]),
    (Action::TurnClockwise, &[]),
];

/// The keys as they hold now.
pub struct Keymap {
    chords: Vec<(Action, Chord)>,
}

/// A user's own keys: what an action is called in the settings file, and its chords in words.
pub type OwnKeys = BTreeMap<String, Vec<String>>;

impl Default for Keymap {
    fn default() -> Self {
        Self::of(Profile::default(), &OwnKeys::new())
    }
}

impl Keymap {
    /// A profile with a user's own keys over it. What the user gave a key to takes it from what had it.
    pub fn of(profile: Profile, own: &OwnKeys) -> Self {
        let mut chords: Vec<(Action, Chord)> = Vec::new();
        let mut taken = Vec::new();
        for entry in ACTIONS {
            if let Some(words) = own.get(&id_of(entry.action)) {
                let parsed = words.iter().filter_map(|word| parse(word)).map(|chord| (entry.action, chord));
                taken.extend(parsed);
                continue;
            }
            let changed = profile.changes().iter().find(|(action, _)| *action == entry.action);
            let keys = changed.map_or(entry.keys, |(_, keys)| keys);
            chords.extend(keys.iter().map(|chord| (entry.action, *chord)));
        }
        chords.retain(|(_, chord)| !taken.iter().any(|(_, own)| clash(chord, own)));
        chords.extend(taken);
        Self { chords }
    }

    pub fn chords_of(&self, action: Action) -> impl Iterator<Item = Chord> {
        self.chords.iter().filter(move |(a, _)| *a == action).map(|(_, chord)| *chord)
    }

    /// What reaches an action first, as it stands on the keyboard; empty where nothing does.
    pub fn name_of(&self, ctx: &Context, action: Action) -> String {
        self.chords_of(action).next().map_or_else(String::new, |chord| name(ctx, &chord.keys))
    }

    /// Actions that one chord reaches in one mode.
    pub fn conflicts(&self) -> Vec<(Action, Action, Chord)> {
        let mut found = Vec::new();
        for (n, (action, chord)) in self.chords.iter().enumerate() {
            for (other, other_chord) in &self.chords[n + 1..] {
                if action != other && clash(chord, other_chord) {
                    found.push((*action, *other, *chord));
                }
            }
        }
        found
    }

    /// What another action already answers to a chord.
    pub fn owner_of(&self, wanted: &Chord) -> Option<Action> {
        self.chords.iter().find(|(_, chord)| clash(chord, wanted)).map(|(action, _)| *action)
    }

    /// The actions whose keys were pressed since the last frame, each as often as it was pressed: a slow frame may
    /// bring many. A key whose action cannot be done now is left for others, so that Esc still closes a menu. Chords
    /// with more modifiers are asked first, so that Ctrl+Shift+Z is not taken for Ctrl+Z.
    ///
    /// While Alt is held only chords with Alt count; while a field has the keyboard those are the only ones at all, and
    /// the letter is not typed.
    pub fn pressed(&self, ctx: &Context, mode: Mode, typing: bool, possible: impl Fn(Action) -> bool) -> Vec<Action> {
        let alt = ctx.input(|input| input.events.iter().any(is_pressed_with_alt));
        let held = |chord: &Chord| chord.keys.modifiers.alt == alt && (alt || !typing);
        let counts = self.chords.iter().filter(|(_, chord)| chord.when.counts_in(mode) && held(chord));
        let counts = counts.filter(|(action, _)| possible(*action));
        let mut chords: Vec<(Action, KeyboardShortcut)> = counts.map(|(action, chord)| (*action, chord.keys)).collect();
        chords.sort_by_key(|(_, keys)| {
            let m = keys.modifiers;
            std::cmp::Reverse(u8::from(m.shift) + u8::from(m.command) + u8::from(m.alt))
        });
        ctx.input_mut(|input| {
            let times = |(action, keys): (Action, KeyboardShortcut)| {
                std::iter::repeat_n(action, input.count_and_consume_key(keys.modifiers, keys.logical_key))
            };
            let pressed: Vec<Action> = chords.into_iter().flat_map(times).collect();
            if alt && !pressed.is_empty() {
                input.events.retain(|event| !matches!(event, Event::Text(_)));
            }
            pressed
        })
    }
}

fn is_pressed_with_alt(event: &Event) -> bool {
    matches!(event, Event::Key { pressed: true, modifiers, .. } if modifiers.alt)
}

fn clash(a: &Chord, b: &Chord) -> bool {
    a.keys == b.keys && Mode::ALL.iter().any(|&mode| a.when.counts_in(mode) && b.when.counts_in(mode))
}

/// What an action is called in the settings file.
pub fn id_of(action: Action) -> String {
    format!("{action:?}")
}

/// A chord in words, as the settings file has it: "Ctrl+Shift+K".
pub fn words_of(keys: &KeyboardShortcut) -> String {
    let m = keys.modifiers;
    let parts = [(m.command || m.ctrl, "Ctrl"), (m.shift, "Shift"), (m.alt, "Alt")];
    let mut words: Vec<&str> = parts.iter().filter(|(held, _)| *held).map(|(_, word)| *word).collect();
    words.push(keys.logical_key.name());
    words.join("+")
}

/// The other way; a user's own chord counts in every mode.
pub fn parse(words: &str) -> Option<Chord> {
    let mut modifiers = Modifiers::NONE;
    let mut key = None;
    for word in words.split('+').map(str::trim) {
        match word {
            "Ctrl" => modifiers |= Modifiers::COMMAND,
            "Shift" => modifiers |= Modifiers::SHIFT,
            "Alt" => modifiers |= Modifiers::ALT,
            other => key = Key::from_name(other),
        }
    }
    Some(Chord { keys: KeyboardShortcut::new(modifiers, key?), when: When::Always })
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
        Key::Comma => ",",
        Key::Backslash => "\\",
        Key::Backtick => "`",
        Key::PageDown => "PgDn",
        Key::PageUp => "PgUp",
        _ => return ctx.format_shortcut(keys),
    };
    ctx.format_shortcut(keys).replace(keys.logical_key.name(), sign)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_profile_reaches_two_actions_by_one_chord_in_one_mode() {
        for profile in Profile::ALL {
            let conflicts = Keymap::of(profile, &OwnKeys::new()).conflicts();
            assert!(conflicts.is_empty(), "{profile:?}: {conflicts:?}");
        }
    }

    #[test]
    fn a_users_own_key_is_taken_from_what_had_it() {
        let own = OwnKeys::from([(id_of(Action::ResetView), vec!["Ctrl+B".to_owned(), "F".to_owned()])]);
        let keymap = Keymap::of(Profile::Ohif, &own);
        assert!(keymap.conflicts().is_empty());
        assert_eq!(keymap.chords_of(Action::ToggleBrowser).count(), 0);
        let words: Vec<String> = keymap.chords_of(Action::ResetView).map(|c| words_of(&c.keys)).collect();
        assert_eq!(words, ["Ctrl+B", "F"]);
    }

    #[test]
    fn every_chord_of_the_list_survives_being_written_down() {
        for chord in ACTIONS.iter().flat_map(|entry| entry.keys) {
            let words = words_of(&chord.keys);
            assert_eq!(parse(&words).map(|c| c.keys), Some(chord.keys), "{words}");
        }
        assert_eq!(parse("Ctrl+Nonsense"), None);
    }

    #[test]
    fn digits_are_windows_while_reading_only() {
        let keymap = Keymap::default();
        let digits: Vec<Chord> = keymap.chords_of(Action::WindowPreset(0)).collect();
        assert!(digits.iter().any(|c| c.keys.logical_key == Key::Num1 && c.when == When::Reading));
        assert!(digits.iter().any(|c| c.keys.logical_key == Key::F1 && c.when == When::Always));
    }
}
