"""The field's own tools read what Limner exported and find the same voxels at the same place in the patient.

Usage: exchange.py FOLDER. The folder holds one export per format, named after it; `nifti` is the reference, which
nibabel reads. Prints one line per format and fails on the first disagreement.
"""

import json
import pathlib
import sys

import nibabel
import numpy
import pydicom
from pycocotools.coco import COCO

home = pathlib.Path(sys.argv[1])


def reference():
    """Voxels of every label in world space (LPS), by case: the affine and one mask per name."""
    about = json.loads((home / "nifti/labels.json").read_text())
    names = {label["value"]: label["name"] for label in about["labels"]}
    cases = {}
    for image in about["images"]:
        masks, affine = {}, None
        for file in image["files"]:
            picture = nibabel.load(home / "nifti" / file["path"])
            affine = numpy.diag([-1.0, -1.0, 1.0, 1.0]) @ picture.affine
            values = numpy.asarray(picture.dataobj)
            for value in numpy.unique(values[values > 0]):
                name = names[int(value)]
                masks[name] = masks.get(name, False) | (values == value)
        cases[image["name"]] = (affine, masks)
    return cases


CASES = reference()


def close(a, b, tolerance=1e-3):
    return numpy.abs(numpy.asarray(a, float) - numpy.asarray(b, float)).max() < tolerance


def nnunet(folder):
    root = next(folder.glob("Dataset*"))
    dataset = json.loads((root / "dataset.json").read_text())
    labels = dataset["labels"]
    assert sorted(labels.values()) == list(range(len(labels))), "labels are not consecutive"
    found = sorted((root / "labelsTr").glob("*.nii.gz"))
    assert len(found) == dataset["numTraining"] > 0
    for path in found:
        case = path.name.removesuffix(".nii.gz")
        label, image = nibabel.load(path), nibabel.load(root / "imagesTr" / f"{case}_0000.nii.gz")
        assert label.shape == image.shape and close(label.affine, image.affine)
        affine, masks = CASES[case]
        assert close(numpy.diag([-1, -1, 1, 1]) @ label.affine, affine)
        values = numpy.asarray(label.dataobj)
        union = numpy.zeros(values.shape, bool)
        for name, mask in masks.items():
            union |= mask
            ours = values == labels[name]
            assert not (ours & ~mask).any(), f"{case}: {name} outside of its mask"
        assert ((values > 0) == union).all(), case


def pictures_of(folder):
    recipes = json.loads((folder / "recipes.json").read_text())
    about = json.loads((home / "nifti/labels.json").read_text())
    case_of = {image["id"]: image["name"] for image in about["images"]}
    return {p["file"]: (case_of[p["image"]], p["slice"]["index"]) for p in recipes["pictures"]}


def coco_instances(folder):
    pictures = pictures_of(folder)
    coco = COCO(str(folder / "annotations.json"))
    seen = 0
    for annotation in coco.loadAnns(coco.getAnnIds()):
        file = coco.loadImgs(annotation["image_id"])[0]["file_name"]
        case, index = pictures[file]
        name = coco.loadCats(annotation["category_id"])[0]["name"]
        if isinstance(annotation["segmentation"], list):
            continue
        mask = coco.annToMask(annotation).astype(bool)
        assert int(mask.sum()) == annotation["area"]
        assert (mask.T == CASES[case][1][name][:, :, index]).all(), f"{file}: {name}"
        seen += 1
    slices = sum(int(mask.any(axis=(0, 1)).sum()) for _, masks in CASES.values() for mask in masks.values())
    assert seen == slices, f"{seen} masks, {slices} painted slices"


def coco_panoptic(folder):
    from PIL import Image

    pictures = pictures_of(folder)
    data = json.loads((folder / "panoptic.json").read_text())
    files = {image["id"]: image["file_name"] for image in data["images"]}
    names = {category["id"]: category["name"] for category in data["categories"]}
    for annotation in data["annotations"]:
        case, index = pictures[files[annotation["image_id"]]]
        colours = numpy.asarray(Image.open(folder / "panoptic" / annotation["file_name"])).astype(int)
        ids = colours[..., 0] + 256 * colours[..., 1] + 65536 * colours[..., 2]
        assert set(numpy.unique(ids)) - {0} == {segment["id"] for segment in annotation["segments_info"]}
        for segment in annotation["segments_info"]:
            mask = ids == segment["id"]
            assert int(mask.sum()) == segment["area"]
            assert not (mask.T & ~CASES[case][1][names[segment["category_id"]]][:, :, index]).any()


def yolo(folder):
    """What Ultralytics' loader asks of a label file; its own checker runs in the full set."""
    classes = {}
    for line in (folder / "data.yaml").read_text().split("names:\n")[1].splitlines():
        number, name = line.split(":", 1)
        classes[int(number)] = json.loads(name)
    pictures = pictures_of(folder)
    lines = 0
    for label in folder.rglob("labels/**/*.txt"):
        picture = "images/" + label.relative_to(folder / "labels").with_suffix(".png").as_posix()
        case, index = pictures[picture]
        for line in label.read_text().splitlines():
            numbers = [float(word) for word in line.split()[1:]]
            assert all(0 <= x <= 1 for x in numbers), line
            mask = CASES[case][1].get(classes[int(line.split()[0])])
            lines += 1
            if folder.name == "yolo-detect" and mask is not None and mask[:, :, index].any():
                columns, rows = numpy.nonzero(mask[:, :, index])
                width, height = mask.shape[:2]
                x0, x1, y0, y1 = columns.min(), columns.max() + 1, rows.min(), rows.max() + 1
                box = [(x0 + x1) / 2 / width, (y0 + y1) / 2 / height, (x1 - x0) / width, (y1 - y0) / height]
                assert close(numbers, box, 1e-9), (numbers, box)
    assert lines > 0


def placed(segmentation):
    """Every frame of a DICOM segmentation as world positions of its pixels, by the file's own words."""
    import highdicom

    seg = highdicom.seg.segread(segmentation)
    return seg


def dicom_seg(folder):
    for path in sorted(folder.glob("*.dcm")):
        case = path.name.removesuffix("_seg.dcm")
        affine, masks = CASES[case]
        seg = placed(path)
        labels = {seg.get_segment_description(n).segment_label: n for n in seg.segment_numbers}
        volume = seg.get_volume(combine_segments=False)
        array = volume.array
        inverse = numpy.linalg.inv(affine)
        step = inverse @ volume.affine
        for name, mask in masks.items():
            ours = numpy.zeros_like(mask)
            channel = list(seg.segment_numbers).index(labels[name[:64]])
            for index in numpy.argwhere(array[..., channel] > 0):
                voxel = step @ [*index, 1.0]
                assert close(voxel, numpy.rint(voxel), 0.02), f"{case}: {name} lies between voxels"
                ours[tuple(numpy.rint(voxel[:3]).astype(int))] = True
            assert (ours == mask).all(), f"{case}: {name}"


def rtstruct(folder):
    """Contours filled by a plain point-in-polygon test on the image's own grid."""
    for path in sorted(folder.glob("*.dcm")):
        affine, masks = CASES[path.name.removesuffix("_rtstruct.dcm")]
        inverse = numpy.linalg.inv(affine)
        data = pydicom.dcmread(path)
        names = {roi.ROINumber: roi.ROIName for roi in data.StructureSetROISequence}
        for roi in data.ROIContourSequence:
            mask = masks.get(names[roi.ReferencedROINumber])
            if mask is None:
                continue
            ours = numpy.zeros_like(mask)
            for contour in roi.ContourSequence:
                points = numpy.asarray(contour.ContourData, float).reshape(-1, 3)
                voxels = (inverse @ numpy.c_[points, numpy.ones(len(points))].T).T[:, :3]
                k = int(numpy.rint(voxels[0, 2]))
                assert close(voxels[:, 2], k, 0.02)
                ours[:, :, k] ^= inside(voxels[:, :2], mask.shape[:2])
            overlap = 2 * (ours & mask).sum() / (ours.sum() + mask.sum())
            assert overlap > 0.99, f"{path.name}: {names[roi.ReferencedROINumber]} {overlap}"


def inside(ring, size):
    columns, rows = numpy.meshgrid(numpy.arange(size[0]), numpy.arange(size[1]), indexing="ij")
    found = numpy.zeros(size, bool)
    for (x0, y0), (x1, y1) in zip(ring, numpy.roll(ring, -1, axis=0)):
        crosses = (y0 <= rows) != (y1 <= rows)
        with numpy.errstate(divide="ignore", invalid="ignore"):
            found ^= crosses & (columns < x0 + (rows - y0) / (y1 - y0) * (x1 - x0))
    return found


def label_maps(ending):
    def check(folder):
        import SimpleITK

        for path in sorted(folder.rglob(f"*{ending}")):
            case = path.name.removesuffix(ending).split("_layer_")[0]
            affine, masks = CASES[case]
            image = SimpleITK.ReadImage(str(path))
            size = numpy.array(image.GetSize()) - 1
            for corner in numpy.ndindex(2, 2, 2):
                index = [int(x) for x in numpy.array(corner) * size]
                assert close(image.TransformIndexToPhysicalPoint(index), (affine @ [*index, 1])[:3])
            values = SimpleITK.GetArrayFromImage(image).T
            union = numpy.any(list(masks.values()), axis=0)
            assert not ((values > 0) & ~union).any()

    return check


def mesh(ending):
    def check(folder):
        import trimesh

        about = json.loads((folder / "meshes.json").read_text())
        assert about["meshes"]
        for entry in about["meshes"]:
            surface = trimesh.load(folder / entry["path"], force="mesh", process=True)
            assert surface.is_watertight, entry["path"]
            affine, masks = CASES[entry["case"]]
            mask = masks[entry["label"]]
            volume = mask.sum() * abs(numpy.linalg.det(affine[:3, :3]))
            if mask.sum() > 5000:
                assert abs(surface.volume / volume - 1) < 0.02, (entry["path"], surface.volume, volume)
            centre = (affine @ [*numpy.argwhere(mask).mean(axis=0), 1])[:3]
            assert close(surface.center_mass, centre, 1.5), (surface.center_mass, centre)

    return check


CHECKS = {
    "nnunet": nnunet,
    "coco-instances": coco_instances,
    "coco-panoptic": coco_panoptic,
    "yolo-detect": yolo,
    "yolo-segment": yolo,
    "yolo-obb": yolo,
    "dicom-seg": dicom_seg,
    "dicom-seg-fractional": dicom_seg,
    "dicom-seg-labelmap": dicom_seg,
    "rtstruct": rtstruct,
    "metaimage": label_maps(".mha"),
    "seg-nrrd": label_maps(".seg.nrrd"),
    "mesh-stl": mesh(".stl"),
    "mesh-ply": mesh(".ply"),
    "mesh-glb": mesh(".glb"),
}

assert CASES and all(masks for _, masks in CASES.values())
for folder in sorted(path for path in home.iterdir() if path.is_dir() and path.name in CHECKS):
    CHECKS[folder.name](folder)
    print(f"{folder.name}: agrees")
