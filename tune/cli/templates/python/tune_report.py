"""What a training program says to tune, in one file without dependencies (Python 3.8 or newer).

    import tune_report

    p = tune_report.params(lr=0.1, epochs=20)            # of this trial; the values here are for a run by hand
    folder = tune_report.checkpoint_dir()                # holds the state to continue from, if there is one
    for epoch in range(first, p["epochs"] + 1):
        ...
        tune_report.report(loss=loss, step=epoch, checkpoint=True)   # waits until tune has judged and stored it
        if tune_report.should_stop():
            break

Outside of tune the same program runs as it is: reports are printed, nothing is judged, nothing is kept.
"""

import json
import os
import signal
import socket
import tempfile
import threading

_owner = os.getpid()
_stopping = False
_own_dir = None


class ReportError(ValueError):
    """The report was not taken; the text says what is wrong with it."""


def in_trial():
    return bool(os.environ.get("TUNE_REPORT_SOCKET"))


def params(**defaults):
    """The trial's parameters as a dict, groups as dicts in it; `defaults` for those it does not have."""
    path = os.environ.get("TUNE_PARAMS_FILE")
    if not path:
        return dict(defaults)
    with open(path, encoding="utf-8") as file:
        return {**defaults, **json.load(file)}


def seed():
    """A number of this trial's own, the same whenever it is run again; 0 outside of a trial."""
    return int(os.environ.get("TUNE_SEED", 0))


def checkpoint_dir():
    """Empty at a fresh start; after a pause or a failure it holds what the last checkpoint held."""
    global _own_dir
    if "TUNE_CHECKPOINT_DIR" in os.environ:
        return os.environ["TUNE_CHECKPOINT_DIR"]
    if _own_dir is None:
        _own_dir = tempfile.TemporaryDirectory(prefix="checkpoint-")
    return _own_dir.name


def report(step=None, checkpoint=None, **metrics):
    """Reports one training iteration (`step`; counted if left out); False if the trial should leave.

    checkpoint: True stores all of checkpoint_dir() with it, a name what has this name in it; when this returns, it is
    stored, and the files may be changed. Numbers are metrics; other values are kept beside them.
    """
    global _stopping
    message = dict(metrics)
    if step is not None:
        message["training_iteration"] = int(step)
    if checkpoint:
        message["checkpoint"] = True if checkpoint is True else os.fspath(checkpoint)
    line = json.dumps(message, default=_plain)
    if not in_trial():
        print(line, flush=True)
        return not _stopping
    answer = _ask(line)
    if "error" in answer:
        raise ReportError(answer["error"])
    _stopping = _stopping or not answer["go_on"]
    return not _stopping


def should_stop():
    """True once tune wants the trial to leave: after SIGTERM, or when a report was answered so."""
    return _stopping


def _plain(value):  # numbers of other libraries (NumPy, PyTorch) as numbers, all else as text
    try:
        return float(value)
    except (TypeError, ValueError):
        return str(value)


def _ask(line):
    path = os.environ["TUNE_REPORT_SOCKET"]
    with socket.socket(socket.AF_UNIX) as channel:
        folder = os.open(os.path.dirname(path), os.O_RDONLY)  # an address is short; a path may be long
        try:
            channel.connect("/proc/self/fd/%d/%s" % (folder, os.path.basename(path)))
        finally:
            os.close(folder)
        channel.sendall(line.encode() + b"\n")
        answer = channel.makefile(encoding="utf-8").readline()
    if not answer:
        raise ReportError("the trial is over: its report was not taken")
    return json.loads(answer)


def _leave(signum, frame):
    global _stopping
    if os.getpid() == _owner:
        _stopping = True
    else:  # a process that this one has started, as data loaders do
        signal.signal(signum, signal.SIG_DFL)
        os.kill(os.getpid(), signum)


if in_trial() and threading.current_thread() is threading.main_thread():
    signal.signal(signal.SIGTERM, _leave)
