#!/usr/bin/env python3
"""Writes a file that is meant to do harm to standard output, for scripts/break.sh. `endless-…` do not end by themselves.

  scripts/make-hostile-data.py NAME [NUMBER]
"""

import ctypes
import ctypes.util
import gzip
import json
import os
import struct
import sys
import zlib

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "Tests", "Fuzz", "CommandLine"))
sys.dont_write_bytecode = True

import containers  # noqa: E402

out = sys.stdout.buffer


def forever(piece):
    while True:
        out.write(piece)


def two_rows():
    return containers.npy([0.25, 0.5], [2], "f8")


def header(shape, descr="<f4", fortran="False"):
    text = ("{'descr': %r, 'fortran_order': %s, 'shape': %s, }" % (descr, fortran, shape)).encode()
    text += b" " * (-(len(text) + 11) % 64) + b"\n"
    return b"\x93NUMPY\1\0" + struct.pack("<H", len(text)) + text


def gzip_bomb():
    """Two rows, and 4 GiB of zeros after them: 4 MB."""
    deflate = zlib.compressobj(9, zlib.DEFLATED, 31)
    out.write(deflate.compress(two_rows()))
    zeros = bytes(1 << 24)
    for _ in range(256):
        out.write(deflate.compress(zeros))
    out.write(deflate.flush())


def endless_zstd():
    frame = containers.zstd_frame(bytes(1 << 20))
    out.write(containers.zstd_frame(two_rows()))
    forever(frame)


def endless_gzip():
    out.write(gzip.compress(two_rows(), mtime=0))
    forever(gzip.compress(bytes(1 << 20), mtime=0))


def endless_npy():
    out.write(two_rows())
    forever(bytes(1 << 16))


def endless_field():
    out.write(b"p,y\n0.5,1\n")
    forever(b"0" * (1 << 16))


def endless_quote():
    out.write(b'p,y\n0.5,"1')
    forever(b"1\n" * (1 << 15))


def endless_header():
    forever(b"name," * (1 << 13))


def endless_string():
    out.write(b'{"p": 0.5, "y": 1}\n{"p": 0.5, "y": 1, "note": "')
    forever(b"x" * (1 << 16))


def endless_array():
    out.write(b'{"p": 0.5, "y": 1}\n{"y": 1, "p": [')
    forever(b"0.5," * (1 << 14))


def endless_depth():
    forever(b"[" * (1 << 16))


def endless_blank_lines():
    out.write(b"p,y\n0.5,1\n")
    forever(b" \n" * (1 << 15))


def large_record(count):
    """JSON Lines whose second record has so many bytes."""
    out.write(b'{"p": 0.5, "y": 1, "note": "a"}\n{"p": 0.25, "y": 0, "note": "')
    out.write(b"x" * count)
    out.write(b'"}\n{"p": 0.75, "y": 1, "note": "b"}\n')


def large_first_record(count):
    out.write(b'{"p": 0.5, "y": 1, "note": "' + b"x" * count + b'"}\n{"p": 0.25, "y": 0, "note": "a"}\n')


def large_field(count):
    out.write(b"note,p,y\na,0.5,1\n" + b"x" * count + b",0.25,0\nb,0.75,1\n")


def many_columns(count):
    out.write(b",".join(b"p%d" % index for index in range(count)) + b",y\n")
    for row in range(2):
        out.write(b"0.001," * count + b"%d\n" % row)


def wide_safetensors(count):
    """A header of so many bytes, of small tensors that nobody asks for."""
    tensors, size, index = {"p": {"dtype": "F64", "shape": [2], "data_offsets": [0, 16]}}, 100, 0
    while size < count:
        name = "layer.%d.weight" % index
        tensors[name] = {"dtype": "F32", "shape": [0], "data_offsets": [16, 16]}
        size += len(name) + 65
        index += 1
    text = json.dumps(tensors).encode()
    out.write(struct.pack("<Q", len(text)) + text + struct.pack("<2d", 0.25, 0.5))


def many_parts(count):
    """A partial of so many parts, made of the one on standard input, which is of row 0 of two."""
    one = sys.stdin.buffer.read()
    begin = one.index(struct.pack("<QQ", 1, 1))
    if one[begin + 32 : begin + 56] != struct.pack("<QQQ", 1, 0, 1):
        sys.exit("make-hostile-data: the partial is not of row 0")
    identity, content = one[begin + 8 : begin + 32], one[begin + 56 : -8]
    parts = b"".join(identity + struct.pack("<QQQ", 1, row, row + 1) + content for row in range(count))
    whole = one[:begin] + struct.pack("<Q", count) + parts
    hashes = ctypes.CDLL(ctypes.util.find_library("xxhash") or "libxxhash.so.0")
    hashes.XXH64.restype, hashes.XXH64.argtypes = ctypes.c_uint64, [ctypes.c_char_p, ctypes.c_size_t, ctypes.c_uint64]
    out.write(whole + struct.pack("<Q", hashes.XXH64(whole, len(whole), 0)))


def frames(count, kind):
    """A dump in zstd with so many frames before it that hold nothing."""
    empty = {"empty": bytes([0x28, 0xB5, 0x2F, 0xFD, 0x20, 0, 1, 0, 0]), "skippable": struct.pack("<II", 0x184D2A53, 0)}[kind]
    for _ in range(count // 1000):
        out.write(empty * 1000)
    out.write(containers.zstd_frame(containers.npy([0.25, 0.5], [2], "f8")))


def large_raw_block():
    """One raw block of a million bytes, which the format's limit of 128 KiB forbids."""
    data = containers.npy([0.5] * 125000, [125000], "f8")
    out.write(struct.pack("<IBQ", 0xFD2FB528, 0xE0, len(data)) + (len(data) << 3 | 1).to_bytes(3, "little") + data)


def zip_of(members):
    import io
    import zipfile

    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as target:
        for name, data in members:
            target.writestr(name, data)
    return archive.getvalue()


def zip_bomb():
    out.write(zip_of([("p.npy", header("(2,)") + bytes(1 << 28))]))


PLAIN = {
    "npy-of-exabytes": lambda: out.write(header("(1152921504606846976,)") + bytes(64)),
    "npy-overflow": lambda: out.write(header("(4294967296, 4294967296)") + bytes(64)),
    "npy-negative": lambda: out.write(header("(-4, 2)") + bytes(64)),
    "npy-code": lambda: out.write(header("(__import__('os').system('touch executed'),)") + bytes(64)),
    "npy-deep": lambda: out.write(header("(" * 10000 + "2" + ")" * 10000) + bytes(64)),
    "npy-object": lambda: out.write(header("(2,)", "|O") + b"cos\nsystem\n(S'touch executed'\ntR."),
    "pickle": lambda: out.write(b"\x80\x04cposix\nsystem\nX\x0e\x00\x00\x00touch executed\x85R."),
    "safetensors-of-exabytes": lambda: out.write(struct.pack("<Q", 1 << 62) + b"{}"),
    "safetensors-overlap": lambda: out.write(containers.safetensors({"p": ([0.5, 0.25], [2], "f8")}).replace(b"[0, 16]", b"[8, 24]")),
    "json-deep": lambda: out.write(b'{"p": ' + b"[" * 1000000 + b"]" * 1000000 + b"}\n"),
    "json-deep-unselected": lambda: out.write(b'{"p": 0.5, "y": 1, "x": ' + b"[" * 1000000 + b"]" * 1000000 + b"}\n"),
    "csv-nul": lambda: out.write(b"p,y\n0.5,1\n0.\x005,1\n"),
    "zstd-window": lambda: out.write(struct.pack("<IBB", 0xFD2FB528, 0x00, 0xA8) + bytes([9, 0, 0, 65])),
    "zip-of-itself": lambda: out.write(zip_of([("a.zip", zip_of([("a.csv", b"p,y\n0.5,1\n")]))])),
    "parquet-lies": lambda: out.write(containers.parquet([("p", "f8", [0.5, 0.25])], [2]).replace(b"\x15\x20\x15\x20", b"\x15\xfe\x15\x20")),
    "gzip-bomb": gzip_bomb,
    "zip-bomb": zip_bomb,
    "large-raw-block": large_raw_block,
    "endless-zstd": endless_zstd,
    "endless-gzip": endless_gzip,
    "endless-npy": endless_npy,
    "endless-field": endless_field,
    "endless-quote": endless_quote,
    "endless-header": endless_header,
    "endless-string": endless_string,
    "endless-array": endless_array,
    "endless-depth": endless_depth,
    "endless-blank-lines": endless_blank_lines,
}
COUNTED = {
    "large-record": large_record,
    "large-first-record": large_first_record,
    "large-field": large_field,
    "many-columns": many_columns,
    "wide-safetensors": wide_safetensors,
    "many-parts": many_parts,
    "empty-frames": lambda count: frames(count, "empty"),
    "skippable-frames": lambda count: frames(count, "skippable"),
}


def main():
    name = sys.argv[1] if len(sys.argv) > 1 else ""
    try:
        if name in PLAIN and len(sys.argv) == 2:
            PLAIN[name]()
        elif name in COUNTED and len(sys.argv) == 3:
            COUNTED[name](int(sys.argv[2]))
        else:
            print("make-hostile-data: give one of %s, or one of %s with a number" % (", ".join(PLAIN), ", ".join(COUNTED)), file=sys.stderr)
            sys.exit(64)
        out.flush()
    except BrokenPipeError:
        # The reader has seen enough.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


main()
