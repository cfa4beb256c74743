"""The residual-encoder U-Net that Limner's engine runs, layer names as nnU-Net's, and the similarity channels."""

import torch
import torch.nn.functional as F
from torch import nn

#: Shapes by name. A picture brings three channels, a volume one; six of ink, the previous mask, two of similarity.
SHAPES = {
    "plane": dict(axes=2, pictures=3, features=[32, 64, 128, 192, 256, 256], blocks=[1, 1, 1, 1, 1, 1], patch=256),
    "volume": dict(axes=3, pictures=1, features=[16, 32, 64, 128, 160], blocks=[1, 1, 1, 1, 1], patch=96),
}
PROMPTS = 7
SIMILARITY_REACHES = (0, 2)


class Norm(nn.Module):
    """Instance norm that keeps the layout of its input, which the built-in one does not."""

    def __init__(self, channels):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))

    def forward(self, x):
        dims = tuple(range(2, x.dim()))
        wide = x.float()
        variance, mean = torch.var_mean(wide, dims, correction=0, keepdim=True)
        shape = [1, -1] + [1] * len(dims)
        scale = self.weight.reshape(shape) * torch.rsqrt(variance + 1e-5)
        return (wide * scale + (self.bias.reshape(shape) - mean * scale)).to(x.dtype)


class Layer(nn.Module):
    def __init__(self, axes, inputs, outputs, kernel=3, stride=1, bias=True, active=True):
        super().__init__()
        conv = nn.Conv2d if axes == 2 else nn.Conv3d
        self.conv = conv(inputs, outputs, kernel, stride, kernel // 2, bias=bias)
        self.norm = Norm(outputs)
        self.active = active

    def forward(self, x):
        x = self.norm(self.conv(x))
        return F.leaky_relu(x, 0.01) if self.active else x


def eights(conv, x):
    """A convolution whose channels are filled up to eights with zeros, which a GPU multiplies many times as fast."""
    more_in, more_out = x.shape[1] - conv.in_channels, -conv.out_channels % 8
    weight = F.pad(conv.weight, [0, 0] * len(conv.kernel_size) + [0, more_in, 0, more_out])
    out = (F.conv2d if x.dim() == 4 else F.conv3d)(x, weight, F.pad(conv.bias, [0, more_out]), 1, conv.padding)
    return out[:, : conv.out_channels] if more_out else out


class Stem(Layer):
    def forward(self, x):
        return F.leaky_relu(self.norm(eights(self.conv, x)), 0.01)


class Block(nn.Module):
    def __init__(self, axes, inputs, outputs, stride):
        super().__init__()
        self.conv1 = Layer(axes, inputs, outputs, 3, stride)
        self.conv2 = Layer(axes, outputs, outputs, active=False)
        past = []
        if stride > 1:
            past.append((nn.AvgPool2d if axes == 2 else nn.AvgPool3d)(stride))
        if inputs != outputs:
            past.append(Layer(axes, inputs, outputs, 1, bias=False, active=False))
        self.skip = nn.Sequential(*past)

    def forward(self, x):
        return F.leaky_relu(self.conv2(self.conv1(x)) + self.skip(x), 0.01)


class Named(nn.Module):
    """Modules under the names that weights files use."""

    def __init__(self, **modules):
        super().__init__()
        for name, module in modules.items():
            self.add_module(name, module)


class UNet(nn.Module):
    def __init__(self, shape):
        super().__init__()
        axes, features = shape["axes"], shape["features"]
        inputs = shape["pictures"] + PROMPTS + len(SIMILARITY_REACHES)
        stages, before = [], features[0]
        for n, (width, count) in enumerate(zip(features, shape["blocks"])):
            blocks = [Block(axes, before if b == 0 else width, width, 2 if n and b == 0 else 1) for b in range(count)]
            stages.append(Named(blocks=nn.Sequential(*blocks)))
            before = width
        stem = Named(convs=nn.Sequential(Stem(axes, inputs, features[0])))
        self.encoder = Named(stem=stem, stages=nn.ModuleList(stages))
        widths = features[-2::-1]
        up = nn.ConvTranspose2d if axes == 2 else nn.ConvTranspose3d
        self.decoder = Named(
            transpconvs=nn.ModuleList(up(below, width, 2, 2) for below, width in zip(features[:0:-1], widths)),
            stages=nn.ModuleList(Named(convs=nn.Sequential(Layer(axes, 2 * width, width))) for width in widths),
            seg_layers=nn.ModuleList(self.heads(axes, widths)),
        )

    @staticmethod
    def heads(axes, widths):
        """Only the last one answers; the others have no place in memory."""
        conv = nn.Conv2d if axes == 2 else nn.Conv3d
        return [nn.Identity() for _ in widths[:-1]] + [conv(widths[-1], 2, 1)]

    def forward(self, x):
        x = self.encoder.stem.convs(x)
        past = []
        for stage in self.encoder.stages:
            x = stage.blocks(x)
            past.append(x)
        for n, (up, stage) in enumerate(zip(self.decoder.transpconvs, self.decoder.stages)):
            x = stage.convs(torch.cat([up(x), past[-2 - n]], 1))
        return eights(self.decoder.seg_layers[-1], x)


BINS, SMOOTHING, REGION_SHARE = 64, 2.0, 0.02


def similarity(pictures, ink):
    """How much each voxel looks like what was marked for, rather than like the rest: [B, reaches, *S] from -1 to 1.

    Values fall into bins from -4 to 4; marks vote by their strength, regions faintly, since they hold other things too.
    """
    dims = pictures.dim() - 2
    pool = F.avg_pool2d if dims == 2 else F.avg_pool3d
    ahead = (ink[:, 2] + ink[:, 4] + REGION_SHARE * ink[:, 0]).flatten(1)
    against = (ink[:, 3] + ink[:, 5] + REGION_SHARE * ink[:, 1]).flatten(1)
    some, other = ahead.sum(1) > 0, against.sum(1) > 0
    bell = torch.exp(-0.5 * (torch.arange(-6, 7, device=pictures.device) / SMOOTHING) ** 2)
    maps = []
    for reach in SIMILARITY_REACHES:
        seen = pool(pictures, 2 * reach + 1, 1, reach, count_include_pad=False) if reach else pictures
        total = 0
        for n in range(pictures.shape[1]):
            bins = ((seen[:, n].flatten(1) + 4) * 8).floor().clamp(0, BINS - 1).long()
            counted = [torch.zeros(len(bins), BINS, device=bins.device).scatter_add_(1, bins, w) for w in (ahead, against, torch.ones_like(ahead))]
            shares = [F.conv1d(c[:, None], (bell / bell.sum())[None, None], padding=6)[:, 0] for c in counted]
            shares = [s / s.sum(1, keepdim=True).clamp_min(1e-6) for s in shares]
            rest = torch.where(other[:, None], (shares[1] + shares[2]) / 2, shares[2])
            score = torch.log((shares[0] + 0.002) / (rest + 0.002)).clamp(-3, 3) / 3
            total = total + torch.where(some[:, None], score, 0.0).gather(1, bins)
        maps.append((total / pictures.shape[1]).reshape(pictures.shape[:1] + pictures.shape[2:]))
    return torch.stack(maps, 1)
