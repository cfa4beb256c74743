//! One small file of each kind to spoil: films and pictures made here, real files where the test data is.

use limner_imaging::{Geometry, Samples, Volume, World, formats};
use std::io::Cursor;

/// Real files, in the test data.
const REAL: &[&str] = &[
    "dicom/syntax/pydicom/CT_small.dcm",
    "dicom/syntax/pydicom/MR_small_RLE.dcm",
    "dicom/syntax/pydicom/MR_small_bigendian.dcm",
    "dicom/syntax/pydicom/MR_small_jpeg_ls_lossless.dcm",
    "dicom/syntax/pydicom/MR_small_jp2klossless.dcm",
    "dicom/syntax/derived/mr_small_jpegxl_lossless.dcm",
    "dicom/syntax/pydicom/image_dfl.dcm",
    "dicom/colour/pydicom/SC_rgb_jpeg_dcmtk.dcm",
    "dicom/colour/pydicom/SC_rgb_jpeg_gdcm.dcm",
    "dicom/colour/pydicom/SC_rgb_rle_16bit_2frame.dcm",
    "dicom/multiframe_seg_dose/pydicom_data/emri_small_RLE.dcm",
    "dicom/multiframe_seg_dose/pydicom/rtdose.dcm",
    "dicom/lut_overlay/pydicom_data/vlut_04.dcm",
    "dicom/dicomdir/DICOMDIR",
    "nifti/nibabel/anatomical.nii",
    "nifti/nibabel/standard.nii.gz",
    "nifti/nibabel/example_nifti2.nii.gz",
    "nifti/nrrd_dcmqi/label.nrrd",
    "nifti/itksnap/X300.mha",
];

/// Name and bytes of each.
pub fn all() -> Vec<(String, Vec<u8>)> {
    let mut out = made();
    if let Some(root) = crate::support::data() {
        out.extend(REAL.iter().map(|name| ((*name).to_owned(), std::fs::read(root.join(name)).expect(name))));
    }
    out
}

fn made() -> Vec<(String, Vec<u8>)> {
    let films = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/films");
    let film = |name: &str| (name.to_owned(), std::fs::read(films.join(name)).expect(name));
    let mut out: Vec<_> = ["high.mp4", "baseline.mov", "jpeg.mp4", "jpeg.avi"].map(film).into();
    let pixels = image::RgbImage::from_fn(20, 12, |x, y| image::Rgb([x as u8 * 9, y as u8 * 17, 90]));
    for (name, format) in [
        ("a.png", image::ImageFormat::Png),
        ("a.jpg", image::ImageFormat::Jpeg),
        ("a.bmp", image::ImageFormat::Bmp),
        ("a.gif", image::ImageFormat::Gif),
        ("a.webp", image::ImageFormat::WebP),
    ] {
        let mut bytes = Cursor::new(Vec::new());
        pixels.write_to(&mut bytes, format).expect(name);
        out.push((name.to_owned(), bytes.into_inner()));
    }
    let folder = tempfile::tempdir().expect("a folder");
    for name in ["b.nii", "b.nii.gz", "b.nrrd", "b.mha", "b.tif"] {
        let geometry = Geometry::axis_aligned([6, 5, 4], World::default(), [0.5, 0.8, 2.0]).expect("a grid");
        let volume = Volume::new(geometry, Samples::U16((0..120).collect()), 1).expect("a volume");
        let path = folder.path().join(name);
        formats::write(&volume, &path).expect(name);
        out.push((name.to_owned(), std::fs::read(path).expect(name)));
    }
    out
}
