"""nnInteractive itself, on small weights: the judge of our session engine.

    nninteractive.py train FOLDER           trains a small network on blobs, enough that masks are not noise
    nninteractive.py replay SCENARIO OUT    replays prompts in the official session and writes what it answered
    nninteractive.py encode SCENARIO OUT    the same prompts as the official channels, as checksums
    nninteractive.py folder MODEL OUT       the model's weights as PyTorch's own checkpoint, in a folder of their own
    nninteractive.py large OUT              a folder of random weights with as many parameters as the official one

A scenario is JSON: the model folder, and sessions, each with a picture (raw 32-bit floats, slices slowest) and steps,
each a list of prompts as limner.prompts/1 writes them in voxels. Lines and outlines are drawn here anew, from the
description in docs/segmentation.md, so that our own drawing is judged as well.
"""

import hashlib
import json
import pathlib
import sys
import tempfile

import numpy as np
import torch
from safetensors.torch import load_file, save_file

PATCH = [56, 64, 72]
SMALL = [24, 32, 28]
ARCHITECTURE = dict(
    network_class_name="dynamic_network_architectures.architectures.unet.ResidualEncoderUNet",
    arch_kwargs=dict(
        n_stages=3, features_per_stage=[8, 12, 16], conv_op="torch.nn.modules.conv.Conv3d",
        kernel_sizes=[[3, 3, 3]] * 3, strides=[[1, 1, 1], [2, 2, 2], [2, 2, 2]], n_blocks_per_stage=[1, 1, 1],
        n_conv_per_stage_decoder=[1, 1], conv_bias=True, norm_op="torch.nn.modules.instancenorm.InstanceNorm3d",
        norm_op_kwargs=dict(eps=1e-5, affine=True), dropout_op=None, dropout_op_kwargs=None,
        nonlin="torch.nn.LeakyReLU", nonlin_kwargs=dict(inplace=True)),
    _kw_requires_import=["conv_op", "norm_op", "dropout_op", "nonlin"])
PLANS = dict(
    dataset_name="Dataset001_Blobs", plans_name="nnUNetResEncUNetPlans",
    configurations=dict(
        base=dict(patch_size=[8, 8, 8], spacing=[1.0, 1.0, 1.0], batch_size=1, architecture=ARCHITECTURE),
        tiny=dict(inherits_from="base", patch_size=PATCH)))
DATASET = dict(channel_names={"0": "image"}, labels={"background": 0, "object": 1}, numTraining=1, file_ending=".nii.gz")
INFO = dict(point_radius=4, preferred_scribble_thickness=[2, 2, 2], interaction_decay=0.98)


#: The official network's shape; its patch is 192 long, which this machine need not have the memory for.
LARGE = dict(
    ARCHITECTURE,
    arch_kwargs=dict(
        ARCHITECTURE["arch_kwargs"], n_stages=6, features_per_stage=[32, 64, 128, 256, 320, 320],
        kernel_sizes=[[3, 3, 3]] * 6, strides=[[1, 1, 1]] + [[2, 2, 2]] * 5, n_blocks_per_stage=[1, 3, 4, 6, 6, 6],
        n_conv_per_stage_decoder=[1] * 5))


def build(architecture=ARCHITECTURE):
    from dynamic_network_architectures.architectures.unet import ResidualEncoderUNet

    k = dict(architecture["arch_kwargs"])
    k.update(conv_op=torch.nn.Conv3d, norm_op=torch.nn.InstanceNorm3d, nonlin=torch.nn.LeakyReLU)
    return ResidualEncoderUNet(input_channels=8, num_classes=2, deep_supervision=False, **k)


def own(state):
    return {k: v for k, v in state.items() if "all_modules" not in k and not k.startswith("decoder.encoder.")}


# ---------------------------------------------------------------- training


def blob(rng, axes):
    """A warped ellipsoid somewhere in a small patch."""
    centre = [rng.uniform(0.25, 0.75) * n for n in SMALL]
    radii = [rng.uniform(4, 11) for _ in range(3)]
    warp = sum(rng.uniform(-0.25, 0.25) * np.sin(axes[d] * rng.uniform(0.05, 0.3) + rng.uniform(0, 6)) for d in range(3))
    return sum(((axes[d] - centre[d]) / radii[d]) ** 2 for d in range(3)) + warp <= 1


def sample(rng):
    axes = np.meshgrid(*[np.arange(n, dtype=np.float32) for n in SMALL], indexing="ij")
    image = np.zeros(SMALL, np.float32)
    shapes = [blob(rng, axes) for _ in range(rng.integers(2, 5))]
    for shape in shapes:
        image[shape] = rng.uniform(-2, 2)
    image += sum(rng.uniform(-0.3, 0.3) * axes[d] / SMALL[d] for d in range(3)) + rng.normal(0, rng.uniform(0.05, 0.4), SMALL)
    target = shapes[-1]
    image[target] += rng.uniform(0.7, 2) * rng.choice([-1, 1])
    channels = np.zeros((7, *SMALL), np.float32)
    if rng.random() < 0.5:
        shift = [int(s) for s in rng.integers(-6, 7, 3)]
        channels[0] = np.roll(target, shift, (0, 1, 2))
    inside = np.argwhere(target)
    if len(inside) == 0:
        return sample(rng)
    at = inside[rng.integers(len(inside))]
    axis = int(rng.integers(3))
    flat = np.zeros(SMALL, bool)
    flat[tuple(slice(a, a + 1) if d == axis else slice(None) for d, a in enumerate(at))] = True
    on_slice = np.argwhere(target & flat)
    low, high = on_slice.min(0), on_slice.max(0) + 1
    kind = rng.integers(3)
    if kind == 0:
        for d in range(3):
            low[d], high[d] = (low[d], high[d]) if d == axis else (max(0, low[d] - 3), min(SMALL[d], high[d] + 3))
        channels[1][tuple(map(slice, low, high))] = 1
    elif kind == 1:
        distance = np.sqrt(sum((axes[d] - at[d]) ** 2 for d in range(3)))
        channels[3] = np.clip(1 - distance / 4.5, 0, 1)
    else:
        line = target & flat
        if max(high - low) > 4:
            other = (axis + 1) % 3
            middle = int((low[other] + high[other]) // 2)
            keep = np.zeros(SMALL, bool)
            keep[tuple(slice(middle, middle + 2) if d == other else slice(None) for d in range(3))] = True
            line = line & keep
        channels[5][line] = 1
    outside = np.argwhere(~target)
    against = outside[rng.integers(len(outside))]
    if rng.random() < 0.5:
        distance = np.sqrt(sum((axes[d] - against[d]) ** 2 for d in range(3)))
        channels[4] = np.clip(1 - distance / 4.5, 0, 1)
    image = (image - image.mean()) / image.std()
    return np.concatenate([image[None].astype(np.float32), channels]), target


def train(folder, steps=300):
    torch.manual_seed(0)
    rng = np.random.default_rng(0)
    net = build()
    optimiser = torch.optim.Adam(net.parameters(), 3e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 6e-3, total_steps=steps)
    for step in range(steps):
        x, y = sample(rng)
        logits = net(torch.from_numpy(x)[None])
        y = torch.from_numpy(y.astype(np.float32))[None]
        p = logits.softmax(1)[:, 1]
        dice = 1 - (2 * (p * y).sum() + 1) / (p.sum() + y.sum() + 1)
        loss = torch.nn.functional.cross_entropy(logits, y.long()) + dice
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 5)
        optimiser.step()
        schedule.step()
        if step % 50 == 0:
            print(step, round(float(dice.detach()), 3), flush=True)
    folder = pathlib.Path(folder)
    (folder / "fold_0").mkdir(parents=True, exist_ok=True)
    state = {k: v.half().contiguous().clone() for k, v in own(net.state_dict()).items()}
    save_file(state, folder / "fold_0" / "checkpoint_final.safetensors", metadata=dict(configuration="tiny"))
    for name, what in (("plans.json", PLANS), ("dataset.json", DATASET), ("inference_info.json", INFO)):
        (folder / name).write_text(json.dumps(what) + "\n")
    (folder / "LICENSE").write_text("MIT OR Apache-2.0\n")


# ---------------------------------------------------------------- prompts


def band(axis, points, shape):
    """Voxels within one voxel of a polyline on its slice. Points are (column, row, slice), as is `axis`."""
    out = np.zeros(shape, np.uint8)
    u, v = [a for a in range(3) if a != axis]
    size = [shape[2], shape[1], shape[0]]
    a, b = np.meshgrid(np.arange(size[u]), np.arange(size[v]), indexing="ij")
    near = np.full(a.shape, np.inf)
    ends = list(zip(points, points[1:])) or [(points[0], points[0])]
    for p, q in ends:
        step = np.array([q[u] - p[u], q[v] - p[v]], float)
        length = step @ step
        t = np.clip(((a - p[u]) * step[0] + (b - p[v]) * step[1]) / length, 0, 1) if length else 0
        near = np.minimum(near, (a - p[u] - t * step[0]) ** 2 + (b - p[v] - t * step[1]) ** 2)
    at = int(np.floor(points[0][axis] + 0.5))
    for i, j in np.argwhere(near <= 1 + 1e-9):
        place = [0, 0, 0]
        place[u], place[v], place[axis] = i, j, at
        out[place[2], place[1], place[0]] = 1
    return out


def filled(axis, points, shape):
    """Voxels within an outline (even-odd) and those its edges pass."""
    out = np.zeros(shape, np.uint8)
    u, v = [a for a in range(3) if a != axis]
    size = [shape[2], shape[1], shape[0]]
    at = int(np.floor(points[0][axis] + 0.5))

    def put(i, j):
        if 0 <= i < size[u] and 0 <= j < size[v]:
            place = [0, 0, 0]
            place[u], place[v], place[axis] = i, j, at
            out[place[2], place[1], place[0]] = 1

    ring = [(p[u], p[v]) for p in points]
    for p, q in zip(ring, ring[1:] + ring[:1]):
        steps = max(1, int(np.ceil(max(abs(q[0] - p[0]), abs(q[1] - p[1])))))
        for n in range(steps + 1):
            put(*(int(np.floor(p[d] + (q[d] - p[d]) * (n / steps) + 0.5)) for d in range(2)))
    for j in range(size[v]):
        cuts = sorted(p[0] + (j - p[1]) / (q[1] - p[1]) * (q[0] - p[0])
                      for p, q in zip(ring, ring[1:] + ring[:1]) if (p[1] <= j) != (q[1] <= j))
        for enter, leave in zip(cuts[::2], cuts[1::2]):
            for i in range(max(0, int(np.ceil(enter))), min(size[u] - 1, int(np.floor(leave))) + 1):
                put(i, j)
    return out


def unpacked(packed, shape):
    low, high = packed["bounds"]["min"], packed["bounds"]["max"]
    values = np.concatenate([np.full(run, n % 2, np.uint8) for n, run in enumerate(packed["runs"])])
    out = np.zeros(shape, np.uint8)
    out[low[2]:high[2], low[1]:high[1], low[0]:high[0]] = values.reshape([high[d] - low[d] for d in (2, 1, 0)])
    return out


def add(session, prompt, shape, run):
    kind, positive = prompt["type"], prompt.get("positive", True)
    if kind == "point":
        return session.add_point_interaction(tuple(prompt["at"][::-1]), positive, run_prediction=run)
    if kind == "box":
        box = [[prompt["min"][d], prompt["max"][d]] for d in (2, 1, 0)]
        return session.add_bbox_interaction(box, positive, run_prediction=run)
    if kind == "scribble":
        return session.add_scribble_interaction(band(prompt["axis"], prompt["points"], shape), positive, run_prediction=run)
    if kind == "lasso":
        return session.add_lasso_interaction(filled(prompt["axis"], prompt["points"], shape), positive, run_prediction=run)
    return session.add_initial_seg_interaction(unpacked(prompt["mask"], shape), run_prediction=run and prompt["refine"])


# ---------------------------------------------------------------- replay


def save(net, configuration, folder):
    """The checkpoint that nnU-Net's trainer would keep."""
    (folder / "fold_0").mkdir(parents=True)
    kept = dict(network_weights=net.state_dict(), trainer_name="nnInteractiveTrainer_stub", current_epoch=1000,
                init_args=dict(configuration=configuration, fold=0, device=torch.device("cpu")),
                logging=dict(mean_fg_dice=[np.float64(0.5)]), _best_ema=np.float32(0.25),
                inference_allowed_mirroring_axes=(0, 1, 2))
    torch.save(kept, folder / "fold_0" / "checkpoint_final.pth")


def folder(model, out):
    model, out = pathlib.Path(model), pathlib.Path(out)
    net = build()
    state = {k: v.float() for k, v in load_file(model / "fold_0" / "checkpoint_final.safetensors").items()}
    net.load_state_dict(state, strict=False)
    save(net, "tiny", out)
    for name in ("plans.json", "dataset.json", "inference_info.json", "LICENSE"):
        (out / name).write_text((model / name).read_text())


def large(out):
    out = pathlib.Path(out)
    torch.manual_seed(0)
    net = build(LARGE)
    print(sum(p.numel() for p in net.parameters()), "parameters")
    save(net, "large", out)
    plans = dict(PLANS, configurations=dict(large=dict(PLANS["configurations"]["base"], patch_size=[96] * 3, architecture=LARGE)))
    for name, what in (("plans.json", plans), ("dataset.json", DATASET), ("inference_session_class.json", "nnInteractiveInferenceSessionV3")):
        (out / name).write_text(json.dumps(what) + "\n")


def official(model, scratch):
    """The official session on our weights, put into the checkpoint it reads."""
    from nnInteractive.inference.inference_session import nnInteractiveInferenceSession

    model, scratch = pathlib.Path(model), pathlib.Path(scratch)
    net = build()
    state = {k: v.float() for k, v in load_file(model / "fold_0" / "checkpoint_final.safetensors").items()}
    missing = net.load_state_dict(state, strict=False)
    assert not missing.unexpected_keys, missing
    save(net, "tiny", scratch)
    for name in ("plans.json", "dataset.json", "inference_info.json"):
        (scratch / name).write_text((model / name).read_text())
    session = nnInteractiveInferenceSession(device=torch.device("cpu"), torch_n_threads=2)
    session.initialize_from_trained_model_folder(str(scratch), use_fold=0)
    return session


def runs(mask):
    flat = mask.ravel().astype(np.int8)
    edges = np.flatnonzero(np.diff(flat)) + 1
    edges = np.concatenate([[0], edges, [flat.size]])
    lengths = np.diff(edges).tolist()
    return [0, *lengths] if flat[0] else lengths


def sessions(scenario, home):
    for one in scenario["sessions"]:
        shape = one["size"][::-1]
        yield one, np.fromfile(home / one["image"], np.float32).reshape(shape), shape


def replay(scenario, out):
    home = pathlib.Path(scenario).parent
    scenario = json.loads(pathlib.Path(scenario).read_text())
    answers = []
    with tempfile.TemporaryDirectory() as scratch:
        session = official(home / scenario["model"], scratch)
        for one, image, shape in sessions(scenario, home):
            session.set_image(image[None])
            session.set_target_buffer(torch.zeros(shape, dtype=torch.uint8))
            steps = []
            for prompts in one["steps"]:
                np.random.seed(0)
                box = None
                for n, prompt in enumerate(prompts):
                    box = add(session, prompt, shape, n == len(prompts) - 1)
                mask = session.target_buffer.numpy() > 0
                box = box and dict(min=[b[0] for b in box[::-1]], max=[b[1] for b in box[::-1]])
                steps.append(dict(runs=runs(mask), voxels=int(mask.sum()), changed=box))
            answers.append(steps)
    pathlib.Path(out).write_text(json.dumps(answers) + "\n")


def encode(scenario, out):
    """Checksums of the prompt channels the official session hands its network, at several zooms."""
    home = pathlib.Path(scenario).parent
    scenario = json.loads(pathlib.Path(scenario).read_text())
    answers = []
    with tempfile.TemporaryDirectory() as scratch:
        session = official(home / scenario["model"], scratch)
        for one, image, shape in sessions(scenario, home):
            session.set_image(image[None])
            session.set_target_buffer(torch.zeros(shape, dtype=torch.uint8))
            for prompts in one["steps"]:
                for prompt in prompts:
                    add(session, prompt, shape, False)
            looks = []
            for look in one["looks"]:
                made = session._build_network_input(look["centre"][::-1], look["zoom"])[0][1:]
                looks.append([hashlib.sha256(c.half().numpy().tobytes()).hexdigest() for c in made])
            answers.append(looks)
            session.new_interaction_centers, session.new_interaction_zoom_out_factors = [], []
    pathlib.Path(out).write_text(json.dumps(answers) + "\n")


if __name__ == "__main__":
    dict(train=train, replay=replay, encode=encode, folder=folder, large=large)[sys.argv[1]](*sys.argv[2:])
