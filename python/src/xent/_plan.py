"""Plans: a dump cut into shards, for the machines of a cluster."""

from __future__ import annotations

import os
import tempfile
from typing import TYPE_CHECKING, Any, Iterable, List, Mapping, Optional, Sequence, TypedDict, Union

from ._errors import BadUsage, error_of_status
from ._evaluate import _evaluation, _merging, _partial, _run, merge
from ._inputs import inputs
from ._process import run
from ._options import EvaluateOptions, MergeOptions, RunOptions, arguments, check_names
from ._progress import ProgressOption
from ._report import Report, _Document
from ._transfer import Transfer

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from ._options import Input, Path, Task

_RUN_NAMES = [*RunOptions.__annotations__, "root"]


class ShardOptions(RunOptions, total=False):
    """The keyword arguments of :meth:`Plan.evaluate_shard`.

    ``root`` says that folders lie elsewhere on this machine: ``"OLD=NEW"``, or a dictionary.
    """

    root: Union[str, Sequence[str], Mapping[str, str]]


class Plan(_Document):
    """A plan: a mapping with the keys of its JSON document. It is small, and may be sent to other machines.

    Example:
        >>> plan = xent.plan("logits.npy.zst", "labels.npy", task="multiclass", input="logits", shards=16)
        >>> partials = [plan.evaluate_shard(k) for k in range(plan.shard_count)]  # on any machines, in any order
        >>> plan.merge(partials).mean
        0.06950040696274576
    """

    @classmethod
    def load(cls, path: "Path") -> "Plan":
        """Returns the plan that a file holds.

        Raises:
            OSError: The file cannot be read.
            ValueError: It is no JSON document.
        """
        with open(path, encoding="utf-8") as file:
            return cls(file.read())

    def save(self, path: "Path") -> None:
        """Writes the plan to a file, for ``xent eval --plan``.

        Raises:
            OSError: The file cannot be written.
        """
        with open(path, "w", encoding="utf-8", newline="\n") as file:
            file.write(self._text)

    @property
    def id(self) -> str:
        """What tells this plan from others: it depends on the inputs' content and the loss, not on where the files lie."""
        return str(self._document["id"])

    @property
    def shard_count(self) -> int:
        """The number of shards, which are numbered from 0."""
        return len(self._document["shards"])

    @property
    def row_count(self) -> int:
        """The number of rows of all shards."""
        return int(self._document["rows"])

    def evaluate_shard(self, shard: int, *, progress: ProgressOption = False, **options: "Unpack[ShardOptions]") -> bytes:
        """Evaluates one shard, and returns its partial: some hundreds of bytes, for :meth:`merge`.

        Args:
            shard: The number of the shard, from 0.
            progress: As in :func:`xent.evaluate`.
            options: ``root``, and how the work is done: ``threads``, ``kernel``, ``memory``, …

        Raises:
            BadData: A file is not the one that was planned.
            XentError: As :func:`xent.evaluate` does.
        """
        check_names(options, _RUN_NAMES, "evaluate_shard()")
        given = dict(options)
        root = given.get("root")
        if isinstance(root, Mapping):
            given["root"] = [f"{old}={new}" for old, new in root.items()]
        with Transfer() as transfer:
            words = ["eval", f"--plan={transfer.place_bytes(self._text.encode(), 'plan')}", f"--shard={shard:d}"]
            words += arguments(given, lambda value, name: str(value))
            return _partial(_run(words + ["--partial", "-"], transfer, progress))

    def merge(self, partials: "Iterable[Union[bytes, Path]]", **options: "Unpack[MergeOptions]") -> Report:
        """Merges the partials of all shards into the report of the whole. The parameters are those of :func:`xent.merge`.

        Raises:
            BadData: A shard is missing, or came twice with unlike contents.
        """
        return merge(partials, plan=self, **options)

    def missing(self, partials: "Iterable[Union[bytes, Path]]") -> List[int]:
        """Returns the numbers of the shards that none of these partials is of.

        Raises:
            XentError: As :meth:`merge` does, but for what is missing.
        """
        found = list(partials)
        if not found:
            return list(range(self.shard_count))
        with Transfer() as transfer:
            result = _run(_merging(transfer, found, self, {"missing": True}), transfer, False)
        if result.status not in (0, 65) or (result.status == 65 and not result.output.strip()):
            raise result.error()
        return _numbers(result.output.decode())

    def __repr__(self) -> str:
        return f"<xent.Plan {self.id}: {self.shard_count} shards, {self.row_count:,} rows>"

    def _repr_html_(self) -> None:  # type: ignore[override]
        return None


def plan(
    predictions: Any,
    labels: Any = None,
    *,
    task: "Task",
    input: "Input",
    weights: Any = None,
    shards: Optional[int] = None,
    shard_size: Union[int, str, None] = None,
    **options: "Unpack[EvaluateOptions]",
) -> Plan:
    """Cuts a dump into shards that machines can evaluate each for itself.

    The same inputs and options make the same plan.

    Args:
        predictions: Files or URLs: what is in memory is on one machine only.
        labels: Files of labels.
        task: As in :func:`xent.evaluate`.
        input: As in :func:`xent.evaluate`.
        weights: Files of weights.
        shards: How many shards.
        shard_size: How large a shard is: bytes, or text such as ``"8G"``. Either this or ``shards`` is given.
        options: Those of :func:`xent.evaluate` that determine the loss.

    Raises:
        XentError: As :func:`xent.evaluate` does.
    """
    check_names(options, EvaluateOptions.__annotations__, "plan()")
    if (shards is None) == (shard_size is None):
        raise BadUsage("plan() takes either shards or shard_size")
    for role, value in (("predictions", predictions), ("labels", labels), ("weights", weights)):
        if value is not None and not all(isinstance(source, str) for source in inputs(value, role)):
            raise BadUsage(f"{role} is in memory, which other machines do not have; write it to a file first")
    given: Mapping[str, Any] = {"task": task, "input": input, "shards": shards, "shard_size": shard_size, **options}
    with Transfer() as transfer, tempfile.TemporaryDirectory(prefix="xent-") as folder:
        path = os.path.join(folder, "plan.json")
        words = _evaluation(transfer, predictions, labels, weights, given, command=("plan",))
        # Planning has no log: it takes as long as opening the files.
        result = run(words + ["-o", path], transfer, has_log=False)
        if result.status != 0:
            raise result.error()
        if not os.path.exists(path):
            raise error_of_status(70, "no plan was written")
        return Plan.load(path)


def _numbers(text: str) -> List[int]:
    """Returns the numbers of a list as Slurm takes it: ``0,3-5``."""
    numbers: List[int] = []
    for part in text.replace("\n", ",").split(","):
        if part.strip():
            first, _, last = part.strip().partition("-")
            numbers += range(int(first), int(last or first) + 1)
    return numbers
