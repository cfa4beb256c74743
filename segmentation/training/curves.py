"""Draws loss and Dice of a training run: `python curves.py FOLDER/curve.jsonl FOLDER/curve.svg`. Nothing but Python is needed."""

import json
import pathlib
import sys

WIDTH, HEIGHT, LEFT, TOP = 640, 260, 46, 26
#: Rows of the curve that one point of the line is the mean of.
TOGETHER = 8
SERIES = [("loss", "#c2571a"), ("dice", "#1f6fb2")]


def smoothed(rows, name):
    parts = [rows[n : n + TOGETHER] for n in range(0, len(rows) - TOGETHER + 1, TOGETHER)]
    return [(part[-1]["step"], sum(row[name] for row in part) / len(part)) for part in parts]


def drawn(rows):
    last = rows[-1]["step"]
    across, down = WIDTH - LEFT - 14, HEIGHT - TOP - 34
    x = lambda step: LEFT + across * step / last
    y = lambda value: TOP + down * (1 - min(max(value, 0), 1.2) / 1.2)
    lines = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" font-family="sans-serif" font-size="12">']
    lines.append(f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>')
    for tick in (0, 0.2, 0.4, 0.6, 0.8, 1.0, 1.2):
        lines.append(f'<path d="M{LEFT} {y(tick):.1f}H{LEFT + across}" stroke="#dddddd"/>')
        lines.append(f'<text x="{LEFT - 8}" y="{y(tick) + 4:.1f}" text-anchor="end" fill="#444444">{tick:.1f}</text>')
    for step in range(0, last + 1, 1000):
        lines.append(f'<text x="{x(step):.1f}" y="{HEIGHT - 16}" text-anchor="middle" fill="#444444">{step}</text>')
    lines.append(f'<text x="{LEFT + across}" y="{HEIGHT - 3}" text-anchor="end" fill="#444444">steps</text>')
    for n, (name, colour) in enumerate(SERIES):
        points = " ".join(f"{x(step):.1f},{y(value):.1f}" for step, value in smoothed(rows, name))
        lines.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="1.6"/>')
        lines.append(f'<text x="{LEFT + 70 * n}" y="16" fill="{colour}">{name.capitalize()}</text>')
    return "\n".join([*lines, "</svg>", ""])


def main():
    source, target = map(pathlib.Path, sys.argv[1:3])
    rows = [json.loads(line) for line in source.read_text().splitlines()]
    target.write_text(drawn(rows))


if __name__ == "__main__":
    main()
