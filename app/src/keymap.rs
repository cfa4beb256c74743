//! From keys to actions: the action list, changed by a profile, changed by the user. One chord reaches one action in
//! each mode; a test holds every profile to it.

use crate::action::{ACTIONS, Action, Tool};
use crate::in_order;
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

    /// The actions whose keys were pressed since the last frame, in their order and each as often as it was pressed: a
    /// slow frame may bring many. A key whose action cannot be done now is left for others, so that Esc still closes a
    /// menu. Chords with more modifiers are asked first, so that Ctrl+Shift+Z is not taken for Ctrl+Z.
    ///
    /// A key with Alt reaches only chords with Alt, and its letter is not typed. While a field has the keyboard only those
    /// count, and chords with Ctrl that mean nothing to a field.
    pub fn pressed(&self, ctx: &Context, mode: Mode, typing: bool, possible: impl Fn(Action) -> bool) -> Vec<Action> {
        if !ctx.input(|input| input.events.iter().any(|event| matches!(event, Event::Key { pressed: true, .. }))) {
            return Vec::new();
        }
        let counts = self.chords.iter().filter(|(_, chord)| chord.when.counts_in(mode));
        let counts = counts.filter(|(action, _)| possible(*action));
        let mut chords: Vec<(Action, KeyboardShortcut)> = counts.map(|(action, chord)| (*action, chord.keys)).collect();
        chords.sort_by_key(|(_, keys)| {
            let m = keys.modifiers;
            std::cmp::Reverse(u8::from(m.shift) + u8::from(m.command) + u8::from(m.alt))
        });
        let reached = |event: &Event| {
            let Event::Key { key, pressed: true, modifiers, .. } = event else { return None };
            let meant = |keys: &KeyboardShortcut| {
                keys.logical_key == *key
                    && modifiers.matches_logically(keys.modifiers)
                    && keys.modifiers.alt == modifiers.alt
                    && (modifiers.alt || !typing || (modifiers.command && !is_of_fields(*key)))
            };
            chords.iter().find(|(_, keys)| meant(keys)).map(|(action, _)| *action)
        };
        ctx.input_mut(|input| {
            let mut pressed = Vec::new();
            let mut last: Option<Event> = None;
            input.events.retain(|event| {
                let takes_letter = in_order::is_letter_of_chord(last.take().as_ref(), event);
                let Some(action) = reached(event) else { return !takes_letter };
                pressed.push(action);
                last = Some(event.clone());
                false
            });
            pressed
        })
    }
}

/// Whether a field that is typed in has a use of its own for Ctrl and this key.
const fn is_of_fields(key: Key) -> bool {
    use Key::{
        A, ArrowDown, ArrowLeft, ArrowRight, ArrowUp, Backspace, C, Delete, End, Enter, H, Home, U, V, W, X, Y, Z,
    };
    matches!(
        key,
        A | C
            | H
            | U
            | V
            | W
            | X
            | Y
            | Z
            | ArrowDown
            | ArrowLeft
            | ArrowRight
            | ArrowUp
            | Backspace
            | Delete
            | End
            | Enter
            | Home
    )
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
    fn a_frame_with_an_alt_chord_keeps_the_letters_and_the_order_of_all_others() {
        let letter = |key: Key, modifiers: Modifiers| {
            let event = Event::Key { key, physical_key: None, pressed: true, repeat: false, modifiers };
            [event, Event::Text(key.name().to_lowercase())]
        };
        let keys = [(Key::H, Modifiers::NONE), (Key::E, Modifiers::ALT), (Key::I, Modifiers::NONE)];
        let input = |keys: &[(Key, Modifiers)]| eframe::egui::RawInput {
            events: keys.iter().flat_map(|(key, modifiers)| letter(*key, *modifiers)).collect(),
            ..Default::default()
        };
        let frame = |keys: &[(Key, Modifiers)], typing: bool| {
            let ctx = Context::default();
            let mut found = Default::default();
            let mut output = ctx.run_ui(input(keys), |ui| {
                let pressed = Keymap::default().pressed(ui.ctx(), Mode::Annotating, typing, |_| true);
                let text = |event: &Event| if let Event::Text(text) = event { Some(text.clone()) } else { None };
                let typed: String = ui.input(|input| input.events.iter().filter_map(text).collect());
                found = (pressed, typed);
            });
            output.textures_delta.clear();
            found
        };
        let (pressed, typed) = frame(&keys, true);
        assert_eq!(
            (pressed.as_slice(), typed.as_str()),
            (&[Action::Ask(crate::action::Ask::PointAtEvidence)][..], "hi")
        );
        let (pressed, typed) = frame(&[(Key::H, Modifiers::NONE), (Key::K, Modifiers::COMMAND)], true);
        assert_eq!((pressed.as_slice(), &*typed), (&[Action::Palette][..], "hk"), "the field is left by Ctrl+K");
        assert!(frame(&[(Key::Z, Modifiers::COMMAND)], true).0.is_empty(), "Ctrl+Z is the field's own");
        let named = |key: Key| Keymap::default().chords.iter().find(|(_, c)| c.keys == plain(key)).map(|(a, _)| *a);
        let (pressed, _) = frame(&[(Key::E, Modifiers::NONE), (Key::B, Modifiers::NONE)], false);
        assert_eq!(pressed, [named(Key::E).unwrap(), named(Key::B).unwrap()], "in the order of the hand");
    }

    const fn plain(key: Key) -> KeyboardShortcut {
        KeyboardShortcut::new(Modifiers::NONE, key)
    }

    #[test]
    fn digits_are_windows_while_reading_only() {
        let keymap = Keymap::default();
        let digits: Vec<Chord> = keymap.chords_of(Action::WindowPreset(0)).collect();
        assert!(digits.iter().any(|c| c.keys.logical_key == Key::Num1 && c.when == When::Reading));
        assert!(digits.iter().any(|c| c.keys.logical_key == Key::F1 && c.when == When::Always));
    }
}
