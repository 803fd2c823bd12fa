"""Tables of pandas, Polars and PyArrow as streams of Arrow's format, a batch of rows at a time."""

from __future__ import annotations

import json
import sys
from typing import Any, Callable, Dict, Iterable, Iterator, List, Optional, Tuple

from ._arrays import DESCRIPTORS, Source, write_all
from ._errors import BadUsage

_BATCH_ROWS = 1 << 16
"""The most rows of a batch."""

_TURN_ROWS = 1 << 9
"""The rows that are turned at once from a table that lies row by row into columns: their bytes stay in a processor's cache."""


def loaded(module: str) -> Any:
    """Returns a module if something has imported it; None otherwise. An object of a library is only there if its module is."""
    return sys.modules.get(module)


def is_pandas(value: Any) -> bool:
    """Returns whether a value is a table or a column of pandas."""
    pandas = loaded("pandas")
    return pandas is not None and isinstance(value, (pandas.DataFrame, pandas.Series, pandas.Index, pandas.api.extensions.ExtensionArray))


def is_table(value: Any) -> bool:
    """Returns whether a value is a table: a DataFrame, an Arrow table, batch or reader, or anything else with Arrow's stream interface."""
    pandas, polars, pyarrow = loaded("pandas"), loaded("polars"), loaded("pyarrow")
    if pandas is not None and isinstance(value, pandas.DataFrame):
        return True
    if polars is not None and isinstance(value, polars.DataFrame):
        return True
    if pyarrow is not None and isinstance(value, (pyarrow.Table, pyarrow.RecordBatch, pyarrow.RecordBatchReader)):
        return True
    is_column = polars is not None and isinstance(value, polars.Series) or pyarrow is not None and isinstance(value, pyarrow.ChunkedArray)
    return not is_column and not is_pandas(value) and hasattr(value, "__arrow_c_stream__")


def table_source(value: Any, role: str) -> Source:
    """Returns a table as a stream.

    Raises:
        BadUsage: It takes a library that is not installed to pass this table as it is.
    """
    polars = loaded("polars")
    pyarrow = _import_pyarrow()
    if polars is not None and isinstance(value, polars.LazyFrame):
        raise BadUsage(f"{role} is a LazyFrame, which has no rows yet; pass {role}.collect()")
    if pyarrow is None:
        if polars is not None and isinstance(value, polars.DataFrame):
            return PolarsSource(value)
        if is_pandas(value):
            return TextSource(value, role)
        raise BadUsage(f"{role} is a {type(value).__name__}, which takes pyarrow; pip install pyarrow")
    return ArrowSource(*_batches(value, pyarrow, role))


def _import_pyarrow() -> Any:
    try:
        import pyarrow
        import pyarrow.ipc
    except ImportError:
        return None
    return pyarrow


def _batches(value: Any, pyarrow: Any, role: str) -> Tuple[Any, Callable[[], Iterable[Any]], int]:
    """Returns the schema of a table, a function that makes its batches, and its size in bytes."""
    pandas, polars = loaded("pandas"), loaded("polars")
    if pandas is not None and isinstance(value, pandas.DataFrame):
        frame = value
        try:
            schema = pyarrow.Schema.from_pandas(frame, preserve_index=False)
        except (ValueError, TypeError) as error:
            raise BadUsage(f"{role} cannot become a table of Arrow: {error}") from error
        return schema, lambda: _batches_of_pandas(frame, schema), int(frame.memory_usage(index=False).sum())
    if isinstance(value, pyarrow.RecordBatch):
        value = pyarrow.Table.from_batches([value])
    elif polars is not None and isinstance(value, polars.DataFrame):
        # Views of strings are read by newer readers alone.
        value = value.to_arrow(compat_level=polars.CompatLevel.oldest())
    elif not isinstance(value, (pyarrow.Table, pyarrow.RecordBatchReader)):
        value = pyarrow.RecordBatchReader.from_stream(value)
    if isinstance(value, pyarrow.RecordBatchReader):
        reader = value
        return reader.schema, lambda: reader, 0
    table = value
    return table.schema, lambda: table.to_batches(max_chunksize=_BATCH_ROWS), int(table.nbytes)


def _batches_of_pandas(frame: Any, schema: Any) -> Iterator[Any]:
    """Returns a table of pandas in batches. Numbers are not copied where a column lies together in memory; ``pyarrow.Table.from_pandas`` copies
    value by value what lies row by row, as the columns of a table do that was made of one array."""
    import numpy
    import pyarrow

    columns = [frame.iloc[:, place] for place in range(frame.shape[1])]
    arrays = [
        column.to_numpy() if isinstance(column.dtype, numpy.dtype) and column.dtype.kind in "fiu" and column.dtype.isnative else None
        for column in columns
    ]
    # Runs of columns of one type that lie row by row, as (first, end).
    runs: Dict[int, int] = {}
    first = None
    for place, array in enumerate([*arrays, None]):
        is_by_rows = array is not None and array.strides != (array.itemsize,)
        if first is not None and array is not None and is_by_rows and array.dtype == arrays[first].dtype:  # type: ignore[union-attr]
            runs[first] = place + 1
        elif is_by_rows:
            first = place
            runs[first] = place + 1
        else:
            first = None
    for begin in range(0, max(1, len(frame)), _BATCH_ROWS):
        count = min(_BATCH_ROWS, len(frame) - begin)
        parts: List[Any] = []
        while len(parts) < len(columns):
            place = len(parts)
            array = arrays[place]
            if place in runs:
                by_rows = frame.iloc[begin : begin + count, place : runs[place]].to_numpy()
                turned = numpy.empty((by_rows.shape[1], count), by_rows.dtype)
                for row in range(0, count, _TURN_ROWS):
                    turned[:, row : row + _TURN_ROWS] = by_rows[row : row + _TURN_ROWS].T
                parts += [pyarrow.array(column) for column in turned]
            elif array is not None:
                parts.append(pyarrow.array(array[begin : begin + count]))
            else:
                part = pyarrow.Array.from_pandas(columns[place].iloc[begin : begin + count], type=schema.field(place).type)
                parts.append(part.combine_chunks() if isinstance(part, pyarrow.ChunkedArray) else part)
        yield pyarrow.RecordBatch.from_arrays(parts, schema=schema)


class ArrowSource(Source):
    """Batches of rows in Arrow's stream format. The command reads the columns of a batch by their places, so that it takes them from memory."""

    is_readable_once = False

    def __init__(self, schema: Any, batches: Callable[[], Iterable[Any]], byte_count: int) -> None:
        self._schema = schema
        self._batches = batches
        self.byte_count = byte_count

    def write(self, descriptor: int) -> None:
        import pyarrow

        with pyarrow.OSFile(f"{DESCRIPTORS}/{descriptor}", "wb") as file:
            with pyarrow.ipc.new_stream(file, self._schema) as stream:
                for batch in self._batches():
                    stream.write_batch(batch)


class PolarsSource(Source):
    """A table of Polars in Arrow's stream format, which Polars writes itself."""

    is_readable_once = False

    def __init__(self, frame: Any) -> None:
        self._frame = frame
        self.byte_count = int(frame.estimated_size())

    def write(self, descriptor: int) -> None:
        with open(descriptor, "wb", buffering=0, closefd=False) as file:
            self._frame.write_ipc_stream(file, compat_level=loaded("polars").CompatLevel.oldest())


class TextSource(Source):
    """A table of pandas as CSV, where PyArrow is not installed: for types that keep every digit as text."""

    def __init__(self, frame: Any, role: str) -> None:
        narrow = [str(name) for name, kind in frame.dtypes.items() if kind.kind == "f" and kind.itemsize != 8]
        if narrow:
            raise BadUsage(
                f"{role} has columns of another float than float64 ({', '.join(narrow[:3])}), which lose their type as text; "
                "pip install pyarrow, or pass the values as an array"
            )
        self._frame = frame
        self.byte_count = int(frame.memory_usage(index=False).sum())

    def write(self, descriptor: int) -> None:
        with open(descriptor, "w", encoding="utf-8", newline="", closefd=False) as file:
            self._frame.to_csv(file, index=False, lineterminator="\n")


class NamesSource(Source):
    """One column of text, such as the names of classes, as JSON Lines."""

    def __init__(self, names: Iterable[Optional[str]], column: str) -> None:
        lines: List[str] = [json.dumps({column: name}) for name in names]
        self._text = ("\n".join(lines) + "\n" if lines else "").encode()
        self.byte_count = len(self._text)

    def write(self, descriptor: int) -> None:
        write_all(descriptor, self._text)
