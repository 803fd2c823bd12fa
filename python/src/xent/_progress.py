"""Progress of a run, for terminals, notebooks and functions of the caller."""

from __future__ import annotations

import shutil
import sys
from dataclasses import dataclass
from typing import Any, Callable, Iterator, Optional, Union

from contextlib import contextmanager


@dataclass(frozen=True)
class Progress:
    """How far a run is.

    Attributes:
        decoded_bytes: The bytes that have been decoded.
        total_bytes: The bytes that there are; None if it is not known.
        seconds: The time since the run began.
    """

    decoded_bytes: int
    total_bytes: Optional[int]
    seconds: float

    @property
    def fraction(self) -> Optional[float]:
        """The share that is done, from 0 to 1; None if it is not known."""
        return min(1.0, self.decoded_bytes / self.total_bytes) if self.total_bytes else None

    def __str__(self) -> str:
        rate = self.decoded_bytes / self.seconds if self.seconds > 0 else 0.0
        fraction = self.fraction
        if fraction is None or self.total_bytes is None:
            return f"{_bytes(self.decoded_bytes)}, {_bytes(rate)}/s"
        left = f", {_duration((self.total_bytes - self.decoded_bytes) / rate)} left" if rate > 0 and fraction < 1 else ""
        return f"{int(100 * fraction)} % of {_bytes(self.total_bytes)}, {_bytes(rate)}/s{left}"


ProgressOption = Union[bool, Callable[[Progress], object]]
"""``True`` shows progress, in a notebook or on a terminal; a function is called with it, in the caller's thread; ``False`` does neither."""


@contextmanager
def shown(option: ProgressOption) -> Iterator[Optional[Callable[[Progress], None]]]:
    """Gives the function that is to be called with progress, and removes what it has shown at the end."""
    if option is False or option is None:
        yield None
        return
    if callable(option):
        function = option

        def call(progress: Progress) -> None:
            function(progress)

        yield call
        return
    display = _Notebook.started() or _Terminal.started()
    if display is None:
        yield None
        return
    try:
        yield display.show
    finally:
        display.remove()


class _Terminal:
    """A line on standard error, if that is a terminal."""

    @classmethod
    def started(cls) -> "Optional[_Terminal]":
        return cls() if sys.stderr is not None and sys.stderr.isatty() else None

    def show(self, progress: Progress) -> None:
        width = shutil.get_terminal_size().columns - 1
        text = str(progress)
        fraction = progress.fraction
        room = width - len(text) - 1
        if fraction is not None and room >= 6:
            full = int(fraction * room)
            text = "█" * full + "░" * (room - full) + " " + text
        sys.stderr.write("\r\x1b[K" + text[:width])
        sys.stderr.flush()

    def remove(self) -> None:
        sys.stderr.write("\r\x1b[K")
        sys.stderr.flush()


class _Notebook:
    """A bar below the cell of a notebook."""

    def __init__(self, handle: Any, html: Callable[[str], Any]) -> None:
        self._handle = handle
        self._html = html

    @classmethod
    def started(cls) -> "Optional[_Notebook]":
        ipython = sys.modules.get("IPython")
        shell = ipython.get_ipython() if ipython is not None else None
        # A shell in a terminal shows no HTML.
        if ipython is None or shell is None or not hasattr(shell, "kernel"):
            return None
        from IPython.display import HTML, display

        handle = display(HTML(""), display_id=True)
        return None if handle is None else cls(handle, HTML)

    def show(self, progress: Progress) -> None:
        fraction = progress.fraction
        value = "" if fraction is None else f' value="{fraction:.4f}"'
        self._handle.update(self._html(f'<progress max="1"{value} style="width: 20em"></progress> {progress}'))

    def remove(self) -> None:
        self._handle.update(self._html(""))


def _bytes(count: float) -> str:
    for unit in ("B", "kB", "MB", "GB"):
        if count < 1000:
            return f"{count:.0f} {unit}" if unit == "B" or count >= 100 else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.2f} TB"


def _duration(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes = seconds / 60
    return f"{minutes:.0f} min" if minutes < 120 else f"{minutes / 60:.1f} h"
