"""Runs the commands of a trial, and holds the results against the truth and one another."""

import base64
import csv
import io
import json
import os
import shutil
import subprocess
import tempfile
import zlib
from decimal import Decimal

import containers
from losses import is_close
from trials import Trial

# A dump of kilobytes: more is a hang.
SECONDS = 20


class Refused(Exception):
    """The command asks for what has no meaning (exit status 64): no fault, and nothing was tested."""


def run(xent, arguments, folder, stdin=None):
    """Runs xent in the folder; returns the exit status, negative for a signal and None for a hang, and both outputs."""
    with open(os.path.join(folder, stdin), "rb") if stdin else open(os.devnull, "rb") as source:
        # Through a pipe, by a process of its own, or else the file itself would be seen.
        data = source.read() if stdin else None
    try:
        done = subprocess.run(
            [xent] + arguments, input=data, stdin=None if stdin else subprocess.DEVNULL, capture_output=True, cwd=folder, timeout=SECONDS)
    except subprocess.TimeoutExpired:
        return None, b"", b""
    return done.returncode, done.stdout, done.stderr


def _check_report(report, truth, first):
    """What is wrong with a report: texts."""
    faults = []
    if report["rows"]["read"] != truth["read"]:
        faults.append("%d rows read, and there are %d" % (report["rows"]["read"], truth["read"]))
    for dialect, true in truth["dialects"].items():
        found = report["dialects"][dialect] if dialect in report.get("dialects", {}) else None
        if found is None:
            found = dict(report["loss"], scored_rows=report["rows"]["scored"], invalid_rows=report["rows"]["invalid"])
        for key in ("scored", "invalid"):
            if found[key + "_rows"] != true[key]:
                faults.append("%s: %d rows %s, and there are %d" % (dialect, found[key + "_rows"], key, true[key]))
        if report["rows"]["ignored"] != true["ignored"]:
            faults.append("%d rows ignored, and there are %d" % (report["rows"]["ignored"], true["ignored"]))
        mean = float.fromhex(found["mean_hex"])
        if true["mean"] is None:
            if mean == mean:
                faults.append("%s: the mean is %r, and is none" % (dialect, mean))
        # Each row within so many ULP: their sum is within twice as many of its own, and is rounded once more, as is the mean.
        elif mean != mean or not is_close(mean, Decimal(true["mean"]), Decimal(true["magnitude"]), 2 * true["ulps"] + 2):
            faults.append("%s: the mean is %r, and truly %.25s" % (dialect, mean, true["mean"]))
    if first is not None:
        for dialect in truth["dialects"]:
            for key in ("mean_hex", "sum_hex"):
                pair = [one["dialects"][dialect][key] if dialect in one.get("dialects", {}) else one["loss"][key] for one in (first, report)]
                if pair[0] != pair[1]:
                    faults.append("%s: %s is %s here, and was %s" % (dialect, key, pair[1], pair[0]))
    return faults


def read_rows(path):
    data = open(path, "rb").read()
    if path.endswith(".zst"):
        data = subprocess.run(["zstd", "-dc"], input=data, capture_output=True, check=True).stdout
    if ".npy" in path:
        return containers.read_npy_numbers(data)[1]
    return [float(row["loss"]) for row in csv.DictReader(io.StringIO(data.decode()))]


def _check_rows(path, truth):
    rows = read_rows(path)
    if len(rows) != len(truth["rows"]):
        return ["%d losses of rows, and there are %d rows" % (len(rows), len(truth["rows"]))]
    ulps = next(iter(truth["dialects"].values()))["ulps"]
    for index, (found, true) in enumerate(zip(rows, truth["rows"])):
        if true is None:
            if found == found:
                return ["row %d has the loss %r, and has none" % (index, found)]
        elif found != found or not is_close(found, Decimal(true[0]), Decimal(true[1]), ulps):
            return ["row %d has the loss %r, and truly %.25s" % (index, found, true[0])]
    return []


def judge(trial, xent):
    """What is wrong with the results of a trial: (texts, the command); ([], None) where all is well. Raises Refused."""
    folder = tempfile.mkdtemp(prefix="xent-fuzz-")
    try:
        for name, data in trial.files.items():
            with open(os.path.join(folder, name), "wb") as file:
                file.write(data)
        first = None
        for step in trial.steps:
            status, output, errors = run(xent, step["arguments"], folder, step["stdin"])
            told = errors.decode("utf-8", "replace").strip().splitlines()[-1:]
            if status is None:
                return ["no end after %d s" % SECONDS], step
            if status == 64 and step["gives"] == "shard of text":
                # Text that can only be read from its beginning has no shards.
                return [], None
            if status == 64:
                raise Refused(told[0] if told else "")
            if step["gives"] == 65:
                if status != 65 or output or not told:
                    return ["exit status %d with %d bytes of output, and 65 without any is right: %s" % (status, len(output), told)], step
                continue
            # A shard may have no row that can be scored; its partial says so.
            if step["gives"].startswith("shard") and status == 65 and any("no row was scored" in line for line in told):
                status = 0
            if status != 0:
                return ["exit status %d: %s" % (status, told)], step
            if step["gives"] == "report":
                report = json.loads(output)
                faults = _check_report(report, trial.truth, first)
                if step["rows"]:
                    faults += _check_rows(os.path.join(folder, step["rows"]), trial.truth)
                if faults:
                    return faults, step
                first = first or report
        return [], None
    finally:
        shutil.rmtree(folder, ignore_errors=True)


# The corpus -----------------------------------------------------------------------------------------------------------------


def store(trial, faults, step, folder):
    """Keeps a trial as a file of JSON; returns its path."""
    os.makedirs(folder, exist_ok=True)
    path = os.path.join(folder, "seed-%d.json" % trial.seed)
    described = {
        "seed": trial.seed, "faults": faults, "command": "xent " + " ".join(step["arguments"]) if step else None,
        "files": {name: base64.b64encode(zlib.compress(data, 9)).decode() for name, data in trial.files.items()},
        "steps": trial.steps, "truth": trial.truth,
    }
    with open(path, "w") as file:
        json.dump(described, file, indent=1)
        file.write("\n")
    return path


def restore(path):
    """The trial that `store` kept."""
    with open(path) as file:
        described = json.load(file)
    files = {name: zlib.decompress(base64.b64decode(text)) for name, text in described["files"].items()}
    return Trial(described["seed"], files, described["steps"], described["truth"])
