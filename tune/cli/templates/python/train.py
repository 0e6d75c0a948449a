"""Fits a curve to noisy points by gradient descent. Replace the model, keep the frame."""

import json
import math
import os
import random

import tune_report

# CHANGE: the parameters of search_space, with values for a run by hand (python3 train.py).
p = tune_report.params(lr=0.1, momentum=0.9, degree=3, epochs=27)
folder = tune_report.checkpoint_dir()
path = os.path.join(folder, "state.json")

# CHANGE: the data.
noise = random.Random(1)
points = [(x / 50 - 1, math.sin(3 * (x / 50 - 1)) + noise.gauss(0, 0.1)) for x in range(101)]
train, held_out = points[::2], points[1::2]

# CHANGE: the state of the training: everything that the next epoch depends on.
state = {"epoch": 0, "weights": [0.0] * (p["degree"] + 1), "velocity": [0.0] * (p["degree"] + 1)}
if os.path.exists(path):
    with open(path) as file:
        state = json.load(file)


def value(x):
    return sum(w * x**i for i, w in enumerate(state["weights"]))


def loss(points):
    return sum((value(x) - y) ** 2 for x, y in points) / len(points)


def train_epoch():  # CHANGE: one epoch of your training
    for _ in range(20):
        gradient = [0.0] * len(state["weights"])
        for x, y in train:
            error = 2 * (value(x) - y) / len(train)
            for i in range(len(gradient)):
                gradient[i] += error * x**i
        state["velocity"] = [p["momentum"] * v - p["lr"] * g for v, g in zip(state["velocity"], gradient)]
        state["weights"] = [w + v for w, v in zip(state["weights"], state["velocity"])]
    state["epoch"] += 1


while state["epoch"] < p["epochs"] and not tune_report.should_stop():
    train_epoch()
    with open(path, "w") as file:  # CHANGE: how the state is saved
        json.dump(state, file)
    # CHANGE: the metrics; the objective of experiment.yaml must be among them.
    tune_report.report(step=state["epoch"], checkpoint=True, loss=loss(held_out), train_loss=loss(train))
