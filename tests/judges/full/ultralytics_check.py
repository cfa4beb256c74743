"""Ultralytics' own checker and loader read YOLO data sets that Limner exported. A process of its own: its licence is AGPL.

Usage: ultralytics_check.py FOLDER. The folder holds one export per format, named after it.
"""

import os
import pathlib
import sys
import tempfile

# Its settings and caches go nowhere that lasts.
os.environ["YOLO_CONFIG_DIR"] = tempfile.mkdtemp()
os.environ["YOLO_OFFLINE"] = "true"

from ultralytics.data.dataset import YOLODataset
from ultralytics.data.utils import check_det_dataset

home = pathlib.Path(sys.argv[1])
for task in ("detect", "segment", "obb"):
    folder = home / f"yolo-{task}"
    data = check_det_dataset(str(folder / "data.yaml"), autodownload=False)
    pictures = objects = 0
    # Where there is one part only it is named for training and for validation.
    for part in sorted({str(data[part]) for part in ("train", "val", "test") if data.get(part)}):
        loaded = YOLODataset(img_path=part, data=data, task=task, imgsz=64, augment=False, cache=False)
        pictures += len(loaded.labels)
        objects += sum(len(label["cls"]) for label in loaded.labels)
    written = [line for text in (folder / "labels").rglob("*.txt") for line in text.read_text().splitlines()]
    assert pictures == len(list((folder / "images").rglob("*.png"))), (task, pictures)
    # It drops lines that are there twice: overlapping labels may have the same box.
    twice = len(written) - sum(len(set(t.read_text().splitlines())) for t in (folder / "labels").rglob("*.txt"))
    assert objects == len(written) - twice > 0, (task, objects, len(written))
    print(f"yolo-{task}: {pictures} pictures, {objects} objects accepted")
