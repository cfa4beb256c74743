//! Questions about what was drawn: landmarks, rulers, angles. The measure is that of the shape itself.

use crate::error::Result;
use crate::measure::{self, Kind, Measurement, Scale};
use crate::question::generate::facts::ImageFacts;
use crate::question::generate::maker::Subject;
use crate::question::generate::{Generator, Maker};
use crate::question::{Frame, Quantity, Region, Role};
use crate::shapes::{Form, Shape};
use glam::DVec3;
use limner_imaging::Voxel;

fn subject(shape: &Shape, name: &str, key: &str) -> Subject {
    let frame = shape.form.slice().map_or(Frame::whole(shape.image), |slice| Frame::on(shape.image, slice));
    Subject::new(vec![(frame, Role::Main)], name, format!("{} {key}", shape.id))
}

fn name_of(shape: &Shape, maker: &Maker<'_>) -> String {
    let label = shape.label.and_then(|id| maker.contents.label(id)).map(|label| label.name.clone());
    label.or_else(|| shape.text.clone()).unwrap_or_else(|| shape.form.name().into())
}

fn quantity(measurement: Measurement, shape: &Shape) -> Quantity {
    let mut quantity = Quantity::new(measurement.value, measurement.unit, measurement.scale);
    quantity.definition = measurement.definition;
    quantity.regions = vec![Region::Shape { shape: shape.id }];
    quantity
}

fn measured(
    generator: &Generator,
    facts: &ImageFacts<'_>,
    maker: &mut Maker<'_>,
    wanted: impl Fn(&Shape, Kind) -> bool,
) -> Result<()> {
    let contents = maker.contents;
    for shape in contents.shapes_on(facts.image.id) {
        let mut found: Vec<Quantity> = Vec::new();
        for measurement in measure::of_shape(shape, facts.image) {
            if wanted(shape, measurement.kind) {
                let name = match measurement.kind {
                    Kind::LongDiameter => "major axis",
                    Kind::ShortDiameter => "minor axis",
                    _ => "",
                };
                found.push(Quantity { name: name.into(), ..quantity(measurement, shape) });
            }
        }
        if let Some(first) = found.first() {
            let name = name_of(shape, maker);
            let subject = subject(shape, &name, generator.name).with("unit", first.unit.clone()).pointing(
                Region::Shape { shape: shape.id },
                0,
                &name,
            );
            maker.number(generator, &subject, found)?;
        }
    }
    Ok(())
}

pub(super) fn angle(generator: &Generator, facts: &ImageFacts<'_>, maker: &mut Maker<'_>) -> Result<()> {
    measured(generator, facts, maker, |_, kind| kind == Kind::Angle)
}

pub(super) fn length(generator: &Generator, facts: &ImageFacts<'_>, maker: &mut Maker<'_>) -> Result<()> {
    measured(generator, facts, maker, |_, kind| matches!(kind, Kind::Length | Kind::LongDiameter | Kind::ShortDiameter))
}

/// Between every two landmarks of a set; in millimetres only where the image has a scale in space.
pub(super) fn landmark_distance(generator: &Generator, facts: &ImageFacts<'_>, maker: &mut Maker<'_>) -> Result<()> {
    let contents = maker.contents;
    let image = facts.image;
    let in_mm = image.spacing_known && image.stack_axis == limner_imaging::StackAxis::Space;
    for shape in contents.shapes_on(image.id) {
        let Form::Landmarks { points } = &shape.form else { continue };
        for (n, (a, at_a)) in points.iter().enumerate() {
            for (b, at_b) in points.iter().skip(n + 1) {
                let voxel = |at: &[f64; 3]| Voxel(DVec3::from(*at));
                let (value, unit, scale) = if in_mm {
                    let between = image.geometry.world(voxel(at_a)).0 - image.geometry.world(voxel(at_b)).0;
                    (between.length(), "mm", Scale::Spacing(image.geometry.spacing_mm()))
                } else {
                    ((DVec3::from(*at_a) - DVec3::from(*at_b)).length(), "px", Scale::Pixels)
                };
                let region = |name: &str| Region::Landmark { shape: shape.id, name: name.into() };
                let mut distance = Quantity::new(value, unit, scale);
                distance.definition = format!("distance between the landmarks {a} and {b}");
                distance.regions = vec![region(a), region(b)];
                let subject = subject(shape, a, &format!("{a} {b}"))
                    .with("other", b.clone())
                    .with("unit", unit)
                    .pointing(region(a), 0, a)
                    .pointing(region(b), 0, b);
                maker.number(generator, &subject, vec![distance])?;
            }
        }
    }
    Ok(())
}
