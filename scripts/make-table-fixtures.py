#!/usr/bin/env python3
"""Writes Tests/FormatsTests/Fixtures/table, the tables that the tests of Formats read.

    scripts/make-table-fixtures.py

Random CSV and TSV files, and expected.json, which holds what Python's csv module reads from each: names of columns, and of each record
its first line, how many fields it has, its numbers, its label, and the bytes of its text. Quotes needed and not needed, doubled quotes,
quotes within fields, delimiters and line feeds in fields, CRLF, blank lines, byte-order marks, other scripts, missing values, ragged
records, no line feed at the end. Seeded: the same Python gives the same bytes. Needs nothing but Python 3.9.
"""

import csv
import io
import json
import random
import shutil
from pathlib import Path

FOLDER = Path(__file__).resolve().parent.parent / "Tests" / "FormatsTests" / "Fixtures" / "table"
FILE_COUNT = 48

LABELS = ["cat", "dog", "big dog", "Löwe", "ネコ", 'so-called "cat"', "cat, wild", "O'Cat", "tab\tcat", "two\nlines", "semi;cat|bar"]
TEXTS = ["", "plain", "5\" pipe", "a \"quoted\" word", "comma, text", "line\nfeed", "crlf\r\nin quotes", "ünïcödé", "日本語 🐈", "'", "\"",
         "\"\"", "1.5", "  spaces  ", "semi;colon", "bar|bar", "tab\ttab", "back\\slash", "#", "NaN", "a" * 70, ",,,", "\n", "\n\n\"\n"]
MISSING = ["", "NA", "nan", "N/A", "null", "None", " ", "NULL"]


def number_text(rng):
    value = rng.choice([rng.gauss(0, 3), rng.random(), 10 ** rng.uniform(-300, 300), float(rng.randrange(-1000, 1000))])
    form = rng.choice(["%.9g", "%.17g", "%.3f", "%r", "%e", "%d", "%+.4f"])
    text = form % (max(min(value, 1e18), -1e18) if form in ("%.3f", "%d", "%+.4f") else value)
    return rng.choice([text] * 6 + [" " + text, text + "  "])


def field_text(rng, text, delimiter, style):
    """A field as it stands in the file. A quote within a field that does not begin with one may stand alone."""
    needs = any(c in text for c in (delimiter, "\n", "\r")) or text.startswith('"')
    if needs or style == "all" or (style == "some" and rng.random() < 0.3):
        return '"' + text.replace('"', '""') + '"'
    return text


def make_file(rng):
    delimiter = rng.choice([",", ",", "\t", ";", "|"])
    style = rng.choice(["minimal", "some", "all"])
    end = rng.choice(["\n", "\n", "\r\n"])
    kinds = ["number"] * rng.randrange(1, 5) + ["label", "text"] + ["other"] * rng.randrange(3)
    rng.shuffle(kinds)
    names = ["%s_%d" % (kind, place) if kind in ("number", "other") else kind for place, kind in enumerate(kinds)]
    if rng.random() < 0.2:
        names[kinds.index("text")] = "text, and %s more" % delimiter
    has_ragged, has_missing, has_blank = (rng.random() < 0.5 for _ in range(3))
    text = "\ufeff" if rng.random() < 0.2 else ""
    if has_blank and rng.random() < 0.3:
        text += end
    text += delimiter.join(field_text(rng, name, delimiter, style) for name in names) + end
    row_count = rng.randrange(0, 26)
    for row in range(row_count):
        fields = []
        for kind in kinds:
            if kind == "number":
                value = rng.choice(MISSING) if has_missing and rng.random() < 0.1 else number_text(rng)
            elif kind == "label":
                value = rng.choice(LABELS)
            else:
                value = rng.choice(TEXTS)
            # A quote that stands alone in a column that is wanted is refused.
            fields.append(field_text(rng, value, delimiter, "all" if kind == "label" and '"' in value else style))
        if has_ragged and rng.random() < 0.15:
            if rng.random() < 0.5:
                fields = fields[:rng.randrange(1, len(fields))] or ["x"]
            else:
                fields += ["1"] * rng.randrange(1, 3)
        line = delimiter.join(fields)
        text += (line or '""') + (end if row + 1 < row_count or rng.random() < 0.7 else "")
        if has_blank and rng.random() < 0.2 and text.endswith("\n"):
            text += rng.choice(["", "", "  "] + ["\t"] * (delimiter != "\t")) + end
    return delimiter, names, kinds, text


def number(text):
    text = text.strip(" \t")
    return None if text.lower() in {missing.strip().lower() for missing in MISSING} else float(text).hex()


def expectation(delimiter, kinds, text):
    """What csv.reader reads. It gives lines of spaces as records of one field; we pass over them, as pandas does."""
    reader = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), delimiter=delimiter)
    lines = text.removeprefix("\ufeff").split("\n")
    records, line, header = [], 0, None
    for record in reader:
        first, line = line, reader.line_num
        if not record or (len(record) == 1 and not record[0].strip(" \t") and not lines[first].startswith('"')):
            continue
        if header is None:
            header, header_lines = record, line
            continue
        entry = {"line": first - header_lines, "fields": len(record)}
        if len(record) == len(kinds):
            entry["numbers"] = [number(field) for field, kind in zip(record, kinds) if kind == "number"]
            entry["label"] = LABELS.index(record[kinds.index("label")])
            entry["bytes"] = len(record[kinds.index("text")].encode())
        records.append(entry)
    return {"delimiter": delimiter, "names": [name.strip(" \t") for name in header], "kinds": kinds, "headerLines": header_lines,
            "lines": line - header_lines, "records": records}


def main():
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    expected = {}
    for index in range(FILE_COUNT):
        rng = random.Random(index)
        delimiter, names, kinds, text = make_file(rng)
        # The delimiter is guessed from the first line: a header in which another is as frequent says nothing.
        header = text.removeprefix("\ufeff").lstrip("\r\n").split("\n")[0]
        assert all(header.count(other) < header.count(delimiter) for other in ",\t;|" if other != delimiter) or "more" in header
        name = "%02d.%s" % (index, "tsv" if delimiter == "\t" else "csv")
        (FOLDER / name).write_bytes(text.encode())
        expected[name] = expectation(delimiter, kinds, text)
        assert expected[name]["names"] == names, (name, expected[name]["names"], names)
    (FOLDER / "expected.json").write_text(json.dumps({"labels": LABELS, "files": expected}, separators=(",", ":")) + "\n")
    size = sum(path.stat().st_size for path in FOLDER.iterdir())
    records = sum(len(file["records"]) for file in expected.values())
    print(f"{len(expected)} files, {records} records, {size} bytes in {FOLDER.name}/")


if __name__ == "__main__":
    main()
