"""Measures what it costs to evaluate objects in memory, beside the command on the same values in a file.

    python benchmarks/overhead.py [--megabytes N] [--rounds N] [--markdown]

Each way is measured once a round, in turn, so that what else the machine does meets all of them. It prints the median of each, the median of
its differences from the command in the same round, its least time, and the processors' time of both processes. Arrays are compared with the
command on the .npy file, and tables with the command on the file of Arrow that has the same rows. Ways whose package is not installed are
left out.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import tempfile
import time
from typing import Callable, Dict, List

import numpy

import xent


COMMAND = "the command, on "


def ways(folder: str, megabytes: int) -> Dict[str, Callable[[], float]]:
    """Returns the ways to evaluate one dump, each of which gives the mean."""
    generator = numpy.random.default_rng(7)
    classes = 100
    rows = megabytes * 1_000_000 // (4 * classes)
    logits = generator.standard_normal((rows, classes), dtype="f4")
    labels = generator.integers(0, classes, rows)
    file, label_file = os.path.join(folder, "logits.npy"), os.path.join(folder, "labels.npy")
    numpy.save(file, logits)
    numpy.save(label_file, labels)

    def command(name: str, *options: str) -> Callable[[], float]:
        words = [xent.binary(), "eval", name, f"--labels={label_file}", "--task=multiclass", "--input=logits", "--quiet", *options]
        return lambda: float(subprocess.run(words, check=True, capture_output=True).stdout)

    def call(predictions: object, targets: object, **options: object) -> Callable[[], float]:
        return lambda: xent.evaluate(predictions, targets, task="multiclass", input="logits", **options).mean  # type: ignore[arg-type]

    found: Dict[str, Callable[[], float]] = {
        COMMAND + "the .npy file": command(file),
        "the file's name": call(file, label_file),
        "a whole memmap": call(numpy.load(file, mmap_mode="r"), labels),
        "NumPy, in the order of C": call(logits, labels),
        "NumPy, in Fortran's order": call(numpy.asfortranarray(logits), labels),
    }
    try:
        import torch

        found["a tensor"] = call(torch.from_numpy(logits), torch.from_numpy(labels))
        found["64 tensors in a list"] = call(list(torch.from_numpy(logits).chunk(64)), torch.from_numpy(labels))
    except ImportError:
        pass
    columns = [f"p{number}" for number in range(classes)]
    try:
        import pyarrow

        table = pyarrow.table([logits[:, column].copy() for column in range(classes)], names=columns)
        table_file = os.path.join(folder, "table.arrow")
        with pyarrow.OSFile(table_file, "wb") as sink, pyarrow.ipc.new_file(sink, table.schema) as writer:
            writer.write_table(table, max_chunksize=1 << 16)
        found[COMMAND + "the Arrow file"] = command(table_file, "--prediction-columns=" + ",".join(columns))
        found["a table of Arrow"] = call(table, labels, prediction_columns=columns)
        import pandas

        found["a table of pandas"] = call(pandas.DataFrame(logits, columns=columns), labels, prediction_columns=columns)
        import polars

        found["a table of Polars"] = call(polars.from_arrow(table), labels, prediction_columns=columns)
    except ImportError:
        pass
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--megabytes", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=11)
    parser.add_argument("--markdown", action="store_true", help="print a table in Markdown")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = ways(folder, options.megabytes)
        means = {name: way() for name, way in found.items()}
        if len({mean.hex() for mean in means.values()}) != 1:
            raise SystemExit(f"the means differ: {means}")
        seconds: Dict[str, List[float]] = {name: [] for name in found}
        work: Dict[str, List[float]] = {name: [] for name in found}
        for _ in range(options.rounds):
            for name, way in found.items():
                begin, used = time.perf_counter(), processor_seconds()
                way()
                seconds[name].append(time.perf_counter() - begin)
                work[name].append(processor_seconds() - used)
    line = "| {} | {} | {} | {} | {} | {} |" if options.markdown else "{:30} {:>9} {:>12} {:>9} {:>9} {:>9}"
    print(line.format("what is evaluated", "median, s", "overhead, s", "ratio", "least, s", "CPU, s"))
    if options.markdown:
        print("|---|---|---|---|---|---|")
    base: List[float] = []
    for name, times in seconds.items():
        if name.startswith(COMMAND):
            base = times
        overhead = statistics.median(time - other for time, other in zip(times, base))
        ratio = statistics.median(time / other for time, other in zip(times, base))
        print(
            line.format(
                name, f"{statistics.median(times):.3f}", f"{overhead:+.3f}", f"{ratio:.2f}", f"{min(times):.3f}",
                f"{statistics.median(work[name]):.3f}",
            )
        )


def processor_seconds() -> float:
    """Returns the processors' time that this process and the ended ones that it started have used."""
    return sum(
        used.ru_utime + used.ru_stime for used in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    )


if __name__ == "__main__":
    main()
