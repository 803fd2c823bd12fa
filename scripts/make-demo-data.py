#!/usr/bin/env python3
# /// script
# requires-python = ">=3.11"
# dependencies = [
#     "mpmath==1.4.1",
#     "numpy==2.4.6",
#     "scikit-learn==1.9.1",
#     "scipy==1.17.1",
#     "zstandard==0.25.0",
# ]
# ///
"""Makes the predictions in scripts/demo/: real models on real data, scored on rows that they were not trained on.

    python3 -m venv .venv
    .venv/bin/pip install mpmath==1.4.1 numpy==2.4.6 scikit-learn==1.9.1 scipy==1.17.1 zstandard==0.25.0
    .venv/bin/python scripts/make-demo-data.py [FOLDER]        (FOLDER: scripts/demo by default)

Everything is seeded. On one machine the files come out the same, byte for byte; another processor or another BLAS may round
a logit differently in its last digit. What scripts/demo/truth.json says is computed from the arrays as they are stored, so it
fits whatever was written.
"""

import io
import json
import math
import os
import pathlib
import struct
import sys
from fractions import Fraction

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"  # the order of additions in BLAS depends on its threads

import mpmath
import numpy as np
import zstandard
from sklearn.datasets import load_breast_cancer, load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

SEED = 20240229
FOLDS = 5
FRAME_BYTES = 16 * 1024
ZSTD_LEVEL = 19


# The predictions -----------------------------------------------------------------------------------------------------


def digits_logits():
    """Out-of-fold logits f4[1797,10] of a small neural network on scikit-learn's digits, and the labels i8[1797]."""
    images, labels = load_digits(return_X_y=True)
    images = images / 16.0
    logits = np.empty((len(labels), 10))
    for train, test in StratifiedKFold(FOLDS, shuffle=True, random_state=SEED).split(images, labels):
        model = MLPClassifier(hidden_layer_sizes=(64,), alpha=1e-4, max_iter=400, random_state=SEED).fit(images[train], labels[train])
        # predict_proba is the softmax of what we want, and softmax loses the digits of a confident row.
        hidden = np.maximum(images[test] @ model.coefs_[0] + model.intercepts_[0], 0)
        scores = hidden @ model.coefs_[1] + model.intercepts_[1]
        softmax = np.exp(scores - scores.max(axis=1, keepdims=True))
        assert np.allclose(softmax / softmax.sum(axis=1, keepdims=True), model.predict_proba(images[test]), rtol=1e-9, atol=1e-12)
        logits[test] = scores
    return logits.astype("<f4"), labels.astype("<i8")


def cancer_probabilities():
    """Out-of-fold probabilities f4[569] of a logistic regression on the breast cancer data; 1 is benign. And the labels u1[569]."""
    features, labels = load_breast_cancer(return_X_y=True)
    probabilities = np.empty(len(labels))
    for train, test in StratifiedKFold(FOLDS, shuffle=True, random_state=SEED).split(features, labels):
        model = make_pipeline(StandardScaler(), LogisticRegression(C=1.0, max_iter=1000)).fit(features[train], labels[train])
        probabilities[test] = model.predict_proba(features[test])[:, 1]
    probabilities = probabilities.astype("<f4")
    happened = np.where(labels == 1, probabilities, np.float32(1) - probabilities)
    assert np.all(happened > 0), "a stored probability of what happened is 0: the demo's mean would be infinite"
    return probabilities, labels.astype("u1")


# The files -----------------------------------------------------------------------------------------------------------


def npy_bytes(array):
    """The array as a .npy file, as NumPy itself writes it."""
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def seekable_zstd(data):
    """The bytes in Zstandard's seekable format, version 0.1.0, a frame for each FRAME_BYTES, every frame with its checksum.

    zstd's contrib/seekable_format/zstd_seekable_compression_format.md: independent frames, then a skippable frame that holds
    an entry a frame (compressed size, decompressed size, checksum: the low 32 bits of XXH64 of the decompressed bytes) and
    a footer (number of frames, descriptor, magic number).
    """
    compressor = zstandard.ZstdCompressor(level=ZSTD_LEVEL, write_checksum=True, write_content_size=True)
    frames, entries = [], []
    for start in range(0, len(data), FRAME_BYTES):
        piece = data[start : start + FRAME_BYTES]
        frame = compressor.compress(piece)
        # A frame's own content checksum, its last four bytes (RFC 8878, 3.1.1), is the same 32 bits.
        entries.append(struct.pack("<II", len(frame), len(piece)) + frame[-4:])
        frames.append(frame)
    table = b"".join(entries) + struct.pack("<IBI", len(frames), 0x80, 0x8F92EAB1)
    return b"".join(frames) + struct.pack("<II", 0x184D2A5E, len(table)) + table


# The truth -----------------------------------------------------------------------------------------------------------


def nearest(number):
    """The Float64 nearest to an mpmath number: Python divides integers with one rounding."""
    sign, mantissa, exponent, _ = number._mpf_
    return float((-1) ** sign * Fraction(int(mantissa)) * Fraction(2) ** int(exponent))


def logit_losses(logits, labels):
    """−ln softmax(logits)[label], a row each, at 200 bits: ln(1 + Σ over the others of exp(x_j − x_y))."""
    losses = []
    for row, label in zip(logits.tolist(), labels.tolist()):
        wanted = mpmath.mpf(row[label])
        others = mpmath.fsum(mpmath.exp(mpmath.mpf(value) - wanted) for j, value in enumerate(row) if j != label)
        losses.append(mpmath.log1p(others))
    return losses


def probability_losses(probabilities, labels):
    """−ln p for label 1, −ln(1 − p) for label 0, at 200 bits."""
    return [
        -mpmath.log(mpmath.mpf(p)) if label == 1 else -mpmath.log1p(-mpmath.mpf(p))
        for p, label in zip(probabilities.tolist(), labels.tolist())
    ]


def summary(losses, correct):
    """What `xent eval` reports of these losses, each number rounded to Float64 once, at the end."""
    count = len(losses)
    total = mpmath.fsum(losses)
    mean = total / count
    # The error of a mean from the sample's variance (divisor N − 1).
    variance = mpmath.fsum((loss - mean) ** 2 for loss in losses) / (count - 1)
    return {
        "rows": count,
        "mean": nearest(mean),
        "mean_hex": c_hex(nearest(mean)),
        "sum": nearest(total),
        "sum_hex": c_hex(nearest(total)),
        "standard_error": nearest(mpmath.sqrt(variance / count)),
        "min": nearest(min(losses)),
        "max": nearest(max(losses)),
        "perplexity": nearest(mpmath.exp(mean)),
        "accuracy": correct / count,
    }


def c_hex(number):
    """The number as C's %a prints it: Python's float.hex without trailing zeros of the fraction."""
    mantissa, exponent = float(number).hex().split("p")
    if "." in mantissa:
        mantissa = mantissa.rstrip("0").rstrip(".")
    return f"{mantissa}p{exponent}"


def float32_logits(logits, labels):
    """The losses that a framework gets in Float32: log-softmax, then the label's entry, then the mean, all in f4."""
    shifted = logits - logits.max(axis=1, keepdims=True)
    log_softmax = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True, dtype=np.float32))
    losses = -log_softmax[np.arange(len(labels)), labels]
    assert losses.dtype == np.float32
    return losses


def float32_summary(losses):
    mean = losses.mean(dtype=np.float32)
    return {"mean": float(str(mean)), "rows_with_loss_zero": int(np.count_nonzero(losses == 0))}


def main():
    mpmath.mp.prec = 200
    folder = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).resolve().parent / "demo")
    folder.mkdir(parents=True, exist_ok=True)

    logits, digits = digits_logits()
    probabilities, benign = cancer_probabilities()
    (folder / "digits.logits.npy.zst").write_bytes(seekable_zstd(npy_bytes(logits)))
    (folder / "digits.labels.npy").write_bytes(npy_bytes(digits))
    (folder / "cancer.probabilities.npy").write_bytes(npy_bytes(probabilities))
    (folder / "cancer.labels.npy").write_bytes(npy_bytes(benign))

    digits_losses = logit_losses(logits, digits)
    cancer_losses = probability_losses(probabilities, benign)
    truth = {
        "computed": f"mpmath {mpmath.__version__}, {mpmath.mp.prec} bits, from the values as stored; each figure rounded to Float64 once",
        "digits": {
            "predictions": "digits.logits.npy.zst",
            "labels": "digits.labels.npy",
            "task": "multiclass",
            "input": "logits",
            **summary(digits_losses, int(np.count_nonzero(logits.argmax(axis=1) == digits))),
            "numpy_float32": float32_summary(float32_logits(logits, digits)),
        },
        "cancer": {
            "predictions": "cancer.probabilities.npy",
            "labels": "cancer.labels.npy",
            "task": "binary",
            "input": "probabilities",
            **summary(cancer_losses, int(np.count_nonzero((probabilities > 0.5) == (benign == 1)))),
        },
    }
    assert math.isfinite(truth["cancer"]["mean"]) and math.isfinite(truth["digits"]["mean"])
    (folder / "truth.json").write_text(json.dumps(truth, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    for path in sorted(folder.iterdir()):
        print(f"{path.stat().st_size:8d}  {path.name}")
    print(json.dumps(truth, indent=2, ensure_ascii=False))


if __name__ == "__main__":
    main()
