#!/usr/bin/env python3
"""Mean cross-entropy with pyarrow and NumPy: a Parquet file batch by batch, Float32 with sums of Float64.

    with_pyarrow.py multiclass|binary TABLE.parquet THREADS
"""

import sys

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

task, table, threads = sys.argv[1:]
pa.set_cpu_count(int(threads))
file = pq.ParquetFile(table)
wide = [name for name in file.schema_arrow.names if name.startswith("p_")]
total, count = 0.0, 0
for batch in file.iter_batches(batch_size=65_536):
    labels = batch.column("label").to_numpy()
    if task == "binary":
        p = batch.column("prediction").to_numpy()
        losses = -np.log(np.where(labels == 1, p, 1 - p))
    else:
        if wide:
            x = np.column_stack([batch.column(name).to_numpy() for name in wide])
        else:
            x = batch.column("prediction").flatten().to_numpy().reshape(len(labels), -1)
        highest = x.max(axis=1)
        losses = np.log(np.exp(x - highest[:, None]).sum(axis=1)) + highest - x[np.arange(len(labels)), labels]
    total += losses.sum(dtype=np.float64)
    count += len(labels)
print(repr(float(total / count)))
