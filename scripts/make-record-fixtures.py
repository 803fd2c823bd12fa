#!/usr/bin/env python3
# /// script
# requires-python = ">=3.9"
# dependencies = ["numpy>=2", "safetensors>=0.5"]
# ///
"""Writes Tests/FormatsTests/Fixtures/json and .../safetensors, which Formats' tests replay.

    pip install numpy safetensors
    scripts/make-record-fixtures.py

json/           NAME.jsonl: random records as Python's json reads them, some of them damaged; expected.json says what paths lead to
safetensors/    expected.json: files (Base64) with what the safetensors package reads of them, and files that it refuses

The same versions give the same bytes: randomness is seeded. Where the reference disagrees with what is expected, the script stops.
"""

import base64
import json
import math
import random
import shutil
import struct
from pathlib import Path

import numpy as np
import safetensors
import safetensors.numpy

FIXTURES = Path(__file__).resolve().parent.parent / "Tests" / "FormatsTests" / "Fixtures"
SEED = 20240607


# JSON Lines -----------------------------------------------------------------------------------------------------------


def number(rng):
    """A number of any size, as a value and as JSON text."""
    kind = rng.randrange(8)
    if kind == 0:
        text = str(rng.randrange(-5, 20))
    elif kind == 1:
        text = str(rng.getrandbits(rng.choice([53, 63, 64, 90])) * rng.choice([-1, 1]))
    elif kind == 2:
        text = repr(rng.gauss(0, 10))
    elif kind == 3:
        text = "%.9g" % rng.gauss(0, 3)
    elif kind == 4:
        text = "%.*e" % (rng.randrange(25), rng.random() * 10.0 ** rng.randrange(-330, 309))
    elif kind == 5:
        # More digits than any parser keeps: half-way cases too.
        text = "0." + "0" * rng.randrange(4) + "".join(rng.choice("0123456789") for _ in range(rng.randrange(20, 60)))
    elif kind == 6:
        text = rng.choice(["NaN", "Infinity", "-Infinity", "-0", "-0.0", "1e400", "-1e400", "1e-400", "9007199254740993"])
    else:
        text = "%d.%d" % (rng.randrange(1000), rng.randrange(10**9))
    if rng.random() < 0.15:
        text = '"%s"' % text
    return text


def text(rng):
    """A string as JSON text, with escapes."""
    pieces = ["a", "Z", " ", "{", "]", ",", ":", "é", "日本", "🦀", '\\"', "\\\\", "\\n", "\\u00e9", "\\ud83e\\udd80", "\\/", "\\u0000"]
    if rng.random() < 0.05:
        pieces.append("\\ud800")
    return '"%s"' % "".join(rng.choice(pieces) for _ in range(rng.randrange(12)))


def anything(rng, depth=0):
    kind = rng.randrange(7 if depth < 3 else 4)
    if kind == 0:
        return text(rng)
    if kind == 1:
        return number(rng)
    if kind == 2:
        return rng.choice(["true", "false", "null"])
    if kind == 3:
        return rng.choice(["[]", "{}", "[ ]", "{ }"])
    space = rng.choice(["", " ", "\t", "  "])
    if kind == 4:
        return "[" + space + ("," + space).join(anything(rng, depth + 1) for _ in range(rng.randrange(1, 4))) + space + "]"
    return "{" + ("," + space).join(text(rng) + space + ":" + anything(rng, depth + 1) for _ in range(rng.randrange(1, 4))) + "}"


def escaped(rng, key):
    """A key, now and then with a letter as an escape."""
    if rng.random() < 0.1:
        place = rng.randrange(len(key))
        key = key[:place] + "\\u%04x" % ord(key[place]) + key[place + 1:]
    return '"%s"' % key


def record(rng, width):
    """A record, as JSON text: the wanted keys in any order among others, sometimes missing or of another kind."""
    space = rng.choice(["", " ", "\t ", " "])

    def array(items):
        return "[" + space + ("," + space).join(items) + space + "]"

    def numbers(count):
        return array([number(rng) for _ in range(count)])

    def fields(pairs):
        pairs = [(escaped(rng, key), value) for key, value in pairs]
        for _ in range(rng.randrange(3)):
            pairs.append((text(rng).replace('"', '"_', 1), anything(rng)))
        rng.shuffle(pairs)
        return "{" + space + ("," + space).join(key + space + ":" + space + value for key, value in pairs) + space + "}"

    odd = rng.random() < 0.1
    logits = numbers(width if not odd else rng.randrange(width + 3))
    if odd and rng.random() < 0.5:
        logits = anything(rng)
    pairs = [
        ("logits", logits),
        ("label", str(rng.randrange(10)) if rng.random() < 0.95 else anything(rng)),
        ("output", fields([("logprobs", array([numbers(2), numbers(2)])), ("text", text(rng))])),
        ("choices", array([fields([("logprob", number(rng)), ("a.b", number(rng))]) for _ in range(rng.choice([2, 2, 2, 2, 1, 3]))])),
    ]
    return fields([pair for pair in pairs if rng.random() < 0.97])


PATHS = {
    "logits": ["logits"],
    "label": ["label"],
    "output.logprobs": ["output", "logprobs"],
    "output.logprobs.*.1": ["output", "logprobs", "*", 1],
    "choices.*.logprob": ["choices", "*", "logprob"],
    "choices.1.a\\.b": ["choices", 1, "a.b"],
}


class Problem(Exception):
    pass


def unique(pairs):
    """An object; the second of two equal keys is marked, as it is no fault where no path leads."""
    found = {}
    for key, value in pairs:
        found[key] = Twice if key in found else value
    return found


class Twice:
    pass


def integer(text):
    """Python has no integer -0."""
    return -0.0 if text == "-0" else int(text)


def follow(value, steps, found):
    """What a path leads to, as the documentation of JSONLines has it."""
    if value is Twice:
        raise Problem
    if not steps:
        if isinstance(value, list):
            for element in value:
                follow(element, [], found)
        elif isinstance(value, (int, float)) and not isinstance(value, bool):
            found.append(float(value) if not isinstance(value, int) else correctly_rounded(value))
        elif isinstance(value, str):
            try:
                found.append(float(value.strip(" \t\r\n")) if "_" not in value else fail())
            except ValueError:
                raise Problem from None
        else:
            raise Problem
        return
    step, rest = steps[0], steps[1:]
    if step == "*":
        if not isinstance(value, list):
            raise Problem
        for element in value:
            follow(element, rest, found)
    elif isinstance(value, list):
        if not isinstance(step, int) or step >= len(value):
            raise Problem
        follow(value[step], rest, found)
    elif isinstance(value, dict):
        if str(step) not in value:
            raise Problem
        follow(value[str(step)], rest, found)
    else:
        raise Problem


def fail():
    raise Problem


def correctly_rounded(integer):
    try:
        return float(integer)
    except OverflowError:
        return math.copysign(math.inf, integer)


def write_json():
    folder = FIXTURES / "json"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    expected = {}
    for file in range(10):
        rng = random.Random(SEED + file)
        width = rng.choice([1, 2, 3, 5, 8])
        lines = []
        for _ in range(24):
            line = record(rng, width).encode("utf-8", "surrogatepass")
            damage = rng.random()
            if damage < 0.03:
                line = line[: rng.randrange(1, len(line) - 1)]
            elif damage < 0.05:
                line += rng.choice([b"{}", b" 1", b"x", b"]", b"}"])
            elif damage < 0.06:
                line = line.replace(b"}", b"\xff}", 1)
            lines.append(line)
            if rng.random() < 0.1:
                lines.append(rng.choice([b"", b"  ", b"\t"]))
        end = rng.choice([b"\n", b"\r\n"])
        name = "random-%d.jsonl" % file
        (folder / name).write_bytes((b"\xef\xbb\xbf" if file == 3 else b"") + end.join(lines) + (end if file % 2 else b""))
        values = {}
        for path, steps in PATHS.items():
            rows = []
            first = None
            for line in lines:
                if not line.strip():
                    continue
                try:
                    tree = json.loads(line.decode("utf-8"), object_pairs_hook=unique, parse_int=integer)
                    found = []
                    follow(tree, steps, found)
                    if not found or (first is not None and len(found) != first):
                        raise Problem
                    first = len(found)
                    rows.append(["nan" if math.isnan(value) else value.hex() for value in found])
                except (ValueError, Problem):
                    rows.append(None)
            values[path] = rows
        expected[name] = values
    (folder / "expected.json").write_text(json.dumps(expected, separators=(",", ":")).replace('"random', '\n"random') + "\n")


# safetensors ------------------------------------------------------------------------------------------------------------

SIZES = {
    "F16": 2, "BF16": 2, "F32": 4, "F64": 8, "I8": 1, "I16": 2, "I32": 4, "I64": 8, "U8": 1, "U16": 2, "U32": 4, "U64": 8, "BOOL": 1,
}


def raw(header, data=b""):
    """A file of a header, as text or as what json makes of it."""
    if not isinstance(header, (str, bytes)):
        header = json.dumps(header)
    if isinstance(header, str):
        header = header.encode()
    return struct.pack("<Q", len(header)) + header + data


def tensor(dtype, shape, begin, end, **others):
    return {"dtype": dtype, "shape": shape, "data_offsets": [begin, end], **others}


def is_read(data):
    try:
        return safetensors.deserialize(data)
    except safetensors.SafetensorError:
        return None


def write_safetensors():
    rng = random.Random(SEED)
    folder = FIXTURES / "safetensors"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    good = []
    for _ in range(30):
        header, data = {}, b""
        for index in range(rng.randrange(6)):
            dtype = rng.choice(list(SIZES))
            shape = [rng.randrange(5) for _ in range(rng.randrange(4))]
            name = rng.choice(["logits", "é", 'quo"te', "a.b", "日本", "\\", "\n"]) + str(index)
            values = rng.randbytes(math.prod(shape) * SIZES[dtype])
            header[name] = tensor(dtype, shape, len(data), len(data) + len(values))
            data += values
        names = list(header)
        rng.shuffle(names)
        header = {name: header[name] for name in names}
        if rng.random() < 0.3:
            header["__metadata__"] = {"note": "x", "é": "\n"}
        good.append(raw(json.dumps(header, ensure_ascii=rng.random() < 0.5) + " " * rng.randrange(9), data))
    good.append(safetensors.numpy.save({"a": np.arange(6, dtype=np.float32).reshape(2, 3), "b": np.array(3, np.int64)}))
    # By hand: what the package does not write, and reads.
    good.append(raw({"b": tensor("F32", [1], 4, 8), "a": tensor("F32", [1], 0, 4)}, bytes(8)))
    good.append(raw({"a": tensor("F32", [0, 7], 0, 0), "b": tensor("U8", [3], 0, 3), "c": tensor("F64", [0], 3, 3)}, b"abc"))
    good.append(raw(json.dumps({"a": tensor("U8", [], 0, 1)}) + "   ", b"x"))
    good.append(raw({}))
    good.append(raw({"__metadata__": {"a": "b"}}))
    good.append(raw('{"\\u0061":{"shape":[2],"data_offsets":[0,2],"dtype":"I8"}}', b"xy"))
    good.append(raw('{ "a" : { "dtype" : "I8" , "shape" : [ 2 ] , "data_offsets" : [ 0 , 2 ] } }', b"xy"))

    refused = {
        "header beyond the file": struct.pack("<Q", 100) + b"{}",
        "header of 2^63": struct.pack("<Q", 1 << 63) + b"{}",
        "header of 100 MB and 1": struct.pack("<Q", 100_000_001) + b"{}",
        "seven bytes": b"\x02\0\0\0\0\0\0",
        "no header": struct.pack("<Q", 0),
        "no JSON": raw('{"a"}'),
        "cut JSON": raw('{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]', b"x"),
        "a list": raw("[]"),
        "more JSON after it": raw("{}{}"),
        "NUL after it": raw("{}\0\0"),
        "a trailing comma": raw('{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1],}}', b"x"),
        "no UTF-8": raw(b'{"\xff":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}', b"x"),
        "no dtype": raw({"a": {"shape": [1], "data_offsets": [0, 1]}}, b"x"),
        "no shape": raw({"a": {"dtype": "U8", "data_offsets": [0, 1]}}, b"x"),
        "no offsets": raw({"a": {"dtype": "U8", "shape": [1]}}, b"x"),
        "dtype twice": raw('{"a":{"dtype":"U8","dtype":"U8","shape":[1],"data_offsets":[0,1]}}', b"x"),
        "a tensor that is a number": raw({"a": 1}),
        "a shape that is a number": raw({"a": tensor("U8", 1, 0, 1)}, b"x"),
        "a fraction in the shape": raw({"a": tensor("U8", [1.0], 0, 1)}, b"x"),
        "a negative dimension": raw({"a": tensor("U8", [-1], 0, 1)}, b"x"),
        "a dimension of 2^64": raw({"a": tensor("U8", [1 << 64], 0, 1)}, b"x"),
        "a text in the offsets": raw({"a": {"dtype": "U8", "shape": [1], "data_offsets": ["0", 1]}}, b"x"),
        "one offset": raw({"a": {"dtype": "U8", "shape": [1], "data_offsets": [1]}}, b"x"),
        "three offsets": raw({"a": {"dtype": "U8", "shape": [1], "data_offsets": [0, 1, 1]}}, b"x"),
        "offsets the wrong way round": raw({"a": tensor("U8", [1], 1, 0)}, b"x"),
        "overlapping": raw({"a": tensor("U8", [2], 0, 2), "b": tensor("U8", [2], 1, 3)}, b"xyz"),
        "the same bytes twice": raw({"a": tensor("U8", [2], 0, 2), "b": tensor("U8", [2], 0, 2)}, b"xy"),
        "a hole": raw({"a": tensor("U8", [1], 0, 1), "b": tensor("U8", [1], 2, 3)}, b"xyz"),
        "a hole at the beginning": raw({"a": tensor("U8", [1], 1, 2)}, b"xy"),
        "beyond the file": raw({"a": tensor("U8", [9], 0, 9)}, b"x"),
        "beyond Int64": raw({"a": tensor("U8", [1], 0, 1), "b": tensor("U8", [(1 << 63) - 2], 1, (1 << 63) - 1)}, b"x"),
        "bytes after the data": raw({"a": tensor("U8", [1], 0, 1)}, b"xy"),
        "too few bytes for the shape": raw({"a": tensor("F32", [2], 0, 4)}, bytes(4)),
        "a shape whose product overflows": raw({"a": tensor("U8", [1 << 40, 1 << 40], 0, 1)}, b"x"),
        "metadata that is a list": raw({"__metadata__": []}),
        "metadata that is no text": raw({"__metadata__": {"a": 1}}),
    }
    for name, data in refused.items():
        if is_read(data) is not None:
            raise SystemExit(f"safetensors reads what is to be refused: {name}")
    # What the package reads, and Xent does not: of two tensors of one name one would be lost in silence.
    refused["a name twice"] = raw(
        '{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}', b"x")

    unread = {
        "F8_E4M3": raw({"a": tensor("F8_E4M3", [2], 0, 2), "b": tensor("F32", [1], 2, 6)}, bytes(6)),
        "F8_E5M2": raw({"a": tensor("F8_E5M2", [2], 0, 2), "b": tensor("F32", [1], 2, 6)}, bytes(6)),
    }
    listed = []
    for data in good:
        read = is_read(data)
        if read is None:
            raise SystemExit(f"safetensors refuses what is to be read: {data[:200]!r}")
        arrays = {name: {"dtype": t["dtype"], "shape": list(t["shape"]), "data": bytes(t["data"]).hex()} for name, t in read}
        listed.append({"file": base64.b64encode(data).decode(), "arrays": arrays})
    for name, data in unread.items():
        if is_read(data) is None:
            raise SystemExit(f"safetensors refuses {name}")
    expected = {
        "good": listed,
        "refused": {name: base64.b64encode(data).decode() for name, data in refused.items()},
        "unreadable": {name: base64.b64encode(data).decode() for name, data in unread.items()},
    }
    (folder / "expected.json").write_text(json.dumps(expected, indent=0, ensure_ascii=True) + "\n")


if __name__ == "__main__":
    write_json()
    write_safetensors()
