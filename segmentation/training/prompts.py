"""A simulated person: clicks, scribbles, lassos and boxes on targets and on errors, as hands make them.

All of it works on whole batches. In a volume everything but a click is drawn on one slice across the first axis;
samples are turned at random beforehand, so that every plane is met.
"""

import torch

from fields import blurred, connected, crossed, depth, noise, place, pooled, spread

#: The channels of ink, as nnInteractive orders them.
REGION, POINT, SCRIBBLE = 0, 2, 4
CHANNELS = 6
RADIUS = 4
DECAY = 0.98
DEEPEST = 24


def ball_table(dims, device):
    """What a click looks like, by its offset in voxels plus RADIUS + 1; nothing at the ends."""
    reach = torch.arange(-RADIUS - 1, RADIUS + 2, dtype=torch.float32)
    points = torch.cartesian_prod(reach, reach, reach)
    inside = (points**2).sum(1) <= RADIUS**2
    nearest = torch.cdist(points, points[~inside]).amin(1)
    values = torch.where(inside, nearest, torch.zeros_like(nearest))
    table = (values / values.max()).reshape(2 * RADIUS + 3, 2 * RADIUS + 3, 2 * RADIUS + 3)
    return (table if dims == 3 else table[RADIUS + 1]).to(device)


def ball(table, at, shape):
    """A click in an empty field: [B, *S]."""
    offsets = []
    for axis, size in enumerate(shape):
        offset = torch.arange(size, device=at.device)[None] - at[:, axis, None] + RADIUS + 1
        offset = offset.clamp(0, 2 * RADIUS + 2)
        offsets.append(offset.reshape([at.shape[0]] + [-1 if i == axis else 1 for i in range(len(shape))]))
    return table[tuple(offsets)]


def picked(chance, weights):
    """A voxel of each sample, as likely as its weight: its flat number and its place."""
    shape = weights.shape[1:]
    flat = torch.multinomial(weights.flatten(1) + 1e-12, 1, generator=chance.generator)[:, 0]
    return flat, place(flat, shape)


def aimed(chance, mask, deep):
    """Where a person clicks in a mask: near its middle, more or less."""
    batch, dims = mask.shape[0], mask.dim() - 1
    power = torch.where(chance.chosen(0.6, batch), chance.uniform(4, 12, batch), chance.uniform(0, 2, batch))
    top = deep.flatten(1).amax(1).clamp_min(1)
    weights = (deep / spread(top, dims)) ** spread(power, dims) * mask
    _, at = picked(chance, weights)
    slip = torch.where(chance.chosen(0.15, batch, 1), chance.normal(batch, dims) * 1.5, 0.0).round().long()
    limit = torch.tensor(mask.shape[1:], device=mask.device)
    return torch.minimum((at + slip).clamp_min(0), limit - 1)


def sliced(chance, mask):
    """A slice of a volume's mask with much of it, and its number; a picture's mask as it is."""
    if mask.dim() == 3:
        return mask, None
    area = mask.flatten(2).sum(2)
    power = chance.one_of([0.5, 1.0, 3.0])
    number = torch.multinomial((area / area.amax(1, keepdim=True).clamp_min(1)) ** power * (area > 0) + 1e-9, 1, generator=chance.generator)[:, 0]
    return mask[torch.arange(len(mask), device=mask.device), number], number


def placed(drawn, number, like):
    """A drawing on a slice put back into the volume."""
    if number is None:
        return drawn
    full = torch.zeros_like(like)
    full[torch.arange(len(drawn), device=drawn.device), number] = drawn
    return full


def broken(chance, lines):
    """A line with gaps, as long as a hand keeps going."""
    batch, shape = lines.shape[0], lines.shape[1:]
    keep = noise(chance, batch, shape, chance.uniform(0.02, 0.15, batch) * max(shape)) > spread(chance.uniform(-2.5, 0.6, batch), 2)
    kept = lines * keep
    empty = kept.flatten(1).sum(1) == 0
    return torch.where(spread(empty, 2), lines, kept)


def centre_line(chance, mask, deep):
    """The ridge of the depth of a mask, in pieces."""
    ridge = (deep >= pooled(deep, 1)) & (deep >= 0.35 * spread(deep.flatten(1).amax(1), 2)) & (mask > 0)
    return broken(chance, ridge.float())


def contour(chance, mask, deep):
    """A line along the border, some way inside."""
    level = (spread(deep.flatten(1).amax(1) * chance.uniform(0.2, 0.6, len(mask)), 2)).round().clamp_min(1)
    return broken(chance, ((deep == level) & (mask > 0)).float())


def stroke(chance, mask, steps=96):
    """A bent line between two places of a mask, within it."""
    batch, shape = mask.shape[0], mask.shape[1:]
    ends = [picked(chance, mask)[1].float() for _ in range(3)]
    bend = ends[2] * chance.uniform(0, 1, batch, 1) + (ends[0] + ends[1]) / 2 * chance.uniform(0, 1, batch, 1)
    bend = torch.where(chance.chosen(0.4, batch, 1), (ends[0] + ends[1]) / 2, bend)
    t = torch.linspace(0, 1, steps, device=mask.device)[None, :, None]
    points = (1 - t) ** 2 * ends[0][:, None] + 2 * t * (1 - t) * bend[:, None] + t**2 * ends[1][:, None]
    wobble = torch.nn.functional.interpolate(chance.normal(batch, 2, 8), steps, mode="linear", align_corners=True)
    points = (points + wobble.transpose(1, 2) * chance.uniform(0, 2.0, batch, 1, 1)).round().long()
    points = torch.stack([points[..., a].clamp(0, shape[a] - 1) for a in range(2)], -1)
    lines = torch.zeros_like(mask)
    lines[torch.arange(batch, device=mask.device)[:, None], points[..., 0], points[..., 1]] = 1
    within = lines * mask
    return torch.where(spread(within.flatten(1).sum(1) == 0, 2), lines, within)


def scribble(chance, mask):
    """A scribble within a flat mask, two pixels thick; a slip may cross the border."""
    kind = chance.one_of([stroke, centre_line, contour], [2, 1.5, 1])
    lines = stroke(chance, mask) if kind is stroke else kind(chance, mask, depth(mask, DEEPEST))
    thick = crossed(lines)
    slip = spread(chance.chosen(0.15, len(mask)), 2)
    return torch.where(slip, thick, thick * mask)


def lasso(chance, mask):
    """A generous, wavering outline, filled."""
    batch, shape = mask.shape[0], mask.shape[1:]
    area = mask.flatten(1).sum(1)
    margin = chance.uniform(0.05, 0.35, batch) * (area / 3.14).sqrt() + 1
    soft = torch.zeros_like(mask)
    grown = mask
    for step in range(1, 13):
        grown = pooled(grown, 1) if step % 2 else crossed(grown)
        soft = torch.where(spread(margin >= step, 2), grown, soft)
    base = torch.maximum(soft, mask)
    waver = noise(chance, batch, shape, chance.uniform(0.03, 0.12, batch) * max(shape)) * spread(chance.uniform(0, 0.35, batch), 2)
    return ((blurred(base, (margin * 0.7).clamp(0.5, 8)) + 0.5 * waver * (base - 0.5).abs()) > 0.45).float()


def box(chance, mask):
    """The box around a flat mask, each side off by some share of its length."""
    batch = mask.shape[0]
    drawn = torch.ones_like(mask)
    for axis in (0, 1):
        size = mask.shape[axis + 1]
        present = mask.amax(2 - axis) > 0
        index = torch.arange(size, device=mask.device)[None].float()
        low = torch.where(present, index, float(size)).amin(1)
        high = torch.where(present, index, -1.0).amax(1)
        extent = (high - low + 1).clamp_min(1)
        slack = chance.uniform(-0.03, 0.15, 2, batch) * torch.minimum(extent, torch.tensor(64.0, device=mask.device))
        inside = (index >= (low - slack[0])[:, None]) & (index <= (high + slack[1])[:, None])
        drawn = drawn * inside.reshape([batch] + [-1 if i == axis else 1 for i in range(2)])
    return drawn


class Person:
    """Prompts for a batch of sessions, written into their ink."""

    def __init__(self, chance, dims):
        self.chance, self.dims = chance, dims
        self.table = ball_table(dims, chance.device)

    def first(self, ink, targets):
        """What sessions begin with: of one kind, or of two."""
        kind = self.chance.one_of(["click", "scribbles", "box", "lasso"], [4, 3, 1.5, 1.5])
        positive = torch.ones(len(targets), dtype=torch.bool, device=targets.device)
        if kind == "click":
            return self.click(ink, targets, positive)
        if kind == "scribbles":
            return self.scribbles(ink, targets, positive)
        flat, number = sliced(self.chance, targets)
        drawn = box(self.chance, flat) if kind == "box" else lasso(self.chance, flat)
        return self.write(ink, REGION, placed(drawn, number, targets), positive)

    def scribbles(self, ink, targets, positive):
        """One to three scribbles on the target, in half of the batches as many beside it."""
        flat, number = sliced(self.chance, targets)
        for _ in range(self.chance.integer(1, 3)):
            ink = self.write(ink, SCRIBBLE, placed(scribble(self.chance, flat), number, targets), positive)
        if self.chance.happens(0.5):
            near = pooled(flat, 8) if self.chance.happens(0.5) else torch.ones_like(flat)
            outside = ((near - crossed(flat)) > 0).float()
            for _ in range(self.chance.integer(1, 3)):
                drawn = scribble(self.chance, outside) * (spread(outside.flatten(1).sum(1) > 0, 2))
                ink = self.write(ink, SCRIBBLE, placed(drawn, number, targets), ~positive)
        return ink

    def correct(self, ink, targets, answers):
        """Something about what is wrong: where most is, or anywhere."""
        missing, extra = targets * (1 - answers), answers * (1 - targets)
        wrong = missing + extra
        deep = depth(wrong, 12)
        seed, at = picked(self.chance, deep ** (8 if self.chance.happens(0.6) else 2))
        positive = targets.flatten(1).gather(1, seed[:, None])[:, 0] > 0
        none = wrong.flatten(1).sum(1) == 0
        kind = self.chance.one_of(["click", "scribble", "lasso"], [7, 2.5, 0.5])
        if kind == "click":
            slip = torch.where(self.chance.chosen(0.2, len(at), 1), self.chance.normal(len(at), self.dims), 0.0).round().long()
            limit = torch.tensor(targets.shape[1:], device=at.device)
            at = torch.minimum((at + slip).clamp_min(0), limit - 1)
            return self.write(ink, POINT, ball(self.table, at, targets.shape[1:]), positive, ~none)
        error = torch.where(spread(positive, self.dims), missing, extra)
        flat, number = self.through(error, at)
        drawn = scribble(self.chance, flat) if kind == "scribble" else lasso(self.chance, flat) * (flat if self.chance.happens(0.3) else 1)
        return self.write(ink, SCRIBBLE if kind == "scribble" else REGION, placed(drawn, number, targets), positive, ~none)

    def through(self, error, at):
        """The slice of an error that a place lies on."""
        if self.dims == 2:
            return error, None
        return error[torch.arange(len(error), device=error.device), at[:, 0]], at[:, 0]

    def click(self, ink, targets, positive):
        at = aimed(self.chance, targets, depth(targets, DEEPEST))
        return self.write(ink, POINT, ball(self.table, at, targets.shape[1:]), positive)

    def write(self, ink, channel, drawn, positive, some=None):
        """Older ink fades; the new goes for or against."""
        ink = ink * DECAY
        if some is not None:
            drawn = drawn * spread(some, self.dims)
        for side, own in ((0, positive), (1, ~positive)):
            plane = ink[:, channel + side]
            ink[:, channel + side] = torch.maximum(plane, drawn * spread(own, self.dims))
        return ink


def narrowed(chance, mask, share):
    """Of some samples' masks only the part that hangs together with a place in it."""
    deep = depth(mask, 8)
    seed, _ = picked(chance, deep)
    start = torch.zeros_like(mask)
    start.flatten(1).scatter_(1, seed[:, None], 1.0)
    part = connected(start, mask, max(mask.shape[1:]) * 5 // 4 if mask.dim() == 3 else max(mask.shape[1:]))
    return torch.where(spread(chance.chosen(share, len(mask)), mask.dim() - 1), part, mask)
