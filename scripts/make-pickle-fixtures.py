#!/usr/bin/env python3
# /// script
# requires-python = ">=3.10"
# dependencies = ["torch>=2.5", "numpy>=2", "ml_dtypes"]
# ///
"""Writes Tests/EngineTests/Fixtures/pickles, the small files of PyTorch and pickles of NumPy arrays that the tests read.

    pip install torch numpy ml_dtypes
    scripts/make-pickle-fixtures.py

Each holds logits that a test computes as well, ((7 row + 3 class) mod 11 − 5) / 4 of 60 rows and 5 classes, and mostly labels, (3 row) mod 5.
Those under refused/ are refused; the words that the error must have stand in refused/expected.json.
"""

import collections
import io
import json
import os
import pickle
import shutil
import zipfile
from pathlib import Path

import ml_dtypes
import numpy as np
import torch

FOLDER = Path(__file__).resolve().parent.parent / "Tests" / "EngineTests" / "Fixtures" / "pickles"
ROWS, CLASSES = 60, 5
shutil.rmtree(FOLDER, ignore_errors=True)
(FOLDER / "refused").mkdir(parents=True)

row, column = np.arange(ROWS)[:, None], np.arange(CLASSES)[None, :]
X = (((7 * row + 3 * column) % 11 - 5) / 4).astype(np.float32)
Y = (3 * np.arange(ROWS) % CLASSES).astype(np.int64)
x, y = torch.from_numpy(X), torch.from_numpy(Y)


def save(name, what, **options):
    torch.save(what, FOLDER / f"{name}.pt", **options)


def dump(name, what, protocol):
    (FOLDER / f"{name}.pkl").write_bytes(pickle.dumps(what, protocol=protocol))


# PyTorch's archives.
save("tensor", x)
save("dict", {"logits": x, "label": y})
save("protocol-4", {"logits": x, "label": y}, pickle_protocol=4)
save("tuple", (x, y))
save("nested", {"val": {"logits": x, "label": y}, "batches": [{"logits": x[:20]}, {"logits": x[20:]}]})
save("bf16", {"logits": x.to(torch.bfloat16), "label": y.to(torch.int32)})
save("f16", {"logits": x.half(), "label": y.to(torch.uint8)})
save("f64", {"logits": x.double(), "label": y.to(torch.int16)})
save("new-types", {"logits": x, "label": y.to(torch.uint16)})
save("parameter", {"logits": torch.nn.Parameter(x), "label": y})
wide = torch.full((ROWS + 7, CLASSES + 4), 9.0)
wide[3:-4, 2:-2] = x
save("view", {"logits": torch.cat([torch.zeros(3, CLASSES), x])[3:], "label": torch.cat([y, y])[ROWS:]})
save("row-stride", {"logits": wide[3:-4, 2:-2], "label": y})
every = torch.zeros(2 * ROWS, CLASSES)
every[1::2] = x
save("every-second-row", {"logits": every[1::2], "label": torch.stack([y, y], 1)[:, 1]})
save("transposed", {"logits": x.t().contiguous().t(), "label": y})
columns = torch.full((CLASSES, ROWS + 5), 9.0)
columns[:, 2:-3] = x.t()
save("transposed-part", {"logits": columns[:, 2:-3].t(), "label": y})
save("time-axis", {"logits": x.reshape(6, 10, CLASSES).transpose(1, 2).contiguous(), "label": y.reshape(6, 10)})
save("with-others", {"epoch": 3, "loss": 0.25, "name": "run", "none": None, "ok": True, "shape": x.shape, "type": x.dtype,
                     "device": x.device, "best": np.float64(0.5), "ids": ["a", "b"], "logits": x, "label": y,
                     "complex": x[:2].to(torch.complex64), "narrow": x[:2].to(torch.float8_e4m3fn), "conj": x[:2].to(torch.complex64).conj()})
save("numpy-inside", {"logits": X, "label": Y})
state = collections.OrderedDict(logits=x, label=y)
state._metadata = collections.OrderedDict([("", {"version": 1})])
save("state-dict", state)
torch.serialization.set_crc32_options(False)
save("no-checksum", {"logits": x, "label": y})
torch.serialization.set_crc32_options(True)

# Its old format.
old = {"_use_new_zipfile_serialization": False}
save("legacy", {"logits": x, "label": y}, **old)
save("legacy-tensor", x, **old)
save("legacy-views", {"logits": wide[3:-4, 2:-2], "label": torch.cat([y, y])[ROWS:]}, **old)
save("legacy-new-types", {"logits": x.to(torch.bfloat16), "label": y.to(torch.uint32)}, **old)

# An archive of a big-endian machine, which differs in the member byteorder and in the bytes of storages.
with zipfile.ZipFile(FOLDER / "dict.pt") as source, zipfile.ZipFile(FOLDER / "big-endian.pt", "w") as target:
    for member in source.namelist():
        content = source.read(member)
        if member.endswith("byteorder"):
            content = b"big"
        elif member.endswith("data/0"):
            content = np.frombuffer(content, "<f4").astype(">f4").tobytes()
        elif member.endswith("data/1"):
            content = np.frombuffer(content, "<i8").astype(">i8").tobytes()
        target.writestr(member, content)
# An archive as other tools pack it: every member is deflated.
with zipfile.ZipFile(FOLDER / "dict.pt") as source, zipfile.ZipFile(FOLDER / "deflated.pt", "w", zipfile.ZIP_DEFLATED) as target:
    for member in source.namelist():
        target.writestr(member, source.read(member))

# Pickles of NumPy arrays.
for protocol in (2, 3, 4, 5):
    dump(f"numpy-{protocol}", {"logits": X, "label": Y}, protocol)
dump("numpy-tuple", (X, Y), 4)
dump("numpy-array", X, 4)
dump("numpy-pairs", ((X[:30], Y[:30]), (X, Y)), 3)
dump("fortran-4", {"logits": np.asfortranarray(X), "label": Y}, 4)
dump("fortran-5", {"logits": np.asfortranarray(X), "label": Y}, 5)
dump("fortran-2", {"logits": np.asfortranarray(X), "label": Y}, 2)
dump("big-endian", {"logits": X.astype(">f4"), "label": Y.astype(">i2")}, 4)
dump("numpy-bf16", {"logits": X.astype(ml_dtypes.bfloat16), "label": Y}, 4)
dump("numpy-others", {"names": np.array(["a", "b"]), "objects": np.array([{}, None], dtype=object), "when": np.array(["2026-01-01"], "M8[D]"),
                      "fields": np.zeros(2, [("a", "f4")]), "empty": np.zeros((0, 3)), "scalar": np.float32(1), "logits": X, "label": Y}, 4)
# The names before NumPy 2.
old_names = pickle.dumps({"logits": X, "label": Y}, protocol=3).replace(b"numpy._core.multiarray\n", b"numpy.core.multiarray\n")
(FOLDER / "numpy-1.pkl").write_bytes(old_names)


def python_2(array):
    """An array as Python 2 writes it, whose bytes are a string."""
    data, kind = array.tobytes(), array.dtype.str[1:].encode()
    shape = b"".join(b"K" + bytes([n]) for n in array.shape)
    return (b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85U\x01b\x87R(K\x01(" + shape + b"tcnumpy\ndtype\nU\x02" + kind
            + b"K\x00K\x01\x87R(K\x03U\x01<NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb\x89T" + len(data).to_bytes(4, "little") + data + b"tb")


(FOLDER / "python-2.pkl").write_bytes(b"\x80\x02}(U\x06logits" + python_2(X) + b"U\x05label" + python_2(Y) + b"u.")

# What is refused, and the words of the error.
expected = {}


def refuse(name, words, what=None, content=None, **options):
    path = FOLDER / "refused" / name
    if content is not None:
        path.write_bytes(content)
    elif name.endswith(".pt"):
        torch.save(what, path, **options)
    else:
        path.write_bytes(pickle.dumps(what, protocol=4))
    expected[name] = words


class Command:
    def __reduce__(self):
        return os.system, ("touch harm",)


refuse("system.pt", ["posix.system", "byte", "not called"], {"logits": x, "label": y, "other": Command()})
refuse("system.pkl", ["posix.system", "byte", "not called"], {"logits": X, "label": Y, "other": Command()})
refuse("system-legacy.pt", ["posix.system", "byte"], {"logits": x, "label": y, "other": Command()}, **old)
refuse("system-3.pkl", ["posix.system", "byte"], content=pickle.dumps({"logits": X, "other": Command()}, protocol=3))
refuse("eval.pkl", ["builtins.eval", "byte 2"], content=b"\x80\x02cbuiltins\neval\nX\x03\x00\x00\x001+1\x85R.")
refuse("instance.pkl", ["posix.system", "byte 9"], content=b"\x80\x02(U\x04true" + b"iposix\nsystem\n.")
refuse("meta.pt", ["_rebuild_meta_tensor_no_storage", "meta device"], {"logits": torch.empty(3, 2, device="meta"), "label": y})
refuse("sparse.pt", ["_rebuild_sparse_tensor", "to_dense"], {"logits": x.to_sparse(), "label": y})
refuse("quantized.pt", ["_rebuild_qtensor", "dequantize"], {"logits": torch.quantize_per_tensor(x, 0.25, 0, torch.qint8), "label": y})
refuse("module.pt", ["torch.nn.modules.linear.Linear"], torch.nn.Linear(2, 2))
refuse("expanded.pt", ["strides (0, 1)", "contiguous"], {"logits": x[:1].expand(ROWS, CLASSES), "label": y})
refuse("conj.pt", ["conj", "resolve_conj"], {"logits": x.to(torch.complex64).conj(), "label": y})
refuse("complex.pt", ["complex64", "tensor.real"], {"logits": x.to(torch.complex64), "label": y})
refuse("quantized-type.pkl", ["O8", "Python objects"], {"logits": np.array([[{}]], dtype=object), "label": Y})
refuse("several.pkl", ["several pickles"], content=pickle.dumps(X, 4) + pickle.dumps(Y, 4))
refuse("no-arrays.pkl", ["holds no arrays"], {"a": 1})
refuse("out-of-band.pkl", ["NEXT_BUFFER"], content=pickle.dumps(X, protocol=5, buffer_callback=lambda buffer: False))
with_script = io.BytesIO()
torch.jit.save(torch.jit.script(torch.nn.Linear(2, 2)), with_script)
refuse("script.pt", ["TorchScript"], content=with_script.getvalue())
(FOLDER / "refused" / "expected.json").write_text(json.dumps(expected, indent=1) + "\n")
