"""What is tuned, and by what: problems, methods and how good a configuration really is."""

import json
import os

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(HERE)))
with open(os.path.join(HERE, "lcbench.json")) as file:
    LCBENCH = json.load(file)  # per task: best known accuracy, median of random configurations trained in full


class Problem:
    """One problem of quality_study (curves.h): `words` name it there."""

    def __init__(self, group, name, words, workers, max_t, budgets):
        self.group, self.name, self.words, self.workers, self.max_t = group, name, words, workers, max_t
        self.budgets = budgets  # in full evaluations


def lcbench(task):
    """Normalised regret of the best accuracy seen at any epoch: 0 is the best known, 1 the median of random
    configurations trained in full."""
    best, median = LCBENCH[task]
    weights = os.path.join(ROOT, "trainables", "data", "lcbench.weights")
    return Problem("lcbench", f"lcbench-{task}", ["lcbench", task, weights, str(best), str(median)], 4, 52,
                   (20, 50, 100, 200))


def mf_hartmann6(name, bias, noise):
    """True regret of the best configuration that was trained in full."""
    name = f"mf_hartmann6-{name}"
    return Problem(name, name, ["mf_hartmann6", str(bias), str(noise)], 8, 81, (16, 40, 80, 160, 320))


def family(name):
    """Regret, at its end, of the best configuration that was trained in full."""
    return Problem(name, name, [name], 4, 100, (20, 50, 100, 200))


PROBLEMS = [lcbench(task) for task in LCBENCH] + [
    mf_hartmann6("default", 0.5, 0.1), mf_hartmann6("moderate", 3.0, 3.0), mf_hartmann6("terrible", 4.0, 5.0),
    family("ordered"), family("crossing"), family("noisy")]


def asha(variant, grace):
    return lambda max_t: {"type": "asha", "max_t": max_t, "grace_period": grace, "reduction_factor": 3, "variant": variant}


def hyperband(grace):
    return lambda max_t: {"type": "hyperband", "max_t": max_t, "grace_period": grace, "reduction_factor": 3}


# name: the scheduler for a max_t, as in an experiment file
METHODS = {
    "random": lambda max_t: {"type": "fifo"},
    **{f"asha {variant} {grace}": asha(variant, grace)
       for variant in ("stop", "promote") for grace in (1, 2, 4, 8, "auto")},
    **{f"hyperband {grace}": hyperband(grace) for grace in (1, 4, "auto")},
    "median": lambda max_t: {"type": "median_stopping_rule", "time_attr": "training_iteration", "grace_period": 4},
}

# Only beside the other tools' own, on LCBench.
COUNTERPARTS = {"asha 4 brackets": lambda max_t: asha("stop", 1)(max_t) | {"brackets": 4}}
