//! The window of plots: what it shows is kept in step, a click opens the case, and what is shown is written as a file.

use crate::app::App;
use crate::jobs::Apply;
use crate::plots::png_picture;
use crate::review::charts::{Names, Target};
use crate::review::{ChartAsk, SourceId};
use std::path::PathBuf;

/// Pixels of a PNG for each unit of the drawing.
const PNG_SCALE: f32 = 3.0;

impl App {
    /// Draws the plot anew where what it is of has changed.
    pub(super) fn refresh_charts(&mut self) {
        if !self.review.charts.is_open || self.is_hidden() {
            self.review.charts.drawn = None;
            self.review.charts.of = None;
            return;
        }
        let source = |id: SourceId| self.shown_name(id);
        let label = |label: u32| self.label_name(label);
        let names = Names { source: &source, label: &label };
        let of = Some(self.review.drawn_of(&names));
        if self.review.charts.of != of {
            let drawn = self.review.draw_chart(&names);
            self.review.charts.drawn = drawn;
            self.review.charts.opened = None;
            self.review.charts.of = of;
        }
    }

    pub(super) fn ask_chart(&mut self, ask: ChartAsk) {
        let charts = &mut self.review.charts;
        match ask {
            ChartAsk::Show(chart) => charts.chart = chart,
            ChartAsk::Measure(measure) => charts.measure = Some(measure),
            ChartAsk::Model(model) => charts.model = Some(model),
            ChartAsk::Label(label) => charts.label = label,
            ChartAsk::GoTo(to) => self.go_to_charted(to),
            ChartAsk::Save(ending) => self.pick_chart_file(ending),
            ChartAsk::Write(path) => self.write_chart(path),
        }
    }

    /// What stands for several is gone through click by click.
    fn go_to_charted(&mut self, to: Vec<usize>) {
        let charts = &mut self.review.charts;
        let at =
            charts.opened.as_ref().filter(|(known, _)| *known == to).map_or(0, |(_, at)| (at + 1) % to.len().max(1));
        let target = to.get(at).and_then(|n| charts.drawn.as_ref()?.targets.get(*n)).cloned();
        match target {
            Some(Target::Map { case, model, label, .. }) => {
                self.review.in_hand = model.or(self.review.in_hand);
                self.review.row = None;
                self.review.only = Some(label);
                self.open_compared(case);
            }
            Some(Target::Row { key, .. }) => self.look_at_row(Some(key)),
            None => return,
        }
        self.review.charts.opened = Some((to, at));
    }

    /// As its ending says: SVG, PNG, CSV or Parquet.
    pub(crate) fn write_chart(&mut self, path: PathBuf) {
        let Some(drawn) = &self.review.charts.drawn else { return };
        let path = if path.extension().is_some() { path } else { path.with_extension("svg") };
        let drawing = drawn.drawing.clone();
        self.jobs.start("Writing the plot", move |_| {
            let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase()).unwrap_or_default();
            let bytes = match ending.as_str() {
                "svg" => drawing.svg().into_bytes(),
                "csv" => drawing.data.csv_text().into_bytes(),
                "parquet" => drawing.data.parquet_bytes()?,
                "png" => {
                    let mut bytes = std::io::Cursor::new(Vec::new());
                    png_picture(&drawing, PNG_SCALE).write_to(&mut bytes, image::ImageFormat::Png)?;
                    bytes.into_inner()
                }
                other => anyhow::bail!("a plot is written as .svg, .png, .csv or .parquet, not as .{other}"),
            };
            crate::cli::write_whole(&path, &bytes)?;
            let apply: Apply = Box::new(move |app| app.notices.done(format!("Wrote {}", path.display())));
            Ok(apply)
        });
    }
}
