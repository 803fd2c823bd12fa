"""Random dumps with the commands that evaluate them and what is true of the results.

A trial is data alone: its files, its commands, the truth. So one that failed is kept as it was, whatever becomes of this file.
"""

import math
import random
from dataclasses import dataclass

import containers
from containers import as_stored, framed
from losses import Loss, Scored, Total

DIALECTS = {
    ("binary", "logits"): ("exact", "pytorch", "keras", "keras-tensorflow", "catboost"),
    ("binary", "probabilities"): (
        "exact", "pytorch", "keras", "keras-tensorflow", "sklearn", "sklearn-1.4", "xgboost", "lightgbm", "spark", "h2o"),
    ("multiclass", "logits"): ("exact", "pytorch", "keras", "keras-tensorflow", "catboost"),
    ("multiclass", "probabilities"): (
        "exact", "pytorch", "keras", "keras-tensorflow", "sklearn", "sklearn-1.4", "xgboost", "lightgbm", "spark", "h2o"),
    ("multilabel", "logits"): ("exact", "pytorch", "keras", "keras-tensorflow"),
    ("multilabel", "probabilities"): ("exact", "pytorch", "keras", "keras-tensorflow"),
    ("soft", "logits"): ("exact", "pytorch", "keras", "keras-tensorflow"),
    ("soft", "probabilities"): ("exact", "pytorch", "keras", "keras-tensorflow"),
}
FOCAL_DIALECTS = ("exact", "pytorch", "keras", "keras-tensorflow", "sklearn", "sklearn-1.4", "xgboost", "lightgbm")
SMOOTHING_DIALECTS = ("exact", "pytorch", "keras", "keras-tensorflow")
# PyTorch's binary losses have no smoothing.
DECISION_SMOOTHING_DIALECTS = ("exact", "keras", "keras-tensorflow")
TEXT_FORMATS = ("csv", "tsv", "semicolon", "bar", "blanks", "jsonl", "json")
COLUMNAR_FORMATS = ("parquet", "arrow")
DELIMITERS = {"csv": ",", "tsv": "\t", "semicolon": ";", "bar": "|", "blanks": " "}
EPSILON = {"f2": 2.0**-10, "bf16": 2.0**-7, "f4": 2.0**-23}


@dataclass
class Trial:
    """Files by name; steps {arguments, stdin, gives, rows}, run in turn; truth as strings of decimal digits."""

    seed: int
    files: dict
    steps: list
    truth: dict


class Maker:
    """Makes the trial of a seed."""

    def __init__(self, seed, kernels):
        self.random = random.Random(seed)
        self.seed = seed
        self.kernels = kernels
        self.files = {}

    def chance(self, share):
        return self.random.random() < share

    def make(self):
        r = self.random
        self.task = r.choice(("binary", "multiclass", "multiclass", "multilabel", "soft", "likelihood"))
        inputs = ("probabilities", "log-probabilities") if self.task == "likelihood" else ("logits", "probabilities", "log-probabilities")
        self.input = r.choice(inputs)
        self.format = r.choice(("npy", "npy", "npz", "safetensors", "parquet", "arrow", "hdf5") + TEXT_FORMATS)
        self.is_text = self.format in TEXT_FORMATS
        if self.is_text:
            self.element = "text"
        elif self.format in COLUMNAR_FORMATS:
            self.element = r.choice(("f4", "f8"))
        else:
            self.element = r.choice(("f2", "f4", "f8") + (("bf16",) if self.format in ("safetensors", "hdf5") else ()))
        self.row_count = r.choice((1, 2, 3, 7, 8, 9, 17, 33, 64)) if self.chance(0.9) else r.randrange(100, 600)
        self.classes = 1 if self.task in ("binary", "likelihood") else r.choice((2, 3, 4, 5, 8, 10, 17, 26) if self.row_count < 65 else (2, 3))
        self._choose_loss()
        self._make_values()
        self._make_labels()
        self._make_weights()
        self._make_tokens()
        self._write()
        return Trial(self.seed, self.files, self._steps(), self._truth())

    # The loss ---------------------------------------------------------------------------------------------------------------

    def _number(self, choices, low, high):
        """An option's number as it is written, and its value."""
        text = self.random.choice(choices) if self.chance(0.5) else "%.*g" % (self.random.randrange(1, 12), self.random.uniform(low, high))
        return text, float(text)

    def _weights_option(self, count, name):
        texts = [self._number(("1", "0", "0.5", "1000", "1e-3"), 0.1, 4)[0] for _ in range(count)]
        if all(float(text) == 0 for text in texts):
            # One at least has to count.
            texts[0] = "2"
        numbers = [float(text) for text in texts]
        if self.chance(0.2):
            self.files[name] = containers.npy(numbers, [count], "f8")
            return name, numbers
        return ",".join(texts), numbers

    def _choose_loss(self):
        r = self.random
        possible = DIALECTS.get((self.task, self.input), ("exact", "pytorch"))
        dialects = [r.choice(possible)] if self.chance(0.7) else r.sample(possible, min(len(possible), r.randrange(2, 4)))
        if self.chance(0.3):
            dialects = ["exact"]
        modifiers, options = {}, []
        if self.task in ("binary", "multiclass", "multilabel", "soft"):
            if self.chance(0.25):
                text, modifiers["class_weights"] = self._weights_option(2 if self.task == "binary" else self.classes, "cw.npy")
                options += ["--class-weights", text]
            smoothing = DECISION_SMOOTHING_DIALECTS if self.task in ("binary", "multilabel") else SMOOTHING_DIALECTS
            if self.chance(0.2) and set(dialects) <= set(smoothing):
                text, modifiers["label_smoothing"] = self._number(("0.1", "1", "0", "1e-9"), 0, 1)
                options += ["--label-smoothing", text]
            if self.chance(0.15) and set(dialects) <= set(FOCAL_DIALECTS):
                text, modifiers["focal_gamma"] = self._number(("2", "0", "1", "0.5", "5"), 0, 4)
                options += ["--focal-gamma", text]
                if self.chance(0.5):
                    text, modifiers["focal_alpha"] = self._number(("0.25", "0", "1"), 0, 1)
                    options += ["--focal-alpha", text]
        if self.task in ("binary", "multilabel") and self.chance(0.2):
            text, modifiers["pos_weight"] = self._weights_option(r.choice((1, self.classes)), "pw.npy")
            options += ["--pos-weight", text]
        if self.task == "multiclass" and self.chance(0.25):
            modifiers["ignore_index"] = r.choice((0, self.classes - 1, -100, 255))
            options += ["--ignore-index", str(modifiers["ignore_index"])]
        if self.input == "probabilities" and self.chance(0.15) and set(dialects) <= {"exact", "spark"}:
            text, modifiers["clip"] = self._number(("1e-7", "0", "0.01", "1e-15"), 0, 0.3)
            options += ["--clip", text]
        if self.input == "probabilities" and self.task in ("multiclass", "soft") and self.chance(0.15) and dialects == ["exact"]:
            modifiers["renormalize"] = True
            options += ["--renormalize"]
        if self.task == "soft" and not modifiers and self.chance(0.3):
            modifiers["divergence"] = "kl"
            options += ["--divergence", "kl"]
        epsilon = EPSILON.get(self.element, 2.0**-52)
        self.losses = [Loss(self.task, self.input, dialect, epsilon, **modifiers) for dialect in dialects]
        self.options = ["--task", self.task, "--input", self.input] + options
        self.columns = []
        if dialects != ["exact"] or self.chance(0.1):
            for dialect in dialects:
                self.options += ["--dialect", dialect]
        self.modifiers = modifiers

    # The rows ---------------------------------------------------------------------------------------------------------------

    def _stored(self, value):
        """The value as the dump holds it, and of text its digits."""
        if not self.is_text:
            return as_stored(value, self.element)
        form = self.random.choice(("%r", "%r", "%.17g", "%.6f", "%.3e", "%.15g"))
        text = form % value
        self.texts[float(text).hex()] = text
        return float(text)

    def _make_values(self):
        r = self.random
        self.texts = {}
        special = r.choice((0, 0, 0.02, 0.2))
        scale = r.choice((1, 1, 10, 100) + ((1e4, 1e30) if self.element in ("f4", "f8", "text") else ()))
        specials = {
            "logits": [0.0, -0.0, 1.0, 700.0, -745.5, math.inf, -math.inf, math.nan],
            "probabilities": [0.0, 1.0, 0.5, 1e-5, 1 - 2.0**-11, 1.5, -0.25, math.nan],
            "log-probabilities": [0.0, -0.0, -math.inf, -1e-8, -800.0, 0.5, math.nan],
        }[self.input]
        if "focal_gamma" in self.modifiers:
            # What Keras makes of a p above 1 is no number, and with a balance of 0 xent has it count as 0.
            specials = [value for value in specials if self.input != "probabilities" or value != 1.5]
        if self.input == "probabilities" and any(loss.renormalize or loss.is_keras or loss.dialect == "sklearn-1.4" for loss in self.losses):
            # Shares of a sum that a negative number is part of have no meaning to compare.
            specials = [value for value in specials if not value < 0]
        if self.element in ("f4", "f8", "text"):
            specials += {"logits": [1e30, -1e30, 1e-30], "probabilities": [1e-30, 1e-38], "log-probabilities": [-1e30, -1e-30]}[self.input]
        if self.element in ("f8", "text"):
            specials += {"logits": [1e300, 5e-324], "probabilities": [1e-300, 5e-324], "log-probabilities": [-1e300, -5e-324]}[self.input]
        self.values = []
        for _ in range(self.row_count):
            if self.input == "logits":
                row = [r.gauss(0, 1) * scale for _ in range(self.classes)]
                if self.chance(0.1):
                    row = [row[0]] * self.classes
            elif self.task in ("multiclass", "soft"):
                parts = [r.random() ** r.choice((1, 4, 12)) + 1e-12 for _ in range(self.classes)]
                row = [part / sum(parts) for part in parts]
            else:
                row = [r.random() ** r.choice((1, 1, 8)) for _ in range(self.classes)]
            if self.input == "log-probabilities":
                row = [math.log(p) if p > 0 else -50.0 for p in row]
            row = [r.choice(specials) if self.chance(special) else value for value in row]
            self.values.append([self._stored(value) for value in row])

    def _make_labels(self):
        r = self.random
        self.labels, self.label_kind = [], None
        bad = r.choice((0, 0, 0.05))
        if self.task == "likelihood":
            self.labels = [[] for _ in range(self.row_count)]
            return
        if self.task == "multiclass":
            self.label_kind = r.choice(("i4", "i8", "i2", "u1", "f4", "i8"))
            wrong = [self.classes, 99] + ([-1] if self.label_kind != "u1" else [])
            ignored = self.modifiers.get("ignore_index")
            if ignored is None and [loss.dialect for loss in self.losses] == ["pytorch"]:
                ignored = -100
            if ignored is not None and not (ignored < 0 and self.label_kind == "u1"):
                wrong += [ignored] * 8
                bad = max(bad, 0.15)
            # Names in text have no name for a label that is wrong.
            self.has_names = self.is_text and self.chance(0.3) and bad == 0
            for _ in range(self.row_count):
                self.labels.append([r.choice(wrong) if self.chance(bad) else r.randrange(self.classes)])
        elif self.task in ("binary", "multilabel"):
            is_whole = self.chance(0.7) or any(loss.dialect in ("catboost", "sklearn", "sklearn-1.4") for loss in self.losses)
            self.label_kind = r.choice(("i1", "u1", "b1", "i8", "f4", "f8")) if is_whole else r.choice(("f4", "f8"))
            for _ in range(self.row_count):
                row = [r.randrange(2) if is_whole else as_stored(r.choice((0, 1, r.random())), self.label_kind) for _ in range(self.classes)]
                self.labels.append([self._bad_target() if self.chance(bad / 4) else label for label in row])
        else:
            self.label_kind = r.choice(("f4", "f8"))
            for _ in range(self.row_count):
                if self.chance(0.2):
                    hot = r.randrange(self.classes)
                    row = [float(c == hot) for c in range(self.classes)]
                else:
                    parts = [r.random() * r.choice((0, 1, 1)) for _ in range(self.classes)]
                    row = [part / (sum(parts) or 1) for part in parts]
                    if sum(parts) == 0:
                        row[0] = 1.0
                self.labels.append([as_stored(label, self.label_kind) for label in row])
        # The labels of text are read as they are written.
        if self.is_text or self.format in COLUMNAR_FORMATS:
            self.labels = [[float(repr(float(label))) for label in row] for row in self.labels]

    def _bad_target(self):
        if self.label_kind == "b1":
            return 1
        return 2 if self.label_kind in ("i1", "u1", "i8") else 1.5

    def _make_weights(self):
        r = self.random
        self.weights = None
        if self.chance(0.3):
            self.weight_element = r.choice(("f4", "f8"))
            self.weights = []
            for _ in range(self.row_count):
                weight = r.choice((1.0, 0.0, 0.5, 3.0)) if self.chance(0.3) else r.uniform(0, 3)
                if self.chance(0.01):
                    weight = r.choice((-1.0, math.nan, math.inf))
                self.weights.append(as_stored(weight, self.weight_element))

    def _make_tokens(self):
        """Records of task likelihood may hold one number a token, which add up; the first has none."""
        self.tokens = None
        if self.task == "likelihood" and self.format in ("jsonl", "json") and self.input == "log-probabilities" and self.chance(0.5):
            self.tokens = [[-self.random.random() * 4 for _ in range(self.random.randrange(1, 12))] for _ in range(self.row_count)]

    # The files --------------------------------------------------------------------------------------------------------------

    def _write(self):
        self.is_zipped = False
        archives = {name: self._write_archive for name in ("npz", "safetensors", "hdf5")}
        writer = {"npy": self._write_npy, "parquet": self._write_columnar, "arrow": self._write_columnar, **archives}
        writer.get(self.format, self._write_text)()

    def _framing(self, whole=False):
        return "raw" if self.chance(0.3) else self.random.choice(containers.FRAMINGS)

    def _cuts(self, most):
        """The numbers of rows of one file or several."""
        count = min(self.random.choice((1, 1, 1, 2, most)), self.row_count)
        cuts = sorted(self.random.sample(range(1, self.row_count), count - 1))
        return [end - begin for begin, end in zip([0] + cuts, cuts + [self.row_count])]

    def _put(self, name, data, framing):
        ending = {"raw": "", "zip": ".zip"}.get(framing, ".gz" if framing.startswith("gz") or framing == "bgzf" else ".zst")
        # Names say nothing: what a file is stands in its content.
        name = name + ending if self.chance(0.8) else name + ".bin"
        self.files[name] = framed(self.random, data, framing, "dump.csv")
        return name

    def _list_of(self, names, label):
        if len(names) > 1 and self.chance(0.2):
            self.files[label + ".list"] = ("\n".join(names) + "\n").encode()
            return ["@" + label + ".list"]
        if len(names) > 1 and self.chance(0.1):
            return [names[0][: names[0].index("-") + 1] + "*"]
        return names

    def _arrays(self, begin, count):
        """The arrays of these rows: {role: (values, shape, element)}."""
        rows = slice(begin, begin + count)
        flat = [value for row in self.values[rows] for value in row]
        shape = [count] if self.classes == 1 and self.chance(0.7) else [count, self.classes]
        arrays = {"predictions": (flat, shape, self.element)}
        if self.label_kind:
            labels = [label for row in self.labels[rows] for label in row]
            labels = [int(label) if self.label_kind[0] in "iub" else label for label in labels]
            is_wide = self.task in ("multilabel", "soft")
            arrays["labels"] = (labels, [count, self.classes] if is_wide else [count], self.label_kind)
        if self.weights:
            arrays["weights"] = (self.weights[rows], [count], self.weight_element)
        return arrays

    def _npy(self, array):
        values, shape, element = array
        return containers.npy(
            values, shape, element, self.random.choice("<<<>"), len(shape) > 1 and self.chance(0.15), self.random.choice((1, 1, 2, 3)))

    def _write_npy(self):
        axis = None
        if self.task == "multiclass" and self.classes > 1 and self.chance(0.1) and self.row_count % 2 == 0:
            axis = 1
        is_moved = axis == 1
        places = self.random.choice((1, 2, 3))
        self.is_shifted = (
            self.task == "multiclass" and not is_moved and not self.weights and self.row_count % places == 0 and self.chance(0.1))
        self.inputs, self.cuts = [], [self.row_count]
        if is_moved:
            # (N, C, 2): rows are (n, place), classes lie between.
            half = self.row_count // 2
            values = [
                self.values[2 * n + place][c] for n in range(half) for c in range(self.classes) for place in range(2)]
            name = self._put("p.npy", self._npy((values, [half, self.classes, 2], self.element)), self._framing())
            self.inputs, self.options = [name], self.options + ["--class-axis", "1"]
        elif self.is_shifted:
            self._write_shifted(places)
            return
        else:
            begin = 0
            self.cuts = self._cuts(4)
            for index, count in enumerate(self.cuts):
                array = self._arrays(begin, count)["predictions"]
                self.inputs.append(self._put("p-%d.npy" % index, self._npy(array), self._framing()))
                begin += count
        self._write_companions(self._list_of(self.inputs, "p"))

    def _write_shifted(self, places):
        """Sequences whose last prediction and first label have no partner."""
        sequences, values, labels = self.row_count // places, [], []
        for sequence in range(sequences):
            rows = range(sequence * places, (sequence + 1) * places)
            labels.append(self.random.randrange(self.classes))
            for row in rows:
                values += self.values[row]
                labels.append(int(self.labels[row][0]))
            values += [as_stored(self.random.gauss(0, 1), self.element) for _ in range(self.classes)]
        self.label_kind = self.label_kind if self.label_kind != "f4" else "i8"
        predictions = self._npy((values, [sequences, places + 1, self.classes], self.element))
        self.inputs = [self._put("p.npy", predictions, self._framing())]
        self.predictions = self.inputs
        name = self._put("l.npy", self._npy((labels, [sequences, places + 1], self.label_kind)), self._framing())
        self.options += ["--shift-labels", "--labels", name] + (["--class-axis", "2"] if places + 1 == self.classes else [])

    def _label_table(self):
        """The labels as a table of one column."""
        lines = ["label"] + [self._label_text(row[0]) for row in self.labels]
        return self._put("labels.csv", ("\n".join(lines) + "\n").encode(), self._framing())

    def _write_companions(self, inputs):
        """Labels and weights in files of their own: one, or as many as there are of predictions, which are then cut alike."""
        self.predictions = inputs
        for role in ("labels", "weights"):
            names, begin = [], 0
            if role == "labels" and self.task in ("binary", "multiclass") and self.label_kind and self.chance(0.15):
                # In text, any number of any type.
                self.labels = [[float(self._label_text(row[0]))] for row in self.labels]
                self.options += ["--labels", self._label_table()]
                continue
            for index, count in enumerate(self.cuts if self.chance(0.4) else [self.row_count]):
                arrays = self._arrays(begin, count)
                if role in arrays:
                    names.append(self._put("%s-%d.npy" % (role[0], index), self._npy(arrays[role]), self._framing()))
                begin += count
            if names:
                self.options += ["--" + role] + self._list_of(names, role)

    def _column_options(self, predictions, labels):
        self.columns += ["--prediction-columns", predictions]
        if self.label_kind:
            is_wide = self.task in ("multilabel", "soft")
            self.columns += ["--label-columns" if is_wide and "," in labels else "--label-column", labels]
        if self.weights:
            self.columns += ["--weight-column", "w"]

    def _write_archive(self):
        names, begin = [], 0
        roles = {"predictions": "p", "labels": "y", "weights": "w"}
        for index, count in enumerate(self._cuts(3)):
            arrays = {roles[role]: array for role, array in self._arrays(begin, count).items()}
            keys = list(arrays)
            self.random.shuffle(keys)
            if self.format == "npz":
                data = containers.npz({key: self._npy(arrays[key]) for key in keys}, self.chance(0.5))
                self.files["d-%d.npz" % index] = data
                names.append("d-%d.npz" % index)
            elif self.format == "hdf5":
                form = self.random.choice(({}, {"chunk_rows": self.random.randrange(1, 40)}))
                if form:
                    form.update(is_shuffled=self.chance(0.5), has_checksums=self.chance(0.5))
                form = dict(form, is_new=self.chance(0.5))
                self.files["d-%d.h5" % index] = containers.hdf5({key: arrays[key] for key in keys}, **form)
                names.append("d-%d.h5" % index)
            else:
                data = containers.safetensors({key: arrays[key] for key in keys})
                names.append(self._put("d-%d.safetensors" % index, data, self._framing()))
            begin += count
        self.inputs = names
        self.predictions = self._list_of(names, "d")
        self._column_options("p", "y")

    def _names(self):
        return ["p_%d" % c for c in range(self.classes)], ["y"] if self.task not in ("multilabel", "soft") else [
            "y_%d" % c for c in range(self.classes)]

    def _write_columnar(self):
        predictions, labels = self._names()
        names, begin = [], 0
        list_kind = self.random.choice(("fixed", "list")) if self.format == "arrow" and self.classes > 1 and self.chance(0.5) else None
        if list_kind:
            predictions = ["p"]
        for index, count in enumerate(self._cuts(3)):
            rows = slice(begin, begin + count)
            columns = [(name, self.element, [row[c] for row in self.values[rows]]) for c, name in enumerate(predictions)]
            if list_kind:
                columns = [("p", (list_kind, self.element), self.values[rows])]
            if self.label_kind:
                is_whole = self.label_kind[0] in "iub"
                columns += [
                    (name, "i8" if is_whole else "f8", [int(row[c]) if is_whole else row[c] for row in self.labels[rows]])
                    for c, name in enumerate(labels)]
            if self.weights:
                columns.append(("w", self.weight_element, self.weights[rows]))
            self.random.shuffle(columns)
            groups, rest = [], count
            while rest:
                groups.append(self.random.randrange(1, rest + 1))
                rest -= groups[-1]
            if self.format == "parquet":
                data = containers.parquet(columns, groups, self.random.choice((0, 2, 6)), self.chance(0.5))
            else:
                data = containers.arrow(columns, groups, self.random.choice((None, "zstd")), self.chance(0.5))
            self.files["d-%d.%s" % (index, self.format)] = data
            names.append("d-%d.%s" % (index, self.format))
            begin += count
        self.inputs = names
        self.predictions = self._list_of(names, "d")
        self._column_options(",".join(predictions), ",".join(labels))

    def _text(self, value):
        text = self.texts.get(value.hex(), repr(value))
        # A zero's sign and a NaN have no place in a dictionary by value.
        return text if math.copysign(1, float(text)) == math.copysign(1, value) else repr(value)

    def _label_text(self, label):
        return repr(int(label)) if self.label_kind[0] in "iub" or (label == label and label == int(label)) else repr(label)

    def _write_text(self):
        is_json = self.format in ("jsonl", "json")
        writer = self._json_of if is_json else self._table_of
        names, begin = [], 0
        self.cuts = self._cuts(3)
        self.is_json_list = is_json and self.chance(0.5)
        self.is_wrapped = self.format == "json" and self.chance(0.3)
        if self.is_wrapped:
            self.columns += ["--records", "results"]
        self.has_header = not is_json and self.format != "blanks" and self.chance(0.8)
        self.line_end = self.random.choice(("\n", "\n", "\r\n"))
        self.ends_line = self.chance(0.9)
        self.order = list(range(3))
        self.random.shuffle(self.order)
        self.class_names = None
        if self.task == "multiclass" and getattr(self, "has_names", False) and (is_json or self.has_header):
            self.class_names = ["cat", "dog", "Ünder", "a b" if self.format != "blanks" else "a_b"] + ["c%d" % c for c in range(4, self.classes)]
            self.columns += ["--classes", ",".join(self.class_names[: self.classes])]
        for index, count in enumerate(self.cuts):
            data = writer(begin, count).encode()
            framing = "zip" if self.chance(0.07) else self._framing()
            self.is_zipped = self.is_zipped or framing == "zip"
            names.append(self._put("d-%d.%s" % (index, self.format), data, framing))
            begin += count
        self.inputs = names
        self.predictions = self._list_of(names, "d")
        if is_json:
            self._column_options(*self.json_paths)
        elif self.has_header:
            predictions, labels = self._names()
            # The order of a prefix's columns is that of the table.
            self._column_options("p_*" if self.chance(0.2) else ",".join(predictions), ",".join(labels))
        else:
            groups = {"p": self.classes, "y": 0, "w": 1 if self.weights else 0}
            if self.label_kind:
                groups["y"] = self.classes if self.task in ("multilabel", "soft") else 1
            places, place = {}, 0
            for key in (["p", "y", "w"][index] for index in self.order):
                places[key] = ",".join(str(place + offset) for offset in range(groups[key]))
                place += groups[key]
            self.columns += ["--no-header", "predictions"]
            self._column_options(places["p"], places["y"])
            if self.weights:
                self.columns[self.columns.index("--weight-column") + 1] = places["w"]

    def _label_texts(self, row):
        if not self.label_kind:
            return []
        if self.class_names:
            return [self.class_names[int(label)] for label in row]
        return [self._label_text(label) for label in row]

    def _table_of(self, begin, count):
        delimiter = DELIMITERS[self.format]
        predictions, labels = self._names()

        def line(p, y, w):
            fields = []
            for group in ((p, y, w)[index] for index in self.order):
                fields += group
            if self.format == "blanks":
                return " " * self.random.randrange(2) + " ".join(field + " " * self.random.choice((0, 0, 2)) for field in fields).rstrip()
            return delimiter.join('"%s"' % field if self.chance(0.05) else field for field in fields)

        lines = []
        if self.has_header:
            lines.append(line(predictions, labels if self.label_kind else [], ["w"] if self.weights else []))
        for row in range(begin, begin + count):
            w = [repr(self.weights[row])] if self.weights else []
            lines.append(line([self._text(value) for value in self.values[row]], self._label_texts(self.labels[row]), w))
            if self.chance(0.02):
                lines.append("")
        return self.line_end.join(lines) + (self.line_end if self.ends_line else "")

    def _json_number(self, value):
        if value != value or math.isinf(value):
            return "NaN" if value != value else "Infinity" if value > 0 else "-Infinity"
        text = self._text(value)
        return '"%s"' % text if self.chance(0.03) else text

    def _json_of(self, begin, count):
        predictions, labels = self._names()
        is_wide = self.task in ("multilabel", "soft")
        records = []
        for row in range(begin, begin + count):
            members = []
            if self.tokens is not None:
                members.append('"t": [null%s]' % "".join(", %r" % value for value in self.tokens[row]))
            elif self.is_json_list:
                members.append('"p": [%s]' % ", ".join(self._json_number(value) for value in self.values[row]))
            else:
                members += ['"%s": %s' % (name, self._json_number(value)) for name, value in zip(predictions, self.values[row])]
            texts = self._label_texts(self.labels[row])
            if self.class_names:
                texts = ['"%s"' % text for text in texts]
            if texts and is_wide and self.is_json_list:
                members.append('"y": [%s]' % ", ".join(texts))
            elif texts:
                members += ['"%s": %s' % (name, text) for name, text in zip(labels, texts)]
            if self.weights:
                members.append('"w": %s' % self._json_number(self.weights[row]))
            members.append(self.random.choice(('"note": "x \\"y\\" \\u00e9"', '"note": {"a": [1, {"b": null}], "c": "]"}', '"note": null')))
            if self.chance(0.2):
                self.random.shuffle(members)
            records.append("{" + ", ".join(members) + "}")
        one = "t" if self.tokens is not None else "p" if self.is_json_list else ",".join(predictions)
        self.json_paths = (one, "y" if self.is_json_list and is_wide else ",".join(labels))
        if self.format == "jsonl":
            return self.line_end.join(records) + (self.line_end if self.ends_line else "")
        document = "[" + ",\n ".join(records) + "]"
        return '{"meta": {"results": [1]}, "results": %s, "end": null}\n' % document if self.is_wrapped else document + "\n"

    # The commands -----------------------------------------------------------------------------------------------------------

    def _truth(self):
        truth = {"dialects": {}, "read": self.row_count}
        for loss, total in zip(self.losses, self.totals):
            mean = total.mean
            truth["dialects"][loss.dialect] = {
                "mean": None if mean is None else str(mean[0]), "magnitude": None if mean is None else str(mean[1]),
                "ulps": total.ulps, "scored": len(total.scored), "ignored": total.count("ignored"), "invalid": total.count("invalid"),
            }
        first = self.totals[0]
        truth["rows"] = [[str(row.loss), str(row.magnitude)] if isinstance(row, Scored) else None for row in first.rows]
        return truth

    def _steps(self):
        r = self.random
        values = self.values
        if self.tokens is not None:
            values = [[math.fsum(row)] for row in self.tokens]
        self.totals = []
        for loss in self.losses:
            total = Total(loss)
            for row in range(self.row_count):
                total.rows.append(loss.row(values[row], self.labels[row], self.weights[row] if self.weights else 1.0))
            self.totals.append(total)
        invalid = max(total.count("invalid") for total in self.totals)
        scored = min(len(total.scored) for total in self.totals)
        options = ["eval"] + self.predictions + self.options + self.columns
        if invalid and self.chance(0.1):
            return [self._step(options + ["--json", "-"], gives=65)]
        if invalid or self.chance(0.2):
            options += ["--on-invalid", "skip"]
        if not scored:
            return [self._step(options + ["--json", "-"], gives=65)]
        # Its divisor may be nothing all the same.
        rows = "rows." + r.choice(("npy", "csv", "npy.zst", "csv.zst"))
        steps = [self._step(options + ["--json", "-", "--threads", "1", "--kernel", "baseline", "--per-row", rows], rows=rows)]
        steps.append(self._step(options + ["--json", "-", "--threads", str(r.randrange(2, 6)), "--kernel", r.choice(self.kernels)]))
        has_its_labels = self.format == "safetensors" and (self.label_kind or self.weights)
        is_stream = self.format not in ("npz", "hdf5") + COLUMNAR_FORMATS and not has_its_labels and not self.is_zipped
        if len(self.inputs) == 1 and is_stream:
            piped = ["eval", "-"] + options[2:]
            steps.append(self._step(piped + ["--json", "-"], stdin=self.inputs[0]))
        steps += self._packing(invalid, options)
        if self.is_text and len(self.inputs) > 1:
            # Rows of text have no numbers before all of it is read: a file is a shard.
            begin, partials = 0, []
            for index, name in enumerate(self.inputs):
                partials.append("%d.partial" % index)
                shard = ["eval", name] + options[1 + len(self.predictions) :]
                steps.append(self._step(shard + ["--first-row", str(begin), "--partial", partials[-1], "--silent"], gives="shard"))
                begin += self.cuts[index]
            r.shuffle(partials)
            steps.append(self._step(["merge"] + partials + ["--json", "-", "--expect-rows", str(self.row_count)]))
        elif self.row_count > 1:
            count = r.randrange(2, 5)
            for shard in range(count):
                steps.append(
                    self._step(
                        options + ["--shard", "%d/%d" % (shard, count), "--partial", "%d.partial" % shard, "--silent"],
                        gives="shard of text" if self.is_text else "shard"))
            partials = ["%d.partial" % shard for shard in range(count)]
            r.shuffle(partials)
            if self.chance(0.3):
                steps.append(self._step(["merge"] + partials[:2] + ["--partial", "two.partial", "--silent"], gives="shard"))
                partials = ["two.partial"] + partials[2:]
            steps.append(self._step(["merge"] + partials + ["--json", "-", "--expect-rows", str(self.row_count)]))
        return steps

    def _packing(self, invalid, options):
        """Steps that pack the dump, and evaluate what was packed."""
        if len(self.inputs) > 1 or self.weights or self.tokens is not None or invalid or not self.chance(0.3):
            return []
        if "--class-axis" in options or "--shift-labels" in options:
            return []
        packing = ["pack", self.inputs[0], "-o", "packed.npy.zst", "--quiet", "--level", str(self.random.randrange(-3, 6))]
        # Without a task, labels are an array, or fractions, because the option says so.
        is_wide = self.task in ("multilabel", "soft") or any(label != int(label) for row in self.labels for label in row)
        packing += ["--label-columns" if is_wide and word == "--label-column" else word for word in self.columns]
        packing += ["--frame-size", self.random.choice(("64", "1K", "1M"))]
        evaluating = ["eval", "packed.npy.zst"] + self.options
        if self.columns and self.label_kind:
            packing += ["--labels-output", "packed-labels.npy.zst"]
            evaluating += ["--labels", "packed-labels.npy.zst"]
        return [self._step(packing, gives="file"), self._step(evaluating + ["--json", "-"])]

    def _step(self, arguments, gives="report", stdin=None, rows=None):
        return {"arguments": arguments, "gives": gives, "stdin": stdin, "rows": rows}


def make_trial(seed, kernels):
    """The trial of a seed; `kernels` are those that the machine has."""
    return Maker(seed, kernels).make()
