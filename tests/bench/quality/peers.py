#!/usr/bin/env python3
"""Ray Tune's and Optuna's own schedulers on the LCBench problems: the configurations and curves that tune has from the same
seed, in the same order, on the same four workers in virtual time, and the same budgets. peers.py [STUDY] [--seeds 3] appends
to peers.csv what it has not got yet, in the form of results.csv. STUDY: as for quality.py. Needs `pip install optuna
'ray[tune]'`."""

import argparse
import csv
import heapq
import os
import subprocess
import sys

import report
from problems import HERE, LCBENCH, PROBLEMS, ROOT
from quality import STUDY, seeds_of

sys.path.insert(0, os.path.join(ROOT, "tests/schedulers/golden"))
from record import StandIn, optuna_decides, ray_decides  # noqa: E402


class Curves:
    """What each trial of a seed reports, asked for once."""

    def __init__(self, study, problem, seed):
        self.process = subprocess.Popen([study, "curves", str(seed), *problem.words], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)
        self.known = {}

    def at(self, trial, epoch):
        curve = self.known.setdefault(trial, [])
        while len(curve) < epoch:
            self.process.stdin.write(f"{trial} {len(curve) + 1}\n")
            self.process.stdin.flush()
            curve.extend(map(float, self.process.stdout.readline().split()))
        return curve[epoch - 1]

    def close(self):
        self.process.stdin.close()
        self.process.wait()


class Stopping:
    """Trials that are stopped or go on, as `decide(trial, epoch, value)` says."""

    def __init__(self, decide):
        self.decide, self.started = decide, 0

    def next(self):
        self.started += 1
        return self.started - 1

    def leaves(self, trial, epoch, value):
        return self.decide(trial, epoch, value)


class RayPausing:
    """A scheduler of Ray that pauses trials: it chooses who takes a free worker, and a new trial comes where it has none."""

    def __init__(self, scheduler):
        scheduler.set_search_properties("score", "max")
        self.scheduler, self.trials, self.controller = scheduler, [], StandIn(-1)
        self.controller.stop_trial = self.stop

    def stop(self, trial):
        if trial.status == "PAUSED":
            self.scheduler.on_trial_remove(self.controller, trial)
        trial.status = "TERMINATED"

    def next(self):
        chosen = self.scheduler.choose_trial_to_run(self.controller)
        if chosen is None:
            chosen = StandIn(len(self.trials))
            chosen.status, chosen.is_saving = "PENDING", False
            self.trials.append(chosen)
            self.scheduler.on_trial_add(self.controller, chosen)
        chosen.status = "RUNNING"
        return int(chosen.trial_id)

    def leaves(self, trial, epoch, value):
        trial = self.trials[trial]
        told = self.scheduler.on_trial_result(self.controller, trial, {"training_iteration": epoch, "score": value})
        if told != "CONTINUE":
            trial.status = "PAUSED" if told == "PAUSE" else "TERMINATED"
        return told != "CONTINUE"


def regrets(problem, curves, rules):
    marks = [budget * problem.max_t / problem.workers for budget in problem.budgets]
    best_known, median = LCBENCH[problem.name.removeprefix("lcbench-")]
    reached, found, best = {}, [], 0
    events = [(1, rules.next()) for _ in range(problem.workers)]  # what happens at one instant, in the order of trials
    heapq.heapify(events)
    while len(found) < len(marks):
        at, trial = heapq.heappop(events)
        while len(found) < len(marks) and at > marks[len(found)]:
            found.append((best_known - best) / (best_known - median))
        epoch = reached[trial] = reached.get(trial, 0) + 1
        value = curves.at(trial, epoch)
        best = max(best, value)
        heapq.heappush(events, (at + 1, rules.next() if rules.leaves(trial, epoch, value) or epoch == problem.max_t else trial))
    return found


def peers():
    from optuna.pruners import HyperbandPruner, MedianPruner, SuccessiveHalvingPruner
    from ray.tune.schedulers import AsyncHyperBandScheduler, HyperBandScheduler, MedianStoppingRule

    steps = "training_iteration"
    for grace in 1, 2, 4:
        yield f"Ray ASHA {grace}", lambda: Stopping(ray_decides(AsyncHyperBandScheduler(
            time_attr=steps, max_t=52, grace_period=grace, reduction_factor=3)))
    yield "Ray HyperBand", lambda: RayPausing(HyperBandScheduler(time_attr=steps, max_t=52, reduction_factor=3))
    yield "Ray median 4", lambda: Stopping(ray_decides(MedianStoppingRule(time_attr=steps, grace_period=4)))
    for grace in 1, 2, 4:
        yield f"Optuna halving {grace}", lambda: Stopping(optuna_decides(
            SuccessiveHalvingPruner(min_resource=grace, reduction_factor=3), 52))
    yield "Optuna Hyperband 1", lambda: Stopping(optuna_decides(
        HyperbandPruner(min_resource=1, max_resource=52, reduction_factor=3), 52))
    yield "Optuna median 4", lambda: Stopping(optuna_decides(MedianPruner(n_warmup_steps=4), 52))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("study", nargs="?", default=STUDY)
    parser.add_argument("--seeds", type=seeds_of, default="3", help="how many, from 0, or which: 0,3,4")
    parser.add_argument("--method", default="", help="those whose name contains this")
    given = parser.parse_args()
    path = os.path.join(HERE, "peers.csv")
    done = {(row[0], row[1], int(row[2])) for row in report.read(path)}
    with open(path, "a", newline="") as out:
        for seed in given.seeds:
            for problem in (p for p in PROBLEMS if p.group == "lcbench"):
                curves = Curves(given.study, problem, seed)
                for name, make in peers():
                    if (problem.name, name, seed) in done or given.method not in name:
                        continue
                    csv.writer(out, lineterminator="\n").writerows([problem.name, name, seed, budget, f"{regret:.6g}"] for budget, regret in
                                              zip(problem.budgets, regrets(problem, curves, make())))
                    out.flush()
                curves.close()
