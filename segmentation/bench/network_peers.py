"""Our network engine beside PyTorch, ONNX Runtime and OpenVINO: one machine, one run, in turns.

    network_peers.py path/to/network_speed [THREADS] [REPEATS]

segmentation/bench/network.sh makes the environment and runs this.
Prints a table: median seconds, and how many times slower than ours each peer is.
"""

import json
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

import torch
from network_folder import build, write

program, threads, repeats = sys.argv[1], int((sys.argv + ["2"])[2]), int((sys.argv + ["", "5"])[3] or 5)
torch.set_num_threads(threads)
FEATURES = [16, 32, 64, 128, 160]
# Without instructions for it PyTorch multiplies 16-bit numbers one by one on one core: minutes for a run.
BF16 = any(word in pathlib.Path("/proc/cpuinfo").read_text() for word in ("avx512_bf16", "amx_bf16"))
SIZES = {3: [[64] * 3, [96] * 3, [128] * 3], 2: [[512, 512]]}


def peers(net, x, folder):
    """Name to a function that runs once."""
    found = {}

    def plain():
        with torch.inference_mode():
            net(x)

    def halved():
        with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16):
            net(x)

    found["PyTorch fp32"] = plain
    if BF16:
        found["PyTorch bf16"] = halved
    try:
        import onnxruntime

        path = str(folder / "net.onnx")
        torch.onnx.export(net, (x,), path, dynamo=False)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        feed = {session.get_inputs()[0].name: x.numpy()}
        found["ONNX Runtime"] = lambda: session.run(None, feed)
    except ImportError as error:
        print("not compared:", error, file=sys.stderr)
    try:
        import openvino

        core = openvino.Core()
        hints = dict(INFERENCE_NUM_THREADS=threads, INFERENCE_PRECISION_HINT="f32")
        model = openvino.convert_model(net, example_input=x, input=[list(x.shape)])
        compiled = core.compile_model(model, "CPU", hints)
        found["OpenVINO fp32"] = lambda: compiled(x.numpy())
    except ImportError as error:
        print("not compared:", error, file=sys.stderr)
    return found


def ours(folder, size):
    full = [1] * (3 - len(size)) + size
    done = subprocess.run([program, str(folder), *map(str, full), str(repeats), str(threads)], check=True,
                          capture_output=True, text=True)
    return json.loads(done.stdout)


def macs(net, x):
    total = 0

    def count(module, inputs, output):
        nonlocal total
        w = module.weight
        outs = output if not module.transposed else inputs[0]
        total += w.numel() * outs[0, 0].numel()

    hooks = [m.register_forward_hook(count) for m in net.modules()
             if isinstance(m, torch.nn.modules.conv._ConvNd)]
    with torch.inference_mode():
        net(x)
    for hook in hooks:
        hook.remove()
    return total


if not BF16:
    print("not compared: PyTorch bf16, for which this processor has no instructions", file=sys.stderr)
for axes, sizes in SIZES.items():
    net, shape = build(FEATURES, [1] * len(FEATURES), axes)
    with tempfile.TemporaryDirectory() as home:
        home = pathlib.Path(home)
        write(net, shape, [96] * axes, home)
        for size in sizes:
            x = torch.randn(1, 8, *size)
            work = macs(net, x)
            times = {}
            all_peers = peers(net, x, home)
            for run in all_peers.values():
                run()
            own = []
            for _ in range(3):
                report = ours(home, size)
                own += report["seconds"]
                for name, run in all_peers.items():
                    for _ in range(max(1, repeats // 2)):
                        start = time.perf_counter()
                        run()
                        times.setdefault(name, []).append(time.perf_counter() - start)
            mine = statistics.median(own)
            share = 2 * work / mine / report["peak_flops"]
            print(f"{'x'.join(map(str, size))}: {work / 1e9:.1f} GMAC, Limner {report['isa']} {mine:.3f} s "
                  f"(best {min(own):.3f}), {share:.0%} of the machine's peak of {report['peak_flops'] / 1e9:.0f} GFLOP/s, "
                  f"work {report['working_bytes'] >> 20} MiB, weights {report['weight_bytes'] >> 20} MiB", flush=True)
            for name, each in times.items():
                theirs = statistics.median(each)
                print(f"    {name:<14} {theirs:.3f} s (best {min(each):.3f}): {theirs / mine:.2f} times ours", flush=True)
