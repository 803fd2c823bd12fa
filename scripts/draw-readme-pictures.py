#!/usr/bin/env python3
"""Draws the pictures of README.md: figures of the page that xent makes of the demo's digits, each as a file of its own.

    scripts/draw-readme-pictures.py [--check] [--xent .build/release/xent]

--check writes nothing, and fails if the pictures in scripts/demo are not those of this xent.
"""

import argparse
import pathlib
import re
import subprocess
import sys
import tempfile

DEMO = pathlib.Path(__file__).resolve().parent / "demo"
PICTURES = {"Reliability": "reliability.svg", "Classes, by label": "classes.svg"}
# The colours of the page (Sources/xent/Page/StyleSheet.swift), which a picture by itself does not have.
STYLE = """<style>
  svg { font: 12px system-ui, "DejaVu Sans", sans-serif; background: #ffffff; }
  text { fill: #1b1b1f } .name, .note { fill: #55585f } .grid { stroke: #c9ccd2 } .axis { stroke: #55585f }
  .reference { stroke: #a44200; stroke-width: 1.5; stroke-dasharray: 5 3 }
  .bar, .curve { stroke: #005a9c; stroke-width: 2; fill: none } .dot { fill: #005a9c } .mark { fill: #a44200 }
  .box { fill: #8fc0e8; stroke: #005a9c }
  @media (prefers-color-scheme: dark) {
    svg { background: #131519 } text { fill: #eceef2 } .name, .note { fill: #b0b5be } .grid { stroke: #454a54 } .axis { stroke: #b0b5be }
    .reference { stroke: #ffb073 } .bar, .curve { stroke: #8cc8ff } .dot { fill: #8cc8ff } .mark { fill: #ffb073 }
    .box { fill: #2d618f; stroke: #8cc8ff }
  }
</style>"""


def pictures(xent):
    """Returns the picture of each file's name."""
    with tempfile.TemporaryDirectory() as folder:
        page = pathlib.Path(folder) / "page.html"
        digits = ["digits.logits.npy.zst", "--labels", "digits.labels.npy", "--task", "multiclass", "--input", "logits"]
        subprocess.run([xent, "eval", *digits, "--insight", "--html", page, "--quiet"], cwd=DEMO, check=True, stdout=subprocess.DEVNULL)
        text = page.read_text()
    drawn = {}
    for title, name in PICTURES.items():
        found = re.search(rf"<figure><h3>{re.escape(title)}</h3>\s*(<svg.*?</svg>)", text, re.S)
        if not found:
            sys.exit(f"the page has no picture with the title {title}")
        svg = found[1].replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" width="560" ', 1)
        head, body = svg.split(">", 1)
        drawn[name] = f"{head}>{STYLE}{body}\n"
    return drawn


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--xent", default=str(DEMO.parent.parent / ".build/release/xent"))
    options = parser.parse_args()
    for name, text in pictures(options.xent).items():
        if not options.check:
            (DEMO / name).write_text(text)
        elif not (DEMO / name).exists() or (DEMO / name).read_text() != text:
            sys.exit(f"scripts/demo/{name} is not what this xent draws: scripts/draw-readme-pictures.py draws it anew")


if __name__ == "__main__":
    main()
