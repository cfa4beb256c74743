"""nnInteractive's own server, client and array format: the judges of ours.

    served.py arrays OUT                     arrays as the official code packs them, and the bytes they hold
    served.py unpack FOLDER                  unpacks each NAME.packed with the official code and compares it with NAME.raw
    served.py drive URL KEY SCENARIO         the official client drives a server of ours through its whole interface,
                                             beside the official session in this process
    served.py serve MODEL PORT KEY SESSIONS  the official server on the processor, until its input ends

Scenarios are those of nninteractive.py.
"""

import base64
import hashlib
import json
import pathlib
import sys
import tempfile
import threading

import blosc2
import numpy as np
import torch
from nnInteractive.inference.remote import serialization
from nninteractive import add, band, official, sessions

LEAST_DICE = 0.999


# ---------------------------------------------------------------- arrays


def made_arrays():
    rng = np.random.default_rng(7)
    names = ("bool", "uint8", "int8", "uint16", "int16", "uint32", "int32", "uint64", "int64", "float16", "float32", "float64")
    for name in names:
        dtype = np.dtype(name)
        yield f"one {name}", np.ones((1,), dtype)
        yield f"odd {name}", (np.arange(7 * 11 * 13) % 2).astype(dtype).reshape(7, 11, 13)
        yield f"zeros {name}", np.zeros((31, 17), dtype)
        if name in ("uint8", "int16", "float32", "float64"):
            yield f"many {name}", (np.arange(300_007) // 1000 % 100).astype(dtype)
    yield "noise", rng.integers(0, 256, (10, 101), dtype=np.uint8)
    yield "nan", np.full((40, 50), np.nan, np.float32)
    yield "constant", np.full((64, 64, 64), 1.5, np.float64)
    waves = 1000 * np.sin(np.arange(6_000) / 50)
    yield "waves int16", waves.astype(np.int16).reshape(6, 1000)
    yield "waves float32", waves[:1500].astype(np.float32)


def special(nbytes, typesize, kind, value=b""):
    """A chunk of one value all over, as blosc2 writes it for a run of it."""
    head = bytearray(32)
    head[0:4] = bytes([5, 1, 0x95, typesize])
    head[4:16] = np.array([nbytes, nbytes, 32 + len(value)], "<i4").tobytes()
    head[22] = 5
    head[31] = kind << 4
    return bytes(head) + value


def arrays(out):
    kept = []
    for name, array in made_arrays():
        for codec in (blosc2.Codec.ZSTD, blosc2.Codec.LZ4):
            for filters in ([blosc2.Filter.NOFILTER], [blosc2.Filter.SHUFFLE]):
                packed = serialization.pack_array(array, codec=codec, filters=filters, nthreads=1)
                label = f"{name} {codec.name} {filters[0].name}"
                kept.append(dict(name=label, dtype=array.dtype.name, shape=list(array.shape),
                                 packed=base64.b64encode(packed).decode(), sha256=hashlib.sha256(array.tobytes()).hexdigest()))
    for kind, value, array in ((1, b"", np.zeros(600, np.float32)), (2, b"", np.full(600, np.nan, np.float32)),
                               (3, np.float32(2.5).tobytes(), np.full(600, 2.5, np.float32))):
        chunk = special(array.nbytes, 4, kind, value)
        # blosc2 itself has to agree about what it is.
        assert blosc2.decompress2(chunk) == array.tobytes(), kind
        head = b"NNIA" + bytes([1, 1, 1, 7]) + b"float32" + np.array([array.size], "<i8").tobytes()
        packed = head + np.array([1], "<u4").tobytes() + np.array([array.nbytes, len(chunk)], "<u8").tobytes() + chunk
        kept.append(dict(name=f"special {kind}", dtype="float32", shape=[600], packed=base64.b64encode(packed).decode(),
                         sha256=hashlib.sha256(array.tobytes()).hexdigest()))
    pathlib.Path(out).write_text("[\n" + ",\n".join(json.dumps(one) for one in kept) + "\n]\n")


def unpack(folder):
    count = 0
    for path in sorted(pathlib.Path(folder).glob("*.packed")):
        array = serialization.unpack_array(path.read_bytes())
        assert array.tobytes() == path.with_suffix(".raw").read_bytes(), path.name
        said = json.loads(path.with_suffix(".json").read_text())
        assert [array.dtype.name, list(array.shape)] == said, (path.name, array.dtype, array.shape)
        count += 1
    print(count, "arrays unpacked")


# ---------------------------------------------------------------- the official client on our server


def dice(a, b):
    a, b = np.asarray(a) > 0, np.asarray(b) > 0
    total = int(a.sum()) + int(b.sum())
    return 1.0 if total == 0 else 2 * int((a & b).sum()) / total


class Both:
    """The official session here and the official client there, told the same."""

    def __init__(self, local, remote, shape, dtype):
        self.local, self.remote, self.shape = local, remote, shape
        self.here = torch.zeros(shape, dtype=torch.uint8)
        self.there = torch.zeros(shape, dtype=torch.int16) if dtype == "torch" else np.zeros(shape, dtype)
        self.compared = 0

    def begin(self, image):
        for session, buffer in ((self.local, self.here), (self.remote, self.there)):
            session.set_image(image)
            session.set_target_buffer(buffer)
        assert self.remote.original_image_shape == image.shape

    def do(self, what, act):
        np.random.seed(0)
        here, there = act(self.local), act(self.remote)
        agree = dice(self.here, self.there)
        print(f"{what}: Dice {agree:.5f} of {int((np.asarray(self.here) > 0).sum())} voxels, {here} and {there}", flush=True)
        assert agree >= LEAST_DICE, what
        self.compared += 1
        return here, there

    def same(self, what, act):
        here, there = self.do(what, act)
        assert here == there, (what, here, there)


def refused(act):
    try:
        act()
    except Exception as error:  # each side has its own kinds
        return type(error).__name__
    raise AssertionError("this was not refused")


def drive(url, key, scenario):
    from nnInteractive.inference.remote.remote_session import (ServerAtCapacityError, SessionExpiredError,
                                                                nnInteractiveRemoteInferenceSession as Remote)
    import httpx

    home = pathlib.Path(scenario).parent
    scenario = json.loads(pathlib.Path(scenario).read_text())
    try:
        Remote(url, api_key="wrong")
        raise AssertionError("a wrong key was taken")
    except httpx.HTTPStatusError as error:
        assert error.response.status_code == 401
    with tempfile.TemporaryDirectory() as scratch:
        local = official(home / scenario["model"], scratch)
        for n, (one, image, shape) in enumerate(sessions(scenario, home)):
            remote = Remote(url, api_key=key)
            try:
                Remote(url, api_key=key)
                raise AssertionError("a full server gave another session")
            except ServerAtCapacityError:
                pass
            for name in ("supported_interactions", "num_interaction_channels", "supports_initial_label", "supports_undo",
                         "supports_zero_shot_label_refinement", "interaction_decay", "do_autozoom", "INFERENCE_SESSION_VERSION"):
                assert getattr(local, name) == getattr(remote, name), name
            assert {k: tuple(v) if isinstance(v, (list, tuple)) else v for k, v in local.channel_mapping.items()} == remote.channel_mapping
            assert [float(t) for t in local.preferred_scribble_thickness] == [float(t) for t in remote.preferred_scribble_thickness]
            assert remote.license == local.license and remote.idle_timeout_seconds == 600 and remote.ping()
            assert remote.heartbeat() > 590 and remote.lease_status()["idle_timeout_seconds"] == 600
            both = Both(local, remote, shape, ("uint8", "bool", "torch", "int32")[n % 4])
            both.begin(image[None].astype(np.float32))
            walk(both, one["steps"])
            print(both.compared, "answers compared", flush=True)
            remote._http.post("/release")
            try:
                remote.add_point_interaction((1, 1, 1), True)
                raise AssertionError("a session given back went on")
            except SessionExpiredError:
                pass
            remote.close()
    print("driven")


def walk(both, steps):
    shape = both.shape
    for n, prompts in enumerate(steps):
        start = prompts[-1]["type"] == "mask"
        for m, prompt in enumerate(prompts):
            run = m == len(prompts) - 1
            here, there = both.do(f"step {n} {prompt['type']}", lambda s: add(s, prompt, shape, run))
            # A mask to start from changes all it covers, which the official box leaves out.
            assert start or here == there, (n, here, there)
        if n in (2, 7, 10):
            both.same("undo", lambda s: s.undo())
            both.same("undo again", lambda s: s.undo())
            both.do("once more", lambda s: add(s, prompts[-1], shape, True))
    middle = tuple(n // 2 for n in shape)
    both.do("close", lambda s: s.set_do_autozoom(False))
    both.same("close point", lambda s: s.add_point_interaction(middle, True))
    both.do("far", lambda s: s.set_do_autozoom(True))
    both.same("waits", lambda s: s.add_point_interaction(tuple(n // 3 for n in shape), False, run_prediction=False))
    both.same("predict", lambda s: s._predict())
    both.same("predict nothing", lambda s: s._predict())
    mask = band(2, [[10, 10, shape[0] // 2], [20, 14, shape[0] // 2]], shape)
    box = [[shape[0] // 2, shape[0] // 2 + 1], [4, 30], [4, 30]]
    crop = mask[tuple(slice(*b) for b in box)]
    both.same("cropped scribble", lambda s: s.add_scribble_interaction(crop, True, interaction_bbox=box))
    both.same("empty scribble", lambda s: s.add_scribble_interaction(np.zeros_like(crop), True, interaction_bbox=box))
    for act in (lambda s: s.add_bbox_interaction([[0, 9], [0, 9], [0, 9]], True),
                lambda s: s.add_scribble_interaction(crop, True, interaction_bbox=[[0, 1], [0, 1], [0, 1]]),
                lambda s: s.add_initial_seg_interaction(np.zeros((3, 3, 3), np.uint8))):
        print("refused:", refused(lambda: act(both.local)), refused(lambda: act(both.remote)))
    both.same("after refusals", lambda s: s.add_point_interaction(middle, False))
    both.do("reset", lambda s: s.reset_interactions())
    assert int((np.asarray(both.there) > 0).sum()) == 0
    both.same("undo of a reset", lambda s: s.undo())
    both.same("first again", lambda s: s.add_point_interaction(middle, True))


# ---------------------------------------------------------------- the official server


def serve(model, port, key, count):
    import uvicorn
    from nnInteractive.inference.inference_session import nnInteractiveInferenceSession as Official
    from nnInteractive.inference.server.app import make_app

    # Where it draws by chance, the draws are those of seed 0, as in every comparison of masks.
    predict = Official._predict

    def seeded(session, *arguments, **named):
        np.random.seed(0)
        return predict(session, *arguments, **named)

    Official._predict = seeded

    with tempfile.TemporaryDirectory() as scratch:
        loader = official(model, scratch)
        artifacts = loader._load_model_artifacts_from_disk(scratch, 0, "checkpoint_final.pth")
    app = make_app(artifacts, torch.device("cpu"), max_sessions=int(count), torch_n_threads=2, api_key=key,
                   liveness_timeout_seconds=30)
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=int(port), log_level="warning"))

    def ends_with_its_input():
        sys.stdin.read()
        server.should_exit = True

    threading.Thread(target=ends_with_its_input, daemon=True).start()
    server.run()


if __name__ == "__main__":
    globals()[sys.argv[1]](*sys.argv[2:])
