"""The exceptions, one for each exit status of the command."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Dict, Optional, Tuple, Type

if TYPE_CHECKING:
    from ._report import Comparison, Report


class XentWarning(UserWarning):
    """A doubt about a figure, which the report has as well, or about the installation."""


class XentError(Exception):
    """The base of all errors of an evaluation.

    Attributes:
        status: The exit status of the command, after sysexits(3).
        message: What is wrong, where, and the remedy, in the words of the command. Objects that were passed are called by the names of
            their parameters.
        report: The report, where one was written before the error: of a gate that is not met, or of warnings with ``strict=True``.
    """

    status: int = 70

    def __init__(self, message: str, report: "Optional[Report | Comparison]" = None) -> None:
        super().__init__(message)
        self.message = message
        self.report = report

    def __reduce__(self) -> Tuple[Any, ...]:
        # Engines carry errors from one process to another.
        return type(self), (self.message, self.report)


class GateNotMet(XentError):
    """A requirement of ``require`` is not met. The report is in ``report``, and all outputs are written."""

    status = 1


class BadUsage(XentError):
    """An option, or a combination of options, that has no meaning."""

    status = 64


class BadData(XentError):
    """Data that are damaged, mismatched, incomplete or invalid, or no row was scored."""

    status = 65


class NoInput(XentError):
    """An input cannot be opened."""

    status = 66


class FaultOfOurs(XentError):
    """A fault of xent itself. It is worth a report to those who write it."""

    status = 70


class CannotCreate(XentError):
    """An output cannot be created."""

    status = 73


class InputOutput(XentError):
    """Reading or writing failed, or the system refused memory or an open file. A second try may succeed."""

    status = 74


class TryAgain(XentError):
    """Another run holds the lock, the time was up, or no file is settled yet. A later try may succeed."""

    status = 75


class KilledBySignal(XentError):
    """The command was ended by a signal that did not come from this process: the system was out of memory, or somebody ended it.

    Attributes:
        signal: The number of the signal. ``status`` is 128 more, as in shells.
    """

    def __init__(self, message: str, signal: int) -> None:
        super().__init__(message)
        self.signal = signal
        self.status = 128 + signal

    def __reduce__(self) -> Tuple[Any, ...]:
        return type(self), (self.message, self.signal)


class BinaryNotFound(XentError):
    """The command itself cannot be found or run. The message says where it was looked for, and what helps."""

    status = 70


_BY_STATUS: Dict[int, Type[XentError]] = {
    error.status: error for error in (GateNotMet, BadUsage, BadData, NoInput, FaultOfOurs, CannotCreate, InputOutput, TryAgain)
}


def error_of_status(status: int, message: str, report: "Optional[Report | Comparison]" = None) -> XentError:
    """Returns the exception for an exit status. An unknown one is a fault of xent."""
    error = _BY_STATUS.get(status)
    if error is None:
        return FaultOfOurs(f"xent ended with status {status}: {message}", report)
    return error(message, report)


def is_worth_another_try(error: BaseException) -> bool:
    """Returns whether a run that ended with this error may succeed if it is repeated.

    Bad usage, bad data and inputs that cannot be opened (64 to 66) and gates do not change by themselves. Faults (70), failed reads and
    writes (74), locks and timeouts (75), and signals may be those of a machine.
    """
    return isinstance(error, (FaultOfOurs, InputOutput, TryAgain, KilledBySignal))
