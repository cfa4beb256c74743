"""Judges question records in the layouts of other people's data sets.

Reads only the files written and the table below, which was taken from the descriptions of the formats and shares nothing
with the exporter. `boxes.json` beside the folders says where the boxes truly lie, in pixels of the pictures.

    python3 vqa_profiles.py FOLDER      one folder a profile in FOLDER; prints one line a profile, exits 1 on a fault
"""

import ast
import csv
import gzip
import json
import pathlib
import re
import sys

TEXT, LIST, NUMBER, BOOL, DICT, ANY = str, list, (int, float), bool, dict, object

# profile -> file -> field -> type; a field with "?" may be missing or null.
FIELDS = {
    "ms-swift": {"train.jsonl": {"messages": LIST, "images": LIST, "objects?": DICT}},
    "dpo": {"train.jsonl": {"messages": LIST, "images": LIST, "rejected_response": TEXT}},
    "kto": {"train.jsonl": {"messages": LIST, "images": LIST, "label": BOOL}},
    "sharegpt": {"train.json": {"conversations": LIST, "images": LIST}},
    "llava": {"train.json": {"id": TEXT, "conversations": LIST}},
    "medrega": {"train.jsonl": {"id": ANY, "conversations": LIST}},
    "medsg-train": {"MedSG_train.json": {"conversations": LIST, "images": LIST}},
    "gemex": {
        kind + ".jsonl": {
            "question": TEXT, "type": TEXT, "answer": LIST if kind.startswith("multi") else TEXT, "reason": TEXT,
            "visual_regions": LIST, "visual_locations": LIST, "image_path": TEXT, "q_id": int, "row_id": TEXT,
            **({"choices": LIST} if "choice" in kind else {}),
        }
        for kind in ("open_ended_questions", "closed_ended_questions", "single_choice_questions", "multi_choice_questions")
    },
    "thinkvg": {"train.jsonl": dict.fromkeys(("image_path", "question", "question_type", "thinkVG", "response", "split"), TEXT)},
    "medsg": {"*.json": {"task": TEXT, "images": LIST, "question": TEXT, "answer": LIST, "size?": LIST}},
    "deeptumorvqa": {
        "benchmark/test_qa.jsonl": {
            "qid": TEXT, "image_id": TEXT, "spacing?": TEXT, "shape": TEXT, "sex?": TEXT, "age?": NUMBER, "question": TEXT,
            "answer": ANY, "mc_question?": TEXT, "correct_option?": TEXT, "organ": TEXT, "lesion": BOOL, "question_type": TEXT,
            "question_subtype": TEXT, "requires_tools": LIST,
        }
    },
    "medframeqa": {
        "MedFrameQA.json": {
            "question_id": TEXT, "question": TEXT, "options": LIST, "correct_answer": TEXT, "image_path": LIST, "keyword": TEXT,
            "system": TEXT, "organ": TEXT, "modality": TEXT, "video_id": TEXT, "image_url": LIST, "reasoning_chain": TEXT,
        }
    },
    "temmed": {
        "TestSet_VQA_ReportGeneration_Final.json": {"image_path": TEXT, "historical_image_path": TEXT, "VQA_Final": LIST},
        "TestSet_ImagePairSelection.json": {"condition_change": TEXT, "option": DICT, "right_option": TEXT},
        "TestSet_SelectedVQA_2000.json": {"img_id": int, "question_id": int},
    },
    "nova": {
        "data/nova-train.jsonl": {
            "filename": TEXT, "case_id": TEXT, "scan_id": TEXT, "caption_text": TEXT, "image_path": TEXT, "meta": DICT, "bboxes": LIST,
        }
    },
    "medbookvqa": {
        "data.json": {
            "_id": TEXT, "QAtype": TEXT, "Question": TEXT, "Answer": TEXT, "Distractors": LIST, "correct_choice": TEXT,
            "other_choices": LIST, "image_path": TEXT, "LABEL": DICT,
        }
    },
}
TABLES = {
    "vlmevalkit": ["index", "image", "image_path", "question", "hint", "A", "B", "C", "D", "E", "answer", "category", "l2-category", "split"],
    "endobench": ["index", "image_path", "question", "A", "answer", "visual_prompt"],
    "gmai-mmbench": ["index", "image_path", "question", "A", "answer", "department", "perceptual granularity"],
    "medq": ["index", "image_path", "question", "A", "answer", "modality", "severity"],
    "medq-description": ["index", "image_path", "question", "description"],
    "medq-paired": ["index", "image_a", "image_b", "image_path", "description"],
    "mediconfusion": ["id", "im_1", "im_2", "question", "option_A", "option_B", "im_1_correct", "im_2_correct", "AI_question"],
    "m3cot": ["index", "question", "answer", "modality", "feature", "key_conclusion", "additional_analysis", "key_annotation_steps"],
    "k2sight": ["image_id", "class_name", "bboxes", "split"],
}
MEDSG_TASKS = {"Registered_Diff", "Non_Registered_Diff", "multi_view", "object_tracking", "concept", "patch", "crossmodal", "referring"}


class Fault(Exception):
    pass


def need(condition, text):
    if not condition:
        raise Fault(text)


def rows_of(path):
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".jsonl":
        return [json.loads(line) for line in text.splitlines()]
    return json.loads(text)


def check_fields(record, table, where):
    for name, kind in table.items():
        optional = name.endswith("?")
        name = name.rstrip("?")
        if optional and record.get(name) is None:
            continue
        need(name in record, f"{where}: no field {name}")
        value = record[name]
        if kind is not ANY:
            need(isinstance(value, kind) and not (kind in (int, NUMBER) and isinstance(value, bool)), f"{where}: {name} is {value!r}")


def iou(a, b):
    w = min(a[2], b[2]) - max(a[0], b[0])
    h = min(a[3], b[3]) - max(a[1], b[1])
    both = max(w, 0) * max(h, 0)
    area = lambda r: (r[2] - r[0]) * (r[3] - r[1])
    return both / (area(a) + area(b) - both)


class Truth:
    """Boxes by picture, and the sizes of the pictures."""

    def __init__(self, path):
        data = json.loads(path.read_text())
        self.sizes, self.boxes = data["sizes"], data["boxes"]
        self.seen = 0

    def check(self, picture, box, least=0.99):
        best = max((iou(box, true) for true in self.boxes[picture]), default=0)
        need(best > least, f"{picture}: {box} is no true box (IoU {best:.3f} of {self.boxes[picture]})")
        self.seen += 1


def scaled(box, frame, size):
    return [v / frame[n % 2] * size[n % 2] for n, v in enumerate(box)]


def judge_fields(folder, profile):
    found = 0
    for pattern, table in FIELDS[profile].items():
        for path in sorted(folder.glob(pattern)):
            rows = rows_of(path)
            for n, record in enumerate(rows):
                check_fields(record, table, f"{path.name} {n}")
                found += 1
    need(found > 0, "no records")
    return found


def judge_table(folder, profile):
    found = 0
    for path in sorted([*folder.glob("*.tsv"), *folder.glob("*.csv")]):
        with path.open(newline="", encoding="utf-8") as file:
            reader = csv.DictReader(file, delimiter="\t" if path.suffix == ".tsv" else ",")
            missing = set(TABLES[profile]) - set(reader.fieldnames)
            need(not missing, f"{path.name}: no columns {missing}")
            for row in reader:
                need(None not in row and None not in row.values(), f"{path.name}: a row of another length")
                if "answer" in row and "A" in row and profile != "m3cot":
                    need(row["answer"] in "ABCDE" and row[row["answer"]], f"{path.name}: answer {row['answer']!r} names no option")
                if row.get("image_path", "").startswith("["):
                    need(len(ast.literal_eval(row["image_path"])) > 1, "a list of one picture")
                found += 1
    need(found > 0, "no rows")
    return found


def ms_swift(folder, truth):
    for record in rows_of(folder / "train.jsonl"):
        text = "".join(message["content"] for message in record["messages"])
        objects = record.get("objects", {"ref": [], "bbox": [], "image_id": []})
        for marker, wanted in (("<image>", record["images"]), ("<ref-object>", objects["ref"]), ("<bbox>", objects["bbox"])):
            need(text.count(marker) == len(wanted), f"{marker}: {text.count(marker)} for {len(wanted)}")
        need(len(objects["image_id"]) == len(objects["bbox"]), "image_id")
        for box, image in zip(objects["bbox"], objects["image_id"]):
            if len(box) == 4:
                truth.check(record["images"][image], box)


def chat(folder, truth, name, pattern, frame):
    for record in rows_of(folder / name):
        images = record.get("images") or [record["image"]]
        said = record["conversations"]
        need(said[0]["from"] == "human" and said[1]["from"] == "gpt", "turns")
        need(said[0]["value"].count("<image>") == len(images), "image markers")
        if len(images) == 1:
            size = truth.sizes[images[0]]
            for numbers in re.findall(pattern, said[1]["value"]):
                truth.check(images[0], scaled([float(n) for n in numbers], frame(size), size), 0.98)


def gemex(folder, truth):
    for path in folder.glob("*.jsonl"):
        for record in rows_of(path):
            need(len(record["visual_regions"]) == len(record["visual_locations"]), "regions and locations")
            size = truth.sizes[record["image_path"]]
            for box in record["visual_locations"]:
                need(all(0 <= v <= 224 and v == int(v) for v in box), f"{box} is not in the frame of 224")
                truth.check(record["image_path"], scaled(box, (224, 224), size), 0.95)
            if path.name.startswith("closed"):
                need(record["answer"] in ("Yes.", "No."), record["answer"])
            if "choices" in record:
                letters = [choice.split(":")[0] for choice in record["choices"]]
                answers = record["answer"] if isinstance(record["answer"], list) else [record["answer"]]
                need(all(answer in letters for answer in answers), f"{answers} not in {letters}")
            need("ori_report" not in record, "the report is there")


def thinkvg(folder, truth):
    import xml.etree.ElementTree as tree

    for record in rows_of(folder / "train.jsonl"):
        need(record["image_path"].startswith("/"), "no leading slash")
        response = tree.fromstring(record["response"])
        need(response.find("answer") is not None, "no answer")
        size = truth.sizes[record["image_path"][1:]]
        for location in response.findall("location"):
            truth.check(record["image_path"][1:], scaled(json.loads(location.find("box").text), (224, 224), size), 0.95)


def medsg(folder, truth):
    for path in folder.glob("*.json"):
        for record in rows_of(path):
            need(record["task"] in MEDSG_TASKS and path.stem == record["task"], record["task"])
            need(len(record["answer"]) == 4, "one box")
            frame = record.get("size", (336, 336))
            need((record["task"] == "multi_view") == ("size" in record), "size belongs to multi_view")
            scores = []
            for image in record["images"]:
                box = scaled(record["answer"], frame, truth.sizes[image])
                scores += [iou(box, true) for true in truth.boxes[image]]
            need(max(scores) > 0.95, f"{record['answer']} is no true box")
            truth.seen += 1


def deeptumor(folder, _):
    whole = json.loads((folder / "benchmark/test_qa.json").read_text())
    flat = rows_of(folder / "benchmark/test_qa.jsonl")
    need(whole["num_questions"] == len(whole["questions"]) == len(flat) and whole["questions"] == flat, "the two files differ")
    for record in flat:
        if record["correct_option"]:
            need(record["correct_option"] in "ABCD", record["correct_option"])
            need(f"{record['correct_option']}: " in record["mc_question"], "the right option is not in the question")
        need(re.fullmatch(r"\(\d+, \d+, \d+\)", record["shape"]), record["shape"])
        if record["spacing"]:
            need(re.fullmatch(r"\[[\d.]+ [\d.]+ [\d.]+\]", record["spacing"]), record["spacing"])


def medvision(folder, truth):
    plan = json.loads(gzip.decompress((folder / "benchmark_plan_Limner.json.gz").read_bytes()))
    kinds = "BoxSize|TumorLesionSize|BiometricsFromLandmarks_Angle|BiometricsFromLandmarks_Distance"
    count = 0
    for name, items in plan["tasks"].items():
        need(re.fullmatch(rf"\w+_({kinds})_Task\d\d_(Sagittal|Coronal|Axial)_(Train|Test)", name), name)
        for item in items:
            count += 1
            need(str(item["label"]) in plan["labels_map"] or item["label"] == 0, "label")
            rows, columns = item["image_size_2d"]
            for low, high, share in zip(*(item.get("bounding_boxes", {}).get(k, []) for k in ("min_coords", "max_coords")), item.get("relative_lower_left", [])):
                box = [low[1], low[0], high[1], high[0]]
                asked = [share[0] * columns, rows - share[3] * rows, share[2] * columns, rows - share[1] * rows]
                need(iou(box, asked) > 0.99, f"{name}: stored {box}, asked {asked}")
                need(any(iou(box, true) > 0.99 for boxes in truth.boxes.values() for true in boxes), f"{box} is no true box")
                truth.seen += 1
            profile = item.get("biometric_profile")
            if profile:
                need(profile["metric_unit"] in ("mm", "degree") and profile["metric_type"] in ("distance", "angle"), "metric")
    need(count > 0, "no items")
    return count


def chexbench(folder, truth):
    data = json.loads((folder / "data.json").read_text())
    for task, items in data.items():
        for item in items:
            check_fields(item, {"data_source": TEXT, "image_path": LIST, "question": TEXT, "answer": ANY, "slice": TEXT}, task)
            need(all(f"option_{n}" in item for n in range(4)), "options")
            if task == "Phrase Grounding":
                numbers = re.search(r"<\|box\|>\((\d+),(\d+)\),\((\d+),(\d+)\)<\|/box\|>", item["answer"])
                need(numbers, item["answer"])
                image = item["image_path"][0]
                truth.check(image, scaled([int(n) for n in numbers.groups()], (100, 100), truth.sizes[image]), 0.9)
            elif isinstance(item["answer"], int):
                need(isinstance(item[f"option_{item['answer']}"], str), "the answer is no option")
    return sum(map(len, data.values()))


def cxreason(folder, _):
    cases = json.loads((folder / "dx_by_dicoms.json").read_text())
    count = 0
    for path in sorted((folder / "qa").rglob("*.json")):
        task, line, stage, _variant, name = path.relative_to(folder / "qa").parts
        record = json.loads(path.read_text())
        check_fields(record, {"question": ANY, "answer": ANY, "img_path": ANY}, str(path))
        need(pathlib.Path(name).stem in cases[task], f"{name} is not listed")
        is_list = stage == "stage1" or (line != "path2" and stage == "stage2")
        need(isinstance(record["question"], list) == is_list, f"{line}/{stage}: list or not")
        count += 1
    need(count > 0, "no stages")
    return count


def nova(folder, truth):
    for row in rows_of(folder / "data/nova-train.jsonl"):
        need(row["bboxes"], "a row without boxes")
        for box in row["bboxes"]:
            need(box["source"] == "gold", "source")
            truth.check(row["image_path"], [box["x"], box["y"], box["x"] + box["width"], box["y"] + box["height"]])


def k2sight(folder, truth):
    with (folder / "train.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            for box in ast.literal_eval(row["bboxes"]):
                truth.check(row["image_id"], box)


def mediconfusion(folder, _):
    rows = json.loads((folder / "dataset.json").read_text())
    with (folder / "dataset.csv").open(newline="") as file:
        need(list(csv.DictReader(file)) == rows, "table and JSON differ")
    for row in rows:
        need({row["im_1_correct"], row["im_2_correct"]} == {"A", "B"}, "the answers are not opposite")


def temmed(folder, _):
    samples = json.loads((folder / "TestSet_VQA_ReportGeneration_Final.json").read_text())
    for chosen in json.loads((folder / "TestSet_SelectedVQA_2000.json").read_text()):
        question = samples[chosen["img_id"]]["VQA_Final"][chosen["question_id"]]
        need(question["VQA_answer"] in ("yes", "no"), "answer")
    for pair in json.loads((folder / "TestSet_ImagePairSelection.json").read_text()):
        need(set(pair["option"]) == set("ABC") and all(n < len(samples) for n in pair["option"].values()), "options")
        need(pair["right_option"] in pair["option"], "right option")


def medbook(folder, _):
    for item in json.loads((folder / "data.json").read_text()):
        need(sorted([item["correct_choice"], *item["other_choices"]]) == list("ABCD"), "letters")
        need(len(item["Distractors"]) == 3 and item["Answer"] not in item["Distractors"], "distractors")


def medframe(folder, _):
    for item in json.loads((folder / "MedFrameQA.json").read_text()):
        need(2 <= len(item["image_path"]) <= 5, "frames")
        need("ABCDE".index(item["correct_answer"]) < len(item["options"]), "answer")
        need(not any(". " in option for option in item["options"]), "an option would be cut")


INTERN = r"\[(\d+), (\d+), (\d+), (\d+)\]"
QWEN = r"<\|box_start\|>\((\d+),(\d+)\),\((\d+),(\d+)\)<\|box_end\|>"
BOX_2D = r'"bbox_2d": \[(\d+), (\d+), (\d+), (\d+)\]'
UNIT = r"\[([\d.]+), ([\d.]+), ([\d.]+), ([\d.]+)\]"


def multiple_of_28(size):
    return tuple(max(28, round(side / 28) * 28) for side in size)


MORE = {
    "ms-swift": ms_swift,
    "sharegpt": lambda f, t: chat(f, t, "train.json", BOX_2D, multiple_of_28),
    "llava": lambda f, t: chat(f, t, "train.json", UNIT, lambda _: (1, 1)),
    "medrega": lambda f, t: chat(f, t, "train.jsonl", INTERN, lambda _: (999, 999)),
    "medsg-train": lambda f, t: chat(f, t, "MedSG_train.json", QWEN, lambda _: (336, 336)),
    "gemex": gemex,
    "thinkvg": thinkvg,
    "medsg": medsg,
    "deeptumorvqa": deeptumor,
    "medvision": medvision,
    "chexbench": chexbench,
    "cxreason": cxreason,
    "nova": nova,
    "k2sight": k2sight,
    "mediconfusion": mediconfusion,
    "temmed": temmed,
    "medbookvqa": medbook,
    "medframeqa": medframe,
}


def main(root):
    faults = 0
    for folder in sorted(path for path in root.iterdir() if path.is_dir()):
        profile = folder.name
        truth = Truth(root / "boxes.json")
        try:
            known = profile in FIELDS or profile in TABLES or profile in MORE
            need(known, "no judge knows this profile")
            count = judge_fields(folder, profile) if profile in FIELDS else judge_table(folder, profile) if profile in TABLES else 0
            if profile in MORE:
                count = MORE[profile](folder, truth) or count
            print(f"{profile}: {count} records, {truth.seen} boxes: good")
        except (Fault, KeyError, ValueError, IndexError, OSError) as error:
            faults += 1
            print(f"{profile}: FAULT: {type(error).__name__} {error}")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1])))
