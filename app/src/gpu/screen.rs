//! Pictures and the window's ground as egui takes them into its frame.

use eframe::egui::{Color32, PaintCallbackInfo, Rect, Shape};
use eframe::egui_wgpu::{Callback, CallbackResources, CallbackTrait, ScreenDescriptor};
use eframe::wgpu;
use limner_render::{Fill, Ground};
use std::sync::{Arc, Mutex, PoisonError};

/// What a place on the screen shows when the frame is painted, which is after it was laid out.
#[derive(Clone)]
pub struct Slot(Arc<Mutex<Fill>>);

impl Slot {
    pub fn new(fill: &Fill) -> Self {
        Self(Arc::new(Mutex::new(fill.clone())))
    }

    pub fn show(&self, fill: &Fill) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = fill.clone();
    }
}

struct Picture(Slot);

impl CallbackTrait for Picture {
    fn paint(&self, _: PaintCallbackInfo, pass: &mut wgpu::RenderPass<'static>, _: &CallbackResources) {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner).draw(pass);
    }
}

struct Under {
    ground: Ground,
    colour: Color32,
}

impl CallbackTrait for Under {
    fn prepare(
        &self,
        _: &wgpu::Device,
        queue: &wgpu::Queue,
        _: &ScreenDescriptor,
        _: &mut wgpu::CommandEncoder,
        _: &mut CallbackResources,
    ) -> Vec<wgpu::CommandBuffer> {
        let [red, green, blue, _] = self.colour.to_normalized_gamma_f32();
        self.ground.set(queue, [red, green, blue]);
        Vec::new()
    }

    fn paint(&self, _: PaintCallbackInfo, pass: &mut wgpu::RenderPass<'static>, _: &CallbackResources) {
        self.ground.fill.draw(pass);
    }
}

/// A picture that fills a rectangle.
pub fn picture(rect: Rect, slot: &Slot) -> Shape {
    Shape::Callback(Callback::new_paint_callback(rect, Picture(slot.clone())))
}

/// One colour under everything: the same in all that a frame shows.
pub fn ground(rect: Rect, ground: &Ground, colour: Color32) -> Shape {
    Shape::Callback(Callback::new_paint_callback(rect, Under { ground: ground.clone(), colour }))
}
