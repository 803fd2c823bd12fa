#!/usr/bin/env python3
# /// script
# requires-python = ">=3.9"
# dependencies = ["pyarrow>=20", "numpy>=2"]
# ///
"""Writes Tests/ParquetTests/Fixtures, the small Parquet files that the tests of the reader read, and Tests/EngineTests/Fixtures/parquet, dumps
that are evaluated.

    pip install pyarrow numpy
    scripts/make-parquet-fixtures.py

expected.json has for each file its columns by dotted name (".[]" for the items of a list), and for each column the values of all its items
in order: numbers as Python's float.hex() of what they are as Float64, texts as they are, null for a null. pyarrow writes the files and is
asked again for what it wrote.

The dumps that are evaluated hold logits that a test computes as well: ((7 row + 3 class) mod 11 − 5) / 4, and labels (3 row) mod classes.
"""

import decimal
import json
import math
import shutil
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

FOLDER = Path(__file__).resolve().parent.parent / "Tests" / "ParquetTests" / "Fixtures"
ROWS = 120
random = np.random.default_rng(20261129)
expected = {}


def items(array, name, found):
    """Lists the items of an array, and of the arrays in it."""
    kind = array.type
    if pa.types.is_struct(kind):
        for field, child in zip(kind, array.flatten()):
            items(child, f"{name}.{field.name}", found)
    elif pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind):
        items(array.flatten(), name + ".[]", found)
    else:
        found[name] = [shown(value) for value in array.to_pylist()]


def shown(value):
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bytes):
        return value.decode()
    # Float64 that is nearest to the number, whatever it is made of.
    number = float(value)
    return "nan" if math.isnan(number) else number.hex()


def write(name, table, **options):
    path = FOLDER / f"{name}.parquet"
    pq.write_table(table, path, store_schema=False, **options)
    read = pq.read_table(path, page_checksum_verification=options.get("write_page_checksum", False)).combine_chunks()
    found = {}
    for field, column in zip(read.schema, read.columns):
        items(column.chunk(0) if column.num_chunks else pa.array([], field.type), field.name, found)
    expected[path.name] = found


def nulls(values, share=0.2):
    return [None if random.random() < share else value for value in values]


def floats(kind):
    values = random.normal(0, 2, ROWS).astype(kind)
    values[:4] = [np.inf, -np.inf, np.nan, -0.0]
    return values


def main():
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    numbers = pa.table({
        "f2": pa.array(floats(np.float16)), "f4": pa.array(floats(np.float32)), "f8": pa.array(floats(np.float64)),
        "i4": pa.array(random.integers(-2**31, 2**31, ROWS, dtype=np.int32)), "i8": pa.array(random.integers(-2**62, 2**62, ROWS)),
    })
    for version in ["1.0", "2.0"]:
        for encoding in ["PLAIN", "BYTE_STREAM_SPLIT"]:
            write(f"numbers-{encoding.lower()}-v{version[0]}", numbers, use_dictionary=False, column_encoding={n: encoding for n in numbers.column_names},
                  compression="zstd", data_page_version=version, data_page_size=300, write_batch_size=32)
    for codec in ["none", "snappy", "gzip", "brotli", "lz4", "zstd"]:
        write(f"codec-{codec}", numbers, compression=codec, write_page_checksum=True, data_page_size=300, write_batch_size=32)
    wide = {name: pa.array(nulls(values)) for name, values in {
        "i1": [int(v) for v in random.integers(-128, 128, ROWS)], "u4": [int(v) for v in random.integers(0, 2**32, ROWS)],
        "b": [bool(v) for v in random.integers(0, 2, ROWS)], "t": ["class %d" % v for v in random.integers(0, 5, ROWS)],
        "f4": [float(np.float32(v)) for v in random.normal(0, 1, ROWS)],
    }.items()}
    types = {"i1": pa.int8(), "u4": pa.uint32(), "b": pa.bool_(), "t": pa.string(), "f4": pa.float32()}
    wide = pa.table({n: a.cast(types[n]) for n, a in wide.items()})
    for version in ["1.0", "2.0"]:
        write(f"nulls-v{version[0]}", wide, data_page_version=version, data_page_size=256, write_batch_size=16, row_group_size=70)
    write("dictionary-then-plain", pa.table({"f4": floats(np.float32), "t": ["%d" % v for v in random.integers(0, 1000, ROWS)]}),
          dictionary_pagesize_limit=256, data_page_size=128, write_batch_size=16)
    steps = pa.table({
        "i4": pa.array(nulls([int(v) for v in np.cumsum(random.integers(-3, 9, ROWS))]), pa.int32()),
        "i8": pa.array([int(v) for v in random.integers(-2**63, 2**63, ROWS)], pa.int64()),
        "same": pa.array([7] * ROWS, pa.int64()), "t": pa.array(nulls(["name-%05d" % v for v in random.integers(0, 900, ROWS)])),
        "u": pa.array(["x" * int(v) for v in random.integers(0, 9, ROWS)]),
    })
    write("delta", steps, use_dictionary=False, data_page_version="2.0", data_page_size=300, write_batch_size=50,
          column_encoding={"i4": "DELTA_BINARY_PACKED", "i8": "DELTA_BINARY_PACKED", "same": "DELTA_BINARY_PACKED", "t": "DELTA_BYTE_ARRAY",
                           "u": "DELTA_LENGTH_BYTE_ARRAY"})
    write("truth-rle", pa.table({"b": pa.array(nulls([bool(v > 3) for v in random.integers(0, 20, ROWS)]))}), use_dictionary=False,
          data_page_version="2.0", column_encoding={"b": "RLE"})
    money = lambda digits, scale, limit: pa.array(
        nulls([decimal.Decimal(int(v)).scaleb(-scale) for v in random.integers(-limit, limit, ROWS)]), pa.decimal128(digits, scale))
    amounts = pa.table({"d9": money(9, 6, 10**9), "d18": money(18, 9, 10**17), "d38": money(38, 20, 2**62)})
    write("decimal-integers", amounts, store_decimal_as_integer=True)
    write("decimal-bytes", amounts)
    rows = [[float(np.float32(v)) for v in random.normal(0, 1, 5)] for _ in range(ROWS)]
    for version in ["1.0", "2.0"]:
        # Pages that begin inside of rows have only version 1, and writers before there was an index.
        write(f"list-v{version[0]}", pa.table({"label": random.integers(0, 5, ROWS), "logits": pa.array(rows, pa.list_(pa.float32()))}),
              use_dictionary=False, data_page_version=version, data_page_size=333, write_batch_size=13, row_group_size=110)
    broken = list(rows[:40])
    broken[3], broken[5], broken[8], broken[11] = None, [], [1.0, None, 2.0, 3.0, 4.0], [1.0] * 9
    write("list-broken", pa.table({"logits": pa.array(broken, pa.list_(pa.float32()))}), data_page_size=64, write_batch_size=3)
    deep = [[rows[n][:3], rows[n][2:5]] if n % 7 else None for n in range(40)]
    write("list-of-list", pa.table({"x": pa.array(deep, pa.list_(pa.list_(pa.float32())))}))
    inside = [{"logits": rows[n], "at": {"label": n % 5}} if n % 9 else None for n in range(60)]
    write("struct", pa.table({"output": pa.array(inside, pa.struct([("logits", pa.list_(pa.float32())), ("at", pa.struct([("label", pa.int16())]))]))}))
    write("empty", pa.table({"x": pa.array([], pa.float32()), "l": pa.array([], pa.list_(pa.float32()))}))
    (FOLDER / "expected.json").write_text(json.dumps(expected, separators=(",", ":")) + "\n")
    print(f"{len(expected)} files, {sum(f.stat().st_size for f in FOLDER.iterdir())} bytes")


DUMPS = FOLDER.parent.parent / "EngineTests" / "Fixtures" / "parquet"


def logits(rows, classes):
    return (((7 * np.arange(rows)[:, None] + 3 * np.arange(classes)) % 11 - 5) / 4).astype(np.float32)


def labels(rows, classes):
    return (3 * np.arange(rows)) % classes


def dump(name, columns, **options):
    pq.write_table(pa.table(columns), DUMPS / f"{name}.parquet", store_schema=False, **options)


def lists(values, kind=pa.float32()):
    return pa.array(values.tolist(), pa.list_(kind))


def dumps():
    shutil.rmtree(DUMPS, ignore_errors=True)
    DUMPS.mkdir(parents=True)
    x, y = logits(500, 5), labels(500, 5)
    names = ["cat", "dog", "bird", "fish", "newt"]
    words = pa.array([names[label] for label in y])
    wide = {f"p_{name}": x[:, index] for index, name in enumerate(names)}
    small = {"data_page_size": 512, "write_batch_size": 20, "row_group_size": 130}
    dump("list", {"label": y, "logits": lists(x)}, **small)
    dump("list-planes", {"label": y, "logits": lists(x)}, use_dictionary=False, column_encoding={"logits.list.element": "BYTE_STREAM_SPLIT"},
         data_page_version="2.0", compression="zstd", **small)
    dump("wide-names", {"id": np.arange(500), **wide, "label": words, "w": np.ones(500)}, **small)
    dump("wide-numbers", {**{f"logit_{index}": x[:, index] for index in range(5)}, "target": y.astype(np.uint8)}, **small)
    # One column in another type than the others.
    dump("wide-mixed", {**{f"logit_{index}": x[:, index].astype(np.float64 if index == 2 else np.float32) for index in range(5)}, "label": y}, **small)
    dump("float64", {"label": y.astype(np.float64), "logits": lists(x.astype(np.float64), pa.float64())}, **small)
    dump("float16", {"label": y, "logits": lists(x.astype(np.float16), pa.float16())}, **small)
    dump("decimal", {"label": y, **{f"logit_{index}": pa.array(x[:, index].astype(str).tolist()).cast(pa.decimal128(9, 2)) for index in range(5)}},
         **small)
    dump("struct", {"output": pa.array([{"logits": row, "label": label} for row, label in zip(x.tolist(), y.tolist())],
                                       pa.struct([("logits", pa.list_(pa.float32())), ("label", pa.int8())]))}, **small)
    dump("words", {"label": words, "logits": lists(x)}, **small)
    dump("labels", {"label": y.astype(np.int32)}, **small)
    dump("labels-of-words", {"label": words}, **small)
    ids = np.arange(500)
    dump("labels-and-ids", {"id": ids.astype(np.float64), "label": words}, **small)
    ids[[217, 218]] = ids[[218, 217]]
    dump("labels-and-other-ids", {"id": ids, "label": words}, **small)
    dump("soft", {"logits": lists(x), "y": lists(np.eye(5, dtype=np.float32)[y])}, **small)
    vector = pa.struct([pa.field("type", pa.int8(), False), ("size", pa.int32()), ("indices", pa.list_(pa.int32())), ("values", pa.list_(pa.float64()))])
    vectors = []
    for number, row in enumerate(x.tolist()):
        if number % 2:
            vectors.append({"type": 1, "size": None, "indices": None, "values": row})
        else:
            there = [index for index, value in enumerate(row) if value != 0]
            vectors.append({"type": 0, "size": 5, "indices": there, "values": [row[index] for index in there]})
    dump("vectors", {"logits": pa.array(vectors, vector), "label": y.astype(np.float64)}, **small)
    deep = lambda values: pa.array(values, pa.list_(pa.list_(pa.float32())))
    dump("sequences", {"label": pa.array(y.reshape(100, 5).tolist()), "logits": deep(x.reshape(100, 5, 5).tolist())}, **(small | {"row_group_size": 33}))
    dump("labels-of-sequences", {"label": pa.array(y.reshape(100, 5).astype(np.int16).tolist())}, **small)
    uneven = x.reshape(100, 5, 5).tolist()
    uneven[70] = [uneven[70][0][:4], uneven[70][1] + [0.0], *uneven[70][2:]]
    uneven[71] = uneven[71][:4]
    dump("sequences-broken", {"label": pa.array(y.reshape(100, 5).tolist()), "logits": deep(uneven)}, **small)
    broken = x.tolist()
    broken[137], broken[140], broken[301] = None, broken[140][:3], [1.0, None, 2.0, 3.0, 4.0]
    words_broken = words.to_pylist()
    words_broken[40], words_broken[41] = None, "horse"
    dump("broken", {"label": pa.array(words_broken), "logits": pa.array(broken, pa.list_(pa.float32()))}, **small)
    # Large enough to be cut at pages, and nearly nothing once compressed.
    x, y = logits(600_000, 8), labels(600_000, 8).astype(np.uint8)
    large = {"compression": "zstd", "compression_level": 19}
    flat = pa.array(x.reshape(-1))
    whole = pa.ListArray.from_arrays(pa.array(np.arange(0, 4_800_001, 8, dtype=np.int32)), flat)
    dump("large-list", {"label": y, "logits": whole}, **large)
    dump("large-wide", {**{f"logit_{index}": x[:, index] for index in range(8)}, "label": y}, **large)
    # As many values as rows of eight would have: a list that is missing takes the room of one value.
    lengths = np.full(600_000, 8)
    lengths[300_001], lengths[400_002] = 0, 15
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32)
    values = np.concatenate([x[:300_001].reshape(-1), x[300_002:400_002].reshape(-1), np.zeros(15, np.float32), x[400_003:].reshape(-1)])
    dump("large-uneven", {"label": y, "logits": pa.ListArray.from_arrays(pa.array(offsets), pa.array(values))}, **large)
    print(f"{len(list(DUMPS.iterdir()))} dumps, {sum(f.stat().st_size for f in DUMPS.iterdir())} bytes")


main()
dumps()
