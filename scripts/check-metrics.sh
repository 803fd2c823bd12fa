#!/usr/bin/env bash
# Has a real node exporter read the metrics of four runs, one that succeeds, one whose gate fails, one that is locked out and one of
# damaged data, and checks what it serves.
#
#   scripts/check-metrics.sh [BINARY]
#
# Needs scripts/fetch-prometheus.sh, which it calls, and curl or python3.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
xent=$(readlink -f "${1:-.build/release/xent}")
scripts/fetch-prometheus.sh
tools=$PWD/.build-prometheus/usr/bin
demo=$PWD/scripts/demo

scratch=$(mktemp -d)
exporter=
trap 'if [[ -n $exporter ]]; then kill "$exporter" 2> /dev/null || true; fi; rm -rf "$scratch"' EXIT
cd "$scratch"
mkdir textfile
fail() {
    printf 'check-metrics: %s\n' "$1" >&2
    exit 1
}
run() {
    local job=$1 expected=$2 status=0
    shift 2
    "$xent" eval "$@" --metrics "textfile/$job.prom" --job "$job" --silent 2> "$job.log" || status=$?
    if ((status != expected)); then fail "the run of $job ended with $status, and not with $expected: $(cat "$job.log")"; fi
}
digits=("$demo/digits.logits.npy.zst" --labels "$demo/digits.labels.npy" --task multiclass --input logits)
run good 0 "${digits[@]}" --require 'loss.mean <= 0.1' --dialect exact --dialect pytorch
run gate 1 "${digits[@]}" --require 'loss.mean <= 0.01'
exec 9> lock
flock 9
run 'locked "out"' 75 "${digits[@]}" --lock lock
exec 9>&-
printf 'p0,p1,label\n0.5,0.5,1\n0.5,oops,1\n' > damaged.csv
run damaged 65 damaged.csv --task multiclass --input probabilities
for file in textfile/*.prom; do
    complaint=$("$tools/promtool" check metrics < "$file" 2>&1) || fail "$file: promtool: $complaint"
    if [[ -n $complaint ]]; then fail "$file: promtool: $complaint"; fi
done

port=$((20000 + RANDOM % 20000))
"$tools/prometheus-node-exporter" --collector.disable-defaults --collector.textfile --collector.textfile.directory="$scratch/textfile" \
    --web.listen-address="127.0.0.1:$port" > exporter.log 2>&1 &
exporter=$!
served=
for _ in $(seq 100); do
    if command -v curl > /dev/null; then served=$(curl -fsS "http://127.0.0.1:$port/metrics" 2> /dev/null) || true; else
        served=$(python3 -c "import urllib.request; print(urllib.request.urlopen('http://127.0.0.1:$port/metrics').read().decode())" 2> /dev/null) || true
    fi
    if [[ -n $served ]]; then break; fi
    kill -0 "$exporter" 2> /dev/null || fail "the exporter ended: $(cat exporter.log)"
    sleep 0.1
done
expect() { grep -qF -- "$1" <<< "$served" || fail "the exporter does not serve '$1'"; }
expect 'node_textfile_scrape_error 0'
expect 'xent_run_exit_status{job="good"} 0'
expect 'xent_run_exit_status{job="gate"} 1'
expect 'xent_run_exit_status{job="locked \"out\""} 75'
expect 'xent_run_exit_status{job="damaged"} 65'
expect 'xent_loss_mean_nats{dialect="exact",job="good",task="multiclass"} 0.06950040696274576'
expect 'xent_loss_mean_nats{dialect="pytorch",job="good",task="multiclass"} '
expect 'xent_gate_passed{gate="loss.mean <= 0.01",job="gate"} 0'
expect 'xent_rows{job="good",state="scored"} 1797'
# Every series of every file is served: none collided with another, none had another text of help.
written=$(cat textfile/*.prom | grep -vc '^#')
count=$(grep -c '^xent_' <<< "$served")
if ((written != count)); then fail "$written series were written, and $count are served"; fi
if grep -q 'level=error' exporter.log; then fail "the exporter complains: $(grep 'level=error' exporter.log)"; fi
printf 'check-metrics: %d series of 4 jobs, all served by the node exporter, and no complaint of promtool\n' "$count"
