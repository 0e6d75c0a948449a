"""The same empty trials in other tuners: python peers.py optuna-sqlite|optuna-journal|rustuna-journal|ray N

Prints one line: seconds in all, milliseconds a trial. Install into a throw-away environment:
    python3 -m venv /tmp/peers && /tmp/peers/bin/pip install optuna rustuna 'ray[tune]' torch scikit-learn
"""

import os
import sys
import tempfile
import time


def optuna_study(storage):
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    return optuna.create_study(storage=storage, sampler=optuna.samplers.RandomSampler())


def objective(trial):
    trial.suggest_float("x", 0, 1)
    return 0.0


def run(which, n, folder):
    if which == "optuna-sqlite":
        study = optuna_study(f"sqlite:///{folder}/optuna.db")
    elif which == "optuna-journal":
        from optuna.storages import JournalStorage
        from optuna.storages.journal import JournalFileBackend

        study = optuna_study(JournalStorage(JournalFileBackend(f"{folder}/journal.log")))
    elif which == "rustuna-journal":
        import rustuna

        storage = rustuna.storages.JournalFileStorage(f"{folder}/journal.log")
        study = rustuna.create_study(storage=storage, sampler=rustuna.samplers.RandomSampler())
    elif which == "ray":
        import ray
        from ray import tune

        ray.init(num_cpus=2, include_dashboard=False, logging_level="ERROR")
        begin = time.perf_counter()
        tune.Tuner(
            lambda config: {"loss": 0.0},
            param_space={"x": tune.uniform(0, 1)},
            tune_config=tune.TuneConfig(num_samples=n, metric="loss", mode="min"),
            run_config=tune.RunConfig(storage_path=folder, verbose=0),
        ).fit()
        return time.perf_counter() - begin
    else:
        sys.exit(__doc__)
    begin = time.perf_counter()
    study.optimize(objective, n_trials=n)
    return time.perf_counter() - begin


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    with tempfile.TemporaryDirectory(dir=os.getcwd()) as scratch:
        seconds = run(sys.argv[1], int(sys.argv[2]), scratch)
    print(f"{sys.argv[1]}: {sys.argv[2]} trials in {seconds:.2f} s, {seconds / int(sys.argv[2]) * 1e3:.3f} ms a trial")
