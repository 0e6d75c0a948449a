#!/usr/bin/env python3
"""Ray Tune's and Optuna's own schedulers on the LCBench problems: the configurations that tune draws from the same seed,
in the same order, on the same four workers in virtual time. peers.py TUNE [--seeds 3] appends to peers.csv what it has not
got yet, in the form of results.csv. Needs `pip install numpy optuna 'ray[tune]'`."""

import argparse
import csv
import heapq
import os
import subprocess
import sys
import tempfile

import numpy as np

import report
from problems import HERE, PROBLEMS, ROOT
from quality import experiment, seeds_of

sys.path.insert(0, os.path.join(ROOT, "tests/schedulers/golden"))
from record import optuna_decides, ray_decides  # noqa: E402

ORDER = ("batch_size", "learning_rate", "momentum", "weight_decay", "num_layers", "max_units", "max_dropout")


def weights():
    with open(os.path.join(ROOT, "trainables/data/lcbench.weights"), "rb") as file:
        file.readline()
        shapes = []
        while line := file.readline().strip():
            name, rows, columns = line.decode().split()
            shapes.append((name, int(rows), int(columns)))
        return {name: np.frombuffer(file.read(4 * rows * columns), "<f4").reshape(rows, columns)
                for name, rows, columns in shapes}


W = weights()


def accuracies(task, config, first):
    """Of eight epochs from `first` on (trainables/builtin/lcbench_net.h)."""
    x = np.array([[epoch, *config] for epoch in range(first, first + 8)], np.float32)
    x[:, [0, 2, 4]] = np.log(x[:, [0, 2, 4]] + np.float32(1e-12))
    h = ((x - W["sub"]) / W["div"]) @ W["w_num"] + W["task_" + task]
    for i in range(3):
        g = h @ W[f"W{i}"] + W[f"B{i}"]
        half = g.shape[1] // 2
        h = h + (g[:, :half] * np.maximum(g[:, half:], 0)) @ W[f"V{i}"] + W[f"c{i}"]
    h = np.maximum(h * W["s_last"] + W["t_last"], 0)
    sigmoid = 1 / (1 + np.exp(-(h @ W["w_head"][1] + W["b_head"][0, 1])))
    return np.exp(sigmoid * W["mul"][0, 1] + W["add"][0, 1])


def configurations(tune, problem, seed, count):
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
        file.write(experiment(problem, "random").replace("{algorithm: random}", f"{{algorithm: random, seed: {seed}}}"))
        file.flush()
        table = subprocess.run([tune, "sample", file.name, "-n", str(count), "-f", "csv"], check=True, text=True,
                               stdout=subprocess.PIPE).stdout
    for row in csv.DictReader(table.splitlines()):
        yield [float(row[next(k for k in row if k.split("/")[-1] == name)]) for name in ORDER]


def regrets(problem, configs, decide):
    marks = [budget * problem.full_cost / problem.workers for budget in problem.budgets]
    reports, curves, started = [], [], problem.workers
    events = [(1, trial, 1) for trial in range(started)]  # what happens at one instant, in the order of trials
    while events and events[0][0] <= marks[-1]:
        at, trial, epoch = heapq.heappop(events)
        while len(curves) <= trial:
            curves.append((next(configs), []))
        config, curve = curves[trial]
        if len(curve) < epoch:
            curve.extend(accuracies(problem.name.removeprefix("lcbench-"), config, epoch))
        accuracy = float(curve[epoch - 1])
        reports.append((at, epoch, {"val_accuracy": accuracy}))
        if decide(trial, epoch, accuracy) or epoch == problem.max_t:
            heapq.heappush(events, (at + 1, started, 1))
            started += 1
        else:
            heapq.heappush(events, (at + 1, trial, epoch + 1))
    return problem.regrets(reports, marks)


def peers():
    from optuna.pruners import SuccessiveHalvingPruner
    from ray.tune.schedulers import AsyncHyperBandScheduler, MedianStoppingRule

    for grace in 1, 4:
        yield f"Ray ASHA {grace}", lambda: ray_decides(AsyncHyperBandScheduler(
            time_attr="training_iteration", max_t=52, grace_period=grace, reduction_factor=3))
    yield "Ray median", lambda: ray_decides(MedianStoppingRule(time_attr="training_iteration", grace_period=4))
    yield "Optuna halving 4", lambda: optuna_decides(SuccessiveHalvingPruner(min_resource=4, reduction_factor=3), 52)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tune")
    parser.add_argument("--seeds", type=seeds_of, default="3", help="how many, from 0, or which: 0,3,4")
    parser.add_argument("--method", default="", help="those whose name contains this")
    given = parser.parse_args()
    path = os.path.join(HERE, "peers.csv")
    done = {(row[0], row[1], int(row[2])) for row in report.read(path)}
    with open(path, "a", newline="") as out:
        for seed in given.seeds:
            for problem in (p for p in PROBLEMS if p.group == "lcbench"):
                for name, make in peers():
                    if (problem.name, name, seed) in done or given.method not in name:
                        continue
                    found = regrets(problem, configurations(given.tune, problem, seed, 4000), make())
                    csv.writer(out).writerows([problem.name, name, seed, budget, f"{regret:.6g}"]
                                              for budget, regret in zip(problem.budgets, found))
                    out.flush()
