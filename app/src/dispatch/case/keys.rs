//! Keys while the form or the grid has them: they are taken before the keymap sees them.

use crate::app::App;
use crate::case::Ask;
use crate::case::ask::{GridAsk, ReportAsk};
use crate::case::focus::{Row, STATUSES, answer_of, finding_of};
use crate::dispatch::review::REASONS;
use crate::review;
use eframe::egui::{Context, Event, InputState, Key, Modifiers};
use limner_annotation::records::{AssignmentStatus, FieldKind, Status, Verdict};

const DIGITS: [Key; 9] =
    [Key::Num1, Key::Num2, Key::Num3, Key::Num4, Key::Num5, Key::Num6, Key::Num7, Key::Num8, Key::Num9];

/// A key pressed alone: with Shift or Alt it means something else, which the keymap knows.
fn plain(input: &mut InputState, wanted: Key) -> bool {
    let alone = |event: &Event| matches!(event, Event::Key { key, pressed: true, modifiers, .. } if *key == wanted && modifiers.is_none());
    input.events.iter().any(alone) && input.consume_key(Modifiers::NONE, wanted)
}

impl App {
    /// What the keys of this frame ask for, where a form, the grid or a binding listens to them.
    pub(crate) fn take_case_keys(&mut self, ctx: &Context) {
        if self.dialog.is_some() || ctx.egui_wants_keyboard_input() {
            return;
        }
        let asks = if self.case.grid.open {
            let shown = self.shown_cases();
            ctx.input_mut(|input| self.grid_keys(input, &shown))
        } else if self.case.report.binding.is_some() {
            ctx.input_mut(binding_keys)
        } else if self.review.asking.is_some() || self.review.rating.is_some() {
            let asks = ctx.input_mut(|input| self.review_keys(input));
            return asks.into_iter().for_each(|ask| self.ask_review(ask));
        } else if let Some(row) = self.case.focus {
            ctx.input_mut(|input| self.form_keys(input, row))
        } else {
            Vec::new()
        };
        asks.into_iter().for_each(|ask| self.ask_case(ask));
    }

    /// Places in the list of the cases that the grid shows.
    fn shown_cases(&self) -> Vec<usize> {
        let cases = self.cases();
        (0..cases.len()).filter(|n| cases[*n].fits(&self.case.filter)).collect()
    }

    fn form_keys(&self, input: &mut InputState, row: usize) -> Vec<Ask> {
        let rows = self.form_rows();
        let last = rows.len().saturating_sub(1);
        let mut row = row.min(last);
        let mut asks = Vec::new();
        let mut pressed = |key| plain(input, key);
        if pressed(Key::Escape) {
            return vec![Ask::Focus(None)];
        }
        if pressed(Key::ArrowDown) || pressed(Key::Tab) {
            row = (row + 1).min(last);
            asks.push(Ask::Focus(Some(row)));
        }
        if pressed(Key::ArrowUp) {
            row = row.saturating_sub(1);
            asks.push(Ask::Focus(Some(row)));
        }
        let picked = DIGITS.iter().position(|key| pressed(*key));
        let cleared = pressed(Key::Backspace) || pressed(Key::Delete);
        // Enter goes into a field that is typed in: that is for the panel.
        let typed = matches!(rows.get(row), Some(Row::Field(field)) if field.reach() == 0);
        let onwards = !typed && pressed(Key::Enter);
        match rows.get(row) {
            Some(Row::Finding(name)) => {
                let letters = [Key::P, Key::A, Key::U, Key::N];
                let letter = letters.iter().position(|key| pressed(*key));
                let status = letter.or(picked).and_then(|n| STATUSES.get(n)).map(|(status, ..)| *status);
                if let Some(status) = status {
                    asks.push(self.finding_ask(name, status));
                } else if cleared {
                    asks.push(Ask::Finding { name: (*name).to_owned(), status: None });
                }
                // Most of a form is a list of findings: on to the next by itself.
                if status.is_some() || onwards {
                    asks.push(Ask::Focus(Some((row + 1).min(last))));
                }
            }
            Some(Row::Field(field)) => {
                let now = self
                    .workspace
                    .open()
                    .and_then(|open| answer_of(self.document()?, self.case_form()?, open.image, field));
                if let Some(n) = picked.filter(|n| *n < field.reach()) {
                    asks.push(Ask::Answer { field: field.key.clone(), value: field.pick(n, now) });
                } else if cleared {
                    asks.push(Ask::Answer { field: field.key.clone(), value: None });
                }
                if onwards || picked.is_some() && field.kind != FieldKind::Several {
                    asks.push(Ask::Focus(Some((row + 1).min(last))));
                }
            }
            None => {}
        }
        asks
    }

    /// The same status again takes it back.
    fn finding_ask(&self, name: &str, status: Status) -> Ask {
        let known = self.workspace.open().and_then(|open| finding_of(self.document()?, open.image, name));
        let again = known.is_some_and(|known| known.status == status);
        Ask::Finding { name: name.to_owned(), status: (!again).then_some(status) }
    }

    /// Digits give a reason or answer a row of the rating.
    fn review_keys(&self, input: &mut InputState) -> Vec<review::Ask> {
        let mut pressed = |key| plain(input, key);
        if self.review.asking.is_some() {
            if pressed(Key::Escape) {
                return vec![review::Ask::StopAsking];
            }
            let reason = DIGITS.iter().position(|key| pressed(*key)).and_then(|n| REASONS.get(n));
            return reason.map(|reason| review::Ask::Reason((*reason).to_owned())).into_iter().collect();
        }
        let last = self.rating_lines().len().saturating_sub(1);
        let mut row = self.review.rating.unwrap_or(0).min(last);
        if pressed(Key::Escape) {
            return vec![review::Ask::RateRow(None)];
        }
        let mut asks = Vec::new();
        if pressed(Key::ArrowDown) || pressed(Key::Tab) {
            row = (row + 1).min(last);
            asks.push(review::Ask::RateRow(Some(row)));
        }
        if pressed(Key::ArrowUp) {
            row = row.saturating_sub(1);
            asks.push(review::Ask::RateRow(Some(row)));
        }
        asks.extend(DIGITS.iter().position(|key| pressed(*key)).map(|choice| review::Ask::Rate(row, choice)));
        asks
    }

    fn grid_keys(&self, input: &mut InputState, shown: &[usize]) -> Vec<Ask> {
        let grid = &self.case.grid;
        let mut asks = Vec::new();
        let place = shown.iter().position(|n| *n == grid.cursor).unwrap_or(0);
        let columns = grid.columns.max(1) as isize;
        for modifiers in [Modifiers::SHIFT, Modifiers::NONE] {
            let steps =
                [(Key::ArrowRight, 1), (Key::ArrowLeft, -1), (Key::ArrowDown, columns), (Key::ArrowUp, -columns)];
            for (key, by) in steps {
                let pressed = if modifiers.shift { input.consume_key(modifiers, key) } else { plain(input, key) };
                if pressed {
                    let to = place.saturating_add_signed(by).min(shown.len().saturating_sub(1));
                    let to = shown.get(to).copied().unwrap_or_default();
                    asks.push(GridAsk::Cursor { to, extend: modifiers.shift, toggle: false });
                }
            }
        }
        let mut pressed = |key| plain(input, key);
        if pressed(Key::Escape) {
            asks.push(if grid.chosen.is_empty() { GridAsk::Close } else { GridAsk::All(false) });
        }
        if pressed(Key::Enter) {
            asks.push(GridAsk::Open(grid.cursor));
        }
        if pressed(Key::Space) {
            asks.push(GridAsk::Cursor { to: grid.cursor, extend: false, toggle: true });
        }
        if pressed(Key::Tab) {
            asks.push(GridAsk::Row((grid.row + 1) % self.form_rows().len().max(1)));
        }
        asks.extend(DIGITS.iter().position(|key| pressed(*key)).map(GridAsk::Pick));
        let verdicts = [(Key::F, Verdict::Flag), (Key::X, Verdict::Reject), (Key::G, Verdict::Accept)];
        asks.extend(
            verdicts.into_iter().filter(|(key, _)| pressed(*key)).map(|(_, verdict)| GridAsk::Verdict(verdict)),
        );
        if pressed(Key::D) {
            asks.push(GridAsk::Status(AssignmentStatus::Submitted));
        }
        if input.consume_key(Modifiers::COMMAND, Key::A) {
            asks.push(GridAsk::All(true));
        }
        asks.into_iter().map(Ask::Grid).collect()
    }
}

/// Digits bind the regions of the list to the selected words; Enter and Esc end it.
fn binding_keys(input: &mut InputState) -> Vec<Ask> {
    let mut pressed = |key| plain(input, key);
    let mut asks = Vec::new();
    asks.extend(DIGITS.iter().position(|key| pressed(*key)).map(ReportAsk::ToggleNth));
    if pressed(Key::Escape) || pressed(Key::Enter) {
        asks.push(ReportAsk::Bind(None));
    }
    asks.into_iter().map(Ask::Report).collect()
}
