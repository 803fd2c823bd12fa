"""Each exit status has its exception, whose message calls things by the names that the caller knows."""

from __future__ import annotations

import os
import pathlib
import pickle
import signal
import stat
import subprocess
import sys
import threading
import time
import warnings
from typing import Any

import numpy
import pytest

import xent
from conftest import Dump, evaluate, make_dump, of_command
from xent._errors import error_of_status, is_worth_another_try


def test_an_unknown_option_names_the_nearest(dump: Dump) -> None:
    with pytest.raises(xent.BadUsage, match=r"no option dialct; did you mean dialect\?") as error:
        evaluate(dump.logits, dump.labels, dialct="keras")
    assert error.value.status == 64
    with pytest.raises(xent.BadUsage, match="did you mean class_weights"):
        evaluate(dump.logits, dump.labels, **{"class-weights": "balanced"})
    with pytest.raises(xent.BadUsage, match="has no option json"):
        evaluate(dump.logits, dump.labels, json="x")


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"dialect": "kears"}, "did you mean"),
        ({"insight": 1}, "True or False"),
        ({"threads": True}, "threads is True"),
        ({"html": 3}, "name of a file"),
        ({"task": "multi"}, "multi"),
        ({"clip": 0.1}, "clip"),
    ],
)
def test_values_that_have_no_meaning(options: dict[str, Any], text: str, dump: Dump) -> None:
    with pytest.raises(xent.BadUsage, match=text) as error:
        evaluate(dump.logits, dump.labels, **options)
    assert not error.value.message.startswith("xent:")


def test_bad_data_calls_arrays_by_their_parameters(dump: Dump, large: Dump) -> None:
    for one in (dump, large):
        wrong = one.labels.copy()
        wrong[3] = 77
        with pytest.raises(xent.BadData, match=r"^labels: row 3: label 77") as error:
            evaluate(one.logits, wrong)
        assert (error.value.status, error.value.report) == (65, None)
        assert "/proc/" not in error.value.message
        bad = one.logits.copy()
        bad[5, 1] = numpy.nan
        with pytest.raises(xent.BadData, match=r"^predictions: row 5"):
            evaluate(bad, one.labels)
        with pytest.raises(xent.BadData, match="labels"):
            evaluate(one.logits, one.labels[:-1])
    with pytest.raises(xent.BadData, match=r"^labels\[1\]"):
        evaluate([dump.logit_file, dump.logit_file], [dump.labels, dump.labels.astype("f4") + 0.5])


def test_no_input(tmp_path: pathlib.Path) -> None:
    with pytest.raises(xent.NoInput, match="nope.npy") as error:
        evaluate(tmp_path / "nope.npy", [1])
    assert error.value.status == 66


def test_outputs_that_cannot_be_written(dump: Dump, tmp_path: pathlib.Path) -> None:
    with pytest.raises((xent.InputOutput, xent.CannotCreate, xent.NoInput)) as error:
        evaluate(dump.logits, dump.labels, per_row=tmp_path / "missing" / "losses.npy")
    assert "losses.npy" in error.value.message


def test_a_gate_that_is_not_met_has_its_report(dump: Dump) -> None:
    with pytest.raises(xent.GateNotMet, match="loss.mean < 0.1") as error:
        evaluate(dump.logits, dump.labels, require=["loss.mean < 0.1", "rows.invalid == 0"])
    report = error.value.report
    assert isinstance(report, xent.Report)
    assert (error.value.status, report.mean.hex()) == (1, of_command(dump).hex())
    assert [gate["verdict"] for gate in report.gates] == ["fail", "pass"]
    assert "not met" in repr(report)
    assert evaluate(dump.logits, dump.labels, require="loss.mean < 100").gates[0]["verdict"] == "pass"


def test_gates_against_a_report(dump: Dump) -> None:
    first = evaluate(dump.logits, dump.labels)
    for baseline in (first, first.to_dict()):
        with pytest.raises(xent.GateNotMet):
            evaluate(dump.logits * 2, dump.labels, require="loss.mean <= baseline", baseline=baseline)
        evaluate(dump.logits, dump.labels, require="loss.mean <= baseline", baseline=baseline)


def test_strict_has_its_report(dump: Dump) -> None:
    options: dict[str, Any] = {"task": "binary", "input": "probabilities"}
    probabilities = numpy.array([0.0, 0.5])
    with pytest.warns(xent.XentWarning, match="infinite"):
        report = xent.evaluate(probabilities, [1, 0], **options)
    assert report.mean == numpy.inf and report.rows.infinite == 1
    with pytest.raises(xent.BadData) as error:
        xent.evaluate(probabilities, [1, 0], strict=True, **options)
    assert error.value.report is not None and error.value.report.mean == numpy.inf


def test_warnings_are_at_the_callers_line(dump: Dump) -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        xent.evaluate(numpy.array([0.0, 0.5]), [1, 0], task="binary", input="probabilities")
        xent.evaluate_partial(numpy.array([0.0, 0.5]), [1, 0], task="binary", input="probabilities")
    assert len(caught) == 2
    assert {warning.filename for warning in caught} == {__file__}


def test_try_again(dump: Dump, tmp_path: pathlib.Path) -> None:
    import fcntl

    with open(tmp_path / "lock", "w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        with pytest.raises(xent.TryAgain) as error:
            evaluate(dump.logits, dump.labels, lock=tmp_path / "lock")
    assert error.value.status == 75


def test_every_status() -> None:
    names = {1: "GateNotMet", 64: "BadUsage", 65: "BadData", 66: "NoInput", 70: "FaultOfOurs", 73: "CannotCreate", 74: "InputOutput",
             75: "TryAgain", 99: "FaultOfOurs"}
    for status, name in names.items():
        assert type(error_of_status(status, "words")).__name__ == name
    again = [status for status in names if is_worth_another_try(error_of_status(status, "words"))]
    assert again == [70, 74, 75, 99]
    assert is_worth_another_try(xent.KilledBySignal("killed", 9)) and not is_worth_another_try(ValueError())


def test_errors_and_reports_can_be_sent_to_other_processes(dump: Dump) -> None:
    with pytest.raises(xent.GateNotMet) as caught:
        evaluate(dump.logits, dump.labels, require="loss.mean < 0.1")
    error = pickle.loads(pickle.dumps(caught.value))
    assert (error.message, error.report, error.status) == (caught.value.message, caught.value.report, 1)
    killed = pickle.loads(pickle.dumps(xent.KilledBySignal("killed", 9)))
    assert (killed.signal, killed.status) == (9, 137)


def test_an_object_that_fails_in_the_middle(large: Dump, monkeypatch: pytest.MonkeyPatch) -> None:
    from xent._arrays import NumPyRows

    def failing(self: NumPyRows) -> Any:
        yield b"\0" * (1 << 20)
        raise MemoryError("no room for a piece")

    monkeypatch.setattr(NumPyRows, "buffers", failing)
    with pytest.raises(MemoryError, match="no room"):
        evaluate(large.logits, large.label_file)


@pytest.fixture
def stopped(tmp_path: pathlib.Path) -> pathlib.Path:
    """A pipe that nobody writes to: a command that reads it waits for ever."""
    path = tmp_path / "stopped.npy"
    os.mkfifo(path)
    return path


def test_an_interrupt_ends_the_command(stopped: pathlib.Path, tmp_path: pathlib.Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        "import sys, xent\n"
        "print('begun', flush=True)\n"
        "try:\n"
        "    xent.evaluate(sys.argv[1], [1], task='multiclass', input='logits')\n"
        "except KeyboardInterrupt:\n"
        "    import subprocess\n"
        "    import os\n"
        "    print('interrupted', subprocess.run(['ps', '--ppid', str(os.getpid()), '-o', 'comm='], capture_output=True, text=True)"
        ".stdout.split().count('xent'), flush=True)\n"
    )
    process = subprocess.Popen([sys.executable, script, stopped], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None and process.stdout.readline() == "begun\n"
    # Holds the pipe open, so that the command waits for bytes.
    holder = os.open(stopped, os.O_RDWR)
    time.sleep(1)
    begin = time.monotonic()
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=30)
    os.close(holder)
    assert (output, process.returncode) == ("interrupted 0\n", 0)
    assert time.monotonic() - begin < 5


def test_a_signal_from_outside(stopped: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[Any] = []
    original = subprocess.Popen

    def popen(*arguments: Any, **options: Any) -> Any:
        process = original(*arguments, **options)
        if "eval" in arguments[0]:
            started.append(process)
            threading.Timer(0.5, lambda: process.send_signal(signal.SIGKILL)).start()
        return process

    xent.binary()
    monkeypatch.setattr(subprocess, "Popen", popen)
    holder = os.open(stopped, os.O_RDWR)
    try:
        with pytest.raises(xent.KilledBySignal, match="SIGKILL; the system may have been out of memory") as error:
            evaluate(stopped, [1])
    finally:
        os.close(holder)
    assert (error.value.signal, error.value.status) == (9, 137) and len(started) == 1


def test_where_the_command_is_looked_for(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = xent.binary()
    monkeypatch.setenv("XENT_BINARY", str(tmp_path / "nothing"))
    with pytest.raises(xent.BinaryNotFound, match="XENT_BINARY is .*nothing"):
        xent.binary()
    monkeypatch.delenv("XENT_BINARY")
    monkeypatch.setattr("xent._binary._script_folders", lambda: [str(tmp_path / "bin")])
    monkeypatch.setenv("PATH", str(tmp_path / "path"))
    with pytest.raises(xent.BinaryNotFound, match="was not found in .*bin or in PATH; install"):
        xent.binary()
    for folder in ("path", "bin"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "xent").symlink_to(real)
        assert xent.binary() == str(tmp_path / folder / "xent")


def test_another_version_is_told(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = tmp_path / "xent"
    other.write_text("#!/bin/sh\necho 'xent 0.0.9'\n")
    other.chmod(other.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("XENT_BINARY", str(other))
    with pytest.warns(xent.XentWarning, match=r"version 0\.0\.9, and the Python package is " + xent.__version__):
        xent.binary()
    other.write_text("#!/bin/sh\nexit 3\n")
    os.utime(other, (1, 1))
    with pytest.raises(xent.BinaryNotFound, match="is it xent"):
        xent.binary()


def test_progress_is_called(tmp_path: pathlib.Path) -> None:
    dump = make_dump(tmp_path, 3_000_000)
    seen: list[xent.Progress] = []
    # Slow enough for two looks, on any machine: a stream that is held up in the middle.
    from xent._arrays import NumPyRows

    class Slow(NumPyRows):
        def buffers(self) -> Any:
            middle = len(dump.logits) // 2
            yield self._bytes(dump.logits[:middle])
            time.sleep(1.5)
            yield self._bytes(dump.logits[middle:])

    import xent._inputs

    original = xent._inputs.NumPyRows
    xent._inputs.NumPyRows = Slow  # type: ignore[misc]
    try:
        report = evaluate(dump.logits, dump.label_file, progress=seen.append)
    finally:
        xent._inputs.NumPyRows = original  # type: ignore[misc]
    assert report.rows.scored == 3_000_000
    assert seen and all(0 < progress.decoded_bytes <= dump.logits.nbytes + 128 for progress in seen)
    fractions = [progress.fraction for progress in seen]
    assert all(fraction is not None and 0 < fraction <= 1 for fraction in fractions) and str(seen[-1])


def test_progress_that_raises_ends_the_run(large: Dump, monkeypatch: pytest.MonkeyPatch) -> None:
    from xent._arrays import NumPyRows

    def slow(self: NumPyRows) -> Any:
        yield b"\0" * (1 << 21)
        time.sleep(2)
        yield b"\0" * (self.byte_count - (1 << 21))

    def stop(progress: xent.Progress) -> None:
        raise RuntimeError("stop")

    monkeypatch.setattr(NumPyRows, "buffers", slow)
    with pytest.raises(RuntimeError, match="stop"):
        evaluate(large.logits, large.label_file, progress=stop)


def test_progress_where_nobody_watches() -> None:
    from xent._progress import Progress, shown

    with shown(True) as function:
        # Standard error is no terminal here.
        assert function is None
    with shown(False) as function:
        assert function is None
    assert str(Progress(5_000_000, 10_000_000, 1.0)) == "50 % of 10.0 MB, 5.0 MB/s, 1 s left"
    assert str(Progress(1_500, None, 1.0)) == "1.5 kB, 1.5 kB/s"


class Terminal:
    """A standard error that says that it is a terminal."""

    def __init__(self) -> None:
        self.text = ""

    def isatty(self) -> bool:
        return True

    def write(self, text: str) -> int:
        self.text += text
        return len(text)

    def flush(self) -> None:
        pass


def test_progress_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    from xent._progress import Progress, shown

    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("COLUMNS", "60")
    with shown(True) as function:
        assert function is not None
        function(Progress(5_000_000, 10_000_000, 1.0))
    line, end = terminal.text.split("\r\x1b[K")[1:]
    assert end == "" and len(line) == 59 and line.endswith("░ 50 % of 10.0 MB, 5.0 MB/s, 1 s left") and line.startswith("█")


def test_progress_in_a_notebook(monkeypatch: pytest.MonkeyPatch) -> None:
    from types import ModuleType, SimpleNamespace

    from xent._progress import Progress, shown

    shown_texts: list[str] = []
    shell: Any = SimpleNamespace(kernel=None)
    ipython: Any = ModuleType("IPython")
    ipython.get_ipython = lambda: shell
    display: Any = ModuleType("IPython.display")
    display.HTML = str
    display.display = lambda html, display_id: SimpleNamespace(update=shown_texts.append)
    monkeypatch.setitem(sys.modules, "IPython", ipython)
    monkeypatch.setitem(sys.modules, "IPython.display", display)
    with shown(True) as function:
        assert function is not None
        function(Progress(5_000_000, 10_000_000, 1.0))
    assert shown_texts[0].startswith('<progress max="1" value="0.5000"') and "50 % of 10.0 MB" in shown_texts[0]
    assert shown_texts[1:] == [""]
    # IPython on a terminal shows no HTML.
    shell = SimpleNamespace()
    with shown(True) as function:
        assert function is None
