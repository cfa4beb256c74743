"""Lays trained weights out as a model that Limner opens: `python export.py plane|volume RUN FOLDER`.

FOLDER gets plans.json, dataset.json, inference_info.json and fold_0/checkpoint_final.safetensors in half precision.
Nothing but PyTorch is needed: the format is eight bytes of length, a JSON header, and the numbers.
"""

import argparse
import json
import pathlib
import struct

import torch

from network import SHAPES, SIMILARITY_REACHES


def plans(shape):
    axes, features = shape["axes"], shape["features"]
    stages = len(features)
    arguments = {
        "n_stages": stages,
        "features_per_stage": features,
        "kernel_sizes": [[3] * axes] * stages,
        "strides": [[1] * axes] + [[2] * axes] * (stages - 1),
        "n_blocks_per_stage": shape["blocks"],
        "n_conv_per_stage_decoder": [1] * (stages - 1),
        "conv_bias": True,
        "norm_op_kwargs": {"eps": 1e-5, "affine": True},
    }
    name = "dynamic_network_architectures.architectures.unet.ResidualEncoderUNet"
    architecture = {"network_class_name": name, "arch_kwargs": arguments}
    return {"configurations": {"limner": {"patch_size": [shape["patch"]] * axes, "architecture": architecture}}}


def safetensors(weights, note):
    header, data = {"__metadata__": note}, bytearray()
    for name, tensor in sorted(weights.items()):
        raw = tensor.half().contiguous().cpu().numpy().tobytes()
        header[name] = {"dtype": "F16", "shape": list(tensor.shape), "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + bytes(data)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("shape", choices=SHAPES)
    parser.add_argument("run", type=pathlib.Path)
    parser.add_argument("folder", type=pathlib.Path)
    options = parser.parse_args()
    shape, folder = SHAPES[options.shape], options.folder
    weights = torch.load(options.run / "weights.pt", map_location="cpu")
    (folder / "fold_0").mkdir(parents=True, exist_ok=True)
    names = ["red", "green", "blue"] if shape["pictures"] == 3 else ["intensity"]
    dataset = {"channel_names": {str(n): name for n, name in enumerate(names)}, "file_ending": ".nii.gz"}
    prompts = {
        "supported_interactions": {"points": True, "bbox2d": True, "bbox3d": False, "lasso": True, "scribble": True},
        "point_radius": 4,
        "preferred_scribble_thickness": 2,
        "interaction_decay": 0.98,
        "supports_initial_label": True,
        # Beyond nnInteractive's contract: what Limner's own networks are shown besides, and from where they look.
        "similarity_reaches": list(SIMILARITY_REACHES),
        "stays_inside": True,
    }
    for name, value in (("plans", plans(shape)), ("dataset", dataset), ("inference_info", prompts)):
        (folder / f"{name}.json").write_text(json.dumps(value, indent=1) + "\n")
    note = {"configuration": "limner", "made_by": "segmentation/training"}
    (folder / "fold_0" / "checkpoint_final.safetensors").write_bytes(safetensors(weights, note))


if __name__ == "__main__":
    main()
