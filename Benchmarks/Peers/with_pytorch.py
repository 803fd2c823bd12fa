#!/usr/bin/env python3
"""Mean cross-entropy with PyTorch on the processor: the arrays are decompressed into memory, and the loss is one call.

    with_pytorch.py multiclass|smoothing|binary|multilabel PREDICTIONS.npy.zst LABELS.npy[.zst] THREADS
"""

import sys

import numpy as np
import torch
import torch.nn.functional as F
import zstandard


def load(path):
    if not path.endswith(".zst"): return np.load(path)
    with open(path, "rb") as file, zstandard.ZstdDecompressor().stream_reader(file, read_size=1 << 20, read_across_frames=True) as stream:
        np.lib.format.read_magic(stream)
        shape, _, dtype = np.lib.format.read_array_header_1_0(stream)
        array = np.empty(shape, dtype)
        if stream.readinto(array.reshape(-1).view(np.uint8)) != array.nbytes: raise EOFError(path)
        return array


task, predictions, labels, threads = sys.argv[1:]
torch.set_num_threads(int(threads))
predictions, labels = torch.from_numpy(load(predictions)), torch.from_numpy(load(labels))
with torch.inference_mode():
    if task == "binary":
        mean = F.binary_cross_entropy(predictions, labels.to(predictions.dtype))
    elif task == "multilabel":
        mean = F.binary_cross_entropy_with_logits(predictions, labels.to(predictions.dtype))
    else:
        mean = F.cross_entropy(predictions, labels.long(), label_smoothing=0.1 if task == "smoothing" else 0.0)
print(repr(mean.item()))
