"""Our networks on the graphics adapter beside PyTorch: one machine, one run, in turns.

    gpu_peers.py path/to/gpu_speed REPEATS SIDE...

segmentation/bench/gpu.sh builds the program and runs this; LIMNER_TRY=1 takes a tiny network instead, to try the script.
A run is from numbers in main memory to a mask in main memory, on both sides. Prints a table: median seconds, and how many
times slower than ours PyTorch is.
"""

import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

import torch
from network_folder import build, write

program, repeats = sys.argv[1], int(sys.argv[2])
sides = [int(side) for word in sys.argv[3:] for side in word.split()]
cuda = torch.cuda.is_available()
device = torch.device("cuda" if cuda else "cpu")
torch.backends.cudnn.benchmark = True
TINY = {"tiny": dict(features=[8, 12, 16], blocks=[1] * 3)}
SHAPES = TINY if os.environ.get("LIMNER_TRY") else {
    "embedded (3.6 M)": dict(features=[16, 32, 64, 128, 160], blocks=[1] * 5),
    "official (102 M)": dict(features=[32, 64, 128, 256, 320, 320], blocks=[1, 3, 4, 6, 6, 6]),
}


def ours(folder, side, width):
    done = subprocess.run([program, str(folder), *[str(side)] * 3, str(repeats), width], check=True,
                          stdout=subprocess.PIPE, text=True)
    return json.loads(done.stdout)


def torch_run(net, x, half):
    """Seconds of each run but the first two."""
    times = []
    for n in range(repeats + 2):
        start = time.perf_counter()
        with torch.inference_mode(), torch.autocast(device.type, torch.float16, enabled=half):
            logits = net(x.to(device))
            mask = (logits[:, 1] > logits[:, 0]).to(torch.uint8).cpu()
        assert mask.numel() == x[0, 0].numel()
        if n > 1:
            times.append(time.perf_counter() - start)
    return times


print(f"PyTorch {torch.__version__} on {torch.cuda.get_device_name() if cuda else 'the processor'}")
for title, shape in SHAPES.items():
    net, arguments = build(**shape)
    smallest = 2 ** (len(shape["features"]) - 1)
    for side in sides:
        if side % smallest or side == smallest:
            print(f"{title} at {side}^3: not possible, it must be a multiple of {smallest} and larger")
            continue
        with tempfile.TemporaryDirectory() as home:
            home = pathlib.Path(home)
            write(net, arguments, [side] * 3, home)
            x = torch.randn(1, 8, side, side, side)
            reports = {width: ours(home, side, width) for width in ("single", "half")}
            peers = {"PyTorch fp32": torch_run(net.to(device), x, False)}
            if cuda:
                peers["PyTorch fp16"] = torch_run(net, x, True)
            net.cpu()
            for width, report in reports.items():
                if width == "half" and not report["half"]:
                    print(f"{title} at {side}^3: {report['adapter']} has no 16-bit numbers")
                    continue
                mine = statistics.median(report["seconds"])
                print(f"{title} at {side}^3 on {report['adapter']}, {16 if report['half'] else 32} bits: {mine:.4f} s, "
                      f"first {report['first_seconds']:.2f} s, work {report['working_bytes'] >> 20} MiB, "
                      f"longest submission {report['longest_submission_ms']:.1f} ms", flush=True)
                for name, times in peers.items():
                    theirs = statistics.median(times)
                    print(f"    {name:<14} {theirs:.4f} s: {theirs / mine:.2f} times ours", flush=True)
