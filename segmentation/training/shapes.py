"""Implicit shapes in batches: each is a field that is negative inside, one for every sample."""

import torch

from fields import coordinates, noise, rotation, spread, turned


def warp_of(chance, batch, shape, low, high, coarse=(0.06, 0.25)):
    """Bumps for a surface: their height and their width differ from sample to sample."""
    width = chance.uniform(coarse[0], coarse[1], batch) * max(shape)
    return spread(chance.uniform(low, high, batch), len(shape)) * noise(chance, batch, shape, width)


def radii_of(chance, batch, dims, low, high, stretch=0.35):
    return chance.log_uniform(low, high, batch)[:, None] * torch.exp(stretch * chance.normal(batch, dims))


def superquadric(chance, shape, centre, radii, bumps=0.3):
    """From a box over an ellipsoid to a diamond, with a bumpy surface."""
    batch, dims = centre.shape
    axes = coordinates(shape, chance.device)
    u = turned(axes, centre, rotation(chance, batch, dims), radii)
    power = spread(torch.where(chance.chosen(0.6, batch), 2.0, chance.log_uniform(1.2, 6.0, batch)), dims)
    f = sum((c.abs() + 1e-6) ** power for c in u) - 1
    return f + warp_of(chance, batch, shape, 0.0, bumps + 1e-6)


def blend(chance, shape, centre, radii, parts=3):
    """Several balls that melt into one: bent, lobed, kidney-like."""
    batch, dims = centre.shape
    axes = coordinates(shape, chance.device)
    total = 0
    for _ in range(parts):
        off = centre + radii * chance.uniform(-1.0, 1.0, batch, dims) * 0.8
        own = radii * chance.log_uniform(0.45, 0.9, batch)[:, None]
        u = turned(axes, off, rotation(chance, batch, dims), own)
        total = total + torch.exp(-sum(c**2 for c in u))
    return 0.45 - total + warp_of(chance, batch, shape, 0.0, 0.12)


def tube(chance, shape, centre, radii, turns=6):
    """A bent tube of changing width: gut, vessel, duct, cord."""
    batch, dims = centre.shape
    axes = coordinates(shape, chance.device)
    direction = torch.nn.functional.normalize(chance.normal(batch, dims), dim=1)
    length = chance.uniform(0.5, 2.4, batch)
    width = radii.mean(1) * chance.uniform(0.15, 0.5, batch)
    point = centre - direction * length[:, None] / 2
    best = None
    for _ in range(turns):
        direction = torch.nn.functional.normalize(direction + 0.35 * chance.normal(batch, dims), dim=1)
        following = point + direction * (length / turns)[:, None]
        thick = width * torch.exp(0.12 * chance.normal(batch))
        distance = segment_distance(axes, point, following) / spread(thick, dims) - 1
        best = distance if best is None else torch.minimum(best, distance)
        point = following
    return best + warp_of(chance, batch, shape, 0.0, 0.2)


def segment_distance(axes, start, end):
    """How far each voxel lies from a line between two points."""
    dims = len(axes)
    along = end - start
    squared = (along**2).sum(1).clamp_min(1e-8)
    offsets = [axes[i][None] - spread(start[:, i], dims) for i in range(dims)]
    share = sum(offsets[i] * spread(along[:, i], dims) for i in range(dims)) / spread(squared, dims)
    share = share.clamp(0, 1)
    return sum((offsets[i] - share * spread(along[:, i], dims)) ** 2 for i in range(dims)).clamp_min(1e-10).sqrt()


def tree(chance, shape, root_width, branches):
    """A vessel tree: each branch leaves an earlier one, thinner and at an angle."""
    dims, batch = len(shape), root_width.shape[0]
    axes = coordinates(shape, chance.device)
    starts = [chance.uniform(-0.9, 0.9, batch, dims)]
    ways = [torch.nn.functional.normalize(-starts[0] + 0.4 * chance.normal(batch, dims), dim=1)]
    widths, lengths = [root_width], [chance.uniform(0.2, 0.7, batch)]
    best = None
    curl = chance.uniform(0.05, 0.6, batch)[:, None]
    for n in range(branches):
        end = starts[n] + ways[n] * lengths[n][:, None]
        distance = segment_distance(axes, starts[n], end) - spread(widths[n], dims)
        best = distance if best is None else torch.minimum(best, distance)
        # Two children on the average: one goes on, one turns off.
        for turn in (0.4, 1.0) if len(starts) < branches else ():
            way = ways[n] + turn * chance.normal(batch, dims) * (0.35 + curl)
            starts.append(end)
            ways.append(torch.nn.functional.normalize(way, dim=1))
            widths.append(widths[n] * chance.uniform(0.65, 1.0, batch))
            lengths.append(lengths[n] * chance.uniform(0.6, 1.1, batch))
    return best + 0.3 * spread(root_width, dims) * noise(chance, batch, shape, chance.uniform(1.5, 6.0, batch))


def shell(chance, shape, centre, radii):
    """Distance-like field of a bumpy ellipsoid, for walls, cortex and layers; folded in some samples."""
    batch, dims = centre.shape
    u = turned(coordinates(shape, chance.device), centre, rotation(chance, batch, dims), radii)
    f = sum(c**2 for c in u).sqrt() - 1
    folds = torch.where(chance.chosen(0.3, batch), chance.uniform(0.05, 0.25, batch), chance.uniform(0.0, 0.08, batch))
    return f + spread(folds, dims) * noise(chance, batch, shape, chance.uniform(0.02, 0.08, batch) * max(shape))


def cells(chance, shape, spacing, fill):
    """A jittered lattice of cells: how deep each voxel lies in the nearest (negative inside), and that one's number."""
    dims, batch = len(shape), spacing.shape[0]
    axes = coordinates(shape, chance.device)
    shift = chance.uniform(0, 100, batch, dims)
    stretch = torch.exp(0.15 * chance.normal(batch, dims))
    place = [axes[i][None] / spread(spacing * stretch[:, i], dims) + spread(shift[:, i], dims) for i in range(dims)]
    drift = 0.35 * noise(chance, batch, shape, chance.uniform(0.05, 0.2, batch) * max(shape))
    place = [p + drift * chance.real(-1, 1) for p in place]
    home = [p.floor() for p in place]
    best = torch.full((batch, *shape), 9.0, device=chance.device)
    number = torch.zeros_like(best)
    salt = chance.integer(1, 9999)
    for n in range(3**dims):
        at = [home[i] + (n // 3**i % 3 - 1) for i in range(dims)]
        key = sum(a * k for a, k in zip(at, (12.9898, 78.233, 37.719))) + salt
        pick = lambda k: torch.frac(torch.sin(key * k) * 43758.5453).abs()
        distance = sum((place[i] - at[i] - 0.15 - 0.7 * pick(1.0 + i)) ** 2 for i in range(dims)).sqrt()
        distance = distance / (spread(fill, dims) * (0.7 + 0.6 * pick(7.0)))
        # A share of the places stays empty.
        distance = torch.where(pick(9.0) < 0.25, torch.full_like(distance, 9.0), distance)
        nearer = distance < best
        best = torch.where(nearer, distance, best)
        number = torch.where(nearer, pick(5.0), number)
    return best - 1 + 0.15 * noise(chance, batch, shape, 0.02 * max(shape) * torch.ones(batch, device=chance.device)), number


def repeated(chance, batch, dims, count):
    """Centres of like parts in a row along a bent line, as vertebrae and ribs and teeth are: [count, B, dims]."""
    way = torch.nn.functional.normalize(chance.normal(batch, dims), dim=1)
    middle = chance.uniform(-0.3, 0.3, batch, dims)
    bend = 0.3 * chance.normal(batch, dims)
    step = chance.uniform(0.25, 0.55, batch)[:, None]
    at = [n - (count - 1) / 2 for n in range(count)]
    return torch.stack([middle + way * step * t + bend * (step * t) ** 2 for t in at]), step
