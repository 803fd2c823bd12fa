#!/usr/bin/env python3
"""Damages files in every format that xent reads, and every file that it writes: a report is the true one, or there is an error that names
the file, and then no report and no file.

  scripts/damage-files.py [--count N] [--seed N] [--jobs J] [--xent BINARY]

  --count N       how many flipped bits and how many cuts of each file; 300 where it is not said
  --seed N        of the random places; 1 where it is not said
  --jobs J        so many at once; the processors where it is not said
  --xent BINARY   .build/release/xent where it is not said

A format without checksums holds other values once it is damaged. Then the true report is that of those values, which Python reads.
Exit status: 0 all is well; 1 something is not; 64 bad usage; 66 there is no such binary.
"""

import argparse
import ast
import json
import math
import multiprocessing
import os
import random
import shutil
import struct
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(ROOT, "Tests", "Fuzz", "CommandLine"))
sys.dont_write_bytecode = True

import containers  # noqa: E402
import judging  # noqa: E402
from losses import Loss, Scored, Total, is_close  # noqa: E402

LOSS = Loss("multiclass", "logits")
ROWS, CLASSES = 24, 3
TASK = ["--task", "multiclass", "--input", "logits"]
COLUMNS = ["--prediction-columns", "a,b,c", "--label-column", "y"]
NAMES = ("a", "b", "c", "y")


def dump(seed):
    """The rows: their values and labels."""
    dice = random.Random(seed)
    return [[dice.gauss(0, 2) for _ in range(CLASSES)] for _ in range(ROWS)], [dice.randrange(CLASSES) for _ in range(ROWS)]


# What Python reads of a damaged file: (values, labels), or None where it is not for Python to say. ---------------------------


def number(text):
    """The number of a field; None for what is no decimal number."""
    stripped = text.strip()
    if not stripped or not set(stripped) <= set("0123456789+-.eE"):
        return None
    try:
        return float(stripped)
    except ValueError:
        return None


def read_npy(data):
    if data[:6] != b"\x93NUMPY" or data[6] not in (1, 2, 3):
        return None
    length = 2 if data[6] == 1 else 4
    end = 8 + length + int.from_bytes(data[8 : 8 + length], "little")
    try:
        header = ast.literal_eval(data[8 + length : end].decode("utf-8"))
        kind, shape = header["descr"], header["shape"]
        letter, size = containers.NUMBERS[kind[1:]]
        count = math.prod(shape)
        if len(data) - end != count * size or len(shape) != 2:
            return None
        numbers = list(struct.unpack({"|": "<"}.get(kind[0], kind[0]) + str(count) + letter, data[end:]))
        if header["fortran_order"]:
            numbers = [numbers[row + column * shape[0]] for row in range(shape[0]) for column in range(shape[1])]
        return [numbers[row * shape[1] : (row + 1) * shape[1]] for row in range(shape[0])], None
    except Exception:  # Whatever is wrong with it, it is no array to Python.
        return None


def read_safetensors(data):
    try:
        length = struct.unpack("<Q", data[:8])[0]
        header = json.loads(data[8 : 8 + length])
        found = {}
        for name, kind in (("p", "F64"), ("y", "I64")):
            tensor = header[name]
            begin, end = tensor["data_offsets"]
            letter = {"F64": "d", "I64": "q", "U64": "Q"}[tensor["dtype"]]
            part = data[8 + length + begin : 8 + length + end]
            found[name] = list(struct.unpack("<%d%s" % (len(part) // 8, letter), part))
        shape = header["p"]["shape"]
        return [found["p"][row * shape[1] : (row + 1) * shape[1]] for row in range(shape[0])], found["y"]
    except Exception:  # As above.
        return None


def read_csv(data):
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return None
    if "\0" in text or '"' in text:
        return None
    lines = [line for line in text.split("\n") if line.strip()]
    rows = [line.rstrip("\r").split(",") for line in lines]
    if tuple(rows[0]) != NAMES or any(len(row) != 4 for row in rows):
        return None
    numbers = [[number(field) for field in row] for row in rows[1:]]
    if any(value is None for row in numbers for value in row):
        return None
    return [row[:3] for row in numbers], [row[3] for row in numbers]


def read_jsonl(data):
    try:
        records = [json.loads(line) for line in data.decode("utf-8").split("\n") if line.strip()]
        values = [[record[name] for name in NAMES] for record in records]
    except Exception:  # As above.
        return None
    if not all(isinstance(value, (int, float)) and not isinstance(value, bool) for row in values for value in row):
        return None
    return [[float(value) for value in row[:3]] for row in values], [row[3] for row in values]


def read_json(data):
    try:
        records = json.loads(data)
    except Exception:  # As above.
        return None
    return read_jsonl("\n".join(json.dumps(record) for record in records).encode()) if isinstance(records, list) else None


def read_parquet(data):
    """The values are where they were written; of a file with another length or another footer Python says nothing."""
    whole = make_parquet(*dump(5))[0]
    if len(data) != len(whole):
        return None
    places, values = parquet_places(whole), []
    changed = {index for index, (one, other) in enumerate(zip(data, whole)) if one != other}
    if not all(any(begin <= index < end for begin, end in places) for index in changed):
        return None
    columns = [list(struct.unpack("<%d%s" % (ROWS, "q" if index == 3 else "d"), data[begin:end])) for index, (begin, end) in enumerate(places)]
    values = [[columns[c][row] for c in range(3)] for row in range(ROWS)]
    return values, columns[3]


def read_arrow(is_stream):
    def read(data):
        """As of Parquet."""
        whole = arrow_of(*dump(5), None, is_stream)
        if len(data) != len(whole):
            return None
        places = parquet_places(whole)
        changed = {index for index, (one, other) in enumerate(zip(data, whole)) if one != other}
        if not all(any(begin <= index < end for begin, end in places) for index in changed):
            return None
        columns = [list(struct.unpack("<%d%s" % (ROWS, "q" if index == 3 else "d"), data[begin:end])) for index, (begin, end) in enumerate(places)]
        return [[columns[c][row] for c in range(3)] for row in range(ROWS)], columns[3]

    return read


def parquet_places(whole):
    """Where each column's values lie in the file."""
    values, labels = dump(5)
    places = []
    for column in range(4):
        part = struct.pack("<%d%s" % (ROWS, "q" if column == 3 else "d"), *(labels if column == 3 else [row[column] for row in values]))
        places.append((whole.index(part), whole.index(part) + len(part)))
    return places


def read_hdf5(data):
    """The values are where they were written; the rest is under checksums."""
    values, labels = dump(5)
    whole = make_hdf5(values, labels)[0]
    if len(data) != len(whole):
        return None
    parts = [struct.pack("<%dd" % (ROWS * CLASSES), *[value for row in values for value in row]), struct.pack("<%dq" % ROWS, *labels)]
    (p, p_end), (y, y_end) = [(whole.index(part), whole.index(part) + len(part)) for part in parts]
    if any(one != other and not (p <= index < p_end or y <= index < y_end) for index, (one, other) in enumerate(zip(data, whole))):
        return None
    flat = struct.unpack("<%dd" % (ROWS * CLASSES), data[p:p_end])
    return [list(flat[row * CLASSES : (row + 1) * CLASSES]) for row in range(ROWS)], list(struct.unpack("<%dq" % ROWS, data[y:y_end]))


# The files --------------------------------------------------------------------------------------------------------------------


def make_npy(values, labels):
    return containers.npy([value for row in values for value in row], [ROWS, CLASSES], "f8"), read_npy


def make_safetensors(values, labels):
    flat = [value for row in values for value in row]
    return containers.safetensors({"p": (flat, [ROWS, CLASSES], "f8"), "y": (labels, [ROWS], "i8")}), read_safetensors


def make_hdf5(values, labels):
    flat = [value for row in values for value in row]
    return containers.hdf5({"p": (flat, [ROWS, CLASSES], "f8"), "y": (labels, [ROWS], "i8")}, is_new=True), read_hdf5


def make_hdf5_checked(values, labels):
    flat = [value for row in values for value in row]
    arrays = {"p": (flat, [ROWS, CLASSES], "f8"), "y": (labels, [ROWS], "i8")}
    return containers.hdf5(arrays, chunk_rows=10, is_shuffled=True, has_checksums=True, is_new=True), None


def make_npz(is_deflated):
    def make(values, labels):
        arrays = {"p": make_npy(values, labels)[0], "y": containers.npy(labels, [ROWS], "i8")}
        return containers.npz(arrays, is_deflated), None

    return make


def make_csv(values, labels):
    lines = [",".join(NAMES)] + [",".join(repr(value) for value in row) + ",%d" % label for row, label in zip(values, labels)]
    return ("\n".join(lines) + "\n").encode(), read_csv


def json_records(values, labels):
    return ["{" + ", ".join('"%s": %r' % pair for pair in zip(NAMES, row + [label])) + "}" for row, label in zip(values, labels)]


def make_jsonl(values, labels):
    return ("\n".join(json_records(values, labels)) + "\n").encode(), read_jsonl


def make_json(values, labels):
    return ("[" + ",\n".join(json_records(values, labels)) + "]\n").encode(), read_json


def parquet_of(values, labels, codec, has_checksums):
    columns = [(name, "f8", [row[index] for row in values]) for index, name in enumerate(NAMES[:3])] + [("y", "i8", labels)]
    return containers.parquet(columns, [ROWS] if not has_checksums else [10, ROWS - 10], codec, has_checksums)


def make_parquet(values, labels):
    return parquet_of(values, labels, 0, False), read_parquet


def make_parquet_checked(values, labels):
    return parquet_of(values, labels, 6, True), None


def arrow_of(values, labels, codec, is_stream):
    columns = [(name, "f8", [row[index] for row in values]) for index, name in enumerate(NAMES[:3])] + [("y", "i8", labels)]
    return containers.arrow(columns, [ROWS] if codec is None else [10, ROWS - 10], codec, is_stream)


def make_arrow(is_stream):
    return lambda values, labels: (arrow_of(values, labels, None, is_stream), read_arrow(is_stream))


def make_arrow_zstd(values, labels):
    return arrow_of(values, labels, "zstd", False), lambda data: None


def within(framing, make):
    def make_framed(values, labels):
        data = make(values, labels)[0]
        return containers.framed(random.Random(3), data, framing, "dump.csv"), None

    return make_framed


ARRAYS = ["--prediction-columns", "p", "--label-column", "y"]
# (name, maker, options, whether all of its bytes are under a checksum, and so no other value is believed).
FORMATS = [("npy", make_npy, ["--labels", "y.npy"], False), ("safetensors", make_safetensors, ARRAYS, False)]
FORMATS += [("npz, stored", make_npz(False), ARRAYS, True), ("npz, deflated", make_npz(True), ARRAYS, True)]
FORMATS += [("csv", make_csv, COLUMNS, False), ("jsonl", make_jsonl, COLUMNS, False), ("json", make_json, COLUMNS, False)]
FORMATS += [("parquet", make_parquet, COLUMNS, False), ("parquet, checked", make_parquet_checked, COLUMNS, True)]
FORMATS += [("arrow", make_arrow(False), COLUMNS, False), ("arrow, stream", make_arrow(True), COLUMNS, False)]
FORMATS += [("arrow, zstd", make_arrow_zstd, COLUMNS, False)]
FORMATS += [("hdf5", make_hdf5, ARRAYS, False), ("hdf5, checked", make_hdf5_checked, ARRAYS, True)]
FORMATS += [("npy, " + framing, within(framing, make_npy), ["--labels", "y.npy"], True) for framing in containers.CHECKED_FRAMINGS]
FORMATS += [("csv, zip", within("zip", make_csv), COLUMNS, True), ("jsonl, zst", within("zst-checked", make_jsonl), COLUMNS, True)]
FORMATS += [("csv, gz", within("gz", make_csv), COLUMNS, True)]


def figures(report):
    return report["loss"]["mean_hex"], report["loss"]["sum_hex"], report["rows"]["read"], report["rows"]["scored"]


def damages(data, count, seed):
    """(what was done, the damaged bytes): flipped bits, and cuts."""
    dice = random.Random(seed)
    for _ in range(count):
        place = dice.randrange(8 * len(data))
        changed = bytearray(data)
        changed[place // 8] ^= 1 << place % 8
        yield "bit %d of byte %d flipped" % (place % 8, place // 8), bytes(changed)
    for _ in range(count):
        end = dice.randrange(len(data))
        yield "cut to %d of %d bytes" % (end, len(data)), data[:end]


def is_named(errors, name):
    return any(name in line for line in errors.decode("utf-8", "replace").splitlines())


class Folder:
    """A folder with a good dump, in which commands are run."""

    def __init__(self, xent):
        self.xent = xent
        self.path = tempfile.mkdtemp(prefix="xent-damage-")
        self.values, self.labels = dump(5)
        self.write("y.npy", containers.npy(self.labels, [ROWS], "i8"))

    def write(self, name, data):
        with open(os.path.join(self.path, name), "wb") as file:
            file.write(data)

    def read(self, name):
        with open(os.path.join(self.path, name), "rb") as file:
            return file.read()

    def has(self, name):
        return os.path.exists(os.path.join(self.path, name))

    def remove(self, *names):
        for name in names:
            if self.has(name):
                os.remove(os.path.join(self.path, name))

    def run(self, *arguments):
        return judging.run(self.xent, list(arguments), self.path)


def judge_error(status, errors, name):
    """What is wrong with a run that gave no report; None if nothing is."""
    if status is None:
        return "no end"
    if status < 0:
        return "death by signal %d" % -status
    if status not in (64, 65, 66, 74):
        return "exit status %d: %s" % (status, errors[-200:])
    if not is_named(errors, name):
        return "the error does not name the file: %s" % errors[-200:]
    return None


def true_total(found):
    total = Total(LOSS)
    for row, label in zip(*found):
        total.rows.append(LOSS.row(row, [label]))
    return total


def is_true_of(report, found):
    """Whether the report is that of these rows."""
    values, labels = found
    if len(values) != len(labels):
        return False
    total = true_total(found)
    if total.count("invalid"):
        return False
    mean, magnitude = total.mean
    return report["rows"]["read"] == len(values) and is_close(float.fromhex(report["loss"]["mean_hex"]), mean, magnitude, 10)


def damage_inputs(task):
    """Each output is asked for in turn: the JSON report, losses a row, a partial, the packed dump."""
    index, count, seed, xent = task
    name, make, options, is_checked = FORMATS[index]
    folder, faults, true, errors_seen = Folder(xent), [], 0, 0
    outputs = (["--json", "j.json"], ["--per-row", "r.npy"], ["--per-row", "r.csv"], ["--partial", "a.partial"], None)
    try:
        data, reader = make(folder.values, folder.labels)
        folder.write("d", data)
        command = ["eval", "d"] + options + TASK
        status, output, errors = folder.run(*command, "--json", "-")
        if status != 0:
            return name, ["the whole file is refused: %s" % errors[-200:]], 0, 0
        whole = figures(json.loads(output))
        folder.run(*command, "--per-row", "whole.npy", "--quiet")
        whole_rows = folder.read("whole.npy")
        for number_of_case, (what, damaged) in enumerate(damages(data, count, "%d %s" % (seed, name))):
            folder.write("d", damaged)
            asked = outputs[number_of_case % len(outputs)]
            made = ("j.json", "r.npy", "r.csv", "a.partial", "o.npy.zst", "ol.npy.zst")
            folder.remove(*made)
            if asked is None:
                packing = ["pack", "d", "-o", "o.npy.zst", "--quiet"]
                if options[0] != "--labels":
                    packing += options + ["--labels-output", "ol.npy.zst"]
                status, output, errors = folder.run(*packing)
                fault = None
                if status != 0:
                    fault = judge_error(status, errors, "d") or ("an error, and yet a file" if any(map(folder.has, made)) else None)
                    errors_seen += 1
                if status != 0:
                    if fault:
                        faults.append("%s: pack: %s" % (what, fault))
                    continue
                labels = "y.npy" if options[0] == "--labels" else "ol.npy.zst"
                status, output, errors = folder.run("eval", "o.npy.zst", "--labels", labels, *TASK, "--json", "-")
            else:
                status, output, errors = folder.run(*command, "--json", "-", *asked) if asked[0] != "--json" else folder.run(*command, *asked)
            if status != 0:
                errors_seen += 1
                # What was packed is in files of its own by now.
                names = ("o.npy.zst", "ol.npy.zst", "y.npy") if asked is None else ("d", "y.npy")
                fault = judge_error(status, errors, next((name for name in names if is_named(errors, name)), names[0]))
                if not fault and (output or (asked and folder.has(asked[1]))):
                    fault = "an error, and yet a report"
                if fault:
                    faults.append("%s: %s" % (what, fault))
                continue
            report = json.loads(folder.read("j.json") if asked and asked[0] == "--json" else output)
            true += 1
            # Other values may have the same mean.
            found = reader(damaged) if reader else None
            if found is not None and found[1] is None:
                found = (found[0], folder.labels)
            if found is None and figures(report) == whole:
                found = (folder.values, folder.labels)
            if found is None or not is_true_of(report, found) or is_checked and figures(report) != whole:
                faults.append("%s: a wrong number: %s" % (what, figures(report)))
                continue
            if asked and asked[0] == "--per-row":
                rows = judging.read_rows(os.path.join(folder.path, asked[1]))
                expected = true_total(found).rows
                if len(rows) != len(expected) or not all(
                        isinstance(row, Scored) and is_close(loss, row.loss, row.magnitude, 4) for loss, row in zip(rows, expected)):
                    faults.append("%s: wrong losses a row" % what)
            elif asked and asked[0] == "--partial":
                status, output, errors = folder.run("merge", "a.partial", "--json", "-")
                if status != 0 or figures(json.loads(output)) != figures(report):
                    faults.append("%s: the partial is not of the report" % what)
        if whole_rows != folder.read("whole.npy"):
            faults.append("a file that was there before was changed")
        return name, faults, true, errors_seen
    finally:
        shutil.rmtree(folder.path, ignore_errors=True)


def output_partial(folder):
    for shard in ("0/2", "1/2"):
        folder.run("eval", "p.npy", "--labels", "y.npy", *TASK, "--shard", shard, "--partial", "%s.partial" % shard[0], "--silent")
    return "0.partial", [["merge", "0.partial", "1.partial", "--json", "-"]]


def output_packed(folder):
    folder.run("pack", "p.npy", "-o", "o.npy.zst", "--quiet", "--frame-size", "100")
    return "o.npy.zst", [["eval", "o.npy.zst", "--labels", "y.npy", *TASK, "--json", "-"]]


def output_packed_labels(folder):
    folder.write("d.csv", make_csv(folder.values, folder.labels)[0])
    folder.run("pack", "d.csv", *COLUMNS, "-o", "o.npy.zst", "--labels-output", "ol.npy.zst", "--quiet", "--frame-size", "64")
    return "ol.npy.zst", [["eval", "o.npy.zst", "--labels", "ol.npy.zst", *TASK, "--json", "-"]]


def output_parquet(folder):
    folder.run("pack", "p.npy", "--labels", "y.npy", "-o", "o.parquet", "--quiet", "--frame-size", "100")
    return "o.parquet", [["eval", "o.parquet", *TASK, "--json", "-"]]


def output_rows(name):
    def make(folder):
        folder.run("eval", "p.npy", "--labels", "y.npy", *TASK, "--per-row", name, "--quiet")
        # Losses are numbers like any others: here logits of a decision.
        columns = ["--prediction-columns", "loss"] if ".csv" in name else []
        return name, [["eval", name, "--labels", "b.npy", "--task", "binary", "--input", "logits", "--json", "-"] + columns]

    return make


# What xent writes and reads again, each under checksums: in Parquet the values and levels of pages, where the footer contradicts itself or
# the pages if it is damaged. (A plain .npy or .csv of losses is damaged as an input, above.)
OUTPUTS = [
    ("partial", output_partial), ("packed", output_packed), ("packed labels", output_packed_labels),
    ("packed to Parquet", output_parquet),
    ("losses a row, npy.zst", output_rows("r.npy.zst")), ("losses a row, csv.zst", output_rows("r.csv.zst")),
]


def damage_outputs(task):
    index, count, seed, xent = task
    name, make = OUTPUTS[index]
    folder, faults, true, errors_seen = Folder(xent), [], 0, 0
    try:
        folder.write("p.npy", make_npy(folder.values, folder.labels)[0])
        folder.write("b.npy", containers.npy([row % 2 for row in range(ROWS)], [ROWS], "i8"))
        path, commands = make(folder)
        data = folder.read(path)
        whole = [figures(json.loads(folder.run(*command)[1])) for command in commands]
        for what, damaged in damages(data, count, "%d %s" % (seed, name)):
            folder.write(path, damaged)
            for command, right in zip(commands, whole):
                status, output, errors = folder.run(*command)
                if status == 0:
                    true += 1
                    if figures(json.loads(output)) != right:
                        faults.append("%s: a wrong number: %s" % (what, figures(json.loads(output))))
                    continue
                errors_seen += 1
                fault = judge_error(status, errors, path) or ("an error, and yet a report" if output else None)
                if fault:
                    faults.append("%s: %s" % (what, fault))
        return name, faults, true, errors_seen
    finally:
        shutil.rmtree(folder.path, ignore_errors=True)


def run_task(task):
    kind, rest = task
    try:
        return (damage_inputs if kind == "input" else damage_outputs)(rest)
    except Exception as error:  # Anything: a harness that stops is one that does not test.
        return "%s %d" % (kind, rest[0]), ["the harness failed: %r" % error], 0, 0


def main():
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--xent", default=os.path.join(ROOT, ".build", "release", "xent"))
    parser.add_argument("-h", "--help", action="store_true")
    parser.error = lambda problem: (print("damage-files: %s" % problem, file=sys.stderr), sys.exit(64))
    options = parser.parse_args()
    if options.help:
        print(__doc__.strip())
        return 0
    xent = os.path.abspath(options.xent)
    if not os.access(xent, os.X_OK):
        print("damage-files: %s is no program; build it with: swift build -c release --product xent" % xent, file=sys.stderr)
        return 66
    tasks = [("input", (index, options.count, options.seed, xent)) for index in range(len(FORMATS))]
    tasks += [("output", (index, options.count, options.seed, xent)) for index in range(len(OUTPUTS))]
    failures = 0
    with multiprocessing.Pool(options.jobs) as pool:
        for name, faults, true, errors_seen in pool.imap(run_task, tasks):
            print("  %s %s: %d true reports, %d errors" % ("FAILED" if faults else "ok    ", name, true, errors_seen), flush=True)
            for fault in faults[:10]:
                print("    %s" % fault)
            failures += len(faults)
    print("damage-files: %d files in %d forms, %d faults" % (2 * options.count * len(tasks), len(tasks), failures))
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
