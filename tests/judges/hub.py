"""datasets and mlcroissant load what Limner wrote for the hub, with pictures as pictures and stable types."""

import json
import pathlib
import sys

import datasets
import mlcroissant

home = pathlib.Path(sys.argv[1])
datasets.disable_progress_bars()


def check(folder):
    receipt = json.loads((folder / "limner-receipt.json").read_text())
    data = datasets.load_dataset(str(folder), cache_dir=sys.argv[2])
    rows = sum(len(part) for part in data.values())
    objects = 0
    for part in data.values():
        assert isinstance(part.features["image"], datasets.Image), part.features
        for row in part:
            assert row["image"].size == (row["width"], row["height"])
            lists = [row["objects"][name] for name in ("bbox", "categories", "rle")]
            assert len({len(found) for found in lists}) == 1
            objects += len(lists[0])
    assert rows > 0 and objects == receipt["dry_run"]["records"], (rows, objects)
    croissant = folder / "croissant.json"
    described = mlcroissant.Dataset(jsonld=str(croissant))
    assert not described.metadata.ctx.issues.errors, described.metadata.ctx.issues.errors
    for records in described.metadata.record_sets:
        first = next(iter(described.records(record_set=records.uuid)))
        assert first, records.uuid
    print(f"{folder.name}: {rows} rows, {objects} objects agree")


for name in ("hf-imagefolder", "hf-parquet"):
    if (home / name).is_dir():
        check(home / name)
