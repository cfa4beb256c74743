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

/// What may share a frame.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    /// Letters and keys that stay in the field they are typed in.
    Typing,
    /// A key that may change what the next one means; pressed again it may share the frame.
    Chord(Key, Modifiers),
    Button,
}

impl Waiting {
    /// The events of the next frame, from what waits and what is new.
    pub fn next(&mut self, fresh: Vec<Event>) -> Vec<Event> {
        self.events.extend(fresh);
        let is_typing = |kind: Option<Kind>| kind == Some(Kind::Typing);
        if std::mem::take(&mut self.opens) && is_typing(self.events.iter().find_map(kind_of)) {
            return Vec::new();
        }
        let mut events = Vec::with_capacity(self.events.len());
        let mut frame = None;
        while let Some(event) = self.events.front() {
            let kind = kind_of(event).filter(|_| !is_letter_of_chord(events.last(), event));
            if let (Some(kind), Some(frame)) = (kind, frame)
                && kind != frame
            {
                break;
            }
            frame = frame.or(kind);
            events.extend(self.events.pop_front());
        }
        self.opens = matches!(frame, Some(Kind::Chord(..)));
        events
    }

    pub fn is_empty(&self) -> bool {
        self.events.is_empty()
    }
}

/// None for what says only where the pointer is, what was let go, and the like.
fn kind_of(event: &Event) -> Option<Kind> {
    match event {
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
        let mut waiting = Waiting::default();
        let mut frames = vec![waiting.next(events)];
        while !waiting.is_empty() {
            frames.push(waiting.next(Vec::new()));
        }
        frames
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
        assert!(Waiting::default().next(Vec::new()).is_empty());
    }

    #[test]
    fn what_is_new_comes_after_what_waits() {
        let mut waiting = Waiting::default();
        let [chord, typed, later] =
            [(Key::Q, Modifiers::ALT), (Key::X, Modifiers::NONE), (Key::Y, Modifiers::NONE)].map(|(k, m)| letter(k, m));
        assert_eq!(waiting.next(chord.clone()), chord);
        assert!(waiting.next(typed.clone()).is_empty(), "what the chord opened takes no letters yet");
        assert_eq!(waiting.next(later.clone()), [typed, later].concat());
        assert!(waiting.is_empty());
    }
}
