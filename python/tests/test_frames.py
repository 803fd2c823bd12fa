"""Tables and columns of pandas, Polars and PyArrow give the bits of the command."""

from __future__ import annotations

import pathlib
import sys
from typing import Any

import numpy
import pytest

import xent
from conftest import COLUMNS, Dump, evaluate, of_command

SIMPLE = ["a", "b", "c", "d", "é"]


@pytest.fixture(scope="module")
def simple(dump: Dump) -> Any:
    return numpy.array(SIMPLE)[dump.labels]


class TestPandas:
    pandas: Any = None

    @pytest.fixture(autouse=True)
    def modules(self) -> None:
        self.pandas = pytest.importorskip("pandas")
        pytest.importorskip("pyarrow")

    def frame(self, dump: Dump) -> Any:
        frame = self.pandas.DataFrame(dump.logits, columns=COLUMNS)
        frame["label"] = dump.labels
        return frame

    def test_a_table_with_its_labels(self, dump: Dump) -> None:
        frame = self.frame(dump)
        for columns in (COLUMNS, "p*", frame.columns[:-1]):
            report = evaluate(frame, prediction_columns=columns, label_column="label")
            assert report.mean.hex() == of_command(dump).hex()
            assert report["columns"]["predictions"] == COLUMNS

    def test_a_large_table(self, large: Dump) -> None:
        assert evaluate(self.frame(large), prediction_columns="p*").mean.hex() == of_command(large).hex()

    def test_any_order_of_memory(self, dump: Dump, large: Dump) -> None:
        for one in (dump, large):
            mixed = self.pandas.DataFrame({"a": ["x"] * len(one.labels)})
            for at, name in enumerate(COLUMNS):
                # Of unlike types between each other, each with memory of its own.
                mixed[name] = one.logits[:, at].astype("f8" if at == 2 else "f4")
                mixed[f"note {at}"] = at % 2 == 0
            mixed["label"] = one.labels.astype("i2")
            by_rows = self.pandas.concat([self.pandas.DataFrame(one.logits, columns=COLUMNS), mixed[["a", "label"]]], axis=1)
            for made in (mixed, mixed.copy(), by_rows, by_rows[["a", *COLUMNS, "label"]], mixed.iloc[::-1].iloc[::-1]):
                report = evaluate(made, prediction_columns=COLUMNS, label_column="label")
                if one is dump:
                    expected = evaluate(made[COLUMNS].to_numpy(), one.labels)
                    assert report.mean == pytest.approx(expected.mean, rel=1e-15)
                assert report.rows.scored == len(one.labels)
            assert evaluate(by_rows, prediction_columns=COLUMNS).mean.hex() == of_command(one).hex()

    def test_names_that_come_twice(self) -> None:
        with pytest.raises(xent.BadUsage, match="cannot become a table"):
            evaluate(self.pandas.DataFrame([[1.0, 2.0]], columns=["a", "a"]), [0])

    def test_the_same_as_a_file_of_it(self, dump: Dump, tmp_path: pathlib.Path) -> None:
        frame = self.frame(dump)
        frame.to_parquet(tmp_path / "t.parquet")
        frame.to_feather(tmp_path / "t.feather")
        means = [evaluate(made, prediction_columns="p*").mean.hex() for made in (frame, tmp_path / "t.parquet", tmp_path / "t.feather")]
        assert len(set(means)) == 1

    def test_labels_apart(self, dump: Dump, simple: Any) -> None:
        frame, mean = self.frame(dump), of_command(dump).hex()
        series = self.pandas.Series
        for labels in (frame["label"], frame["label"].astype("Int32"), series(dump.labels, dtype="uint8"), frame["label"].to_numpy()):
            assert evaluate(frame[COLUMNS], labels).mean.hex() == mean
        for labels in (series(simple), series(simple, dtype="category"), series(simple, dtype="string"), series(list(simple), dtype=object)):
            assert evaluate(dump.logits, labels, classes=SIMPLE).mean.hex() == mean

    def test_columns_of_several_types_are_refused(self, dump: Dump) -> None:
        with pytest.raises(xent.BadUsage, match="has a int at place 1"):
            evaluate(dump.logits[:2], self.pandas.Series(["a", 1], dtype=object))

    def test_unlike_indexes_are_refused(self, dump: Dump) -> None:
        frame = self.frame(dump)
        shuffled = frame["label"].sample(frac=1, random_state=1)
        with pytest.raises(xent.BadUsage, match="unlike indexes"):
            evaluate(frame[COLUMNS], shuffled)
        assert evaluate(frame[COLUMNS], shuffled.loc[frame.index]).mean.hex() == of_command(dump).hex()

    def test_missing_labels_are_refused(self, dump: Dump) -> None:
        labels = self.pandas.Series([None, *dump.labels[1:]], dtype="Int64")
        with pytest.raises(xent.BadUsage, match="missing values"):
            evaluate(dump.logits, labels)

    def test_slices_by_columns(self, dump: Dump) -> None:
        frame = self.frame(dump)
        frame["country"] = numpy.where(dump.labels % 2 == 0, "de", "fr")
        report = evaluate(frame, prediction_columns=COLUMNS, label_column="label", slice=["country", ("label", "country")])
        assert {part["by"].get("country") for part in report["slices"]} == {"de", "fr"}

    def test_without_pyarrow(self, dump: Dump, monkeypatch: pytest.MonkeyPatch) -> None:
        frame = self.frame(dump)
        wide = frame.astype({name: "float64" for name in COLUMNS})
        monkeypatch.setitem(sys.modules, "pyarrow", None)
        with pytest.raises(xent.BadUsage, match="pip install pyarrow"):
            evaluate(frame, prediction_columns=COLUMNS)
        assert evaluate(wide, prediction_columns=COLUMNS).mean.hex() == evaluate(dump.logits.astype("f8"), dump.labels).mean.hex()


class TestPolars:
    polars: Any = None

    @pytest.fixture(autouse=True)
    def modules(self) -> None:
        self.polars = pytest.importorskip("polars")

    def frame(self, dump: Dump) -> Any:
        return self.polars.DataFrame({**{name: dump.logits[:, at] for at, name in enumerate(COLUMNS)}, "label": dump.labels})

    def test_a_table(self, dump: Dump) -> None:
        assert evaluate(self.frame(dump), prediction_columns="p*").mean.hex() == of_command(dump).hex()

    def test_without_pyarrow(self, large: Dump, monkeypatch: pytest.MonkeyPatch) -> None:
        frame = self.frame(large).with_columns(name=self.polars.lit("x"))
        monkeypatch.setitem(sys.modules, "pyarrow", None)
        assert evaluate(frame, prediction_columns="p*").mean.hex() == of_command(large).hex()

    def test_labels_apart(self, dump: Dump, simple: Any) -> None:
        frame, mean, series = self.frame(dump), of_command(dump).hex(), self.polars.Series
        for labels in (frame["label"], frame["label"].cast(self.polars.UInt8)):
            assert evaluate(frame.select(COLUMNS), labels).mean.hex() == mean
        for labels in (series(simple), series(simple).cast(self.polars.Categorical)):
            assert evaluate(dump.logits, labels, classes=SIMPLE).mean.hex() == mean

    def test_a_table_that_is_not_collected(self, dump: Dump) -> None:
        with pytest.raises(xent.BadUsage, match="collect"):
            evaluate(self.frame(dump).lazy())


class TestPyArrow:
    arrow: Any = None

    @pytest.fixture(autouse=True)
    def modules(self) -> None:
        self.arrow = pytest.importorskip("pyarrow")

    def table(self, dump: Dump) -> Any:
        return self.arrow.table({**{name: dump.logits[:, at].copy() for at, name in enumerate(COLUMNS)}, "label": dump.labels})

    def test_tables_batches_and_readers(self, large: Dump) -> None:
        table, mean = self.table(large), of_command(large).hex()
        for made in (table, table.combine_chunks().to_batches()[0], table.to_reader(1000)):
            assert evaluate(made, prediction_columns="p*").mean.hex() == mean

    def test_whatever_has_arrows_interface(self, dump: Dump) -> None:
        class Streamed:
            def __init__(self, table: Any) -> None:
                self.table = table

            def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
                return self.table.__arrow_c_stream__(requested_schema)

        assert evaluate(Streamed(self.table(dump)), prediction_columns="p*").mean.hex() == of_command(dump).hex()

    def test_columns(self, dump: Dump, simple: Any) -> None:
        mean = of_command(dump).hex()
        lists = self.arrow.FixedSizeListArray.from_arrays(self.arrow.array(dump.logits.ravel()), len(COLUMNS))
        assert evaluate(self.arrow.table({"x": lists}), self.arrow.array(dump.labels), prediction_columns="x").mean.hex() == mean
        names = self.arrow.array(simple.tolist())
        for labels in (names, names.dictionary_encode(), self.arrow.chunked_array([names])):
            assert evaluate(dump.logits, labels, classes=SIMPLE).mean.hex() == mean


class TestMissingValues:
    """A gap among floats is NaN, which the command counts as invalid; among names it is none; among whole numbers it is an error."""

    def test_of_pandas(self, dump: Dump) -> None:
        pandas = pytest.importorskip("pandas")
        weights = numpy.ones(len(dump.labels))
        weights[4] = numpy.nan
        for column in (pandas.Series(weights), pandas.Series(weights).astype("Float64")):
            with pytest.raises(xent.BadData, match="weights: row 4"):
                evaluate(dump.logits, dump.labels, weights=column)
        names = pandas.Series(list(numpy.array(SIMPLE)[dump.labels]))
        names[9] = None
        for column in (names, names.astype("string"), names.astype("category"), names.astype(object)):
            with pytest.raises(xent.BadData, match="labels: .*"):
                evaluate(dump.logits, column, classes=SIMPLE)

    def test_of_polars(self, dump: Dump) -> None:
        polars = pytest.importorskip("polars")
        with pytest.raises(xent.BadUsage, match="missing"):
            evaluate(dump.logits, polars.Series([None, *dump.labels[1:].tolist()]))
