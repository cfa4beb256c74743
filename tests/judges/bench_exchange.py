"""The field's own tools on the inputs of `cargo run -p limner-annotation --example exchange_bench -- OUT > OUT/ours.jsonl`.

Usage: bench_exchange.py OUT. Prints a table with the ratio of the peer's time to ours.
"""

import json
import pathlib
import sys
import time

import numpy
from pycocotools import mask as coco

home = pathlib.Path(sys.argv[1])
ours = {entry["name"]: entry["ms"] for entry in map(json.loads, (home / "ours.jsonl").read_text().splitlines())}


def best(times, work):
    found = []
    for _ in range(times):
        start = time.perf_counter()
        work()
        found.append((time.perf_counter() - start) * 1e3)
    return min(found)


peers = {}
for name, side in (("rle_noisy_1024", 1024), ("rle_blob_512", 512)):
    pixels = numpy.asfortranarray(numpy.fromfile(home / f"{name}.raw", numpy.uint8).reshape(side, side))
    peers[name] = ("pycocotools", best(20, lambda: coco.encode(pixels)))


def seg():
    import highdicom
    import nibabel
    import pydicom

    path = home / "dicom-seg/case_00001_seg.dcm"
    peers["seg_read"] = (
        "highdicom",
        best(2, lambda: highdicom.seg.segread(path).get_volume(combine_segments=True).array.sum()),
    )
    values = numpy.asarray(nibabel.load(home / "ball.nii.gz").dataobj).astype(numpy.uint8).T
    sources = []
    for index in range(values.shape[0]):
        data = pydicom.Dataset()
        data.file_meta = pydicom.dataset.FileMetaDataset()
        data.file_meta.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian
        data.SOPClassUID, data.SOPInstanceUID = pydicom.uid.CTImageStorage, pydicom.uid.generate_uid()
        data.StudyInstanceUID, data.SeriesInstanceUID, data.FrameOfReferenceUID = "1.2.3", "1.2.4", "1.2.5"
        data.Modality, data.Rows, data.Columns = "CT", values.shape[1], values.shape[2]
        data.ImagePositionPatient = [-200, -180, 40 + 1.5 * index]
        data.ImageOrientationPatient, data.PixelSpacing, data.SliceThickness = [1, 0, 0, 0, 1, 0], [0.8, 0.8], 1.5
        for name in ("PatientID", "PatientName", "PatientBirthDate", "PatientSex", "StudyDate", "StudyTime", "StudyID"):
            setattr(data, name, "")
        data.AccessionNumber = data.ReferringPhysicianName = ""
        data.InstanceNumber = index + 1
        sources.append(data)
    code = highdicom.sr.CodedConcept("85756007", "SCT", "Tissue")

    def write():
        description = highdicom.seg.SegmentDescription(
            segment_number=1, segment_label="ball", segmented_property_category=code, segmented_property_type=code,
            algorithm_type="MANUAL",
        )
        highdicom.seg.Segmentation(
            source_images=sources, pixel_array=values, segmentation_type="BINARY", segment_descriptions=[description],
            series_instance_uid="1.2.6", series_number=1, sop_instance_uid="1.2.7", instance_number=1,
            manufacturer="x", manufacturer_model_name="x", software_versions="1", device_serial_number="1",
        ).save_as(home / "peer.dcm")

    peers["seg_write_and_check"] = ("highdicom, write only", best(2, write))


def mesh():
    """Needs scikit-image, which the environment `review` has."""
    from skimage.measure import marching_cubes

    ball = numpy.fromfile(home / "ball.raw", numpy.uint8).reshape(200, 512, 512)
    took = best(2, lambda: marching_cubes(ball, 0.5, spacing=(1.5, 0.8, 0.8)))
    peers["mesh_surface"] = ("scikit-image", took)


for part in (seg, mesh):
    try:
        part()
    except ImportError as missing:
        print(f"{part.__name__}: {missing}")
for name in [name for name in ours if name + "_copy" in ours]:
    peers[name] = ("a copy of its files", ours[name + "_copy"])
for name, (peer, ms) in peers.items():
    if name not in ours:
        continue
    print(f"{name}: ours {ours[name]:.2f} ms, {peer} {ms:.2f} ms, {ms / ours[name]:.1f} times")
for name in sorted(set(ours) - set(peers)):
    print(f"{name}: ours {ours[name]:.2f} ms")
