"""Commands run as whole processes, and what they took."""

import dataclasses
import json
import os
import pathlib
import statistics
import subprocess
import sys


@dataclasses.dataclass(frozen=True)
class Run:
    seconds: float
    processor_seconds: float
    peak_bytes: int
    output: str


def run(command: list, environment: dict | None = None) -> Run:
    """Runs it to its end; one that fails ends the benchmark. Its standard output is kept, its errors are shown."""
    launcher = [sys.executable, "-I", "-S", str(pathlib.Path(__file__).with_name("launch.py"))]
    # Where these are set they make OpenBLAS take older instructions; no command here is to be slowed by that.
    inherited = {name: value for name, value in os.environ.items() if name not in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")}
    result = subprocess.run(launcher + [str(part) for part in command], stdout=subprocess.PIPE, text=True,
                            env=inherited | (environment or {}))
    *output, last = result.stdout.splitlines() or [""]
    usage = json.loads(last) if result.returncode == 0 else {"status": "no start"}
    if usage["status"] != 0:
        raise SystemExit(f"this command failed ({usage['status']}):\n    {' '.join(map(str, command))}\n" + "\n".join(output))
    return Run(usage["seconds"], usage["processor_seconds"], usage["peak_bytes"], "\n".join(output))


def median_ratio(numerators: list, denominators: list) -> float:
    """The median of the ratios of runs that followed one another: what slows the machine for a while slows both of a pair."""
    return statistics.median(a / b for a, b in zip(numerators, denominators, strict=True))


def executable(path: str) -> str:
    """The full path of the `xent` to measure."""
    full = pathlib.Path(path).resolve()
    if not (full.is_file() and os.access(full, os.X_OK)):
        raise SystemExit(f"{path} is not there; build it with: swift build -c release --product xent --static-swift-stdlib")
    return str(full)
