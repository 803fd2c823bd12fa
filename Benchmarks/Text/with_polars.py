#!/usr/bin/env python3
"""Mean cross-entropy with Polars: a lazy query over a text, raw or in zstd, on the streaming engine.

    with_polars.py csv|jsonl FILE THREADS           (POLARS_MAX_THREADS says how many threads)
"""

import sys

import polars as pl

kind, path, _ = sys.argv[1:]
names = [f"logit_{index}" for index in range(10)]
label = pl.col("label")
if kind == "csv":
    types = {"id": pl.String, "label": pl.Int32, **{name: pl.Float64 for name in names}}
    highest = pl.max_horizontal(names)
    picked = pl.coalesce([pl.when(label == index).then(pl.col(name)) for index, name in enumerate(names)])
    total = pl.sum_horizontal([(pl.col(name) - pl.col("highest")).exp() for name in names])
    query = (pl.scan_csv(path, schema=types).with_columns(highest=highest)
             .select((total.log() + pl.col("highest") - picked).mean()))
else:
    schema = {"id": pl.String, "label": pl.Int32, "logits": pl.List(pl.Float64)}
    shifted = pl.col("shifted")
    query = (pl.scan_ndjson(path, schema=schema)
             .with_columns(highest=pl.col("logits").list.max())
             .with_columns(shifted=pl.col("logits") - pl.col("highest"))
             .select((shifted.list.eval(pl.element().exp()).list.sum().log() - shifted.list.get(label)).mean()))
print(repr(query.collect(engine="streaming").item()))
