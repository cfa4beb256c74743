//! Keys and clicks in the order of the hand. A frame that comes late brings all that was done since the last one: letters,
//! a chord that moves the keyboard to another field, the letters meant for that field, a click. The application answers
//! to chords before it draws, and fields take letters while they are drawn, so such a frame would carry them out in
//! another order. It is parted: one kind at a time, the rest in the frames right after it.

use eframe::egui::{Event, Key, Modifiers};
use std::collections::VecDeque;

/// What was done and is not yet given to a frame.
#[derive(Default)]
pub struct Waiting {
    events: VecDeque<Event>,
    /// The last frame had a chord. What that opens is measured in the next one and takes letters in the one after.
    opens: bool,
}

/// Who takes the keys of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keys {
    /// A field, or a dialog that is asked in: letters stay together.
    Typed,
    /// Nobody is typed into: each key is an order, and may change what the next one means.
    Orders,
}

/// What may share a frame.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    /// Letters and keys that stay in the field they are typed in.
    Typing,
    /// A key that may change what the next one means; pressed again it may share the frame.
    Chord(Key, Modifiers),
    /// An answer by digit: the same one again is the answer to the next question.
    Digit,
    Button,
}

impl Waiting {
    /// The events of the next frame, from what waits and what is new.
    pub fn next(&mut self, fresh: Vec<Event>, keys: Keys) -> Vec<Event> {
        self.events.extend(fresh);
        let is_typing = |kind: Option<Kind>| kind == Some(Kind::Typing);
        if std::mem::take(&mut self.opens) && is_typing(self.events.iter().find_map(|e| kind_of(e, Keys::Typed))) {
            return Vec::new();
        }
        let mut events = Vec::with_capacity(self.events.len());
        let mut frame = None;
        while let Some(event) = self.events.front() {
            let kind = kind_of(event, keys).filter(|_| !is_letter_of_chord(events.last(), event));
            if let (Some(kind), Some(frame)) = (kind, frame)
                && (kind != frame || kind == Kind::Digit)
                && !(keys == Keys::Orders && is_letter_of(events.last(), event))
            {
                break;
            }
            frame = frame.or(kind);
            events.extend(self.events.pop_front());
        }
        self.opens = matches!(frame, Some(Kind::Chord(..) | Kind::Digit));
        events
    }

    pub fn is_empty(&self) -> bool {
        self.events.is_empty()
    }
}

/// None for what says only where the pointer is, what was let go, and the like.
fn kind_of(event: &Event, keys: Keys) -> Option<Kind> {
    match event {
        Event::Key { key, pressed: true, modifiers, .. } if keys == Keys::Orders => {
            let is_digit = key.name().len() == 1 && key.name().bytes().all(|b| b.is_ascii_digit());
            Some(if is_digit && modifiers.is_none() { Kind::Digit } else { Kind::Chord(*key, *modifiers) })
        }
        Event::Key { key, pressed: true, modifiers, .. } => {
            let leaves = matches!(key, Key::Tab | Key::Enter | Key::Escape);
            let is_chord = leaves || modifiers.alt || modifiers.ctrl || modifiers.command;
            Some(if is_chord { Kind::Chord(*key, *modifiers) } else { Kind::Typing })
        }
        Event::Text(_) | Event::Ime(_) | Event::Paste(_) | Event::Cut | Event::Copy => Some(Kind::Typing),
        Event::PointerButton { .. } => Some(Kind::Button),
        _ => None,
    }
}

/// The letter that a key makes comes right after it.
fn is_letter_of(before: Option<&Event>, event: &Event) -> bool {
    matches!((before, event), (Some(Event::Key { pressed: true, .. }), Event::Text(_)))
}

/// Alt and a letter come as the key and, right after it, the letter.
pub fn is_letter_of_chord(before: Option<&Event>, event: &Event) -> bool {
    let is_alt = matches!(before, Some(Event::Key { pressed: true, modifiers, .. }) if modifiers.alt);
    is_alt && matches!(event, Event::Text(_))
}

#[cfg(test)]
mod tests {
    use super::*;
    use eframe::egui::{PointerButton, Pos2};

    fn key(key: Key, modifiers: Modifiers) -> [Event; 2] {
        [true, false].map(|pressed| Event::Key { key, physical_key: None, pressed, repeat: false, modifiers })
    }

    /// A letter as eframe reports it: the key, the letter, the key let go.
    fn letter(name: Key, modifiers: Modifiers) -> Vec<Event> {
        let [down, up] = key(name, modifiers);
        vec![down, Event::Text(name.name().to_lowercase()), up]
    }

    fn button(pressed: bool) -> Event {
        let modifiers = Modifiers::NONE;
        Event::PointerButton { pos: Pos2::ZERO, button: PointerButton::Primary, pressed, modifiers }
    }

    fn frames(events: Vec<Event>) -> Vec<Vec<Event>> {
        frames_of(events, Keys::Typed)
    }

    fn frames_of(events: Vec<Event>, keys: Keys) -> Vec<Vec<Event>> {
        let mut waiting = Waiting::default();
        let mut frames = vec![waiting.next(events, keys)];
        while !waiting.is_empty() {
            frames.push(waiting.next(Vec::new(), keys));
        }
        frames
    }

    #[test]
    fn where_nobody_types_each_key_is_carried_out_before_the_next() {
        let shift_u = letter(Key::U, Modifiers::SHIFT);
        let digits = [Key::Num1, Key::Num3, Key::Num3].map(|digit| letter(digit, Modifiers::NONE));
        let parts: Vec<Vec<Event>> = std::iter::once(shift_u).chain(digits).collect();
        let made = frames_of(parts.concat(), Keys::Orders);
        let made: Vec<_> = made.into_iter().filter(|frame| !frame.is_empty()).collect();
        assert_eq!(made, parts, "also the same digit twice");
        let arrows = [letter(Key::ArrowDown, Modifiers::NONE), letter(Key::ArrowDown, Modifiers::NONE)].concat();
        assert_eq!(frames_of(arrows, Keys::Orders).len(), 1, "steps may be taken at once");
    }

    #[test]
    fn letters_around_a_chord_keep_their_frames_and_their_order() {
        let parts = [
            [letter(Key::A, Modifiers::NONE), letter(Key::B, Modifiers::SHIFT)].concat(),
            letter(Key::C, Modifiers::ALT),
            [letter(Key::D, Modifiers::NONE), vec![Event::Text("e".into())]].concat(),
            vec![button(true), Event::PointerMoved(Pos2::ZERO), button(false)],
            key(Key::Tab, Modifiers::NONE).to_vec(),
            letter(Key::F, Modifiers::NONE),
            key(Key::Z, Modifiers::COMMAND).to_vec(),
        ];
        let made: Vec<_> = frames(parts.concat()).into_iter().filter(|frame| !frame.is_empty()).collect();
        assert_eq!(made, parts);
    }

    #[test]
    fn what_is_of_one_kind_comes_at_once() {
        let undo = key(Key::Z, Modifiers::COMMAND);
        assert_eq!(frames([undo.clone(), undo].concat()).len(), 1);
        let word = [Key::W, Key::O, Key::R, Key::D].map(|name| letter(name, Modifiers::NONE)).concat();
        assert_eq!(frames(word).len(), 1);
        assert_eq!(frames(vec![Event::PointerMoved(Pos2::ZERO); 40]).len(), 1);
        assert!(Waiting::default().next(Vec::new(), Keys::Typed).is_empty());
    }

    #[test]
    fn what_is_new_comes_after_what_waits() {
        let mut waiting = Waiting::default();
        let [chord, typed, later] =
            [(Key::Q, Modifiers::ALT), (Key::X, Modifiers::NONE), (Key::Y, Modifiers::NONE)].map(|(k, m)| letter(k, m));
        assert_eq!(waiting.next(chord.clone(), Keys::Typed), chord);
        assert!(waiting.next(typed.clone(), Keys::Typed).is_empty(), "what the chord opened takes no letters yet");
        assert_eq!(waiting.next(later.clone(), Keys::Typed), [typed, later].concat());
        assert!(waiting.is_empty());
    }
}
