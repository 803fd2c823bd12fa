#!/usr/bin/env python3
# /// script
# requires-python = ">=3.11"
# dependencies = [
#     "catboost==1.2.10", "h2o==3.46.0.12", "numpy==2.4.6", "pandas", "pyspark==4.3.0", "scikit-learn==1.9.1", "torch==2.15.0",
# ]
# ///
"""Compares the dialects `catboost`, `spark` and `h2o`, and weights of classes and columns, with the libraries' own losses.

    python3 -m venv .venv
    .venv/bin/pip install catboost==1.2.10 h2o==3.46.0.12 numpy==2.4.6 pandas pyspark==4.3.0 scikit-learn==1.9.1 torch==2.15.0
    .venv/bin/python scripts/check-frameworks.py XENT [--library NAME] [--seed N] [--write-cases FOLDER]

XENT               the xent binary, for example .build/release/xent
--library NAME     of catboost, spark, h2o, torch, sklearn; may be repeated (default: all)
--seed N           of the random dumps (default 20240229, of the cases in Tests/XentTests/Golden)
--write-cases DIR  where all agrees, also writes the small dumps as golden cases into DIR, one folder a case

Dumps with the edges of each loss are scored by the library and by `xent eval`: the mean of each dump, and rows alone. A line a dump; exit
status 1 where a figure differs by more than the library's own arithmetic explains, else 0. Spark and H2O need Java 17 and run as servers of
this machine alone, which end with the script. `check-boosting.py` does the same for XGBoost and LightGBM.

What the libraries compute (CatBoost: metric.cpp; Spark: MulticlassMetrics.scala; H2O: ModelMetricsBinomial.java,
ModelMetricsMultinomial.java, MathUtils.java), in Float64, the divisor the sum of the weights:

CatBoost  of raw values x: log(1 + exp(x)) - t x with t = 1 for a label above 0.5 (Logloss) or the label itself (CrossEntropy); of several
          log sum_c exp(x_c - max) - (x_y - max) (MultiClass). Labels and weights are Float32. With weights that are all 0 the mean is 0.
Spark     -log eps where p < eps, -log1p(-eps) where p > 1 - eps, else -log p, with eps = 1e-15 unless it is given (MulticlassClassificationEvaluator,
          metric logLoss). BinaryClassificationEvaluator has no log loss: two classes are columns 1 - p and p. p outside of [0, 1] is clipped.
H2O       min(-log(1 - e), -log 1e-15) with e = 1 - p, so p counts to a multiple of 2^-53. Probabilities outside of [0, 1] are refused; a row
          whose weight is 0, or whose prediction is missing, is left out.

PyTorch's `weight` of binary_cross_entropy(_with_logits) multiplies each decision, and the mean divides by the number of decisions.
scikit-learn's `sample_weight` multiplies each row, and the mean divides by their sum.
"""

import argparse
import dataclasses
import json
import pathlib
import subprocess
import sys
import tempfile

import numpy as np

SEED = 20240229
EPSILON = 1e-15
UNIT = 2.0**-53  # half an ULP of 1


@dataclasses.dataclass
class Dump:
    """A dump as stored. `modifiers` are xent's, by the names of golden cases."""

    library: str
    name: str
    task: str
    predictions: np.ndarray
    labels: np.ndarray
    weights: np.ndarray | None = None
    modifiers: dict = dataclasses.field(default_factory=dict)
    input: str = "probabilities"
    is_case: bool = False

    @property
    def dialect(self):
        return "pytorch" if self.library == "torch" else self.library

    @property
    def identifier(self):
        return f"{self.library}-{self.name}"

    @property
    def row_weights(self):
        return np.ones(len(self.labels)) if self.weights is None else self.weights.astype(np.float64)

    @property
    def shape(self):
        return "×".join(str(count) for count in self.predictions.shape)

    @property
    def epsilon(self):
        return self.modifiers.get("clip", EPSILON)

    def row(self, index):
        rows = slice(index, index + 1)
        return dataclasses.replace(self, predictions=self.predictions[rows], labels=self.labels[rows], weights=None)


# The libraries -------------------------------------------------------------------------------------------------------
#
# Each has its version, `mean` of a dump, `call` for people, and `allowed`: how far a row's loss may lie from the library's, given Xent's.


class CatBoost:
    rows_alone = 120

    def __init__(self):
        import catboost
        import catboost.utils

        self.version = catboost.__version__
        self.evaluate = catboost.utils.eval_metric

    @staticmethod
    def metric(dump):
        if dump.task == "multiclass":
            return "MultiClass"
        return "Logloss" if dump.labels.dtype.kind in "iu" else "CrossEntropy"

    def mean(self, dump):
        weights = None if dump.weights is None else dump.weights
        return float(self.evaluate(dump.labels, dump.predictions.astype(np.float64), self.metric(dump), weight=weights)[0])

    def call(self, dump):
        weights = ", weight=weights" if dump.weights is not None else ""
        return f"catboost.utils.eval_metric(labels, predictions, '{self.metric(dump)}'{weights})"

    def allowed(self, dump, losses):
        """The sums, differences and products of numbers as large as x, and of logarithms of sums."""
        x = np.abs(dump.predictions.astype(np.float64)).reshape(len(losses), -1).max(axis=1)
        return 16 * UNIT * np.maximum(x, 1)


class Spark:
    rows_alone = 40

    def __init__(self):
        import pyspark
        from pyspark.ml.evaluation import BinaryClassificationEvaluator, MulticlassClassificationEvaluator
        from pyspark.ml.linalg import Vectors
        from pyspark.sql import SparkSession

        self.version = pyspark.__version__
        (self.evaluator, self.dense) = (MulticlassClassificationEvaluator, Vectors.dense)
        settings = {"spark.ui.enabled": "false", "spark.driver.bindAddress": "127.0.0.1", "spark.driver.host": "127.0.0.1"}
        builder = SparkSession.builder.master("local[1]")
        for name, value in settings.items():
            builder = builder.config(name, value)
        self.session = builder.getOrCreate()
        self.session.sparkContext.setLogLevel("OFF")
        documentation = BinaryClassificationEvaluator().explainParam("metricName")
        assert "logLoss" not in documentation, f"BinaryClassificationEvaluator has a log loss now: {documentation}"

    @staticmethod
    def vectors(dump):
        p = dump.predictions.astype(np.float64)
        return np.stack([1 - p, p], axis=1) if dump.task == "binary" else p

    def mean(self, dump):
        columns = zip(dump.labels.tolist(), self.vectors(dump).tolist(), dump.row_weights.tolist())
        rows = [(0.0, float(label), self.dense(vector), weight) for label, vector, weight in columns]
        frame = self.session.createDataFrame(rows, ["prediction", "label", "probability", "weight"])
        evaluator = self.evaluator(metricName="logLoss")
        if dump.weights is not None:
            evaluator.setWeightCol("weight")
        if "clip" in dump.modifiers:
            evaluator.setEps(dump.modifiers["clip"])
        return float(evaluator.evaluate(frame))

    def call(self, dump):
        weights = ", weightCol='weights'" if dump.weights is not None else ""
        epsilon = f", eps={dump.modifiers['clip']}" if "clip" in dump.modifiers else ""
        probabilities = "[1 - predictions, predictions]" if dump.task == "binary" else "predictions"
        return f"MulticlassClassificationEvaluator(metricName='logLoss'{weights}{epsilon}).evaluate(probability={probabilities}, label=labels)"

    def allowed(self, dump, losses):
        """Java's logarithm, and the rounding of 1 - p."""
        return 8 * UNIT * losses + (2 * UNIT if dump.task == "binary" else 0)


class H2O:
    rows_alone = 40

    def __init__(self):
        import h2o
        import pandas

        self.version = h2o.__version__
        (self.h2o, self.frame_of) = (h2o, pandas.DataFrame)
        h2o.init(ip="127.0.0.1", bind_to_localhost=True, nthreads=1, max_mem_size="2G", strict_version_check=False, verbose=False)
        h2o.no_progress()

    def uploaded(self, columns, types=None):
        return self.h2o.H2OFrame(self.frame_of(columns), column_types=types)

    def frames(self, dump):
        count = 2 if dump.task == "binary" else dump.predictions.shape[1]
        self.domain = [f"c{index}" for index in range(count)]
        p = dump.predictions.astype(np.float64).reshape(len(dump.labels), -1)
        names = ["p"] if dump.task == "binary" else self.domain
        labels = {"label": [self.domain[label] for label in dump.labels]}
        return self.uploaded(dict(zip(names, p.T))), self.uploaded(labels, {"label": "enum"})

    def mean(self, dump):
        predictions, labels = self.frames(dump)
        weights = None if dump.weights is None else self.uploaded({"weight": dump.row_weights})
        return float(self.h2o.make_metrics(predictions, labels, domain=self.domain, weights=weights).logloss())

    def call(self, dump):
        weights = ", weights=weights" if dump.weights is not None else ""
        return f"h2o.make_metrics(predictions, labels, domain=…{weights}).logloss()"

    def allowed(self, dump, losses):
        """The logarithm; p to a multiple of 2^-53; and H2O reads numbers from text, to 1 ULP or so."""
        p = happened(dump)
        # Below 9 * 2^-53 both are at the bound.
        return 8 * UNIT * losses + np.where(p < 0.9 * EPSILON, 0, 1.5 * UNIT / np.maximum(p, EPSILON))


class Torch:
    rows_alone = 120

    def __init__(self):
        import torch

        self.version = torch.__version__
        self.torch = torch

    def weight(self, dump):
        weights = np.array(dump.modifiers["class_weights"])
        return weights if dump.task == "multilabel" else weights[dump.labels.astype(int)]

    def mean(self, dump):
        functional = self.torch.nn.functional
        tensor = lambda array: self.torch.tensor(np.asarray(array, np.float64))
        options = {"weight": tensor(self.weight(dump))}
        loss = functional.binary_cross_entropy
        if dump.input == "logits":
            loss = functional.binary_cross_entropy_with_logits
            if "pos_weight" in dump.modifiers:
                options["pos_weight"] = tensor(dump.modifiers["pos_weight"])
        return float(loss(tensor(dump.predictions), tensor(dump.labels), **options))

    def call(self, dump):
        name = "binary_cross_entropy_with_logits" if dump.input == "logits" else "binary_cross_entropy"
        weight = "class_weights" if dump.task == "multilabel" else "class_weights[labels]"
        positive = ", pos_weight=pos_weight" if "pos_weight" in dump.modifiers else ""
        return f"F.{name}(predictions, labels, weight={weight}{positive})"

    def allowed(self, dump, losses):
        return 16 * UNIT * np.maximum(losses, np.abs(dump.predictions.astype(np.float64)).reshape(len(losses), -1).max(axis=1))


class SkLearn:
    rows_alone = 0  # Of one row, the weight makes no difference.

    def __init__(self):
        import sklearn
        from sklearn.metrics import log_loss

        self.version = sklearn.__version__
        self.log_loss = log_loss

    def mean(self, dump):
        weights = np.array(dump.modifiers["class_weights"])[dump.labels.astype(int)] * dump.row_weights
        return float(self.log_loss(dump.labels, dump.predictions, sample_weight=weights, labels=[0, 1]))

    def call(self, dump):
        weights = "class_weights[labels]" + ("" if dump.weights is None else " * weights")
        return f"log_loss(labels, predictions, sample_weight={weights})"

    def allowed(self, dump, losses):
        return 8 * UNIT * losses + 2 * UNIT


LIBRARIES = {"catboost": CatBoost, "spark": Spark, "h2o": H2O, "torch": Torch, "sklearn": SkLearn}


def happened(dump):
    """The probability of the label."""
    p = dump.predictions.astype(np.float64)
    if dump.task == "multiclass":
        return p[np.arange(len(dump.labels)), dump.labels.astype(int)]
    return np.where(dump.labels == 1, p, 1 - p)


# Xent ----------------------------------------------------------------------------------------------------------------


def xent_figures(xent, dump):
    """The mean by the dialect's rule, and the rows' losses, weights applied."""
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        command = [xent, "eval", folder / "predictions.npy", "--labels", folder / "labels.npy", "--task", dump.task,
                   "--input", dump.input, "--dialect", dump.dialect, "--json", "-", "--per-row", folder / "rows.npy",
                   "--progress", "never"]
        np.save(folder / "predictions.npy", dump.predictions)
        np.save(folder / "labels.npy", dump.labels)
        if dump.weights is not None:
            np.save(folder / "weights.npy", dump.weights)
            command += ["--weights", folder / "weights.npy"]
        for name, value in dump.modifiers.items():
            numbers = value if isinstance(value, list) else [value]
            command += ["--" + name.replace("_", "-"), ",".join(repr(float(number)) for number in numbers)]
        run = subprocess.run([str(word) for word in command], capture_output=True, text=True)
        if run.returncode != 0:
            raise SystemExit(f"check-frameworks.py: xent ended with {run.returncode} for {dump.identifier}: {run.stderr.strip()}")
        loss = json.loads(run.stdout)["loss"]
        return float(loss["mean"]), float(loss["sum"]), np.load(folder / "rows.npy")


# The dumps -----------------------------------------------------------------------------------------------------------


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def softmax(logits):
    p = np.exp(logits - logits.max(axis=1, keepdims=True))
    return p / p.sum(axis=1, keepdims=True)


def float32_weights(random, count):
    """Float32 values: CatBoost keeps weights so."""
    return random.gamma(2, 1, count).astype(np.float32).astype(np.float64)


def edges(library, dtype, is_case):
    """Probabilities at which a loss changes its ways, as far as the type holds them."""
    epsilon = float(np.finfo(dtype).eps)
    values = [0.0, float(np.finfo(dtype).tiny), EPSILON / 10, 0.25, 0.5, 0.75, 1 - epsilon, 1 - epsilon / 2, 1 - 1e-3, 1.0]
    if library == "spark" or not is_case:
        # H2O's roundings of them are seen in a mean.
        values += [EPSILON * 0.9, EPSILON * 1.2, EPSILON * 10, 1e-10, 1e-7, 1 - 0.9 * EPSILON, 1 - 1.2 * EPSILON]
    return np.array(values).astype(dtype)


def binary(random, library, dtype, count, is_case=False):
    p = sigmoid(random.normal(0, 4, count)).astype(dtype)
    y = (random.random(count) < p).astype(np.int64)
    both = np.repeat(edges(library, dtype, is_case), 2)
    p[: len(both)] = both
    y[: len(both)] = np.arange(len(both)) % 2
    return p, y


def multiclass(random, library, dtype, count, class_count, is_case=False):
    """Rows of softmax. The label's class of the first rows has an edge; the others share the rest."""
    p = softmax(random.normal(0, 2, (count, class_count)))
    y = random.integers(0, class_count, count)
    p = p.astype(dtype)
    for row, edge in enumerate(edges(library, dtype, is_case)):
        p[row] = (1 - float(edge)) / (class_count - 1)
        p[row, y[row]] = edge
    return p, y


def dumps(seed):
    random = np.random.default_rng(seed)
    made = []

    def add(library, name, task, predictions, labels, **more):
        made.append(Dump(library, name, task, predictions, labels, **more))

    f2, f4, f8 = np.float16, np.float32, np.float64
    logits = {"input": "logits"}
    # Raw values. Both signs of numbers that no logarithm of 1 + exp(x) holds any more come in the dumps that are no cases.
    x = random.normal(0, 4, 120)
    y = (random.random(120) < 0.5).astype(np.int64)
    add("catboost", "logloss", "binary", x, y, is_case=True, **logits)
    add("catboost", "logloss-weights", "binary", x, y, weights=float32_weights(random, 120), is_case=True, **logits)
    add("catboost", "cross-entropy", "binary", x, random.beta(0.5, 0.5, 120).astype(f4), is_case=True, **logits)
    add("catboost", "cross-entropy-weights", "binary", x, random.beta(0.5, 0.5, 120).astype(f4), weights=float32_weights(random, 120), **logits)
    z, c = random.normal(0, 4, (120, 5)), random.integers(0, 5, 120)
    add("catboost", "multiclass", "multiclass", z, c, is_case=True, **logits)
    add("catboost", "multiclass-weights", "multiclass", z, c, weights=float32_weights(random, 120), is_case=True, **logits)
    add("catboost", "logloss-weights-all-0", "binary", x[:40], y[:40], weights=np.zeros(40), is_case=True, **logits)
    add("catboost", "multiclass-weights-all-0", "multiclass", z[:40], c[:40], weights=np.zeros(40), is_case=True, **logits)
    large = np.repeat([0, 1e-300, 30, 36, 37, 40, 700, 709.7, 710, 745, 1000, 1e5, 1e30], 2)
    large = np.concatenate([large, -large])
    add("catboost", "logloss-large", "binary", large, np.arange(len(large)) % 2, **logits)
    add("catboost", "multiclass-large", "multiclass", np.stack([large, large[::-1], np.zeros(len(large))], axis=1),
        np.arange(len(large)) % 3, **logits)
    for dtype in (f2, f4, f8):
        kind = np.dtype(dtype).str[1:]
        x = random.normal(0, 6, 5000).astype(dtype)
        add("catboost", f"logloss-{kind}", "binary", x, (random.random(5000) < 0.5).astype(np.uint8), **logits)
        z = random.normal(0, 6, (2000, 17)).astype(dtype)
        add("catboost", f"multiclass-{kind}", "multiclass", z, random.integers(0, 17, 2000).astype(np.int32),
            weights=float32_weights(random, 2000), **logits)

    for library in ("spark", "h2o"):
        binary_name, classes_name = ("binary", "multiclass") if library == "spark" else ("binomial", "multinomial")
        add(library, binary_name, "binary", *binary(random, library, f8, 120, True), is_case=True)
        add(library, f"{binary_name}-weights", "binary", *binary(random, library, f8, 120, True), weights=float32_weights(random, 120), is_case=True)
        add(library, classes_name, "multiclass", *multiclass(random, library, f8, 120, 5, True), is_case=True)
        add(library, f"{classes_name}-weights", "multiclass", *multiclass(random, library, f8, 120, 5, True),
            weights=float32_weights(random, 120), is_case=True)
        certain = np.array([0, EPSILON / 10, 0, 1, 1, 1] * 4, f8)
        add(library, f"{binary_name}-bounds", "binary", certain, np.array([1, 1, 0, 0, 1, 0] * 4), is_case=True)
        # The losses of what is certain alone.
        add(library, f"{classes_name}-certain", "multiclass", np.array([[0, 1, 0], [0, 0, 1]] * 6, f8), np.array([1, 2] * 6), is_case=True)
        add(library, f"{binary_name}-edges", "binary", *binary(random, library, f8, 200))
        add(library, f"{classes_name}-edges", "multiclass", *multiclass(random, library, f8, 200, 3))
        for dtype in (f2, f4):
            kind = np.dtype(dtype).str[1:]
            add(library, f"{binary_name}-{kind}", "binary", *binary(random, library, dtype, 1000))
            add(library, f"{classes_name}-{kind}", "multiclass", *multiclass(random, library, dtype, 500, 10), weights=float32_weights(random, 500))
    for epsilon in (1e-6, 0.1):
        add("spark", f"multiclass-eps-{epsilon:g}", "multiclass", *multiclass(random, "spark", f8, 120, 4, True),
            modifiers={"clip": epsilon}, is_case=epsilon == 0.1)
        add("spark", f"binary-eps-{epsilon:g}", "binary", *binary(random, "spark", f8, 120, True), modifiers={"clip": epsilon},
            is_case=epsilon == 0.1)

    # Weights of columns, and of label 0 and label 1.
    x = random.normal(0, 3, (80, 5))
    hard = (random.random((80, 5)) < 0.4).astype(f8)
    columns = {"class_weights": random.uniform(0.1, 4, 5).tolist()}
    positive = {"pos_weight": random.uniform(0.1, 4, 5).tolist()}
    add("torch", "bcel-multilabel-weight", "multilabel", x, hard, modifiers=columns, is_case=True, **logits)
    add("torch", "bcel-multilabel-weight-posweight", "multilabel", x, random.random((80, 5)), modifiers=columns | positive, is_case=True, **logits)
    add("torch", "bce-multilabel-weight", "multilabel", sigmoid(x), hard, modifiers=columns, is_case=True)
    add("torch", "bcel-multilabel-weight-0", "multilabel", x, hard, modifiers={"class_weights": [0.0, 1.0, 0.5, 0.0, 2.0]}, **logits)
    of_labels = {"class_weights": [0.75, 3.5]}
    y = (random.random(120) < 0.3).astype(np.int64)
    add("torch", "bcel-class-weight", "binary", random.normal(0, 3, 120), y, modifiers=of_labels, is_case=True, **logits)
    add("torch", "bce-class-weight", "binary", sigmoid(random.normal(0, 3, 120)), y, modifiers=of_labels, is_case=True)
    add("sklearn", "binary-class-weights", "binary", sigmoid(random.normal(0, 3, 120)), y, modifiers=of_labels, is_case=True)
    add("sklearn", "binary-class-weights-weights", "binary", sigmoid(random.normal(0, 3, 120)), y, modifiers=of_labels,
        weights=float32_weights(random, 120), is_case=True)
    return made


# The comparison ------------------------------------------------------------------------------------------------------


def compare(xent, library, dump):
    """(a line of the table, whether all agrees)"""
    weights = dump.row_weights
    expected = library.mean(dump)
    mean, _, rows = xent_figures(xent, dump)
    unweighted = np.where(weights > 0, rows / np.where(weights > 0, weights, 1), 0)
    margins = library.allowed(dump, unweighted)
    # The library sums in Float64, Xent rounds once.
    total = max(weights.sum(), 1e-300) if "class_weights" not in dump.modifiers or dump.dialect == "pytorch" else len(rows)
    margin = float((weights * margins).sum() / total) + (len(rows) + 4) * UNIT * abs(expected)
    difference = abs(mean - expected)
    is_equal = difference <= margin or (np.isnan(mean) and np.isnan(expected))

    worst, worst_row = 0.0, None
    for index in range(min(len(rows), library.rows_alone)):
        loss = weights[index] * library.mean(dump.row(index))
        distance = abs(rows[index] - loss)
        limit = weights[index] * margins[index] + 4 * UNIT * abs(rows[index])
        share = distance / limit if limit > 0 else (np.inf if distance > 0 else 0.0)
        if share > worst:
            worst, worst_row = share, f"row {index}: {rows[index]:.17g}, the library {loss:.17g}"
    are_equal = worst <= 1
    relative = difference / abs(expected) if expected else difference
    verdict = "agrees" if is_equal and are_equal else "DIFFERS"
    line = (f"{dump.library:9} {dump.name:32} {dump.predictions.dtype.str[1:]:3} {dump.shape:8} {expected:<21.17g} {mean:<21.17g} "
            f"{relative:<9.2e} {difference:<9.2e} {margin:<9.2e} {worst:<9.2g} {verdict}")
    if not are_equal:
        line += "\n          " + worst_row
    return line, is_equal and are_equal


# The cases -----------------------------------------------------------------------------------------------------------


def write_case(folder, library, dump):
    path = folder / dump.identifier
    path.mkdir(parents=True, exist_ok=True)
    files = {"predictions": dump.predictions, "labels": dump.labels}
    if dump.weights is not None:
        files["weights"] = dump.weights
    if library.rows_alone >= len(dump.labels) and dump.library != "h2o":
        files["per_row"] = np.array([library.mean(dump.row(index)) for index in range(len(dump.labels))]) * dump.row_weights
    for name, array in files.items():
        np.save(path / f"{name}.npy", array)
    mean = library.mean(dump)
    divisor = dump.row_weights.sum()
    if dump.library == "sklearn":
        divisor = (dump.row_weights * np.array(dump.modifiers["class_weights"])[dump.labels]).sum()
    if dump.task == "multilabel":
        # PyTorch's sum counts decisions.
        divisor = float(dump.predictions.size)
    case = {
        "id": dump.identifier,
        "framework": dump.library,
        "version": library.version,
        "call": library.call(dump),
        "task": dump.task,
        "input": dump.input,
        "dialect": dump.dialect,
        "options": dump.modifiers,
        "files": {name: f"{name}.npy" for name in files},
        "expected": {"mean": mean, "sum": mean * float(divisor)},
        "relative_tolerance": 1e-12,
        "relative_tolerance_of_mean": 1e-12,
    }
    (path / "case.json").write_text(json.dumps(case, indent=1) + "\n", encoding="utf-8")


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("xent", help="the xent binary")
    parser.add_argument("--library", action="append", choices=LIBRARIES, metavar="NAME", help="only this one; may be repeated")
    parser.add_argument("--seed", type=int, default=SEED, help=f"of the random dumps (default {SEED})")
    parser.add_argument("--write-cases", type=pathlib.Path, metavar="FOLDER", help="write the small dumps as golden cases")
    arguments = parser.parse_args()

    made = [dump for dump in dumps(arguments.seed) if dump.library in (arguments.library or LIBRARIES)]
    libraries = {name: LIBRARIES[name]() for name in dict.fromkeys(dump.library for dump in made)}
    try:
        print(", ".join(f"{name} {library.version}" for name, library in libraries.items()) + f", seed {arguments.seed}")
        print("worst row: its difference as a share of what is allowed\n")
        print(f"{'library':9} {'dump':32} {'type':3} {'shape':7} {'library':21} {'xent':21} {'relative':9} {'apart':9} {'allowed':9} {'worst row':9}")
        differing = 0
        for dump in made:
            line, agrees = compare(arguments.xent, libraries[dump.library], dump)
            print(line, flush=True)
            differing += not agrees
        print(f"\n{len(made) - differing} of {len(made)} dumps agree")
        if differing == 0 and arguments.write_cases is not None:
            cases = [dump for dump in made if dump.is_case]
            for dump in cases:
                write_case(arguments.write_cases, libraries[dump.library], dump)
            print(f"{len(cases)} cases in {arguments.write_cases}")
    finally:
        if "spark" in libraries:
            libraries["spark"].session.stop()
        if "h2o" in libraries:
            libraries["h2o"].h2o.cluster().shutdown()
    sys.exit(1 if differing > 0 else 0)


if __name__ == "__main__":
    main()
