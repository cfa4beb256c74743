"""Networks for the benchmarks: residual-encoder U-Nets with random weights, and the folder that ours reads them from."""

import json

import torch
from dynamic_network_architectures.architectures.unet import ResidualEncoderUNet
from safetensors.torch import save_file


def build(features, blocks, axes=3):
    """The network and the arguments that describe it."""
    torch.manual_seed(0)
    conv, norm = {2: (torch.nn.Conv2d, torch.nn.InstanceNorm2d), 3: (torch.nn.Conv3d, torch.nn.InstanceNorm3d)}[axes]
    n = len(features)
    shape = dict(features_per_stage=features, kernel_sizes=[[3] * axes] * n, strides=[[1] * axes] + [[2] * axes] * (n - 1),
                 n_blocks_per_stage=blocks, n_conv_per_stage_decoder=[1] * (n - 1))
    net = ResidualEncoderUNet(8, n, conv_op=conv, num_classes=2, conv_bias=True, norm_op=norm,
                              norm_op_kwargs=dict(eps=1e-5, affine=True), nonlin=torch.nn.LeakyReLU,
                              nonlin_kwargs=dict(inplace=True), **shape).eval()
    return net, shape


def write(net, shape, patch, folder):
    kept = {k: v.contiguous().clone() for k, v in net.state_dict().items()
            if "all_modules" not in k and not k.startswith("decoder.encoder.")}
    save_file(kept, folder / "weights.safetensors")
    name = "dynamic_network_architectures.architectures.unet.ResidualEncoderUNet"
    architecture = dict(network_class_name=name, arch_kwargs=dict(shape, norm_op_kwargs=dict(eps=1e-5)))
    plans = dict(configurations=dict(a=dict(patch_size=patch, architecture=architecture)))
    (folder / "plans.json").write_text(json.dumps(plans))
