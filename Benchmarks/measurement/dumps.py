"""The dumps that the benchmarks read: made once from fixed seeds, then kept. Each has its true mean beside it.

    logits          500,000 × 100 f32, i4 labels: a classifier that is right in two rows of three
    binary          50,000,000 f32 probabilities, u1 labels drawn from them
    language-model  4,096 × 49,152 f32: what SmolLM2-135M says of each next token of a licence text, i4 labels
    logits-f16      the logits as f16
    smoothing, focal
                    the logits, whose loss has label smoothing 0.1, or the focal factor of gamma 2
    soft            the logits, with soft labels f32 beside them: nine tenths for the label, the rest at random
    multilabel      500,000 × 100 f32 logits, u1 labels drawn from them
    pyarrow, pandas, polars, duckdb
                    the logits as a Parquet file that this program writes by default: of pandas a column a class, else a column of lists

The zstd files are seekable: frames of at most 1 MiB that end where a row ends, with checksums, and the seek table at the end.
"""

import contextlib
import dataclasses
import json
import os
import pathlib
import struct
import sys

import numpy
import zstandard

frame_bytes = 1 << 20
level = 3
licence_text = pathlib.Path("/usr/share/common-licenses/GPL-3")
window_tokens = 1024  # the language model sees at most so many tokens at a time


@dataclasses.dataclass(frozen=True)
class Dump:
    name: str
    task: str
    folder: pathlib.Path
    modifiers: tuple = ()  # options of the loss, besides those of its task and input

    def path(self, name: str) -> str:
        return str(self.folder / name)

    @property
    def input(self) -> str:
        return "probabilities" if self.task == "binary" else "logits"

    @property
    def predictions(self) -> str:
        return self.path("predictions.npy.zst")

    @property
    def labels(self) -> str:
        return self.path("labels.npy" if self.task == "multiclass" else "labels.npy.zst")

    @property
    def table(self) -> str:
        return self.path("table.parquet")

    @property
    def evaluation(self) -> list:
        """What `xent eval` is given."""
        return [self.predictions, "--labels", self.labels]

    @property
    def file(self) -> str:
        """The file with the predictions."""
        return self.predictions

    @property
    def shape(self) -> tuple:
        with open(self.path("predictions.npy"), "rb") as file:
            numpy.lib.format.read_magic(file)
            return numpy.lib.format.read_array_header_1_0(file)[0]

    @property
    def truth(self) -> numpy.longdouble:
        parts = json.loads(pathlib.Path(self.path("truth.json")).read_text())
        return sum((numpy.longdouble(float.fromhex(part)) for part in parts["mean_hex"]), numpy.longdouble(0))


class Table(Dump):
    """The logits in a Parquet file of another program; the array that it was made of lies beside the logits."""

    def path(self, name: str) -> str:
        return str(self.folder / f"{self.name}.parquet" if name == "table.parquet" else self.folder / name)

    @property
    def evaluation(self) -> list:
        return [self.table] + ["--prediction-columns", "p_*"] * (self.name == "pandas")

    @property
    def file(self) -> str:
        return self.table


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


@contextlib.contextmanager
def written(path: str):
    """A file that appears under its name only when it is whole."""
    with open(path + ".part", "wb") as file:
        yield file
    os.rename(path + ".part", path)


def header(dtype: str, shape: tuple) -> bytes:
    """Of a .npy file, version 1, as numpy writes it."""
    text = repr({"descr": dtype, "fortran_order": False, "shape": shape})
    text += " " * (63 - (10 + len(text)) % 64) + "\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text.encode("ascii")


class SeekableWriter:
    """zstd frames and their table, in the Seekable format of facebook/zstd (contrib/seekable_format)."""

    def __init__(self, file) -> None:
        self.file, self.table, self.frame_count = file, b"", 0
        self.compressor = zstandard.ZstdCompressor(level=level, write_checksum=True)

    def append(self, content) -> bytes:
        frame = self.compressor.compress(content)
        self.append_compressed(frame, len(content))
        return frame

    def append_compressed(self, frame: bytes, decoded_bytes: int) -> None:
        self.file.write(frame)
        self.table += struct.pack("<II", len(frame), decoded_bytes) + frame[-4:]  # a frame ends with its checksum
        self.frame_count += 1

    def finish(self) -> None:
        footer = struct.pack("<IBI", self.frame_count, 0x80, 0x8F92EAB1)
        self.file.write(struct.pack("<II", 0x184D2A5E, len(self.table) + len(footer)) + self.table + footer)


def write_seekable(path: str, array: numpy.ndarray, copies: int = 1) -> None:
    """`array` as .npy in frames of whole rows; with `copies`, the rows that often one after another, compressed once."""
    content = memoryview(numpy.ascontiguousarray(array)).cast("B")
    row_bytes = len(content) // len(array)
    rows = max(1, frame_bytes // row_bytes) * row_bytes
    start = header(array.dtype.str, (len(array) * copies,) + array.shape[1:])
    first = max(1, (frame_bytes - len(start)) // row_bytes) * row_bytes
    with written(path) as file:
        writer = SeekableWriter(file)
        writer.append(start + content[:first])
        frames = [(writer.append(content[at:at + rows]), min(rows, len(content) - at)) for at in range(first, len(content), rows)]
        if copies > 1: frames.insert(0, (writer.compressor.compress(content[:first]), first))
        for _ in range(copies - 1):
            for frame, decoded_bytes in frames: writer.append_compressed(frame, decoded_bytes)
        writer.finish()


def write_raw(path: str, array: numpy.ndarray) -> None:
    with written(path) as file: numpy.save(file, array)


def write_truth(path: str, losses) -> None:
    """The mean of chunks of losses in extended precision, as a Float64 and what is left after it."""
    if numpy.finfo(numpy.longdouble).nmant < 63:
        raise SystemExit("numpy.longdouble is no more than a Float64 on this machine: the true means cannot be computed here")
    total, count = numpy.longdouble(0), 0
    for chunk in losses: total, count = total + chunk.sum(), count + len(chunk)
    mean = total / count
    with written(path) as file:
        file.write(json.dumps({"mean_hex": [float(mean).hex(), float(mean - numpy.longdouble(float(mean))).hex()]}).encode())


def chunks(predictions: numpy.ndarray, labels: numpy.ndarray):
    """Some rows after the other: predictions in extended precision, and labels as they are."""
    step = max(1, 2_000_000 // int(numpy.prod(predictions.shape[1:], dtype=int)))
    for start in range(0, len(predictions), step):
        yield predictions[start:start + step].astype(numpy.longdouble), labels[start:start + step]


def softmax_chunks(logits: numpy.ndarray, labels: numpy.ndarray):
    """The same of logits less the largest of their row, with the logarithm of each row's sum of exponentials."""
    for x, y in chunks(logits, labels):
        x -= x.max(axis=1, keepdims=True)
        yield x, y, numpy.log(numpy.exp(x).sum(axis=1))


def multiclass_losses(logits: numpy.ndarray, labels: numpy.ndarray):
    for x, y, of_row in softmax_chunks(logits, labels): yield of_row - x[numpy.arange(len(x)), y]


def smoothed_losses(logits: numpy.ndarray, labels: numpy.ndarray):
    """With label smoothing 0.1, as a Float64 has it."""
    smoothing = numpy.longdouble(0.1)
    for x, y, of_row in softmax_chunks(logits, labels):
        yield of_row - (1 - smoothing) * x[numpy.arange(len(x)), y] - smoothing * x.mean(axis=1)


def focal_losses(logits: numpy.ndarray, labels: numpy.ndarray):
    """With gamma 2."""
    for loss in multiclass_losses(logits, labels): yield loss * numpy.expm1(-loss) ** 2


def soft_losses(logits: numpy.ndarray, targets: numpy.ndarray):
    for x, t, of_row in softmax_chunks(logits, targets): yield (t * (of_row[:, numpy.newaxis] - x)).sum(axis=1)


def multilabel_losses(logits: numpy.ndarray, labels: numpy.ndarray):
    for x, t in chunks(logits, labels): yield (numpy.maximum(x, 0) - t * x + numpy.log1p(numpy.exp(-abs(x)))).mean(axis=1)


def binary_losses(probabilities: numpy.ndarray, labels: numpy.ndarray):
    for p, y in chunks(probabilities, labels): yield -numpy.log(numpy.where(y == 1, p, 1 - p))  # 1 − p is exact in extended precision


def logits_arrays() -> tuple:
    random = numpy.random.default_rng(1)
    labels = random.integers(0, 100, 500_000).astype("<i4")
    logits = random.standard_normal((500_000, 100), numpy.float32) * numpy.float32(2)
    logits[numpy.arange(500_000), labels] += numpy.float32(6)
    return logits, labels


def binary_arrays() -> tuple:
    random = numpy.random.default_rng(2)
    count = 50_000_000
    probabilities = (1 / (1 + numpy.exp(random.standard_normal(count, numpy.float32) * -2.5))).astype("<f4")
    return probabilities, (random.random(count, numpy.float32) < probabilities).astype("u1")


def language_model_arrays() -> tuple:
    from language_model import LanguageModel
    count = 4096
    if not licence_text.exists():
        raise SystemExit(f"{licence_text} is missing: copy the text of the GNU General Public License, version 3, there")
    model = LanguageModel()
    tokens = model.tokens(licence_text.read_text("utf-8"))
    if len(tokens) <= count: raise SystemExit(f"{licence_text} has {len(tokens)} tokens; more than {count} are needed")
    logits = numpy.empty((count, model.class_count), "<f4")
    for start in range(0, count, window_tokens):
        logits[start:start + window_tokens] = model.logits(tokens[start:start + window_tokens])
    return logits, tokens[1:count + 1]


def half_arrays() -> tuple:
    logits, labels = logits_arrays()
    return logits.astype("<f2"), labels


def soft_arrays() -> tuple:
    logits, labels = logits_arrays()
    targets = numpy.random.default_rng(3).random(logits.shape, numpy.float32)
    targets *= numpy.float32(0.1) / targets.sum(axis=1, keepdims=True)
    targets[numpy.arange(len(labels)), labels] += numpy.float32(0.9)
    return logits, targets


def multilabel_arrays() -> tuple:
    random = numpy.random.default_rng(4)
    logits = random.standard_normal((500_000, 100), numpy.float32) * numpy.float32(2) - numpy.float32(2)
    return logits, (random.random(logits.shape, numpy.float32) < 1 / (1 + numpy.exp(-logits))).astype("u1")


# For each the task, the arrays, the losses of rows, and the loss's options.
makers = {"logits": ("multiclass", logits_arrays, multiclass_losses, ()), "binary": ("binary", binary_arrays, binary_losses, ()),
          "language-model": ("multiclass", language_model_arrays, multiclass_losses, ()),
          "logits-f16": ("multiclass", half_arrays, multiclass_losses, ()),
          "smoothing": ("multiclass", logits_arrays, smoothed_losses, ("--label-smoothing", "0.1")),
          "focal": ("multiclass", logits_arrays, focal_losses, ("--focal-gamma", "2")),
          "soft": ("soft", soft_arrays, soft_losses, ()), "multilabel": ("multilabel", multilabel_arrays, multilabel_losses, ())}


def write_pyarrow(path: str, logits: numpy.ndarray, labels: numpy.ndarray) -> None:
    import pyarrow
    import pyarrow.parquet
    ends = numpy.arange(0, logits.size + 1, logits.shape[1], dtype="i4")
    column = pyarrow.ListArray.from_arrays(ends, logits.reshape(-1))
    pyarrow.parquet.write_table(pyarrow.table({"label": labels, "prediction": column}), path)


def write_pandas(path: str, logits: numpy.ndarray, labels: numpy.ndarray) -> None:
    import pandas
    frame = pandas.DataFrame(logits, columns=[f"p_{index}" for index in range(logits.shape[1])])
    frame.insert(0, "label", labels)
    frame.to_parquet(path)


def write_polars(path: str, logits: numpy.ndarray, labels: numpy.ndarray) -> None:
    import polars
    polars.DataFrame({"label": labels, "prediction": polars.Series(logits)}).write_parquet(path)


def write_duckdb(path: str, logits: numpy.ndarray, labels: numpy.ndarray) -> None:
    import duckdb
    import pyarrow
    ends = numpy.arange(0, logits.size + 1, logits.shape[1], dtype="i4")
    connection = duckdb.connect()
    connection.register("dump", pyarrow.table({"label": labels, "prediction": pyarrow.ListArray.from_arrays(ends, logits.reshape(-1))}))
    connection.execute(f"COPY dump TO '{path}' (FORMAT parquet)")


writers = {"pyarrow": write_pyarrow, "pandas": write_pandas, "polars": write_polars, "duckdb": write_duckdb}


def made_table(work: pathlib.Path, name: str) -> Table:
    """The logits as the program of this name writes them; makes what is missing."""
    logits = made(work, "logits")
    table = Table(name, logits.task, logits.folder)
    if not os.path.exists(table.table):
        say(f"making the Parquet file of {name}")
        writers[name](table.table + ".part", numpy.load(table.path("predictions.npy")), numpy.load(table.path("labels.npy")))
        os.rename(table.table + ".part", table.table)
    return table


def made(work: pathlib.Path, name: str) -> Dump:
    """The dump of this name; makes what is missing."""
    if name in writers: return made_table(work, name)
    task, make, losses, modifiers = makers[name]
    dump = Dump(name, task, work / "dumps-1" / name, modifiers)  # another number where a recipe changes
    dump.folder.mkdir(parents=True, exist_ok=True)
    if not os.path.exists(dump.path("truth.json")):  # the last that is written
        say(f"making the dump {name}")
        predictions, labels = make()
        write_raw(dump.path("predictions.npy"), predictions)
        write_seekable(dump.predictions, predictions)
        write_raw(dump.path("labels.npy"), labels)
        if dump.labels.endswith(".zst"): write_seekable(dump.labels, labels)
        write_truth(dump.path("truth.json"), losses(predictions, labels))
    return dump


def add_single_frame(dump: Dump) -> str:
    """The same .npy in one zstd frame, as the `zstd` tool writes it."""
    path = dump.path("single-frame.npy.zst")
    if not os.path.exists(path):
        say(f"making the single frame of {dump.name}")
        content = pathlib.Path(dump.path("predictions.npy")).read_bytes()
        with written(path) as file: file.write(zstandard.ZstdCompressor(level=level, write_checksum=True).compress(content))
    return path


def add_tenfold(dump: Dump) -> Dump:
    """Its rows ten times, one after another."""
    tenfold = dataclasses.replace(dump, name=dump.name + "-tenfold", folder=dump.folder.with_name(dump.name + "-tenfold"))
    tenfold.folder.mkdir(exist_ok=True)
    if not os.path.exists(tenfold.labels):
        say(f"making the dump {tenfold.name}")
        write_seekable(tenfold.predictions, numpy.load(dump.path("predictions.npy"), mmap_mode="r"), copies=10)
        write_raw(tenfold.labels, numpy.tile(numpy.load(dump.path("labels.npy")), 10))
    return tenfold


def add_table(dump: Dump) -> None:
    """The same values as Parquet with zstd: a column `prediction` (a number, or a list of fixed size) and a column `label`."""
    if os.path.exists(dump.table): return
    say(f"making the Parquet file of {dump.name}")
    import pyarrow
    import pyarrow.parquet
    predictions, labels = (numpy.load(dump.path(name), mmap_mode="r") for name in ("predictions.npy", "labels.npy"))
    column = pyarrow.array(predictions.reshape(-1))
    if predictions.ndim == 2: column = pyarrow.FixedSizeListArray.from_arrays(column, predictions.shape[1])
    table = pyarrow.table({"prediction": column, "label": pyarrow.array(labels)})
    row_bytes = predictions.nbytes // len(predictions)
    pyarrow.parquet.write_table(table, dump.table + ".part", compression="zstd", compression_level=level, use_dictionary=False,
                                row_group_size=min(1 << 20, (32 << 20) // row_bytes))
    os.rename(dump.table + ".part", dump.table)
