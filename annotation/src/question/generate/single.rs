//! Questions about one structure.

use crate::error::Result;
use crate::question::generate::facts::{ImageFacts, Structure};
use crate::question::generate::maker::Subject;
use crate::question::generate::{Generator, Maker};
use crate::question::{Evidence, Frame, Quantity, Role};
use crate::shapes::Slice;

fn whole(structure: &Structure<'_>) -> Subject {
    let name = &structure.label.name;
    let frames = vec![(Frame::whole(structure.image.id), Role::Main)];
    let key = format!("{} {}", structure.image.id, structure.label.id);
    Subject::new(frames, name, key).pointing(structure.region(), 0, name)
}

pub(super) fn on_slice(structure: &Structure<'_>, slice: usize) -> Subject {
    let name = &structure.label.name;
    let frames = vec![(Frame::on(structure.image.id, Slice::stored(slice)), Role::Main)];
    let key = format!("{} {} {slice}", structure.image.id, structure.label.id);
    Subject::new(frames, name, key).pointing(structure.region_on(slice), 0, name)
}

/// A slice with the structure, or one without: it was looked for on the whole image, so there it is absent.
pub(super) fn existence(generator: &Generator, facts: &ImageFacts<'_>, maker: &mut Maker<'_>) -> Result<()> {
    for structure in &facts.structures {
        let wish = maker.wish(generator);
        let bounds = structure.mask.bounds();
        let slices = facts.image.size()[2];
        // One slice of room: at the edge of a structure readers may disagree.
        let without = (0..slices)
            .filter(|k| k + 1 < bounds.min[2] || *k > bounds.max[2])
            .min_by_key(|k| k.abs_diff(structure.key_slice));
        match without.filter(|_| !wish) {
            Some(slice) => {
                let mut subject = on_slice(structure, slice);
                subject.evidence.clear();
                maker.yes_no(generator, &subject, false, &[])?;
            }
            None => maker.yes_no(generator, &on_slice(structure, structure.key_slice), true, &[])?,
        }
    }
    Ok(())
}

pub(super) fn count(generator: &Generator, facts: &ImageFacts<'_>, maker: &mut Maker<'_>) -> Result<()> {
    for structure in facts.structures.iter().filter(|s| s.is_lesion || s.parts.len() > 1) {
        maker.number(generator, &whole(structure), vec![structure.count()])?;
    }
    Ok(())
}

pub(super) fn recognition(generator: &Generator, facts: &ImageFacts<'_>, maker: &mut Maker<'_>) -> Result<()> {
    let names: Vec<&str> = facts.structures.iter().map(|s| s.label.name.as_str()).collect();
    for structure in &facts.structures {
        let Some([x0, y0, x1, y1]) = structure.box_on(structure.key_slice) else { continue };
        let (column, row) = (f64::midpoint(x0, x1).floor(), f64::midpoint(y0, y1).floor());
        let index = [column as usize, row as usize, structure.key_slice];
        let here = facts.structures.iter().filter(|other| other.mask.get(index)).count();
        let others: Vec<(String, &str)> = names
            .iter()
            .filter(|name| **name != structure.label.name)
            .map(|name| ((*name).to_owned(), "sibling label"))
            .collect();
        // The middle of a ring is not of the ring; where two overlap there are two answers.
        if here != 1 || !structure.mask.get(index) || others.is_empty() {
            continue;
        }
        let subject =
            on_slice(structure, structure.key_slice).with("column", column.to_string()).with("row", row.to_string());
        maker.single(generator, &subject, &structure.label.name, &others, &[])?;
    }
    Ok(())
}

pub(super) fn location(generator: &Generator, facts: &ImageFacts<'_>, maker: &mut Maker<'_>) -> Result<()> {
    for structure in &facts.structures {
        let mut subject = on_slice(structure, structure.key_slice);
        subject.evidence.clear();
        let answer = Evidence::new(structure.region_on(structure.key_slice), 0, structure.label.name.clone());
        maker.boxes(generator, &subject, vec![answer])?;
    }
    Ok(())
}

pub(super) fn volume(generator: &Generator, facts: &ImageFacts<'_>, maker: &mut Maker<'_>) -> Result<()> {
    for structure in facts.structures.iter().filter(|structure| structure.in_millimetres()) {
        let volume = structure.volume();
        maker.number(generator, &whole(structure).with("unit", volume.unit.clone()), vec![volume])?;
    }
    Ok(())
}

pub(super) fn area(generator: &Generator, facts: &ImageFacts<'_>, maker: &mut Maker<'_>) -> Result<()> {
    for structure in &facts.structures {
        let area = structure.area();
        let unit = if area.unit == "mm2" { "mm²" } else { "pixels" };
        maker.number(generator, &on_slice(structure, structure.key_slice).with("unit", unit), vec![area])?;
    }
    Ok(())
}

pub(super) fn box_size(generator: &Generator, facts: &ImageFacts<'_>, maker: &mut Maker<'_>) -> Result<()> {
    for structure in facts.structures.iter().filter(|structure| structure.slice_in_millimetres()) {
        let Some([x0, y0, x1, y1]) = structure.box_on(structure.key_slice) else { continue };
        let g = &structure.image.geometry;
        let side = |pixels: f64, axis: usize, name: &str| Quantity {
            name: name.into(),
            value: pixels * g.step(axis).length(),
            definition: "pixels of the tight box on the stored slice with most of it, times the spacing".into(),
            ..structure.area()
        };
        let sides = [side(x1 - x0, 0, "width"), side(y1 - y0, 1, "height")];
        let sides = sides.map(|quantity| Quantity { unit: "mm".into(), ..quantity });
        maker.number(generator, &on_slice(structure, structure.key_slice).with("unit", "mm"), sides.to_vec())?;
    }
    Ok(())
}

pub(super) fn axes(generator: &Generator, facts: &ImageFacts<'_>, maker: &mut Maker<'_>) -> Result<()> {
    for structure in facts.structures.iter().filter(|structure| structure.is_lesion) {
        if let Some(axes) = structure.axes() {
            let subject = on_slice(structure, structure.key_slice).with("unit", axes[0].unit.clone());
            maker.number(generator, &subject, axes.to_vec())?;
        }
    }
    Ok(())
}

pub(super) fn diameter(generator: &Generator, facts: &ImageFacts<'_>, maker: &mut Maker<'_>) -> Result<()> {
    for structure in &facts.structures {
        if let Some([major, _]) = structure.axes() {
            let subject = on_slice(structure, structure.key_slice).with("unit", major.unit.clone());
            maker.number(generator, &subject, vec![Quantity { name: String::new(), ..major }])?;
        }
    }
    Ok(())
}

pub(super) fn intensity(generator: &Generator, facts: &ImageFacts<'_>, maker: &mut Maker<'_>) -> Result<()> {
    let Some(unit) = facts.unit.clone() else { return Ok(()) };
    for structure in &facts.structures {
        if let Some(intensity) = facts.intensity(structure) {
            let quantity = mean(structure, intensity.mean, &unit);
            maker.number(generator, &whole(structure).with("unit", unit.clone()), vec![quantity])?;
        }
    }
    Ok(())
}

pub(super) fn mean(structure: &Structure<'_>, value: f64, unit: &str) -> Quantity {
    Quantity {
        value,
        unit: unit.into(),
        definition: "mean of the values of all voxels of the mask".into(),
        ..structure.volume()
    }
}

pub(super) fn largest_part(generator: &Generator, facts: &ImageFacts<'_>, maker: &mut Maker<'_>) -> Result<()> {
    for structure in facts.structures.iter().filter(|s| s.parts.len() > 1 && s.in_millimetres()) {
        if let Some(part) = structure.parts.largest() {
            let volume = structure.part_volume(part);
            let name = &structure.label.name;
            let mut subject = whole(structure).with("unit", volume.unit.clone());
            subject.evidence.clear();
            let subject = subject.pointing(structure.region_of_part(part), 0, name);
            maker.number(generator, &subject, vec![volume])?;
        }
    }
    Ok(())
}
