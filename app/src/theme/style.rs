//! egui's own widgets in our tokens.

use super::themes::{self, Colours, Theme};
use super::{font, motion, radius, size, space};
use eframe::egui::{
    self, Context, CornerRadius, FontFamily, FontId, Margin, Shadow, Stroke, Style, TextStyle, Visuals, vec2,
};

/// Draws a window in a theme from now on.
pub fn apply(ctx: &Context, theme: Theme) {
    font::install(ctx);
    themes::remember(ctx, theme);
    ctx.set_theme(if theme == Theme::Light { egui::Theme::Light } else { egui::Theme::Dark });
    let colours = theme.colours();
    ctx.all_styles_mut(|style| set(style, colours, theme));
}

fn set(style: &mut Style, colours: &Colours, theme: Theme) {
    style.text_styles = [
        (TextStyle::Small, FontId::new(size::SMALL, FontFamily::Proportional)),
        (TextStyle::Body, FontId::new(size::BODY, FontFamily::Proportional)),
        (TextStyle::Button, FontId::new(size::BODY, FontFamily::Proportional)),
        (TextStyle::Heading, font::strong(size::HEADING)),
        (TextStyle::Monospace, FontId::new(size::SMALL, FontFamily::Monospace)),
    ]
    .into();
    style.animation_time = motion::QUICK;
    style.spacing.item_spacing = vec2(space::M - space::XS, space::S);
    style.spacing.button_padding = vec2(space::M, 3.0);
    style.spacing.interact_size.y = size::CONTROL_HEIGHT;
    style.spacing.menu_margin = Margin::same(4);
    style.spacing.window_margin = Margin::same(16);
    style.spacing.icon_width = 15.0;
    style.spacing.tooltip_width = 320.0;
    style.interaction.tooltip_delay = 0.35;
    style.visuals = visuals(colours, theme);
}

fn visuals(c: &Colours, theme: Theme) -> Visuals {
    let mut v = if theme == Theme::Light { Visuals::light() } else { Visuals::dark() };
    let corner = CornerRadius::same(radius::M);
    v.panel_fill = c.panel;
    v.window_fill = c.panel;
    v.window_stroke = Stroke::new(1.0, c.edge);
    v.window_corner_radius = CornerRadius::same(radius::L);
    v.menu_corner_radius = CornerRadius::same(radius::M);
    v.window_shadow = Shadow { offset: [0, 8], blur: 28, spread: 0, color: c.shadow };
    v.popup_shadow = Shadow { offset: [0, 4], blur: 14, spread: 0, color: c.shadow };
    v.extreme_bg_color = c.ground;
    v.faint_bg_color = c.raised;
    v.weak_text_color = Some(c.weak);
    v.hyperlink_color = c.accent;
    v.warn_fg_color = c.warning;
    v.error_fg_color = c.error;
    v.selection.bg_fill = c.accent_ground;
    v.selection.stroke = Stroke::new(1.0, c.text);
    v.slider_trailing_fill = true;
    for (widget, fill) in [
        (&mut v.widgets.noninteractive, c.panel),
        (&mut v.widgets.inactive, c.raised),
        (&mut v.widgets.hovered, c.hovered),
        (&mut v.widgets.active, c.hovered),
        (&mut v.widgets.open, c.hovered),
    ] {
        widget.bg_fill = fill;
        widget.weak_bg_fill = fill;
        widget.corner_radius = corner;
        widget.fg_stroke = Stroke::new(1.0, c.text);
        widget.expansion = 0.0;
        widget.bg_stroke = Stroke::NONE;
    }
    v.widgets.noninteractive.bg_stroke = Stroke::new(1.0, c.line);
    // What is pressed or in focus has a ring, and not the ground of what is chosen.
    v.widgets.active.bg_stroke = ring(c);
    if theme == Theme::HighContrast {
        v.widgets.inactive.bg_stroke = Stroke::new(1.0, c.line);
        v.widgets.hovered.bg_stroke = Stroke::new(1.5, c.accent);
    }
    v
}

/// Around what the keys go to.
pub fn focus(ctx: &Context) -> Stroke {
    ring(themes::colours(ctx))
}

const fn ring(c: &Colours) -> Stroke {
    Stroke { width: 2.0, color: c.accent }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_in_focus_is_no_choice_by_its_look() {
        for theme in Theme::ALL {
            let look = visuals(theme.colours(), theme);
            let focused = look.widgets.active;
            assert!(focused.weak_bg_fill != look.selection.bg_fill && focused.bg_fill != look.selection.bg_fill);
            for rest in [look.widgets.inactive, look.widgets.hovered, look.widgets.open] {
                assert!(focused.bg_stroke.width > rest.bg_stroke.width, "{theme:?}: {rest:?}");
            }
        }
    }
}
