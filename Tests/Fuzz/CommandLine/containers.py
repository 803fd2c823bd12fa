"""Writers of the files that xent reads, by Python's own library and libzstd: dumps of rows, and the framings around them.

Written from the formats' specifications, and simply: what they write is what other programs write, with a choice wherever those differ.
"""

import ctypes
import ctypes.util
import gzip
import io
import json
import struct
import zipfile
import zlib

# zstd -----------------------------------------------------------------------------------------------------------------------

_library = None


def _zstd():
    global _library
    if _library is None:
        name = ctypes.util.find_library("zstd") or "libzstd.so.1"
        _library = ctypes.CDLL(name)
        _library.ZSTD_compressBound.restype = ctypes.c_size_t
        _library.ZSTD_compressBound.argtypes = [ctypes.c_size_t]
        _library.ZSTD_createCCtx.restype = ctypes.c_void_p
        _library.ZSTD_freeCCtx.argtypes = [ctypes.c_void_p]
        _library.ZSTD_CCtx_setParameter.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_int]
        _library.ZSTD_compress2.restype = ctypes.c_size_t
        _library.ZSTD_compress2.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_size_t, ctypes.c_char_p, ctypes.c_size_t]
        _library.ZSTD_isError.argtypes = [ctypes.c_size_t]
    return _library


def zstd_frame(data, level=3, has_checksum=True, has_size=True):
    """One frame of zstd."""
    library = _zstd()
    context = library.ZSTD_createCCtx()
    # ZSTD_c_compressionLevel, ZSTD_c_contentSizeFlag, ZSTD_c_checksumFlag.
    for parameter, value in ((100, level), (200, int(has_size)), (201, int(has_checksum))):
        library.ZSTD_CCtx_setParameter(context, parameter, value)
    capacity = library.ZSTD_compressBound(len(data))
    buffer = ctypes.create_string_buffer(capacity)
    count = library.ZSTD_compress2(context, buffer, capacity, data, len(data))
    library.ZSTD_freeCCtx(context)
    if library.ZSTD_isError(count):
        raise OSError("libzstd could not compress")
    return buffer.raw[:count]


def _xxh64(data):
    """XXH64 with the seed 0 (https://github.com/Cyan4973/xxHash), for the checksums of seek tables."""
    mask = (1 << 64) - 1
    p1, p2, p3, p4, p5 = 0x9E3779B185EBCA87, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 0x85EBCA77C2B2AE63, 0x27D4EB2F165667C5

    def rotated(x, count):
        return (x << count | x >> (64 - count)) & mask

    def round_of(lane, word):
        return rotated((lane + word * p2) & mask, 31) * p1 & mask

    place = 0
    if len(data) >= 32:
        lanes = [(p1 + p2) & mask, p2, 0, -p1 & mask]
        while place + 32 <= len(data):
            for index, word in enumerate(struct.unpack_from("<4Q", data, place)):
                lanes[index] = round_of(lanes[index], word)
            place += 32
        found = sum(rotated(lane, count) for lane, count in zip(lanes, (1, 7, 12, 18))) & mask
        for lane in lanes:
            found = ((found ^ round_of(0, lane)) * p1 + p4) & mask
    else:
        found = p5
    found = (found + len(data)) & mask
    while place + 8 <= len(data):
        found = (rotated(found ^ round_of(0, struct.unpack_from("<Q", data, place)[0]), 27) * p1 + p4) & mask
        place += 8
    if place + 4 <= len(data):
        found = (rotated(found ^ struct.unpack_from("<I", data, place)[0] * p1 & mask, 23) * p2 + p3) & mask
        place += 4
    for byte in data[place:]:
        found = rotated(found ^ byte * p5 & mask, 11) * p1 & mask
    found = (found ^ found >> 33) * p2 & mask
    found = (found ^ found >> 29) * p3 & mask
    return found ^ found >> 32


def _pieces(random, data, most=7):
    """The data cut at random places; empty pieces are left out."""
    cuts = sorted(random.randrange(len(data) + 1) for _ in range(random.randrange(most)))
    ends = cuts + [len(data)]
    return [data[begin:end] for begin, end in zip([0] + cuts, ends) if end > begin] or [data]


def _seekable(random, data, has_checksums):
    frames = [(zstd_frame(piece, has_checksum=random.random() < 0.5), piece) for piece in _pieces(random, data)]
    table = b""
    for frame, piece in frames:
        table += struct.pack("<II", len(frame), len(piece))
        if has_checksums:
            table += struct.pack("<I", _xxh64(piece) & 0xFFFFFFFF)
    table += struct.pack("<IBI", len(frames), 0x80 if has_checksums else 0, 0x8F92EAB1)
    return b"".join(frame for frame, _ in frames) + struct.pack("<II", 0x184D2A5E, len(table)) + table


def _bgzf(random, data):
    blocks = b""
    for piece in _pieces(random, data) + [b""]:
        deflate = zlib.compressobj(6, zlib.DEFLATED, -15)
        body = deflate.compress(piece) + deflate.flush()
        blocks += bytes([31, 139, 8, 4, 0, 0, 0, 0, 0, 255, 6, 0, 66, 67, 2, 0]) + struct.pack("<H", len(body) + 25) + body
        blocks += struct.pack("<II", zlib.crc32(piece), len(piece))
    return blocks


def _zipped(data, name):
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as target:
        target.writestr(zipfile.ZipInfo(name, (2020, 1, 1, 0, 0, 0)), data, zipfile.ZIP_DEFLATED)
    return archive.getvalue()


FRAMINGS = ("raw", "zst", "zst-checked", "zst-streamed", "zst-frames", "zst-seekable", "zst-seekable-checked", "pzstd", "gz", "gz-members", "bgzf")
# Whose every byte is under a checksum, so that damage is found.
CHECKED_FRAMINGS = ("zst-checked", "zst-frames", "zst-seekable-checked", "gz", "gz-members", "bgzf")


def framed(random, data, framing, name="dump.txt"):
    """The data in one of FRAMINGS, or in "zip" as the one file in an archive. Frames are cut at random places."""
    if framing == "raw":
        return data
    if framing == "zst":
        return zstd_frame(data, random.choice((1, 3, 9, -5)), has_checksum=False)
    if framing == "zst-checked":
        return zstd_frame(data, random.choice((1, 3, 9)))
    if framing == "zst-streamed":
        return zstd_frame(data, has_size=False)
    if framing == "zst-frames":
        return b"".join(zstd_frame(piece, has_size=random.random() < 0.7) for piece in _pieces(random, data))
    if framing in ("zst-seekable", "zst-seekable-checked"):
        return _seekable(random, data, framing.endswith("checked"))
    if framing == "pzstd":
        frames = [zstd_frame(piece) for piece in _pieces(random, data)]
        return b"".join(struct.pack("<III", 0x184D2A50, 4, len(frame)) + frame for frame in frames)
    if framing == "gz":
        return gzip.compress(data, random.choice((1, 6, 9)), mtime=0)
    if framing == "gz-members":
        return b"".join(gzip.compress(piece, 6, mtime=0) for piece in _pieces(random, data))
    if framing == "bgzf":
        return _bgzf(random, data)
    if framing == "zip":
        return _zipped(data, name)
    raise ValueError(framing)


# Arrays ---------------------------------------------------------------------------------------------------------------------

# struct's letter and the bytes of each type.
NUMBERS = {
    "f2": ("e", 2), "f4": ("f", 4), "f8": ("d", 8), "i1": ("b", 1), "i2": ("h", 2), "i4": ("i", 4), "i8": ("q", 8), "u1": ("B", 1),
    "u2": ("H", 2), "u4": ("I", 4), "u8": ("Q", 8), "b1": ("?", 1),
}
SAFETENSORS = {
    "f2": "F16", "bf16": "BF16", "f4": "F32", "f8": "F64", "i1": "I8", "i2": "I16", "i4": "I32", "i8": "I64", "u1": "U8", "u2": "U16",
    "u4": "U32", "u8": "U64", "b1": "BOOL",
}


def as_stored(value, element):
    """The value as the type holds it: rounded to nearest; infinite where it is too large."""
    if element in ("f8", "text"):
        return value
    if element == "bf16":
        bits = struct.unpack("<I", struct.pack("<f", as_stored(value, "f4")))[0]
        if value != value:
            return value
        bits = (bits + 0x7FFF + (bits >> 16 & 1)) & 0xFFFF0000
        return struct.unpack("<f", struct.pack("<I", bits))[0]
    try:
        letter = NUMBERS[element][0]
        return struct.unpack("<" + letter, struct.pack("<" + letter, value))[0]
    except OverflowError:
        return float("inf") if value > 0 else float("-inf")


def packed(values, element, order="<"):
    """The numbers, one after another."""
    if element == "bf16":
        return b"".join(struct.pack("<f", value)[2:] for value in values)
    return struct.pack(order + str(len(values)) + NUMBERS[element][0], *values)


def _transposed(values, shape):
    """The elements in Fortran's order."""
    if len(shape) < 2:
        return values
    strides, stride = [], 1
    for size in reversed(shape):
        strides.insert(0, stride)
        stride *= size
    result = []
    index = [0] * len(shape)
    for _ in range(len(values)):
        result.append(values[sum(place * step for place, step in zip(index, strides))])
        for axis in range(len(shape)):
            index[axis] += 1
            if index[axis] < shape[axis]:
                break
            index[axis] = 0
    return result


def npy(values, shape, element, order="<", is_fortran=False, version=1):
    """A .npy of version 1, 2 or 3."""
    kind = ("|" if NUMBERS[element][1] == 1 else order) + element
    dictionary = "{'descr': '%s', 'fortran_order': %s, 'shape': (%s), }" % (kind, is_fortran, "".join("%d, " % size for size in shape))
    length = 2 if version == 1 else 4
    padding = -(8 + length + len(dictionary) + 1) % 64
    header = dictionary.encode() + b" " * padding + b"\n"
    data = packed(_transposed(values, shape) if is_fortran else values, element, order)
    return b"\x93NUMPY" + bytes([version, 0]) + len(header).to_bytes(length, "little") + header + data


def npz(arrays, is_deflated):
    """An archive of arrays, given as {name: bytes of a .npy}."""
    archive = io.BytesIO()
    method = zipfile.ZIP_DEFLATED if is_deflated else zipfile.ZIP_STORED
    with zipfile.ZipFile(archive, "w", method) as target:
        for name, data in arrays.items():
            target.writestr(zipfile.ZipInfo(name + ".npy", (2020, 1, 1, 0, 0, 0)), data, method)
    return archive.getvalue()


def safetensors(arrays):
    """{name: (values, shape, element)}."""
    header, data = {}, b""
    for name, (values, shape, element) in arrays.items():
        bytes_of_array = packed(values, element)
        header[name] = {"dtype": SAFETENSORS[element], "shape": list(shape), "data_offsets": [len(data), len(data) + len(bytes_of_array)]}
        data += bytes_of_array
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + data


# Parquet --------------------------------------------------------------------------------------------------------------------


def _varint(number):
    result = bytearray()
    while number >= 0x80:
        result.append(number & 0x7F | 0x80)
        number >>= 7
    result.append(number)
    return bytes(result)


def _thrift(fields):
    """A struct of Thrift's compact protocol: [(id, kind, value)], kinds i32, i64, binary, struct, list of a kind."""
    kinds = {"i32": 5, "i64": 6, "binary": 8, "struct": 12, "list": 9}

    def encoded(kind, value):
        if kind in ("i32", "i64"):
            return _varint(value << 1 if value >= 0 else (-value << 1) - 1)
        if kind == "binary":
            return _varint(len(value)) + value
        if kind == "struct":
            return _thrift(value)
        element, items = value
        head = bytes([len(items) << 4 | kinds[element]]) if len(items) < 15 else bytes([0xF0 | kinds[element]]) + _varint(len(items))
        return head + b"".join(encoded(element, item) for item in items)

    result, last = b"", 0
    for number, kind, value in fields:
        step = number - last
        result += bytes([step << 4 | kinds[kind]]) if 0 < step < 16 else bytes([kinds[kind]]) + _varint(number << 1)
        result += encoded(kind, value)
        last = number
    return result + b"\0"


def parquet(columns, row_groups, codec=0, has_checksums=False):
    """A Parquet file of plain pages of version 1.

    columns: [(name, kind, values)], kind "f4", "f8", "i4", "i8" or "text"; row_groups: the number of rows of each; codec: 0 for none,
    2 for gzip, 6 for zstd.
    """
    types = {"i4": 1, "i8": 2, "f4": 4, "f8": 5, "text": 6}
    file, groups, begin = b"PAR1", [], 0
    for count in row_groups:
        chunks, total = [], 0
        for name, kind, values in columns:
            part = values[begin : begin + count]
            if kind == "text":
                page = b"".join(struct.pack("<I", len(text.encode())) + text.encode() for text in part)
            else:
                page = packed(part, kind)
            stored = {0: lambda: page, 2: lambda: gzip.compress(page, mtime=0), 6: lambda: zstd_frame(page)}[codec]()
            fields = [(1, "i32", 0), (2, "i32", len(page)), (3, "i32", len(stored))]
            if has_checksums:
                checksum = zlib.crc32(stored)
                fields.append((4, "i32", checksum - (1 << 32) if checksum >> 31 else checksum))
            fields.append((5, "struct", [(1, "i32", count), (2, "i32", 0), (3, "i32", 3), (4, "i32", 3)]))
            head = _thrift(fields)
            size, full = len(head) + len(stored), len(head) + len(page)
            described = [
                (1, "i32", types[kind]), (2, "list", ("i32", [0, 3])), (3, "list", ("binary", [name.encode()])), (4, "i32", codec),
                (5, "i64", count), (6, "i64", full), (7, "i64", size), (9, "i64", len(file)),
            ]
            chunks.append([(2, "i64", len(file)), (3, "struct", described)])
            file += head + stored
            total += full
        groups.append([(1, "list", ("struct", chunks)), (2, "i64", total), (3, "i64", count)])
        begin += count
    schema = [[(4, "binary", b"schema"), (5, "i32", len(columns))]]
    for name, kind, _ in columns:
        fields = [(1, "i32", types[kind]), (3, "i32", 0), (4, "binary", name.encode())]
        schema.append(fields + ([(6, "i32", 0)] if kind == "text" else []))
    footer = _thrift([(1, "i32", 1), (2, "list", ("struct", schema)), (3, "i64", begin), (4, "list", ("struct", groups))])
    return file + footer + struct.pack("<I", len(footer)) + b"PAR1"


# Arrow IPC ------------------------------------------------------------------------------------------------------------------


def _flat(fields):
    """A message of Flatbuffers, whose root is a table: [(id, kind, value)], kinds u8, i16, i32, i64, text, table, tables, structs (the
    bytes of elements and their number)."""
    data = bytearray(8)

    def table(fields):
        data.extend(b"\0" * (-len(data) % 8))
        listed = max((number for number, _, _ in fields), default=-1) + 1
        size = 4 + 2 * listed
        vtable = len(data)
        data.extend(bytes(size))
        data.extend(b"\0" * (-len(data) % 8))
        begin = len(data)
        data.extend(struct.pack("<i4x", begin - vtable) + bytes(8 * len(fields)))
        struct.pack_into("<HH", data, vtable, size, len(data) - begin)
        later = []
        for slot, (number, kind, value) in enumerate(fields):
            place = begin + 8 + 8 * slot
            struct.pack_into("<H", data, vtable + 4 + 2 * number, place - begin)
            if kind in ("u8", "i16", "i32", "i64"):
                struct.pack_into({"u8": "<B", "i16": "<h", "i32": "<i", "i64": "<q"}[kind], data, place, value)
            else:
                later.append((place, kind, value))
        for place, kind, value in later:
            target = emit(kind, value)
            struct.pack_into("<I", data, place, target - place)
        return begin

    def emit(kind, value):
        if kind == "table":
            return table(value)
        data.extend(b"\0" * (-len(data) % 8))
        if kind == "text":
            begin = len(data)
            data.extend(struct.pack("<I", len(value)) + value + b"\0")
            return begin
        if kind == "structs":
            # Elements lie at multiples of eight.
            data.extend(bytes(4))
            begin = len(data)
            data.extend(struct.pack("<I", value[1]) + value[0])
            return begin
        begin = len(data)
        data.extend(struct.pack("<I", len(value)) + bytes(4 * len(value)))
        for index, fields in enumerate(value):
            place = begin + 4 + 4 * index
            struct.pack_into("<I", data, place, table(fields) - place)
        return begin

    struct.pack_into("<I", data, 0, table(fields))
    return bytes(data) + b"\0" * (-len(data) % 8)


def arrow(columns, batches, codec=None, is_stream=False):
    """An Arrow IPC file or stream.

    columns: [(name, kind, values)], kind "f4", "f8", "i4", "i8" or "text", or a pair of "fixed" or "list" and the kind of the items, whose
    values are rows; batches: the number of rows of each; codec: None or "zstd".
    """

    def kind_of(kind):
        if kind[0] == "f" and kind != "fixed":
            return 3, [(0, "i16", {"f4": 1, "f8": 2}[kind])]
        return (2, [(0, "i32", 8 * int(kind[1])), (1, "u8", 1)]) if kind[0] == "i" else (5, [])

    def field(name, kind, values):
        if isinstance(kind, tuple):
            number, details = (16, [(0, "i32", len(values[0]))]) if kind[0] == "fixed" else (12, [])
            children = [field("item", kind[1], [])]
        else:
            (number, details), children = kind_of(kind), []
        return [(0, "text", name.encode()), (1, "u8", 1), (2, "u8", number), (3, "table", details), (5, "tables", children)]

    def stored(data):
        if codec is None or not data:
            return data
        return struct.pack("<q", len(data)) + zstd_frame(data)

    def message(kind, header, body):
        metadata = _flat([(0, "i16", 4), (1, "u8", kind), (2, "table", header), (3, "i64", len(body))])
        head = struct.pack("<iI", -1, len(metadata)) + metadata
        return head, head + body

    def batch(begin, count):
        nodes, buffers, body = b"", b"", b""

        def add(data):
            nonlocal buffers, body
            data = stored(data)
            buffers += struct.pack("<qq", len(body), len(data))
            body += data + b"\0" * (-len(data) % 8)

        def add_values(kind, values):
            nonlocal nodes
            nodes += struct.pack("<qq", len(values), 0)
            add(b"")
            if kind != "text":
                return add(packed(values, kind))
            texts = [text.encode() for text in values]
            offsets = [sum(len(text) for text in texts[:index]) for index in range(len(texts) + 1)]
            add(struct.pack("<%di" % len(offsets), *offsets))
            add(b"".join(texts))

        for _, kind, values in columns:
            rows = values[begin : begin + count]
            if isinstance(kind, tuple):
                nodes += struct.pack("<qq", count, 0)
                add(b"")
                if kind[0] == "list":
                    add(struct.pack("<%di" % (count + 1), *[sum(len(row) for row in rows[:index]) for index in range(count + 1)]))
                add_values(kind[1], [value for row in rows for value in row])
            else:
                add_values(kind, rows)
        header = [(0, "i64", count), (1, "structs", (nodes, len(nodes) // 16)), (2, "structs", (buffers, len(buffers) // 16))]
        return header + ([(3, "table", [(0, "u8", 1)])] if codec else []), body

    schema = [(1, "tables", [field(*column) for column in columns])]
    file = b"" if is_stream else b"ARROW1\0\0"
    file += message(1, schema, b"")[1]
    begin, blocks = 0, b""
    for count in batches:
        header, body = batch(begin, count)
        head, whole = message(3, header, body)
        blocks += struct.pack("<qi4xq", len(file), len(head), len(body))
        file += whole
        begin += count
    file += struct.pack("<iI", -1, 0)
    if is_stream:
        return file
    footer = _flat([(0, "i16", 4), (1, "table", schema), (3, "structs", (blocks, len(batches)))])
    return file + footer + struct.pack("<I", len(footer)) + b"ARROW1"


# HDF5 -----------------------------------------------------------------------------------------------------------------------


def _lookup3(data):
    """The checksum of HDF5's structures: hashlittle of lookup3.c, from 0."""
    mask = 0xFFFFFFFF
    turned = lambda x, count: (x << count | x >> 32 - count) & mask
    a = b = c = 0xDEADBEEF + len(data) & mask
    while len(data) > 12:
        one, two, three = struct.unpack("<III", data[:12])
        a, b, c = a + one & mask, b + two & mask, c + three & mask
        for count in (4, 6, 8, 16, 19, 4):
            a = (a - c & mask) ^ turned(c, count)
            c = c + b & mask
            a, b, c = b, c, a
        data = data[12:]
    if data:
        one, two, three = struct.unpack("<III", data.ljust(12, b"\0"))
        a, b, c = a + one & mask, b + two & mask, c + three & mask
        for count in (14, 11, 25, 16, 4, 14, 24):
            c = (c ^ b) - turned(b, count) & mask
            a, b, c = b, c, a
        c = b
    return c


def hdf5(arrays, chunk_rows=None, is_shuffled=False, has_checksums=False, is_new=False):
    """An HDF5 file of one group: {name: (values, shape, element)}.

    chunk_rows: a number of rows for deflated chunks, of all values of these rows; None for datasets that lie together; is_new: of version 2,
    whose structures have checksums, and not 0.
    """
    undefined = b"\xFF" * 8
    width = lambda element: 2 if element == "bf16" else int(element[1:])
    file = bytearray(96)

    def put(data):
        file.extend(b"\0" * (-len(file) % 8))
        place = len(file)
        file.extend(data)
        return place

    def message(kind, content):
        content += b"\0" * (-len(content) % 8)
        return struct.pack("<HHB3x", kind, len(content), 0) + content

    def checked(data):
        return data + struct.pack("<I", _lookup3(data))

    def header(messages):
        if is_new:
            # Of a message the kind has a byte, and what follows the size is a byte of flags.
            joined = b"".join(bytes([data[0]]) + data[2:5] + data[8:] for data in messages)
            return put(checked(b"OHDR" + struct.pack("<BBI", 2, 2, len(joined)) + joined))
        joined = b"".join(messages)
        return put(struct.pack("<BxHII4x", 1, len(messages), 1, len(joined)) + joined)

    def datatype(element):
        size = width(element)
        if element == "b1":
            # An enumeration, as h5py writes it.
            names = b"FALSE\0\0\0TRUE\0\0\0\0"
            return b"\x18\2\0\0" + struct.pack("<I", size) + datatype("i1") + names + b"\0\1"
        if element[0] == "f" or element == "bf16":
            exponent, mantissa = (8, 7) if element == "bf16" else {2: (5, 10), 4: (8, 23), 8: (11, 52)}[size]
            flags = bytes([0x20, 8 * size - 1, 0])
            fields = struct.pack("<HHBBBBI", 0, 8 * size, mantissa, exponent, 0, mantissa, (1 << exponent - 1) - 1)
            return b"\x11" + flags + struct.pack("<I", size) + fields
        return b"\x10" + bytes([8 if element[0] == "i" else 0, 0, 0]) + struct.pack("<IHH", size, 0, 8 * size)

    def fletcher32(data):
        words = struct.unpack(">%dH" % ((len(data) + 1) // 2), data + b"\0" * (len(data) % 2))
        one = two = 0
        for word in words:
            one += word
            two += one
        fold = lambda number: (number - 1) % 65535 + 1 if number else 0
        return struct.pack("<I", fold(two) << 16 | fold(one))

    def chunked(data, shape, element):
        size, rank = width(element), len(shape)
        row = size
        for count in shape[1:]:
            row *= count
        rows = max(1, min(chunk_rows, shape[0]))
        entries = []
        for first in range(0, shape[0], rows):
            part = data[first * row : (first + rows) * row]
            part += b"\0" * (rows * row - len(part))
            if is_shuffled:
                part = b"".join(part[plane::size] for plane in range(size))
            part = zlib.compress(part)
            part += fletcher32(part) if has_checksums else b""
            entries.append((first, len(part), put(part)))
        key = lambda first, count: struct.pack("<II%dQ" % (rank + 1), count, 0, first, *[0] * rank)
        if is_new:
            # A fixed array in one block.
            size_width = min(8, 1 + ((rows * row).bit_length() + 7) // 8)
            entry = 8 + size_width + 4
            body = b"".join(struct.pack("<Q", place) + count.to_bytes(size_width, "little") + bytes(4) for _, count, place in entries)
            head = put(bytes(28))
            block = put(checked(b"FADB" + struct.pack("<BBQ", 0, 1, head) + body))
            file[head : head + 28] = checked(b"FAHD" + struct.pack("<BBBBQQ", 0, 1, entry, 10, len(entries), block))
            sizes = [rows, *shape[1:], size]
            axis_width = (max(sizes).bit_length() + 7) // 8
            layout = struct.pack("<BBBBB", 4, 2, 0, rank + 1, axis_width)
            layout += b"".join(count.to_bytes(axis_width, "little") for count in sizes) + struct.pack("<BBQ", 3, 10, head)
            return [message(8, layout), pipeline(size)]
        level, nodes = 0, entries
        while True:
            parents = []
            # The first row after the last chunk below a node.
            end = lambda some: entries[min(len(entries), (nodes.index(some[-1]) + 1) * 64**level) - 1][0] + rows
            for begin in range(0, len(nodes), 64) if nodes else ():
                some = nodes[begin : begin + 64]
                body = b"".join(key(first, count) + struct.pack("<Q", place) for first, count, place in some) + key(end(some), 0)
                full = 24 + 65 * len(key(0, 0)) + 64 * 8
                node = b"TREE" + struct.pack("<BBH", 1, level, len(some)) + undefined * 2 + body
                parents.append((some[0][0], 0, put(node + b"\0" * (full - len(node)))))
            level, nodes = level + 1, parents
            if len(nodes) <= 1:
                break
        address = struct.pack("<Q", nodes[0][2]) if nodes else undefined
        layout = struct.pack("<BBB", 3, 2, rank + 1) + address + struct.pack("<%dI" % (rank + 1), rows, *shape[1:], size)
        return [message(8, layout), pipeline(size)]

    def pipeline(size):
        filters = [struct.pack("<HHHHI4x", 2, 0, 1, 1, size)] if is_shuffled else []
        filters.append(struct.pack("<HHHHI4x", 1, 0, 1, 1, 6))
        filters += [struct.pack("<HHHH", 3, 0, 0, 0)] if has_checksums else []
        return message(11, struct.pack("<BB6x", 1, len(filters)) + b"".join(filters))

    places = {}
    for name, (values, shape, element) in arrays.items():
        data = packed(values, element)
        if chunk_rows and shape and shape[0]:
            stored = chunked(data, list(shape), element)
        else:
            stored = [message(8, struct.pack("<BBQQ", 3, 1, put(data), len(data)) if data else struct.pack("<BB", 3, 1) + undefined + bytes(8))]
        space = struct.pack("<BBB5x", 1, len(shape), 0) + b"".join(struct.pack("<Q", count) for count in shape)
        places[name] = header([message(1, space), message(3, datatype(element)), message(5, struct.pack("<BBBB", 2, 2, 2, 0))] + stored)
    if is_new:
        links = [struct.pack("<BBB", 1, 0, len(name.encode())) + name.encode() + struct.pack("<Q", place) for name, place in places.items()]
        # Nothing fills a message up: the size of a link is told by its name.
        kinds = [(2, b"\0\0" + undefined * 2), (10, b"\0\0")] + [(6, link) for link in links]
        root = header([struct.pack("<HHB3x", kind, len(content), 0) + content for kind, content in kinds])
        file[:48] = checked(b"\x89HDF\r\n\x1a\n" + struct.pack("<BBBBQ", 2, 8, 8, 0, 0) + undefined + struct.pack("<QQ", len(file), root))
        return bytes(file)
    names, offsets = b"\0" * 8, {}
    for name in sorted(places, key=str.encode):
        offsets[name] = len(names)
        names += name.encode() + b"\0"
        names += b"\0" * (-len(names) % 8)
    heap_data = put(names)
    heap = put(b"HEAP" + struct.pack("<B3xQQQ", 0, len(names), 1, heap_data))
    entries = b"".join(struct.pack("<QQ24x", offsets[name], places[name]) for name in offsets)
    symbols = put(b"SNOD" + struct.pack("<BxH", 1, len(places)) + entries + b"\0" * (40 * (64 - len(places))))
    last = max(offsets.values()) if offsets else 0
    tree = put(b"TREE" + struct.pack("<BBH", 0, 0, 1) + undefined * 2 + struct.pack("<QQQ", 0, symbols, last) + b"\0" * 496)
    root = header([message(17, struct.pack("<QQ", tree, heap))])
    start = b"\x89HDF\r\n\x1a\n" + struct.pack("<BBBxBBBxHHI", 0, 0, 0, 0, 8, 8, 32, 16, 0) + struct.pack("<Q", 0) + undefined
    start += struct.pack("<Q", len(file)) + undefined + struct.pack("<QQIIQQ", 0, root, 1, 0, tree, heap)
    file[:96] = start
    return bytes(file)


# Readers of what xent writes ------------------------------------------------------------------------------------------------


def read_npy_numbers(data):
    """The shape and the numbers of a .npy in C's order; an error where it is none."""
    import ast

    if data[:6] != b"\x93NUMPY":
        raise ValueError("no .npy")
    length = 2 if data[6] == 1 else 4
    end = 8 + length + int.from_bytes(data[8 : 8 + length], "little")
    header = ast.literal_eval(data[8 + length : end].decode("latin-1"))
    kind = header["descr"]
    letter, size = NUMBERS[kind[1:]]
    count = 1
    for axis in header["shape"]:
        count *= axis
    if header["fortran_order"] and len(header["shape"]) > 1 or len(data) - end != count * size:
        raise ValueError("another size than its header's")
    return header["shape"], list(struct.unpack((kind[0] if kind[0] != "|" else "<") + str(count) + letter, data[end:]))
