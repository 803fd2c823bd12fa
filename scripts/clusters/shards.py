"""The parts that the drivers of all engines share.

A driver is called as `DRIVER PLAN FOLDER`, with the package's folder in PYTHONPATH and the command in XENT_BINARY. It evaluates the shards by the package's
module for the engine, writes their partials to FOLDER, and prints what it measured.
"""

import json
import os
import pathlib
import sys

import xent


def arguments() -> tuple[xent.Plan, str]:
    """Returns the arguments of a driver."""
    return xent.Plan.load(sys.argv[1]), os.path.abspath(sys.argv[2])


def finish(partials: list[bytes], folder: str, **seconds: float) -> None:
    """Writes the partials, and prints what was measured."""
    for shard, partial in enumerate(partials):
        pathlib.Path(folder, f"{shard}.partial").write_bytes(partial)
    print(json.dumps({name: round(value, 4) for name, value in seconds.items()}))
