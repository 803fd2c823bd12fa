"""Tensors of PyTorch give the bits of the command."""

from __future__ import annotations

from typing import Any

import pytest

import xent
from conftest import Dump, evaluate, of_command

torch: Any = pytest.importorskip("torch")


@pytest.mark.parametrize("size", ["dump", "large"])
def test_any_strides(size: str, request: pytest.FixtureRequest) -> None:
    dump: Dump = request.getfixturevalue(size)
    tensor, labels, mean = torch.from_numpy(dump.logits), torch.from_numpy(dump.labels), of_command(dump).hex()
    for made in (tensor, tensor.t().contiguous().t(), tensor.clone().requires_grad_(), list(tensor.split(999)), tensor.flip(0).flip(0)):
        assert evaluate(made, labels).mean.hex() == mean


@pytest.mark.parametrize("size", ["dump", "large"])
@pytest.mark.parametrize("made", [lambda tensor: tensor, lambda tensor: tensor.t().contiguous().t()])
def test_bfloat16(size: str, made: Any, request: pytest.FixtureRequest) -> None:
    dump: Dump = request.getfixturevalue(size)
    tensor = torch.from_numpy(dump.logits).to(torch.bfloat16)
    report = evaluate(made(tensor), dump.labels)
    assert report.mean.hex() == evaluate(tensor.float().numpy(), dump.labels).mean.hex() != of_command(dump).hex()


def test_float16_and_labels_one_by_one(dump: Dump) -> None:
    half = torch.from_numpy(dump.logits).half()
    assert evaluate(half, [torch.tensor(label) for label in dump.labels]).mean.hex() == evaluate(half.numpy(), dump.labels).mean.hex()


@pytest.mark.parametrize(
    ("made", "text"),
    [
        (lambda: torch.eye(5).to_sparse(), "to_dense"),
        (lambda: torch.zeros(3, 5, device="meta"), "no values"),
        (lambda: torch.zeros(3, 5, dtype=torch.complex64), "complex64"),
        (lambda: torch.zeros(3, 5).to(torch.float8_e4m3fn), r"float\(\)"),
    ],
)
def test_what_is_not_read(made: Any, text: str) -> None:
    with pytest.raises(xent.BadUsage, match=text):
        evaluate(made(), [0, 1, 2])
