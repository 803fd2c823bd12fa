"""The parts that the drivers of all engines share: one shard of a plan, the worker that dies, and the line that is printed.

A driver is called as `DRIVER XENT PLAN SHARDS FOLDER`. Each shard's partial goes through the engine's own result. The worker of shard 5 is
killed with SIGKILL while its run is at work, once; the marker of that lies in FOLDER.
"""

import json
import os
import pathlib
import signal
import subprocess
import sys
import time

# The exit statuses that another try does not mend: a request, data or a file that is wrong.
FINAL = (64, 65, 66)
VICTIM = 5


class ShardFailed(Exception):
    """A shard that another try may mend."""


class ShardRefused(Exception):
    """A shard that no other try mends."""


def evaluate(xent: str, plan: str, shard: int, folder: str) -> bytes:
    """Returns the partial of a shard."""
    environment = {**os.environ, "XENT_PARENT_PID": str(os.getpid())}
    command = [xent, "eval", "--plan", plan, "--shard", str(shard), "--partial", "-", "--threads", "1", "--exit-with-parent", "--silent"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment)
    if shard == VICTIM:
        try:
            os.close(os.open(pathlib.Path(folder, "killed"), os.O_CREAT | os.O_EXCL))
        except FileExistsError:
            pass
        else:
            # The run has begun by then.
            time.sleep(0.05)
            os.kill(os.getpid(), signal.SIGKILL)
    partial, errors = process.communicate()
    if process.returncode in FINAL:
        raise ShardRefused(f"shard {shard}: exit status {process.returncode}: {errors.decode(errors='replace')}")
    if process.returncode != 0:
        raise ShardFailed(f"shard {shard}: exit status {process.returncode}: {errors.decode(errors='replace')}")
    return partial


def arguments() -> tuple[str, str, int, str]:
    """Returns the arguments of a driver."""
    xent, plan, shards, folder = sys.argv[1:]
    return os.path.abspath(xent), os.path.abspath(plan), int(shards), os.path.abspath(folder)


def finish(partials: list[bytes], folder: str, **seconds: float) -> None:
    """Writes the partials, and prints what was measured."""
    for shard, partial in enumerate(partials):
        pathlib.Path(folder, f"{shard}.partial").write_bytes(partial)
    print(json.dumps({name: round(value, 4) for name, value in seconds.items()}))
