"""What is tuned, and by what: problems, methods and how good a configuration really is."""

import json
import os

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(HERE)))
with open(os.path.join(HERE, "lcbench.json")) as file:
    LCBENCH = json.load(file)  # per task: best known accuracy, median of random configurations trained in full

LCBENCH_SPACE = f"""\
  weights: {ROOT}/trainables/data/lcbench.weights
  batch_size: {{logint: [16, 512]}}
  learning_rate: {{loguniform: [1e-4, 1e-1]}}
  momentum: {{uniform: [0.1, 0.99]}}
  weight_decay: {{uniform: [1e-5, 1e-1]}}
  num_layers: {{int: [1, 5]}}
  max_units: {{logint: [64, 1024]}}
  max_dropout: {{uniform: [0.0, 1.0]}}
"""
HARTMANN6_SPACE = "".join(f"  x{i}: {{uniform: [0.0, 1.0]}}\n" for i in range(1, 7))


class Lcbench:
    """Normalised regret of the best accuracy seen at any epoch: 0 is the best known, 1 the median of random
    configurations trained in full."""

    group, workers, max_t, budgets, step_cost = "lcbench", 4, 52, (20, 50, 100, 200), "1"
    full_cost = 52.0
    metric, mode, trainable = "val_accuracy", "max", "lcbench"

    def __init__(self, task):
        self.name = f"lcbench-{task}"
        self.best, self.median = LCBENCH[task]
        self.space = f"  task: '{task}'\n" + LCBENCH_SPACE

    def regrets(self, reports, marks):
        """`reports` of (virtual time, step, metrics) in their order; regret at each of the times `marks`."""
        return best_until(reports, marks, lambda step, m: (self.best - m["val_accuracy"]) / (self.best - self.median))


class MfHartmann6:
    """True regret of the best configuration that was trained in full."""

    group, workers, max_t, budgets, step_cost = "mf_hartmann6", 8, 81, (2, 5, 10, 20, 40), "metric:cost"
    full_cost = 1.0
    metric, mode, trainable = "loss", "min", "mf_hartmann6"

    def __init__(self, name, bias, noise):
        self.name = f"mf_hartmann6-{name}"
        self.space = HARTMANN6_SPACE + f"  bias: {bias}\n  noise: {noise}\n  epochs: {self.max_t}\n"

    def regrets(self, reports, marks):
        full = [r for r in reports if r[1] == self.max_t]
        minimum, nothing = -3.3223680114, 0.0  # the function is below 0 everywhere
        return best_until(full, marks, lambda step, m: m["true_loss"] - minimum, nothing - minimum)


def best_until(reports, marks, regret, nothing=float("nan")):
    """The least regret by each of the times `marks`; `nothing` before the first."""
    best, found, marks = nothing, [], list(marks)
    for at, step, metrics in reports:
        while marks and at > marks[0] + 1e-9:
            found.append(best)
            marks.pop(0)
        value = regret(step, metrics)
        best = value if best != best else min(best, value)
    return found + [best] * len(marks)


PROBLEMS = [Lcbench(task) for task in LCBENCH] + [
    MfHartmann6("default", 0.5, 0.1), MfHartmann6("moderate", 3.0, 3.0), MfHartmann6("terrible", 4.0, 5.0)]

ASHA = "{{type: asha, max_t: {{R}}, grace_period: {0}, reduction_factor: 3, variant: {1}}}"
HYPERBAND = "{{type: hyperband, max_t: {{R}}, grace_period: {0}, reduction_factor: 3}}"
GRACES = (1, 2, 3, 4, "auto")

# name: scheduler, {R} being max_t
METHODS = {
    "random": "{type: asha, max_t: {R}, grace_period: {R}}",  # stops nobody before max_t
    **{f"asha {variant} {grace}": ASHA.format(grace, variant) for variant in ("stop", "promote") for grace in GRACES},
    **{f"hyperband {grace}": HYPERBAND.format(grace) for grace in (1, 4, "auto")},
    "median": "{type: median_stopping_rule, time_attr: training_iteration, grace_period: 4}",
}
