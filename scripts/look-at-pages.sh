#!/bin/sh
# Makes reports of each kind, shows their pages in headless Chromium at 400 and 1,400 pixels, light and dark, and fails if one is wider than its
# window or holds a drawing without size. Screenshots are written to a folder, to be looked at.
#
#   scripts/look-at-pages.sh [FOLDER]     XENT=path/to/xent, CHROMIUM=path/to/chromium
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
xent=${XENT:-$root/.build/release/xent}
folder=${1:-$root/.build/pages}
mkdir -p "$folder"
cd "$folder"

chromium=${CHROMIUM:-$(command -v chromium || command -v chromium-browser || true)}
if [ -z "$chromium" ]; then
    apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core
    chromium=$(command -v chromium)
fi

# Dumps of models that know something: logits that lean towards the label, too sure of themselves.
python3 - <<'PYTHON'
import random, struct
random.seed(7)

def write(name, kind, shape, values, letter):
    head = "{'descr': '%s', 'fortran_order': False, 'shape': (%s), }" % (kind, "".join("%d," % n for n in shape))
    head += " " * (63 - (10 + len(head)) % 64) + "\n"
    with open(name, "wb") as file:
        file.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head.encode())
        file.write(struct.pack("<%d%s" % (len(values), letter), *values))

rows, classes = 4000, 12
labels = [min(int(random.expovariate(0.25)), classes - 1) for _ in range(rows)]
base, new = [], []
for label in labels:
    hard = random.random() * 2
    row = [random.gauss(0, 1) + (2.2 - hard + label / 12 if i == label else 0) for i in range(classes)]
    base += [2 * value for value in row]
    new += [1.5 * value + random.gauss(0, 0.3) for value in row]
write("labels.npy", "|u1", [rows], labels, "B")
write("base.npy", "<f4", [rows, classes], base, "f")
write("new.npy", "<f4", [rows, classes], new, "f")
groups = [int(random.expovariate(0.02)) for _ in range(rows)]
write("groups.npy", "<i4", [rows], groups, "i")
truth = [random.random() for _ in range(rows)]
write("decisions.npy", "<f8", [rows], [min(max(p + random.gauss(0, 0.1), 0.0), 1.0) for p in truth], "d")
write("right.npy", "|u1", [rows], [int(random.random() < p) for p in truth], "B")
PYTHON
printf '%s\n' '{"lp": [-1.5, -2, -0.25], "t": "abc de"}' '{"lp": [-3], "t": "a"}' '{"lp": [-0.5, -0.75], "t": "b c d"}' > log.jsonl

multiclass="--labels labels.npy --task multiclass --input logits"
"$xent" eval base.npy $multiclass --json plain.json --html plain.html --quiet > out.txt
"$xent" eval base.npy $multiclass --insight --calibration both --calibration-bins 15 --top-k 1,2,5 --ranking --groups groups.npy \
    --slice label --slice predicted --slice label,predicted --temperature-sweep 0.5,0.75,1,1.5,2,3,4 --fit-temperature --worst 20 --dialect exact --dialect pytorch \
    --json multiclass.json --html multiclass.html --quiet >> out.txt
"$xent" eval new.npy $multiclass --insight --json insight.json --quiet >> out.txt
"$xent" eval decisions.npy --labels right.npy --task binary --input probabilities --insight --ranking --html binary.html --quiet >> out.txt 2>&1
"$xent" eval log.jsonl --task likelihood --input log-probabilities --prediction-columns lp --text-column t --quantiles 0.5,0.9 --html tokens.html \
    --quiet >> out.txt 2>&1
"$xent" eval base.npy $multiclass --insight --shard 0/2 --partial 0.partial --quiet >> out.txt
"$xent" eval base.npy $multiclass --insight --shard 1/2 --partial 1.partial --quiet >> out.txt
"$xent" merge 0.partial 1.partial --html merge.html --quiet >> out.txt
"$xent" compare base.npy new.npy $multiclass --slice label --groups groups.npy --worst 10 --dialect llama.cpp --json compare.json \
    --html compare.html --quiet >> out.txt
for model in base new; do
    "$xent" eval $model.npy $multiclass --slice label --interval jackknife --partial $model.partial --json $model.json --quiet >> out.txt
done
"$xent" compare base.partial new.partial --html partials.html --quiet >> out.txt
"$xent" compare base.json new.json --html reports.html --quiet >> out.txt
"$xent" report multiclass.json insight.json compare.json -o several.html
# Nights of which one is worse, one fails and one misses a gate.
rm -f nightly.jsonl
for temperature in 1 1.02 0.98 1.01 1 1.4 1.01 0.99 none 1 1.02 0.97; do
    file=base.npy
    if [ $temperature = none ]; then file=missing.npy; fi
    "$xent" eval $file $multiclass --temperature "$([ $temperature = none ] && echo 1 || echo $temperature)" --history nightly.jsonl \
        --require 'loss.mean >= 1.65' --quiet >> out.txt 2>&1 || true
done
"$xent" history nightly.jsonl --html history.html >> out.txt
# Long names without a place to break them, and some that would be markup.
long=$(printf 'a_very_long_name_%.0s' 1 2 3 4 5 6 7 8)
python3 - "$long" <<'PYTHON'
import json, sys
report = json.load(open("multiclass.json"))
report["columns"]["class_names"] = [sys.argv[1] + "<script>%d</script>" % i for i in range(12)]
report["warnings"] = ["labels.npy: " + sys.argv[1] + " is a <b>doubt</b>"]
for index, part in enumerate(report["slices"]):
    part["by"] = {key: "<script>alert(%d)</script> %s" % (index, sys.argv[1]) for key in part["by"]}
for row in report["worst"]:
    row["place"] = "/data/" + sys.argv[1] + ".npy: row %d" % row["row"]
json.dump(report, open("names.json", "w"))
PYTHON
"$xent" report names.json -o names.html

# A page in a frame of a width tells its parent how wide it is, and of drawings without size; Chromium's own windows have a least width.
browse() {
    scheme=$1
    shift
    "$chromium" --headless --no-sandbox --disable-gpu --disable-dev-shm-usage --hide-scrollbars --allow-file-access-from-files \
        --user-data-dir="$folder/profile" --virtual-time-budget=4000 --blink-settings=preferredColorScheme="$scheme" "$@" 2> chromium.txt
}
failures=0
for page in plain multiclass binary tokens merge compare partials reports several names history; do
    # The probe is the only script, and no part of the page that xent wrote.
    { cat "$page.html"; cat <<'HTML'
<script>addEventListener("load", () => {
  const root = document.scrollingElement, empty = [...document.querySelectorAll("svg")].filter(s => s.getBoundingClientRect().height < 20).length;
  parent.postMessage(`scroll ${root.scrollWidth} of ${innerWidth}, height ${root.scrollHeight}, empty ${empty}`, "*"); });</script>
HTML
    } > "$page.probe.html"
    for width in 400 1400; do
        cat > frame.html <<HTML
<!DOCTYPE html><meta name="color-scheme" content="light dark"><style>body { margin: 0 } iframe { border: 0; width: ${width}px; height: 900px }</style>
<p id="result"></p><script>addEventListener("message", e => { document.getElementById("result").textContent = e.data; });</script>
<iframe src="$page.probe.html"></iframe>
HTML
        result=$(browse 1 --window-size=1600,1000 --dump-dom "file://$folder/frame.html" | sed -n 's/.*<p id="result">\([^<]*\)<.*/\1/p')
        seen=$(echo "$result" | sed -n 's/^scroll \([0-9]*\) of \([0-9]*\), height \([0-9]*\), empty \([0-9]*\)$/\1 \2 \3 \4/p')
        set -- $seen
        if [ $# -ne 4 ] || [ "$1" -gt "$2" ] || [ "$4" -ne 0 ] || [ "$2" -ne "$width" ]; then
            echo "$page at $width: FAILS: ${result:-no answer}"
            failures=$((failures + 1))
            continue
        fi
        echo "$page at $width: $result"
        height=$3
        for scheme in light dark; do
            cat > frame.html <<HTML
<!DOCTYPE html><meta name="color-scheme" content="light dark"><style>body { margin: 0 }
iframe { border: 0; display: block; width: ${width}px; height: ${height}px }</style><iframe src="$page.html"></iframe>
HTML
            browse "$([ $scheme = dark ] && echo 0 || echo 1)" --window-size=$((width < 500 ? 500 : width)),"$height" \
                --screenshot="$folder/$page-$width-$scheme.png" "file://$folder/frame.html"
        done
    done
done
rm -rf frame.html ./*.probe.html profile
echo "screenshots are in $folder"
exit "$((failures > 0))"
