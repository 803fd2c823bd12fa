"""A dump as arrays and as files, and the command itself, which every figure is compared with."""

from __future__ import annotations

import json
import pathlib
import subprocess
from dataclasses import dataclass
from typing import Any

import numpy
import pytest

import xent

ROOT = pathlib.Path(__file__).resolve().parents[2]
NAMES = ["ant", "bee", "cat, wild", 'dog "Rex"', "élan"]
COLUMNS = [f"p{number}" for number in range(len(NAMES))]


@dataclass
class Dump:
    """Logits of five classes with labels, as arrays and as files."""

    folder: pathlib.Path
    logits: Any
    labels: Any

    @property
    def logit_file(self) -> pathlib.Path:
        return self.folder / "logits.npy"

    @property
    def label_file(self) -> pathlib.Path:
        return self.folder / "labels.npy"

    @property
    def names(self) -> Any:
        """The labels as names of classes."""
        return numpy.array(NAMES)[self.labels]


def make_dump(folder: pathlib.Path, rows: int) -> Dump:
    generator = numpy.random.default_rng(20261129)
    dump = Dump(folder, generator.standard_normal((rows, len(NAMES)), dtype="f4") * 3, generator.integers(0, len(NAMES), rows))
    numpy.save(dump.logit_file, dump.logits)
    numpy.save(dump.label_file, dump.labels)
    return dump


@pytest.fixture(scope="session")
def dump(tmp_path_factory: pytest.TempPathFactory) -> Dump:
    """A dump that goes through memory."""
    return make_dump(tmp_path_factory.mktemp("small"), 2_000)


@pytest.fixture(scope="session")
def large(tmp_path_factory: pytest.TempPathFactory) -> Dump:
    """A dump that goes through a pipe: 12 MB."""
    return make_dump(tmp_path_factory.mktemp("large"), 600_000)


def command(*words: object) -> dict[str, Any]:
    """Returns the report that the command writes."""
    result = subprocess.run(
        [xent.binary(), *map(str, words), "--json", "-"], check=True, capture_output=True, stdin=subprocess.DEVNULL, timeout=120
    )
    report: dict[str, Any] = json.loads(result.stdout)
    return report


def of_command(dump: Dump, *options: object) -> float:
    """Returns the mean that the command gives for the dump's files."""
    report = command("eval", dump.logit_file, f"--labels={dump.label_file}", "--task=multiclass", "--input=logits", *options)
    return float.fromhex(report["loss"]["mean_hex"])


def evaluate(predictions: Any, labels: Any = None, **options: Any) -> xent.Report:
    """Evaluates logits of classes."""
    options = {"task": "multiclass", "input": "logits", **options}
    return xent.evaluate(predictions, labels, **options)


def has_command(name: str) -> bool:
    """Returns whether the binary has a command."""
    return subprocess.run([xent.binary(), name, "--help"], capture_output=True, stdin=subprocess.DEVNULL, check=False).returncode == 0
