"""WebDataset, Datumaro, the BIDS validator and rt-utils read what Limner exported.

Usage: interop.py FOLDER [SERIES]. The folder holds one export per format, named after it. With the folder of a DICOM
series, FOLDER/rtstruct was drawn on it and FOLDER/nifti holds the same masks: rt-utils must find them at a Dice over 0.99.
"""

import json
import pathlib
import subprocess
import sys

import numpy

home = pathlib.Path(sys.argv[1])


def pictures():
    """Pictures and objects of the project by the count of COCO's file, which pycocotools has judged."""
    data = json.loads((home / "coco-instances/annotations.json").read_text())
    return len(data["images"]), len(data["annotations"])


def web_dataset(folder):
    import webdataset

    samples = objects = 0
    for shard in sorted(folder.glob("*.tar")):
        for sample in webdataset.WebDataset(str(shard), shardshuffle=False).decode("pil"):
            record = sample["json"]
            assert sample["png"].size == (record["width"], record["height"]), sample["__key__"]
            objects += len(record["objects"]["bbox"])
            samples += 1
    assert (samples, objects) == pictures(), (samples, objects)


def datumaro(folder):
    import datumaro

    data = datumaro.Dataset.import_from(str(folder), "datumaro")
    objects = sum(len(item.annotations) for item in data)
    assert (len(data), objects) == pictures(), (len(data), objects)
    for item in data:
        height, width = item.media.size
        for annotation in item.annotations:
            if isinstance(annotation, datumaro.Mask):
                assert annotation.image.shape == (height, width) and annotation.image.any()


def bids(folder):
    validator = pathlib.Path(sys.executable).with_name("bids-validator-deno")
    done = subprocess.run([validator, "--ignoreWarnings", "--json", folder], capture_output=True, text=True)
    issues = json.loads(done.stdout)["issues"]["issues"]
    errors = [issue for issue in issues if issue.get("severity") == "error"]
    assert done.returncode == 0 and not errors, errors


def structure_set(series):
    import nibabel
    from rt_utils import RTStructBuilder

    path = next((home / "rtstruct").glob("*.dcm"))
    structures = RTStructBuilder.create_from(dicom_series_path=str(series), rt_struct_path=str(path))
    about = json.loads((home / "nifti/labels.json").read_text())
    names = {label["value"]: label["name"] for label in about["labels"]}
    picture = nibabel.load(home / "nifti" / about["images"][0]["files"][0]["path"])
    values = numpy.asarray(picture.dataobj)
    affine = numpy.diag([-1.0, -1.0, 1.0, 1.0]) @ picture.affine
    for name in structures.get_roi_names():
        found = structures.get_roi_mask_by_name(name)
        wanted = next(value for value, known in names.items() if known == name)
        ours = numpy.zeros_like(values, bool)
        # Rows, columns, slices of the series as rt-utils sorted it, placed by what the files say.
        for index, image in enumerate(structures.series_data):
            row, column = (numpy.array(image.ImageOrientationPatient[n : n + 3], float) for n in (3, 0))
            spacing = [float(x) for x in image.PixelSpacing]
            origin = numpy.array(image.ImagePositionPatient, float)
            for j, i in numpy.argwhere(found[:, :, index]):
                place = origin + column * spacing[1] * i + row * spacing[0] * j
                voxel = numpy.rint(numpy.linalg.inv(affine) @ [*place, 1.0]).astype(int)[:3]
                ours[tuple(voxel)] = True
        mask = values == wanted
        dice = 2 * (ours & mask).sum() / (ours.sum() + mask.sum())
        assert mask.sum() > 1000 and dice > 0.99, (name, dice)
        print(f"rt-utils: {name} at a Dice of {dice:.4f}")


if len(sys.argv) > 2:
    structure_set(pathlib.Path(sys.argv[2]))
else:
    for name, check in (("webdataset", web_dataset), ("datumaro", datumaro), ("bids", bids)):
        check(home / name)
        print(f"{name}: agrees")
