"""Makes the parity fixtures: small residual-encoder U-Nets with random weights, an input, and PyTorch's output.

Needs torch, dynamic-network-architectures and safetensors. Usage: python parity.py [FOLDER]
"""

import json
import pathlib
import sys

import torch
from dynamic_network_architectures.architectures.unet import ResidualEncoderUNet
from safetensors.torch import save_file

SHAPES = {
    "flat": dict(axes=2, patch=[24, 40], inputs=3, features=[8, 20, 24], kernels=[[3, 3]] * 3,
                 strides=[[1, 1], [2, 2], [2, 2]], blocks=[1, 2, 1], decoder=[1, 2]),
    "isotropic": dict(axes=3, patch=[8, 16, 12], inputs=8, features=[8, 12, 16], kernels=[[3, 3, 3]] * 3,
                      strides=[[1, 1, 1], [2, 2, 2], [2, 2, 2]], blocks=[1, 1, 2], decoder=[1, 1]),
    "anisotropic": dict(axes=3, patch=[6, 16, 12], inputs=2, features=[8, 12, 16],
                        kernels=[[1, 3, 3], [3, 3, 3], [3, 3, 3]],
                        strides=[[1, 1, 1], [1, 2, 2], [2, 2, 1]], blocks=[2, 1, 1], decoder=[1, 1]),
}


def make(name, s, folder):
    torch.manual_seed(len(name))
    conv = torch.nn.Conv2d if s["axes"] == 2 else torch.nn.Conv3d
    norm = torch.nn.InstanceNorm2d if s["axes"] == 2 else torch.nn.InstanceNorm3d
    net = ResidualEncoderUNet(
        s["inputs"], len(s["features"]), s["features"], conv, s["kernels"], s["strides"], s["blocks"], 2, s["decoder"],
        conv_bias=True, norm_op=norm, norm_op_kwargs=dict(eps=1e-5, affine=True),
        nonlin=torch.nn.LeakyReLU, nonlin_kwargs=dict(inplace=True)).eval()
    with torch.no_grad():
        for p in net.parameters():
            if p.ndim == 1:
                p.add_(0.3 * torch.randn_like(p))
        x = torch.randn(1, s["inputs"], *s["patch"])
        y = net(x)
    kept = {k: v.contiguous().clone() for k, v in net.state_dict().items()
            if "all_modules" not in k and not k.startswith("decoder.encoder.")}
    save_file(dict(kept, input=x[0].contiguous(), output=y[0].contiguous()), folder / f"{name}.safetensors")
    kwargs = dict(n_stages=len(s["features"]), features_per_stage=s["features"], kernel_sizes=s["kernels"],
                  strides=s["strides"], n_blocks_per_stage=s["blocks"], n_conv_per_stage_decoder=s["decoder"],
                  conv_bias=True, norm_op_kwargs=dict(eps=1e-5, affine=True))
    architecture = dict(network_class_name="dynamic_network_architectures.architectures.unet.ResidualEncoderUNet",
                        arch_kwargs=kwargs)
    plans = dict(configurations=dict(test=dict(patch_size=s["patch"], architecture=architecture)))
    (folder / f"{name}.json").write_text(json.dumps(plans) + "\n")


if __name__ == "__main__":
    target = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent)
    for name, shape in SHAPES.items():
        make(name, shape, target)
