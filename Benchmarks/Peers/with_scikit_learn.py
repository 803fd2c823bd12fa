#!/usr/bin/env python3
"""Mean cross-entropy with scikit-learn: log_loss of the arrays in memory; logits become probabilities with scipy's softmax first.

    with_scikit_learn.py multiclass|binary PREDICTIONS.npy.zst LABELS.npy[.zst]
"""

import sys
import warnings

import numpy as np
import zstandard
from scipy.special import softmax
from sklearn.metrics import log_loss


def load(path):
    if not path.endswith(".zst"): return np.load(path)
    with open(path, "rb") as file, zstandard.ZstdDecompressor().stream_reader(file, read_size=1 << 20, read_across_frames=True) as stream:
        np.lib.format.read_magic(stream)
        shape, _, dtype = np.lib.format.read_array_header_1_0(stream)
        array = np.empty(shape, dtype)
        if stream.readinto(array.reshape(-1).view(np.uint8)) != array.nbytes: raise EOFError(path)
        return array


task, predictions, labels = sys.argv[1:]
predictions, labels = load(predictions), load(labels)
if task == "binary":
    mean = log_loss(labels, predictions)
else:
    warnings.filterwarnings("ignore", message="The y_prob values do not sum to one")  # Float32 over many classes
    mean = log_loss(labels, softmax(predictions, axis=1), labels=np.arange(predictions.shape[1]))
print(repr(float(mean)))
