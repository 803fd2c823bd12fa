#!/usr/bin/env python3
# /// script
# requires-python = ">=3.9"
# dependencies = ["numpy>=2", "ml_dtypes"]
# ///
"""Writes Tests/FormatsTests/Fixtures/npy, the .npy files that Formats' tests read.

    pip install numpy ml_dtypes
    scripts/make-npy-fixtures.py

good/      arrays that must be read; expected.json has each one's layout and first values
refused/   files that must be refused; expected.json has the kind of error and words of its message
encode/    headers.json: headers as np.save writes them, by type and shape

The files are NumPy's own work wherever NumPy can write them. Those written by hand are read back with NumPy, and the script
stops where NumPy disagrees with what is expected. The same NumPy gives the same bytes.
"""

import gzip
import io
import json
import pickle
import shutil
import struct
import warnings
import zipfile
from pathlib import Path

import ml_dtypes
import numpy as np
from numpy.lib import format as npy

FOLDER = Path(__file__).resolve().parent.parent / "Tests" / "FormatsTests" / "Fixtures" / "npy"
VALUES_KEPT = 24

# Xent's name, NumPy's type.
TYPES = {
    "f2": np.float16, "bf16": ml_dtypes.bfloat16, "f4": np.float32, "f8": np.float64,
    "i1": np.int8, "i2": np.int16, "i4": np.int32, "i8": np.int64,
    "u1": np.uint8, "u2": np.uint16, "u4": np.uint32, "u8": np.uint64, "bool": np.bool_,
}


def samples(name):
    """Twelve values of a type: its limits, and what goes wrong easily."""
    dtype = np.dtype(TYPES[name])
    if name == "bool":
        return np.array([0, 1, 1, 0, 1, 0, 0, 0, 1, 1, 1, 1], dtype)
    if name.startswith(("i", "u")):
        limits = np.iinfo(dtype)
        values = [limits.min, limits.max, 0, 1, 2, 3, 100, limits.max - 1, limits.min + 1, limits.max // 2, limits.max // 3, 77]
        return np.array(values, dtype)
    limits = ml_dtypes.finfo(dtype)
    values = [0.0, -0.0, 1.0, -2.5, 1 / 3, float(limits.max), float(limits.smallest_normal), float(limits.smallest_subnormal),
              float("inf"), float("-inf"), float("nan"), 100.0]
    return np.array(values, dtype)


def text(value):
    """A value as ClassLabels.text gives it (integers and bool only)."""
    return str(value).lower() if isinstance(value, np.bool_) else str(int(value))


def saved(array, version=None):
    file = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        npy.write_array(file, array, version=version, allow_pickle=True)
    return file.getvalue()


def by_hand(dictionary, data=b"", version=(1, 0), pad=True):
    """A file whose header is this text."""
    header = dictionary.encode("latin1")
    prefix_length = 10 if version == (1, 0) else 12
    if pad:
        header += b" " * (-(prefix_length + len(header) + 1) % 64) + b"\n"
    length = struct.pack("<H" if version == (1, 0) else "<I", len(header))
    return b"\x93NUMPY" + bytes(version) + length + header + data


class Folder:
    def __init__(self, name):
        self.path = FOLDER / name
        self.path.mkdir(parents=True)
        self.expected = {}

    def write(self, name, content, expected):
        assert name not in self.expected
        (self.path / name).write_bytes(content)
        self.expected[name] = expected

    def close(self):
        with open(self.path / "expected.json", "w", encoding="utf-8") as file:
            file.write("{\n")
            lines = [f"{json.dumps(name)}: {json.dumps(value)}" for name, value in sorted(self.expected.items())]
            file.write(",\n".join(lines) + "\n}\n")


def good(folder, name, content, type_name, array, swapped=False, fortran=False, numpy_writes_it=False):
    """Writes a file that must be read as `array`. The values are listed in the order of the file."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        read = np.load(io.BytesIO(content))
    order = "F" if read.flags.f_contiguous and not read.flags.c_contiguous else "C"
    if type_name == "bf16":
        # NumPy reads a void, whose byte order it does not keep.
        read = np.frombuffer(read.tobytes(order), np.uint16)
        read = (read.byteswap() if swapped else read).view(ml_dtypes.bfloat16).reshape(array.shape, order=order)
    else:
        read = read.astype(TYPES[type_name])
    assert read.shape == array.shape, name
    assert read.tobytes() == np.asarray(array, TYPES[type_name]).tobytes(), name

    if content[6] == 1:
        data_offset = 10 + struct.unpack("<H", content[8:10])[0]
    else:
        data_offset = 12 + struct.unpack("<I", content[8:12])[0]
    flat = array.flatten(order="F" if fortran else "C")[:VALUES_KEPT]
    expected = {
        "type": type_name, "swapped": swapped, "fortran": fortran, "shape": list(array.shape), "dataOffset": data_offset,
        "rowMajor": array.flags.c_contiguous, "numpyWritesIt": numpy_writes_it,
        "float64": ["nan" if np.isnan(float(value)) else float(value).hex() for value in flat],
    }
    if not type_name.startswith(("f", "b")) or type_name == "bool":
        expected["text"] = [text(value) for value in flat]
    folder.write(name, content, expected)


def write_good():
    folder = Folder("good")
    for type_name in TYPES:
        values = samples(type_name)
        good(folder, f"{type_name}.npy", saved(values), type_name, values, numpy_writes_it=True)
        if values.itemsize > 1:
            big = values.astype(values.dtype.newbyteorder(">"))
            good(folder, f"{type_name}-big-endian.npy", saved(big), type_name, values, swapped=True)

    # Shapes. Every one with its own values, so that an element taken from a wrong place is seen.
    def counted(shape, dtype=np.float32):
        return np.arange(int(np.prod(shape)), dtype=dtype).reshape(shape)

    shapes = {"scalar": (), "N": (7,), "Nx1": (7, 1), "1xC": (1, 7), "NxC": (3, 5), "NxHxWxC": (2, 3, 1, 2), "0-rows": (0, 10),
              "0-rows-flat": (0,), "0-columns": (4, 0), "1": (1,)}
    for name, shape in shapes.items():
        array = counted(shape)
        good(folder, f"shape-{name}.npy", saved(array), "f4", array, numpy_writes_it=True)
    array = counted((3, 5), np.float64)
    good(folder, "fortran-NxC.npy", saved(np.asfortranarray(array)), "f8", np.asfortranarray(array), fortran=True)

    # Flagged Fortran, but of a shape for which both orders are one. NumPy flags none of these itself.
    for name, shape in {"N": (7,), "Nx1": (7, 1), "1xC": (1, 7), "0-rows": (0, 3)}.items():
        array = counted(shape)
        header = f"{{'descr': '<f4', 'fortran_order': True, 'shape': {shape!r}, }}"
        good(folder, f"fortran-{name}.npy", by_hand(header, array.tobytes()), "f4", array, fortran=True)

    # Versions.
    array = counted((4, 2))
    for version in [(1, 0), (2, 0), (3, 0)]:
        good(folder, f"version-{version[0]}.npy", saved(array, version), "f4", array, numpy_writes_it=version == (1, 0))

    # Spellings.
    data = counted((3, 4), np.int32).tobytes()
    spellings = {
        "python2-long": "{'descr': '<i4', 'fortran_order': False, 'shape': (3L, 4L), }",
        "double-quotes": '{"descr": "<i4", "fortran_order": False, "shape": (3, 4)}',
        "other-key-order": "{'shape': (3, 4), 'descr': '<i4', 'fortran_order': False}",
        "no-spaces": "{'descr':'<i4','fortran_order':False,'shape':(3,4)}",
        "many-spaces": "{ 'descr'  :\t'<i4' ,\n 'fortran_order' : False , 'shape' : ( 3 , 4 , ) , } \n ",
        "unicode-prefix": "{u'descr': u'<i4', u'fortran_order': False, u'shape': (3, 4)}",
        "equals-order": "{'descr': '=i4', 'fortran_order': False, 'shape': (3, 4), }",
        "bar-order": "{'descr': '|i4', 'fortran_order': False, 'shape': (3, 4), }",
        "no-order": "{'descr': 'i4', 'fortran_order': False, 'shape': (3, 4), }",
    }
    for name, header in spellings.items():
        good(folder, f"spelling-{name}.npy", by_hand(header, data), "i4", counted((3, 4), np.int32))
    header = spellings["no-spaces"]
    good(folder, "unaligned-data.npy", by_hand(header, data, pad=False), "i4", counted((3, 4), np.int32))
    # bfloat16, loaded and saved again without ml_dtypes.
    values = samples("bf16")
    good(folder, "bf16-saved-as-void.npy", saved(values.view("V2")), "bf16", values)
    folder.close()


def write_refused():
    folder = Folder("refused")

    def refused(name, content, kind, *words):
        folder.write(name, content, {"kind": kind, "words": list(words)})

    # Element types, as NumPy and ml_dtypes save them.
    types = {
        "object": (np.array([None, 1], object), "Python objects", "pickle"),
        "string-variable": (np.array(["a", "bc"], np.dtypes.StringDType()), "Python objects", "pickle"),
        "structured": (np.zeros(3, [("logit", "<f4"), ("label", "<i4")]), "structured"),
        "string-unicode": (np.array(["cat", "dog"]), "'<U3'", "strings"),
        "string-bytes": (np.array([b"cat", b"dog"]), "'|S3'", "strings"),
        "complex64": (np.zeros(3, np.complex64), "'<c8'", "complex"),
        "complex128": (np.zeros(3, np.complex128), "'<c16'", "complex"),
        "datetime": (np.zeros(3, "M8[s]"), "'<M8[s]'", "dates"),
        "timedelta": (np.zeros(3, "m8[ms]"), "'<m8[ms]'", "time spans"),
        "float8-e4m3fn": (np.zeros(3, ml_dtypes.float8_e4m3fn), "'<V1'", "float8", "np.float32"),
        "float8-e5m2": (np.zeros(3, ml_dtypes.float8_e5m2), "'<f1'", "float8", "np.float32"),
        "int4": (np.zeros(3, ml_dtypes.int4), "'<V1'", "np.float32"),
        "void": (np.zeros(3, "V4"), "'|V4'", "V2 (read as bfloat16)"),
    }
    for name, (array, *words) in types.items():
        refused(f"type-{name}.npy", saved(array), "elementType", "NumPy element type at byte 20", *words)

    def header(name, dictionary, kind, *words, **options):
        content = by_hand(dictionary, b"\0" * 16, **options)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                np.load(io.BytesIO(content))
        except Exception:
            pass
        else:
            raise AssertionError(f"NumPy reads {name}")
        refused(name + ".npy", content, kind, *words)

    rest = "'fortran_order': False, 'shape': (3,)"
    header("type-long-double", f"{{'descr': '<f10', {rest}}}", "elementType", "long double", "np.float64")
    header("type-sub-array", f"{{'descr': ('<f4', (2, 8)), {rest}}}", "elementType", "sub-array")
    header("type-unknown", f"{{'descr': '<q9', {rest}}}", "elementType", "'<q9'", "not known")
    header("type-empty", f"{{'descr': '', {rest}, 'x': 1}}", "elementType", "''", "not known")
    header("type-number", f"{{'descr': 4, {rest}}}", "syntax", "a type in quotes")

    def shape(name, value, kind, *words):
        header(f"shape-{name}", f"{{'descr': '<f8', 'fortran_order': False, 'shape': {value}, }}", kind, *words)

    shape("negative", "(-3,)", "shape", "-3", "0 or more")
    shape("beyond-int", "(9223372036854775808,)", "shape", "9223372036854775808")
    shape("beyond-int-by-far", "(" + "9" * 300 + ",)", "shape", "9" * 40 + "…")
    shape("bytes-overflow", "(2305843009213693952,)", "arrayTooLarge", "2305843009213693952")
    shape("product-overflow", "(4294967296, 4294967296)", "arrayTooLarge", "(4294967296, 4294967296)")
    shape("product-overflow-no-rows", "(0, 4294967296, 4294967296)", "arrayTooLarge")
    shape("65-dimensions", "(" + "1, " * 65 + ")", "shape", "more than 64 dimensions")
    shape("number", "3", "syntax", "( for the shape")
    shape("number-in-parentheses", "(3)", "syntax", "a comma after the shape's first number")
    shape("list", "[3]", "syntax", "( for the shape", "'[3]")
    shape("fraction", "(3.0,)", "syntax", "'.0,)")
    shape("nested", "((3,),)", "syntax", "a whole number")
    shape("lone-comma", "(,)", "syntax", "a whole number")
    shape("leading-zero", "(007,)", "shape", "007", "leading zeros")
    shape("name", "(N,)", "syntax", "'N,)")
    shape("unclosed", "(3, ", "syntax")

    header("key-missing-descr", f"{{{rest}}}", "missingKey", "no descr")
    header("key-missing-two", "{'descr': '<f4', }", "missingKey", "no fortran_order, shape")
    header("key-missing-all", "{}", "missingKey", "no descr, fortran_order, shape")
    header("key-unknown", f"{{'descr': '<f4', {rest}, 'order': 1}}", "unknownKey", "'order'")
    # NumPy takes the last of two, so it is not asked.
    refused("key-duplicate.npy", by_hand(f"{{'descr': '<f4', {rest}, 'shape': (4,)}}", bytes(16)), "duplicateKey", "'shape' a second time")
    header("key-not-a-string", f"{{1: '<f4', {rest}}}", "syntax", "a key in quotes")
    header("key-control-bytes", "{'\\x1b[31m': 1}".replace("\\x1b", "\x1b"), "syntax", "\\x1b")
    header("fortran-order-number", "{'descr': '<f4', 'fortran_order': 0, 'shape': (3,)}", "syntax", "True or False")
    header("fortran-order-lower-case", "{'descr': '<f4', 'fortran_order': false, 'shape': (3,)}", "syntax", "'false")
    header("call", "{'descr': __import__('os').getcwd(), " + rest + "}", "syntax", "a type in quotes")
    header("no-dictionary", "('descr', '<f4')", "syntax", "{, the start")
    header("text-after", f"{{'descr': '<f4', {rest}}} x", "syntax", "'x")
    header("zero-bytes-after", f"{{'descr': '<f4', {rest}}}\0\0", "syntax", "\\x00")
    header("no-comma", "{'descr': '<f4' 'fortran_order': False, 'shape': (3,)}", "syntax", "a comma or }")
    header("string-unclosed", "{'descr", "syntax")
    header("python2-long-version-3", "{'descr': '<f4', 'fortran_order': False, 'shape': (3L,)}", "syntax", "'L,)}", version=(3, 0))
    header("empty", "", "syntax", "the header's end", pad=False)

    sound = saved(np.arange(4, dtype=np.float32))
    refused("version-4.npy", sound[:6] + b"\4\0" + sound[8:], "version", "4.0")
    refused("version-1.1.npy", sound[:6] + b"\1\1" + sound[8:], "version", "1.1")
    refused("length-4-gib.npy", sound[:6] + b"\2\0" + b"\xff" * 4 + sound[10:], "headerLength", "4294967295 bytes")
    refused("length-limit.npy", sound[:6] + b"\2\0" + struct.pack("<I", (1 << 20) + 1) + sound[10:], "headerLength", "1048577 bytes")

    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        # Not np.savez, which writes the time.
        file.writestr(zipfile.ZipInfo("a.npy"), sound)
    foreign = {
        "npz": (archive.getvalue(), ".npz"), "gzip": (gzip.compress(sound, mtime=0), "gzip"),
        "pickle": (pickle.dumps(np.arange(3).tolist(), protocol=4), "a Python pickle"),
        "zstd": (bytes.fromhex("28b52ffd2000010000"), "compressed twice"), "csv": (b"0.1,0.2,0.7\n", "30 2e 31"),
        "magic-flipped": (b"\x92" + sound[1:], "92 4e 55"), "zeros": (bytes(128), "00 00"),
    }
    for name, (content, word) in foreign.items():
        refused(f"not-npy-{name}.bin", content[:64], "signature", "NumPy magic at byte 0", word)
    folder.close()


def write_encode():
    path = FOLDER / "encode"
    path.mkdir()
    lines = []
    shapes = [(), (0,), (1,), (9,), (10,), (500000, 100), (2**62, 1), (123456789012, 3), (0, 10)]
    # One digit or three bytes more a time, so that the header's end falls on every place of a line of 64 bytes.
    shapes += [(7, 10**digits) for digits in range(1, 18)] + [(10**digits, 7) for digits in range(1, 18)]
    shapes += [(3,) + (1,) * ones for ones in range(1, 64)]
    cases = [("f4", shape) for shape in shapes] + [(name, (5, 10)) for name in TYPES]
    full_lines = 0
    for type_name, shape in cases:
        file = io.BytesIO()
        descriptor = npy.dtype_to_descr(np.dtype(TYPES[type_name]).newbyteorder("<"))
        npy.write_array_header_1_0(file, {"descr": descriptor, "fortran_order": False, "shape": shape})
        header = file.getvalue()
        # The spaces before the line's end are counted, not kept.
        kept = header[:-1].rstrip(b" ")
        case = {"type": type_name, "shape": list(shape), "hex": kept.hex(), "spaces": len(header) - 1 - len(kept)}
        # Among the long ones, only those around a full line: it is there that NumPy adds a whole line of spaces.
        around_full = case["spaces"] <= 2 or case["spaces"] >= 63
        full_lines += case["spaces"] - max(0, 21 - len(str(shape[0])) if shape else 0) == 64
        if len(shape) <= 12 or around_full:
            lines.append(json.dumps(case))
    assert full_lines > 0
    (path / "headers.json").write_text("[\n" + ",\n".join(lines) + "\n]\n", encoding="utf-8")


def main():
    assert np.dtype("=i4") == np.dtype("<i4"), "run this on a little-endian machine"
    shutil.rmtree(FOLDER, ignore_errors=True)
    write_good()
    write_refused()
    write_encode()
    files = [path for path in FOLDER.rglob("*") if path.is_file()]
    byte_count = sum(path.stat().st_size for path in files)
    assert byte_count < 200_000, byte_count
    print(f"{len(files)} files, {byte_count} bytes in {FOLDER}")


if __name__ == "__main__":
    main()
