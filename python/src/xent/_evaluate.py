"""Evaluating, comparing and merging: the functions of the package."""

from __future__ import annotations

import os
import sys
import warnings as python_warnings
from typing import TYPE_CHECKING, Any, Dict, Iterable, List, Mapping, Optional, Sequence, TypeVar, Union

from ._errors import BadUsage, XentWarning
from ._inputs import Data, check_indexes, inputs
from ._options import CompareOptions, EvaluateOptions, MergeOptions, arguments, check_names
from ._process import Result, run
from ._progress import ProgressOption, shown
from ._report import Comparison, Report, documents
from ._transfer import Transfer

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from ._options import Input, Path, Task
    from ._plan import Plan


def evaluate(
    predictions: Data,
    labels: Optional[Data] = None,
    *,
    task: "Task",
    input: "Input",
    weights: Optional[Data] = None,
    progress: ProgressOption = False,
    **options: "Unpack[EvaluateOptions]",
) -> Report:
    """Evaluates predictions against labels, and returns the report.

    Files are read by the command itself, on every core. Objects in memory reach it without a file: large ones through a pipe while it scores,
    small ones through memory that it shares. Whole arrays of ``numpy.load(name, mmap_mode="r")`` are passed as their files.

    Args:
        predictions: Files (also URLs and patterns), an array of NumPy, a tensor of PyTorch, a table of pandas, Polars or PyArrow, or a list of
            any of them, whose rows follow one another. A list of text is one of names of files; names of classes are passed as arrays
            or columns.
        labels: The same for labels. Without, they are a column of the predictions.
        task: What is predicted: ``binary``, ``multiclass``, ``multilabel``, ``soft`` or ``likelihood``.
        input: What the values are: ``logits``, ``probabilities`` or ``log-probabilities``. It is never guessed.
        weights: One weight a row.
        progress: ``True`` shows progress in a notebook or on a terminal; a function is called with a :class:`xent.Progress`.
        options: The options of ``xent eval``, with underscores in their names: ``dialect=["exact", "keras"]``, ``class_weights="balanced"``,
            ``on_invalid="skip"``, ``insight=True``, ``slice=["label"]``, ``require=["loss.mean <= 0.7"]``, ``threads=4``, …

    Raises:
        GateNotMet: A requirement is not met; the report is in its ``report``.
        BadUsage: An option, a combination of options or a type that has no meaning.
        BadData: Data are damaged, mismatched or invalid, or no row was scored.
        NoInput: A file cannot be opened.
        XentError: Any other failure, by the command's exit status.

    Example:
        >>> xent.evaluate(logits, labels, task="multiclass", input="logits").mean
        0.06950040696274576
    """
    check_names(options, EvaluateOptions.__annotations__, "evaluate()")
    with Transfer() as transfer:
        words = _evaluation(transfer, predictions, labels, weights, {"task": task, "input": input, **options})
        result = _run(words + ["--json", "-"], transfer, progress)
        return _report(result, transfer)


def evaluate_partial(
    predictions: Data,
    labels: Optional[Data] = None,
    *,
    task: "Task",
    input: "Input",
    weights: Optional[Data] = None,
    progress: ProgressOption = False,
    **options: "Unpack[EvaluateOptions]",
) -> bytes:
    """Evaluates a part of the rows, and returns its state, for :func:`merge`: some hundreds of bytes.

    The parameters and exceptions are those of :func:`evaluate`. ``first_row=`` or ``shard="K/N"`` give the part its place in the whole.
    """
    check_names(options, [name for name in EvaluateOptions.__annotations__ if name != "partial"], "evaluate_partial()")
    with Transfer() as transfer:
        words = _evaluation(transfer, predictions, labels, weights, {"task": task, "input": input, **options})
        return _partial(_run(words + ["--partial", "-"], transfer, progress))


def compare(
    a: Union[Data, Report, bytes],
    b: Union[Data, Report, bytes],
    labels: Optional[Data] = None,
    *,
    task: "Optional[Task]" = None,
    input: "Optional[Input]" = None,
    weights: Optional[Data] = None,
    progress: ProgressOption = False,
    **options: "Unpack[CompareOptions]",
) -> Comparison:
    """Compares two models on the same rows: the difference of their mean losses, with its interval.

    Args:
        a: The predictions of the baseline, as :func:`evaluate` takes them; or its report; or its partial, as bytes or a file.
        b: The same of the candidate.
        labels: The labels of both.
        task: What is predicted. Reports and partials know it.
        input: What the values are.
        weights: One weight a row.
        progress: As in :func:`evaluate`.
        options: The options of ``xent compare``, with underscores in their names.

    Raises:
        XentError: As :func:`evaluate` does.
    """
    check_names(options, CompareOptions.__annotations__, "compare()")
    given: Mapping[str, Any] = {"task": task, "input": input, **options}
    check_indexes({"a": a, "b": b, "labels": labels, "weights": weights})
    with Transfer() as transfer:
        words = ["compare"]
        for role, value in (("a", a), ("b", b)):
            if isinstance(value, Report):
                words.append(transfer.place_bytes(value.to_json().encode(), role))
            elif isinstance(value, bytes):
                words.append(transfer.place_bytes(value, role))
            else:
                sources = inputs(value, role)
                if len(sources) != 1:
                    raise BadUsage(f"{role} is {len(sources)} inputs, and a comparison takes one a model; join them first")
                words.append(transfer.place(sources[0], role))
        words += _companions(transfer, labels, weights, given, is_read_twice=True)
        result = _run(words + ["--json", "-"], transfer, progress)
        report = Comparison(transfer.translate(result.output.decode())) if result.output.strip() else None
        return _finished(result, report)


def merge(
    partials: "Iterable[Union[bytes, Path]]", *, plan: "Optional[Plan]" = None, **options: "Unpack[MergeOptions]"
) -> Report:
    """Merges partials of disjoint shards into one report, that of a single run over all rows.

    Args:
        partials: What :func:`evaluate_partial` returned, or names of files that ``xent eval --partial`` wrote, in any order.
        plan: The plan whose shards they are. Then they must make up the whole.
        options: The options of ``xent merge``, with underscores in their names.

    Raises:
        BadData: Partials are damaged, overlap, are of unlike losses, or do not make up the whole.
        XentError: As :func:`evaluate` does.
    """
    check_names(options, MergeOptions.__annotations__, "merge()")
    with Transfer() as transfer:
        result = _run(_merging(transfer, partials, plan, options) + ["--json", "-"], transfer, False)
        return _report(result, transfer)


def merge_partials(
    partials: "Iterable[Union[bytes, Path]]", *, plan: "Optional[Plan]" = None, **options: "Unpack[MergeOptions]"
) -> bytes:
    """Merges partials into one partial, for merging in several steps. The parameters are those of :func:`merge`."""
    check_names(options, [name for name in MergeOptions.__annotations__ if name != "partial"], "merge_partials()")
    with Transfer() as transfer:
        return _partial(_run(_merging(transfer, partials, plan, options) + ["--partial", "-"], transfer, False))


def inspect(files: Data) -> List[Dict[str, Any]]:
    """Returns what files or objects in memory are: format, columns, shape, type and frames, a dictionary for each.

    Raises:
        XentError: A file cannot be opened, or is of no known format.
    """
    with Transfer() as transfer:
        words = ["inspect", *transfer.place_all(inputs(files, "files"), "files"), "--json", "-"]
        result = run(words, transfer, has_log=False)
        if result.status != 0:
            raise result.error()
        return documents(transfer.translate(result.output.decode()).encode())


def _evaluation(
    transfer: Transfer, predictions: Any, labels: Any, weights: Any, options: Mapping[str, Any], command: Sequence[str] = ("eval",)
) -> List[str]:
    """Returns the words of a command that reads predictions with their companions."""
    check_indexes({"predictions": predictions, "labels": labels, "weights": weights})
    words = [*command, *transfer.place_all(inputs(predictions, "predictions"), "predictions")]
    return words + _companions(transfer, labels, weights, options)


def _companions(
    transfer: Transfer, labels: Any, weights: Any, options: Mapping[str, Any], is_read_twice: bool = False
) -> List[str]:
    """Returns the words for labels, weights and options. A comparison reads labels and weights for each of its models."""
    words: List[str] = []
    for role, value, column in (("labels", labels, "label_column"), ("weights", weights, "weight_column")):
        if value is not None:
            sources = inputs(value, role, str(options.get(column) or role.rstrip("s")))
            words += [f"--{role}={name}" for name in transfer.place_all(sources, role, is_read_twice)]

    def place(value: Any, name: str) -> str:
        return _place_option(transfer, value, name, is_read_twice)

    return words + arguments(options, place)


def _place_option(transfer: Transfer, value: Any, name: str, is_read_twice: bool = False) -> str:
    """Returns the name of a file that holds the value of an option."""
    if isinstance(value, Report):
        return transfer.place_bytes(value.to_json().encode(), name)
    if name == "baseline" and isinstance(value, Mapping):
        import json

        return transfer.place_bytes(json.dumps(value).encode(), name)
    sources = inputs(value, name)
    if len(sources) != 1:
        raise BadUsage(f"{name} is {len(sources)} inputs; it takes one")
    return transfer.place(sources[0], name, is_read_twice)


def _merging(transfer: Transfer, partials: Iterable[Any], plan: "Optional[Plan]", options: Mapping[str, Any]) -> List[str]:
    if isinstance(partials, (bytes, str, os.PathLike)):
        raise BadUsage("partials is one partial; pass a list of them")
    found = [partial if isinstance(partial, bytes) else os.fsdecode(os.fspath(partial)) for partial in partials]
    if not found:
        raise BadUsage("partials is empty; there is nothing to merge")

    def place(value: Any, name: str) -> str:
        return _place_option(transfer, value, name)

    words = ["merge", *transfer.place_partials(found), *arguments(options, place)]
    return words if plan is None else words + [f"--plan={transfer.place_bytes(plan.to_json().encode(), 'plan')}"]


def _run(words: Sequence[str], transfer: Transfer, progress: ProgressOption) -> Result:
    with shown(progress) as function:
        # Merging knows no progress: it takes milliseconds.
        watched = ["--progress", "always"] if function is not None and words[0] != "merge" else []
        return run([*words, *watched], transfer, function)


_Kind = TypeVar("_Kind", Report, Comparison)


def _report(result: Result, transfer: Transfer) -> Report:
    report = Report(transfer.translate(result.output.decode())) if result.output.strip() else None
    return _finished(result, report)


def _finished(result: Result, report: Optional[_Kind]) -> _Kind:
    """Returns a report, with its warnings as Python's; or raises what the status stands for."""
    if result.status != 0:
        raise result.error(report)
    if report is None:
        raise result.error()
    _warn(report.warnings)
    return report


def _partial(result: Result) -> bytes:
    if result.status != 0:
        raise result.error()
    _warn(result.warnings)
    return result.output


def _warn(texts: Sequence[str]) -> None:
    """Gives the warnings of a report as Python's."""
    # At the line that called the package.
    level, frame = 1, sys._getframe()
    while frame.f_back is not None and os.path.dirname(frame.f_code.co_filename) == os.path.dirname(__file__):
        level, frame = level + 1, frame.f_back
    for text in texts:
        python_warnings.warn(text, XentWarning, stacklevel=level)
