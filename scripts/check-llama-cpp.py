#!/usr/bin/env python3
# /// script
# requires-python = ">=3.11"
# dependencies = ["numpy==2.4.6"]
# ///
"""Compares `xent compare --dialect llama.cpp` with a plain script of the formulas of llama.cpp's llama-perplexity --kl-divergence.

    python3 -m venv .venv
    .venv/bin/pip install numpy==2.4.6
    .venv/bin/python scripts/check-llama-cpp.py .build/release/xent

It makes logits of two models, writes the base of the first as llama-perplexity --kl-divergence-base does, and both the base and the logits of the
second, has xent compare them, and computes each figure that llama-perplexity prints by the formulas of its source, in float32 where that has
float: `log_softmax` and `kl_divergence` in tools/perplexity/perplexity.cpp of github.com/ggml-org/llama.cpp. Figures must agree to within what
float32 leaves open.
"""
import json
import os
import subprocess
import sys
import tempfile

import numpy as np

f32 = np.float32
ORDERS = [0.001, 0.01, 0.05, 0.1, 0.25, 0.75, 0.9, 0.95, 0.99, 0.999]


def quantise(x, lost=16):
    """The scale, the least log-probability and the numbers of a row, as process_logits writes them."""
    largest = x.max()
    least = max(x.min(), f32(largest - f32(lost)))
    log_sum = f32(np.log(np.exp(x - largest, dtype=f32).astype(np.float64).sum()))
    scale = f32((largest - least) / f32(65535))
    numbers = np.where(x > least, np.rint(f32(1) / scale * (x - least)), 0).astype("<u2") if scale else np.zeros(len(x), "<u2")
    return scale, f32(least - largest - log_sum), numbers


def base_file(logits, tokens, context, chunks):
    vocabulary = logits.shape[1]
    parts = [b"_logits_", np.array([context, vocabulary, chunks], "<i4").tobytes(), tokens.astype("<i4").tobytes()]
    rows = []
    for x in logits:
        scale, least, numbers = quantise(x)
        rows.append((scale, least, numbers))
        parts += [np.array([scale, least], "<f4").tobytes(), numbers.tobytes(), b"\0\0" if vocabulary % 2 else b""]
    return b"".join(parts), rows


def mean_and_uncertainty(values):
    """Of sums of the values and of their squares; the divisor is the count less 1."""
    count = len(values)
    mean = values.sum() / count
    spread = (values**2).sum() / count - mean * mean
    return mean, np.sqrt(spread / (count - 1)) if spread > 0 and count > 10 else 0.0


def percentile(ascending, fraction):
    place = f32(fraction) * f32(len(ascending) - 1)
    whole = int(place)
    place = f32(place - f32(whole))
    return (f32(1) - place) * ascending[whole] + place * ascending[min(whole + 1, len(ascending) - 1)]


def median(ascending):
    half = len(ascending) // 2
    return f32(0.5) * (ascending[half] + ascending[half - 1]) if len(ascending) % 2 == 0 else ascending[half]


def reference(base_rows, log_probs_of_second, labels):
    """The figures of llama.cpp, by the paths of xent's report. `log_probs_of_second`: max + log Σ exp off the logits already."""
    nll, nll_base, divergence, change, same = [], [], [], [], 0
    for (scale, least, numbers), log_q, label in zip(base_rows, log_probs_of_second, labels):
        log_p = scale * numbers.astype(f32) + least
        kept = log_p > f32(-16)
        p = np.exp(log_p[kept], dtype=f32)
        divergence.append((p * (log_p[kept] - log_q[kept])).astype(np.float64).sum())
        nll.append(np.float64(-log_q[label]))
        nll_base.append(np.float64(-log_p[label]))
        change.append(np.exp(log_q[label], dtype=f32) - np.exp(log_p[label], dtype=f32))
        same += int(np.argmax(log_q) == np.argmax(log_p))
    nll, nll_base, divergence, change = (np.array(v, np.float64) for v in (nll, nll_base, divergence, change))
    count = len(nll)
    (m, u), (mb, ub) = mean_and_uncertainty(nll), mean_and_uncertainty(nll_base)
    covariance = ((nll * nll_base).sum() / count - m * mb) / (count - 1)
    ppl, ppl_base = np.exp(m), np.exp(mb)
    ratio_error = np.sqrt(u * u + ub * ub - 2 * covariance)
    kld, p = mean_and_uncertainty(divergence), mean_and_uncertainty(change)
    square = mean_and_uncertainty(change**2)
    rms = np.sqrt(square[0])
    kld_values, change_values = np.sort(divergence.astype(f32)), np.sort(change.astype(f32))
    top = same / count
    figures = {
        "perplexity_b": (ppl, ppl * u), "perplexity_a": (ppl_base, ppl_base * ub), "log_perplexity_ratio": (m - mb, ratio_error),
        "perplexity_ratio": (np.exp(m - mb), np.exp(m - mb) * ratio_error),
        "perplexity_difference": (ppl - ppl_base, np.sqrt((ppl * u) ** 2 + (ppl_base * ub) ** 2 - 2 * ppl * ppl_base * covariance)),
        "same_top": (top, np.sqrt(top * (1 - top) / (count - 1))),
    }
    flat = {}
    for name, (value, error) in figures.items(): flat[name + ".value"], flat[name + ".standard_error"] = value, error
    flat["correlation"] = covariance / (u * ub)
    for name, (value, error), ascending in (
        ("divergence", kld, kld_values), ("probability_of_label_difference", p, change_values)
    ):
        flat[name + ".mean"], flat[name + ".standard_error"] = value, error
        flat[name + ".minimum"], flat[name + ".maximum"], flat[name + ".median"] = ascending[0], ascending[-1], median(ascending)
        for order in ORDERS: flat[f"{name}.quantiles[{order}]"] = percentile(ascending, order)
    flat["probability_of_label_difference.rms"] = rms
    flat["probability_of_label_difference.rms_standard_error"] = 0.5 / rms * square[1]
    return flat


def at(section, path):
    name, _, order = path.partition("[")
    value = section
    for key in name.split("."): value = value[key]
    if not order: return value, value, value
    place = value["q"].index(float(order[:-1]))
    return value["values"][place], value["lower"][place], value["upper"][place]


def compare(title, xent, arguments, want):
    run = subprocess.run(
        [xent, "compare", *arguments, "--dialect", "llama.cpp", "--task", "multiclass", "--json", "-", "--progress", "never"],
        capture_output=True, text=True)
    if run.returncode: sys.exit(f"{title}: exit {run.returncode}: {run.stderr}")
    section = json.loads(run.stdout)["dialects"]["llama.cpp"]
    worst = (0.0, "")
    failed = 0
    for path, value in want.items():
        found, lower, upper = at(section, path)
        # Terms are float32 in llama.cpp: differences of log-probabilities of about 10, good to 2^-20.
        tolerance = 3e-6 + 1e-4 * abs(value)
        if not lower - tolerance <= value <= upper + tolerance:
            failed += 1
            print(f"{title}: {path} is {found} ({lower} to {upper}), and {value} by the formulas of llama.cpp")
        worst = max(worst, (abs(found - value), path))
    print(f"{title}: {len(want) - failed} of {len(want)} figures agree; the largest difference is {worst[0]:.2g} ({worst[1]})")
    return failed


def main():
    xent = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else ".build/release/xent")
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        # Beyond 65,536 rows values are not told apart, and quantiles are enclosed.
        for context, vocabulary, chunks, noise, seed in ((512, 1001, 4, 0.1, 1), (64, 500, 9, 1.0, 2), (2048, 40, 70, 0.3, 3)):
            random = np.random.default_rng(seed)
            rows = chunks * (context - 1 - context // 2)
            tokens = random.integers(0, vocabulary, (chunks, context))
            labels = tokens[:, context // 2 + 1 :].reshape(-1)
            first = (random.normal(0, 4, (rows, vocabulary)) + 12 * (np.arange(vocabulary) == labels[:, None]) * random.random((rows, 1))).astype(f32)
            second = (first + random.normal(0, noise, first.shape)).astype(f32)
            base, base_rows = base_file(first, tokens, context, chunks)
            other, other_rows = base_file(second, tokens, context, chunks)
            paths = {name: os.path.join(folder, name) for name in ("a.kld", "b.kld", "b.npy")}
            for name, data in (("a.kld", base), ("b.kld", other)):
                with open(paths[name], "wb") as file: file.write(data)
            np.save(paths["b.npy"], second)
            largest = second.max(axis=1, keepdims=True)
            log_sum = np.log(np.exp(second - largest).astype(np.float64).sum(axis=1, keepdims=True)).astype(f32)
            title = f"{rows} rows of {vocabulary} tokens"
            failed += compare(
                f"{title}, two files of llama.cpp", xent, [paths["a.kld"], paths["b.kld"], "--input", "log-probabilities"],
                reference(base_rows, [s * n.astype(f32) + m for s, m, n in other_rows], labels))
            failed += compare(
                f"{title}, a file of llama.cpp and logits", xent,
                [paths["a.kld"], paths["b.npy"], "--input", "log-probabilities", "--input-b", "logits"],
                reference(base_rows, second - (largest + log_sum), labels))
    sys.exit(failed > 0)


main()
