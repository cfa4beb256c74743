"""Makes similarity.safetensors: pictures and ink, and the similarity channels that segmentation/training makes of them.

    similarity.py           makes it
    similarity.py --check   fails where training makes other channels today

Needs torch and safetensors.
"""

import pathlib
import sys

import torch
from safetensors.torch import load_file, save_file

here = pathlib.Path(__file__).parent
sys.path.insert(0, str(here.parent.parent / "training"))
from network import similarity  # noqa: E402

KEPT = here / "similarity.safetensors"


def case(pictures, size, kinds, seed):
    """A picture of two blocks and noise, and marks of so many kinds; numbers are rounded to what is kept."""
    torch.manual_seed(seed)
    picture = 0.6 * torch.randn(1, pictures, *size)
    picture[..., : size[-1] // 2] += 1.1
    ink = torch.zeros(1, 6, *size)
    for kind in kinds:
        place = tuple(slice(n // 4 + kind % 2 * n // 3, n // 4 + kind % 2 * n // 3 + 2) for n in size)
        ink[(0, kind, *place)] = 0.25 + 0.5 * torch.rand([len(range(*p.indices(n))) for p, n in zip(place, size)])
    return picture.half().float(), ink.half().float()


CASES = {
    "volume": case(1, (8, 10, 12), [2], 1),
    "volume against": case(1, (8, 10, 12), [0, 3, 4], 2),
    "plane": case(3, (20, 24), [1, 4], 3),
    "plane unmarked": case(3, (20, 24), [3], 4),
}

if sys.argv[1:] == ["--check"]:
    kept = load_file(KEPT)
    for name, (picture, ink) in CASES.items():
        torch.testing.assert_close(similarity(picture, ink)[0], kept[f"{name} channels"], rtol=0, atol=1e-5)
    print("the similarity channels of training are those the engine is tested against")
else:
    kept = {}
    for name, (picture, ink) in CASES.items():
        kept |= {f"{name} picture": picture[0].half(), f"{name} ink": ink[0].half()}
        kept[f"{name} channels"] = similarity(picture, ink)[0]
    save_file({k: v.contiguous() for k, v in kept.items()}, KEPT)
