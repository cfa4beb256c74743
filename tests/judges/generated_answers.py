"""Recomputes generated answers from the masks alone, with numpy and by definitions read off the questions' texts.

    python3 generated_answers.py MASK.nii.gz IMAGE.nii.gz QUESTIONS.json

QUESTIONS.json: {"labels": {"name": value or [values]}, "questions": [{"generator", "labels": [..], "slice", "values": [..],
"yes": bool, "text": str, "stem": str, "tolerance": {..}}]}. Exits 1 where an answer is off by more than its tolerance.
"""

import json
import sys

import nibabel
import numpy as np
import SimpleITK

import anatomy


def labelled(mask):
    """Parts that touch over faces, edges or corners, numbered from 1 by SimpleITK."""
    image = SimpleITK.GetImageFromArray(np.ascontiguousarray(mask).astype(np.uint8))
    return SimpleITK.GetArrayFromImage(SimpleITK.ConnectedComponent(image, True))


def parts(mask):
    return list(np.bincount(labelled(mask).ravel())[1:])


def largest_on_slice(mask):
    labels = labelled(mask)
    return np.argwhere(labels == np.bincount(labels.ravel())[1:].argmax() + 1)


class Case:
    def __init__(self, mask_path, image_path, labels):
        image = nibabel.load(mask_path)
        self.mask = np.asarray(image.dataobj).astype(int)
        self.affine = image.affine
        self.spacing = np.linalg.norm(image.affine[:3, :3], axis=0)
        self.values = np.asarray(nibabel.load(image_path).get_fdata())
        self.labels = labels

    def of(self, name):
        return np.isin(self.mask, self.labels[name])

    def ml(self, mask):
        return mask.sum() * np.prod(self.spacing) / 1000

    def centre(self, mask):
        ras = self.affine @ np.append(np.argwhere(mask).mean(axis=0), 1)
        return np.array([-ras[0], -ras[1], ras[2]])

    def axes(self, mask, k):
        cells = largest_on_slice(mask[:, :, k])
        inside = set(map(tuple, cells))
        edge = [c for c in inside if not all((c[0] + i, c[1] + j) in inside for i, j in ((1, 0), (-1, 0), (0, 1), (0, -1)))]
        points = np.array(edge) * self.spacing[:2]
        away = np.linalg.norm(points[:, None] - points[None], axis=2)
        # Where several pairs are equally far apart, any of them may be taken.
        found = []
        for a, b in np.argwhere(away >= away.max() - 1e-9):
            if a < b:
                way = (points[a] - points[b]) / away[a, b]
                across = points @ np.array([-way[1], way[0]])
                found.append([away[a, b], across.max() - across.min()])
        return found


def answer(case, question):
    masks = [case.of(name) for name in question["labels"]]
    k = question["slice"]
    name = question["generator"]
    if name == "volume":
        return [case.ml(masks[0])]
    if name == "count":
        return [len(parts(masks[0]))]
    if name == "largest-part":
        return [max(parts(masks[0])) * np.prod(case.spacing) / 1000]
    if name == "area":
        return [masks[0][:, :, k].sum() * case.spacing[0] * case.spacing[1]]
    if name == "box-size":
        on = np.argwhere(masks[0][:, :, k])
        return list((on.max(axis=0) - on.min(axis=0) + 1) * case.spacing[:2])
    if name == "axes":
        return case.axes(masks[0], k)
    if name == "diameter":
        return [case.axes(masks[0], k)[0][0]]
    if name == "intensity":
        return [case.values[masks[0]].mean()]
    if name == "distance":
        return [np.linalg.norm(case.centre(masks[0]) - case.centre(masks[1]))]
    if name == "ratio":
        return [masks[0].sum() / masks[1].sum()]
    if name == "larger":
        return masks[0].sum() > masks[1].sum()
    if name == "denser":
        return case.values[masks[0]].mean() > case.values[masks[1]].mean()
    if name == "existence":
        return bool(case.of(question["about"])[:, :, k].any())
    if name == "volume-above":
        return case.ml(masks[0]) > question["limit"]
    if name == "laterality":
        return "Left" if case.centre(masks[0])[0] > case.centre(masks[1])[0] else "Right"
    if name == "location":
        on = np.argwhere(masks[0][:, :, k])
        low, high = on.min(axis=0), on.max(axis=0) + 1
        return [low[0], low[1], high[0], high[1]]
    return anatomy.answer(case, question)


def near(wanted, said, tolerance):
    off = abs(wanted - said)
    return off <= tolerance.get("absolute", 0) + tolerance.get("relative", 0) * abs(wanted) + 1e-6


def main():
    data = json.load(open(sys.argv[3]))
    case = Case(sys.argv[1], sys.argv[2], data["labels"])
    counts, faults = {}, 0
    for question in data["questions"]:
        wanted = answer(case, question)
        if wanted is None:
            continue
        if isinstance(wanted, list):
            said = question["values"]
            # A tolerance is for readers: a recomputation is held to a hundredth of it.
            tight = {key: value / 100 for key, value in question["tolerance"].items()}
            options = wanted if isinstance(wanted[0], list) else [wanted]
            fits = lambda option: len(said) == len(option) and all(near(w, s, tight) for w, s in zip(option, said))
            good = any(map(fits, options))
        elif isinstance(wanted, str):
            good = wanted == question["text"]
        else:
            good = bool(wanted) == question["yes"]
        counts[question["generator"]] = counts.get(question["generator"], 0) + 1
        if not good:
            faults += 1
            print("FAULT", question["generator"], question["labels"], "wanted", wanted, "said", question)
    print(" ".join(f"{name}:{count}" for name, count in sorted(counts.items())), f"faults:{faults}")
    return 1 if faults or not counts else 0


if __name__ == "__main__":
    sys.exit(main())
