"""The package itself: its options are the command's, its version is the command's, and its types are complete."""

from __future__ import annotations

import pathlib
import re
import subprocess
import sys
import tomllib

import pytest

import xent
from conftest import ROOT
from xent import _options

NOT_FOR_PYTHON = {
    # Of the function's own parameters.
    "labels", "weights", "task", "input", "progress",
    # How a report is printed, or where it goes: it is returned.
    "json", "quiet", "silent", "verbose", "log", "min-slice-rows", "help",
    # Of plans, which have methods.
    "plan", "root", "missing", "shards", "shard-size", "output",
}


@pytest.mark.parametrize(
    ("command", "options"),
    [("eval", _options.EvaluateOptions), ("compare", _options.CompareOptions), ("merge", _options.MergeOptions)],
)
def test_options_are_those_of_the_command(command: str, options: type) -> None:
    text = subprocess.run([xent.binary(), command, "--help"], check=True, capture_output=True, text=True, stdin=subprocess.DEVNULL).stdout
    theirs = {name for name in re.findall(r"^  (?:-\w, )?--([a-z-]+)", text, flags=re.MULTILINE)} - NOT_FOR_PYTHON
    ours = {name.replace("_", "-") for name in options.__annotations__}
    assert theirs - ours == set(), "options of the command that the package does not know"
    assert ours - theirs == set(), "options of the package that the command does not know"


def test_flags_are_those_of_the_command() -> None:
    text = subprocess.run([xent.binary(), "eval", "--help"], check=True, capture_output=True, text=True, stdin=subprocess.DEVNULL).stdout
    flags = {name.replace("-", "_") for name in re.findall(r"^  (?:-\w, )?--([a-z-]+)(?:  .*)?$", text, flags=re.MULTILINE)}
    known = {name for name in _options.EvaluateOptions.__annotations__ if _options.kind(name) is _options.Kind.FLAG}
    assert known == flags & set(_options.EvaluateOptions.__annotations__)


def test_one_version() -> None:
    source = (ROOT / "Sources" / "Engine" / "System" / "Version.swift").read_text()
    project = tomllib.loads((ROOT / "python" / "pyproject.toml").read_text())["project"]
    assert f'current = "{xent.__version__}"' in source
    assert project["version"] == xent.__version__ and project["dependencies"] == []


def test_no_package_is_imported() -> None:
    code = "import sys, xent; print([m for m in ('numpy', 'pandas', 'torch', 'pyarrow', 'polars', 'ray', 'dask', 'pyspark') if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout == "[]\n"


def test_types_are_complete() -> None:
    pytest.importorskip("mypy")
    source = pathlib.Path(xent.__file__).parent
    result = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--config-file", ROOT / "python" / "pyproject.toml", "-p", "xent"],
        capture_output=True, text=True, cwd=source.parent.parent if (source.parent.parent / "pyproject.toml").exists() else None,
    )
    assert result.returncode == 0, result.stdout
    assert (source / "py.typed").exists()


def test_types_of_callers(tmp_path: pathlib.Path) -> None:
    pytest.importorskip("mypy")
    (tmp_path / "good.py").write_text(
        "import pathlib\nimport xent\n"
        "report = xent.evaluate(pathlib.Path('p'), ['a', 'b'], task='binary', input='logits', dialect=['exact'], threads=4, insight=True)\n"
        "mean: float = report.mean\nrows: int = report.rows.scored\nparts: bytes = xent.evaluate_partial('p', task='soft', input='logits')\n"
        "whole: xent.Report = xent.merge([parts, 'b.partial'])\n"
    )
    (tmp_path / "bad.py").write_text(
        "import xent\nxent.evaluate('p', task='binry', input='logits')\nxent.evaluate('p', task='binary', input='logits', dialct='exact')\n"
        "xent.evaluate('p', task='binary', input='logits', threads='four')\n"
    )

    def check(name: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run([sys.executable, "-m", "mypy", "--strict", "--config-file", ROOT / "python" / "pyproject.toml", name], capture_output=True, text=True, cwd=tmp_path)

    good, bad = check("good.py"), check("bad.py")
    assert good.returncode == 0, good.stdout
    assert [int(line) for line in re.findall(r"^bad.py:(\d+): error", bad.stdout, flags=re.MULTILINE)] == [2, 3, 4], bad.stdout


def test_the_cell_of_the_readme() -> None:
    text = (ROOT / "README.md").read_text()
    found = re.search(r"```python\n(.*?)```\n\n```text\n(.*?)```", text, flags=re.DOTALL)
    assert found is not None
    # A cell shows what its last line gives.
    *lines, last = found.group(1).rstrip("\n").split("\n")
    code = "\n".join([*lines, f"print(repr({last}))"])
    assert subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout == found.group(2)


def test_examples_of_the_readme() -> None:
    text = (ROOT / "python" / "README.md").read_text()
    for code in re.findall(r"```python\n(.*?)```", text, flags=re.DOTALL):
        subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
