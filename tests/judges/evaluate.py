"""The CVPR 2025 interactive protocol, written anew from its description: does `limner evaluate` play and score by it?

    evaluate.py GAMES.json ANSWERS.json

A game is a reference, a spacing, and for each round the prompts that were made and the mask that came of them. Given
those masks this makes its own clicks and scores; ANSWERS holds, for each game and round, the click (None for none),
the Dice and the normalised surface Dice at 2 mm, and the two areas. Masks are run lengths, columns fastest.
"""

import json
import sys

import numpy as np
from scipy import ndimage
from surface_distance import compute_surface_dice_at_tolerance, compute_surface_distances

TOLERANCE_MM = 2.0


def unpacked(packed, shape):
    low, high = packed["bounds"]["min"], packed["bounds"]["max"]
    values = np.concatenate([np.full(run, n % 2 == 1) for n, run in enumerate(packed["runs"])])
    out = np.zeros(shape, bool)
    out[low[2]:high[2], low[1]:high[1], low[0]:high[0]] = values.reshape([high[d] - low[d] for d in (2, 1, 0)])
    return out


def click(reference, answer):
    """In the deepest voxel of the largest error; of equally deep ones NumPy chooses, seeded with 42 each time."""
    error = reference ^ answer
    if not error.any():
        return None
    parts, _ = ndimage.label(error, np.ones((3, 3, 3)))
    sizes = np.bincount(parts.ravel())
    sizes[0] = 0
    part = parts == sizes.argmax()
    flat = [n == 1 for n in part.shape]
    part_padded = np.pad(part, [(0, 0) if f else (1, 1) for f in flat])
    depth = ndimage.distance_transform_edt(part_padded)
    depth = depth[tuple(slice(None) if f else slice(1, -1) for f in flat)]
    deepest = np.argwhere(depth == depth.max())
    np.random.seed(42)
    at = deepest[np.random.choice(len(deepest))]
    return dict(at=[int(x) for x in at[::-1]], positive=bool(reference[tuple(at)]))


def scores(reference, answer, spacing):
    total = reference.sum() + answer.sum()
    dice = 2 * (reference & answer).sum() / total if total else 1.0
    if dice <= 0.2:
        return float(dice), 0.0
    # In a picture of one slice the surface is a contour.
    flat = reference.shape[0] == 1
    shown = (reference[0], answer[0], spacing[1::-1]) if flat else (reference, answer, spacing[::-1])
    distances = compute_surface_distances(*shown)
    return float(dice), float(compute_surface_dice_at_tolerance(distances, TOLERANCE_MM))


def area(values):
    return float(sum((a + b) / 2 for a, b in zip(values, values[1:])))


def judge(game):
    shape = game["size"][::-1]
    reference = unpacked(game["reference"], shape)
    before = np.zeros(shape, bool)
    rounds = []
    for n, answer in enumerate(game["answers"]):
        box_round = game["protocol"] == "cvpr" and n == 0
        prompt = None if box_round else click(reference, before)
        before = unpacked(answer, shape)
        dice, nsd = scores(reference, before, game["spacing_mm"])
        rounds.append(dict(click=prompt, dice=dice, nsd=nsd))
    clicks = rounds[1:] if game["protocol"] == "cvpr" else rounds
    return dict(rounds=rounds, dsc_auc=area([r["dice"] for r in clicks]), nsd_auc=area([r["nsd"] for r in clicks]))


if __name__ == "__main__":
    with open(sys.argv[1]) as file:
        games = json.load(file)
    with open(sys.argv[2], "w") as file:
        json.dump([judge(game) for game in games], file)
