#!/usr/bin/env python3
# /// script
# requires-python = ">=3.9"
# dependencies = ["pyarrow>=20", "polars>=1", "numpy>=2"]
# ///
"""Writes Tests/ArrowIPCTests/Fixtures, the small Arrow files and streams that the tests of the reader read, and
Tests/EngineTests/Fixtures/arrow, dumps that are evaluated.

    pip install pyarrow polars numpy
    scripts/make-arrow-fixtures.py

expected.json has for each file the number of its table, and for each table its columns by dotted name (".[]" for the items of a list), and
for each column the values of all its items in order: numbers as Python's float.hex() of what they are as Float64, texts as they are, null
for a null. pyarrow is asked again for what was written.

The dumps that are evaluated hold logits that a test computes as well: ((7 row + 3 class) mod 11 − 5) / 4, and labels (3 row) mod classes.
"""

import decimal
import json
import shutil
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.feather as feather

TESTS = Path(__file__).resolve().parent.parent / "Tests"
FOLDER = TESTS / "ArrowIPCTests" / "Fixtures"
DUMPS = TESTS / "EngineTests" / "Fixtures" / "arrow"
ROWS = 60
random = np.random.default_rng(20261129)
expected = {}


def items(array, name, found):
    """Lists the items of an array, and of the arrays in it."""
    kind = array.type
    if pa.types.is_struct(kind):
        for field, child in zip(kind, array.flatten()):
            items(child, f"{name}.{field.name}", found)
    elif any(test(kind) for test in (pa.types.is_list, pa.types.is_large_list, pa.types.is_fixed_size_list, pa.types.is_list_view, pa.types.is_large_list_view)):
        values = [v for row in array.to_pylist() if row is not None for v in row]
        items(pa.array(values, kind.value_type), f"{name}.[]", found)
    else:
        if pa.types.is_dictionary(kind):
            kind = kind.value_type
        is_text = any(test(kind) for test in (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view))
        found[name] = [v if v is None or is_text else float(v).hex() for v in array.to_pylist()]


def note(path, table):
    found = {}
    for field, column in zip(table.schema, table.columns):
        for chunk in column.chunks or [pa.array([], field.type)]:
            part = {}
            items(chunk, field.name, part)
            for name, values in part.items():
                found.setdefault(name, []).extend(values)
    expected[path.name] = found


def write(name, table, is_stream=False, batch=50, folder=None, **options):
    path = (folder or FOLDER) / (name + (".arrows" if is_stream else ".arrow"))
    settings = pa.ipc.IpcWriteOptions(**options)
    with (pa.ipc.new_stream if is_stream else pa.ipc.new_file)(str(path), table.schema, options=settings) as writer:
        writer.write_table(table, max_chunksize=batch)
    if folder is None:
        note(path, (pa.ipc.open_stream if is_stream else pa.ipc.open_file)(str(path)).read_all())


def nulls(values, share=0.2):
    return [None if random.random() < share else value for value in values]


def floats(kind):
    values = random.normal(0, 2, ROWS).astype(kind)
    values[:4] = [np.inf, -np.inf, np.nan, -0.0]
    return values


def main():
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    numbers = {
        "f2": pa.array(floats(np.float16)), "f4": pa.array(floats(np.float32)), "f8": pa.array(floats(np.float64)),
        **{f"i{bits}": pa.array([int(v) for v in random.integers(-2**(bits - 1), 2**(bits - 1), ROWS)], getattr(pa, f"int{bits}")()) for bits in (8, 16, 32, 64)},
        **{f"u{bits}": pa.array([int(v) for v in random.integers(0, 2**min(bits, 63), ROWS)], getattr(pa, f"uint{bits}")()) for bits in (8, 16, 32, 64)},
        "b": pa.array([bool(v) for v in random.integers(0, 2, ROWS)]),
    }
    text = ["class %d of a name that is long" % v if v > 2 else "c%d" % v for v in random.integers(0, 5, ROWS)]
    table = pa.table(numbers)
    empty = {name: array.slice(0, 0) for name, array in numbers.items()}
    thinned = pa.table({name: pa.array(nulls(array.to_pylist()), array.type) for name, array in numbers.items()})
    texts = pa.table({
        "t": pa.array(nulls(text)), "large": pa.array(nulls(text), pa.large_string()), "view": pa.array(nulls(text), pa.string_view()),
        "dictionary": pa.array(nulls(text)).dictionary_encode(), "small": pa.array(nulls(text)).cast(pa.dictionary(pa.int8(), pa.large_string())),
        "numbers": pa.array(nulls([int(v) for v in random.integers(0, 9, ROWS)])).dictionary_encode(),
    })
    for codec in (None, "lz4", "zstd"):
        for is_stream in (False, True):
            write(f"numbers-{codec}", table, is_stream, compression=codec)
            write(f"nulls-{codec}", thinned, is_stream, compression=codec)
        write(f"texts-{codec}", texts, compression=codec)
    write("empty", pa.table(empty))
    write("empty", pa.table(empty), True)
    money = lambda kind, limit: pa.array(nulls([decimal.Decimal(int(v)).scaleb(-kind.scale) for v in random.integers(-limit, limit, ROWS)]), kind)
    write("decimals", pa.table({
        "d32": money(pa.decimal32(9, 6), 10**9), "d64": money(pa.decimal64(18, 9), 10**17), "d128": money(pa.decimal128(38, 20), 2**62),
        "d256": money(pa.decimal256(60, 20), 2**62)}))
    rows = [[float(np.float32(v)) for v in random.normal(0, 1, 5)] for _ in range(ROWS)]
    broken = list(rows)
    broken[3], broken[5], broken[8], broken[11] = None, [], [1.0, None, 2.0, 3.0, 4.0], [1.0] * 9
    thin = list(rows)
    thin[7], thin[51], thin[52] = None, [1.0, 2.0, None, 3.0, 4.0], None
    deep = [[rows[n][:3], rows[n][2:5]] if n % 7 else None for n in range(ROWS)]
    inside = [{"logits": rows[n], "at": {"label": n % 5}} if n % 9 else None for n in range(ROWS)]
    lists = pa.table({
        "list": pa.array(broken, pa.list_(pa.float32())), "large": pa.array(broken, pa.large_list(pa.float32())),
        "fixed": pa.array(thin, pa.list_(pa.float32(), 5)), "view": pa.array(broken, pa.list_view(pa.float32())),
        "deep": pa.array(deep, pa.list_(pa.list_(pa.float32()))),
        "struct": pa.array(inside, pa.struct([("logits", pa.list_(pa.float32())), ("at", pa.struct([("label", pa.int16())]))])),
    })
    for codec in (None, "zstd"):
        write(f"lists-{codec}", lists, codec is not None, compression=codec)
    # Dictionaries that grow, and that are replaced.
    for name, deltas in (("dictionary-deltas", True), ("dictionary-replaced", False)):
        parts = []
        for names, indices in ((["a", "b"], [0, 1, None, 0]), (["a", "b", "c"], [2, 1]), (["a", "b", "c", "d", "e"] if deltas else ["z", "y"], [1, 0, 1])):
            parts.append(pa.record_batch({"name": pa.DictionaryArray.from_arrays(pa.array(indices, pa.int8()), pa.array(names))}))
        path = FOLDER / f"{name}.arrows"
        with pa.ipc.new_stream(str(path), parts[0].schema, options=pa.ipc.IpcWriteOptions(emit_dictionary_deltas=deltas)) as writer:
            for part in parts:
                writer.write_batch(part)
        note(path, pa.Table.from_batches([part.cast(pa.schema([("name", pa.string())])) for part in parts]))
    parts = parts[:2]
    path = FOLDER / "dictionary-deltas.arrow"
    with pa.ipc.new_file(str(path), parts[0].schema, options=pa.ipc.IpcWriteOptions(emit_dictionary_deltas=True)) as writer:
        for part in parts:
            writer.write_batch(part)
    note(path, pa.ipc.open_file(str(path)).read_all().cast(pa.schema([("name", pa.string())])))
    frame = pl.DataFrame({"x": pl.Series(rows, dtype=pl.Array(pl.Float32, 5)), "l": rows, "t": text, "c": pl.Series(text, dtype=pl.Categorical)})
    for codec in ("uncompressed", "lz4", "zstd"):
        path = FOLDER / f"polars-{codec}.arrow"
        frame.write_ipc(path, compression=codec)
        note(path, pa.ipc.open_file(str(path)).read_all())
    # Files of versions before 0.15, whose messages have no mark before their length.
    write("old", pa.table({name: numbers[name] for name in ("f4", "i64", "b")}), True, use_legacy_format=True, metadata_version=pa.ipc.MetadataVersion.V4)
    write("old", pa.table({name: numbers[name] for name in ("f4", "i64", "b")}), use_legacy_format=True, metadata_version=pa.ipc.MetadataVersion.V4)
    # Columns that are refused once they are used, beside one that is not.
    union = pa.UnionArray.from_sparse(pa.array([0, 1, 0], pa.int8()), [pa.array([1, 2, 3], pa.int32()), pa.array(["a", "b", "c"])])
    runs = pa.RunEndEncodedArray.from_arrays(pa.array([2, 3], pa.int32()), pa.array([1.0, 2.0]))
    odd = pa.table({"union": union, "runs": runs, "null": pa.nulls(3), "when": pa.array([1, 2, 3], pa.timestamp("us")), "x": pa.array([1.0, 2.0, 4.0])})
    path = FOLDER / "refused.arrow"
    with pa.ipc.new_file(str(path), odd.schema) as writer:
        writer.write_table(odd)
    feather.write_feather(pa.table({"x": [1.0, 2.0]}), FOLDER / "version-1.feather", version=1)
    tables = list({json.dumps(table): table for table in expected.values()}.values())
    document = {"files": {name: tables.index(table) for name, table in expected.items()}, "tables": tables}
    (FOLDER / "expected.json").write_text(json.dumps(document, separators=(",", ":")) + "\n")
    print(f"{len(expected)} files, {sum(f.stat().st_size for f in FOLDER.iterdir())} bytes")


def logits(rows, classes):
    return (((7 * np.arange(rows)[:, None] + 3 * np.arange(classes)) % 11 - 5) / 4).astype(np.float32)


def labels(rows, classes):
    return (3 * np.arange(rows)) % classes


def dump(name, columns, is_stream=False, batch=130, **options):
    write(name, pa.table(columns), is_stream, batch, DUMPS, **options)


def lists(values, kind=pa.float32()):
    return pa.array(values.tolist(), pa.list_(kind))


def fixed(values):
    return pa.FixedSizeListArray.from_arrays(pa.array(values.reshape(-1)), values.shape[1])


def dumps():
    shutil.rmtree(DUMPS, ignore_errors=True)
    DUMPS.mkdir(parents=True)
    x, y = logits(500, 5), labels(500, 5)
    names = ["cat", "dog", "bird", "fish", "newt"]
    words = pa.array([names[label] for label in y])
    wide = {f"p_{name}": x[:, index] for index, name in enumerate(names)}
    dump("list", {"label": y, "logits": lists(x)})
    dump("list-lz4", {"label": y, "logits": lists(x)}, compression="lz4")
    dump("fixed", {"label": y, "logits": fixed(x)})
    dump("fixed-zstd", {"label": y, "logits": fixed(x)}, compression="zstd")
    # As datasets.save_to_disk writes it, in batches of few rows.
    dump("stream", {"label": y, "logits": lists(x)}, True, batch=10)
    dump("large-view", {"label": y, "logits": pa.array(x.tolist(), pa.large_list_view(pa.float32()))})
    dump("wide-names", {"id": np.arange(500), **wide, "label": words, "w": np.ones(500)})
    dump("wide-dictionary", {"id": np.arange(500), **wide, "label": words.dictionary_encode(), "w": np.ones(500)}, compression="zstd")
    dump("wide-views", {**wide, "label": words.cast(pa.string_view())}, True)
    dump("wide-numbers", {**{f"logit_{index}": x[:, index] for index in range(5)}, "target": y.astype(np.uint8)})
    dump("wide-mixed", {**{f"logit_{index}": x[:, index].astype(np.float64 if index == 2 else np.float32) for index in range(5)}, "label": y})
    dump("float64", {"label": y.astype(np.float64), "logits": lists(x.astype(np.float64), pa.float64())})
    dump("float16", {"label": y.astype(np.int16), "logits": fixed(x.astype(np.float16))})
    dump("decimal", {"label": y, **{f"logit_{index}": pa.array(x[:, index].astype(str).tolist()).cast(pa.decimal128(9, 2)) for index in range(5)}})
    dump("struct", {"output": pa.array([{"logits": row, "label": label} for row, label in zip(x.tolist(), y.tolist())],
                                       pa.struct([("logits", pa.list_(pa.float32(), 5)), ("label", pa.int8())]))})
    dump("words", {"label": words, "logits": lists(x)})
    dump("labels", {"label": y.astype(np.int32)})
    dump("labels-of-words", {"label": words.dictionary_encode()}, True)
    ids = np.arange(500)
    dump("labels-and-ids", {"id": ids.astype(np.float64), "label": words})
    ids[[217, 218]] = ids[[218, 217]]
    dump("labels-and-other-ids", {"id": ids, "label": words})
    dump("soft", {"logits": fixed(x), "y": lists(np.eye(5, dtype=np.float32)[y])})
    deep = lambda values: pa.array(values, pa.list_(pa.list_(pa.float32())))
    dump("sequences", {"label": pa.array(y.reshape(100, 5).tolist()), "logits": deep(x.reshape(100, 5, 5).tolist())}, batch=33)
    dump("sequences-fixed", {"label": pa.array(y.reshape(100, 5).tolist()),
                             "logits": pa.array(x.reshape(100, 5, 5).tolist(), pa.list_(pa.list_(pa.float32(), 5)))}, batch=33)
    uneven = x.reshape(100, 5, 5).tolist()
    uneven[70] = [uneven[70][0][:4], uneven[70][1] + [0.0], *uneven[70][2:]]
    uneven[71] = uneven[71][:4]
    dump("sequences-broken", {"label": pa.array(y.reshape(100, 5).tolist()), "logits": deep(uneven)})
    broken = x.tolist()
    broken[137], broken[140], broken[301] = None, broken[140][:3], [1.0, None, 2.0, 3.0, 4.0]
    words_broken = words.to_pylist()
    words_broken[40], words_broken[41] = None, "horse"
    for codec in (None, "lz4"):
        dump(f"broken-{codec}", {"label": pa.array(words_broken), "logits": pa.array(broken, pa.list_(pa.float32()))}, compression=codec)
    pl.DataFrame({"label": y, "logits": pl.Series(x, dtype=pl.Array(pl.Float32, 5))}).write_ipc(DUMPS / "polars.arrow")
    # Large enough to be cut, and nearly nothing once compressed: buffers of 16 MB, which are decompressed piece by piece, and small ones.
    x, y = logits(600_000, 8), labels(600_000, 8).astype(np.uint8)
    for codec in ("lz4", pa.Codec("zstd", 19)):
        dump(f"large-fixed-{'lz4' if codec == 'lz4' else 'zstd'}", {"label": y, "logits": fixed(x)}, batch=400_000, compression=codec)
    dump("large-wide", {**{f"logit_{index}": x[:, index] for index in range(8)}, "label": y}, batch=65_536, compression=pa.Codec("zstd", 19))
    print(f"{len(list(DUMPS.iterdir()))} dumps, {sum(f.stat().st_size for f in DUMPS.iterdir())} bytes")


main()
dumps()
