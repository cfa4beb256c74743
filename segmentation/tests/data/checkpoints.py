"""Makes checkpoints.safetensors: a checkpoint as nnU-Net writes it, its numbers, and many that must be refused, each as
its bytes. The header says of a spoiled one which words the refusal holds.

Needs torch, numpy and safetensors. Usage: checkpoints.py. Nothing in the spoiled ones does harm if it is run after all.
"""

import io
import pathlib
import pickle
import struct
import zipfile

import numpy as np
import torch
from safetensors.torch import save_file

torch.manual_seed(5)


class Bad:
    """A pickle that calls something when Python reads it."""

    def __init__(self, call, *arguments):
        self.made = (call, arguments)

    def __reduce__(self):
        return self.made


def tensors():
    plain = torch.randn(3, 2, 4)
    base = torch.randn(40)
    state = {
        "single": plain,
        "half": torch.randn(5).half(),
        "brain": torch.randn(6).bfloat16(),
        "double": torch.randn(2, 3, dtype=torch.float64),
        "turned": torch.randn(4, 3).t(),
        "shared": base[7:19].view(3, 4),
        "stepped": base[::5],
        "spread": torch.randn(1, 3).expand(2, 3),
        "parameter": torch.nn.Parameter(torch.randn(2)),
        "empty": torch.zeros(0, 3),
        "counter": torch.tensor(3),
        "module.wrapped": torch.randn(2),
    }
    net = torch.nn.BatchNorm1d(2)
    ordered = net.state_dict()
    ordered.update(state)
    return ordered


def checkpoint(**more):
    """What nnU-Net's trainer keeps, NumPy numbers, devices and all."""
    made = dict(
        network_weights=tensors(),
        optimizer_state=dict(state={0: dict(momentum_buffer=torch.randn(2))}, param_groups=[dict(lr=0.01, params=[0])]),
        grad_scaler_state=dict(scale=65536.0, growth_factor=2.0, growth_interval=2000, _growth_tracker=7),
        logging=dict(mean_fg_dice=[np.float64(0.5), np.float32(0.25)], epoch_start_timestamps=[1764144000.5]),
        _best_ema=np.float64(0.75),
        current_epoch=1000,
        init_args=dict(configuration="tiny", fold=0, device=torch.device("cpu"), large=2**40, negative=-70000),
        trainer_name="nnUNetTrainer",
        inference_allowed_mirroring_axes=(0, 1, 2),
    )
    made.update(more)
    return made


def archive(members, method=zipfile.ZIP_STORED):
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", method) as z:
        for name, data in members:
            z.writestr(name, data)
    return held.getvalue()


def saved(what):
    held = io.BytesIO()
    torch.save(what, held)
    return held.getvalue()


def members(data):
    with zipfile.ZipFile(io.BytesIO(data)) as z:
        return [(name, z.read(name)) for name in z.namelist()]


def changed(data, name, change):
    return archive([(n, change(d) if n.endswith(name) else d) for n, d in members(data)])


def hand(pickled, storage=b"\0" * 16):
    """An archive of one storage of four numbers and a pickle written by hand."""
    return archive([("x/data.pkl", pickled), ("x/data/0", storage)])


def text(word):
    return b"X" + struct.pack("<I", len(word)) + word.encode()


def number(n):
    if n < 0:
        return b"J" + struct.pack("<i", n)
    return b"\x8a\x09" + struct.pack("<Q", n) + b"\0" if n >= 1 << 63 else b"\x8a\x08" + struct.pack("<q", n)


def tensor(count=4, offset=0, shape=(4,), strides=(1,), key="0"):
    """The weights table with one tensor, every number as wished."""
    pid = b"(" + text("storage") + b"ctorch\nFloatStorage\n" + text(key) + text("cpu") + number(count) + b"tQ"
    axes = lambda ns: b"(" + b"".join(map(number, ns)) + b"t"
    made = b"ctorch._utils\n_rebuild_tensor_v2\n(" + pid + number(offset) + axes(shape) + axes(strides) + b"\x89NtR"
    return b"\x80\x02}" + text("network_weights") + b"}" + text("w") + made + b"ss."


honest = saved(checkpoint())
spoiled = {
    "code-print": (saved(checkpoint(extra=Bad(print, "the checkpoint ran"))), "__builtin__.print"),
    "code-eval": (saved(checkpoint(extra=Bad(eval, "print('the checkpoint ran')"))), "__builtin__.eval"),
    "code-import": (saved(checkpoint(extra=Bad(__import__, "this"))), "__builtin__.__import__"),
    "code-getattr": (saved(checkpoint(extra=Bad(getattr, "", "join"))), "__builtin__.getattr"),
    "code-load": (saved(checkpoint(extra=Bad(pickle.loads, b"N."))), "pickle.loads"),
    "code-storage": (saved(checkpoint(extra=Bad(torch.storage._load_from_bytes, b""))), "torch.storage._load_from_bytes"),
    "code-state": (hand(b"\x80\x02ctorch\nFloatStorage\n}" + text("network_weights") + b"}sb."), "changes an object"),
    "code-instance": (hand(b"\x80\x02(cbuiltins\nprint\no."), "builtins.print"),
    "code-new": (hand(b"\x80\x02ccollections\nOrderedDict\n)\x81."), "operation 0x81"),
    "count-huge": (hand(tensor(count=1 << 61)), "numbers in a member"),
    "count-wraps": (hand(tensor(count=(1 << 62) + 4)), "numbers in a member"),
    "count-beyond": (hand(tensor(count=5)), "numbers in a member"),
    "count-negative": (hand(tensor(count=-4)), "below zero"),
    "shape-huge": (hand(tensor(shape=(1 << 40,))), "beyond its numbers"),
    "shape-wraps": (hand(tensor(shape=(1 << 32, 1 << 32), strides=(1 << 32, 1))), "beyond its numbers"),
    "offset-beyond": (hand(tensor(offset=2)), "beyond its numbers"),
    "offset-huge": (hand(tensor(offset=(1 << 64) - 1)), "64 bits"),
    "stride-beyond": (hand(tensor(shape=(2, 2), strides=(3, 1))), "beyond its numbers"),
    "stride-negative": (hand(tensor(strides=(-1,))), "below zero"),
    "stride-missing": (hand(tensor(strides=())), "one step for each axis"),
    "axes-many": (hand(tensor(shape=(1,) * 40, strides=(1,) * 40)), "without a shape"),
    "storage-missing": (hand(tensor(key="7")), "are missing"),
    "storage-outside": (hand(tensor(key="../../../etc/passwd")), "are missing"),
    "stack-empty": (hand(b"\x80\x02tttt."), "more than it has"),
    "stack-mark": (hand(b"\x80\x02}(s."), "more than it has"),
    "memo-missing": (hand(b"\x80\x02h\x05."), "not shown"),
    "key-alone": (hand(b"\x80\x02}(" + text("a") + b"u."), "without a value"),
    "no-weights": (hand(b"\x80\x02}."), "no table network_weights"),
    "no-table": (hand(b"\x80\x02K\x05."), "no table network_weights"),
    "circle": (hand(b"\x80\x02}q\0" + text("network_weights") + b"h\0s."), "network_weights is no tensor"),
    "protocol": (hand(pickle.dumps({"network_weights": {}}, 4)), "protocol 2"),
    "text-cut": (hand(b"\x80\x02X\xff\xff\xff\xffabc."), "cut off"),
    "endless": (hand(b"\x80\x02" + b"N" * 20), "cut off"),
    "two-pickles": (archive([("x/data.pkl", b"\x80\x02N."), ("y/data.pkl", b"\x80\x02N.")]), "no single data.pkl"),
    "packed": (archive(members(honest), zipfile.ZIP_DEFLATED), "packed or encrypted"),
    "big-endian": (changed(honest, "byteorder", lambda _: b"big"), "highest byte first"),
    "storage-short": (changed(honest, "data/0", lambda d: d[:-4]), "numbers in a member"),
    "pickle-cut": (changed(honest, "data.pkl", lambda d: d[: len(d) // 2]), ""),
    "cut": (honest[: len(honest) * 2 // 3], "no ZIP archive"),
    "beginning": (honest[:64], "no ZIP archive"),
    "legacy": (b"PK\x03\x04" + pickle.dumps({"network_weights": {}}, 2), "no ZIP archive"),
}
state = torch.load(io.BytesIO(honest), weights_only=False)["network_weights"]
kept = {f"spoiled {name}": torch.frombuffer(bytearray(data), dtype=torch.uint8) for name, (data, _) in spoiled.items()}
kept["honest"] = torch.frombuffer(bytearray(honest), dtype=torch.uint8)
for name, value in state.items():
    if value.is_floating_point():
        kept[f"number {name.removeprefix('module.')}"] = value.detach().float().contiguous().clone()
words = {f"spoiled {name}": said for name, (_, said) in spoiled.items()}
save_file(kept, pathlib.Path(__file__).parent / "checkpoints.safetensors", metadata=words)
