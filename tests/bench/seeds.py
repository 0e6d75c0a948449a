"""Measures how near a run comes to the ideal, each beside that ideal in the same run: seeds.py PROGRAM GALLERY [WHAT...]

sleeps  sixteen naps, 9.9 s in all, on 16 slots, from command to prompt; ideal 1.5 s
pi      100 estimates in 1, 4, 5, 10, 20, 100 blocks on all slots: speed-up over one slot, as a share of the slots
trips   from the decision to start a trial to its first report in the log, in threads and in a reused process

Databases lie in a memory-backed folder; --disk keeps them in the present folder.
"""

import os
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time

arguments = [a for a in sys.argv[1:] if not a.startswith("--")]
if len(arguments) < 2:
    sys.exit(__doc__)
program, gallery, *wanted = arguments
slots = len(os.sched_getaffinity(0))
folder = tempfile.mkdtemp(dir="." if "--disk" in sys.argv else "/dev/shm")


def run(file, *more):
    """Seconds from command to prompt, and the database."""
    db = tempfile.mktemp(suffix=".db", dir=folder)
    begin = time.perf_counter()
    subprocess.run([program, "run", "-qq", "--db", db, *more, file], check=True)
    return time.perf_counter() - begin, db


def sleeps():
    file = os.path.join(gallery, "sleeps.yaml")
    times = [run(file)[0] for _ in range(5)]
    print(f"sleeps  best {min(times):.3f} s, median {statistics.median(times):.3f} s, ideal 1.500 s")


def pi():
    file = os.path.join(gallery, "pi.yaml")

    def seconds(blocks, concurrency):
        best = float("inf")
        for _ in range(3):
            evaluations = f"search_space.evaluations={100 // blocks}"
            best = min(best, run(file, "--set", evaluations, "--trials", str(blocks), "-j", str(concurrency))[0])
        return best

    alone = seconds(1, 1)
    print(f"pi      one block on one slot: {alone:.3f} s")
    for blocks in 4, 5, 10, 20, 100:
        took = seconds(blocks, slots)
        even = blocks / -(-blocks // slots)  # blocks of one size cannot fill the slots better
        print(f"pi      {blocks:3} blocks on {slots} slots: {took:.3f} s, speed-up {alone / took:.2f}, "
              f"{alone / took / slots:.3f} of the slots (at most {even / slots:.3f})")


def trips():
    for isolation in "thread", "reuse":
        file = os.path.join(folder, "trip.yaml")
        with open(file, "w") as out:
            # Under ASHA no configuration is granted ahead of a free slot, so a decision is followed by its start.
            out.write(f"version: 1\nname: trip\ntrainable: {{builtin: empty, isolation: {isolation}}}\n"
                      "objective: {metric: loss, mode: min}\nsearch_space: {x: {uniform: [0, 1]}}\n"
                      "search: {algorithm: random, seed: 1}\nscheduler: {type: asha, max_t: 1}\n"
                      "budget: {trials: 2000, concurrency: 1}\n")
        took, db = run(file, "--sync", "normal")
        trips = [row[0] * 1e6 for row in sqlite3.connect(db).execute(
            "select min(r.at) - d.at from event r join decision s on s.trial = r.trial and s.kind = 'start' "
            "join event d on d.n = s.n where r.kind = 'reported' group by r.trial")]
        trips.sort()
        print(f"trips   {isolation}: median {statistics.median(trips):.0f} us, 90 of 100 within {trips[len(trips) * 9 // 10]:.0f} us; "
              f"{took / 2000 * 1e6:.0f} us a trial in all")


try:
    for what in wanted or ["sleeps", "pi", "trips"]:
        {"sleeps": sleeps, "pi": pi, "trips": trips}[what]()
finally:
    shutil.rmtree(folder)
