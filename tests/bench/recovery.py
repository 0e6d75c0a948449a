#!/usr/bin/env python3
"""Seconds from `tune resume` to the first new decision, after kill -9 with 10,000 trials in the database.

    tests/bench/recovery.py build/release/bin/tune

Three times each: the worker lives on; the worker was killed as well.
"""

import os
import signal
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time

TUNE = os.path.abspath(sys.argv[1])
FILE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "recovery.yaml")


def value(db, sql):
    try:
        connection = sqlite3.connect("file:%s?mode=ro" % db, uri=True, timeout=10)
        row = connection.execute(sql).fetchone()
        connection.close()
        return row[0]
    except sqlite3.OperationalError:
        return None


def workers(folder):
    found = subprocess.run(["pgrep", "-f", "tune __worker .*" + folder], capture_output=True, text=True, check=False)
    return [int(pid) for pid in found.stdout.split()]


def once(folder, db, run, kills_worker):
    run.send_signal(signal.SIGKILL)
    run.wait()
    if kills_worker:
        for pid in workers(folder):
            os.kill(pid, signal.SIGKILL)
    last = value(db, "select max(n) from decision")
    began = time.monotonic()
    again = subprocess.Popen([TUNE, "resume", "-q", "recovery"], cwd=folder)
    while not (value(db, "select max(n) from decision where n > %d" % last) or again.poll() is not None):
        time.sleep(0.001)
    return again, time.monotonic() - began


def main():
    with tempfile.TemporaryDirectory(prefix="tune-recovery-") as folder:
        db = os.path.join(folder, "tune.db")
        run = subprocess.Popen([TUNE, "run", "-q", FILE], cwd=folder)
        while (value(db, "select count(*) from trial") or 0) < 10000:
            time.sleep(0.05)
        for kills_worker, words in ((False, "the worker lives on"), (True, "no worker lives on")):
            seconds = []
            for _ in range(3):
                run, took = once(folder, db, run, kills_worker)
                seconds.append(took)
                time.sleep(0.3)
            print("%s: %.3f s (%s), %d trials" % (words, statistics.median(seconds),
                                                  ", ".join("%.3f" % s for s in sorted(seconds)),
                                                  value(db, "select count(*) from trial")))
        run.send_signal(signal.SIGKILL)
        run.wait()
        for pid in workers(folder):
            os.kill(pid, signal.SIGKILL)


if __name__ == "__main__":
    main()
