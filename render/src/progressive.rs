//! A volume that appears at once and sharpens while nothing else needs the adapter.
//!
//! The first part is the whole picture, small and stretched. The next parts are bands of rows in full quality, as
//! high as fit a frame. A part is only begun when the one before is done, so the adapter is never more than one part
//! behind and a turn of the camera shows at once.

use crate::context::{GpuContext, Tier};
use crate::error::Result;
use crate::scene::Renderer;
use crate::target::Target;
use crate::volume_scene::VolumeScene;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// The first impression has one pixel for this many across.
const COARSE: usize = 4;
/// What one part may take of a frame.
const FRAME: Duration = Duration::from_millis(8);

pub struct Progressive {
    full: Target,
    coarse: Target,
    plan: Plan,
    /// Set by the adapter when the part last begun is done.
    running: Option<Arc<AtomicBool>>,
}

impl Progressive {
    pub fn new(gpu: &GpuContext, size: [usize; 2]) -> Result<Self> {
        let rows = match gpu.tier {
            Tier::Full => 512,
            Tier::Weak => 64,
            Tier::Software => 16,
        };
        Ok(Self {
            full: Target::new(gpu, size)?,
            coarse: Target::new(gpu, size.map(|n| n.div_ceil(COARSE)))?,
            plan: Plan::new(size[1], rows),
            running: None,
        })
    }

    /// The picture as far as it is drawn.
    #[must_use]
    pub const fn target(&self) -> &Target {
        &self.full
    }

    /// What is shown has changed: begin again with a first impression.
    pub const fn restart(&mut self) {
        self.plan.restart();
    }

    /// True once there is a first impression.
    #[must_use]
    pub const fn is_begun(&self) -> bool {
        !matches!(self.plan.next, Some(Part::FirstImpression))
    }

    /// True once every row has full quality. Until then call `advance` once a frame.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.plan.next.is_none() && self.running.is_none()
    }

    /// Begins the next part unless one is still being drawn. Never waits. True where the picture changes.
    pub fn advance(&mut self, scene: &VolumeScene<'_>, renderer: &Renderer, gpu: &GpuContext) -> bool {
        if let Err(error) = gpu.device.poll(wgpu::PollType::Poll) {
            log::warn!("asking the graphics device for its progress failed: {error}");
        }
        if let Some(done) = &self.running {
            if !done.load(Ordering::Acquire) {
                self.plan.was_slow();
                return false;
            }
            self.running = None;
        }
        let Some(part) = self.plan.take() else { return false };
        let scene = VolumeScene { size: self.full.size(), ..scene.clone() };
        let start = Instant::now();
        let mut encoder = gpu.device.create_command_encoder(&wgpu::CommandEncoderDescriptor { label: Some("part") });
        match part {
            Part::FirstImpression => {
                scene.coarse(COARSE).encode(renderer, gpu, &mut encoder, self.coarse.view());
                renderer.stretch(gpu, &mut encoder, &self.coarse, self.full.view(), COARSE);
            }
            Part::Rows(rows) => scene.encode_rows(renderer, gpu, &mut encoder, self.full.view(), rows),
        }
        if start.elapsed() > FRAME {
            // The processor drew it, here and now.
            self.plan.was_slow();
        }
        gpu.queue.submit([encoder.finish()]);
        let done = Arc::new(AtomicBool::new(false));
        self.running = Some(Arc::clone(&done));
        gpu.queue.on_submitted_work_done(move || done.store(true, Ordering::Release));
        true
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    FirstImpression,
    Rows(Range<usize>),
}

/// Which part comes next, and how high the bands are.
struct Plan {
    height: usize,
    band: usize,
    /// `None` when all is drawn.
    next: Option<Part>,
    was_slow: bool,
}

impl Plan {
    const fn new(height: usize, band: usize) -> Self {
        Self { height, band, next: Some(Part::FirstImpression), was_slow: false }
    }

    const fn restart(&mut self) {
        self.next = Some(Part::FirstImpression);
    }

    /// The part begun last took more than a frame.
    const fn was_slow(&mut self) {
        self.was_slow = true;
    }

    fn take(&mut self) -> Option<Part> {
        let part = self.next.clone()?;
        let start = match &part {
            Part::FirstImpression => 0,
            Part::Rows(rows) => {
                self.band = if self.was_slow { (self.band / 2).max(4) } else { (self.band * 2).min(self.height) };
                rows.end
            }
        };
        self.was_slow = false;
        self.next = (start < self.height).then(|| Part::Rows(start..(start + self.band).min(self.height)));
        Some(part)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_drawn_once_whatever_the_speed() {
        for slow_every in [1, 2, 3, usize::MAX] {
            let mut plan = Plan::new(301, 16);
            assert_eq!(plan.take(), Some(Part::FirstImpression));
            let mut next = 0;
            let mut count = 0;
            while let Some(part) = plan.take() {
                let Part::Rows(rows) = part else { panic!("{part:?}") };
                assert_eq!(rows.start, next);
                next = rows.end;
                count += 1;
                if count % slow_every == 0 {
                    plan.was_slow();
                }
            }
            assert_eq!(next, 301);
        }
    }

    #[test]
    fn a_change_begins_again_with_a_first_impression() {
        let mut plan = Plan::new(100, 16);
        plan.take();
        plan.take();
        plan.restart();
        assert_eq!(plan.take(), Some(Part::FirstImpression));
        assert!(matches!(plan.take(), Some(Part::Rows(rows)) if rows.start == 0));
    }
}
