//! The grid of pictures: what is chosen, and what is said of all that are.

use crate::app::App;
use crate::case::ask::GridAsk;
use crate::case::focus::{Row, STATUSES};

impl App {
    pub(super) fn toggle_grid(&mut self) {
        self.end_stroke();
        self.case.grid.open = !self.case.grid.open;
        let cases = self.cases();
        if let Some(here) = self.case_in_view(&cases) {
            self.case.grid.cursor = here;
        }
        self.case.focus = None;
    }

    pub(super) fn ask_grid(&mut self, ask: GridAsk) {
        let count = self.cases().len();
        match ask {
            GridAsk::Close => self.case.grid.open = false,
            GridAsk::Columns(columns) => self.case.grid.columns = columns.max(1),
            GridAsk::Row(row) => self.case.grid.row = row,
            GridAsk::Cursor { to, extend, toggle } => self.move_cursor(to.min(count.saturating_sub(1)), extend, toggle),
            GridAsk::All(all) => {
                let cases = self.cases();
                let shown = (0..count).filter(|n| all && cases[*n].fits(&self.case.filter));
                self.case.grid.chosen = shown.collect();
            }
            GridAsk::Pick(n) => self.pick_in_grid(n),
            GridAsk::Status(status) => self.set_status(&self.chosen_cases(), status),
            GridAsk::Verdict(verdict) => self.judge(&self.chosen_cases(), verdict),
            GridAsk::Open(n) => {
                self.case.grid.open = false;
                self.open_case(n);
            }
        }
    }

    fn move_cursor(&mut self, to: usize, extend: bool, toggle: bool) {
        let grid = &mut self.case.grid;
        if toggle {
            if !grid.chosen.remove(&to) {
                grid.chosen.insert(to);
            }
        } else if extend {
            grid.chosen.extend(grid.cursor.min(to)..=grid.cursor.max(to));
        }
        grid.cursor = to;
    }

    /// All that are chosen, else the one under the cursor.
    fn chosen_cases(&self) -> Vec<usize> {
        let grid = &self.case.grid;
        if grid.chosen.is_empty() { vec![grid.cursor] } else { grid.chosen.iter().copied().collect() }
    }

    fn pick_in_grid(&mut self, n: usize) {
        let rows = self.form_rows();
        let Some(row) = rows.get(self.case.grid.row) else { return };
        match *row {
            Row::Finding(name) => {
                let name = name.to_owned();
                let Some((status, ..)) = STATUSES.get(n) else { return };
                let status = *status;
                self.with_images(&self.chosen_cases(), move |app, images| {
                    app.set_findings(&images, &name, Some(status));
                });
            }
            Row::Field(field) => {
                let field = field.clone();
                if n >= field.reach() {
                    return;
                }
                self.with_images(&self.chosen_cases(), move |app, images| {
                    // All get the same, whatever they had; only where all have it already it is taken back.
                    let all_have = app.all_answered(&images, &field, n);
                    app.answer(&images, &field.key, |now| {
                        let fresh = field.pick(n, now);
                        if all_have { fresh } else { super::grid::added(&field, n, now, fresh) }
                    });
                });
            }
        }
    }

    fn all_answered(
        &self,
        images: &[limner_annotation::ImageId],
        field: &limner_annotation::records::Field,
        n: usize,
    ) -> bool {
        let (Some(document), Some(form)) = (self.document(), self.case_form()) else { return false };
        images.iter().all(|image| {
            let now = crate::case::focus::answer_of(document, form, *image, field);
            now.is_some() && added(field, n, now, field.pick(n, now)).as_ref() == now
        })
    }
}

/// What an answer becomes where a choice is to hold afterwards, also if it held before.
fn added(
    field: &limner_annotation::records::Field,
    n: usize,
    now: Option<&limner_annotation::tags::Attribute>,
    picked: Option<limner_annotation::tags::Attribute>,
) -> Option<limner_annotation::tags::Attribute> {
    use limner_annotation::tags::Attribute;
    let fewer = match (&picked, now) {
        (None, Some(_)) => true,
        (Some(Attribute::Several(new)), Some(Attribute::Several(old))) => new.len() < old.len(),
        _ => false,
    };
    if fewer { now.cloned() } else { picked.or_else(|| field.pick(n, None)) }
}
