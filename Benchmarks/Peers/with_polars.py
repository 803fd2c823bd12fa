#!/usr/bin/env python3
"""Mean cross-entropy with Polars: a lazy query over a Parquet file on the streaming engine, of a column of lists or of a column a
class.

    with_polars.py multiclass|binary TABLE.parquet           (POLARS_MAX_THREADS says how many threads)
"""

import sys

import polars as pl

task, table = sys.argv[1:]
prediction, label, shifted = pl.col("prediction"), pl.col("label"), pl.col("shifted")
if task == "binary":
    query = pl.scan_parquet(table).select(-pl.when(label == 1).then(prediction).otherwise(1 - prediction).log().mean())
else:
    table = pl.scan_parquet(table)
    schema = table.collect_schema()
    wide = [name for name in schema if name.startswith("p_")]
    if wide:
        table = table.select("label", prediction=pl.concat_arr(wide))
    elif isinstance(schema["prediction"], pl.List):
        # The lists of the first row say how long all are.
        table = table.with_columns(prediction.list.to_array(table.select(prediction.list.len()).first().collect().item()))
    query = (table
             .with_columns(highest=prediction.arr.max())
             .with_columns(shifted=prediction - pl.col("highest"))
             .select((shifted.arr.eval(pl.element().exp()).arr.sum().log() - shifted.arr.get(label)).mean()))
print(repr(query.collect(engine="streaming").item()))
