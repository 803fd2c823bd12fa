"""Arrays of NumPy, lists and files give the bits of the command."""

from __future__ import annotations

import os
import pathlib
import subprocess
import sys
import threading
from typing import Any, Callable

import numpy
import pytest

import xent
from conftest import NAMES, Dump, evaluate, of_command


@pytest.mark.parametrize("size", ["dump", "large"])
@pytest.mark.parametrize(
    "made",
    [
        lambda array: array,
        numpy.asfortranarray,
        lambda array: array.astype(">f4"),
        lambda array: array[::-1].copy()[::-1],
        lambda array: numpy.repeat(array, 2, axis=1)[:, ::2],
        lambda array: list(numpy.array_split(array, 7)),
        lambda array: [array[:5], numpy.asfortranarray(array[5:])],
    ],
    ids=["C", "Fortran", "big-endian", "reversed", "strided", "batches", "mixed batches"],
)
def test_any_order_of_memory(size: str, made: Callable[[Any], Any], request: pytest.FixtureRequest) -> None:
    dump: Dump = request.getfixturevalue(size)
    assert evaluate(made(dump.logits), dump.labels).mean.hex() == of_command(dump).hex()


@pytest.mark.parametrize("kind", ["f2", "f4", "f8"])
def test_types_of_predictions(kind: str, dump: Dump, tmp_path: pathlib.Path) -> None:
    array = dump.logits.astype(kind)
    numpy.save(tmp_path / "p.npy", array)
    assert evaluate(array, dump.labels).mean.hex() == evaluate(tmp_path / "p.npy", dump.label_file).mean.hex()


@pytest.mark.parametrize("kind", ["i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f4", "f8", ">i4"])
def test_types_of_labels(kind: str, dump: Dump) -> None:
    assert evaluate(dump.logits, dump.labels.astype(kind)).mean.hex() == of_command(dump).hex()


def test_labels_of_bools(dump: Dump) -> None:
    right = dump.labels > 2
    report = evaluate(dump.logits[:, 0], right, task="binary")
    assert report.mean.hex() == evaluate(dump.logits[:, 0], right.astype("u1"), task="binary").mean.hex()


def test_bfloat16_of_ml_dtypes(dump: Dump) -> None:
    types = pytest.importorskip("ml_dtypes")
    array = dump.logits.astype(types.bfloat16)
    assert evaluate(array, dump.labels).mean.hex() == evaluate(array.astype("f4"), dump.labels).mean.hex()


@pytest.mark.parametrize("names", [lambda names: names, lambda names: names.astype(object), lambda names: numpy.char.encode(names, "utf-8")])
def test_names_of_classes(names: Callable[[Any], Any], dump: Dump) -> None:
    # Names may hold what formats of text have a meaning for; an option has commas between them.
    simple = numpy.array(["a", "b", "c", "d", "é"])
    assert evaluate(dump.logits, names(simple[dump.labels]), classes=list(simple)).mean.hex() == of_command(dump).hex()
    with pytest.raises(xent.BadUsage, match="comma"):
        evaluate(dump.logits, dump.names, classes=NAMES)


def test_lists_of_numbers() -> None:
    logits, labels = [[0.5, 1.25], [2.0, -1.0], [0.0, 0.1]], [1, 0, 0]
    assert evaluate(logits, labels).mean.hex() == evaluate(numpy.array(logits), numpy.array(labels)).mean.hex()


def test_lists_without_numpy() -> None:
    from xent._arrays import ListRows

    rows = ListRows([[0.5, 1.25], [2.0, -1.0], [0.0, 0.1]])
    assert (rows.descr, rows.shape) == ("<f8", (3, 2))
    assert b"".join(bytes(buffer) for buffer in rows.buffers()) == numpy.array([0.5, 1.25, 2, -1, 0, 0.1]).tobytes()
    whole = ListRows([3, 1])
    assert (whole.descr, whole.shape) == ("<i8", (2,))
    for bad in ([[1, 2], [3]], ["a"], [None]):
        with pytest.raises(xent.BadUsage):
            ListRows(bad)


def test_weights_and_other_companions(dump: Dump, tmp_path: pathlib.Path) -> None:
    weights, clusters = numpy.linspace(0.1, 2, len(dump.labels)), numpy.arange(len(dump.labels)) // 40
    numpy.save(tmp_path / "w.npy", weights)
    numpy.save(tmp_path / "c.npy", clusters)
    report = evaluate(dump.logits, dump.labels, weights=weights, clusters=clusters, groups=clusters % 3)
    files = evaluate(
        dump.logit_file, dump.label_file, weights=tmp_path / "w.npy", clusters=tmp_path / "c.npy", groups=(clusters % 3).tolist()
    )
    assert report.mean.hex() == files.mean.hex() == of_command(dump, f"--weights={tmp_path / 'w.npy'}").hex()
    assert report["uncertainty"] == files["uncertainty"]
    assert [part["loss" if "loss" in part else "mean"] for part in report["slices"]] == [
        part["loss" if "loss" in part else "mean"] for part in files["slices"]
    ]


def test_class_weights(dump: Dump) -> None:
    numbers = [1.0, 0.1, 2.5, 1 / 3, 1.75]
    mean = of_command(dump, "--class-weights=" + ",".join(map(repr, numbers)))
    for weights in (numbers, tuple(numbers), numpy.array(numbers)):
        assert evaluate(dump.logits, dump.labels, class_weights=weights).mean.hex() == mean.hex()
    balanced = of_command(dump, "--class-weights=balanced")
    assert evaluate(dump.logits, dump.labels, class_weights="balanced").mean.hex() == balanced.hex() != mean.hex()


def test_balanced_weights_of_a_stream(large: Dump) -> None:
    assert evaluate(large.logits, large.labels, class_weights="balanced").mean.hex() == of_command(large, "--class-weights=balanced").hex()


def test_two_streams_at_once(large: Dump) -> None:
    soft = numpy.full(large.logits.shape, 0.2)
    report = evaluate(large.logits, soft, task="soft")
    assert report.rows.scored == len(soft)


@pytest.mark.parametrize(
    "options",
    [
        {"clusters": True, "groups": True, "slice": "label"},
        {"interval": "jackknife", "insight": True},
        {"shard": "1/3"},
        {"class_weights": "balanced", "dialect": ["exact", "keras"]},
    ],
    ids=str,
)
def test_streams_of_companions(options: "dict[str, Any]", large: Dump, tmp_path: pathlib.Path) -> None:
    """Each large object has a pipe of its own, and the command reads them side by side, whatever is asked for."""
    count = len(large.labels)
    arrays = {"weights": numpy.linspace(0.5, 2, count), "clusters": numpy.arange(count) // 500, "groups": numpy.arange(count) % 3}
    for name, array in arrays.items():
        numpy.save(tmp_path / f"{name}.npy", array)
    chosen = {"weights"} | {name for name in ("clusters", "groups") if options.get(name)}
    rest = {name: value for name, value in options.items() if name not in arrays}
    reports = [
        evaluate(large.logits, large.labels, **rest, **{name: arrays[name] for name in chosen}).to_dict(),
        evaluate(large.logit_file, large.label_file, **rest, **{name: tmp_path / f"{name}.npy" for name in chosen}).to_dict(),
    ]
    for report in reports:
        for name in ("inputs", "run", "worst"):
            report.pop(name, None)
    assert reports[0] == reports[1]


def test_what_a_stream_cannot_do_is_said(large: Dump, tmp_path: pathlib.Path) -> None:
    with pytest.raises(xent.BadUsage, match="^predictions: .*write it to a file first"):
        evaluate(large.logits, large.labels, checkpoint=tmp_path / "checkpoint")


def test_standard_input(dump: Dump) -> None:
    code = f"import xent; print(xent.evaluate('-', {str(dump.label_file)!r}, task='multiclass', input='logits').mean.hex())"
    with open(dump.logit_file, "rb") as file:
        said = subprocess.run([sys.executable, "-c", code], stdin=file, check=True, capture_output=True, text=True).stdout
    assert said.strip() == of_command(dump).hex()


def test_more_axes() -> None:
    generator = numpy.random.default_rng(1)
    logits, labels = generator.standard_normal((6, 4, 10, 3)), generator.integers(0, 4, (6, 10, 3))
    moved = numpy.ascontiguousarray(numpy.moveaxis(logits, 1, -1)).reshape(-1, 4)
    assert evaluate(logits, labels, class_axis=1).mean.hex() == evaluate(moved, labels.ravel()).mean.hex()


def test_a_whole_memmap_is_its_file(dump: Dump, tmp_path: pathlib.Path) -> None:
    numpy.save(tmp_path / "f.npy", numpy.asfortranarray(dump.logits))
    for name in (dump.logit_file, tmp_path / "f.npy"):
        report = evaluate(numpy.load(name, mmap_mode="r"), dump.labels)
        assert report["inputs"][0]["path"] == str(name)
        assert report.mean.hex() == of_command(dump).hex()


def test_other_memmaps_are_streams(dump: Dump, tmp_path: pathlib.Path) -> None:
    whole = numpy.load(dump.logit_file, mmap_mode="r")
    half = len(whole) // 2
    changed = numpy.load(dump.logit_file, mmap_mode="c")
    changed[0] += 1
    raw = tmp_path / "raw"
    dump.logits.tofile(raw)
    cases = [
        (whole[:half], dump.logits[:half], dump.labels[:half]),
        (whole[::-1], dump.logits[::-1], dump.labels),
        (changed, numpy.asarray(changed), dump.labels),
        (numpy.memmap(raw, dtype="f4", mode="r", shape=dump.logits.shape), dump.logits, dump.labels),
    ]
    for mapped, array, labels in cases:
        report = evaluate(mapped, labels)
        assert report["inputs"][0]["path"] == "predictions"
        assert report.mean.hex() == evaluate(numpy.array(array), labels).mean.hex()


def test_a_memmap_of_a_file_that_was_replaced(dump: Dump, tmp_path: pathlib.Path) -> None:
    name = tmp_path / "p.npy"
    numpy.save(name, dump.logits)
    mapped = numpy.load(name, mmap_mode="r")
    numpy.save(tmp_path / "new.npy", dump.logits + 1)
    os.replace(tmp_path / "new.npy", name)
    report = evaluate(mapped, dump.labels)
    assert report["inputs"][0]["path"] == "predictions"
    assert report.mean.hex() == of_command(dump).hex()


def test_files(dump: Dump) -> None:
    mean = of_command(dump).hex()
    assert evaluate(dump.logit_file, dump.label_file).mean.hex() == mean
    assert evaluate(str(dump.logit_file), str(dump.label_file)).mean.hex() == mean
    with pytest.warns(xent.XentWarning, match="named twice"):
        twice = evaluate([dump.logit_file, dump.logit_file], [dump.label_file, dump.label_file])
    assert (twice.rows.scored, twice.mean.hex()) == (2 * len(dump.labels), mean)


def test_a_file_whose_name_looks_like_an_option(dump: Dump, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    numpy.save("-q.npy", dump.logits)
    assert evaluate("-q.npy", dump.labels).mean.hex() == of_command(dump).hex()


def test_a_parquet_file(dump: Dump, tmp_path: pathlib.Path) -> None:
    # The command packs one, so that no other package is needed.
    subprocess.run(
        [xent.binary(), "pack", dump.logit_file, "--labels", dump.label_file, "-o", tmp_path / "d.parquet"],
        check=True, capture_output=True, stdin=subprocess.DEVNULL,
    )
    assert evaluate(tmp_path / "d.parquet").mean.hex() == of_command(dump).hex()


def test_nothing_is_written_to_disk(large: Dump, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path / "missing"))
    monkeypatch.setattr("tempfile.tempdir", None)
    assert evaluate(large.logits, large.labels).rows.scored == len(large.labels)
    assert evaluate(numpy.asfortranarray(large.logits), large.labels).rows.scored == len(large.labels)


def test_from_several_threads(large: Dump) -> None:
    means, mean = [], of_command(large)

    def work() -> None:
        means.append(evaluate(large.logits, large.labels, threads=1).mean)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [one.hex() for one in means] == [mean.hex()] * 4


def test_descriptors_are_closed(large: Dump) -> None:
    def count() -> int:
        return len(os.listdir("/proc/self/fd"))

    before = count()
    evaluate(large.logits, large.labels)
    with pytest.raises(xent.BadData):
        evaluate(large.logits, large.labels[:-1])
    with pytest.raises(xent.BadUsage):
        evaluate(large.logits, object())  # type: ignore[arg-type]
    assert count() == before


@pytest.mark.parametrize(
    ("bad", "text"),
    [
        (object(), "of type object"),
        (b"logits.npy", "of type bytes"),
        (numpy.ma.masked_array([[1.0, 2.0]]), "masked"),
        (numpy.zeros((2, 2), dtype=complex), "complex128"),
        (numpy.zeros(3, dtype=[("a", "f4")]), "array of"),
        (numpy.array([[1, None]], dtype=object), "objects"),
        ([], "empty list"),
        ("", "empty"),
        ([[1.0, 2.0], [1.0]], "unlike lengths"),
    ],
)
def test_what_is_not_read(bad: Any, text: str) -> None:
    with pytest.raises(xent.BadUsage, match=text):
        evaluate(bad, [0, 1])
