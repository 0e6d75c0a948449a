#!/usr/bin/env python3
"""Records what the schedulers of other tools decide on made-up scores, for golden_test.cc: record.py FOLDER.

Needs `pip install optuna 'ray[tune]'` (recorded with Optuna 5.0.0 and Ray 2.60.0). Trials take turns in an order drawn
from a seed, four at a time; who is stopped makes room for a new one. All scores are distinct, so that no rule about
ties is asked. A line is `trial t score decision`; the first line says whose they are and with what options."""

import os
import random
import sys

ETA, MAX_T, TRIALS, SLOTS = 3, 27, 60, 4


def play(name, options, decide, max_t=MAX_T):
    """`decide(trial, t, score)`: True stops it. Scores are to be maximised."""
    draw, lines, running, started = random.Random(7), [], {}, 0
    while running or started < TRIALS:
        while len(running) < SLOTS and started < TRIALS:
            running[started] = [0, draw.random()]  # t, and how good it is
            started += 1
        trial = draw.choice(sorted(running))
        state = running[trial]
        state[0] += 1
        score = round(state[1] * 100 + draw.gauss(0, 30) / state[0] + state[0] ** 0.5, 6)
        last = state[0] >= max_t
        stops = decide(trial, state[0], score)
        lines.append(f"{trial} {state[0]} {score} {'stop' if stops else 'continue'}")
        if stops or last:
            del running[trial]
    assert len({line.split()[2] for line in lines}) == len(lines), "two scores are equal"
    with open(os.path.join(sys.argv[1], name + ".txt"), "w") as out:
        out.write(options + "\n" + "\n".join(lines) + "\n")


class StandIn:
    """What Ray's schedulers ask of a trial and of the controller."""

    def __init__(self, number):
        self.trial_id, self.status = str(number), "RUNNING"

    def __getattr__(self, _):
        return lambda *a, **k: []


def ray_decides(scheduler):
    scheduler.set_search_properties("score", "max")
    trials, controller = {}, StandIn(-1)

    def decide(number, t, score):
        if number not in trials:
            trials[number] = StandIn(number)
            scheduler.on_trial_add(controller, trials[number])
        return scheduler.on_trial_result(controller, trials[number], {"training_iteration": t, "score": score}) == "STOP"

    return decide


def optuna_decides(pruner, max_t=MAX_T):
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study(direction="maximize", pruner=pruner)
    trials = {}

    def decide(number, t, score):
        if number not in trials:
            trials[number] = study.ask()
        trial = trials[number]
        trial.report(score, t)
        stops = trial.should_prune()
        if stops:
            study.tell(trial, state=optuna.trial.TrialState.PRUNED)
        elif t >= max_t:
            study.tell(trial, score)
        return stops

    return decide


if __name__ == "__main__":
    from optuna.pruners import SuccessiveHalvingPruner
    from ray.tune.schedulers import AsyncHyperBandScheduler, MedianStoppingRule

    play("ray_asha", f"Ray AsyncHyperBandScheduler max_t={MAX_T} grace_period=1 reduction_factor={ETA}",
         ray_decides(AsyncHyperBandScheduler(time_attr="training_iteration", max_t=MAX_T, grace_period=1,
                                             reduction_factor=ETA)))
    play("ray_median", "Ray MedianStoppingRule grace_period=3 min_samples_required=3",
         ray_decides(MedianStoppingRule(time_attr="training_iteration", grace_period=3, min_samples_required=3)))
    play("optuna_halving", f"Optuna SuccessiveHalvingPruner min_resource=1 reduction_factor={ETA}",
         optuna_decides(SuccessiveHalvingPruner(min_resource=1, reduction_factor=ETA)))
