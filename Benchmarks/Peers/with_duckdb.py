#!/usr/bin/env python3
"""Mean cross-entropy with DuckDB: one query over a Parquet file, of a column of lists or of a column a class. Its exp and ln compute in
Float64.

    with_duckdb.py multiclass|binary TABLE.parquet THREADS
"""

import sys

import duckdb

task, table, threads = sys.argv[1:]
queries = {
    "multiclass": """
        SELECT avg(ln(list_sum(list_transform(prediction, lambda x: exp(x::DOUBLE - highest)))) + highest - prediction[label + 1])
        FROM (SELECT prediction, label, list_max(prediction)::DOUBLE AS highest FROM read_parquet($table))""",
    "binary": """
        SELECT avg(-ln(CASE WHEN label = 1 THEN prediction::DOUBLE ELSE 1 - prediction::DOUBLE END)) FROM read_parquet($table)"""}
connection = duckdb.connect(config={"threads": int(threads)})
columns = [row[0] for row in connection.execute("DESCRIBE SELECT * FROM read_parquet($table)", {"table": table}).fetchall()]
wide = [name for name in columns if name.startswith("p_")]
query = queries[task]
if wide:
    query = query.replace("FROM read_parquet($table)", f"FROM (SELECT label, [{', '.join(wide)}] AS prediction FROM read_parquet($table))")
print(repr(connection.execute(query, {"table": table}).fetchone()[0]))
