"""The programs that Xent is compared with: for each a script beside this file, what to hand it, and how right it can be."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Peer:
    title: str
    script: str
    modules: tuple   # imported by the script: what a process takes to start
    packages: tuple  # whose versions belong to the result
    tolerance: float  # relative error of the mean
    reads_table: bool = False  # Parquet, in place of .npy.zst
    reads_any_table: bool = True  # also tables as other programs write them by default
    has_other_losses: bool = False  # smoothed and multilabel ones
    last: str | None = None  # a last argument: "threads" for their number, another as it is

    def arguments(self, dump, threads: int) -> list:
        files = [dump.table] if self.reads_table else [dump.predictions, dump.labels]
        return files + ([threads] if self.last == "threads" else [self.last] if self.last else [])


# A mean of Float32 losses, each a sum of Float32 over the classes, is right to 4 digits at least; one of Float64 to 12.
single, double = 1e-4, 1e-12

peers = {
    "numpy": Peer("numpy, Float32", "with_numpy.py", ("numpy", "zstandard"), ("numpy", "zstandard"), single, has_other_losses=True,
                  last="float32"),
    "numpy-f64": Peer("numpy, Float64", "with_numpy.py", ("numpy", "zstandard"), ("numpy", "zstandard"), double,
                      has_other_losses=True, last="float64"),
    "pytorch": Peer("PyTorch", "with_pytorch.py", ("torch", "zstandard"), ("torch", "zstandard"), single,
                    has_other_losses=True, last="threads"),
    # log_loss clips Float32 probabilities to 1.2e-7: a loss is at most 15.9.
    "scikit-learn": Peer("scikit-learn", "with_scikit_learn.py", ("scipy.special", "sklearn.metrics", "zstandard"),
                         ("scikit-learn", "scipy", "zstandard"), 1e-3),
    "duckdb": Peer("DuckDB", "with_duckdb.py", ("duckdb",), ("duckdb",), double, reads_table=True, last="threads"),
    "polars": Peer("Polars", "with_polars.py", ("polars",), ("polars",), single, reads_table=True),
    "pyarrow": Peer("pyarrow and numpy", "with_pyarrow.py", ("numpy", "pyarrow.parquet"), ("pyarrow", "numpy"), single, reads_table=True,
                    last="threads"),
    "chdb": Peer("chDB", "with_chdb.py", ("chdb",), ("chdb", "chdb-core"), double, reads_table=True, reads_any_table=False,
                 last="threads")}
