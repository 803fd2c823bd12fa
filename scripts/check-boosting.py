#!/usr/bin/env python3
# /// script
# requires-python = ">=3.11"
# dependencies = ["lightgbm==4.7.0", "numpy==2.4.6", "xgboost-cpu==3.2.0"]
# ///
"""Compares the dialects `xgboost` and `lightgbm` with the libraries' own metrics.

    python3 -m venv .venv
    .venv/bin/pip install lightgbm==4.7.0 numpy==2.4.6 xgboost-cpu==3.2.0
    .venv/bin/python scripts/check-boosting.py XENT [--seed N] [--write-cases FOLDER]

XENT               the xent binary, for example .build/release/xent
--seed N           of the random dumps (default 20240229, of the cases in Tests/XentTests/Golden)
--write-cases DIR  where all agrees, also writes the small dumps as golden cases into DIR, one folder a case

Dumps with the edges of each metric (0, 1, both sides of its floor) are scored by XGBoost's `logloss` and `mlogloss`, by
LightGBM's `binary_logloss` and `multi_logloss`, and by `xent eval`: the mean of each dump, and every row alone. Both libraries
are given the probabilities themselves, as the scores of a model without trees whose objective leaves scores as they are. A line
a dump; exit status 1 where a figure differs by more than the library's own arithmetic explains, else 0.

What the libraries compute (XGBoost: elementwise_metric.cu, multiclass_metric.cu; LightGBM: binary_metric.hpp,
multiclass_metric.hpp, meta.h), weights and labels being Float32 in both, sums Float64, the divisor the sum of the weights:

XGBoost   in Float32, predictions too: -y log max(p, e) - (1 - y) log max(1 - p, e), or -log max(p_y, e), with e = Float32(1e-16);
          a term whose factor is 0 is 0. Binary labels may lie between 0 and 1. With weights that are all 0 logloss is 0.
LightGBM  in Float64: -log of q = p or 1 - p or p_y where q > e = Float32(1e-15), else -log e in Float32. A binary label above 0
          counts as 1, also 0.3.

XGBoost 3.4 gives the same figures; it needs Python 3.12.
"""

import argparse
import dataclasses
import json
import math
import pathlib
import subprocess
import sys
import tempfile

import lightgbm
import numpy as np
import xgboost

SEED = 20240229
FLOOR = {"xgboost": float(np.float32(1e-16)), "lightgbm": float(np.float32(1e-15))}
# What a q at or below the floor costs: the floor's logarithm in Float32.
CEILING = {name: float(-np.log(np.float32(floor))) for name, floor in FLOOR.items()}
UNIT = {"xgboost": 2.0**-24, "lightgbm": 2.0**-53}  # half an ULP of 1 in the library's arithmetic
FLOOR_GAP = {name: abs(-math.log(floor) / CEILING[name] - 1) for name, floor in FLOOR.items()}


@dataclasses.dataclass
class Dump:
    """A dump as stored, and how it becomes a case. `at_floor`: rows lie at the floor itself, where Xent's ceiling is the library's
    up to FLOOR_GAP. `is_exact`: the library's Float32 holds every row's loss exactly."""

    name: str
    dialect: str
    predictions: np.ndarray
    labels: np.ndarray
    weights: np.ndarray | None = None
    is_case: bool = False
    is_exact: bool = False

    @property
    def is_multiclass(self):
        return self.predictions.ndim == 2

    @property
    def task(self):
        return "multiclass" if self.is_multiclass else "binary"

    @property
    def row_weights(self):
        return np.ones(len(self.labels)) if self.weights is None else self.weights.astype(np.float64)

    @property
    def metric(self):
        if self.dialect == "xgboost":
            return "mlogloss" if self.is_multiclass else "logloss"
        return "multi_logloss" if self.is_multiclass else "binary_logloss"

    @property
    def shape(self):
        return "×".join(str(count) for count in self.predictions.shape)

    def row(self, index):
        rows = slice(index, index + 1)
        return Dump(self.name, self.dialect, self.predictions[rows], self.labels[rows])


# The libraries -------------------------------------------------------------------------------------------------------


def library_mean(dump):
    return {"xgboost": xgboost_mean, "lightgbm": lightgbm_mean}[dump.dialect](dump)


def xgboost_mean(dump):
    """Without trees a model's prediction is the base margin, and this objective passes margins on as they are."""
    given = dump.predictions.astype(np.float32)
    parameters = {"objective": "reg:squarederror", "eval_metric": dump.metric, "nthread": 1}
    if dump.is_multiclass:
        parameters["num_class"] = given.shape[1]
    matrix = xgboost.DMatrix(np.zeros((len(given), 1), np.float32), label=dump.labels, weight=dump.weights, base_margin=given)
    booster = xgboost.Booster(parameters, [matrix])
    assert np.array_equal(booster.predict(matrix).reshape(given.shape), given), "XGBoost changed the predictions"
    # "[0]\teval-logloss:0.12345678901234567": 17 digits after the point.
    return float(booster.eval(matrix).rpartition(":")[2])


def lightgbm_mean(dump):
    """Without trees a model's scores are the initial ones, and without an objective the metric takes them for probabilities."""
    given = dump.predictions.astype(np.float64)
    parameters = {"objective": "none", "metric": dump.metric, "num_threads": 1, "verbosity": -1}
    if dump.is_multiclass:
        parameters["num_class"] = given.shape[1]
    data = lightgbm.Dataset(
        np.zeros((len(given), 1)), label=dump.labels, weight=dump.weights, init_score=given, params={"verbosity": -1})
    return float(lightgbm.Booster(parameters, data).eval_train()[0][2])


def library_call(dump):
    weights = ", weight=weights" if dump.weights is not None else ""
    classes = f", 'num_class': {dump.predictions.shape[1]}" if dump.is_multiclass else ""
    if dump.dialect == "xgboost":
        return (f"xgboost.Booster({{'objective': 'reg:squarederror', 'eval_metric': '{dump.metric}'{classes}}})"
                f".eval(DMatrix(…, label=labels{weights}, base_margin=predictions))")
    return (f"lightgbm.Booster({{'objective': 'none', 'metric': '{dump.metric}'{classes}}}, "
            f"Dataset(…, label=labels{weights}, init_score=predictions)).eval_train()")


# What may differ -----------------------------------------------------------------------------------------------------


def allowed(dump, losses):
    """How far a row's loss may lie from the library's: what the library's own arithmetic explains.

    Float32 (XGBoost): the logarithm, two products and a sum, so 8 half ULP of the loss; and 1 - p, whose rounding moves -log(1 - p)
    by at most one unit where p < 1/2 (above it, 1 - p is exact). Float64 (LightGBM): the same units, and Xent's own 4 ULP. A row
    at its ceiling has the very same number, 4 ULP apart, but for q so close to the floor that both sides of it are in play.
    """
    unit = UNIT[dump.dialect]
    p = dump.predictions.astype(np.float64)
    y = dump.labels.astype(np.float64)
    if dump.is_multiclass:
        happened = p[np.arange(len(y)), dump.labels.astype(int)]
        complement = np.zeros(len(y))
    else:
        happened = np.where(y == 1, p, np.where(y == 0, 1 - p, np.nan))
        complement = 1 - y
    margin = 8 * unit * losses + complement * unit
    least = math.exp(-CEILING[dump.dialect]) * (1 - 1e-12)
    is_clipped = happened < least
    is_at_floor = (happened >= least) & (happened <= FLOOR[dump.dialect])
    margin = np.where(is_clipped, 8 * 2.0**-53 * losses, margin)
    margin = np.where(is_at_floor, np.maximum(margin, 1.01 * FLOOR_GAP[dump.dialect] * losses), margin)
    return margin


# Xent ----------------------------------------------------------------------------------------------------------------


def xent_figures(xent, dump):
    """The mean by the dialect's rule, and the rows' losses, weights applied."""
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        command = [xent, "eval", folder / "predictions.npy", "--labels", folder / "labels.npy", "--task", dump.task,
                   "--input", "probabilities", "--dialect", dump.dialect, "--json", "-", "--per-row", folder / "rows.npy",
                   "--progress", "never"]
        np.save(folder / "predictions.npy", dump.predictions)
        np.save(folder / "labels.npy", dump.labels)
        if dump.weights is not None:
            np.save(folder / "weights.npy", dump.weights)
            command += ["--weights", folder / "weights.npy"]
        run = subprocess.run([str(word) for word in command], capture_output=True, text=True)
        if run.returncode != 0:
            raise SystemExit(f"check-boosting.py: xent ended with {run.returncode} for {dump.dialect} {dump.name}: {run.stderr.strip()}")
        return float(json.loads(run.stdout)["loss"]["mean"]), np.load(folder / "rows.npy")


# The dumps -----------------------------------------------------------------------------------------------------------


def edges(dialect, dtype):
    """Probabilities at which a metric changes its ways, as far as the type holds them; not the floor itself."""
    floor = FLOOR[dialect]
    epsilon = float(np.finfo(dtype).eps)
    values = [0.0, float(np.finfo(dtype).smallest_subnormal), floor / 10, floor * 0.99, floor * 1.01, floor * 10, 1e-10, 1e-7, epsilon / 2,
              0.25, 0.5, 0.75, 1 - epsilon, 1 - epsilon / 2, 1 - 1e-3, 1.0]
    if dialect == "lightgbm":
        values += [1 - floor * 0.99, 1 - 1.2 * floor]
    return np.array(values).astype(dtype)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def float32_weights(random, count):
    """Float32 values: both libraries keep weights so."""
    return random.gamma(2, 1, count).astype(np.float32).astype(np.float64)


def binary(random, dialect, dtype, count, with_edges=True):
    p = sigmoid(random.normal(0, 4, count)).astype(dtype)
    y = (random.random(count) < p).astype(np.int64)
    if with_edges:
        both = np.repeat(edges(dialect, dtype), 2)
        p[: len(both)] = both
        y[: len(both)] = np.arange(len(both)) % 2
    return p, y


def multiclass(random, dialect, dtype, count, class_count, with_edges=True, is_normalised=True):
    """Rows of softmax. With edges, the label's class of the first rows has one; the others share the rest."""
    logits = random.normal(0, 3, (count, class_count))
    p = np.exp(logits - logits.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    y = random.integers(0, class_count, count)
    if not is_normalised:
        p *= random.uniform(0.2, 1, (count, 1))
    p = p.astype(dtype)
    if with_edges:
        for row, edge in enumerate(edges(dialect, dtype)):
            p[row] = (1 - float(edge)) / (class_count - 1)
            p[row, y[row]] = edge
    return p, y


def dumps(seed):
    random = np.random.default_rng(seed)
    made = []

    def add(name, dialect, p_and_y, **more):
        made.append(Dump(name, dialect, *p_and_y, **more))

    f2, f4, f8 = np.float16, np.float32, np.float64
    for dialect in FLOOR:
        # XGBoost takes Float32 alone.
        native = f4 if dialect == "xgboost" else f8
        floor = FLOOR[dialect]
        add("binary", dialect, binary(random, dialect, native, 120), is_case=True)
        add("binary-weights", dialect, binary(random, dialect, native, 120), weights=float32_weights(random, 120), is_case=True)
        add("multiclass", dialect, multiclass(random, dialect, native, 120, 5), is_case=True)
        add("multiclass-weights", dialect, multiclass(random, dialect, native, 120, 5, is_normalised=False),
            weights=float32_weights(random, 120), is_case=True)
        # Every loss is 0 or the ceiling.
        certain = np.array([0, floor / 10, 0, 1, 1, 1] * 10).astype(native)
        add("binary-floor", dialect, (certain, np.array([1, 1, 0, 0, 1, 1] * 10)), is_case=dialect == "xgboost", is_exact=True)
        rows = np.array([[0, 1, 0], [floor / 10, 1, 0], [1, 0, 0], [0, 0.5, 0.5]] * 10).astype(native)
        add("multiclass-floor", dialect, (rows, np.array([0, 0, 0, 0] * 10)), is_case=dialect == "xgboost", is_exact=True)
        near = np.array([np.nextafter(native(floor), native(0)), native(floor), np.nextafter(native(floor), native(1))] * 4)
        add("binary-at-the-floor", dialect, (near, np.ones(12, np.int64)))
        add("multiclass-at-the-floor", dialect, (np.stack([near, 1 - near], axis=1), np.zeros(12, np.int64)))
        for dtype in (f2, f4, f8):
            kind = np.dtype(dtype).str[1:]
            p, y = binary(random, dialect, dtype, 5000)
            if dialect == "xgboost":
                p = p.astype(f4).astype(dtype)
            add(f"binary-{kind}", dialect, (p, y.astype(np.uint8)))
            p, y = multiclass(random, dialect, dtype, 2000, 10)
            if dialect == "xgboost":
                p = p.astype(f4).astype(dtype)
            add(f"multiclass-{kind}", dialect, (p, y.astype(np.int32)), weights=float32_weights(random, 2000))
        for class_count in (2, 3, 17):
            add(f"multiclass-{class_count}", dialect, multiclass(random, dialect, native, 300, class_count))
        add("binary-weights-0", dialect, binary(random, dialect, native, 300),
            weights=float32_weights(random, 300) * (np.arange(300) % 3 > 0))
    # 0 by XGBoost's rule; LightGBM and mlogloss say NaN.
    add("binary-weights-all-0", "xgboost", binary(random, "xgboost", f4, 40), weights=np.zeros(40), is_case=True, is_exact=True)
    soft = random.beta(0.5, 0.5, 120).astype(f4)
    p, _ = binary(random, "xgboost", f4, 120)
    add("binary-soft-labels", "xgboost", (p, soft), is_case=True)
    soft = random.beta(0.5, 0.5, 3000).astype(f4)
    p, _ = binary(random, "xgboost", f4, 3000)
    add("binary-soft-weights", "xgboost", (p, soft), weights=float32_weights(random, 3000))
    return made


# The comparison ------------------------------------------------------------------------------------------------------

ROWS_ALONE = 120


def compare(xent, dump):
    """(a line of the table, whether all agrees)"""
    weights = dump.row_weights
    expected = library_mean(dump)
    mean, rows = xent_figures(xent, dump)
    margins = allowed(dump, np.where(weights > 0, rows / np.where(weights > 0, weights, 1), 0))
    # The library sums in Float64, Xent rounds once. A loss times its weight is a Float32 in XGBoost.
    roundings = (len(rows) + 4) * 2.0**-53 + (UNIT[dump.dialect] if dump.weights is not None else 0)
    margin = float((weights * margins).sum() / max(weights.sum(), 1e-300)) + roundings * abs(expected)
    difference = abs(mean - expected)
    is_equal = difference <= margin

    worst, worst_row = 0.0, None
    for index in range(min(len(rows), ROWS_ALONE)):
        loss = weights[index] * library_mean(dump.row(index))
        distance = abs(rows[index] - loss)
        limit = weights[index] * margins[index] + 4 * 2.0**-53 * abs(rows[index])
        share = distance / limit if limit > 0 else (math.inf if distance > 0 else 0.0)
        if share > worst:
            worst, worst_row = share, f"row {index}: {rows[index]:.17g}, the library {loss:.17g}"
    are_equal = worst <= 1
    verdict = "agrees" if is_equal and are_equal else "DIFFERS"
    line = (f"{dump.dialect:9} {dump.name:24} {dump.predictions.dtype.str[1:]:3} {dump.shape:8} {expected:<19.17g} {mean:<19.17g} "
            f"{difference:<9.2e} {margin:<9.2e} {worst:<9.2g} {verdict}")
    if not are_equal:
        line += "\n          " + worst_row
    return line, is_equal and are_equal


# The cases -----------------------------------------------------------------------------------------------------------


def write_case(folder, dump):
    identifier = f"{dump.dialect}-{dump.name}"
    path = folder / identifier
    path.mkdir(parents=True, exist_ok=True)
    files = {"predictions": dump.predictions, "labels": dump.labels}
    if dump.weights is not None:
        files["weights"] = dump.weights
    # Float32 loses a small loss of label 0 altogether, so XGBoost's binary rows cannot be compared by a relative tolerance.
    if dump.dialect == "lightgbm" or dump.is_multiclass or dump.is_exact:
        files["per_row"] = np.array([library_mean(dump.row(index)) for index in range(len(dump.labels))]) * dump.row_weights
    for name, array in files.items():
        np.save(path / f"{name}.npy", array)
    mean = library_mean(dump)
    tolerance = 1e-12 if dump.dialect == "lightgbm" or dump.is_exact else 5e-7
    case = {
        "id": identifier,
        "framework": dump.dialect,
        "version": {"xgboost": xgboost, "lightgbm": lightgbm}[dump.dialect].__version__,
        "call": library_call(dump),
        "task": dump.task,
        "input": "probabilities",
        "dialect": dump.dialect,
        "options": {},
        "files": {name: f"{name}.npy" for name in files},
        "expected": {"mean": mean, "sum": mean * float(dump.row_weights.sum())},
        "relative_tolerance": tolerance,
        "relative_tolerance_of_mean": tolerance,
    }
    (path / "case.json").write_text(json.dumps(case, indent=1) + "\n", encoding="utf-8")


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("xent", help="the xent binary")
    parser.add_argument("--seed", type=int, default=SEED, help=f"of the random dumps (default {SEED})")
    parser.add_argument("--write-cases", type=pathlib.Path, metavar="FOLDER", help="write the small dumps as golden cases")
    arguments = parser.parse_args()

    print(f"XGBoost {xgboost.__version__}, LightGBM {lightgbm.__version__}, seed {arguments.seed}")
    print("worst row: its difference as a share of what is allowed\n")
    print(f"{'dialect':9} {'dump':24} {'type':3} {'shape':7} {'library':19} {'xent':19} {'apart':9} {'allowed':9} {'worst row':9}")
    differing = 0
    made = dumps(arguments.seed)
    for dump in made:
        line, agrees = compare(arguments.xent, dump)
        print(line, flush=True)
        differing += not agrees
    print(f"\n{len(made) - differing} of {len(made)} dumps agree")
    if differing > 0:
        sys.exit(1)
    if arguments.write_cases is not None:
        cases = [dump for dump in made if dump.is_case]
        for dump in cases:
            write_case(arguments.write_cases, dump)
        print(f"{len(cases)} cases in {arguments.write_cases}")


if __name__ == "__main__":
    main()
