#!/usr/bin/env python3
"""Reads what decisions_bench --benchmark_out=FILE --benchmark_out_format=json wrote: prints the table of
docs/performance.md and draws docs/decisions.svg (mean processor time of an event, over the number of trials)."""

import json
import math
import sys

GOAL = {"asha_stop": 20, "asha_promote": 20, "asha_brackets": 20}
COLORS = ["#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#000000", "#999999", "#8c6d31"]
WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 640, 360, 56, 150, 20, 44


def read(path):
    rows = {}
    for row in json.load(open(path))["benchmarks"]:
        name, size = row["name"].split("/")[:2]
        rows.setdefault(name, {})[int(size)] = row
    return rows


def table(rows):
    print("| scheduler | 1,000 trials | 10,000 | 100,000 | goal |\n|---|---|---|---|---|")
    for name, sizes in rows.items():
        if name == "pb2":
            continue
        cells = " | ".join(f"{sizes[n]['real_time']:.1f} µs" for n in (1000, 10_000, 100_000))
        print(f"| {name.replace('_', ', ', 1)} | {cells} | {GOAL.get(name, 100)} µs |")
    pb2 = next(iter(rows["pb2"].values()))
    print(f"| pb2, population of 100: beside its fits | {pb2['real_time']:.1f} µs | | | 100 µs |")
    print(f"| an event with exploits: its fit to 200 rows, and the searches in it | {pb2['fit_us'] / 1000:.1f} ms | | | 20 ms |")


def draw(rows, path):
    series = {name: sorted((n, row["real_time"]) for n, row in sizes.items()) for name, sizes in rows.items()
              if len(sizes) > 1}
    top = max(y for points in series.values() for _, y in points) * 1.1

    def x(n):
        return LEFT + (math.log10(n) - 3) / 2 * (WIDTH - LEFT - RIGHT)

    def y(us):
        return TOP + (1 - us / top) * (HEIGHT - TOP - BOTTOM)

    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" '
           'font-size="12">', f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>']
    for us in range(0, int(top) + 1, 2):
        out.append(f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y(us):.1f}" y2="{y(us):.1f}" stroke="#ddd"/>'
                   f'<text x="{LEFT - 8}" y="{y(us) + 4:.1f}" text-anchor="end">{us}</text>')
    for n in (1000, 10_000, 100_000):
        out.append(f'<text x="{x(n):.1f}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">{n:,}</text>')
    out.append(f'<text x="{(LEFT + WIDTH - RIGHT) / 2}" y="{HEIGHT - 8}" text-anchor="middle">trials</text>'
               f'<text x="14" y="{HEIGHT / 2}" text-anchor="middle" transform="rotate(-90 14 {HEIGHT / 2})">'
               'µs an event</text>')
    for i, (name, points) in enumerate(series.items()):
        color, dash = COLORS[i % len(COLORS)], ["", "6 3", "2 2"][i % 3]
        line = " ".join(f"{x(n):.1f},{y(us):.1f}" for n, us in points)
        legend = TOP + 10 + 18 * i
        out.append(f'<polyline points="{line}" fill="none" stroke="{color}" stroke-width="2" stroke-dasharray="{dash}"/>'
                   f'<line x1="{WIDTH - RIGHT + 12}" x2="{WIDTH - RIGHT + 36}" y1="{legend}" y2="{legend}" '
                   f'stroke="{color}" stroke-width="2" stroke-dasharray="{dash}"/>'
                   f'<text x="{WIDTH - RIGHT + 42}" y="{legend + 4}">{name}</text>')
    open(path, "w").write("\n".join(out) + "\n</svg>\n")


def main():
    rows = read(sys.argv[1])
    table(rows)
    if len(sys.argv) > 2:
        draw(rows, sys.argv[2])


main()
