"""The reports: what the command writes as JSON, with the figures as attributes, and pictures in notebooks."""

from __future__ import annotations

import html
import json
import math
import os
from dataclasses import dataclass
from typing import Any, Dict, Iterator, List, Mapping, Optional, Tuple, Union

from ._errors import XentError
from ._page import fragment
from ._process import run
from ._transfer import Transfer


@dataclass(frozen=True)
class Rows:
    """How many rows there were, and what became of them.

    Attributes:
        read: All rows.
        scored: Those in the mean.
        ignored: Those that a rule leaves out, such as ``ignore_index``.
        invalid: Those that were left out because they have no loss, with ``on_invalid="skip"``.
        infinite: Scored rows whose loss is infinite.
    """

    read: int
    scored: int
    ignored: int
    invalid: int
    infinite: int


@dataclass(frozen=True)
class Interval:
    """An interval with the confidence that the report names."""

    lower: float
    upper: float


@dataclass(frozen=True)
class DialectFigures:
    """The figures of one dialect.

    Attributes:
        mean: The mean loss, the same 64 bits as the command's.
        sum: The sum of the losses.
    """

    mean: float
    sum: float


def number(value: Union[float, int, str, None]) -> float:
    """Returns a number of a report. JSON has no infinity: such a number is text there. An absent one is NaN."""
    return math.nan if value is None else float(value)


def exact(figures: Mapping[str, Any], name: str) -> float:
    """Returns a figure by its exact form (``mean_hex`` beside ``mean``), as far as there is one."""
    text = figures.get(name + "_hex")
    try:
        return float.fromhex(text) if isinstance(text, str) else number(figures.get(name))
    except ValueError:
        return number(figures.get(name))


class _Document(Mapping[str, Any]):
    """A JSON document of the command, as a mapping."""

    def __init__(self, text: Union[str, bytes]) -> None:
        self._text = text.decode() if isinstance(text, bytes) else text
        document = json.loads(self._text)
        if not isinstance(document, dict):
            raise ValueError("a report is a JSON object")
        self._document: Dict[str, Any] = document

    def __getitem__(self, key: str) -> Any:
        return self._document[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._document)

    def __len__(self) -> int:
        return len(self._document)

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and isinstance(other, _Document) and self._document == other._document

    __hash__ = None  # type: ignore[assignment]

    def __reduce__(self) -> Tuple[Any, ...]:
        return type(self), (self._text,)

    def to_dict(self) -> Dict[str, Any]:
        """Returns a copy of the JSON document as a dictionary."""
        copy: Dict[str, Any] = json.loads(self._text)
        return copy

    def to_json(self) -> str:
        """Returns the JSON document as the command wrote it, for ``xent report`` and ``xent compare``."""
        return self._text

    def save(self, path: Union[str, "os.PathLike[str]"]) -> None:
        """Writes the JSON document to a file. What ends in ``.html`` gets the page with pictures in its place.

        Raises:
            OSError: The file cannot be written.
        """
        text = self.to_html() if os.fspath(path).endswith(".html") else self._text
        with open(path, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)

    def to_html(self) -> str:
        """Returns the page with pictures, as ``xent report`` writes it: one document without scripts, which needs no network.

        Raises:
            XentError: The command failed.
        """
        with Transfer() as transfer:
            path = transfer.place_bytes(self._text.encode(), "report")
            result = run(["report", path, "-o", "-"], transfer, has_log=False)
            if result.status != 0:
                raise result.error()
            return transfer.translate(result.output.decode())

    def _repr_html_(self) -> str:
        try:
            return fragment(self.to_html())
        except XentError as error:
            # A notebook shows what is known without the command.
            return f"<pre>{html.escape(repr(self))}\n({html.escape(error.message)})</pre>"

    @property
    def warnings(self) -> Tuple[str, ...]:
        """The doubts that a reader of the figures should know of, in sentences."""
        return tuple(self._document.get("warnings", ()))

    @property
    def xent_version(self) -> str:
        """The version of the command that made the report."""
        return str(self._document.get("xent", ""))

    @property
    def confidence(self) -> float:
        """The confidence of all intervals, between 0 and 1."""
        return number(self._document.get("confidence"))


class Report(_Document):
    """The report of an evaluation: a mapping with the keys of the JSON document, and its figures as attributes.

    Example:
        >>> report = xent.evaluate(logits, labels, task="multiclass", input="logits")
        >>> report.mean, report.standard_error
        (0.06950040696274576, 0.010730060446137455)
        >>> report["rows"]["scored"]
        1797
    """

    @property
    def mean(self) -> float:
        """The mean loss over rows, the same 64 bits as the command's. Its unit is ``unit``."""
        return exact(self._document["loss"], "mean")

    def __float__(self) -> float:
        return self.mean

    @property
    def sum(self) -> float:
        """The sum of the losses."""
        return exact(self._document["loss"], "sum")

    @property
    def standard_error(self) -> float:
        """The standard error of the mean; NaN where there is none."""
        uncertainty = self._document.get("uncertainty", {})
        return number(uncertainty.get("standard_error", self._document["loss"].get("standard_error")))

    @property
    def interval(self) -> Optional[Interval]:
        """The interval of the mean; None where there is none."""
        for figures in (self._document.get("uncertainty", {}), self._document["loss"]):
            if "lower" in figures and "upper" in figures:
                return Interval(number(figures["lower"]), number(figures["upper"]))
        return None

    @property
    def perplexity(self) -> float:
        """The exponential of the mean in nats: per token where records hold tokens, else per row."""
        tokens = self._document.get("tokens")
        return number(tokens["perplexity"] if tokens else self._document["loss"].get("perplexity"))

    @property
    def token_mean(self) -> Optional[float]:
        """The mean loss a token; None where records hold no tokens."""
        tokens = self._document.get("tokens")
        return exact(tokens, "mean") if tokens else None

    @property
    def accuracy(self) -> Optional[float]:
        """The share of scored decisions that are right; None for tasks without labels."""
        value = self._document.get("accuracy")
        return None if value is None else number(value)

    @property
    def rows(self) -> Rows:
        """How many rows there were, and what became of them."""
        rows = self._document["rows"]
        return Rows(*(int(rows.get(name, 0)) for name in ("read", "scored", "ignored", "invalid", "infinite")))

    @property
    def classes(self) -> int:
        """The number of classes; 2 for task binary."""
        return int(self._document["classes"])

    @property
    def task(self) -> str:
        """The task."""
        return str(self._document["task"])

    @property
    def unit(self) -> str:
        """The unit of the losses: nats or bits."""
        return str(self._document["unit"])

    @property
    def dialects(self) -> Dict[str, DialectFigures]:
        """The figures of each dialect that was asked for."""
        return {
            name: DialectFigures(exact(figures, "mean"), exact(figures, "sum")) for name, figures in self._document["dialects"].items()
        }

    @property
    def notices(self) -> Tuple[Tuple[str, str], ...]:
        """The warnings, each with its stable code before it."""
        return tuple((notice["code"], notice["text"]) for notice in self._document.get("notices", ()))

    @property
    def gates(self) -> Tuple[Dict[str, Any], ...]:
        """The outcome of each requirement."""
        return tuple(self._document.get("gates", ()))

    def __repr__(self) -> str:
        first = next(iter(self.dialects), "exact")
        lines = [
            f"<xent.Report: {self.task} from {self._document.get('input', '?')}, dialect {self._document.get('dialect', first)}",
            f"  mean           {self.mean!r} {self.unit}" + _plus_minus(self.standard_error),
        ]
        if self.token_mean is not None:
            lines.append(f"  mean a token   {self.token_mean!r} {self.unit}")
        interval = self.interval
        if interval is not None:
            lines.append(f"  interval       {interval.lower:.6g} to {interval.upper:.6g}, {100 * self.confidence:g} %")
        if not math.isnan(self.perplexity):
            lines.append(f"  perplexity     {self.perplexity:.6g}")
        if self.accuracy is not None:
            lines.append(f"  accuracy       {100 * self.accuracy:.2f} %")
        for name, figures in self.dialects.items():
            if len(self.dialects) > 1:
                lines.append(f"  {name:<14} {figures.mean!r} {self.unit}")
        rows = self.rows
        others = [f", {count:,} {what}" for count, what in ((rows.ignored, "ignored"), (rows.invalid, "invalid")) if count]
        lines.append(f"  rows           {rows.scored:,} scored" + "".join(others))
        lines += [f"  not met        {gate.get('gate', gate.get('expression', '?'))}" for gate in self.gates if gate.get("verdict") == "fail"]
        lines += [f"  warning        {text}" for text in self.warnings]
        return "\n".join(lines) + ">"


class Comparison(_Document):
    """The report of a comparison. A difference is that of the second model less the first, so that a positive one says that the second is
    worse.

    Example:
        >>> difference = xent.compare(old, new, labels, task="multiclass", input="logits")
        >>> difference.mean, difference.p_value
        (-0.0125, 0.004)
    """

    @property
    def mean(self) -> float:
        """The mean difference of the losses, the same 64 bits as the command's."""
        return exact(self._document["difference"], "mean")

    def __float__(self) -> float:
        return self.mean

    @property
    def standard_error(self) -> float:
        """The standard error of the mean difference."""
        return number(self._document["difference"].get("standard_error"))

    @property
    def interval(self) -> Optional[Interval]:
        """The interval of the mean difference; None where there is none."""
        figures = self._document["difference"]
        return Interval(number(figures["lower"]), number(figures["upper"])) if "lower" in figures and "upper" in figures else None

    @property
    def p_value(self) -> float:
        """The two-sided probability of so large a difference between equal models; NaN where there is none."""
        return number(self._document["difference"].get("p_value"))

    @property
    def means(self) -> Tuple[float, float]:
        """The mean losses of the first and of the second model."""
        return exact(self._document["a"]["loss"], "mean"), exact(self._document["b"]["loss"], "mean")

    @property
    def accuracies(self) -> Optional[Tuple[float, float]]:
        """The accuracies of the first and of the second model; None for tasks without labels."""
        first, second = self._document["a"].get("accuracy"), self._document["b"].get("accuracy")
        return None if first is None or second is None else (number(first), number(second))

    @property
    def gates(self) -> Tuple[Dict[str, Any], ...]:
        """The outcome of each requirement."""
        return tuple(self._document.get("gates", ()))

    def __repr__(self) -> str:
        first, second = self.means
        lines = [
            "<xent.Comparison: b - a",
            f"  difference     {self.mean!r}" + _plus_minus(self.standard_error),
        ]
        interval = self.interval
        if interval is not None:
            lines.append(f"  interval       {interval.lower:.6g} to {interval.upper:.6g}, {100 * self.confidence:g} %")
        if not math.isnan(self.p_value):
            lines.append(f"  p              {self.p_value:.3g}")
        lines.append(f"  means          {first!r}, {second!r}")
        if self.accuracies is not None:
            lines.append(f"  accuracies     {100 * self.accuracies[0]:.2f} %, {100 * self.accuracies[1]:.2f} %")
        rows: Any = self._document.get("rows", {})
        if "paired" in rows:
            lines.append(f"  rows           {rows['paired']:,} paired")
        lines += [f"  warning        {text}" for text in self.warnings]
        return "\n".join(lines) + ">"


def _plus_minus(error: float) -> str:
    return "" if math.isnan(error) else f" ± {error:.2g}"


def documents(text: bytes) -> List[Dict[str, Any]]:
    """Returns a list of JSON objects, as ``xent inspect`` writes it."""
    found = json.loads(text)
    return [dict(item) for item in found]
