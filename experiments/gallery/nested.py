"""Reads a nested configuration from $TUNE_PARAMS_FILE and reports a made-up learning curve that depends on all of it."""

import json
import math
import os

with open(os.environ["TUNE_PARAMS_FILE"]) as file:
    config = json.load(file)

model, optimizer = config["model"], config["optimizer"]
assert model["neck"] * 2 == model["hidden"]
assert ("sgd" in optimizer) == (optimizer["name"] == "sgd")

size = math.log2(model["hidden"] * model["layers"])
floor = 0.02 * (size - 6.5) ** 2 + 0.1 * (model["dropout"] - 0.2) ** 2
best_lr = 1e-3
if optimizer["name"] == "sgd":
    best_lr = 3e-2 * (1.01 - optimizer["sgd"]["momentum"])
    floor -= 0.005 if optimizer["sgd"]["nesterov"] else 0
speed = math.exp(-0.5 * math.log10(optimizer["lr"] / best_lr) ** 2)

for epoch in range(1, 28):
    print(json.dumps({"val_loss": floor + 2 * math.exp(-speed * epoch / 5), "epoch": epoch}), flush=True)
