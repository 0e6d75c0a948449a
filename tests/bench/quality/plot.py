"""Lines with bands as an SVG file, without a library."""

import math
from xml.sax.saxutils import escape

COLOURS = ["#888888", "#deebf7", "#c6dbef", "#9ecae1", "#6baed6", "#08306b", "#fee6ce", "#fdd0a2", "#fdae6b", "#fd8d3c",
           "#7f2704", "#c7e9c0", "#74c476", "#00441b", "#6a51a3"]
WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 760, 420, 60, 170, 36, 48


def plot(path, title, x_label, y_label, curves):
    """`curves`: name -> [(x, y, low, high)], x and y above 0; both axes are logarithmic."""
    points = [p for curve in curves.values() for p in curve]
    xs = sorted({p[0] for p in points})
    low, high = min(p[1] for p in points) / 1.15, max(p[1] for p in points) * 1.15

    def x_of(x):
        return LEFT + (WIDTH - LEFT - RIGHT) * (math.log(x / xs[0]) / math.log(xs[-1] / xs[0]))

    def y_of(y):
        return TOP + (HEIGHT - TOP - BOTTOM) * (1 - math.log(min(max(y, low), high) / low) / math.log(high / low))

    out = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" font-family="sans-serif" '
           f'font-size="12"><rect width="100%" height="100%" fill="white"/>',
           f'<text x="{LEFT}" y="20" font-size="14">{escape(title)}</text>',
           f'<text x="{(LEFT + WIDTH - RIGHT) / 2}" y="{HEIGHT - 10}" text-anchor="middle">{escape(x_label)}</text>',
           f'<text transform="translate(14 {(TOP + HEIGHT - BOTTOM) / 2}) rotate(-90)" text-anchor="middle">'
           f'{escape(y_label)}</text>']
    for x in xs:
        out.append(f'<text x="{x_of(x):.1f}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">{x:g}</text>')
    for i in range(6):
        y = low * (high / low) ** (i / 5)
        out.append(f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y_of(y):.1f}" y2="{y_of(y):.1f}" stroke="#eeeeee"/>'
                   f'<text x="{LEFT - 6}" y="{y_of(y) + 4:.1f}" text-anchor="end">{y:.3g}</text>')
    for i, (name, curve) in enumerate(curves.items()):
        colour = COLOURS[i % len(COLOURS)]
        edge = [(p[0], p[3]) for p in curve] + [(p[0], p[2]) for p in reversed(curve)]
        band = " ".join(f"{x_of(x):.1f},{y_of(y):.1f}" for x, y in edge)
        line = " ".join(f"{x_of(p[0]):.1f},{y_of(p[1]):.1f}" for p in curve)
        y = TOP + 10 + 18 * i
        out.append(f'<polygon points="{band}" fill="{colour}" fill-opacity="0.10"/>'
                   f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"/>'
                   f'<line x1="{WIDTH - RIGHT + 14}" x2="{WIDTH - RIGHT + 38}" y1="{y}" y2="{y}" stroke="{colour}" '
                   f'stroke-width="2"/><text x="{WIDTH - RIGHT + 44}" y="{y + 4}">{escape(name)}</text>')
    with open(path, "w") as file:
        file.write("\n".join(out) + "\n</svg>\n")
