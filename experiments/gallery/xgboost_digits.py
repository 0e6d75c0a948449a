"""Trains boosted trees on handwritten digits and prints a JSON line every third round. Knows nothing of tune."""

import argparse
import json
import pathlib
import sys

try:
    import numpy
    import xgboost
except ImportError as missing:
    sys.exit(f"{missing}; install it for this python3: pip install xgboost")

parser = argparse.ArgumentParser()
for name in "eta", "min_child_weight", "subsample", "colsample_bytree", "reg_lambda":
    parser.add_argument("--" + name, type=float, required=True)
parser.add_argument("--max_depth", type=int, required=True)
parser.add_argument("--rounds", type=int, default=81)
args = vars(parser.parse_args())
rounds = args.pop("rounds")

here = pathlib.Path(__file__).resolve().parent
places = [here / "../../trainables/data/digits.csv", here / "../data/digits.csv"]  # in the source tree, or installed
table = numpy.loadtxt(next(p for p in places if p.exists()), delimiter=",")
held_out = numpy.arange(len(table)) % 5 == 4
train = xgboost.DMatrix(table[~held_out, :-1], table[~held_out, -1])
test = xgboost.DMatrix(table[held_out, :-1], table[held_out, -1])


class Print(xgboost.callback.TrainingCallback):
    def after_iteration(self, model, epoch, log):
        if epoch % 3 == 2:
            scores = log["test"]
            print(json.dumps({"error": scores["merror"][-1], "logloss": scores["mlogloss"][-1], "rounds": epoch + 1}), flush=True)
        return False


fixed = {"objective": "multi:softprob", "num_class": 10, "eval_metric": ["merror", "mlogloss"], "nthread": 1, "seed": 1}
xgboost.train({**fixed, **args}, train, rounds, evals=[(test, "test")], callbacks=[Print()], verbose_eval=False)
