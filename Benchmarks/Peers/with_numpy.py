#!/usr/bin/env python3
"""Mean cross-entropy with numpy and zstandard, a few MB at a time: one thread decompresses the next piece while another computes.

    with_numpy.py multiclass|smoothing|binary|multilabel PREDICTIONS.npy.zst LABELS.npy[.zst] float32|float64
"""

import concurrent.futures
import sys

import numpy as np
import zstandard


class Array:
    """A .npy file, compressed or not, read from front to back."""

    def __init__(self, path):
        self.file = open(path, "rb")
        if path.endswith(".zst"):
            self.file = zstandard.ZstdDecompressor().stream_reader(self.file, read_size=1 << 20, read_across_frames=True)
        np.lib.format.read_magic(self.file)
        self.shape, _, self.dtype = np.lib.format.read_array_header_1_0(self.file)

    def read(self, rows):
        piece = np.empty((rows, *self.shape[1:]), self.dtype)
        if self.file.readinto(piece.reshape(-1).view(np.uint8)) != piece.nbytes: raise EOFError
        return piece


def multiclass(logits, labels):
    highest = logits.max(axis=1)
    of_label = logits[np.arange(len(logits)), labels]
    logits -= highest[:, np.newaxis]
    np.exp(logits, out=logits)
    return np.log(logits.sum(axis=1)) + (highest - of_label)


def smoothing(logits, labels):
    highest = logits.max(axis=1)
    logits -= highest[:, np.newaxis]
    of_label, of_all = logits[np.arange(len(logits)), labels], logits.mean(axis=1)
    np.exp(logits, out=logits)
    return np.log(logits.sum(axis=1)) - 0.9 * of_label - 0.1 * of_all


def multilabel(logits, labels):
    return (np.maximum(logits, 0) - logits * labels + np.log1p(np.exp(-np.abs(logits)))).mean(axis=1)


def binary(probabilities, labels):
    return -np.log(np.where(labels == 1, probabilities, 1 - probabilities))


task, predictions, labels, precision = sys.argv[1:]
loss = {"multiclass": multiclass, "smoothing": smoothing, "binary": binary, "multilabel": multilabel}[task]
predictions, labels = Array(predictions), Array(labels)
rows = predictions.shape[0]
step = max(1, (1 << 20) // int(np.prod(predictions.shape[1:], dtype=int)))


def read(start):
    count = min(step, rows - start)
    return predictions.read(count), labels.read(count)


total = 0.0
with concurrent.futures.ThreadPoolExecutor(1) as reader:
    following = reader.submit(read, 0)
    for start in range(0, rows, step):
        x, y = following.result()
        if start + step < rows: following = reader.submit(read, start + step)
        total += loss(x.astype(precision, copy=False), y).sum(dtype=np.float64)
print(repr(float(total / rows)))
