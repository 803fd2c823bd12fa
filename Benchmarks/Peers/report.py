"""What was measured, as Markdown and as a plot. The plot is plain SVG, and follows the reader's light or dark setting."""

import html
import math

import machine
from peer import peers

titles = {"logits": "logits, 500,000 × 100 f32", "binary": "probabilities, 50,000,000 f32",
          "language-model": "language-model logits, 4,096 × 49,152 f32",
          "smoothing": "the logits with label smoothing 0.1", "multilabel": "multilabel logits, 500,000 × 100 f32",
          "pyarrow": "the logits as pyarrow writes them, lists in snappy", "pandas": "the logits as pandas writes them, a column a class",
          "polars": "the logits as Polars writes them, lists in zstd", "duckdb": "the logits as DuckDB writes them, lists in snappy"}


def title(name: str) -> str:
    return peers[name].title if name in peers else "Xent"


def time_text(seconds: float) -> str:
    if seconds < 0.9995: return f"{seconds * 1000:.0f} ms"
    return f"{seconds:.2f} s" if seconds < 9.995 else f"{seconds:.1f} s"


def memory_text(size: float) -> str:
    return f"{size / 1e6:.0f} MB" if size < 999.5e6 else f"{size / 1e9:.1f} GB"


def in_order(results: dict) -> list:
    """Xent, then the others, the fastest first."""
    return sorted(results, key=lambda name: (name != "xent", results[name]["median_seconds"]))


def conditions(result: dict) -> str:
    noisy = result["load_average_before"] > 0.5
    return (f"Medians of {result['repeats']} runs, each in turn with Xent, as whole processes with {result['threads']} threads and a warm "
            f"page cache, {result['date']}; load average before the first: {result['load_average_before']}"
            + (", so others were using the machine, and times are not to be relied on" if noisy else "") + ".")


def markdown(result: dict) -> str:
    lines = ["# Xent beside what people use today", "", "Written by `Benchmarks/Peers/run`. " + conditions(result), "",
             "![Time, memory, digits](peers.svg)"]
    for name, dump in result["dumps"].items():
        results = dump["results"]
        lines += ["", f"## {titles[name]}", "", f"True mean: {dump['true_mean']!r} nats.", "",
                  "| | time | times Xent's | of it to start | processor time | peak memory | mean | digits lost |",
                  "|---|--:|--:|--:|--:|--:|--:|--:|"]
        for key in in_order(results):
            own = results[key]
            ratio = f"{own['times_xent']:.1f}" if key in peers else ""
            start = time_text(own["median_start_seconds"]) if key in peers else ""
            lines.append(f"| {title(key)} | {time_text(own['median_seconds'])} | {ratio} | {start} | "
                         f"{time_text(own['median_processor_seconds'])} | {memory_text(own['peak_bytes'])} | {own['mean']!r} | "
                         f"{own['digits_lost']:.1f} |")
        others = [key for key in in_order(results) if key in peers]
        if others:
            fastest = min(others, key=lambda key: results[key]["times_xent"])
            lines += ["", f"The fastest of them, {title(fastest)}, takes {results[fastest]['times_xent']:.1f} times as long as Xent."]
    lines += [
        "", "## How it was measured", "",
        "Xent, numpy, PyTorch and scikit-learn read the same seekable zstd files (1 MiB frames, level 3); DuckDB, Polars and chDB read",
        "Parquet with zstd, level 3, of the same values, the logits as a column of lists. Files that pyarrow, pandas, Polars and DuckDB",
        "write by default are read by Xent as well. Time is from the start of the process to its",
        "end. *Of it to start* is the time of a process that only imports what the script imports. Peak memory is `ru_maxrss` of `wait4`,",
        "the largest of all runs. The true mean is computed from the stored values in extended precision; *digits lost* are those of a",
        "Float64's 15.95 decimal digits that are wrong. Each script is in `Benchmarks/Peers`, as its users would write it for speed: numpy",
        "decompresses ahead in a second thread, PyTorch and scikit-learn decompress straight into the array, the engines have one query",
        "each.", "",
        f"Machine: {machine.sentence(result['machine'])}.", "",
        "Versions: " + ", ".join(f"{name} {version}" for name, version in result["versions"].items()) + ".", ""]
    return "\n".join(lines)


style = """
  text { font: 12px system-ui, -apple-system, "Segoe UI", Roboto, Helvetica, Arial, sans-serif; fill: #1f2328 }
  .title { font-size: 15px; font-weight: 600 } .heading { font-weight: 600 } .small { font-size: 11px; fill: #59636e }
  .grid { stroke: #d1d9e0; stroke-width: 1 } .line { stroke: #8b949e; stroke-width: 2 } .dot { fill: #6e7781 }
  .xent .line { stroke: #0969da } .xent .dot { fill: #0969da } .xent text { fill: #0969da; font-weight: 600 }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 } .small { fill: #9198a1 } .grid { stroke: #3d444d } .line { stroke: #6e7681 } .dot { fill: #9198a1 }
    .xent .line { stroke: #4493f8 } .xent .dot { fill: #4493f8 } .xent text { fill: #4493f8 }
  }
"""


class Axis:
    """One panel's scale: linear, or logarithmic over whole powers of ten around the values."""

    def __init__(self, heading, key, text, values, logarithmic, unit=1.0):
        self.heading, self.key, self.text, self.logarithmic = heading, key, text, logarithmic
        if logarithmic:
            self.low, self.high = (10 ** whole(math.log10(value / unit)) * unit for whole, value in
                                   ((math.floor, min(values)), (math.ceil, max(values))))
            count = round(math.log10(self.high / self.low))
            self.ticks = [self.low * 10 ** power for power in range(count + 1)]
        else:
            self.low, self.high, self.ticks = 0, 16, [0, 4, 8, 12, 16]

    def place(self, value: float) -> float:
        """0 at the left end, 1 at the right."""
        if self.logarithmic: return math.log(value / self.low) / math.log(self.high / self.low)
        return (value - self.low) / (self.high - self.low)


def plot(result: dict) -> str:
    everything = [own for dump in result["dumps"].values() for own in dump["results"].values()]

    def values(key: str) -> list:
        return [own[key] for own in everything]

    axes = [Axis("time", "median_seconds", time_text, values("median_seconds"), True),
            Axis("peak memory", "peak_bytes", memory_text, values("peak_bytes"), True, 1e6),
            Axis("digits lost, of 16", "digits_lost", lambda value: f"{value:.1f}", values("digits_lost"), False)]
    left, panel, gap, line = 130, 190, 76, 20
    width = left + len(axes) * (panel + gap)
    parts, y = [], 26

    def text(x, y, content, kind="", anchor="start"):
        parts.append(f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"' + (f' class="{kind}"' if kind else "")
                     + f">{html.escape(content)}</text>")

    def tick(axis, value):
        if axis.key == "median_seconds": return f"{value:g} s"
        if axis.key == "peak_bytes": return f"{value / 1e6:g} MB" if value < 1e9 else f"{value / 1e9:g} GB"
        return f"{value:g}"

    text(0, y, "Mean cross-entropy of the same values: time, memory and digits lost; less is better", "title")
    y += 18
    text(0, y, f"whole processes, {result['threads']} threads, medians of {result['repeats']} runs in turn; "
               f"{result['machine']['processor']}; time and memory on logarithmic scales", "small")
    for name, dump in result["dumps"].items():
        results = dump["results"]
        y += 34
        text(0, y, titles[name], "heading")
        y += 20
        bottom = y + 4 + line * len(results)
        for index, axis in enumerate(axes):
            x = left + index * (panel + gap)
            text(x, y, axis.heading, "small")
            for value in axis.ticks:
                at = x + panel * axis.place(value)
                parts.append(f'<path class="grid" d="M{at:.1f} {y + 6}V{bottom}"/>')
                text(at, bottom + 13, tick(axis, value), "small", "middle")
        for key in in_order(results):
            y += line
            parts.append(f'<g class="{"xent" if key == "xent" else "peer"}">')
            text(left - 10, y + 2, title(key), anchor="end")
            for index, axis in enumerate(axes):
                x = left + index * (panel + gap)
                value = results[key][axis.key]
                at = x + panel * axis.place(value)
                parts.append(f'<path class="line" d="M{x} {y - 2}H{at:.1f}"/><circle class="dot" cx="{at:.1f}" cy="{y - 2}" r="4"/>')
                text(at + 8, y + 2, axis.text(value))
            parts.append("</g>")
        y = bottom + 13
    height = y + 12
    label = "Time, memory and digits lost of Xent and others; the figures are in peers.md"
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="-8 0 {width} {height}" width="{width}" height="{height}" role="img" '
            f'aria-label="{label}">\n<style>{style}</style>\n' + "\n".join(parts) + "\n</svg>\n")
