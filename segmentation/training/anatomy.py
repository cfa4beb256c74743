"""Scenes of made anatomy: a map of labels, and which labels together are things a person would ask for.

A scene is a batch of maps [B, *S] of numbers below 256, a table [B, targets, 256] of what belongs to each target, and
whether its bits rather than its numbers are labels (things that lie over each other, as in a projection).
"""

from dataclasses import dataclass

import torch

import shapes
from fields import coordinates, noise, place, spread

MOST_TARGETS = 24


@dataclass
class Scene:
    labels: torch.Tensor
    targets: torch.Tensor
    kind: str
    overlapping: bool = False


class Painter:
    """Paints things one over the other and notes what may be asked for."""

    def __init__(self, chance, batch, shape):
        self.chance, self.batch, self.shape, self.dims = chance, batch, shape, len(shape)
        self.labels = torch.zeros((batch, *shape), dtype=torch.uint8, device=chance.device)
        self.next = 1
        self.groups = []

    def paint(self, inside):
        number = self.next
        self.next += 1
        self.labels = torch.where(inside, torch.full_like(self.labels, number), self.labels)
        return number

    def ask(self, *numbers):
        self.groups.append(numbers)

    def scene(self, kind):
        if len(self.groups) > MOST_TARGETS:
            order = torch.randperm(len(self.groups), generator=self.chance.host)[:MOST_TARGETS]
            self.groups = [self.groups[i] for i in order]
        table = torch.zeros((MOST_TARGETS, 256), dtype=torch.bool)
        for n, group in enumerate(self.groups):
            table[n, list(group)] = True
        table = table.to(self.chance.device)[None].expand(self.batch, -1, -1).contiguous()
        return Scene(self.labels, table, kind)

    def centre(self, reach=0.9):
        return self.chance.uniform(-reach, reach, self.batch, self.dims)

    def radii(self, low, high, stretch=0.35):
        return shapes.radii_of(self.chance, self.batch, self.dims, low, high, stretch)


def any_shape(p, low=0.06, high=0.5):
    kind = p.chance.one_of(["superquadric", "blend", "tube", "shell"], [4, 4, 2, 1])
    centre, radii = p.centre(), p.radii(low, high)
    if kind == "shell":
        f = shapes.shell(p.chance, p.shape, centre, radii)
        return f.abs() - spread(p.chance.uniform(0.05, 0.3, p.batch), p.dims)
    return getattr(shapes, kind)(p.chance, p.shape, centre, radii)


def lesion(p, host):
    """A small thing somewhere within a host, or at its rim."""
    inside = p.labels == host
    flat = inside.reshape(p.batch, -1).float() + 1e-6
    at = torch.multinomial(flat, 1, generator=p.chance.generator)[:, 0]
    axes = coordinates(p.shape, p.chance.device)
    centre = torch.stack([axis.flatten()[n] for axis, n in zip(axes, place(at, p.shape).unbind(1))], 1)
    f = shapes.superquadric(p.chance, p.shape, centre, p.radii(0.03, 0.16), bumps=0.5)
    return (f < 0) & (inside | p.chance.chosen(0.15, p.batch, *[1] * p.dims))


def organs(p):
    if p.chance.happens(0.6):
        p.paint(shapes.superquadric(p.chance, p.shape, p.centre(0.1), p.radii(0.7, 1.1, 0.15), 0.1) < 0)
        if p.chance.happens(0.5):
            p.ask(1)
    hosts = [p.paint(any_shape(p) < 0) for _ in range(p.chance.integer(4, 13))]
    for host in hosts:
        parts = [p.paint(lesion(p, host)) for _ in range(p.chance.one_of([0, 1, 2], [6, 3, 1]))]
        p.ask(host)
        if parts:
            p.ask(host, *parts)
            [p.ask(part) for part in parts]
    return p.scene("organs")


def twins(p):
    """Pairs of like things that touch."""
    for _ in range(p.chance.integer(2, 4)):
        centre, radii = p.centre(0.7), p.radii(0.12, 0.35, 0.2)
        way = torch.nn.functional.normalize(p.chance.normal(p.batch, p.dims), dim=1)
        second = centre + way * radii.mean(1, keepdim=True) * p.chance.uniform(1.3, 2.1, p.batch)[:, None]
        pair = [p.paint(shapes.superquadric(p.chance, p.shape, c, radii, 0.2) < 0) for c in (centre, second)]
        [p.ask(one) for one in pair]
        p.ask(*pair)
    return p.scene("twins")


def vessels(p):
    """Trees over a ground of a few regions."""
    for _ in range(p.chance.integer(0, 3)):
        p.ask(p.paint(any_shape(p, 0.2, 0.7) < 0))
    for _ in range(p.chance.integer(1, 2)):
        width = p.chance.log_uniform(0.006 if p.dims == 2 else 0.02, 0.04, p.batch)
        parts = [shapes.tree(p.chance, p.shape, width, p.chance.one_of([6, 12, 24])) for _ in range(p.chance.integer(1, 4))]
        wood = p.paint(torch.stack(parts).amin(0) < 0)
        # Asked for more often than anything that lies around it.
        [p.ask(wood) for _ in range(4)]
    return p.scene("vessels")


def tissue(p):
    """Many like cells with their nuclei; some of another kind."""
    spacing = p.chance.log_uniform(0.1, 0.5, p.batch)
    f, number = shapes.cells(p.chance, p.shape, spacing, p.chance.uniform(0.3, 0.62, p.batch))
    kinds = p.chance.integer(2, 5)
    bodies, cores = [], []
    with_cores = p.chance.happens(0.5)
    for n in range(kinds):
        own = (number * kinds).floor() == n
        bodies.append(p.paint((f < 0) & own))
        if with_cores:
            cores.append(p.paint((f < -0.45) & own))
    for n, body in enumerate(bodies):
        p.ask(body, *cores[n : n + 1])
        p.ask(body, *cores[n : n + 1])
    if with_cores:
        [p.ask(core) for core in cores]
        p.ask(*cores)
    p.ask(*bodies, *cores)
    return p.scene("tissue")


def column(p):
    """Like parts in a row, each with a body and processes: vertebrae, ribs, teeth, fingers."""
    count = p.chance.integer(3, 6)
    centres, step = shapes.repeated(p.chance, p.batch, p.dims, count)
    radii = step * p.chance.uniform(0.3, 0.5, p.batch)[:, None] * torch.exp(0.25 * p.chance.normal(p.batch, p.dims))
    side = torch.nn.functional.normalize(p.chance.normal(p.batch, p.dims), dim=1)
    units = []
    for centre in centres:
        body = p.paint(shapes.superquadric(p.chance, p.shape, centre, radii, 0.12) < 0)
        process = p.paint(shapes.superquadric(p.chance, p.shape, centre + side * radii.mean(1, keepdim=True) * 1.5, radii * 0.5, 0.3) < 0)
        units.append((body, process))
        p.ask(body)
        p.ask(body, process)
    p.ask(*[number for unit in units for number in unit])
    hole = p.paint(shapes.tube(p.chance, p.shape, centres.mean(0), 1.5 * radii) < 0)
    p.ask(hole)
    return p.scene("column")


def regions(p):
    """A plane or space cut up by smooth noise: parts without any shape one could know."""
    field = noise(p.chance, p.batch, p.shape, p.chance.log_uniform(0.03, 0.2, p.batch) * max(p.shape))
    field = field + 0.25 * noise(p.chance, p.batch, p.shape, p.chance.log_uniform(0.01, 0.04, p.batch) * max(p.shape))
    bounds = torch.linspace(-1.4, 1.4, p.chance.integer(2, 5)).tolist()
    for low, high in zip(bounds, [*bounds[1:], 9.0]):
        p.ask(p.paint((field >= low) & (field < high)))
    for _ in range(p.chance.integer(0, 4)):
        p.ask(p.paint(any_shape(p) < 0))
    return p.scene("regions")


def layers(p):
    """Walls around hollows: heart chambers, gut, cortex, eye, bladder."""
    for _ in range(p.chance.integer(1, 4)):
        f = shapes.shell(p.chance, p.shape, p.centre(0.6), p.radii(0.15, 0.7, 0.25))
        rings = []
        for level in sorted([0.0] + [p.chance.real(-0.6, -0.1) for _ in range(p.chance.integer(1, 3))], reverse=True):
            rings.append(p.paint(f < level))
        for n in range(len(rings)):
            p.ask(*rings[n:])
            p.ask(rings[n])
        # What lies inside of all walls is what hearts and bladders are asked for.
        p.ask(rings[-1])
    return p.scene("layers")


def lumps(p):
    """One to three low, soft lumps on a quiet ground: polyps, tumours, moles."""
    for _ in range(p.chance.integer(0, 3)):
        p.paint(any_shape(p, 0.3, 0.9) < 0)
    for _ in range(p.chance.integer(1, 3)):
        make = shapes.blend if p.chance.happens(0.5) else shapes.superquadric
        lump = p.paint(make(p.chance, p.shape, p.centre(0.6), p.radii(0.12, 0.6, 0.25)) < 0)
        if p.chance.happens(0.3):
            core = p.paint(lesion(p, lump))
            p.ask(core)
            p.ask(lump, core)
        else:
            p.ask(lump)
    return p.scene("lumps")


def overlapping(p):
    """Up to eight things seen through each other, each a bit of the map: what a projection shows."""
    labels = torch.zeros_like(p.labels)
    table = torch.zeros((MOST_TARGETS, 256), dtype=torch.bool)
    values = torch.arange(256)
    for bit in range(8):
        low, high = (0.5, 0.9) if bit == 0 else (0.1, 0.6)
        labels = labels | ((any_shape(p, low, high) < 0).to(torch.uint8) << bit)
        table[bit] = (values >> bit) % 2 == 1
    table = table.to(p.chance.device)[None].expand(p.batch, -1, -1).contiguous()
    return Scene(labels, table, "overlapping", overlapping=True)


SCENES = {
    "organs": (organs, 5),
    "twins": (twins, 1),
    "vessels": (vessels, 2),
    "tissue": (tissue, 2),
    "column": (column, 1.5),
    "regions": (regions, 2),
    "layers": (layers, 2.5),
    "lumps": (lumps, 2.5),
    "overlapping": (overlapping, 1.5),
}


def scene(chance, batch, shape, kind=None):
    """A batch of maps of one kind of scene."""
    if kind is None:
        names = list(SCENES)
        kind = chance.one_of(names, [SCENES[name][1] for name in names])
    return SCENES[kind][0](Painter(chance, batch, shape))
