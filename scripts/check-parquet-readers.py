#!/usr/bin/env python3
"""Packs dumps of every kind to Parquet, and reads the files with other programs: all of them find the same values, labels, weights and ids.

  scripts/check-parquet-readers.py [--xent BINARY] [--venv DIR] [--rows N]

  --xent BINARY   .build/release/xent where it is not said
  --venv DIR      a folder for a virtual environment, in which pyarrow, duckdb, polars and, where there is Java, pyspark are installed with
                  pip; a temporary one where it is not said
  --rows N        the rows of each dump; 20,000 where it is not said

pyarrow verifies the pages' checksums. Exit status: 0 all read the same; 1 one does not; 66 there is no such binary.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import venv

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PACKAGES = ["numpy", "pyarrow", "duckdb", "polars"]


def in_environment(arguments):
    """Runs this script again inside the virtual environment, which is made if it is missing."""
    folder = os.path.abspath(arguments.venv) if arguments.venv else tempfile.mkdtemp(prefix="xent-readers-")
    python = os.path.join(folder, "bin", "python")
    try:
        if not os.path.exists(python):
            venv.create(folder, with_pip=True)
        packages = PACKAGES + (["pyspark"] if shutil.which("java") else [])
        subprocess.run([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *packages], check=True)
        command = [python, os.path.abspath(__file__), "--xent", arguments.xent, "--rows", str(arguments.rows), "--inside"]
        return subprocess.run(command).returncode
    finally:
        if not arguments.venv:
            shutil.rmtree(folder, ignore_errors=True)


def dumps(folder, rows):
    """Makes the dumps, and gives for each its name, the arguments of pack, and its columns as arrays."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq

    dice = np.random.default_rng(7)

    def save(name, array):
        path = os.path.join(folder, name + ".npy")
        np.save(path, array)
        return path

    def logits(count, classes, kind):
        return (dice.standard_normal((count, classes)) * 2).astype(kind)

    def bf16(array):
        return (array.astype("f4").view("u4") & 0xFFFF0000).view("f4")

    y = dice.integers(0, 10, rows).astype("i8")
    labels = save("y", y)
    for kind in ("f4", "f8", "f2"):
        x = logits(rows, 10, kind)
        yield kind, [save("x-" + kind, x), "--labels", labels], {"label": y, "scores": x}
    narrow = bf16(logits(rows, 10, "f4"))
    stored = (narrow.view("u4") >> 16).astype("u2")
    path = os.path.join(folder, "x-bf16.npy")
    header = ("{'descr': '<V2', 'fortran_order': False, 'shape': (%d, 10), }" % rows).ljust(117) + "\n"
    with open(path, "wb") as file:
        file.write(b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header.encode() + stored.tobytes())
    yield "bf16", [path, "--labels", labels], {"label": y, "scores": narrow}
    p = dice.random(rows).astype("f4")
    hard = (dice.random(rows) < p).astype("u1")
    weights = dice.random(rows)
    yield (
        "binary, weights", [save("p", p), "--labels", save("h", hard), "--weights", save("w", weights)],
        {"label": hard, "scores": p, "weight": weights})
    # Pages of packed bits, and a later one whose label has no bits.
    many = logits(rows, 100, "f4")
    late = dice.integers(0, 100, rows)
    late[rows * 3 // 4] = -100
    yield "a late label of -100", [save("many", many), "--labels", save("late", late)], {"label": late, "scores": many}
    wide = logits(40, 49_152, "f4")
    yield "wide", [save("wide", wide), "--labels", save("wy", y[:40].astype("i4"))], {"label": y[:40].astype("i4"), "scores": wide}
    long = logits(3, 200_000, "f4")
    yield "rows longer than a page", [save("long", long)], {"scores": long}
    two = logits(rows, 2, "f4")
    yield "two classes", [save("two", two), "--labels", save("t", hard.astype("?"))], {"label": hard.astype("?"), "scores": two}
    repeated = np.repeat(logits(max(1, rows // 100), 10, "f4"), 100, axis=0)[:rows]
    yield "repetitions", [save("rep", repeated)], {"scores": repeated}
    soft = dice.dirichlet(np.ones(10), rows).astype("f4")
    yield "soft labels", [save("soft-x", logits(rows, 10, "f4")), "--labels", save("soft-y", soft)], {"labels": soft}
    ids = np.arange(rows, dtype="i8") * 7
    names = ["row %d" % row if row % 5 else None for row in range(rows)]
    x = logits(rows, 10, "f4")
    table = pa.table({
        "id": ids, "name": pa.array(names), "weight": weights, "label": y.astype("i4"), "fold": pa.array(y % 3, pa.int8()),
        "logits": pa.FixedSizeListArray.from_arrays(pa.array(x.reshape(-1)), 10)})
    path = os.path.join(folder, "table.parquet")
    pq.write_table(table, path)
    yield "ids and texts", [path], {"label": y.astype("i4"), "logits": x, "id": ids, "weight": weights, "name": names, "fold": y % 3}
    none = save("none", logits(0, 4, "f4"))
    yield "no rows", [none], {}
    archive = os.path.join(folder, "a.npz")
    np.savez(archive, logits=x, labels=y, group=y.astype("u2"))
    yield "archive", [archive], {"labels": y, "logits": x, "group": y.astype("u2")}


def differences(found, wanted):
    """Lists the columns that differ; found are lists of Python's values by their names."""
    import numpy as np

    for name, column in wanted.items():
        if name not in found:
            yield "%s is missing" % name
        elif isinstance(column, list):
            if list(found[name]) != column:
                yield "%s differs" % name
        else:
            values = np.array(found[name])
            expected = column.astype("f8") if column.dtype.kind == "f" else column
            if values.shape != expected.shape or not np.array_equal(values.astype(expected.dtype), expected, equal_nan=expected.dtype.kind == "f"):
                yield "%s differs" % name


def with_pyarrow(path):
    import pyarrow.parquet as pq

    table = pq.read_table(path, page_checksum_verification=True)
    return {name: table[name].to_pylist() for name in table.column_names}


def with_duckdb(path):
    import duckdb

    query = duckdb.sql("select * from read_parquet('%s')" % path)
    rows = query.fetchall()
    return {name: [row[index] for row in rows] for index, name in enumerate(query.columns)}


def with_polars(path):
    import polars

    frame = polars.read_parquet(path)
    return {name: frame[name].to_list() for name in frame.columns}


def with_spark(session):
    def read(path):
        frame = session.read.parquet(path)
        rows = frame.collect()
        return {name: [row[name] for row in rows] for name in frame.columns}

    return read


def inside(arguments):
    readers = {"pyarrow": with_pyarrow, "duckdb": with_duckdb, "polars": with_polars}
    if shutil.which("java"):
        try:
            from pyspark.sql import SparkSession

            session = SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false").config(
                "spark.driver.memory", "2g").getOrCreate()
            session.sparkContext.setLogLevel("ERROR")
            readers["spark"] = with_spark(session)
        except Exception as error:  # Whatever keeps Spark from starting is no fault of the files.
            print("  spark does not start: %s" % str(error).splitlines()[0])
    else:
        print("  no Java: Spark is left out")
    failures = 0
    with tempfile.TemporaryDirectory(prefix="xent-readers-") as folder:
        for number, (name, words, wanted) in enumerate(dumps(folder, arguments.rows)):
            path = os.path.join(folder, "%d.parquet" % number)
            subprocess.run([arguments.xent, "pack", *words, "-o", path, "--quiet"], check=True)
            for reader, read in readers.items():
                try:
                    faults = list(differences(read(path), wanted))
                except Exception as error:  # Whatever a reader says of the file is what this looks for.
                    faults = [str(error).splitlines()[0]]
                failures += bool(faults)
                print("  %s %s, %s%s" % ("FAILED" if faults else "ok    ", name, reader, "".join(": " + fault for fault in faults)), flush=True)
    print("check-parquet-readers: %d faults" % failures)
    return 1 if failures else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--xent", default=os.path.join(ROOT, ".build", "release", "xent"))
    parser.add_argument("--venv")
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    arguments.xent = os.path.abspath(arguments.xent)
    if not os.access(arguments.xent, os.X_OK):
        print("check-parquet-readers: %s is no program; build it with: swift build -c release --product xent" % arguments.xent, file=sys.stderr)
        return 66
    return inside(arguments) if arguments.inside else in_environment(arguments)


if __name__ == "__main__":
    sys.exit(main())
