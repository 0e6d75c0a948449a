"""Fits a polynomial to a noisy sine by gradient descent. Standard library only.

Knows nothing of tune but three things: each epoch prints one JSON line, the directory in TUNE_CHECKPOINT_DIR holds the
state to continue from, and SIGTERM means: save it and leave.
"""

import argparse
import json
import math
import os
import random
import signal
import sys

arguments = argparse.ArgumentParser()
arguments.add_argument("--lr", type=float, required=True)
arguments.add_argument("--momentum", type=float, default=0.0)
arguments.add_argument("--degree", type=int, default=3)
arguments.add_argument("--epochs", type=int, default=40)
args = arguments.parse_args()

noise = random.Random(1)
points = [(x / 50 - 1, math.sin(3 * (x / 50 - 1)) + noise.gauss(0, 0.1)) for x in range(101)]
train, held_out = points[::2], points[1::2]

state = {"epoch": 0, "weights": [0.0] * (args.degree + 1), "velocity": [0.0] * (args.degree + 1)}
folder = os.environ.get("TUNE_CHECKPOINT_DIR")


def checkpoint(epoch):
    return f"epoch-{epoch:04}.json"


def save():
    """One file an epoch, never changed again, so that tune finds the one that a report names. The last few are kept."""
    if folder is None:
        return
    with open(os.path.join(folder, "new"), "w") as file:
        json.dump(state, file)
    os.replace(os.path.join(folder, "new"), os.path.join(folder, checkpoint(state["epoch"])))
    if os.path.exists(old := os.path.join(folder, checkpoint(state["epoch"] - 5))):
        os.remove(old)


if folder is not None and (saved := sorted(f for f in os.listdir(folder) if f.startswith("epoch-"))):
    with open(os.path.join(folder, saved[-1])) as file:
        state = json.load(file)


def value(x):
    return sum(w * x**i for i, w in enumerate(state["weights"]))


def loss(points):
    return sum((value(x) - y) ** 2 for x, y in points) / len(points)


told_to_leave = False


def leave(signum, frame):
    global told_to_leave
    told_to_leave = True


signal.signal(signal.SIGTERM, leave)

while state["epoch"] < args.epochs and not told_to_leave:
    for _ in range(20):
        gradient = [0.0] * len(state["weights"])
        for x, y in train:
            error = 2 * (value(x) - y) / len(train)
            for i in range(len(gradient)):
                gradient[i] += error * x**i
        state["velocity"] = [args.momentum * v - args.lr * g for v, g in zip(state["velocity"], gradient)]
        state["weights"] = [w + v for w, v in zip(state["weights"], state["velocity"])]
    state["epoch"] += 1
    save()
    report = {
        "training_iteration": state["epoch"],
        "loss": loss(held_out),
        "train_loss": loss(train),
        "checkpoint": checkpoint(state["epoch"]),
    }
    print(json.dumps(report), flush=True)

sys.exit(0)
