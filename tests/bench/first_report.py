"""Milliseconds from the command to its first stored report: python3 first_report.py TUNE FILE [RUNS]"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time


def first_report(tune, file, folder):
    command = [tune, "run", file, "--json", "-v", "--db", os.path.join(folder, "tune.db")]
    begin = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as run:
        try:
            for line in run.stdout:
                if json.loads(line)["event"] == "trial_reported":
                    return (time.perf_counter() - begin) * 1e3
        finally:
            run.terminate()
            run.stdout.read()
    sys.exit("no report")


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    times = []
    for _ in range(int(sys.argv[3]) if len(sys.argv) > 3 else 11):
        with tempfile.TemporaryDirectory(dir=os.getcwd()) as folder:
            times.append(first_report(sys.argv[1], sys.argv[2], folder))
    print(f"first report after {statistics.median(times):.1f} ms (min {min(times):.1f}, max {max(times):.1f}, n {len(times)})")
