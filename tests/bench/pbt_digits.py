"""PBT on the digits network against the best of random search at equal epochs, seed by seed:
pbt_digits.py PROGRAM GALLERY [SEEDS]

Both begin with the same eight configurations and weights. Random search trains each to its end; PBT lets the weak copy the
strong. `loss` and `accuracy` are of the held-out fifth, at the best report of the run. The same seeds give the same table
again: runs are in lockstep. A markdown table for docs/quality.md is printed.
"""

import os
import sqlite3
import statistics
import subprocess
import sys
import tempfile

if len(sys.argv) < 3:
    sys.exit(__doc__)
program, gallery = sys.argv[1:3]
seeds = range(1, 1 + int(sys.argv[3] if len(sys.argv) > 3 else 10))
methods = {"pbt": [], "random": ["--set", "scheduler=fifo"]}

print("| seed | PBT: loss | accuracy | epochs | random search: loss | accuracy | epochs |")
print("|---|---|---|---|---|---|---|")
losses = {name: [] for name in methods}
with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
    for seed in seeds:
        cells = [str(seed)]
        for name, more in methods.items():
            db = os.path.join(folder, f"{name}-{seed}.db")
            subprocess.run([program, "run", "-qq", "--sync", "normal", "--lockstep", "--db", db, "--seed", str(seed), *more,
                            os.path.join(gallery, "digits-pbt.yaml")], check=True)
            rows = sqlite3.connect(db).execute(
                "select json_extract(metrics, '$.loss') as loss, json_extract(metrics, '$.accuracy') from reports "
                "order by loss").fetchall()
            losses[name].append(rows[0][0])
            cells += [f"{rows[0][0]:.4f}", f"{rows[0][1]:.4f}", str(len(rows))]
            for file in (db, db + ".checkpoints"):
                if os.path.exists(file):
                    os.remove(file)
        print("| " + " | ".join(cells) + " |", flush=True)
won = sum(p < r for p, r in zip(*losses.values()))
medians = {name: statistics.median(values) for name, values in losses.items()}
print(f"| median | {medians['pbt']:.4f} | | | {medians['random']:.4f} | | |")
print(f"\nPBT is better for {won} of {len(losses['pbt'])} seeds.")
