"""Random fields and soft geometry on a grid, in batches, on whatever device the generator lives.

Everything takes its chance from one `torch.Generator`: the same seed gives the same pictures.
"""

import math

import torch
import torch.nn.functional as F


class Chance:
    """A seeded source of numbers for one device."""

    def __init__(self, seed, device):
        self.device = torch.device(device)
        self.generator = torch.Generator(self.device).manual_seed(seed)
        # Decisions the host takes (how many, which kind) come from a second source, so that they never wait for the device.
        self.host = torch.Generator().manual_seed(seed + 1)

    def normal(self, *shape):
        return torch.randn(shape, generator=self.generator, device=self.device)

    def uniform(self, low, high, *shape):
        return low + (high - low) * torch.rand(shape, generator=self.generator, device=self.device)

    def log_uniform(self, low, high, *shape):
        return torch.exp(self.uniform(math.log(low), math.log(high), *shape))

    def chosen(self, share, *shape):
        """True with a probability of `share`."""
        return torch.rand(shape, generator=self.generator, device=self.device) < share

    def integer(self, low, high):
        """A whole number from low to high, both included."""
        return int(torch.randint(low, high + 1, (1,), generator=self.host))

    def real(self, low, high):
        return low + (high - low) * float(torch.rand((1,), generator=self.host))

    def happens(self, share):
        return float(torch.rand((1,), generator=self.host)) < share

    def one_of(self, choices, shares=None):
        weights = torch.ones(len(choices)) if shares is None else torch.tensor(shares, dtype=torch.float32)
        return choices[int(torch.multinomial(weights, 1, generator=self.host))]

    def state(self):
        return {"device": self.generator.get_state(), "host": self.host.get_state()}

    def restore(self, state):
        self.generator.set_state(state["device"].cpu())
        self.host.set_state(state["host"].cpu())


def spread(values, dims):
    """A value for each sample, shaped to be combined with fields."""
    return values.reshape(values.shape[0], *([1] * dims))


def coordinates(shape, device):
    """One array for each axis, from -1 to 1 along the longest."""
    longest = max(shape)
    axes = [(torch.arange(n, device=device, dtype=torch.float32) * 2 + 1 - n) / longest for n in shape]
    return [a.reshape([-1 if i == j else 1 for j in range(len(shape))]) for i, a in enumerate(axes)]


def place(flat, shape):
    """Where the voxels of these flat numbers lie: [B, axes]."""
    at = []
    for size in reversed(shape):
        at.append(flat % size)
        flat = flat // size
    return torch.stack(at[::-1], 1)


def _frequencies(shape, device):
    parts = [torch.fft.fftfreq(n, device=device) for n in shape[:-1]] + [torch.fft.rfftfreq(shape[-1], device=device)]
    return [p.reshape([-1 if i == j else 1 for j in range(len(shape))]) for i, p in enumerate(parts)]


def _gaussian(shape, sigmas, device):
    """The spectrum of a bell of so many voxels along each axis, for each sample."""
    dims = len(shape)
    if sigmas.dim() == 1:
        sigmas = sigmas[:, None].expand(-1, dims)
    exponent = 0
    for axis, f in enumerate(_frequencies(shape, device)):
        exponent = exponent + (spread(sigmas[:, axis], dims) * f) ** 2
    return torch.exp(-2 * math.pi**2 * exponent)


def blurred(field, sigmas):
    """`field` [B, *S] smoothed by so many voxels, for each sample or each sample and axis."""
    shape = field.shape[1:]
    dims = tuple(range(1, field.dim()))
    return torch.fft.irfftn(torch.fft.rfftn(field, dim=dims) * _gaussian(shape, sigmas, field.device), s=shape, dim=dims)


def noise(chance, batch, shape, sigmas):
    """Smooth noise of mean 0 and deviation 1, with detail of so many voxels."""
    field = blurred(chance.normal(batch, *shape), sigmas)
    flat = field.reshape(batch, -1)
    return (field - spread(flat.mean(1), len(shape))) / spread(flat.std(1) + 1e-6, len(shape))


def rotation(chance, batch, dims):
    """Turns of space, every one as likely."""
    if dims == 2:
        angle = chance.uniform(0, 2 * math.pi, batch)
        sine, cosine = angle.sin(), angle.cos()
        return torch.stack([torch.stack([cosine, -sine], 1), torch.stack([sine, cosine], 1)], 1)
    w, x, y, z = F.normalize(chance.normal(batch, 4), dim=1).unbind(1)
    rows = [
        [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
        [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
        [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
    ]
    return torch.stack([torch.stack(row, 1) for row in rows], 1)


def turned(axes, centre, turn, radii):
    """Coordinates of each sample's own frame: moved, turned, and measured in radii. A list of [B, *S]."""
    dims = len(axes)
    moved = [axes[i][None] - spread(centre[:, i], dims) for i in range(dims)]
    return [
        sum(spread(turn[:, j, i], dims) * moved[j] for j in range(dims)) / spread(radii[:, i], dims) for i in range(dims)
    ]


def pooled(field, reach):
    """The largest value within so many voxels, [B, *S]."""
    pool = F.max_pool2d if field.dim() == 3 else F.max_pool3d
    return pool(field[:, None], 2 * reach + 1, 1, reach)[:, 0]


def crossed(field):
    """The largest value among a voxel and its neighbours across faces."""
    grown = field
    for axis in range(1, field.dim()):
        size = field.shape[axis]
        inner = grown.narrow(axis, 0, size)
        ahead, behind = torch.zeros_like(field), torch.zeros_like(field)
        ahead.narrow(axis, 1, size - 1).copy_(field.narrow(axis, 0, size - 1))
        behind.narrow(axis, 0, size - 1).copy_(field.narrow(axis, 1, size - 1))
        grown = torch.maximum(inner, torch.maximum(ahead, behind))
    return grown


def depth(mask, most):
    """How many voxels deep each voxel of a mask lies, up to `most`; the rim of the picture counts as outside."""
    left = mask.float()
    deep = left.clone()
    for step in range(most - 1):
        left = -pooled(-left, 1) if step % 2 else 1 - crossed(1 - left)
        # Poolings pad with nothing: the rim has to be taken off by hand.
        for axis in range(1, left.dim()):
            left.narrow(axis, 0, 1).zero_()
            left.narrow(axis, left.shape[axis] - 1, 1).zero_()
        deep += left
    return deep


def connected(seed, mask, steps):
    """What of `mask` can be walked to from `seed` in so many steps."""
    reached = seed.float() * mask
    for _ in range(steps):
        reached = pooled(reached, 1) * mask
    return reached
