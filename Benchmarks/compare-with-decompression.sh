#!/usr/bin/env bash
# compare-with-decompression.sh [ROWS] [RUNS]: see README.md beside it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
rows=${1:-500000}
runs=${2:-7}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
gcc -O2 -o "$folder/reference" Benchmarks/decompress-reference.c -lzstd -lpthread
python3 - "$folder" "$rows" "$runs" "$PWD/.build/release/xent" <<'PYTHON'
import statistics, struct, subprocess, sys, time
import numpy, zstandard
folder, rows, runs, xent = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
random = numpy.random.default_rng(1)
labels = random.integers(0, 100, rows).astype("<i4")
numpy.save(f"{folder}/labels.npy", labels)
compressor, table, frames, pending = zstandard.ZstdCompressor(level=3, write_checksum=True), b"", 0, b""
header = {"descr": "<f4", "fortran_order": False, "shape": (rows, 100)}
with open(f"{folder}/header", "wb") as file: numpy.lib.format.write_array_header_1_0(file, header)
pending = open(f"{folder}/header", "rb").read()
with open(f"{folder}/logits.npy.zst", "wb") as file:
    for start in range(0, rows, 50000):
        count = min(50000, rows - start)
        logits = random.normal(0, 2, (count, 100)).astype("<f4")
        logits[numpy.arange(count), labels[start:start + count]] += 3
        pending += logits.tobytes()
        while len(pending) >= 1 << 20 or (pending and start + count == rows):
            piece, pending = pending[:1 << 20], pending[1 << 20:]
            frame = compressor.compress(piece)
            file.write(frame)
            table += struct.pack("<II", len(frame), len(piece)) + frame[-4:]
            frames += 1
    file.write(struct.pack("<II", 0x184D2A5E, len(table) + 9) + table + struct.pack("<IBI", frames, 0x80, 0x8F92EAB1))
commands = {
    "xent": [xent, "eval", f"{folder}/logits.npy.zst", "--labels", f"{folder}/labels.npy", "--task", "multiclass", "--input", "logits",
             "--threads", "2", "--quiet"],
    "libzstd": [f"{folder}/reference", f"{folder}/logits.npy.zst", "2"]}
seconds = {name: [] for name in commands}
for run in range(runs + 1):
    for name, command in commands.items():
        start = time.perf_counter()
        subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
        if run > 0: seconds[name].append(time.perf_counter() - start)  # the first is a warm-up
ratios = [a / b for a, b in zip(seconds["xent"], seconds["libzstd"])]
for name in commands: print(f"{name:8} {statistics.median(seconds[name]):.3f} s")
print(f"ratio    {statistics.median(ratios):.2f} (median of {runs} pairs; {min(ratios):.2f} to {max(ratios):.2f})")
PYTHON
