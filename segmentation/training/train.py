"""Trains a network from nothing but made pictures: `python train.py plane|volume --out FOLDER [--seconds N | --steps N]`.

The same script runs on a processor and on CUDA. It writes a checkpoint every so often and goes on from it with
`--resume`, measures what it has on pictures of another seed at the end, and leaves half-precision weights.
"""

import argparse
import json
import math
import pathlib
import time

import torch

from fields import Chance
from network import SHAPES, UNet
from optimiser import Muon
from prompts import Person
from sessions import Group, Pool, dice_of, loss
from validate import validate

#: By dimension: from which share of the way on, the side of a patch, sessions in a group, and groups.
STAGES = {
    "plane": [(0.0, 256, 8, 4)],
    "volume": [(0.0, 64, 4, 4), (0.6, 96, 2, 3)],
}
AVERAGE = 0.998


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("shape", choices=SHAPES)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("--steps", type=int, default=10**9)
    parser.add_argument("--seconds", type=float, default=math.inf)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--rate", type=float, default=0.02)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--compile", action="store_true")
    parser.add_argument("--resume", action="store_true")
    parser.add_argument("--every", type=float, default=60, help="seconds between checkpoints")
    parser.add_argument("--small", type=int, help="a smaller patch and batch, to try things on a processor; every step is noted")
    parser.add_argument("--threads", type=int, help="threads of a processor; the same losses need the same number")
    parser.add_argument("--reuse", type=int, default=4, help="sessions for each picture made")
    return parser.parse_args()


class Training:
    def __init__(self, options):
        self.options, self.shape = options, SHAPES[options.shape]
        self.device = torch.device(options.device)
        torch.manual_seed(options.seed)
        torch.backends.cudnn.benchmark = True
        if options.threads:
            torch.set_num_threads(options.threads)
        if self.device.type == "cpu":
            torch.use_deterministic_algorithms(True)
        self.network = UNet(self.shape).to(self.device)
        layout = torch.channels_last if self.shape["axes"] == 2 else torch.channels_last_3d
        self.layout = layout if self.device.type == "cuda" else torch.contiguous_format
        self.network = self.network.to(memory_format=self.layout)
        self.forward = torch.compile(self.network, dynamic=False) if options.compile else self.network
        self.average = {k: v.detach().clone() for k, v in self.network.state_dict().items()}
        self.optimiser = Muon(self.network, options.rate)
        self.chance = Chance(options.seed, self.device)
        self.step, self.spent, self.owed = 0, 0.0, 0.0
        self.stage, self.curve = None, []

    def run(self):
        if self.options.resume:
            self.resume()
        began, saved = time.time() - self.spent, time.time()
        while True:
            self.spent = time.time() - began
            progress = max(self.step / self.options.steps, self.spent / self.options.seconds)
            if progress >= 1:
                break
            self.enter(progress)
            self.advance(progress)
            if time.time() - saved > self.options.every:
                self.save()
                saved = time.time()
        self.save()

    def enter(self, progress):
        """Pictures and sessions of the stage that this share of the way belongs to."""
        stage = [s for s in STAGES[self.options.shape] if s[0] <= progress][-1]
        if stage == self.stage:
            return
        self.stage = stage
        _, side, count, groups = stage
        if self.options.small:
            side, count, groups = self.options.small, 4, 2
        axes = self.shape["axes"]
        cuda = self.device.type == "cuda"
        chunk, size = (8, 512) if axes == 2 else (4, 256 if side < 96 else 96)
        pool = Pool(self.chance, (side,) * axes, self.shape["pictures"], size if cuda else 4 * chunk, chunk)
        person = Person(self.chance, axes)
        self.pool = pool
        self.groups = [Group(pool, person, count, self.options.rounds) for _ in range(groups)]

    def advance(self, progress):
        rate = min(1, (self.step + 1) / 100) * (0.5 + 0.5 * math.cos(math.pi * progress)) + 0.005
        x = torch.cat([group.input() for group in self.groups]).contiguous(memory_format=self.layout)
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.device.type == "cuda"):
            answers = self.forward(x)
        answers = answers.float()
        lead = answers[:, 1] - answers[:, 0]
        targets = torch.cat([group.targets for group in self.groups])
        found = torch.cat([group.found for group in self.groups])
        cost = loss(lead, targets, found)
        self.network.zero_grad(set_to_none=True)
        cost.backward()
        self.optimiser.step(rate)
        self.step += 1
        self.follow()
        lead = lead.detach()
        if self.step % 20 == 0 or self.options.small:
            self.note(cost, lead, targets, found)
        with torch.no_grad():
            for group, part in zip(self.groups, lead.split([g.count for g in self.groups])):
                before = group.round
                group.proceed(part)
                if group.round <= before:
                    self.owed += group.count / self.options.reuse
            while self.owed >= self.pool.chunk:
                self.pool.renew()
                self.owed -= self.pool.chunk

    def follow(self):
        """The average of the weights, which is what is kept in the end."""
        keep = min(AVERAGE, self.step / (self.step + 10))
        with torch.no_grad():
            own = [v for v in self.network.state_dict().values()]
            torch._foreach_lerp_(list(self.average.values()), own, 1 - keep)

    def note(self, cost, lead, targets, found):
        dice = (dice_of(lead, targets) * found).sum() / found.sum().clamp_min(1)
        row = {"step": self.step, "seconds": round(self.spent, 1), "loss": round(float(cost.detach()), 7), "dice": round(float(dice), 4)}
        self.curve.append(row)
        if self.step % 100 == 0:
            recent = self.curve[-25:]
            means = {k: round(sum(r[k] for r in recent) / len(recent), 4) for k in ("loss", "dice")}
            print(json.dumps({"step": self.step, "seconds": row["seconds"], **means}), flush=True)

    def save(self):
        self.options.out.mkdir(parents=True, exist_ok=True)
        state = {
            "network": self.network.state_dict(), "average": self.average, "optimiser": self.optimiser.state(),
            "chance": self.chance.state(), "step": self.step, "spent": self.spent, "curve": self.curve,
        }
        part = self.options.out / "checkpoint.part"
        torch.save(state, part)
        part.rename(self.options.out / "checkpoint.pt")
        torch.save({k: v.half().cpu() for k, v in self.average.items()}, self.options.out / "weights.pt")
        with open(self.options.out / "curve.jsonl", "w") as file:
            file.writelines(json.dumps(row) + "\n" for row in self.curve)

    def resume(self):
        state = torch.load(self.options.out / "checkpoint.pt", map_location=self.device)
        self.network.load_state_dict(state["network"])
        self.average = state["average"]
        self.optimiser.restore(state["optimiser"])
        self.chance.restore(state["chance"])
        self.step, self.spent, self.curve = state["step"], state["spent"], state["curve"]


def main():
    options = arguments()
    training = Training(options)
    training.run()
    out = options.out
    training.network.load_state_dict(training.average)
    side = options.small or STAGES[options.shape][-1][1]
    report = validate(training.network, training.shape, side, options.device, training.layout, 64 if options.device == "cuda" else 8)
    report.update(shape=options.shape, seed=options.seed, steps=training.step, seconds=round(training.spent, 1))
    (out / "validation.json").write_text(json.dumps(report, indent=1) + "\n")
    print(json.dumps(report))


if __name__ == "__main__":
    main()
