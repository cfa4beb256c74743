"""What a scanner or camera makes of a scene: one look for a batch, with its own parameters for every sample.

All looks end in `finished`: what storage and crops do to a picture, and the normalisation that Limner applies too.
"""

import torch

from fields import blurred, noise, spread


class Look:
    """A batch of pictures under way."""

    def __init__(self, chance, scene):
        self.chance, self.scene = chance, scene
        self.labels = scene.labels.long()
        self.batch, self.shape, self.dims = self.labels.shape[0], self.labels.shape[1:], self.labels.dim() - 1
        self.axes = tuple(range(1, self.dims + 1))

    def some(self, low, high):
        """A number for each sample, shaped to be combined with fields."""
        return spread(self.chance.uniform(low, high, self.batch), self.dims)

    def maybe(self, share):
        return spread(self.chance.chosen(share, self.batch), self.dims)

    def of(self, table):
        """The value of each voxel's label, from a table [B, 256]."""
        return table.gather(1, self.labels.reshape(self.batch, -1)).reshape(self.labels.shape)

    def levels(self, table):
        """As `of`; where things lie over each other the sum of theirs."""
        if not self.scene.overlapping:
            return self.of(table)
        total = 0
        for bit in range(8):
            thing = ((self.labels >> bit) & 1).float()
            soft = blurred(thing, self.chance.uniform(0.5, 8.0, self.batch))
            total = total + spread(table[:, bit], self.dims) * (0.6 * thing + 0.4 * soft)
        return total

    def noise(self, low, high):
        return noise(self.chance, self.batch, self.shape, self.chance.log_uniform(low, high, self.batch))

    def white(self):
        return self.chance.normal(self.batch, *self.shape)

    def tissue(self, classes=None):
        """Mean and texture of every label: few classes make unlike things alike."""
        table = self.chance.uniform(-1, 1, self.batch, 256)
        few = (table * 3).round() / 3 + 0.04 * self.chance.normal(self.batch, 256)
        table = torch.where(self.chance.chosen(0.35, self.batch, 1), few, table)
        near = 0.35 * table + spread(self.chance.uniform(-0.4, 0.4, self.batch), 1)
        # In some pictures everything is nearly alike.
        table = torch.where(self.chance.chosen(0.3, self.batch, 1), near, table)
        fine, coarse = self.noise(0.6, 2.0), self.noise(1.5, 0.06 * max(self.shape))
        rough = self.chance.uniform(0, 0.16, self.batch, 256) * self.chance.uniform(0, 1.5, self.batch, 1)
        mottled = self.chance.uniform(0, 0.2, self.batch, 256) * self.chance.uniform(0, 1.5, self.batch, 1)
        return self.levels(table) + self.of(rough) * fine + self.of(mottled) * coarse + self.clutter()

    def clutter(self):
        """Edges of things that nobody asks for: real tissue is full of them."""
        steps = (self.noise(0.01 * max(self.shape), 0.1 * max(self.shape)) * self.some(0.7, 2.0)).round()
        return torch.where(self.maybe(0.5), self.some(0.0, 0.12), torch.zeros(1, device=steps.device)) * steps

    def soft(self, picture, low, high, thick=0.3):
        """Edges as wide as the instrument makes them; in some samples slices are thick."""
        sigmas = self.chance.uniform(low, high, self.batch)[:, None].repeat(1, self.dims)
        axis = self.chance.integer(0, self.dims - 1)
        sigmas[:, axis] *= torch.where(self.chance.chosen(thick, self.batch), self.chance.uniform(1, 3, self.batch), 1.0)
        return blurred(picture, sigmas)

    def ramp(self, axis):
        values = torch.linspace(-1, 1, self.shape[axis], device=self.chance.device)
        return values.reshape([1] + [-1 if i == axis else 1 for i in range(self.dims)])


def ct(look):
    """Air, fat, soft tissue, contrast and bone in Hounsfield units, seen through a window."""
    chance, batch = look.chance, look.batch
    kinds = torch.tensor([[-1000.0, 15], [-750, 80], [-90, 20], [40, 25], [60, 30], [140, 50], [300, 80], [800, 300]], device=chance.device)
    shares = torch.tensor([0.5, 0.7, 1.5, 3, 3, 2, 1, 0.8], device=chance.device)
    pick = torch.multinomial(shares.expand(batch, -1), 256, True, generator=chance.generator)
    table = kinds[pick, 0] + kinds[pick, 1] * chance.normal(batch, 256)
    table[:, 0] = torch.where(chance.chosen(0.7, batch), -1000.0, table[:, 0])
    hu = look.levels(table) + look.of(chance.uniform(0, 25, batch, 256)) * look.noise(0.8, 3.0)
    hu = look.soft(hu, 0.3, 1.2) + look.some(3, 40) * look.soft(look.white(), 0.3, 0.8, 0.1) * 1.5
    width, level = look.some(150, 1200), look.some(-50, 150)
    low = torch.where(look.maybe(0.7), level - width / 2, torch.full_like(level, -1024))
    high = torch.where(look.maybe(0.7), level + width / 2, torch.full_like(level, 2000))
    return torch.minimum(torch.maximum(hu, low), high)


def mr(look):
    """Any contrast, uneven coils, ringing, and noise that is never negative."""
    picture = look.soft(look.tissue() + 1.5, 0.3, 1.2)
    picture = picture * torch.exp(look.some(0, 0.5) * look.noise(0.25 * max(look.shape), 0.5 * max(look.shape)))
    if look.chance.happens(0.4):
        picture = ringing(look, picture)
    deviation = look.some(0.01, 0.18)
    return ((picture + deviation * look.white()) ** 2 + (deviation * look.white()) ** 2).sqrt()


def ringing(look, picture):
    """The highest frequencies of one axis cut off, as short acquisitions do."""
    axis = look.chance.one_of(look.axes)
    spectrum = torch.fft.fft(picture, dim=axis)
    frequency = torch.fft.fftfreq(picture.shape[axis], device=picture.device).abs()
    kept = (frequency < look.chance.real(0.15, 0.45)).float()
    return torch.fft.ifft(spectrum * kept.reshape([-1 if i == axis else 1 for i in range(picture.dim())]), dim=axis).real


def pet(look):
    """Few hot things, low resolution, noise in blobs."""
    table = look.chance.uniform(0, 1, look.batch, 256) ** 3 * 6
    picture = look.soft(look.levels(table), 1.2, 3.5, 0.1)
    return (picture + 0.2 * (picture.clamp_min(0) + 0.05).sqrt() * look.some(0.1, 1.0) * look.noise(1.0, 2.2)).clamp_min(0)


def ultrasound(look):
    """Speckle, bright interfaces, shadows below, and often a fan that ends in black."""
    tissue = look.tissue()
    if look.chance.happens(0.5):
        # Hollows are black: fluid sends nothing back.
        hollow = look.of(look.chance.chosen(0.35, look.batch, 256).float())
        tissue = tissue - 1.6 * hollow
    tissue = look.soft(tissue, 0.5, 1.5)
    edge = (tissue.roll(1, 1) - tissue.roll(-1, 1)).abs()
    grain = torch.tensor([[1.0, *[2.2] * (look.dims - 1)]], device=tissue.device) * look.chance.uniform(0.5, 1.3, look.batch)[:, None]
    speckle = (blurred(look.white(), grain) ** 2 + blurred(look.white(), grain) ** 2).sqrt()
    speckle = speckle / (speckle.mean(look.axes, keepdim=True) + 1e-6)
    echo = torch.exp(1.4 * tissue + look.some(0, 3) * edge) * speckle ** look.some(0.4, 1.0)
    if look.chance.happens(0.5):
        dense = (look.noise(0.02 * max(look.shape), 0.1 * max(look.shape)) > 1.6).float()
        echo = echo * torch.exp(-look.some(0, 0.15) * dense.cumsum(1) - look.some(0, 1.0) * (1 + look.ramp(0)))
    picture = torch.log1p(echo * look.some(1, 8))
    return fan(look, picture) if look.chance.happens(0.5) else picture


def fan(look, picture):
    depth, side = look.ramp(0) + 1 + look.some(0.0, 0.4), look.ramp(1)
    radius, angle = (depth**2 + side**2).sqrt(), torch.atan2(side, depth)
    seen = (angle.abs() < look.some(0.45, 0.9)) & (radius < look.some(1.7, 2.3)) & (radius > look.some(0.05, 0.4))
    return torch.where(seen.expand_as(picture), picture, torch.zeros_like(picture))


def xray(look):
    """Shadows over shadows: what lies behind shines through."""
    table = look.chance.uniform(-0.4, 1, look.batch, 256)
    picture = look.levels(table) + look.some(0, 0.4) * look.noise(0.1 * max(look.shape), 0.4 * max(look.shape))
    stripes = torch.sin(look.ramp(0) * look.some(8, 30) + look.some(-4, 4) * look.ramp(1) ** 2 * 3)
    picture = picture + torch.where(look.maybe(0.3), look.some(0, 0.3), torch.zeros(1, device=picture.device)) * stripes.clamp_min(0)
    picture = look.soft(picture, 0.4, 1.5, 0.0)
    return picture + look.some(0.01, 0.1) * look.noise(0.5, 1.2)


def camera(look):
    """Colour, uneven light, a dark rim, highlights: eyes, skin, bowel, stained cells."""
    chance, batch = look.chance, look.batch
    ground = chance.uniform(0.15, 0.9, batch, 3)
    grey = look.soft(look.tissue(), 0.4, 2.0, 0.0) * look.some(0.1, 0.5)
    light = 1 + look.some(0, 0.5) * look.noise(0.2 * max(look.shape), 0.5 * max(look.shape))
    shine = torch.sigmoid(8 * (look.noise(0.01 * max(look.shape), 0.04 * max(look.shape)) - look.some(2.0, 5.0)))
    planes = []
    for n in range(3):
        tint = look.of(chance.normal(batch, 256)) * look.some(0, 0.12)
        strength = spread(chance.uniform(0.3, 1.2, batch), look.dims)
        plane = (spread(ground[:, n], look.dims) + strength * grey + look.soft(tint, 0.4, 1.0, 0.0)) * light
        planes.append(plane + torch.where(look.maybe(0.4), shine, torch.zeros_like(shine)) + look.some(0.0, 0.05) * look.white())
    picture = torch.stack(planes, 1).clamp(0, 1.2)
    if chance.happens(0.4):
        distance = sum((look.ramp(a) - look.some(-0.1, 0.1)) ** 2 for a in range(look.dims)).sqrt()
        picture = picture * (distance < look.some(0.85, 1.3)).float()[:, None]
    return picture


def microscope(look):
    """Bright things on black with the noise of counting, or stained ones on white."""
    picture = look.soft(look.tissue() + 1, 0.4, 1.5, 0.0).clamp_min(0)
    ground = (look.labels == 0).float()
    picture = picture * (1 - ground * look.some(0.5, 1.0))
    photons = look.some(10, 200)
    picture = picture + (picture.clamp_min(0) / photons + 1e-5).sqrt() * look.white()
    return torch.where(look.maybe(0.5), picture, 2.5 - picture)


LOOKS = {"ct": (ct, 3), "mr": (mr, 3), "pet": (pet, 1), "ultrasound": (ultrasound, 2), "xray": (xray, 1.5), "camera": (camera, 2.5), "microscope": (microscope, 1.5)}


def pictures(chance, scene, channels, kind=None):
    """Pictures [B, channels, *S] of a scene, normalised as Limner will, and where they are not padding."""
    if kind is None:
        names = [name for name in LOOKS if channels == 3 or name not in ("camera", "xray")]
        if scene.overlapping:
            names = ["xray", "camera", "mr"] if channels == 3 else ["mr"]
        kind = chance.one_of(names, [LOOKS[name][1] for name in names])
    look = Look(chance, scene)
    picture = LOOKS[kind][0](look)
    if picture.dim() == look.dims + 1:
        picture = picture[:, None].expand(-1, channels, *look.shape)
    return finished(look, picture.contiguous())


def finished(look, picture):
    chance, batch, dims = look.chance, look.batch, look.dims
    flat = picture.reshape(batch, -1)
    low, high = flat.amin(1), flat.amax(1)
    unit = (picture - spread(low, dims + 1)) / spread(high - low + 1e-6, dims + 1)
    wide = lambda values: spread(values, dims + 1)
    unit = unit.clamp(0, 1) ** wide(torch.where(chance.chosen(0.5, batch), chance.log_uniform(0.5, 2.0, batch), 1.0))
    unit = torch.where(wide(chance.chosen(0.12, batch)), 1 - unit, unit)
    levels = wide(torch.where(chance.chosen(0.6, batch), 255.0, 4095.0))
    unit = (unit * levels).round() / levels
    if chance.happens(0.15):
        unit = shaken(look, unit)
    valid = cropped(look)
    if dims == 3 and chance.happens(0.3):
        unit, valid = squashed(look, unit, valid)
    picture = torch.where(valid[:, None], unit, torch.zeros_like(unit))
    return normalised(picture, valid), valid


def shaken(look, picture):
    """Moved while it was taken: a copy a few voxels off laid over it."""
    axis = look.chance.integer(2, look.dims + 1)
    return 0.6 * picture + 0.4 * picture.roll(look.chance.integer(1, 3), axis)


def squashed(look, picture, valid):
    """Slices far apart: every second to fourth of one axis, and padding where the others were."""
    axis, step = look.chance.integer(1, 3), look.chance.integer(2, 4)
    kept = torch.arange(look.chance.integer(0, step - 1), look.shape[axis - 1], step, device=valid.device)
    first = look.chance.integer(0, look.shape[axis - 1] - len(kept))

    def thinned(field, axis):
        out = torch.zeros_like(field)
        out.narrow(axis, first, len(kept)).copy_(field.index_select(axis, kept))
        return out

    look.scene.labels = thinned(look.scene.labels, axis)
    return thinned(picture, axis + 1), thinned(valid, axis)


def cropped(look):
    """Where the picture ends before the patch does, it is padding."""
    valid = torch.ones((look.batch, *look.shape), dtype=torch.bool, device=look.chance.device)
    some = look.chance.chosen(0.3, look.batch)
    for axis in range(look.dims):
        side = look.ramp(axis)
        low = torch.where(look.maybe(0.5), look.some(-1, -0.3), look.some(-1, -1) - 0.1)
        high = torch.where(look.maybe(0.5), look.some(0.3, 1), look.some(1, 1) + 0.1)
        valid &= (side >= low) & (side <= high) | ~spread(some, look.dims)
    return valid


BRIGHTNESS = (0.299, 0.587, 0.114)


def normalised(picture, valid):
    """Mean 0 and deviation 1 of the brightness of what is no padding."""
    dims = valid.dim() - 1
    bright = picture[:, 0] if picture.shape[1] == 1 else sum(w * picture[:, n] for n, w in enumerate(BRIGHTNESS))
    weight = valid.float()
    count = weight.flatten(1).sum(1).clamp_min(1)
    mean = (bright * weight).flatten(1).sum(1) / count
    variance = (((bright - spread(mean, dims)) * weight) ** 2).flatten(1).sum(1) / count
    scaled = (picture - spread(mean, dims + 1)) / spread(variance.sqrt() + 1e-4, dims + 1)
    return torch.where(valid[:, None], scaled, torch.zeros_like(scaled)).clamp(-8, 8)
