"""The report object, its page in a notebook, comparisons, partials and merging."""

from __future__ import annotations

import html.parser
import json
import pathlib
import pickle
import re
from typing import Any

import numpy
import pytest

import xent
from conftest import Dump, command, evaluate, has_command, of_command


def test_a_report_is_the_commands_json(dump: Dump) -> None:
    options = ["--insight", "--dialect=exact", "--dialect=keras", "--slice=label", "--top-k=1,2", "--quantiles=0.5,0.9", "--threads=1"]
    theirs = command("eval", dump.logit_file, f"--labels={dump.label_file}", "--task=multiclass", "--input=logits", *options)
    report = evaluate(
        dump.logits, dump.labels, insight=True, dialect=["exact", "keras"], slice="label", top_k=[1, 2], quantiles=[0.5, 0.9], threads=1
    )
    ours = report.to_dict()
    assert [one["path"] for one in ours.pop("inputs")] == ["predictions", "labels"]
    ours.pop("run"), theirs.pop("run"), theirs.pop("inputs")
    for row in theirs["worst"]:
        assert row["file"] == str(dump.logit_file) and row["place"] == f"{row['file']}: row {row['row_in_file']}"
        row["place"], row["file"] = f"predictions: row {row['row']}", "predictions"
    assert ours == theirs
    assert set(report) == set(theirs) | {"run", "inputs"} and len(report) == len(list(report))


def test_the_figures(dump: Dump) -> None:
    report = evaluate(dump.logits, dump.labels, dialect=["exact", "keras"])
    assert report.mean == float.fromhex(report["loss"]["mean_hex"]) == float(report)
    assert report.sum == float.fromhex(report["loss"]["sum_hex"])
    assert report.standard_error == report["loss"]["standard_error"] > 0
    assert report.interval is not None and report.interval.lower < report.mean < report.interval.upper
    assert report.accuracy == report["accuracy"] and report.perplexity == report["loss"]["perplexity"]
    assert (report.rows.read, report.rows.scored, report.rows.invalid) == (len(dump.labels), len(dump.labels), 0)
    assert (report.task, report.unit, report.classes, report.warnings, report.token_mean) == ("multiclass", "nats", 5, (), None)
    assert report.dialects["exact"].mean == report.mean and set(report.dialects) == {"exact", "keras"}
    assert report.confidence == 0.95 and report.xent_version == xent.__version__
    assert repr(report.mean) in repr(report) and "2,000 scored" in repr(report)
    assert pickle.loads(pickle.dumps(report)) == report
    assert json.loads(report.to_json()) == report.to_dict()


def test_invalid_rows(dump: Dump) -> None:
    logits = dump.logits.copy()
    logits[7] = numpy.nan
    with pytest.warns(xent.XentWarning):
        report = evaluate(logits, dump.labels, on_invalid="skip")
    assert (report.rows.invalid, report.rows.scored) == (1, len(logits) - 1)
    assert report.warnings and report.notices[0][1] == report.warnings[0] and "1 invalid" in repr(report)


def test_units(dump: Dump) -> None:
    report = evaluate(dump.logits, dump.labels, unit="bits")
    assert report.unit == "bits" and report.mean == pytest.approx(of_command(dump) / numpy.log(2), rel=1e-15)


class Elements(html.parser.HTMLParser):
    """Checks that elements are closed in order, and gathers what could reach outside."""

    void = {"br", "hr", "img", "meta", "link", "input"}

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.roots = 0
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str]] = []

    def handle_starttag(self, tag: str, attributes: Any) -> None:
        self.roots += not self.open
        self.tags.add(tag)
        self.attributes += [(name, value or "") for name, value in attributes]
        if tag not in self.void:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attributes: Any) -> None:
        self.tags.add(tag)
        self.attributes += [(name, value or "") for name, value in attributes]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        assert self.open or not data.strip()


def reports(dump: Dump) -> list[Any]:
    names = numpy.array(["<script>alert(1)</script>", "&b", "c", "d", "e"])
    report = evaluate(dump.logits, names[dump.labels], insight=True, slice="label", ranking=True, classes=list(names))
    return [report, xent.compare(dump.logits, dump.logits * 0.9, dump.labels, task="multiclass", input="logits")]


def test_a_notebook_gets_one_safe_fragment(dump: Dump) -> None:
    for report in reports(dump):
        text = report._repr_html_()
        assert "alert(1)" not in text or "&lt;script&gt;alert(1)" in text
        elements = Elements()
        elements.feed(text)
        assert elements.roots == 1 and not elements.open
        assert not elements.tags & {"script", "iframe", "link", "meta", "html", "body", "head", "base", "form", "object"}
        assert {"svg", "table", "style"} <= elements.tags
        names = {name for name, _ in elements.attributes}
        assert not {name for name in names if name.startswith("on")} and not names & {"id", "href", "src", "action"}
        assert "http://" not in text.replace("http://www.w3.org/", "") and "https://" not in text and "url(" not in text
        # The style sheet reaches nothing outside.
        style = re.search(r"<style>(.*?)</style>", text, flags=re.DOTALL)
        assert style is not None and "</" not in style.group(1)
        selectors = re.findall(r"([^{};]+)\{", re.sub(r"@media[^{]*\{", "", style.group(1)))
        assert len(selectors) > 30
        for selector in selectors:
            for part in selector.replace("}", "").split(","):
                assert part.strip().startswith(".xent-report"), selector


def test_pages(dump: Dump, tmp_path: pathlib.Path) -> None:
    report = evaluate(dump.logits, dump.labels, html=tmp_path / "theirs.html", insight=True)
    report.save(tmp_path / "ours.html")
    report.save(tmp_path / "ours.json")
    assert (tmp_path / "ours.html").read_text().startswith("<!DOCTYPE html>")
    assert json.loads((tmp_path / "ours.json").read_text()) == report.to_dict()
    assert "<svg" in (tmp_path / "theirs.html").read_text()


def test_a_notebook_without_the_command(dump: Dump, monkeypatch: pytest.MonkeyPatch) -> None:
    report = evaluate(dump.logits, dump.labels)
    monkeypatch.setenv("XENT_BINARY", "/nothing")
    text = report._repr_html_()
    assert text.startswith("<pre>&lt;xent.Report") and repr(report.mean) in text


def test_scoping_of_style_sheets() -> None:
    from xent._page import scoped

    style = scoped(":root { --a: 1; }\n@media (x) { body { b: 2 } p, .c d { e: 3 } }\n@media print { q { r: 4 } }\n* { f: 5 }")
    assert style == (
        ".xent-report { --a: 1; }\n@media (x) { .xent-report { b: 2 }\n.xent-report p, .xent-report .c d { e: 3 } }\n.xent-report * { f: 5 }"
    )


@pytest.mark.parametrize("size", ["dump", "large"])
def test_partials_merge_to_the_whole(size: str, request: pytest.FixtureRequest, tmp_path: pathlib.Path) -> None:
    dump: Dump = request.getfixturevalue(size)
    cuts = [0, 3, len(dump.labels) // 2, len(dump.labels)]
    parts: list[Any] = [
        xent.evaluate_partial(dump.logits[a:b], dump.labels[a:b], task="multiclass", input="logits", first_row=a)
        for a, b in zip(cuts, cuts[1:])
    ]
    assert all(isinstance(part, bytes) for part in parts)
    mean = of_command(dump).hex()
    assert xent.merge(reversed(parts)).mean.hex() == mean
    (tmp_path / "0.partial").write_bytes(parts[0])
    assert xent.merge([parts[2], tmp_path / "0.partial", parts[1]], expect_rows=len(dump.labels)).mean.hex() == mean
    assert xent.merge([xent.merge_partials(parts[:2]), parts[2]]).mean.hex() == mean
    with pytest.raises(xent.BadData, match="rows"):
        xent.merge(parts[:2], expect_rows=len(dump.labels))
    with pytest.raises(xent.BadData, match=r"partials\[0\]"):
        xent.merge([parts[0][:-1], parts[1]])


def test_the_same_bytes_as_the_commands_partial(dump: Dump, tmp_path: pathlib.Path) -> None:
    of_command(dump, f"--partial={tmp_path / 'p'}")
    assert xent.evaluate_partial(dump.logit_file, dump.label_file, task="multiclass", input="logits") == (tmp_path / "p").read_bytes()


def test_many_partials(dump: Dump) -> None:
    part = [
        xent.evaluate_partial(dump.logits[row : row + 1], dump.labels[row : row + 1], task="multiclass", input="logits", first_row=row)
        for row in range(40)
    ]
    assert xent.merge(part).mean.hex() == evaluate(dump.logits[:40], dump.labels[:40]).mean.hex()
    part[33] = b"nothing"
    with pytest.raises(xent.BadData, match=r"partials\[33\]"):
        xent.merge(part)


@pytest.mark.parametrize("bad", [[], b"partial", "name"])
def test_nothing_to_merge(bad: Any) -> None:
    with pytest.raises(xent.BadUsage):
        xent.merge(bad)


def test_comparisons(dump: Dump, large: Dump, tmp_path: pathlib.Path) -> None:
    for one in (dump, large):
        numpy.save(tmp_path / "b.npy", one.logits * 1.25)
        theirs = command(
            "compare", one.logit_file, tmp_path / "b.npy", f"--labels={one.label_file}", "--task=multiclass", "--input=logits"
        )
        ours = xent.compare(one.logits, one.logits * numpy.float32(1.25), one.labels, task="multiclass", input="logits")
        assert ours.mean.hex() == float.fromhex(theirs["difference"]["mean_hex"]).hex()
        assert ours["difference"] == theirs["difference"] and ours["mcnemar"] == theirs["mcnemar"]
        assert ours.means[0].hex() == of_command(one).hex() and ours.means[1] > ours.means[0]
        assert ours.interval is not None and ours.interval.lower < ours.mean < ours.interval.upper
        assert 0 <= ours.p_value < 0.01 and ours.standard_error > 0 and ours.accuracies is not None
        assert repr(ours.mean) in repr(ours) and [one["path"] for one in ours["a"]["inputs"]] == ["a", "labels"]


def test_comparisons_list_columns(tmp_path: pathlib.Path) -> None:
    for name, numbers in (("a", (0.9, 0.8, 0.7)), ("b", (0.8, 0.2, 0.6))):
        lines = [f"{name}{row},{number},{label}" for row, (number, label) in enumerate(zip(numbers, (1, 1, 0)))]
        (tmp_path / f"{name}.csv").write_text("\n".join(["id,p,label", *lines]) + "\n")
    files = tmp_path / "a.csv", tmp_path / "b.csv"
    for columns in ("id", ["id", "label"]):
        difference = xent.compare(*files, task="binary", input="probabilities", worst=2, show_column=columns)
        assert [row["columns"]["id"] for row in difference["worst"]] == ["a1", "a0"]
        assert ("label" in difference["worst"][0]["columns"]) == (columns != "id")
    with pytest.raises(xent.BadUsage, match="give --worst too"):
        xent.compare(*files, task="binary", input="probabilities", show_column="id")


def test_comparisons_of_reports_and_partials(dump: Dump) -> None:
    first, second = evaluate(dump.logits, dump.labels), evaluate(dump.logits * 2, dump.labels)
    difference = xent.compare(first, second)
    assert difference.mean == pytest.approx(second.mean - first.mean, rel=1e-12)
    parts = [
        xent.evaluate_partial(logits, dump.labels, task="multiclass", input="logits", interval="jackknife")
        for logits in (dump.logits, dump.logits * 2)
    ]
    assert xent.compare(*parts).mean == pytest.approx(difference.mean, rel=1e-12)
    with pytest.raises(xent.BadUsage, match="takes one a model"):
        xent.compare([dump.logit_file, dump.logit_file], dump.logits, dump.labels, task="multiclass", input="logits")


def test_inspecting(dump: Dump) -> None:
    found = xent.inspect([str(dump.logit_file), str(dump.label_file)])
    assert [one["shape"] for one in found] == [[2000, 5], [2000]]
    assert xent.inspect(dump.logits)[0]["element_type"] == "f4"
    with pytest.raises(xent.NoInput):
        xent.inspect("/nothing")


needs_plans = pytest.mark.skipif("not __import__('conftest').has_command('plan')")


@needs_plans
class TestPlans:
    def plan(self, dump: Dump, **options: Any) -> xent.Plan:
        return xent.plan(dump.logit_file, dump.label_file, task="multiclass", input="logits", **options)

    def test_shards_make_the_whole(self, dump: Dump, tmp_path: pathlib.Path) -> None:
        plan = self.plan(dump, shards=3)
        assert (plan.shard_count, plan.row_count) == (3, len(dump.labels))
        plan.save(tmp_path / "plan.json")
        plan = pickle.loads(pickle.dumps(xent.Plan.load(tmp_path / "plan.json")))
        parts = [plan.evaluate_shard(shard) for shard in (2, 0, 1)]
        assert plan.merge(parts).mean.hex() == xent.merge(parts, plan=plan).mean.hex() == of_command(dump).hex()
        assert plan.missing(parts[:1]) == [0, 1] and plan.missing([]) == [0, 1, 2] and plan.missing(parts) == []
        with pytest.raises(xent.BadData, match="1"):
            plan.merge([parts[0], parts[1]])

    def test_bad_plans(self, dump: Dump) -> None:
        with pytest.raises(xent.BadUsage, match="either"):
            self.plan(dump)
        with pytest.raises(xent.BadUsage, match="in memory"):
            xent.plan(dump.logits, dump.label_file, task="multiclass", input="logits", shards=2)
        with pytest.raises(xent.BadUsage):
            self.plan(dump, shards=2).evaluate_shard(2)


def test_numbers_of_shards() -> None:
    from xent._plan import _numbers

    assert _numbers("0,3-5\n") == [0, 3, 4, 5] and _numbers("7\n9\n") == [7, 9] and _numbers("") == []
