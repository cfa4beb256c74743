"""Measures a network on made pictures of a seed that training never sees: Dice after each of five prompts."""

import torch

from fields import Chance
from prompts import CHANNELS, Person
from sessions import Pool, dice_of, stacked
from network import similarity

SEED = 20_000


@torch.no_grad()
def validate(network, shape, side, device, layout, count, rounds=5, similar=True):
    """Mean Dice after each round, for sessions of clicks, and after scribbles in one go."""
    network.eval()
    chance = Chance(SEED, device)
    axes = shape["axes"]
    pool = Pool(chance, (side,) * axes, shape["pictures"], count, 8 if axes == 2 else 4)
    person = Person(chance, axes)
    report = {}
    for kind in ("click", "scribbles"):
        totals, seen = torch.zeros(rounds), 0
        for _ in range(max(1, count // 8)):
            pictures, targets, found = pool.draw(8)
            ink = torch.zeros((8, CHANNELS, *pool.shape), device=chance.device)
            positive = torch.ones(8, dtype=torch.bool, device=chance.device)
            ink = getattr(person, kind)(ink, targets, positive)
            answers = torch.zeros_like(targets)
            for n in range(rounds):
                alike = similarity(pictures, ink) * similar
                x = stacked(pictures, answers, ink, alike).contiguous(memory_format=layout)
                with torch.autocast(chance.device.type, torch.bfloat16, enabled=chance.device.type == "cuda"):
                    out = network(x).float()
                lead = out[:, 1] - out[:, 0]
                totals[n] += (dice_of(lead, targets) * found).sum().cpu()
                answers = (lead > 0).float()
                ink = person.correct(ink, targets, answers)
            seen += int(found.sum())
        report[kind] = [round(float(t) / max(1, seen), 4) for t in totals]
    return report
