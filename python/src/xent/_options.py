"""The options of the command as keyword arguments: their names, their types, and how each is written on a command line."""

from __future__ import annotations

import difflib
import enum
import os
from typing import TYPE_CHECKING, Any, Callable, Dict, Iterable, List, Mapping, Sequence, TypedDict, Union

from ._errors import BadUsage

if TYPE_CHECKING:
    from typing import Literal

    from ._inputs import Data
    from ._report import Report

    Task = Literal["binary", "multiclass", "multilabel", "soft", "likelihood"]
    Input = Literal["logits", "probabilities", "log-probabilities"]
    Dialect = Literal[
        "exact", "pytorch", "keras", "keras-tensorflow", "sklearn", "sklearn-1.4", "xgboost", "lightgbm", "catboost", "spark", "h2o", "llama.cpp"
    ]
    Path = Union[str, "os.PathLike[str]"]
    Names = Union[str, Sequence[Union[str, int]]]
    Numbers = Union[str, float, Sequence[float], Data]


class ColumnOptions(TypedDict, total=False):
    """Which columns of a table, an archive or a record are what, and how arrays of more axes are read."""

    id_column: str
    join: str
    prediction_columns: Names
    prediction_classes: str
    label_column: str
    label_columns: Names
    weight_column: str
    classes: Names
    positive_class: str
    no_header: Union[bool, Names]
    records: str
    ragged: bool
    text_column: str
    tokens_column: str
    bytes_column: str
    words_column: str
    class_axis: int
    shift_labels: bool


class LossOptions(TypedDict, total=False):
    """Whose conventions the loss follows, and its modifiers."""

    dialect: Union[Dialect, Sequence[Dialect]]
    class_weights: Numbers
    pos_weight: Numbers
    label_smoothing: float
    ignore_index: int
    clip: float
    renormalize: bool
    focal_gamma: float
    focal_alpha: float
    divergence: Literal["ce", "kl"]


class RowOptions(TypedDict, total=False):
    """What becomes of invalid rows, and which part of the rows is scored."""

    on_invalid: Literal["fail", "skip"]
    max_invalid: Union[int, str]
    expect_rows: int
    first_row: int
    shard: str


class GateOptions(TypedDict, total=False):
    """What is required of the report."""

    require: Union[str, Sequence[str]]
    baseline: Union[Path, "Report", Mapping[str, Any]]
    baseline_run: Literal["last", "best"]
    history: Path


class UnattendedOptions(TypedDict, total=False):
    """Locks and metrics of runs that nobody watches."""

    lock: Path
    lock_wait: Union[str, float]
    metrics: Path
    job: str


class ConnectionOptions(TypedDict, total=False):
    """How URLs are read."""

    connections: int
    unpinned: bool
    no_sign_request: bool
    requester_pays: bool


class RunOptions(ConnectionOptions, total=False):
    """How the work is done. No bit of the result depends on them."""

    threads: int
    kernel: Literal["auto", "baseline", "avx2", "avx512", "neon"]
    memory: Union[int, str]
    exit_with_parent: bool


class IntervalOptions(TypedDict, total=False):
    """How the interval of the mean is found."""

    interval: Literal["normal", "clustered", "jackknife", "bootstrap"]
    replicates: int
    confidence: float


class SharedOptions(ColumnOptions, LossOptions, RowOptions, IntervalOptions, UnattendedOptions, RunOptions, total=False):
    """What :func:`xent.evaluate` and :func:`xent.compare` share."""

    slice: Union[str, Sequence[Union[str, Sequence[str]]]]
    groups: Data
    worst: int
    show_column: Union[str, Sequence[str]]
    clusters: Data
    cluster_column: str
    html: Path


class EvaluateOptions(SharedOptions, GateOptions, total=False):
    """The keyword arguments of :func:`xent.evaluate`: the options of ``xent eval``, with underscores in their names."""

    insight: bool
    calibration: Union[bool, Literal["auto", "top-label", "class-wise", "both"]]
    calibration_bins: Union[int, Sequence[int]]
    calibration_binning: Literal["equal-width", "equal-mass"]
    brier: bool
    sharpness: bool
    top_k: Union[int, Sequence[int]]
    ranking: bool
    quantiles: Union[float, Sequence[float]]
    worst_by: Literal["loss", "confident-wrong", "margin"]
    temperature: float
    temperature_sweep: Union[float, Sequence[float]]
    fit_temperature: bool
    partial: Path
    unit: Literal["nats", "bits"]
    strict: bool
    per_row: Path
    checkpoint: Path
    timeout: Union[str, float]
    state: Path
    settle: Union[str, float]


class CompareOptions(SharedOptions, total=False):
    """The keyword arguments of :func:`xent.compare`: the options of ``xent compare``, with underscores in their names."""

    input_b: Input
    b_prediction_columns: Names
    b_label_column: str
    require: Union[str, Sequence[str]]


class MergeOptions(IntervalOptions, GateOptions, UnattendedOptions, ConnectionOptions, total=False):
    """The keyword arguments of :func:`xent.merge`: the options of ``xent merge``, with underscores in their names."""

    same_shard: Literal["once", "each"]
    expect_rows: int
    max_invalid: Union[int, str]
    html: Path
    partial: Path
    unit: Literal["nats", "bits"]
    strict: bool


class Kind(enum.Enum):
    """How the value of an option is written."""

    FLAG = "a flag, without a value"
    TEXT = "text or a number"
    TIME = "a time: text with a unit (90s, 10m, 2h), or seconds"
    CHOICE = "text, or True for the option's default"
    PATH = "the name of a file"
    COMMAS = "one value, or several with commas between them"
    REPEATED = "one value, or several, each with the option's name before it"
    NUMBERS = "numbers with commas between them, a word, or an array"
    DATA = "a file, or an array"
    REPORT = "a file, or a report"


_SPECIAL: Dict[str, Kind] = {
    **dict.fromkeys(
        (
            "ragged", "shift_labels", "renormalize", "insight", "brier", "sharpness", "ranking", "fit_temperature", "strict", "unpinned",
            "no_sign_request", "requester_pays", "exit_with_parent", "missing",
        ),
        Kind.FLAG,
    ),
    **dict.fromkeys(("lock_wait", "timeout", "settle"), Kind.TIME),
    **dict.fromkeys(("html", "partial", "per_row", "history", "checkpoint", "lock", "metrics", "state"), Kind.PATH),
    **dict.fromkeys(
        (
            "prediction_columns", "label_columns", "classes", "calibration_bins", "top_k", "quantiles", "temperature_sweep",
            "b_prediction_columns",
        ),
        Kind.COMMAS,
    ),
    **dict.fromkeys(("dialect", "show_column", "slice", "require", "root"), Kind.REPEATED),
    **dict.fromkeys(("class_weights", "pos_weight"), Kind.NUMBERS),
    **dict.fromkeys(("groups", "clusters"), Kind.DATA),
    "calibration": Kind.CHOICE,
    "no_header": Kind.CHOICE,
    "baseline": Kind.REPORT,
}
"""The options whose values are not plain text or numbers."""

# What `True` stands for in options that take a word.
_DEFAULT_CHOICES = {"calibration": "auto", "no_header": "all"}


def kind(name: str) -> Kind:
    """Returns how the value of an option is written."""
    return _SPECIAL.get(name, Kind.TEXT)


def check_names(options: Mapping[str, Any], known: Iterable[str], function: str) -> None:
    """Raises for a keyword that is no option, and names the one that was probably meant.

    Raises:
        BadUsage: There is no such option.
    """
    names = sorted(known)
    for name in options:
        if name in names:
            continue
        near = difflib.get_close_matches(name.replace("-", "_"), names, n=1)
        hint = f"; did you mean {near[0]}?" if near else f"; there are {', '.join(names)}"
        raise BadUsage(f"{function} has no option {name}{hint}")


def arguments(options: Mapping[str, Any], place: Callable[[Any, str], str]) -> List[str]:
    """Returns options as words of a command line. Those whose value is ``None`` or ``False`` are left out.

    Args:
        options: The values by their names.
        place: Makes a file name of an array, a report or a path, for the option of a name.

    Raises:
        BadUsage: A value has a type that the option does not take.
    """
    words: List[str] = []
    for name, value in options.items():
        if value is None or value is False:
            continue
        option = "--" + name.replace("_", "-")
        how = kind(name)
        if how is Kind.FLAG:
            if value is not True:
                raise BadUsage(f"{name} is {value!r}; it takes True or False")
            words.append(option)
            continue
        if value is True and how is not Kind.CHOICE:
            raise BadUsage(f"{name} is True; it takes {how.value}")
        words += [f"{option}={text}" for text in _texts(name, how, value, place)]
    return words


def _texts(name: str, how: Kind, value: Any, place: Callable[[Any, str], str]) -> List[str]:
    if how is Kind.CHOICE and value is True:
        return [_DEFAULT_CHOICES[name]]
    if how in (Kind.DATA, Kind.REPORT):
        return [place(value, name)]
    if how is Kind.PATH:
        return [_path(name, value)]
    if how is Kind.TIME and isinstance(value, (int, float)):
        return [f"{value!r}s"]
    if how is Kind.NUMBERS:
        if isinstance(value, os.PathLike):
            return [os.fspath(value)]
        if _is_many(value) and all(isinstance(number, (int, float)) for number in value):
            return [",".join(_text(name, number) for number in value)]
        if not isinstance(value, (str, int, float)):
            return [place(value, name)]
    if how is Kind.REPEATED and _is_many(value):
        return [_joined(name, item) for item in value]
    return [_joined(name, value)]


def _is_many(value: Any) -> bool:
    return isinstance(value, (list, tuple, set, frozenset, range)) or (isinstance(value, Iterable) and type(value).__name__ in ("dict_keys", "Index"))


def _joined(name: str, value: Any) -> str:
    if not _is_many(value):
        return _text(name, value)
    texts = [_text(name, item) for item in value]
    for text in texts:
        if "," in text:
            raise BadUsage(f"{name} has a name with a comma in it, {text!r}, and commas stand between names; rename the column")
    return ",".join(texts)


def _text(name: str, value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool) or value is None:
        raise BadUsage(f"{name} is {value!r}; it takes {kind(name).value}")
    if isinstance(value, (int, float)):
        return repr(value + 0) if type(value) in (int, float) else repr(float(value) if isinstance(value, float) else int(value))
    # Numbers of NumPy and others, of no dimension.
    item = getattr(value, "item", None)
    if callable(item) and getattr(value, "ndim", 0) == 0:
        return _text(name, item())
    raise BadUsage(f"{name} is of type {type(value).__name__}; it takes {kind(name).value}")


def _path(name: str, value: Any) -> str:
    try:
        path = os.fspath(value)
    except TypeError:
        raise BadUsage(f"{name} is of type {type(value).__name__}; it takes {Kind.PATH.value}") from None
    return os.fsdecode(path)
