"""What the engines share. The engines themselves are tested where they are installed, with plans of the command."""

from __future__ import annotations

import pickle
import subprocess
import sys
from typing import Any

import pytest

import xent
from xent import _shards


class PlanOfErrors(xent.Plan):
    """A plan whose shards fail by their numbers."""

    errors: "dict[int, xent.XentError]" = {}

    def evaluate_shard(self, shard: int, **options: Any) -> bytes:
        if shard in self.errors:
            raise self.errors[shard]
        return f"{shard} {sorted(options)}".encode()


@pytest.fixture
def plan(monkeypatch: pytest.MonkeyPatch) -> type:
    monkeypatch.setattr(_shards, "Plan", PlanOfErrors)
    monkeypatch.setattr(PlanOfErrors, "errors", {})
    return PlanOfErrors


@pytest.mark.parametrize("error", [xent.BadUsage, xent.BadData, xent.NoInput, xent.GateNotMet])
def test_what_would_fail_again_is_a_result(error: Any, plan: Any) -> None:
    plan.errors[1] = error("words")
    outcomes = [_shards.outcome_of_shard("{}", shard, {}) for shard in (2, 1, 0)]
    # Engines send it from one process to another.
    outcomes = pickle.loads(pickle.dumps(outcomes))
    with pytest.raises(error, match="^shard 1: words$"):
        _shards.partials_of(outcomes)


@pytest.mark.parametrize("error", [xent.FaultOfOurs("x"), xent.InputOutput("x"), xent.TryAgain("x"), xent.KilledBySignal("x", 9)])
def test_what_may_pass_is_raised_for_the_engine(error: xent.XentError, plan: Any) -> None:
    plan.errors[0] = error
    with pytest.raises(type(error)):
        _shards.outcome_of_shard("{}", 0, {})


def test_partials_are_in_the_order_of_the_shards(plan: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_shards, "has_option", lambda command, option: False)
    outcomes = [_shards.outcome_of_shard("{}", shard, {"threads": 2}) for shard in (2, 0, 1)]
    assert _shards.partials_of(outcomes) == [b"0 ['threads']", b"1 ['threads']", b"2 ['threads']"]


def test_workers_children_end_with_them(plan: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_shards, "has_option", lambda command, option: option == "--exit-with-parent")
    assert _shards.outcome_of_shard("{}", 0, {})[1] == b"0 ['exit_with_parent']"
    assert _shards.outcome_of_shard("{}", 0, {"exit_with_parent": False})[1] == b"0 ['exit_with_parent']"


def test_options_are_checked_before_anything_is_sent() -> None:
    with pytest.raises(xent.BadUsage, match="did you mean threads"):
        _shards.check_options({"thread": 1}, "xent.ray.evaluate()")


def test_options_of_the_binary() -> None:
    from xent._binary import has_option

    assert has_option("eval", "--threads") and has_option("eval", "--labels")
    assert not has_option("eval", "--thread") and not has_option("eval", "--nothing")


@pytest.mark.parametrize("engine", ["ray", "spark", "dask"])
def test_modules_import_no_engine(engine: str) -> None:
    code = f"import sys, xent.{engine} as module; print([m for m in ('ray', 'pyspark', 'dask', 'distributed') if m in sys.modules], module.__all__)"
    said = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    assert said == "[] ['evaluate', 'partials']\n"
