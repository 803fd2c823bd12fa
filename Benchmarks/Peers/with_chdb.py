#!/usr/bin/env python3
"""Mean cross-entropy with chDB, ClickHouse in the process: one query over a Parquet file. Its exp and log compute in Float64.

    with_chdb.py multiclass|binary TABLE.parquet THREADS
"""

import sys

import chdb

task, table, threads = sys.argv[1:]
queries = {
    "multiclass": """
        SELECT avg(log(arraySum(x -> exp(toFloat64(x) - highest), prediction)) + highest - prediction[label + 1])
        FROM (SELECT prediction, label, toFloat64(arrayMax(prediction)) AS highest FROM file({table:String}, Parquet))""",
    "binary": """
        SELECT avg(-log(if(label = 1, toFloat64(prediction), 1 - toFloat64(prediction)))) FROM file({table:String}, Parquet)"""}
# As Nullable, which Parquet's columns are by default, the values do not go through arraySum.
query = queries[task] + f" SETTINGS max_threads = {int(threads)}, schema_inference_make_columns_nullable = 0"
print(repr(float(str(chdb.query(query, "TSV", params={"table": table})))))
