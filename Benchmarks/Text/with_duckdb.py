#!/usr/bin/env python3
"""Mean cross-entropy with DuckDB: one query over a text, raw or in zstd, with the columns' types given so that it need not guess.

    with_duckdb.py csv|jsonl FILE THREADS
"""

import sys

import duckdb

kind, path, threads = sys.argv[1:]
logits = [f"logit_{index}" for index in range(10)]
connection = duckdb.connect(config={"threads": int(threads)})
if kind == "csv":
    columns = [("id", "VARCHAR"), ("label", "INTEGER")] + [(name, "DOUBLE") for name in logits]
    types = ", ".join(f"'{name}': '{kind}'" for name, kind in columns)
    highest = f"greatest({', '.join(logits)})"
    exponentials = " + ".join(f"exp({name} - highest)" for name in logits)
    picked = "CASE label " + " ".join(f"WHEN {index} THEN {name}" for index, name in enumerate(logits)) + " END"
    query = f"""SELECT avg(ln({exponentials}) + highest - {picked})
                FROM (SELECT *, {highest} AS highest FROM read_csv($path, header = true, columns = {{{types}}}))"""
else:
    query = """SELECT avg(ln(list_sum(list_transform(logits, lambda x: exp(x - highest)))) + highest - logits[label + 1])
               FROM (SELECT *, list_max(logits) AS highest
                     FROM read_json($path, format = 'newline_delimited', columns = {'label': 'INTEGER', 'logits': 'DOUBLE[]'}))"""
print(repr(connection.execute(query, {"path": path}).fetchone()[0]))
