#!/usr/bin/env python3
"""What 10,000 crashing trials leave behind while the run goes on: memory, descriptors and zombies of controller and worker.

    tests/bench/crashing.py build/release/bin/tune
"""

import os
import sqlite3
import subprocess
import sys
import tempfile
import time

TUNE = os.path.abspath(sys.argv[1])
FILE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "crashing.yaml")


def failed(db):
    try:
        connection = sqlite3.connect("file:%s?mode=ro" % db, uri=True, timeout=10)
        (count,) = connection.execute("select count(*) from trial where status = 'failed'").fetchone()
        connection.close()
        return count
    except (sqlite3.OperationalError, TypeError):
        return 0


def look(pid, name):
    with open("/proc/%d/status" % pid) as file:
        memory = next(line.split()[1] for line in file if line.startswith("VmRSS:"))
    children = subprocess.run(["ps", "--ppid", str(pid), "-o", "stat="], capture_output=True, text=True, check=False).stdout
    zombies = sum(state.startswith("Z") for state in children.split())
    return "%s: %d kB, %d descriptors, %d zombies" % (name, int(memory), len(os.listdir("/proc/%d/fd" % pid)), zombies)


def main():
    with tempfile.TemporaryDirectory(prefix="tune-crashing-") as folder:
        run = subprocess.Popen([TUNE, "run", "-q", FILE], cwd=folder, stderr=subprocess.DEVNULL)
        began = time.monotonic()
        for count in (500, 5000, 9500):
            while failed(os.path.join(folder, "tune.db")) < count and run.poll() is None:
                time.sleep(0.02)
            workers = subprocess.run(["pgrep", "-P", str(run.pid)], capture_output=True, text=True, check=False)
            print("%5d failed: %s; %s" % (count, look(run.pid, "controller"), look(int(workers.stdout.split()[0]), "worker")))
        code = run.wait()
        print("%d failed in %.0f s, exit code %d" % (failed(os.path.join(folder, "tune.db")), time.monotonic() - began, code))


if __name__ == "__main__":
    main()
