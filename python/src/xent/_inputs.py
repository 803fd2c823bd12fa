"""What may be passed as predictions, labels and weights, and how each kind of object gets to the command."""

from __future__ import annotations

import os
import sys
from typing import Any, List, Mapping, Protocol, Sequence, Union

from ._arrays import ArraySource, ListRows, NumPyRows, Rows, Source, TorchRows, file_of_memmap
from ._errors import BadUsage
from ._frames import NamesSource, is_pandas, is_table, loaded, table_source


class SupportsArray(Protocol):
    """An object that becomes a NumPy array: of NumPy, PyTorch, JAX, TensorFlow, pandas, Polars."""

    def __array__(self, *args: Any, **kwargs: Any) -> Any: ...


class SupportsArrowStream(Protocol):
    """A table with Arrow's stream interface: of PyArrow, pandas, Polars, DuckDB."""

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any: ...


Data = Union[str, "os.PathLike[str]", SupportsArray, SupportsArrowStream, Sequence[Any]]
"""Predictions, labels or weights: the name of a file or a URL, an array, a tensor, a table, a column, or a list of any of them."""


def inputs(value: Any, role: str, column: str = "label") -> List[Union[str, Source]]:
    """Returns what the command reads in the place of an object: names of files, and streams.

    Args:
        value: What was passed.
        role: The name of the parameter, for messages.
        column: The name that a column of text gets, which has none of its own.

    Raises:
        BadUsage: Objects of this type are not read.
    """
    if isinstance(value, (str, os.PathLike)):
        return [_file_name(value)]
    if isinstance(value, (bytes, bytearray, memoryview, type)):
        raise BadUsage(f"{role} is of type {type(value).__name__}; pass the name of a file, or an array")
    if isinstance(value, (list, tuple)):
        return _of_list(value, role, column)
    return [_of_object(value, role, column)]


def _file_name(value: Any) -> str:
    name = os.fsdecode(os.fspath(value))
    if not name:
        raise BadUsage("the name of a file is empty")
    # A name is never an option.
    return "./" + name if name.startswith("-") and name != "-" else name


def _of_list(values: Sequence[Any], role: str, column: str) -> List[Union[str, Source]]:
    if not values:
        raise BadUsage(f"{role} is an empty list; pass files, arrays or numbers")
    if all(isinstance(value, (str, os.PathLike)) for value in values):
        return [_file_name(value) for value in values]
    if all(isinstance(value, (int, float, list, tuple)) or getattr(value, "ndim", None) == 0 for value in values):
        return [ArraySource([_rows_of_list(values, role)])]
    found = [_of_object(value, f"{role}[{place}]", column) if not isinstance(value, (str, os.PathLike)) else _file_name(value)
             for place, value in enumerate(values)]
    # Batches of one type are one array: a process may have some hundreds of files open, and lists may have more batches.
    pieces = [piece for source in found if isinstance(source, ArraySource) for piece in source.pieces]
    if len(pieces) == len(found):
        joined = ArraySource.joined(pieces)
        if joined is not None:
            return [joined]
    return found


def _rows_of_list(values: Sequence[Any], role: str) -> Rows:
    try:
        import numpy
    except ImportError:
        return ListRows([value.item() if hasattr(value, "item") else value for value in values])
    try:
        array = numpy.asarray(values)
    except ValueError as error:
        raise BadUsage(f"{role}: rows of a list have unlike lengths; pass lists of one length") from error
    return NumPyRows(array)


def _of_object(value: Any, role: str, column: str) -> Union[str, Source]:
    torch = loaded("torch")
    if torch is not None and isinstance(value, torch.Tensor):
        return ArraySource([TorchRows(value)])
    if is_table(value):
        return table_source(value, role)
    if is_pandas(value) or type(value).__module__.split(".")[0] in ("polars", "pyarrow"):
        return _of_column(value, role, column)
    return _of_array(value, role, column)


def _of_column(value: Any, role: str, column: str) -> Union[str, Source]:
    """Returns a column of a table: numbers as an array, text as names, and lists as a table of one column."""
    polars, pyarrow = loaded("polars"), loaded("pyarrow")
    if is_pandas(value):
        has_gaps, is_text, is_float = bool(value.isna().any()), _is_text_of_pandas(value), _is_float(value.dtype)
    elif polars is not None and isinstance(value, polars.Series):
        if isinstance(value.dtype, (polars.List, polars.Array)):
            return table_source(value.to_frame(value.name or column), role)
        is_text = value.dtype == polars.String or isinstance(value.dtype, (polars.Categorical, polars.Enum))
        has_gaps, is_float = value.null_count() > 0, value.dtype.is_float()
    elif pyarrow is not None and isinstance(value, (pyarrow.Array, pyarrow.ChunkedArray)):
        types = pyarrow.types
        if types.is_list(value.type) or types.is_large_list(value.type) or types.is_fixed_size_list(value.type):
            return table_source(pyarrow.table({column: value}), role)
        kind = value.type.value_type if types.is_dictionary(value.type) else value.type
        is_text = types.is_string(kind) or types.is_large_string(kind) or types.is_string_view(kind)
        has_gaps, is_float = value.null_count > 0, types.is_floating(kind)
    elif polars is not None and isinstance(value, polars.LazyFrame):
        raise BadUsage(f"{role} is a LazyFrame, which has no rows yet; pass {role}.collect()")
    else:
        raise BadUsage(f"{role} is of type {type(value).__name__}; pass a table, a column, an array, or the name of a file")
    if is_text:
        names = value.to_pylist() if hasattr(value, "to_pylist") else list(value)
        # pandas has several values that stand for a missing one.
        gaps = value.isna().tolist() if is_pandas(value) else [name is None for name in names]
        for place, (name, is_gap) in enumerate(zip(names, gaps)):
            if not is_gap and not isinstance(name, str):
                raise BadUsage(f"{role} has a {type(name).__name__} at place {place} of a column of text; convert the column to one type")
        return NamesSource((None if is_gap else name for name, is_gap in zip(names, gaps)), column)
    if has_gaps and not is_float:
        raise BadUsage(f"{role} has missing values, and no whole number stands for one; fill or drop them first")
    array = value.to_numpy(na_value=float("nan"), dtype=float) if has_gaps and is_pandas(value) else value.to_numpy()
    return _of_array(array, role, column)


def _is_text_of_pandas(value: Any) -> bool:
    """Returns whether a column of pandas holds text, or categories of text."""
    pandas = loaded("pandas")
    dtype = value.dtype
    if isinstance(dtype, pandas.CategoricalDtype):
        dtype = dtype.categories.dtype
    return bool(pandas.api.types.is_string_dtype(dtype) or pandas.api.types.is_object_dtype(dtype))


def _is_float(dtype: Any) -> bool:
    """Returns whether a type of pandas is one of floats, be it NumPy's or one that knows missing values."""
    return getattr(dtype, "kind", "") == "f" or str(dtype).lower().startswith(("float", "double"))


def _of_array(value: Any, role: str, column: str) -> Union[str, Source]:
    try:
        import numpy
    except ImportError:
        raise BadUsage(f"{role} is of type {type(value).__name__}; pass the name of a file, or numbers in lists") from None
    if isinstance(value, numpy.ma.MaskedArray):
        raise BadUsage(f"{role} is a masked array, and what stands for a masked value is not known; fill it first, or leave rows out")
    if isinstance(value, numpy.memmap):
        name = file_of_memmap(value)
        if name is not None:
            return _file_name(name)
    if not isinstance(value, numpy.ndarray):
        # CuPy's arrays are moved by a method of their own.
        move = getattr(value, "get", None) if type(value).__module__.split(".")[0] == "cupy" else None
        if move is None and not hasattr(value, "__array__"):
            raise BadUsage(
                f"{role} is of type {type(value).__name__}; pass the name of a file, an array, a tensor, a table, or a list of numbers"
            )
        value = move() if move is not None else numpy.asarray(value)
    if value.dtype.kind in "USOT":
        names = value.ravel().tolist()
        if value.ndim != 1 or not all(name is None or isinstance(name, (str, bytes)) for name in names):
            raise BadUsage(f"{role} is an array of objects that are not all text; pass an array of numbers")
        return NamesSource((name.decode() if isinstance(name, bytes) else name for name in names), column)
    if value.dtype.kind not in "fiubV" or value.dtype.names is not None or (value.dtype.kind == "f" and value.dtype.itemsize > 8):
        raise BadUsage(f"{role} is an array of {value.dtype}; pass one of floats of 2, 4 or 8 bytes, bfloat16, integers or bools")
    return ArraySource([NumPyRows(value)])


def check_indexes(tables: Mapping[str, Any]) -> None:
    """Raises if tables or columns of pandas have unlike indexes: rows are paired by their places, and pandas pairs them by the index.

    Raises:
        BadUsage: Two indexes differ.
    """
    pandas = sys.modules.get("pandas")
    if pandas is None:
        return
    indexed = [(role, value) for role, value in tables.items() if isinstance(value, (pandas.DataFrame, pandas.Series))]
    for (first, one), (second, other) in zip(indexed, indexed[1:]):
        if len(one) == len(other) and not one.index.equals(other.index):
            raise BadUsage(
                f"{first} and {second} have unlike indexes, and rows are paired by their places; align them "
                f"({second}.loc[{first}.index]), or call reset_index(drop=True) on both"
            )
