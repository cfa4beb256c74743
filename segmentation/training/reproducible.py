"""Trains the same few steps twice on a processor and compares the loss of every step: `python reproducible.py [plane|volume ...]`.

A third run stops halfway and goes on from its checkpoint. Exits with 1 where two losses differ by more than a millionth.
"""

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

from network import SHAPES

HERE = pathlib.Path(__file__).parent
#: Patches small enough that 300 steps take minutes on a processor.
SIDES = {"plane": 64, "volume": 32}
MOST_APART = 1e-6


def train(shape, out, steps, threads, *more):
    command = [sys.executable, HERE / "train.py", shape, "--device", "cpu", "--small", SIDES[shape], "--threads", threads, "--steps", steps]
    subprocess.run([str(part) for part in [*command, "--out", out, *more]], check=True, stdout=subprocess.DEVNULL)
    return [json.loads(line) for line in (out / "curve.jsonl").read_text().splitlines()]


def check(shape, steps, threads, folder):
    """The greatest difference between the losses of two runs, and the steps that a resumed run has in the end."""
    first, second = (train(shape, folder / f"{shape}-{name}", steps, threads) for name in ("first", "second"))
    losses = [[row["loss"] for row in run] for run in (first, second)]
    if [len(run) for run in losses] != [steps, steps]:
        sys.exit(f"{shape}: {[len(run) for run in losses]} losses were noted in {steps} steps")
    apart = max(abs(a - b) for a, b in zip(*losses))
    train(shape, folder / f"{shape}-halves", max(1, steps // 10), threads)
    resumed = train(shape, folder / f"{shape}-halves", max(2, steps // 5), threads, "--resume")
    whole = [row["step"] for row in resumed] == list(range(1, max(2, steps // 5) + 1))
    print(json.dumps({"shape": shape, "steps": steps, "threads": threads, "apart": apart, "from": losses[0][0], "to": losses[0][-1], "resumes": whole}))
    return apart <= MOST_APART and whole


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("shapes", nargs="*", default=list(SHAPES))
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        same = [check(shape, options.steps, options.threads, pathlib.Path(folder)) for shape in options.shapes]
    sys.exit(0 if all(same) else 1)


if __name__ == "__main__":
    main()
