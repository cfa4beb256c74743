"""Muon for the convolutions, Adam for what is left: momentum made orthogonal learns more from few steps."""

import torch


def orthogonal(gradient):
    """The nearest matrix whose singular values are about 1, by five Newton-Schulz steps."""
    a, b, c = 3.4445, -4.7750, 2.0315
    x = gradient.reshape(len(gradient), -1)
    x = x.bfloat16() if x.is_cuda else x
    wide = x.shape[0] <= x.shape[1]
    x = x if wide else x.T
    x = x / (x.norm() + 1e-7)
    for _ in range(5):
        square = x @ x.T
        x = a * x + (b * square + c * square @ square) @ x
    return (x if wide else x.T).reshape(gradient.shape).to(gradient.dtype)


class Muon:
    def __init__(self, network, rate, momentum=0.95, decay=0.01, other=0.15):
        self.rate, self.momentum, self.decay, self.other = rate, momentum, decay, other
        named = dict(network.named_parameters())
        # The first and the last layer are no maps between features.
        self.inner = {n: p for n, p in named.items() if p.dim() > 1 and "stem" not in n and "seg_layers" not in n}
        self.outer = {n: p for n, p in named.items() if n not in self.inner}
        self.heavy = {n: torch.zeros_like(p) for n, p in self.inner.items()}
        self.adam = torch.optim.AdamW(self.outer.values(), rate * other, (0.9, 0.98), weight_decay=0.0)

    @torch.no_grad()
    def step(self, share):
        parameters = [*self.inner.values(), *self.outer.values()]
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        for group in self.adam.param_groups:
            group["lr"] = self.rate * self.other * share
        self.adam.step()
        for name, p in self.inner.items():
            heavy = self.heavy[name].lerp_(p.grad, 1 - self.momentum)
            ahead = p.grad.lerp(heavy, self.momentum)
            width = p.grad.flatten(1).shape
            scale = max(1, width[0] / width[1]) ** 0.5
            p.mul_(1 - self.rate * share * self.decay)
            p.add_(orthogonal(ahead), alpha=-self.rate * share * scale)

    def state(self):
        return {"heavy": self.heavy, "adam": self.adam.state_dict()}

    def restore(self, state):
        for name, value in state["heavy"].items():
            self.heavy[name].copy_(value)
        self.adam.load_state_dict(state["adam"])
