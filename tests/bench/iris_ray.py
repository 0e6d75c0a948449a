"""The gallery's iris-asha.yaml in Ray Tune: the same network and data, PyTorch 1.13.1, 40 trials, a checkpoint each epoch.

    /tmp/peers/bin/python tests/bench/iris_ray.py      # see peers.py for the environment
"""

import os
import tempfile
import time

import ray
import torch
from ray import tune
from ray.tune.schedulers import ASHAScheduler

DATA = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../trainables/data/iris.csv")


def table():
    with open(DATA) as lines:
        rows = [[float(v) for v in line.split(",")] for line in lines.read().split("\n")[1:] if line]
    held_out = [i % 5 == 4 for i in range(len(rows))]
    x, y = torch.tensor([r[:4] for r in rows]), torch.tensor([int(r[4]) for r in rows])
    test = torch.tensor(held_out)
    mean, deviation = x[~test].mean(0), x[~test].std(0)
    x = (x - mean) / deviation
    return x[~test], y[~test], x[test], y[test]


def train(config):
    torch.set_num_threads(1)
    train_x, train_y, test_x, test_y = table()
    net = torch.nn.Sequential(
        torch.nn.Linear(4, config["l1"]), torch.nn.ReLU(),
        torch.nn.Linear(config["l1"], config["l2"]), torch.nn.ReLU(),
        torch.nn.Linear(config["l2"], 3))
    sgd = torch.optim.SGD(net.parameters(), lr=config["lr"], momentum=0.9)
    for _ in range(50):
        order = torch.randperm(len(train_y))
        for at in range(0, len(order), config["batch_size"]):
            rows = order[at:at + config["batch_size"]]
            sgd.zero_grad()
            torch.nn.functional.cross_entropy(net(train_x[rows]), train_y[rows]).backward()
            sgd.step()
        with torch.no_grad():
            guess = net(test_x)
        metrics = {"loss": torch.nn.functional.cross_entropy(guess, test_y).item(),
                   "accuracy": (guess.argmax(1) == test_y).float().mean().item()}
        with tempfile.TemporaryDirectory() as folder:
            torch.save((net.state_dict(), sgd.state_dict()), os.path.join(folder, "state.pt"))
            tune.report(metrics, checkpoint=tune.Checkpoint.from_directory(folder))


if __name__ == "__main__":
    begin = time.perf_counter()
    ray.init(num_cpus=2, include_dashboard=False, logging_level="ERROR")
    with tempfile.TemporaryDirectory(dir=os.getcwd()) as storage:
        results = tune.Tuner(
            tune.with_resources(train, {"cpu": 1}),
            param_space={"l1": tune.choice([4, 8, 16, 32, 64]), "l2": tune.choice([4, 8, 16, 32, 64]),
                         "lr": tune.loguniform(1e-4, 1e-1), "batch_size": tune.choice([2, 4, 8, 16])},
            tune_config=tune.TuneConfig(num_samples=40, metric="accuracy", mode="max",
                                        scheduler=ASHAScheduler(max_t=50, grace_period=3, reduction_factor=3)),
            run_config=tune.RunConfig(storage_path=storage, verbose=0),
        ).fit()
        best = results.get_best_result()
        print(f"ray: 40 trials, best accuracy {best.metrics['accuracy']:.4f}, "
              f"{time.perf_counter() - begin:.1f} s after import; errors: {len(results.errors)}")
