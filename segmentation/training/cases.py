"""Writes made pictures with their masks as cases for `evaluate`: `python cases.py plane|volume FOLDER [--count N] [--seed N]`.

Every case is a folder with image.nii and mask.nii (label 1), grey, from a seed that neither training nor validation uses.
Nothing but PyTorch is needed: a NIfTI-1 file is a header of 352 bytes and the samples.
"""

import argparse
import pathlib
import struct

import torch

import anatomy
import physics
from fields import Chance
from sessions import LEAST, MOST

SIDES = {"plane": (256, 256), "volume": (64, 64, 64)}


def nifti(array):
    """The bytes of an array of bytes, its first axis the slowest, one millimetre apart."""
    size = list(array.shape[::-1]) + [1] * (3 - array.dim())
    header = bytearray(352)
    struct.pack_into("<i", header, 0, 348)
    struct.pack_into("<8h", header, 40, 3, *size, 1, 1, 1, 1)
    struct.pack_into("<2h", header, 70, 2, 8)
    struct.pack_into("<8f", header, 76, 1, 1, 1, 1, 0, 0, 0, 0)
    struct.pack_into("<2f", header, 108, 352, 1)
    header[123] = 2
    struct.pack_into("<h", header, 254, 2)
    for row in range(3):
        struct.pack_into("<4f", header, 280 + 16 * row, *(float(row == column) for column in range(3)), 0)
    header[344:348] = b"n+1\0"
    return bytes(header) + array.to(torch.uint8).contiguous().numpy().tobytes()


def case(chance, shape):
    """A picture from 1 to 255, padding 0, and something in it that a person would ask for; nothing where there is none."""
    scene = anatomy.scene(chance, 1, shape)
    pictures, valid = physics.pictures(chance, scene, 1)
    rows = scene.targets[0][scene.targets[0].any(1)]
    row = rows[chance.integer(0, len(rows) - 1)]
    mask = row[scene.labels[0].long()] & valid[0]
    share = mask.float().mean()
    if not LEAST[len(shape)] <= share <= MOST:
        return None
    seen = pictures[0, 0][valid[0]]
    low, high = seen.quantile(0.001), seen.max()
    grey = 1 + 254 * ((pictures[0, 0] - low) / (high - low + 1e-6)).clamp(0, 1)
    return scene.kind, torch.where(valid[0], grey.round(), torch.zeros_like(grey)), mask


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("shape", choices=SIDES)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--count", type=int, default=24)
    parser.add_argument("--seed", type=int, default=30_000)
    options = parser.parse_args()
    chance, made = Chance(options.seed, "cpu"), 0
    while made < options.count:
        found = case(chance, SIDES[options.shape])
        if found is None:
            continue
        kind, picture, mask = found
        folder = options.folder / f"made_{options.shape}_{made:03}_{kind}"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "image.nii").write_bytes(nifti(picture))
        (folder / "mask.nii").write_bytes(nifti(mask))
        made += 1


if __name__ == "__main__":
    main()
