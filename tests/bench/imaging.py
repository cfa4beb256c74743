"""Reading and measuring beside the field's own libraries, on data made here, in one run.

    imaging.py BENCH OUT.md [DATA]     BENCH is target/release/examples/imaging_bench; DATA keeps what is made

Every figure is the best of three, by the clock and as work of all processors: on a machine that does other things too,
only the second can be compared. Peers are pinned in tests/judges/imaging-bench.txt.
"""

import json
import os
import pathlib
import platform
import subprocess
import sys
import tempfile
import time

import cc3d
import edt
import nibabel
import numpy
import pydicom
import SimpleITK
import surface_distance
from PIL import Image
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import ExplicitVRLittleEndian, JPEG2000Lossless, JPEGBaseline8Bit, JPEGLSLossless, generate_uid

SLICES, SIDE, FRAMES = 400, 512, 924


def best(work, runs=3):
    times = []
    for _ in range(runs):
        started, before = time.perf_counter(), time.process_time()
        work()
        times.append((time.perf_counter() - started, time.process_time() - before))
    return [min(t[n] for t in times) for n in range(2)]


def slice_of(k, random):
    """A body with organs and noise, so that it packs like a CT."""
    y, x = numpy.mgrid[:SIDE, :SIDE].astype(numpy.float32) / SIDE - 0.5
    body = (x / 0.45) ** 2 + (y / 0.32) ** 2 < 1
    picture = numpy.where(body, 40.0, -1000.0)
    for n in range(6):
        cx, cy = 0.3 * numpy.cos(n * 1.05 + k * 0.01), 0.18 * numpy.sin(n * 1.05 + k * 0.01)
        picture = numpy.where((x - cx) ** 2 + (y - cy) ** 2 < 0.004, 40 + 60 * n, picture)
    noise = numpy.where(body, random.normal(0, 12, picture.shape), random.normal(0, 2, picture.shape))
    return numpy.clip(picture + noise + 1024, 0, 4095).astype(numpy.int16)


def dicom(k, pixels, series):
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.2"
    meta.MediaStorageSOPInstanceUID = generate_uid()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds = Dataset()
    ds.file_meta = meta
    ds.SOPClassUID, ds.SOPInstanceUID = meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID
    ds.Modality, ds.SeriesInstanceUID, ds.InstanceNumber = "CT", series, k + 1
    ds.ImagePositionPatient, ds.ImageOrientationPatient = [-175, -175, 0.8 * k], [1, 0, 0, 0, 1, 0]
    ds.PixelSpacing, ds.SliceThickness = [0.684, 0.684], 0.8
    ds.Rows, ds.Columns, ds.SamplesPerPixel = SIDE, SIDE, 1
    ds.PhotometricInterpretation = "MONOCHROME2"
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 16, 16, 15, 1
    ds.RescaleSlope, ds.RescaleIntercept = 1, -1024
    ds.PixelData = pixels.tobytes()
    return ds


def make_series(home):
    random = numpy.random.default_rng(7)
    volume = numpy.empty((SLICES, SIDE, SIDE), numpy.int16)
    series = {name: generate_uid() for name in ("native", "jpegls", "jpeg2000")}
    for name in series:
        (home / name).mkdir()
    for k in range(SLICES):
        volume[k] = slice_of(k, random)
        for name, syntax in (("native", None), ("jpegls", JPEGLSLossless), ("jpeg2000", JPEG2000Lossless)):
            ds = dicom(k, volume[k], series[name])
            if syntax:
                ds.compress(syntax)
            ds.save_as(home / name / f"{k:04}.dcm", enforce_file_format=True)
    image = nibabel.Nifti1Image(volume.transpose(2, 1, 0), numpy.diag([-0.684, -0.684, 0.8, 1]))
    nibabel.save(image, home / "ct.nii.gz")
    # Not ct.nii: ITK takes the samples from there when both lie side by side.
    nibabel.save(image, home / "plain.nii")


def make_cine(home):
    y, x = numpy.mgrid[:480, :640]
    frames = []
    for n in range(FRAMES):
        path = home / "frame.jpg"
        grey = ((x + 3 * n) ^ (y + n)).astype(numpy.uint8) // 2 + 60
        Image.fromarray(grey).save(path, quality=85)
        frames.append(path.read_bytes())
        path.unlink()
    ds = dicom(0, numpy.zeros((1, 1), numpy.int16), generate_uid())
    ds.file_meta.TransferSyntaxUID = JPEGBaseline8Bit
    ds.Modality, ds.Rows, ds.Columns, ds.NumberOfFrames, ds.FrameTime = "US", 480, 640, FRAMES, 33.3
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 8, 8, 7, 0
    ds.PixelData = encapsulate(frames)
    ds["PixelData"].is_undefined_length = True
    ds.save_as(home / "cine.dcm", enforce_file_format=True)


def make_masks(home):
    random = numpy.random.default_rng(3)

    def smooth(shape, cells):
        coarse = SimpleITK.GetImageFromArray(random.random([max(2, n // cells) for n in shape], numpy.float32))
        size = [int(n) for n in reversed(shape)]
        scale = [(o - 1) / max(1, n - 1) for o, n in zip(coarse.GetSize(), size)]
        fine = SimpleITK.Resample(coarse, size, SimpleITK.Transform(), SimpleITK.sitkLinear, [0] * 3, scale)
        return SimpleITK.GetArrayFromImage(fine)

    def save(mask, spacing, name):
        nibabel.save(nibabel.Nifti1Image(mask.astype(numpy.uint8).transpose(2, 1, 0), numpy.diag([*spacing, 1])), home / name)

    save(smooth((300, 512, 512), 12) > 0.62, (0.7, 0.7, 1.0), "blobs.nii")
    save(smooth((200, 512, 512), 40) > 0.6, (0.7, 0.7, 2.0), "solid.nii")
    z, y, x = numpy.mgrid[:160, :320, :320].astype(numpy.float32)
    wave = numpy.sin(x / 9) * numpy.cos(y / 7) * 3
    ball = lambda c, r: ((x - c[0]) / 1.2) ** 2 + (y - c[1]) ** 2 + ((z - c[2]) * 1.8) ** 2 < (r + wave) ** 2
    save(ball((160, 160, 80), 110), (0.8, 0.8, 1.5), "organ_a.nii")
    save(ball((163, 158, 81), 112), (0.8, 0.8, 1.5), "organ_b.nii")


def sitk_series(folder):
    reader = SimpleITK.ImageSeriesReader()
    reader.SetFileNames(reader.GetGDCMSeriesFileNames(str(folder)))
    return SimpleITK.GetArrayFromImage(reader.Execute())


def pydicom_series(folder):
    files = [pydicom.dcmread(p) for p in sorted(folder.iterdir())]
    files.sort(key=lambda d: d.ImagePositionPatient[2])
    return numpy.stack([d.pixel_array for d in files])


def array(path):
    return numpy.ascontiguousarray(numpy.asarray(nibabel.load(path).dataobj).transpose(2, 1, 0))


def peers(home):
    out = {}
    for name in ("native", "jpegls", "jpeg2000"):
        out[f"read {name}"] = {"SimpleITK": best(lambda: sitk_series(home / name)), "pydicom": best(lambda: pydicom_series(home / name))}
    for name in ("ct.nii.gz", "plain.nii"):
        out[f"read {name}"] = {
            "SimpleITK": best(lambda: SimpleITK.ReadImage(str(home / name))),
            "nibabel": best(lambda: numpy.asarray(nibabel.load(home / name).dataobj)),
        }
    first = lambda: pydicom.pixels.pixel_array(home / "cine.dcm", index=0)
    out["first frame cine"] = {"pydicom": best(first)}
    blobs = array(home / "blobs.nii")
    out["components"] = {"cc3d": best(lambda: cc3d.connected_components(blobs, connectivity=26))}
    count = int(cc3d.connected_components(blobs, connectivity=26).max())
    solid = array(home / "solid.nii") == 0
    out["distance"] = {"edt": best(lambda: edt.edt(solid, anisotropy=(2.0, 0.7, 0.7), parallel=os.cpu_count()))}
    a, b = (array(home / f"organ_{n}.nii") > 0 for n in "ab")

    def scores():
        d = surface_distance.compute_surface_distances(a, b, (1.5, 0.8, 0.8))
        return surface_distance.compute_surface_dice_at_tolerance(d, 2.0), surface_distance.compute_robust_hausdorff(d, 95)

    out["nsd and hd95"] = {"surface-distance": best(scores)}
    return out, {"nsd": scores()[0], "hd95": scores()[1], "components": count}


AIMS = {
    "read native": ("SimpleITK", 4),
    "read jpegls": ("SimpleITK", 2),
    "read jpeg2000": ("SimpleITK", 2),
    "read ct.nii.gz": ("SimpleITK", 1.5),
    "components": ("cc3d", 1),
    "distance": ("edt", 1),
    "nsd and hd95": ("surface-distance", 10),
}


READ = ("native", "jpegls", "jpeg2000", "ct.nii.gz", "plain.nii")


def report(ours, theirs, values, memory, load):
    lines = [
        "# How fast reading is",
        "",
        f"`tests/bench/imaging.py` on {time.strftime('%Y-%m-%d')}, {os.cpu_count()} cores ({platform.machine()}), release "
        f"build, {load:.1f} other processes at work at the start and {os.getloadavg()[0]:.1f} at the end. Seconds by the clock and, in "
        f"brackets, of all processors; each the best of three. Data made by the script: {SLICES} slices of {SIDE} × {SIDE}, "
        f"a film of {FRAMES} JPEG frames, masks.",
        "",
        "| task | Limner | peers | ratio by the clock | by work | aim |",
        "|---|---:|---|---:|---:|---:|",
    ]
    both = lambda pair: f"{pair[0]:.3f} ({pair[1]:.3f})"
    for task, rivals in theirs.items():
        peer, aim = AIMS.get(task, (next(iter(rivals)), None))
        others = ", ".join(f"{name} {both(pair)}" for name, pair in rivals.items())
        ratios = [rivals[peer][n] / max(ours[task][n], 0.005) for n in range(2)]
        lines.append(f"| {task} | {both(ours[task])} | {others} | {ratios[0]:.1f} × {peer} | {ratios[1]:.1f} | {aim or ''} |")
    for name in READ:
        plain = ours[f"plain read {name}"][0]
        ratio = ours[f"read {name}"][0] / plain
        lines.append(f"| {name}, to a plain read of the bytes | {ours[f'read {name}'][0]:.3f} | {plain:.3f} | {ratio:.1f} times it | | |")
    for name in READ:
        lines.append(f"| first picture of {name} | {both(ours[f'first picture {name}'])} | | | | 0.150 s |")
    for name, told in memory.items():
        lines.append(f"| memory for {name} | {told['taken'] / 1e6:.0f} MB | raw {told['raw'] / 1e6:.0f} MB | {told['ratio']:.2f} times raw | | 1.2 |")
    lines += ["", "Both sides agree: " + ", ".join(f"{k} {v:.6g} and {ours[f'value {k}'][0]:.6g}" for k, v in values.items()) + ".", ""]
    return "\n".join(lines)


def main():
    bench, out = sys.argv[1:3]
    with tempfile.TemporaryDirectory() as folder:
        home = pathlib.Path(sys.argv[3] if len(sys.argv) > 3 else folder)
        if not (home / "organ_b.nii").exists():
            home.mkdir(exist_ok=True)
            make_series(home)
            make_cine(home)
            make_masks(home)
        load = os.getloadavg()[0]
        ours = json.loads(subprocess.run([bench, home], check=True, capture_output=True).stdout)
        theirs, values = peers(home)
        told = lambda name: json.loads(subprocess.run([bench, "memory", home / name], check=True, capture_output=True).stdout)
        memory = {name: told(name) for name in READ}
    pathlib.Path(out).write_text(report(ours, theirs, values, memory, load))
    for key, value in values.items():
        assert abs(value - ours[f"value {key}"][0]) < 1e-3 * max(1, abs(value)), (key, value, ours[f"value {key}"])


main()
