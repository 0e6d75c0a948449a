#!/usr/bin/env python3
"""The tables and plots of docs/scaling.md from one command:

    scaling.py STUDY DOCS [--seeds N] [--repeats N]

STUDY is the built virtual_study, DOCS the folder of scaling.md, whose tables of workers and of stragglers are replaced,
and where scaling-workers.svg and scaling-stragglers.svg are drawn. Both studies run side by side; they take no clock."""

import argparse
import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "quality"))
from plot import plot  # noqa: E402


def rows_of(table):
    """Cells of a Markdown table, without its head."""
    return [[cell.strip() for cell in line.strip("|\n ").split("|")] for line in table.splitlines()[2:]]


def quartiles(cell):
    """`1.50 [1.20, 1.80]` as numbers; None where one of them is none."""
    found = re.fullmatch(r"(\S+) \[(\S+), (\S+)\]", cell)
    numbers = [None if text == "-" else float(text) for text in found.groups()]
    return None if None in numbers else numbers


def replaced(page, table):
    """The page with `table` in place of the one with the same head."""
    head = table.splitlines()[0].split("|")[1].strip()
    pattern = re.compile(r"^\| " + re.escape(head) + r" \|.*\n(?:\|.*\n)+", re.MULTILINE)
    if not pattern.search(page):
        sys.exit(f"scaling.md has no table that begins with '{head}'")
    return pattern.sub(lambda _: table.rstrip("\n") + "\n", page, count=1)


def draw_workers(table, path):
    names = [cell.strip() for cell in table.splitlines()[0].strip("| ").split("|")][1:]
    curves = {name: [] for name in names}
    for workers, *cells in rows_of(table):
        for name, cell in zip(names, cells):
            if found := quartiles(cell):
                curves[name].append((float(workers), *found))
    plot(path, "Time until a regret of 0.6 (median, quartiles)", "workers", "full evaluations",
         {name: points for name, points in curves.items() if points})


def draw_stragglers(table, path):
    curves = {}
    for sigma, p, *cells in rows_of(table):
        if p not in ("0", "0.001"):
            continue  # hardly anything comes through: no median
        for name, cell in zip(("synchronous", "ASHA stop", "ASHA promote"), cells):
            if found := quartiles(cell):
                curves.setdefault(f"{name}, p = {p}", []).append((float(sigma), *found))
    plot(path, "The first configuration trained to R (median, quartiles)", "sigma", "units of time", curves)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("study")
    parser.add_argument("docs")
    parser.add_argument("--seeds", default="20")
    parser.add_argument("--repeats", default="25")
    given = parser.parse_args()
    runs = [subprocess.Popen([given.study, name, count], stdout=subprocess.PIPE, text=True)
            for name, count in (("scaling", given.seeds), ("stragglers", given.repeats))]
    tables = [run.communicate()[0] for run in runs]
    if any(run.returncode for run in runs):
        sys.exit("the study failed")
    page = os.path.join(given.docs, "scaling.md")
    with open(page) as file:
        text = file.read()
    for table in tables:
        text = replaced(text, table)
    text = re.sub(r"virtual_study scaling \d+|virtual_study stragglers \d+",
                  lambda m: m[0].rsplit(" ", 1)[0] + " " + (given.seeds if "scaling" in m[0] else given.repeats), text)
    with open(page, "w") as file:
        file.write(text)
    draw_workers(tables[0], os.path.join(given.docs, "scaling-workers.svg"))
    draw_stragglers(tables[1], os.path.join(given.docs, "scaling-stragglers.svg"))


main()
