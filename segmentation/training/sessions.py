"""Sessions in training: a pool of made pictures, groups of sessions that begin on them, and one round after another."""

import torch
import torch.nn.functional as F

import anatomy
import physics
from fields import blurred, noise, spread
from network import similarity
from prompts import CHANNELS, narrowed

#: Shares of a picture that a target may fill, for planes and volumes.
LEAST, MOST = {2: 60 / 256**2, 3: 60 / 64**3}, 0.6


class Pool:
    """Pictures that have been made, each used for several targets before it is made anew."""

    def __init__(self, chance, shape, channels, size, chunk):
        self.chance, self.shape, self.channels, self.chunk = chance, shape, channels, chunk
        self.size = size // chunk * chunk
        self.next = 0
        device = chance.device
        self.pictures = torch.zeros((self.size, channels, *shape), dtype=torch.float16, device=device)
        self.labels = torch.zeros((self.size, *shape), dtype=torch.uint8, device=device)
        self.valid = torch.zeros((self.size, *shape), dtype=torch.bool, device=device)
        self.tables = torch.zeros((self.size, anatomy.MOST_TARGETS, 256), dtype=torch.bool, device=device)
        while self.next < self.size:
            self.renew()

    def renew(self):
        """The oldest chunk is made anew."""
        scene = anatomy.scene(self.chance, self.chunk, self.shape)
        pictures, valid = physics.pictures(self.chance, scene, self.channels)
        at = slice(self.next % self.size, self.next % self.size + self.chunk)
        self.pictures[at], self.labels[at], self.valid[at], self.tables[at] = pictures.half(), scene.labels, valid, scene.targets
        self.next += self.chunk

    def draw(self, count):
        """Pictures and a target for each, turned and mirrored: [B, C, *S], [B, *S]; and whether there is a target."""
        chance, dims = self.chance, len(self.shape)
        at = torch.randint(self.size, (count,), generator=chance.generator, device=chance.device)
        labels, tables = self.labels[at].long().flatten(1), self.tables[at]
        best, found = None, None
        for _ in range(6):
            row = torch.multinomial(tables.any(2).float() + 1e-9, 1, generator=chance.generator)[:, 0]
            table = tables[torch.arange(count, device=at.device), row]
            mask = (table.gather(1, labels).reshape(-1, *self.shape) & self.valid[at]).float()
            share = mask.flatten(1).mean(1)
            good = (share >= LEAST[dims]) & (share <= MOST)
            best = mask if best is None else torch.where(spread(found, dims), best, mask)
            found = good if found is None else found | good
        pictures = self.pictures[at].float()
        order = torch.randperm(dims, generator=chance.host).tolist()
        flips = [a for a in range(dims) if chance.happens(0.5)]
        pictures = pictures.permute(0, 1, *[2 + a for a in order]).flip([2 + a for a in flips])
        best = best.permute(0, *[1 + a for a in order]).flip([1 + a for a in flips])
        return self.varied(pictures), best.contiguous(), found

    def varied(self, pictures):
        """The same picture within a picture of other brightness."""
        chance, count, dims = self.chance, len(pictures), pictures.dim() - 1
        padding = pictures.abs().amax(1, keepdim=True) == 0
        scale = spread(chance.log_uniform(0.75, 1.33, count), dims)
        shifted = pictures * scale + spread(0.15 * chance.normal(count), dims)
        return shifted.masked_fill(padding, 0.0).contiguous()


class Group:
    """Sessions of one age: their pictures, targets, ink and last answers."""

    def __init__(self, pool, person, count, rounds):
        self.pool, self.person, self.count, self.most = pool, person, count, rounds
        self.begin()

    def begin(self):
        chance, dims = self.pool.chance, len(self.pool.shape)
        self.pictures, targets, self.found = self.pool.draw(self.count)
        part = narrowed(chance, targets, 0.6)
        # A part too small to be seen says nothing.
        small = part.flatten(1).mean(1) < LEAST[dims]
        self.targets = torch.where(spread(small, dims), targets, part)
        self.found = self.found & (self.targets.flatten(1).sum(1) > 0)
        self.answers = torch.zeros_like(self.targets)
        ink = torch.zeros((self.count, CHANNELS, *self.pool.shape), device=chance.device)
        if chance.happens(0.08):
            self.answers = rough(chance, self.targets)
            self.ink = self.person.correct(ink, self.targets, self.answers)
        else:
            self.ink = self.person.first(ink, self.targets)
        self.round = 1
        self.rounds = chance.integer(1, self.most)
        # The similarity must not be leaned on: sometimes it is not there.
        self.similar = not chance.happens(0.15)

    def input(self):
        alike = similarity(self.pictures, self.ink)
        if not self.similar:
            alike = torch.zeros_like(alike)
        return stacked(self.pictures, self.answers, self.ink, alike)

    def proceed(self, lead):
        """After an answer: the next prompt, or a new session."""
        if self.round >= self.rounds:
            return self.begin()
        self.answers = (lead > 0).float()
        self.ink = self.person.correct(self.ink, self.targets, self.answers)
        self.round += 1


def stacked(pictures, answers, ink, alike):
    """What a network sees; on a GPU filled up with empty channels to a multiple of eight."""
    parts = [pictures, answers[:, None], ink, alike]
    missing = -sum(p.shape[1] for p in parts) % 8
    if missing and pictures.is_cuda:
        parts.append(torch.zeros_like(pictures[:, :1]).expand(-1, missing, *pictures.shape[2:]))
    return torch.cat(parts, 1)


def rough(chance, targets):
    """A mask that somebody else began: too large, too small, or moved."""
    count, shape = targets.shape[0], targets.shape[1:]
    soft = blurred(targets, chance.uniform(1, 6, count)) + 0.15 * noise(chance, count, shape, chance.uniform(0.03, 0.1, count) * max(shape))
    return (soft > spread(chance.uniform(0.3, 0.7, count), len(shape))).float()


def loss(lead, group_targets, found):
    """Dice and cross-entropy, over the samples that have a target."""
    probability, flat = lead.sigmoid().flatten(1), group_targets.flatten(1)
    both, sums = (probability * flat).sum(1), probability.sum(1) + flat.sum(1)
    dice = 1 - (2 * both + 1) / (sums + 1)
    entropy = F.binary_cross_entropy_with_logits(lead.flatten(1), flat, reduction="none").mean(1)
    weight = found.float()
    return ((dice + entropy) * weight).sum() / weight.sum().clamp_min(1)


def dice_of(lead, targets):
    answer, flat = (lead > 0).float().flatten(1), targets.flatten(1)
    return 2 * (answer * flat).sum(1) / (answer.sum(1) + flat.sum(1)).clamp_min(1)
