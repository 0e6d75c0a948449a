#!/usr/bin/env python3
"""Measures schedulers against one another in virtual time, and writes docs/quality.md's tables and plots.

    quality.py run TUNE [--seeds 5] [--only TEXT] [--jobs 2]     runs what results.csv has not got yet
    quality.py report                                            tables and plots of results.csv, into docs/
    quality.py all TUNE                                          both

Each run is `tune simulate` of one problem by one method from one seed; all methods get the same configurations in the same
order. Needs nothing beyond Python's own library."""

import argparse
import concurrent.futures
import csv
import json
import os
import sqlite3
import subprocess
import tempfile

import report
from problems import HERE, METHODS, PROBLEMS

RESULTS = os.path.join(HERE, "results.csv")


def experiment(problem, method):
    scheduler = METHODS[method].replace("{R}", str(problem.max_t))
    seconds = problem.budgets[-1] * problem.full_cost / problem.workers
    return (f"version: 1\nname: q\ntrainable: {problem.trainable}\n"
            f"objective: {{metric: {problem.metric}, mode: {problem.mode}}}\nsearch_space:\n{problem.space}"
            f"search: {{algorithm: random}}\nscheduler: {scheduler}\nbudget: {{time: {seconds}s}}\n")


def regrets(tune, problem, method, seed):
    with tempfile.TemporaryDirectory(dir="/dev/shm" if os.path.isdir("/dev/shm") else None) as folder:
        file, db = os.path.join(folder, "q.yaml"), os.path.join(folder, "q.db")
        with open(file, "w") as out:
            out.write(experiment(problem, method))
        subprocess.run([tune, "simulate", file, "-w", str(problem.workers), "--step-cost", problem.step_cost, "--seed",
                        str(seed), "--db", db, "-n", "q", "--json"], check=True, stdout=subprocess.DEVNULL)
        with sqlite3.connect(db) as connection:
            reports = [(at, step, json.loads(payload)) for at, step, payload in connection.execute(
                "select at, step, payload from event where kind = 'reported' and replayed = 0 order by n")]
    marks = [budget * problem.full_cost / problem.workers for budget in problem.budgets]
    return problem.regrets(reports, marks)


def run(arguments):
    done = {(row[0], row[1], int(row[2])) for row in report.read(RESULTS)}
    todo = [(p, m, s) for s in arguments.seeds for p in PROBLEMS for m in METHODS
            if (p.name, m, s) not in done and arguments.only in p.name and arguments.method in m]
    with open(RESULTS, "a", newline="") as out, concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
        writer = csv.writer(out)
        jobs = {pool.submit(regrets, arguments.tune, *what): what for what in todo}
        for job in concurrent.futures.as_completed(jobs):
            problem, method, seed = jobs[job]
            for budget, regret in zip(problem.budgets, job.result()):
                writer.writerow([problem.name, method, seed, budget, f"{regret:.6g}"])
            out.flush()


def seeds_of(text):
    return [int(s) for s in text.split(",")] if "," in text else list(range(int(text)))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["run", "report", "all"])
    parser.add_argument("tune", nargs="?", default="tune")
    parser.add_argument("--seeds", type=seeds_of, default="5", help="how many, from 0, or which: 0,3,4")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--only", default="", help="problems whose name contains this")
    parser.add_argument("--method", default="", help="methods whose name contains this")
    given = parser.parse_args()
    if given.what != "report":
        run(given)
    if given.what != "run":
        report.write(RESULTS)
