//! Masks to be judged: parts of real ones where the test data is at hand, made ones on slanted spacing, and edge cases.

use limner_annotation::audit::Random;
use limner_annotation::metrics::Labels;
use limner_imaging::{Geometry, Mask, Task, VoxelBox, World, field, formats};
use std::path::PathBuf;

pub struct Pair {
    pub name: String,
    pub geometry: Geometry,
    pub reference: Mask,
    pub predicted: Mask,
    /// Whether the centreline is compared too.
    pub thin: bool,
}

/// The real test data; without it its parts are skipped, and the runner counts that.
pub fn data() -> Option<PathBuf> {
    let path = std::env::var_os("LIMNER_TEST_DATA").map(PathBuf::from).filter(|path| path.join("pairs").is_dir());
    if path.is_none() {
        println!("real-data suites not run: 1");
    }
    path
}

pub fn shifted(mask: &Mask, by: [i64; 3], size: [usize; 3]) -> Mask {
    Mask::from_fn(VoxelBox::whole(size), |v| {
        let from: [i64; 3] = std::array::from_fn(|a| v[a] as i64 - by[a]);
        from.iter().all(|x| *x >= 0) && mask.get(from.map(|x| x as usize))
    })
}

/// Balls at random places.
pub fn balls(seed: u64, size: [usize; 3], spacing: [f64; 3], count: usize) -> Mask {
    let mut random = Random::new(seed);
    let balls: Vec<([f64; 3], f64)> = (0..count)
        .map(|_| (std::array::from_fn(|a| random.share() * size[a] as f64 * spacing[a]), 2.0 + random.share() * 5.0))
        .collect();
    Mask::from_fn(VoxelBox::whole(size), |v| {
        balls.iter().any(|(c, r)| (0..3).map(|a| (v[a] as f64 * spacing[a] - c[a]).powi(2)).sum::<f64>() < r * r)
    })
}

fn made() -> Vec<Pair> {
    let spacing = [0.7, 1.1, 2.9];
    let size = [48, 40, 18];
    let geometry = Geometry::axis_aligned(size, World::new(3.0, -7.0, 11.0), spacing).unwrap();
    let a = balls(1, size, spacing, 6);
    let nothing = Mask::empty(VoxelBox::default());
    let pair = |name: &str, reference: &Mask, predicted: &Mask, thin: bool| Pair {
        name: name.into(),
        geometry,
        reference: reference.clone(),
        predicted: predicted.clone(),
        thin,
    };
    let one = Mask::from_fn(VoxelBox::new([5, 6, 7], [6, 7, 8]), |_| true);
    let far = Mask::from_fn(VoxelBox::new([44, 36, 16], [48, 40, 18]), |_| true);
    vec![
        pair("other balls", &a, &balls(2, size, spacing, 7), true),
        pair("shifted", &a, &shifted(&a, [2, -1, 1], size), true),
        pair("grown", &a, &field::dilate(&a, 1.5, spacing, size), false),
        pair("the same", &a, &a, true),
        pair("nothing found", &a, &nothing, true),
        pair("nothing there", &nothing, &a, true),
        pair("nothing at all", &nothing, &nothing, true),
        pair("one voxel", &one, &a, false),
        pair("one voxel to one", &one, &one, true),
        pair("in the corner", &far, &one, false),
    ]
}

/// The middle of a label of a real map, at most this many voxels a side.
fn part(path: &std::path::Path, most: usize) -> (Geometry, Mask) {
    let volume = formats::open_single(path, &Task::default()).unwrap();
    // Pictures of masks hold 0 and 255; label maps their numbers.
    let labels = Labels::of(volume).unwrap();
    let mask = labels.tight_mask(*labels.labels().last().unwrap());
    let (min, max) = (mask.bounds().min, mask.bounds().max);
    let grid = labels.geometry.size();
    let from: [usize; 3] = std::array::from_fn(|a| {
        let spare = (max[a] - min[a]).saturating_sub(most) / 2;
        (min[a] + spare).saturating_sub(4)
    });
    let to: [usize; 3] = std::array::from_fn(|a| (from[a] + most.min(max[a] - min[a]) + 8).min(grid[a]));
    let size: [usize; 3] = std::array::from_fn(|a| to[a] - from[a]);
    let cut = Mask::from_fn(VoxelBox::whole(size), |v| mask.get(std::array::from_fn(|a| v[a] + from[a])));
    (Geometry::axis_aligned(size, World::default(), labels.geometry.spacing_mm()).unwrap(), cut)
}

fn real() -> Vec<Pair> {
    let Some(data) = data() else { return Vec::new() };
    let files = [
        ("mr_brain_tumour_brain2/mask.nrrd", 64, true),
        ("mr_spinal_cord_t2/mask.nii.gz", 60, true),
        ("ct_3slice_dcmqi_liver/mask.nrrd", 90, false),
        ("fundus_vessels_stare_im0044/mask.png", 160, true),
        ("ct_liver_19/mask.png", 200, true),
    ];
    let mut pairs = Vec::new();
    for (file, most, thin) in files {
        let (geometry, mask) = part(&data.join("pairs").join(file), most);
        let (spacing, size) = (geometry.spacing_mm(), geometry.size());
        let step = i64::from(size[2] > 1);
        let moved = shifted(&mask, [3, -2, step], size);
        let smooth = field::close(&mask, 2.0 * spacing[0], spacing, size);
        for (what, predicted, thin) in [("shifted", moved, thin), ("smoothed", smooth, false)] {
            pairs.push(Pair { name: format!("{file} {what}"), geometry, reference: mask.clone(), predicted, thin });
        }
    }
    pairs
}

pub fn pairs() -> Vec<Pair> {
    made().into_iter().chain(real()).collect()
}
