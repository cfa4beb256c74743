//! DICOM features the test data has no example of, on files made here.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops, and says what it saw")]

#[path = "support/made.rs"]
#[expect(dead_code, reason = "some of the helpers are for other tests")]
mod made;

use limner_imaging::extras::{OverlayKind, RegionKind, Scale};
use limner_imaging::{Each, Kind, Samples, Series, Task, Voxel, formats, straighten};
use made::{Put, bytes, double, file, picture, place, short, shorts, text};
use std::path::Path;
use tempfile::TempDir;

fn folder(files: impl IntoIterator<Item = Vec<(u32, Put)>>) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (n, elements) in files.into_iter().enumerate() {
        std::fs::write(folder.path().join(format!("{n}.dcm")), file(elements)).unwrap();
    }
    folder
}

fn all(path: &Path) -> Vec<Series> {
    let found = formats::scan(path, &Task::default()).unwrap();
    assert!(found.failed.is_empty(), "{:?}", found.failed);
    found.series
}

fn one(path: &Path) -> Series {
    let mut series = all(path);
    assert_eq!(series.len(), 1);
    series.remove(0)
}

fn ramp(count: u16) -> Vec<u16> {
    (0..count).collect()
}

#[test]
fn overlays_lie_on_their_slices_and_grey_curves_are_handed_on() {
    // A 3 x 2 plane whose corner lies one row above and one column right of the picture's; bits 0, 2, 4 and 5 set.
    let overlay = |mut elements: Vec<(u32, Put)>| {
        elements.extend([
            (0x6002_0010, short(2)),
            (0x6002_0011, short(3)),
            (0x6002_0040, text("CS", "G")),
            (0x6002_0050, Put::Bytes("SS", [0_i16.to_le_bytes(), 2_i16.to_le_bytes()].concat())),
            (0x6002_0100, short(1)),
            (0x6002_0102, short(0)),
            (0x6002_3000, Put::Bytes("OW", vec![0b11_0101, 0])),
        ]);
        elements
    };
    let slice = |z: f64| [picture(4, 3, &ramp(12)), place([0.0, 0.0, z])].concat_puts();
    let curve = (
        0x0028_3010,
        Put::Items(vec![vec![(0x0028_3002, shorts("US", &[3, 4, 8])), (0x0028_3006, shorts("OW", &[0, 51, 255]))]]),
    );
    let mut second = overlay(slice(2.0));
    second.push(curve);
    let folder = folder([slice(0.0), second]);
    let volume = one(folder.path()).load(&Task::default()).unwrap();
    assert_eq!(volume.extras.overlays.len(), 1);
    let overlay = &volume.extras.overlays[0];
    let drawn: Vec<_> = overlay.mask.indices().collect();
    // Row 0 of the plane is above the picture; of row 1 the second and third bit are set.
    assert_eq!((drawn, overlay.kind), (vec![[2, 0, 1], [3, 0, 1]], OverlayKind::Graphics));
    let top = volume.slice(1).unwrap();
    assert_eq!(top.extras.overlays[0].mask.indices().next(), Some([2, 0, 0]));
    let alone = formats::open_single(&folder.path().join("1.dcm"), &Task::default()).unwrap();
    let curve = &alone.extras.grey_curves[0];
    assert_eq!([3.0, 4.0, 5.0, 6.0, 99.0].map(|v| curve.grey(v)), [0.0, 0.0, 0.2, 1.0, 1.0]);
}

trait ConcatPuts {
    fn concat_puts(self) -> Vec<(u32, Put)>;
}

impl<const N: usize> ConcatPuts for [Vec<(u32, Put)>; N] {
    fn concat_puts(self) -> Vec<(u32, Put)> {
        self.into_iter().flatten().collect()
    }
}

#[test]
fn a_film_plays_at_its_own_times() {
    let film = |timing: (u32, Put)| {
        let mut elements = picture(2, 2, &ramp(12));
        elements.extend([(0x0008_0060, text("CS", "US")), (0x0028_0008, text("IS", "3")), timing]);
        folder([elements])
    };
    let vector = film((0x0018_1065, text("DS", "0\\20\\35")));
    let series = one(vector.path());
    let sequence = series.sequence().unwrap();
    assert_eq!((series.kind, sequence.each(), sequence.len()), (Kind::Cine, Each::Picture, 3));
    let clock = sequence.clock();
    assert_eq!([0, 1, 2].map(|n| clock.duration_ms(n)), [20.0, 35.0, 35.0]);
    assert!(clock.is_known());
    let firsts = [2, 0, 1].map(|n| sequence.item(n, &Task::default()).unwrap().samples().get(0));
    assert_eq!(firsts, [8.0, 0.0, 4.0]);
    let rate = film((0x0018_0040, text("IS", "25")));
    assert_eq!(one(rate.path()).sequence().unwrap().clock().total_ms(), 120.0);
}

#[test]
fn times_of_a_4d_series_are_volumes_at_their_trigger_times() {
    let slice = |z: f64, time: u16, trigger: &str| {
        let mut elements = [picture(2, 2, &[time * 100 + z as u16; 4]), place([0.0, 0.0, z])].concat_puts();
        elements.push((0x0018_1060, text("DS", trigger)));
        elements.push((0x0020_0013, text("IS", (time * 2 + z as u16 / 2).to_string())));
        elements
    };
    let times = [(0, "0"), (1, "40"), (2, "100")];
    let folder = folder(times.into_iter().flat_map(|(n, at)| [slice(0.0, n, at), slice(2.0, n, at)]));
    let series = one(folder.path());
    assert_eq!((series.kind, series.frames, series.size), (Kind::Time4d, 3, [2, 2, 2]));
    let sequence = series.sequence().unwrap();
    assert_eq!((sequence.each(), sequence.len()), (Each::Volume, 3));
    assert_eq!([0, 1, 2].map(|n| sequence.clock().duration_ms(n)), [40.0, 60.0, 60.0]);
    for time in [2, 0, 1] {
        let volume = sequence.item(time, &Task::default()).unwrap();
        let expected = [0.0, 2.0].map(|z| time as f64 * 100.0 + z);
        assert_eq!([volume.value([0, 0, 0]), volume.value([1, 1, 1])], expected);
    }
    let first = series.first_picture(&Task::default()).unwrap();
    assert_eq!((first.size(), first.value([0, 0, 0])), ([2, 2, 1], 2.0));
    assert!((first.geometry.world(Voxel::centre([0, 0, 0])).0.z - 2.0).abs() < 1e-12);
}

#[test]
fn a_mosaic_is_the_volume_it_was() {
    // Three tiles of 2 x 2 in a picture of 4 x 4, slices running down.
    let mosaic = |number: u16| {
        let samples: Vec<u16> = ramp(16).iter().map(|v| v + number * 100).collect();
        let mut elements = [picture(4, 4, &samples), place([10.0, 20.0, 30.0])].concat_puts();
        elements.extend([
            (0x0008_0008, text("CS", "ORIGINAL\\PRIMARY\\M\\MOSAIC")),
            (0x0008_0060, text("CS", "MR")),
            (0x0018_0088, text("DS", "3")),
            (0x0019_0010, text("LO", "SIEMENS MR HEADER")),
            (0x0019_100A, short(3)),
            (0x0020_0013, text("IS", number.to_string())),
            (0x0029_0010, text("LO", "SIEMENS CSA HEADER")),
            (0x0029_1010, Put::Bytes("OB", csa_normal(["0.0", "0.0", "-1.0"]))),
        ]);
        elements
    };
    let folder = folder([mosaic(1), mosaic(2)]);
    let series = one(folder.path());
    assert_eq!((series.kind, series.size, series.frames), (Kind::Time4d, [2, 2, 3], 2));
    let volume = series.load_time(1, &Task::default()).unwrap();
    assert_eq!(volume.value([1, 0, 0]), 201.0);
    assert_eq!(volume.value([0, 1, 1]), 206.0);
    assert_eq!(volume.value([1, 1, 2]), 213.0);
    // The header's position is that of a picture of 4 x 4 around the middle of the slice.
    let at = |v| volume.geometry.world(Voxel::centre(v)).0.to_array();
    assert_eq!(at([0, 0, 0]), [10.5, 20.8, 30.0]);
    assert_eq!(at([0, 0, 2]), [10.5, 20.8, 24.0]);
    let facts = series.facts(&Task::default()).unwrap();
    assert_eq!(facts.stats.unwrap().max, 215.0, "facts are over the picture as stored");
}

fn csa_normal(items: [&str; 3]) -> Vec<u8> {
    let mut out = b"SV10\x04\x03\x02\x01\x01\0\0\0\x4d\0\0\0".to_vec();
    let mut head = vec![0; 84];
    head[..17].copy_from_slice(b"SliceNormalVector");
    head[76] = 3;
    out.extend(head);
    for item in items {
        out.extend([item.len() as u32; 4].iter().flat_map(|n| n.to_le_bytes()));
        out.extend(item.as_bytes());
        out.resize(out.len().next_multiple_of(4), 0);
    }
    out
}

#[test]
fn uptake_is_dose_and_weight_and_decay() {
    let mut elements = [picture(2, 1, &[0, 5000]), place([0.0; 3])].concat_puts();
    let injection = vec![
        (0x0018_1072, text("TM", "100000")),
        (0x0018_1074, text("DS", "300000000")),
        (0x0018_1075, text("DS", "6600")),
    ];
    elements.extend([
        (0x0008_0031, text("TM", "115000.00")),
        (0x0008_0060, text("CS", "PT")),
        (0x0010_1030, text("DS", "75")),
        (0x0028_0051, text("CS", "ATTN\\DECY")),
        (0x0054_0016, Put::Items(vec![injection])),
        (0x0054_1001, text("CS", "BQML")),
        (0x0054_1102, text("CS", "START")),
    ]);
    let folder = folder([elements]);
    let volume = one(folder.path()).load(&Task::default()).unwrap().in_suv().unwrap();
    // 6600 s after the injection half of the dose is left.
    let expected = 5000.0 * 75_000.0 / 150_000_000.0;
    assert!((volume.value([1, 0, 0]) - expected).abs() < 1e-9);
    assert_eq!(volume.value_map.unit.as_deref(), Some("g/ml"));
}

#[test]
fn ultrasound_regions_keep_their_own_scales() {
    let region = |place: [u32; 4], format: u16, units: [u16; 2], steps: [f64; 2]| {
        let long = |v: u32| Put::Bytes("UL", v.to_le_bytes().to_vec());
        vec![
            (0x0018_6012, short(format)),
            (0x0018_6014, short(1)),
            (0x0018_6018, long(place[0])),
            (0x0018_601A, long(place[1])),
            (0x0018_601C, long(place[2])),
            (0x0018_601E, long(place[3])),
            (0x0018_6024, short(units[0])),
            (0x0018_6026, short(units[1])),
            (0x0018_602C, double(steps[0])),
            (0x0018_602E, double(-steps[1])),
        ]
    };
    let mut elements = picture(8, 6, &ramp(48));
    let tissue = region([0, 0, 3, 5], 1, [3, 3], [0.02, 0.03]);
    let m_mode = region([4, 0, 7, 5], 2, [4, 3], [0.005, 0.03]);
    elements.push((0x0008_0060, text("CS", "US")));
    elements.push((0x0018_6011, Put::Items(vec![tissue, m_mode])));
    let folder = folder([elements]);
    let volume = one(folder.path()).load(&Task::default()).unwrap();
    let at = |column| volume.extras.region_at(column, 2).unwrap();
    assert_eq!((at(3).kind, at(4).kind), (RegionKind::Tissue, RegionKind::MMode));
    assert_eq!(at(3).step, [Scale::Millimetres(0.2), Scale::Millimetres(0.3)]);
    assert_eq!(at(4).step[0], Scale::Milliseconds(5.0));
}

#[test]
fn a_directory_is_opened_as_the_files_it_lists() {
    let folder = folder([[picture(2, 2, &ramp(4)), place([0.0; 3])].concat_puts()]);
    std::fs::create_dir(folder.path().join("IMAGES")).unwrap();
    std::fs::rename(folder.path().join("0.dcm"), folder.path().join("IMAGES/CT1")).unwrap();
    let record = |name: &str| vec![(0x0004_1430, text("CS", "IMAGE")), (0x0004_1500, text("CS", name))];
    let directory = folder.path().join("DICOMDIR");
    let listed = |names: &[&str]| file(vec![(0x0004_1220, Put::Items(names.iter().map(|n| record(n)).collect()))]);
    std::fs::write(&directory, listed(&["IMAGES\\CT1"])).unwrap();
    assert_eq!(one(&directory).files, [folder.path().join("IMAGES/CT1")]);
    assert_eq!(all(folder.path()).len(), 1, "found once, in the folder and in its directory");
    std::fs::write(&directory, listed(&["IMAGES\\CT1", "IMAGES\\CT2", "..\\..\\ETC"])).unwrap();
    let found = formats::scan(&directory, &Task::default()).unwrap();
    assert_eq!(found.series.len(), 1);
    assert!(found.failed[0].error.to_string().contains("1 of the 2 files"), "{}", found.failed[0].error);
}

#[test]
fn tilted_slices_are_straightened_where_they_lie() {
    let slice = |n: u16| {
        let at = [0.0, f64::from(n) * 0.8, f64::from(n) * 2.0];
        // One bright pixel per slice, at the same height in the patient: y = 4 mm.
        let row = 5 - n;
        let samples: Vec<u16> = (0..8 * 3).map(|p| if p == row * 3 + 1 { 1000 } else { 7 }).collect();
        [picture(3, 8, &samples), place(at)].concat_puts()
    };
    let folder = folder((0..4).map(slice));
    let series = one(folder.path());
    assert!(series.warnings.iter().any(|w| w.code == "gantry_tilt"));
    let straight = straighten::straighten(&series.load(&Task::default()).unwrap(), false, &Task::default()).unwrap();
    assert!(!straighten::is_sheared(&straight.geometry));
    for k in 0..4 {
        let world = limner_imaging::World::new(0.5, 4.0, 2.0 * k as f64);
        let voxel = straight.geometry.voxel(world).index_in(straight.size()).unwrap();
        assert_eq!(straight.value(voxel), 1000.0, "slice {k}");
    }
}

#[test]
fn floating_pixels_are_read_as_they_are() {
    let floats: [f32; 6] = [0.0, -1.5, 1e-7, 3.0e8, f32::MIN_POSITIVE, 42.25];
    let doubles = floats.map(|x| f64::from(x) / 3.0);
    let with_pixels = |pixels: (u32, Put), bits: u16| {
        let mut elements = picture(3, 2, &[]);
        elements.retain(|(tag, _)| !matches!(tag, 0x7FE0_0010 | 0x0028_0100..=0x0028_0103));
        elements.extend([(0x0028_0100, short(bits)), pixels]);
        folder([elements])
    };
    let single = with_pixels((0x7FE0_0008, bytes("OF", floats.map(f32::to_le_bytes))), 32);
    let series = one(single.path());
    assert_eq!(series.dtype, "float32");
    assert_eq!(series.load(&Task::default()).unwrap().samples(), &Samples::F32(floats.into()));
    let double = with_pixels((0x7FE0_0009, bytes("OD", doubles.map(f64::to_le_bytes))), 64);
    let series = one(double.path());
    assert_eq!(series.dtype, "float64");
    assert_eq!(series.load(&Task::default()).unwrap().samples(), &Samples::F64(doubles.into()));
}

#[test]
fn weightings_in_makers_own_elements_split_a_series() {
    type Weighted = fn(u32) -> Vec<(u32, Put)>;
    let makers: [(&str, Weighted); 4] = [
        ("Siemens", |b| vec![(0x0019_0011, text("LO", "SIEMENS MR HEADER")), (0x0019_110C, text("IS", b.to_string()))]),
        ("GE", |b| {
            let value = format!("{}\\8\\0\\0", 1_000_000_000 + b);
            vec![(0x0043_0010, text("LO", "GEMS_PARM_01")), (0x0043_1039, text("IS", value))]
        }),
        ("Philips", |b| {
            let float = bytes("FL", [(b as f32).to_le_bytes()]);
            vec![(0x2001_0010, text("LO", "Philips Imaging DD 001")), (0x2001_1003, float)]
        }),
        ("Philips without types", |b| {
            let float = bytes("UN", [(b as f32).to_le_bytes()]);
            vec![(0x2001_0010, text("LO", "Philips Imaging DD 001")), (0x2001_1003, float)]
        }),
    ];
    for (maker, weighted) in makers {
        let slice = |b: u32, z: f64| {
            let mut elements = [picture(2, 2, &[b as u16; 4]), place([0.0, 0.0, z]), weighted(b)].concat_puts();
            elements.extend([(0x0008_0060, text("CS", "MR")), (0x0020_0011, text("IS", "5"))]);
            elements
        };
        let folder = folder([(0, 0.0), (800, 0.0), (0, 2.0), (800, 2.0)].map(|(b, z)| slice(b, z)));
        let series = all(folder.path());
        let titles: Vec<_> = series.iter().map(|s| s.title.as_str()).collect();
        assert_eq!(titles, ["MR series 5", "MR series 5, b 800"], "{maker}");
        for (series, b) in series.iter().zip([0.0, 800.0]) {
            let volume = series.load(&Task::default()).unwrap();
            assert_eq!((volume.size(), volume.value([0, 0, 0]), volume.value([1, 1, 1])), ([2, 2, 2], b, b));
        }
    }
}

#[test]
fn signed_and_unsigned_slices_are_one_stack_where_one_type_holds_both() {
    let slice = |z: f64, stored: u16, signed: u16, samples: [u16; 4]| {
        let mut elements = [picture(2, 2, &samples), place([0.0, 0.0, z])].concat_puts();
        elements.retain(|(tag, _)| !matches!(tag, 0x0028_0101..=0x0028_0103));
        elements.extend([(0x0028_0101, short(stored)), (0x0028_0102, short(stored - 1)), (0x0028_0103, short(signed))]);
        elements
    };
    // Bits above the stored ones are dirt.
    let twelve = folder([
        slice(0.0, 12, 0, [0, 4095, 0xF801, 7]),
        slice(2.0, 12, 1, [0xFFF, 0x7FF, 0xF800, 7]),
        slice(4.0, 12, 0, [1, 2, 3, 4]),
    ]);
    let series = one(twelve.path());
    assert_eq!((series.dtype, series.size), ("int16", [2, 2, 3]));
    let expected = vec![0, 4095, 0x801, 7, -1, 2047, -2048, 7, 1, 2, 3, 4];
    let (volume, facts) = series.load_with_facts(&Task::default()).unwrap();
    assert_eq!(volume.samples(), &Samples::I16(expected));
    assert_eq!(facts.stats.unwrap().max, 4095.0);
    let first = series.open().unwrap().picture(0, &Task::default()).unwrap();
    assert_eq!(first.samples(), &Samples::I16(vec![0, 4095, 0x801, 7]));
    let sixteen = folder([slice(0.0, 16, 0, [0, 65_535, 1, 7]), slice(2.0, 16, 1, [0; 4])]);
    assert_eq!(all(sixteen.path()).len(), 2, "no type of 16 bits holds both");
}
