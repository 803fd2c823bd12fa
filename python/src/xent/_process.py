"""Runs the command: feeds it, follows its log, and turns its exit status into a result or an exception."""

from __future__ import annotations

import json
import os
import selectors
import signal
import subprocess
import time
from dataclasses import dataclass
from typing import Any, Callable, Dict, List, Optional, Sequence

from ._binary import binary
from ._errors import BinaryNotFound, KilledBySignal, XentError, error_of_status
from ._progress import Progress
from ._transfer import Transfer

_PATIENCE_SECONDS = 5.0
"""The time that an interrupted command has to end by itself, and to write its checkpoint."""


@dataclass
class Result:
    """What one run of the command left.

    Attributes:
        status: The exit status; negative for the number of a signal.
        output: The standard output.
        events: The log, an object an event.
        text: What was said on standard error outside of the log.
    """

    status: int
    output: bytes
    events: List[Dict[str, Any]]
    text: str

    def message(self) -> str:
        """Returns what the errors say."""
        errors = [event["message"] for event in self.events if event.get("event") == "error"]
        gates = [event["message"] for event in self.events if event.get("event") == "gate" and event.get("level") == "error"]
        if self.status == 1 and gates:
            return "; ".join(gates)
        if errors:
            return "; ".join(errors)
        lines = [line[len("xent: ") :] if line.startswith("xent: ") else line for line in self.text.splitlines() if line.strip()]
        return "\n".join(lines) or "it said nothing"

    @property
    def warnings(self) -> List[str]:
        """The warnings of the log."""
        return [event["message"] for event in self.events if event.get("event") == "warning"]

    def error(self, report: Any = None) -> XentError:
        """Returns the exception for a status that is not 0."""
        if self.status < 0:
            number = -self.status
            hint = "; the system may have been out of memory" if number == signal.SIGKILL else ""
            return KilledBySignal(f"xent was ended by {_signal_name(number)}{hint}", number)
        return error_of_status(self.status, self.message(), report)


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def run(
    arguments: Sequence[str], transfer: Transfer, progress: Optional[Callable[[Progress], None]] = None, has_log: bool = True
) -> Result:
    """Runs the command to its end.

    If this thread is interrupted (``KeyboardInterrupt``), the command gets SIGTERM, at which it writes a checkpoint if it has one.

    Args:
        arguments: The words after the command's name.
        transfer: What the command inherits; it is written while the command runs.
        progress: Called now and then, in this thread.
        has_log: Whether this command writes its log as JSON.

    Raises:
        BinaryNotFound: The command cannot be found or run.
    """
    path = binary()
    words = [path, *arguments]
    if has_log:
        words += ["--log", "json"]
    try:
        process = subprocess.Popen(
            words,
            stdin=None if transfer.uses_stdin else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            pass_fds=transfer.descriptors,
            # With --exit-with-parent it ends as well where this process is gone before it can look.
            env={**os.environ, "XENT_PARENT_PID": str(os.getpid())},
        )
    except OSError as error:
        raise BinaryNotFound(f"{path} cannot be run: {error}") from error
    begin = time.monotonic()
    with process:
        try:
            transfer.start()
            output, events, text = _follow(process, transfer, progress, begin)
            process.wait()
        except BaseException:
            _end(process)
            raise
    # Nobody reads any more, so that threads that still write end at once.
    transfer.finish()
    return Result(process.returncode, output, events, text)


def _end(process: "subprocess.Popen[bytes]") -> None:
    """Ends the command in good order, or at once if it does not, or if another interrupt comes."""
    if process.poll() is not None:
        return
    try:
        process.terminate()
        process.communicate(timeout=_PATIENCE_SECONDS)
    except BaseException:  # noqa: B902: the interrupt that led here is raised.
        process.kill()


def _follow(
    process: "subprocess.Popen[bytes]", transfer: Transfer, progress: Optional[Callable[[Progress], None]], begin: float
) -> "tuple[bytes, List[Dict[str, Any]], str]":
    """Reads the command's output and log to their ends."""
    output: List[bytes] = []
    events: List[Dict[str, Any]] = []
    text: List[str] = []
    rest = b""

    def take(line: bytes) -> None:
        words = transfer.translate(line.decode(errors="replace"))
        try:
            event = json.loads(words)
        except ValueError:
            text.append(words)
            return
        if not isinstance(event, dict):
            text.append(words)
        elif event.get("event") == "progress":
            if progress is not None:
                total = event.get("total_bytes") or (transfer.byte_count or None)
                progress(Progress(int(event.get("decoded_bytes", 0)), total, time.monotonic() - begin))
        else:
            events.append(event)

    assert process.stdout is not None and process.stderr is not None
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        selector.register(process.stderr, selectors.EVENT_READ)
        while selector.get_map():
            for key, _ in selector.select():
                piece = os.read(key.fd, 1 << 16)
                if not piece:
                    selector.unregister(key.fileobj)
                elif key.fd == process.stdout.fileno():
                    output.append(piece)
                else:
                    *lines, rest = (rest + piece).split(b"\n")
                    for line in lines:
                        take(line)
            if transfer.has_failed and process.poll() is None:
                process.terminate()
    if rest:
        take(rest)
    return b"".join(output), events, "\n".join(text)
