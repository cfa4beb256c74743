"""Answers about organs and findings, recomputed by the rules that the questions state: distances by nearest-neighbour trees,
lengths by convex hulls, parts by SimpleITK. Used by generated_answers.py."""

import re

import numpy as np
import SimpleITK
from scipy import ndimage
from scipy.spatial import ConvexHull, QhullError, cKDTree
from scipy.spatial.distance import pdist

FINDINGS = re.compile("lesion|tumou?r|cyst|pdac|stone", re.IGNORECASE)
PARTS = re.compile(r"\b(segment|lobe|head|body|tail)\b", re.IGNORECASE)
VESSELS = re.compile(r"\b(artery|vein|aorta|cava|trunk)\b", re.IGNORECASE)
ORGANS = {"renal": "kidney", "hepatic": "liver", "pdac": "pancreas", "pancreatic": "pancreas"}
FULL = np.ones((3, 3, 3))


def pieces(mask):
    labels = SimpleITK.ConnectedComponent(SimpleITK.GetImageFromArray(np.ascontiguousarray(mask).astype(np.uint8)), True)
    return SimpleITK.GetArrayFromImage(labels)


def largest(mask):
    labels = pieces(mask)
    return labels == np.bincount(labels.ravel())[1:].argmax() + 1


def organ(name):
    """The words that mean an organ."""
    words = [ORGANS.get(word, word) for word in re.findall(r"[a-z]+", name.lower())]
    return {word for word in words if not FINDINGS.search(word) and not PARTS.search(word) and not VESSELS.search(word)} - {"left", "right", "structure"}


def shares(a, b):
    sides = [next((side for side in ("left", "right") if side in name.lower()), None) for name in (a, b)]
    return bool(organ(a) & organ(b)) and (None in sides or sides[0] == sides[1])


def length(case, mask):
    points = np.argwhere(mask) * case.spacing
    if len(points) > 4:
        try:
            points = points[ConvexHull(points).vertices]
        except QhullError:
            pass
    return pdist(points).max() if len(points) > 1 else 0.0


def touching(part, other):
    cells = np.argwhere(part)
    low, high = np.maximum(cells.min(axis=0) - 1, 0), cells.max(axis=0) + 2
    near = tuple(slice(*ends) for ends in zip(low, high))
    return int((ndimage.binary_dilation(other[near], FULL) & part[near]).sum())


def place(case, part, names):
    middle = tuple(np.floor(np.argwhere(part).mean(axis=0) + 0.5).astype(int))
    holding = [name for name in names if case.of(name)[middle]]
    if len(holding) == 1:
        return holding[0]
    return max(names, key=lambda name: touching(part, case.of(name)))


def places(case, lesion):
    healthy = [name for name in case.labels if not FINDINGS.search(name)]
    segments = [name for name in healthy if PARTS.search(name) and organ(name) & organ(lesion)]
    if len(segments) > 1:
        return segments
    whole = [name for name in healthy if not PARTS.search(name) and not VESSELS.search(name)]
    named = [name for name in whole if shares(name, lesion)]
    return named or whole


def together(case, names):
    return np.any([case.of(name) for name in names], axis=0)


def findings(case):
    names = [name for name in case.labels if FINDINGS.search(name)]
    return together(case, names) if names else np.zeros(case.mask.shape, bool)


def mean(case, mask):
    return case.values[mask].mean()


def inscribed(case, mask):
    """Twice the largest way to a pixel outside, less a pixel, over all slices."""
    best = 0.0
    for k in range(mask.shape[2]):
        if mask[:, :, k].any():
            away = ndimage.distance_transform_edt(np.pad(mask[:, :, k], 1), sampling=case.spacing[:2])
            best = max(best, 2 * away.max() - case.spacing[:2].mean())
    return best


def encased(vessel, tumour):
    """The largest share of a vessel's outline on a slice that has the tumour around it, in degrees."""
    best = 0.0
    for k in np.unique(np.argwhere(vessel)[:, 2]):
        on = vessel[:, :, k]
        outline = on & ~ndimage.binary_erosion(on)
        met = outline & ndimage.binary_dilation(tumour[:, :, k], np.ones((3, 3)))
        best = max(best, met.sum() / outline.sum())
    return 360 * best


def graded(value, limits, names):
    return names[int(np.searchsorted(limits, value))]


def number(case, question):
    name, labels = question["generator"], question["labels"]
    first = case.of(labels[0])
    if name == "burden":
        return 100 * first.sum() / (first | together(case, labels[1:])).sum()
    if name == "largest-diameter":
        part = largest(first)
        ways = [0.0]
        for k in np.unique(np.argwhere(part)[:, 2]):
            points = np.argwhere(part[:, :, k]) * case.spacing[:2]
            ways.append(pdist(points).max() if len(points) > 1 else 0.0)
        return max(ways)
    if name == "largest-slice":
        return largest(first).sum(axis=(0, 1)).argmax() + 1
    if name == "contrast":
        return mean(case, first) - mean(case, together(case, labels[1:]) & ~findings(case))
    if name == "count-in":
        parts = pieces(first)
        where = [place(case, parts == n, places(case, labels[0])) for n in range(1, parts.max() + 1)]
        return where.count(labels[1])
    if name == "hu-ratio":
        return mean(case, first) / mean(case, case.of(labels[1]))
    if name == "total":
        return case.ml(together(case, labels))
    return None


def yes_no(case, question):
    name, labels = question["generator"], question["labels"]
    if name == "presence":
        return bool(case.of(question["about"]).any())
    first = case.of(labels[0])
    if name == "lesion-outlier":
        sizes = sorted(np.bincount(pieces(first).ravel())[1:])
        return sizes[-1] > 3 * np.median(sizes[:-1])
    if name == "enlargement":
        upper = {"spleen": 314.5, "kidney": 274, "thyroid": 25, "prostate": 30}
        return case.ml(first) > next(limit for organ_name, limit in upper.items() if organ_name in labels[0])
    if name == "portal-hypertension":
        return inscribed(case, first) > 13 and case.ml(case.of("spleen")) > 314.5
    if name == "pancreas-fat":
        return mean(case, first) / mean(case, case.of("spleen")) < 0.7
    if name == "cyst-surgery":
        return length(case, largest(first)) > 30
    if name == "pseudocyst":
        return -10 < mean(case, first) < 20
    return None


def hosts(case, lesion):
    """The organs of a lesion by name, else the one it touches most, where that is plain; and what they are called."""
    whole = [name for name in case.labels if not FINDINGS.search(name) and not PARTS.search(name) and not VESSELS.search(name)]
    named = [name for name in whole if shares(name, lesion)]
    if named:
        touched = [name for name in named if touching(case.of(lesion), case.of(name))] or named
        return touched, touched[0] if len(touched) == 1 else " ".join(organ(touched[0])) + "s"
    counts = sorted(((touching(case.of(lesion), case.of(name)), name) for name in whole), reverse=True)
    if not counts or counts[0][0] == 0 or (len(counts) > 1 and counts[0][0] < 1.5 * counts[1][0]):
        return [], None
    return [counts[0][1]], counts[0][1]


def shares_of_organs(case):
    """How much of each organ is finding, in percent, for those that have one."""
    found = {}
    for lesion in (name for name in case.labels if FINDINGS.search(name)):
        around, key = hosts(case, lesion) if case.of(lesion).any() else ([], None)
        if around:
            inside, _ = found.get(key, (np.zeros(case.mask.shape, bool), around))
            found[key] = (inside | case.of(lesion), around)
    return {key: 100 * inside.sum() / (inside | together(case, names)).sum() for key, (inside, names) in found.items()}


def nearest(case, asked):
    others = [name for name in case.labels if name != asked and not FINDINGS.search(name) and not PARTS.search(name) and not VESSELS.search(name)]
    if FINDINGS.search(asked):
        others = [name for name in others if not shares(name, asked)]
    tree = cKDTree(np.argwhere(case.of(asked)) * case.spacing)
    gaps = {name: tree.query(np.argwhere(case.of(name)) * case.spacing)[0].min() for name in others}
    return min(gaps, key=gaps.get)


def choice(case, question):
    name, labels = question["generator"], question["labels"]
    if name == "burden-most":
        found = shares_of_organs(case)
        return max(found, key=found.get)
    first = case.of(labels[0])
    if name == "attenuation":
        apart = mean(case, largest(first)) - mean(case, together(case, labels[1:]) & ~findings(case))
        return graded(apart, [-10, 10], ["Hypoattenuating", "Isoattenuating", "Hyperattenuating"])
    if name == "largest-location":
        return place(case, largest(first), places(case, labels[0]))
    if name == "clustering":
        parts = pieces(first)
        where = {place(case, parts == n, places(case, labels[0])) for n in range(1, parts.max() + 1)}
        return ["All in one", "In two", "In three or more"][min(len(where), 3) - 1]
    if name == "larger-side":
        ratio = first.sum() / case.of(labels[1]).sum()
        return "Both are alike" if 1 / 1.05 < ratio < 1.05 else "The left one" if ratio > 1 else "The right one"
    if name == "asymmetry":
        apart = length(case, first) - length(case, case.of(labels[1]))
        return graded(apart, [-15, 15], ["The left one is shorter", "No asymmetry", "The right one is shorter"])
    if name == "largest-segment":
        segments = [other for other in case.labels if PARTS.search(other) and organ(other) == organ(labels[0])]
        return max(segments, key=lambda other: case.of(other).sum())
    if name == "nearest":
        return nearest(case, labels[0])
    return clinic(case, question, first)


def clinic(case, question, first):
    name = question["generator"]
    if name == "spleen-grade":
        return graded(length(case, first), [110, 200], ["None, up to 11 cm", "Moderate, 11 to 20 cm", "Severe, over 20 cm"])
    if name == "fatty-liver":
        return graded(mean(case, first) / mean(case, case.of("spleen")), [1], ["Fatty liver", "No fatty liver"])
    if name == "steatosis-grade":
        return graded(mean(case, first) / mean(case, case.of("spleen")), [0.5, 0.7, 1], ["Severe", "Moderate", "Mild", "None"])
    if name == "renal-mass":
        return graded(mean(case, first), [-10, 20, 70], ["Fat in it, as an angiomyolipoma has", "Simple fluid, as a benign cyst has", "Indeterminate", "Hyperattenuating, as a cyst with old blood is"])
    if name == "t-stage":
        pancreas, kidney = ([20, 40], ["T1", "T2", "T3"]), ([40, 70, 100], ["T1a", "T1b", "T2a", "T2b"])
        return graded(length(case, largest(first)), *(pancreas if "pancreas" in question["stem"] else kidney))
    if name == "resectability":
        vessels = {name: encased(case.of(name), first) for name in case.labels if VESSELS.search(name) and name in question["stem"]}
        artery = max(angle for name, angle in vessels.items() if "artery" in name or "trunk" in name)
        vein = max(angle for name, angle in vessels.items() if "vein" in name)
        return "Locally advanced" if artery > 180 else "Borderline resectable" if artery > 0 or vein > 180 else "Resectable"
    return None


def answer(case, question):
    """The answer as generated_answers.py compares it; none where masks and values do not decide."""
    if not question["labels"] and question["generator"] != "presence":
        return None
    found = number(case, question)
    if found is not None:
        return [found]
    found = yes_no(case, question)
    return bool(found) if found is not None else choice(case, question)
