#!/usr/bin/env python3
"""Measures schedulers against one another in virtual time, and writes docs/quality.md's tables and plots.

    quality.py run [STUDY] [--seeds 20] [--only TEXT] [--jobs 2]    runs what results.csv has not got yet
    quality.py report                                               tables and plots of results.csv, into docs/
    quality.py all [STUDY]                                          both
    quality.py check [STUDY] [--seeds 1] [--only TEXT]              exit code 1 unless results.csv says what STUDY says today

STUDY is the program quality_study, of preset bench: the real brain in virtual time, all methods with the same
configurations in the same order. Needs nothing beyond Python's own library."""

import argparse
import concurrent.futures
import csv
import json
import os
import subprocess
import sys

import report
from problems import COUNTERPARTS, HERE, METHODS, PROBLEMS, ROOT

RESULTS = os.path.join(HERE, "results.csv")
STUDY = os.path.join(ROOT, "build", "bench", "bin", "quality_study")


def regrets(study, problem, methods, seed):
    """Rows of results.csv."""
    schedulers = {name: (METHODS | COUNTERPARTS)[name](problem.max_t) for name in methods}
    lines = subprocess.run([study, "run", str(seed), *problem.words], input=json.dumps(schedulers), text=True, check=True,
                           stdout=subprocess.PIPE).stdout.splitlines()
    return [[problem.name, method, seed, budget, regret] for _, method, budget, regret in
            (line.split(",") for line in lines)]


def run(arguments):
    done = {(row[0], row[1], int(row[2])) for row in report.read(RESULTS)}
    methods = {"lcbench": METHODS | COUNTERPARTS}
    todo = [(p, [m for m in methods.get(p.group, METHODS) if arguments.method in m and (p.name, m, s) not in done], s)
            for s in arguments.seeds for p in PROBLEMS if arguments.only in p.name]
    with open(RESULTS, "a", newline="") as out, concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
        jobs = [pool.submit(regrets, arguments.study, *what) for what in todo if what[1]]
        for job in concurrent.futures.as_completed(jobs):
            csv.writer(out, lineterminator="\n").writerows(job.result())
            out.flush()


def check(arguments):
    """How many figures differ: a decision that changes, changes what the documentation says of its scheduler."""
    known = {tuple(row[:4]): float(row[4]) for row in csv.reader(open(RESULTS, newline=""))}
    compared = differing = 0
    for problem in (p for p in PROBLEMS if arguments.only in p.name):
        for seed in arguments.seeds:
            for row in regrets(arguments.study, problem, [m for m in METHODS if arguments.method in m], seed):
                name, value = tuple(map(str, row[:4])), float(row[4])
                compared += 1
                if known.get(name) != value:
                    differing += 1
                    print(*name, f"results.csv: {known.get(name)}, now: {value}")
    print(f"{compared} figures compared, {differing} differ")
    return 0 if compared and not differing else 1


def seeds_of(text):
    return [int(s) for s in text.split(",")] if "," in text else list(range(int(text)))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["run", "report", "all", "check"])
    parser.add_argument("study", nargs="?", default=STUDY)
    parser.add_argument("--seeds", type=seeds_of, default="20", help="how many, from 0, or which: 0,3,4")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--only", default="", help="problems whose name contains this")
    parser.add_argument("--method", default="", help="methods whose name contains this")
    given = parser.parse_args()
    if given.what == "check":
        sys.exit(check(given))
    if given.what != "report":
        run(given)
    if given.what != "run":
        report.write(RESULTS)
