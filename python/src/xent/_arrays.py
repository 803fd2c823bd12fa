"""Arrays in memory as streams of the NumPy format, written piece by piece, without a copy of the whole."""

from __future__ import annotations

import array
import math
import os
import struct
import sys
from typing import TYPE_CHECKING, Any, Iterator, List, Optional, Sequence, Tuple

from ._errors import BadUsage

if TYPE_CHECKING:
    import numpy
    import torch

_CHUNK_BYTES = 1 << 18
"""The size of the pieces that are converted at once, where memory is not in the order of a file: small enough for a processor's cache."""


DESCRIPTORS = "/proc/self/fd" if sys.platform == "linux" else "/dev/fd"
"""The folder in which a process finds its open files by their numbers."""


class Source:
    """Bytes that are written once, to a pipe or into memory that the command reads.

    Attributes:
        byte_count: How many bytes there are, roughly.
        is_readable_once: Whether the command can read the bytes in their order, as they come from a pipe.
    """

    byte_count: int = 0
    is_readable_once: bool = True

    def write(self, descriptor: int) -> None:
        """Writes all bytes to an open file.

        Raises:
            BrokenPipeError: The reader has gone.
        """
        raise NotImplementedError


def write_all(descriptor: int, data: Any) -> None:
    """Writes all of an object with the buffer protocol, in the order of its memory."""
    view = memoryview(data).cast("B")
    while view.nbytes:
        # Linux writes at most 2 GiB at once.
        view = view[os.write(descriptor, view[: 1 << 30]) :]


class Rows:
    """An array of one library, as the bytes of the NumPy format.

    Attributes:
        descr: The type of an element, as the NumPy format names it.
        shape: The length of each axis.
        item_bytes: The size of an element.
    """

    def __init__(self, descr: str, shape: Tuple[int, ...], item_bytes: int) -> None:
        self.descr = descr
        self.shape = shape
        self.item_bytes = item_bytes

    @property
    def byte_count(self) -> int:
        """The size of all elements."""
        return math.prod(self.shape) * self.item_bytes

    def buffers(self) -> Iterator[Any]:
        """Returns the elements in the order of C, as objects with the buffer protocol."""
        raise NotImplementedError

    def rows_at_once(self) -> int:
        """Returns how many rows make a piece that is converted at once."""
        row_bytes = math.prod(self.shape[1:]) * self.item_bytes
        return max(1, _CHUNK_BYTES // max(1, row_bytes))


class NumPyRows(Rows):
    """A NumPy array, in any order of memory."""

    def __init__(self, values: "numpy.ndarray[Any, Any]") -> None:
        dtype = values.dtype
        # ml_dtypes' bfloat16 has no name in the format; it is saved as two bytes without a type, and read so.
        descr = "<V2" if dtype.name == "bfloat16" else dtype.str
        super().__init__(descr, tuple(values.shape), dtype.itemsize)
        self._values = values

    def buffers(self) -> Iterator[Any]:
        values = self._values
        if values.size == 0:
            return
        if values.flags.c_contiguous:
            yield self._bytes(values)
            return
        step = self.rows_at_once()
        for first in range(0, values.shape[0], step):
            yield self._bytes(values[first : first + step].copy(order="C"))

    @staticmethod
    def _bytes(values: "numpy.ndarray[Any, Any]") -> Any:
        # As bytes, since not all types (bfloat16, float16 on old versions) have a buffer of their own.
        return values.reshape(-1).view("u1")


class TorchRows(Rows):
    """A PyTorch tensor, on any device. Those of other devices are moved piece by piece."""

    def __init__(self, values: "torch.Tensor") -> None:
        import numpy
        import torch

        values = values.detach()
        if values.layout is not torch.strided:
            raise BadUsage(f"a tensor with layout {values.layout} is not read; pass tensor.to_dense()")
        if values.is_complex() or values.is_quantized:
            raise BadUsage(f"a tensor of {values.dtype} is not read; pass one of floats, integers or bools")
        if values.device.type == "meta":
            raise BadUsage("a tensor on device meta has no values")
        # NumPy has no bfloat16: its bytes are passed as integers, and named for what they are.
        self._is_bfloat16 = values.dtype is torch.bfloat16
        if self._is_bfloat16:
            values = values.view(torch.int16) if values.dim() else values.reshape(1).view(torch.int16).reshape(())
        else:
            try:
                descr = numpy.dtype(torch.empty(0, dtype=values.dtype).numpy().dtype).str
            except TypeError as error:
                raise BadUsage(f"a tensor of {values.dtype} is not read; pass tensor.float()") from error
        self._values = values
        super().__init__("<V2" if self._is_bfloat16 else descr, tuple(values.shape), values.element_size())

    def buffers(self) -> Iterator[Any]:
        values = self._values
        if values.numel() == 0:
            return
        if values.device.type == "cpu" and values.is_contiguous():
            yield NumPyRows._bytes(values.resolve_neg().numpy())
            return
        # Moves between devices are worth it in larger pieces.
        step = self.rows_at_once() * (1 if values.device.type == "cpu" else 16)
        for first in range(0, values.shape[0] if values.dim() else 1, step):
            part = values[first : first + step] if values.dim() else values
            yield NumPyRows._bytes(part.resolve_neg().contiguous().cpu().numpy())


class ListRows(Rows):
    """Numbers in lists, where NumPy is not installed."""

    def __init__(self, values: Sequence[Any]) -> None:
        shape, flat = _flattened(values)
        is_whole = all(isinstance(value, int) for value in flat)
        self._values = array.array("q" if is_whole else "d", flat)
        order = "<" if sys.byteorder == "little" else ">"
        super().__init__(order + ("i8" if is_whole else "f8"), shape, 8)

    def buffers(self) -> Iterator[Any]:
        if self._values:
            yield self._values


def _flattened(values: Sequence[Any]) -> Tuple[Tuple[int, ...], List[Any]]:
    """Returns the shape of nested lists, and their numbers."""
    if not values or not isinstance(values[0], (list, tuple)):
        for value in values:
            if not isinstance(value, (int, float)):
                raise BadUsage(f"a list holds a {type(value).__name__} among its numbers; lists hold numbers, names of files, or arrays")
        return (len(values),), list(values)
    parts = [_flattened(value) for value in values]
    if any(shape != parts[0][0] for shape, _ in parts):
        raise BadUsage("rows of a list have unlike lengths; pass lists of one length")
    return (len(values),) + parts[0][0], [number for _, flat in parts for number in flat]


class ArraySource(Source):
    """One array in the NumPy format, or several of one type whose rows follow one another."""

    def __init__(self, pieces: Sequence[Rows]) -> None:
        self.pieces = pieces
        self.byte_count = sum(piece.byte_count for piece in pieces)

    @property
    def shape(self) -> Tuple[int, ...]:
        """The shape of all rows together."""
        first = self.pieces[0].shape
        if len(self.pieces) == 1:
            return first
        return (sum(piece.shape[0] for piece in self.pieces),) + first[1:]

    def write(self, descriptor: int) -> None:
        write_all(descriptor, npy_header(self.pieces[0].descr, self.shape))
        for piece in self.pieces:
            for buffer in piece.buffers():
                write_all(descriptor, buffer)

    @classmethod
    def joined(cls, pieces: Sequence[Rows]) -> Optional["ArraySource"]:
        """Returns arrays as one whose rows follow one another; None if their types or the shapes of their rows differ."""
        first = pieces[0]
        if any(not piece.shape or piece.descr != first.descr or piece.shape[1:] != first.shape[1:] for piece in pieces):
            return None
        return cls(pieces)


def npy_header(descr: str, shape: Tuple[int, ...]) -> bytes:
    """Returns the header of the NumPy format, version 1, for elements in the order of C."""
    axes = "".join(f"{length}, " for length in shape)
    text = f"{{'descr': '{descr}', 'fortran_order': False, 'shape': ({axes}), }}"
    # Magic, version and length are 10 bytes; all is padded to a multiple of 64, with a line feed at its end.
    padding = -(len(text) + 11) % 64
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text) + padding + 1) + text.encode("latin1") + b" " * padding + b"\n"


def file_of_memmap(values: "numpy.ndarray[Any, Any]") -> Optional[str]:
    """Returns the name of the file that a ``numpy.memmap`` is the whole array of; None if it is a part, or the file has another format.

    ``numpy.load(name, mmap_mode="r")`` gives such an array. A private map (mode ``c``) may differ from its file, so it has none.
    """
    import mmap

    import numpy

    name, mapped = getattr(values, "filename", None), getattr(values, "_mmap", None)
    if name is None or mapped is None or getattr(values, "mode", "c") == "c" or values.size == 0:
        return None
    readers = {(1, 0): numpy.lib.format.read_array_header_1_0, (2, 0): numpy.lib.format.read_array_header_2_0}
    try:
        with open(name, "rb") as file:
            shape, is_fortran, dtype = readers[numpy.lib.format.read_magic(file)](file)
            first = file.tell()
            status = os.fstat(file.fileno())
    except (OSError, ValueError, KeyError):
        return None
    map_start = numpy.frombuffer(mapped, dtype="u1").__array_interface__["data"][0]
    is_whole = (
        shape == values.shape
        and dtype == values.dtype
        and (values.flags.f_contiguous if is_fortran else values.flags.c_contiguous)
        and getattr(values, "offset", None) == first
        # A map begins at a multiple of the system's unit, at or before the array's first byte.
        and values.__array_interface__["data"][0] == map_start + first % mmap.ALLOCATIONGRANULARITY
        and status.st_size == first + values.nbytes
    )
    # The name may lead to another file since it was mapped.
    return os.fspath(name) if is_whole and _mapped_inode(map_start) == status.st_ino else None


def _mapped_inode(address: int) -> Optional[int]:
    """Returns the number of the file that is mapped at an address; None if the system does not say."""
    start = f"{address:08x}-"
    try:
        with open("/proc/self/maps", encoding="utf-8", errors="replace") as maps:
            for line in maps:
                if line.startswith(start):
                    return int(line.split(maxsplit=5)[4])
    except OSError:
        pass
    return None
