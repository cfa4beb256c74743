"""nibabel and pycocotools read what Limner exported, and both find the voxels that were painted."""

import pathlib
import sys

import nibabel
import numpy
from pycocotools.coco import COCO

home = pathlib.Path(sys.argv[1])
painted = int(sys.argv[2])

for folder in ("nifti", "from-menu"):
    maps = sorted((home / folder).rglob("*.nii.gz"))
    assert maps, f"no label map in {folder}"
    voxels = sum(int(numpy.count_nonzero(numpy.asarray(nibabel.load(p).dataobj))) for p in maps)
    assert voxels == painted, f"{folder}: {voxels} voxels, painted {painted}"

annotations = next((home / "coco-instances").rglob("*.json"), None)
for candidate in sorted((home / "coco-instances").rglob("*.json")):
    if candidate.name not in ("limner-receipt.json", "recipes.json"):
        annotations = candidate
coco = COCO(str(annotations))
area = 0
for annotation in coco.loadAnns(coco.getAnnIds()):
    mask = coco.annToMask(annotation)
    assert int(mask.sum()) == annotation["area"], annotation["id"]
    rows, columns = numpy.nonzero(mask)
    box = [columns.min(), rows.min(), columns.max() - columns.min() + 1, rows.max() - rows.min() + 1]
    assert box == annotation["bbox"], (box, annotation["bbox"])
    area += int(mask.sum())
assert area == painted, f"{area} pixels in COCO, painted {painted}"
print("judges agree")
