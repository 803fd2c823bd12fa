#!/usr/bin/env python3
# /// script
# requires-python = ">=3.9"
# dependencies = ["h5py>=3.14", "numpy>=2", "tables>=3.10", "hdf5plugin>=5", "ml_dtypes"]
# ///
"""Writes Tests/HDF5Tests/Fixtures, the small HDF5 files that the tests of the reader read, and Tests/EngineTests/Fixtures/hdf5, dumps that are
evaluated.

    pip install h5py numpy tables hdf5plugin ml_dtypes
    scripts/make-hdf5-fixtures.py                  writes the fixtures
    scripts/make-hdf5-fixtures.py --compare DUMP   writes many more files, with every version of the format, and compares what DUMP says

expected.json has for each file its datasets by name: the type, the shape, the dimensions of a chunk, the filters, and the FNV-1a of 64 bits of
the elements' bytes as h5py reads them, in the stored order of bytes; or a word of the error for one that is refused.

The dumps that are evaluated hold logits that a test computes as well: ((7 row + 3 class) mod 11 − 5) / 4, and labels (3 row) mod classes.

DUMP FILE writes a line a dataset: name, type, shape, chunks, filters, number of bytes and FNV-1a, or "error" and the text, with tabs between.
"""

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import h5py
import hdf5plugin
import ml_dtypes
import numpy as np
import tables

TESTS = Path(__file__).resolve().parent.parent / "Tests"
FOLDER = TESTS / "HDF5Tests" / "Fixtures"
DUMPS = TESTS / "EngineTests" / "Fixtures" / "hdf5"
random = np.random.default_rng(20261129)


def fnv(data):
    value = 0xCBF29CE484222325
    for byte in data:
        value = ((value ^ byte) * 0x100000001B3) & 0xFFFFFFFFFFFFFFFF
    return f"{value:016x}"


def low(file, name, values, chunks, early=False, leave_partial=False, deflate=False, limits=None, element=None):
    """Makes a dataset by the functions of the library itself, for what h5py has no words for."""
    properties = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    if chunks:
        properties.set_chunk(chunks)
    if early:
        properties.set_alloc_time(h5py.h5d.ALLOC_TIME_EARLY)
    if deflate:
        properties.set_deflate(6)
    space = h5py.h5s.create_simple(values.shape, limits)
    made = h5py.h5d.create(file.id, name.encode(), element or h5py.h5t.py_create(values.dtype), space, properties)
    made.write(h5py.h5s.ALL, h5py.h5s.ALL, values)


def compact(file, name, values):
    properties = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    properties.set_layout(h5py.h5d.COMPACT)
    space = h5py.h5s.create_simple(values.shape)
    made = h5py.h5d.create(file.id, name.encode(), h5py.h5t.py_create(values.dtype), space, properties)
    made.write(h5py.h5s.ALL, h5py.h5s.ALL, values)


def masked(file, name, values, chunk):
    """Every other chunk did not go through the filters, as its mask says."""
    made = file.create_dataset(name, values.shape, values.dtype, chunks=(chunk,), compression="gzip", shuffle=True)
    import zlib
    for index, start in enumerate(range(0, len(values), chunk)):
        part = np.zeros(chunk, values.dtype)
        part[: len(values[start : start + chunk])] = values[start : start + chunk]
        planes = part.view(np.uint8).reshape(chunk, values.itemsize).T.tobytes()
        stored, mask = [(zlib.compress(planes), 0), (planes, 2), (zlib.compress(part.tobytes()), 1), (part.tobytes(), 3)][index % 4]
        made.id.write_direct_chunk((start,), stored, mask)


def kept(file, a):
    """The datasets of every version."""
    file["contiguous"] = a
    compact(file, "compact", a[:3])
    file.create_dataset("gzip", data=a, chunks=(10, 3), compression="gzip")
    file.create_dataset("all", data=a, chunks=(16, 5), compression="gzip", shuffle=True, fletcher32=True)
    file.create_dataset("lzf", data=np.repeat(a, 3, axis=1), chunks=(37, 15), compression="lzf")
    masked(file, "masked", a.ravel(), 50)


def indexes(file, a):
    """The indexes of chunks."""
    file.create_dataset("single", data=a, chunks=a.shape)
    file.create_dataset("single gzip", data=a, chunks=a.shape, compression="gzip")
    low(file, "implicit", a, (10, 3), early=True)
    low(file, "implicit in a larger one", a, (10, 3), early=True, limits=(60, 11))
    file.create_dataset("fixed", data=a, chunks=(10, 3))
    file.create_dataset("fixed gzip", data=a, chunks=(10, 3), compression="gzip", maxshape=(60, 11))
    file.create_dataset("extensible", data=a, chunks=(2, 3), maxshape=(None, 5))
    file.create_dataset("extensible gzip", data=a, chunks=(4, 2), maxshape=(len(a), None), compression="gzip")
    file.create_dataset("tree", data=a, chunks=(5, 3), maxshape=(None, None))
    file.create_dataset("tree gzip", data=a, chunks=(5, 3), maxshape=(None, None), compression="gzip")


def holes(file, a):
    made = file.create_dataset("holes", (60, 6), "f8", chunks=(10, 4), fillvalue=-1.5, compression="gzip")
    made[12:15] = 2
    file.create_dataset("unwritten", (9, 4), "f4", fillvalue=2.5)
    file.create_dataset("unwritten zeros", (9, 4), "i2")
    made = file.create_dataset("grown", (10, 4), "f4", chunks=(3, 2), maxshape=(None, None))
    made[:] = 1
    made.resize((25, 7))
    made[15:] = 2
    made.resize((20, 5))
    file["no rows"] = np.zeros((0, 5), "f4")
    file["scalar"] = np.float64(3.5)
    file.create_dataset("four axes", data=a[:20].reshape(2, 2, 5, 5), chunks=(1, 2, 2, 3), compression="gzip")


def types(file):
    for name in ["f2", "f4", "f8", ">f2", ">f4", ">f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", ">i2", ">u8", "?"]:
        file[name.replace(">", "big ").replace("?", "bool")] = (random.normal(size=(7, 3)) * 40).astype(name)
    bfloat16 = h5py.h5t.IEEE_F16LE.copy()
    bfloat16.set_fields(15, 7, 8, 0, 7)
    bfloat16.set_ebias(127)
    values = random.normal(size=(7, 3)).astype(ml_dtypes.bfloat16)
    space = h5py.h5s.create_simple(values.shape)
    made = h5py.h5d.create(file.id, b"bf16", bfloat16, space)
    made.write(h5py.h5s.ALL, h5py.h5s.ALL, values.view(np.uint16), mtype=bfloat16)
    file["S8"] = np.array([b"abc", b"d", b"longer"], "S8")
    file["enum"] = h5py.Empty("f4")
    del file["enum"]
    file.create_dataset("enum", data=np.array([1, 0, 2], "i1"), dtype=h5py.enum_dtype({"a": 0, "b": 1, "c": 2}, "i1"))
    file["named"] = np.dtype("f4")
    file.create_dataset("of a named type", data=np.arange(5), dtype=file["named"])


def groups(file, a):
    file["val/fold0/logits"] = a[:4]
    file["val/fold0/label"] = np.arange(4)
    file["val/back"] = h5py.SoftLink("/val/fold0")
    file["soft"] = h5py.SoftLink("val/fold0/logits")
    file["hard"] = file["val/fold0/label"]
    file["val/up"] = file["/"]
    file["nowhere"] = h5py.SoftLink("/nothing")
    file["circle"] = h5py.SoftLink("/circle")
    many = file.create_group("many")
    for index in range(30):
        many[f"dataset {index}"] = np.array([index], "i4")


REFUSED = {
    "texts": "variable length", "lists": "variable length", "compound": "compound", "references": "references", "null": "empty",
    "scaleoffset": "scaleoffset, filter 6", "zstd": "zstd, filter 32015", "blosc": "Blosc, filter 32001", "external": "external",
    "virtual": "virtual", "other file": "link to another file", "complex": "compound", "arrays": "arrays as elements",
    "three bytes": "whole numbers of 3 bytes",
}


def refused(file, a):
    file.create_dataset("texts", data=["a", "bb"], dtype=h5py.string_dtype())
    file.create_dataset("lists", (2,), dtype=h5py.vlen_dtype("i4"))
    file["compound"] = np.zeros(3, [("a", "f4"), ("b", "i4")])
    file["complex"] = np.zeros(3, "c8")
    file.create_dataset("arrays", (3,), dtype=np.dtype(("f4", (2,))))
    file.create_dataset("references", (1,), dtype=h5py.ref_dtype)
    file["null"] = h5py.Empty("f4")
    file.create_dataset("scaleoffset", data=a, scaleoffset=3)
    file.create_dataset("zstd", data=a, **hdf5plugin.Zstd())
    file.create_dataset("blosc", data=a, **hdf5plugin.Blosc())
    file.create_dataset("external", (10,), "f4", external=[("raw.bin", 0, 40)])
    layout = h5py.VirtualLayout((37, 5), "f4")
    layout[:] = h5py.VirtualSource("other.h5", "a", (37, 5))
    file.create_virtual_dataset("virtual", layout)
    file["other file"] = h5py.ExternalLink("other.h5", "/a")
    three = h5py.h5t.STD_I32LE.copy()
    three.set_size(3)
    h5py.h5d.create(file.id, b"three bytes", three, h5py.h5s.create_simple((4,)))


def facts(path):
    """What h5py says of every dataset of a file."""
    found = {}

    def visit(group, prefix, ancestors):
        for name in group:
            kind = group.get(name, getlink=True)
            full = prefix + name
            if isinstance(kind, h5py.ExternalLink):
                found[full] = {"refused": REFUSED.get(full, "")}
                continue
            try:
                thing = group[name]
            except (KeyError, OSError, RuntimeError):
                continue
            if isinstance(thing, h5py.Group):
                if thing not in ancestors:
                    visit(thing, full + "/", ancestors + [thing])
            elif isinstance(thing, h5py.Dataset):
                if path.stem.startswith("refused"):
                    found[full] = {"refused": REFUSED[full]}
                    continue
                values = raw(thing)
                found[full] = {
                    "shape": list(thing.shape), "chunks": list(thing.chunks) if thing.chunks else None, "bytes": len(values), "fnv": fnv(values)
                }

    with h5py.File(path) as file:
        visit(file, "", [file["/"]])
    return found


def raw(dataset):
    """The bytes of all elements in C order, as they are stored."""
    kind = dataset.id.get_type()
    count = int(np.prod(dataset.shape, dtype=np.int64)) * kind.get_size()
    buffer = np.zeros(max(1, count), np.uint8)
    if count:
        dataset.id.read(h5py.h5s.ALL, h5py.h5s.ALL, buffer, mtype=kind)
    return buffer[:count].tobytes()


def versions():
    names = ["earliest", "v108", "v110", "v112", "v114", "v200"]
    return [name for name in names if supports(name)]


def supports(name):
    try:
        with tempfile.TemporaryDirectory() as folder:
            h5py.File(Path(folder) / "x.h5", "w", libver=(name, name if name != "earliest" else "latest")).close()
        return True
    except (ValueError, KeyError):
        return False


def opened(path, version="earliest", **options):
    return h5py.File(path, "w", libver=(version, "latest" if version == "earliest" else version), **options)


def write_fixtures():
    for folder in (FOLDER, DUMPS):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
    a = random.normal(0, 2, (37, 5)).astype("f4")
    a[0, :4] = [np.inf, -np.inf, np.nan, -0.0]
    for version in ("earliest", "v110", "v200"):
        if not supports(version):
            sys.exit(f"this h5py cannot write {version}")
        with opened(FOLDER / f"kept-{version}.h5", version) as file:
            kept(file, a)
        if version != "earliest":
            with opened(FOLDER / f"indexes-{version}.h5", version) as file:
                indexes(file, a)
    with opened(FOLDER / "holes.h5") as file:
        holes(file, a)
    with opened(FOLDER / "holes-v200.h5", "v200") as file:
        holes(file, a)
    with opened(FOLDER / "types.h5") as file:
        types(file)
    with opened(FOLDER / "groups.h5") as file:
        groups(file, a)
    with opened(FOLDER / "groups-v110.h5", "v110", track_order=True) as file:
        groups(file, a)
    with opened(FOLDER / "refused.h5", "v110") as file:
        refused(file, a)
    with opened(FOLDER / "block.h5", userblock_size=1024) as file:
        file["a"] = a
    with tables.open_file(FOLDER / "pytables.h5", "w") as file:
        file.create_carray("/", "zlib", obj=a, filters=tables.Filters(5, "zlib", shuffle=True))
        file.create_earray("/", "rows", obj=np.arange(20), chunkshape=(8,))
    expected = {path.name: facts(path) for path in sorted(FOLDER.glob("*.h5"))}
    (FOLDER / "expected.json").write_text(json.dumps(expected, indent=0, sort_keys=True) + "\n")
    # Dumps.
    rows, classes = 700, 10
    row, column = np.arange(rows)[:, None], np.arange(classes)[None, :]
    logits = (((7 * row + 3 * column) % 11) - 5).astype("f4") / 4
    labels = (3 * np.arange(rows)) % classes
    forms = {
        "contiguous": {}, "gzip": {"compression": "gzip", "shuffle": True, "chunks": (100, 4)}, "lzf": {"compression": "lzf"},
        "resizable": {"maxshape": (None, classes), "chunks": (64, classes)},
    }
    for name, options in forms.items():
        with opened(DUMPS / f"{name}.h5", "v110" if name == "resizable" else "earliest") as file:
            file.create_dataset("logits", data=logits, **options)
            file.create_dataset("label", data=labels.astype("i2"), compression="gzip" if options else None)
            file["weight"] = (1 + np.arange(rows) % 3).astype("f4")
            file["id"] = np.array([f"r{index}".encode() for index in range(rows)], "S5")
    # Many blocks of chunks, which compress well since the rows come again.
    many = np.arange(150000)[:, None]
    large = (((7 * many + 3 * column) % 11) - 5).astype("f4") / 4
    for name, chunks in {"large": (7000, 10), "large-columns": (12500, 4)}.items():
        with opened(DUMPS / f"{name}.h5", "v110") as file:
            file.create_dataset("logits", data=large, chunks=chunks, compression="gzip", compression_opts=9, shuffle=True)
            labels_of_many = ((3 * np.arange(150000)) % classes).astype("u1")
            file.create_dataset("label", data=labels_of_many, chunks=(50000,), compression="gzip", compression_opts=9)
    with opened(DUMPS / "axes.h5") as file:
        # Rows of classes on axis 1, and labels of the same shape without it.
        file.create_dataset("logits", data=np.ascontiguousarray(logits.reshape(7, 100, classes).transpose(0, 2, 1)), chunks=(2, 4, 50), compression="gzip")
        file["label"] = labels.reshape(7, 100)
    size = sum(path.stat().st_size for folder in (FOLDER, DUMPS) for path in folder.iterdir())
    print(f"{len(expected)} files, {sum(len(found) for found in expected.values())} datasets, {size} bytes")


def compare(dump):
    """Compares what DUMP says of many files with what h5py says."""
    failures = count = 0
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        a = random.normal(0, 2, (57, 5)).astype("f4")
        for version in versions():
            for tracked in (False, True):
                with opened(folder / f"{version}-{tracked}.h5", version, track_order=tracked) as file:
                    kept(file, a)
                    indexes(file, a)
                    holes(file, a)
                    types(file.create_group("types"))
                    groups(file, a)
        with opened(folder / "block.h5", userblock_size=4096) as file:
            file["a"] = a
        # Many chunks: pages of arrays, deep trees.
        for version in versions():
            with opened(folder / f"chunks-{version}.h5", version) as file:
                values = (np.arange(300000) % 30000).astype("i2")
                file.create_dataset("extensible", data=values, chunks=(2,), maxshape=(None,))
                made = file.create_dataset("extensible in parts", (400000,), "i2", chunks=(1,), maxshape=(None,))
                made[200000:200100], made[390000:], made[140000] = 5, 7, 1
                file.create_dataset("fixed", data=values[:30000], chunks=(1,))
                made = file.create_dataset("fixed in parts", (300000,), "i2", chunks=(1,), maxshape=(350000,))
                made[5000:5100], made[299999] = 3, 9
                file.create_dataset("tree", data=values.reshape(300, 1000), chunks=(3, 10), maxshape=(None, None), compression="gzip")
                names = file.create_group("names")
                for index in range(2000):
                    names[f"a dataset with a long name, of which there are many, {index}"] = np.array([index], "i4")
        for path in sorted(folder.glob("*.h5")):
            wanted = facts(path)
            lines = subprocess.run([dump, path], capture_output=True, text=True, check=True).stdout.splitlines()
            found = {line.split("\t")[0]: line.split("\t")[1:] for line in lines}
            for name in sorted(set(wanted) | set(found)):
                count += 1
                fact, line = wanted.get(name), found.get(name)
                if fact is None or line is None or line[4] != str(fact["bytes"]) or f"{int(line[5]):016x}" != fact["fnv"]:
                    failures += 1
                    print(f"{path.name}: {name}: h5py {fact}, {line}")
    print(f"{count} datasets, {failures} failures")
    sys.exit(failures > 0)


if __name__ == "__main__":
    if len(sys.argv) > 2 and sys.argv[1] == "--compare":
        compare(sys.argv[2])
    else:
        write_fixtures()
