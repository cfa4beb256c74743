"""From starting a program to the first picture on the screen, Limner and napari in one run, each several times on a
screen of its own (Xvfb, software drawing); then the processor time of a window in which nothing moves.

    tests/bench/start_beside_napari.py LIMNER NAPARI_PYTHON [rounds]
"""

import hashlib
import os
import statistics
import subprocess
import sys
import tempfile
import time

PATIENCE_S = 120
IDLE_S = 10


class Screen:
    """A screen of its own that can be looked at."""

    def __enter__(self):
        self.server = subprocess.Popen(
            ["Xvfb", "-displayfd", "1", "-nolisten", "tcp", "-screen", "0", "1280x800x24"],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self.display = ":" + self.server.stdout.readline().strip()
        return self

    def __exit__(self, *_):
        self.server.kill()
        self.server.wait()

    def look(self):
        shot = subprocess.run(
            ["import", "-silent", "-window", "root", "-depth", "8", "-resize", "64x40!", "rgb:-"],
            env={**os.environ, "DISPLAY": self.display},
            capture_output=True,
            check=True,
        )
        return hashlib.sha256(shot.stdout).hexdigest()


def environment(screen, home):
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("XDG_", "WAYLAND", "DBUS"))}
    return {
        **kept,
        "DISPLAY": screen.display,
        "HOME": home,
        "XDG_CONFIG_HOME": home + "/config",
        "XDG_DATA_HOME": home + "/data",
        "QT_QPA_PLATFORM": "xcb",
    }


def first_picture_s(screen, command, home):
    """How long until the screen is no longer empty, and the running program."""
    empty = screen.look()
    begun = time.perf_counter()
    program = subprocess.Popen(
        command, env=environment(screen, home), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=home
    )
    while screen.look() == empty:
        if time.perf_counter() - begun > PATIENCE_S or program.poll() is not None:
            raise SystemExit(f"no picture from {command[0]} (it ended with {program.poll()})")
    return time.perf_counter() - begun, program


def processor_s(pid):
    fields = open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main():
    limner, python = sys.argv[1:3]
    rounds = int(sys.argv[3]) if len(sys.argv) > 3 else 5
    commands = {
        "Limner": [limner],
        "napari": [python, "-c", "import napari; napari.Viewer(); napari.run()"],
    }
    times = {name: [] for name in commands}
    idle = {}
    for n in range(rounds):
        for name, command in commands.items():
            with Screen() as screen, tempfile.TemporaryDirectory() as home:
                seconds, program = first_picture_s(screen, command, home)
                times[name].append(seconds)
                if n == rounds - 1:
                    # What a program does after its first picture is over by now.
                    time.sleep(8)
                    before = processor_s(program.pid)
                    time.sleep(IDLE_S)
                    idle[name] = (processor_s(program.pid) - before) / IDLE_S
                program.kill()
                program.wait()
    print(f"{'':10}{'first, s':>10}{'median, s':>11}{'idle processor':>16}")
    for name, all_s in times.items():
        print(f"{name:10}{all_s[0]:10.2f}{statistics.median(all_s):11.2f}{idle[name]:15.1%}")
    ratio = statistics.median(times["napari"]) / statistics.median(times["Limner"])
    print(f"Limner is there {ratio:.1f} times as soon")


main()
