"""Exact cross-entropy of predictions: arrays, tensors, tables and files of any size, the same 64 bits everywhere.

The package runs the command ``xent``, which the wheel brings along. It needs no other package, and takes objects of NumPy, PyTorch, pandas,
Polars and PyArrow without a copy on disk.

Example:
    >>> import xent
    >>> xent.evaluate("logits.npy.zst", "labels.npy", task="multiclass", input="logits").mean
    0.06950040696274576

:mod:`xent.ray`, :mod:`xent.spark` and :mod:`xent.dask` evaluate the shards of a plan on a cluster.
"""

from ._binary import binary
from ._errors import (
    BadData,
    BadUsage,
    BinaryNotFound,
    CannotCreate,
    FaultOfOurs,
    GateNotMet,
    InputOutput,
    KilledBySignal,
    NoInput,
    TryAgain,
    XentError,
    XentWarning,
)
from ._evaluate import compare, evaluate, evaluate_partial, inspect, merge, merge_partials
from ._plan import Plan, plan
from ._progress import Progress
from ._report import Comparison, DialectFigures, Interval, Report, Rows
from ._version import __version__

__all__ = [
    "BadData",
    "BadUsage",
    "BinaryNotFound",
    "CannotCreate",
    "Comparison",
    "DialectFigures",
    "FaultOfOurs",
    "GateNotMet",
    "InputOutput",
    "Interval",
    "KilledBySignal",
    "NoInput",
    "Plan",
    "Progress",
    "Report",
    "Rows",
    "TryAgain",
    "XentError",
    "XentWarning",
    "__version__",
    "binary",
    "compare",
    "evaluate",
    "evaluate_partial",
    "inspect",
    "merge",
    "merge_partials",
    "plan",
]
