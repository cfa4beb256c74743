"""datasets loads the records of an exported question set, and every picture they name is there and opens."""

import json
import pathlib
import sys
import tempfile

import datasets

folder = pathlib.Path(sys.argv[1])
datasets.disable_progress_bars()
files = [str(path) for path in sorted(folder.glob("*.jsonl"))]
assert files, "no records"
with tempfile.TemporaryDirectory() as cache:
    data = datasets.load_dataset("json", data_files=files, split="train", cache_dir=cache)
    pictures = 0
    reader = datasets.Image()
    for row in data:
        said = " ".join(message["content"] for message in row["messages"])
        assert said.count("<image>") == len(row["images"]), row
        boxes = (row.get("objects") or {}).get("bbox") or []
        assert said.count("<bbox>") == len(boxes), row
        for path in row["images"]:
            picture = reader.decode_example({"path": str(folder / path), "bytes": None})
            assert picture.size[0] > 0 and picture.size[1] > 0
            pictures += 1
assert len(data) > 0
print(f"datasets: {len(data)} records, {pictures} pictures open")
