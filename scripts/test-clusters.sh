#!/bin/bash
# Evaluates a dump in 16 shards on each engine, kills a worker with SIGKILL in the middle, and compares the merged report with that of a
# single run, byte for byte but for `inputs` and `run`.
#
#   scripts/test-clusters.sh [--only NAME,…] [--rows N] [XENT]
#
# NAME: parallel, ray, dask, spark, slurm, kubernetes (whose YAML is checked alone). XENT: .build/release/xent by default. --rows: those of
# the dump (default 400000, of 20 classes).
#
# What is missing is installed: GNU parallel, Slurm, Munge and a Java by apt-get, which needs root; Ray, Dask and PySpark by pip, each into
# an environment of its own under .build-clusters. Slurm runs with a configuration of its own on this host, and is ended after the test.
#
# Exit status: 0 all are the same; 1 one is not, or failed; 64 bad usage.
set -eu -o pipefail

cd "$(dirname "$0")/.."
root=$PWD
only=parallel,ray,dask,spark,slurm,kubernetes
rows=400000
xent=.build/release/xent
while (($#)); do
    case $1 in
        --only) only=${2:?}; shift 2 ;;
        --rows) rows=${2:?}; shift 2 ;;
        -*) sed -n '2,15s/^# \{0,1\}//p' "$0" >&2; exit 64 ;;
        *) xent=$1; shift ;;
    esac
done
xent=$(realpath "$xent")
[[ -x $xent ]] || { echo "$xent is no program" >&2; exit 64; }
build=$root/.build-clusters
work=$build/work
shards=16
mkdir -p "$build"
rm -rf "$work"
mkdir -p "$work"
failures=0

wants() { [[ ,$only, == *,$1,* ]]; }

# package PROGRAM NAME…: installs packages of Debian if a program is missing.
package() {
    command -v "$1" > /dev/null && return
    export DEBIAN_FRONTEND=noninteractive
    # Lists of packages may be missing, or too old.
    apt-get install -y -q --no-install-recommends "${@:2}" > "$build/apt.log" 2>&1 ||
        { apt-get update -q && apt-get install -y -q --no-install-recommends "${@:2}"; } >> "$build/apt.log" 2>&1 ||
        { tail -3 "$build/apt.log" >&2; return 1; }
}

# environment NAME MODULE PACKAGE…: makes a virtual environment if its module is missing.
environment() {
    [[ -x $build/$1/bin/python ]] && "$build/$1/bin/python" -c "import $2" 2> /dev/null && return
    python3 -m venv "$build/$1"
    "$build/$1/bin/pip" install -q "${@:3}" > "$build/$1.log" 2>&1 || { tail -3 "$build/$1.log" >&2; return 1; }
}

echo "a dump of $rows rows, its plan, and the report of a single run"
python3 - "$work" "$rows" << 'PYTHON'
import array, pathlib, random, sys
folder, rows = pathlib.Path(sys.argv[1]), int(sys.argv[2])
def npy(name, kind, shape, values):
    text = f"{{'descr': '{kind}', 'fortran_order': False, 'shape': {shape}, }}"
    text += " " * (-(10 + len(text) + 1) % 64) + "\n"
    (folder / name).write_bytes(b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text.encode() + values.tobytes())
draw = random.Random(20261129)
npy("p.npy", "<f4", (rows, 20), array.array("f", (draw.gauss(0, 3) for _ in range(rows * 20))))
npy("y.npy", "|u1", (rows,), array.array("B", (draw.randrange(20) for _ in range(rows))))
PYTHON
cd "$work"
"$xent" pack p.npy -o p.npy.zst > pack.log
# An engine runs its tasks in folders of its own.
request=("$work/p.npy.zst" --labels "$work/y.npy" --task multiclass --input logits --class-weights balanced --insight --interval jackknife)
"$xent" eval "${request[@]}" --json whole.json --silent
"$xent" plan "${request[@]}" --shards $shards -o plan.json | sed 's/^/  /'

# A shard by itself, for the table.
begin=$EPOCHREALTIME
"$xent" eval --plan plan.json --shard 0 --partial - --threads 1 > shard.partial
single=$(awk "BEGIN { print $EPOCHREALTIME - $begin }")
echo "  one shard alone: $single s"

# same FOLDER: compares the merge of a folder's partials with the single run.
same() {
    "$xent" merge --plan plan.json "$1"/*.partial --json "$1/merged.json" --silent || return 1
    python3 - whole.json "$1/merged.json" << 'PYTHON'
import json, sys
def without(path):
    # Numbers as they are written: no digit may differ.
    report = json.load(open(path), parse_float=str, parse_int=str)
    return {key: value for key, value in report.items() if key not in ("inputs", "run")}
sys.exit(without(sys.argv[1]) != without(sys.argv[2]))
PYTHON
}

# check NAME FOLDER: says whether an engine's shards are the whole, and whether a worker was killed.
check() {
    if [[ ! -e $2/killed ]]; then
        echo "$1: no worker was killed" >&2
        failures=$((failures + 1))
    elif same "$2"; then
        echo "$1: the same report, with a worker killed"
    else
        echo "$1: another report, or none" >&2
        failures=$((failures + 1))
    fi
}

# python NAME MODULE PACKAGE…: the shards on an engine of Python.
engine() {
    local name=$1
    mkdir -p "$work/$name"
    if ! environment "$@"; then
        failures=$((failures + 1))
        return
    fi
    if XENT_BINARY=$root/scripts/clusters/xent-killing-its-worker XENT_COMMAND=$xent XENT_FOLDER=$work/$name PYTHONPATH=$root/python/src timeout 600 \
        "$build/$name/bin/python" "$root/scripts/clusters/${name}_shards.py" plan.json "$work/$name" > "$name.json" 2> "$name.log"; then
        echo "$name: $(tail -1 "$name.json")"
        check "$name" "$work/$name"
    else
        echo "$name failed: $(tail -3 "$name.log")" >&2
        failures=$((failures + 1))
    fi
}

if wants parallel; then
    package parallel parallel
    mkdir -p "$work/parallel"
    begin=$EPOCHREALTIME
    XENT=$root/scripts/clusters/xent-killed-once XENT_BINARY=$xent XENT_FOLDER=$work/parallel \
        "$root/scripts/examples/parallel.sh" plan.json "$work/parallel" $shards > parallel.log 2>&1 || failures=$((failures + 1))
    echo "parallel: {\"shards\": $(awk "BEGIN { print $EPOCHREALTIME - $begin }")}"
    check parallel "$work/parallel"
fi
if wants ray; then engine ray ray ray; fi
if wants dask; then engine dask distributed distributed; fi
if wants spark; then
    package java default-jre-headless
    engine spark pyspark pyspark
fi

slurm() {
    package sbatch slurm-wlm munge || return 1
    local folder=$build/slurm host socket
    host=$(hostname -s)
    # The path of a socket has a hundred characters at most.
    socket=$(mktemp -d /tmp/xent-munge-XXXXXX)
    rm -rf "$folder"
    mkdir -p "$folder"/{state,spool,munge} "$work/slurm"
    dd if=/dev/urandom of="$folder/munge.key" bs=1024 count=1 status=none
    chown munge: "$folder/munge.key" "$folder/munge" "$socket"
    chmod 400 "$folder/munge.key"
    runuser -u munge -- munged --force --key-file="$folder/munge.key" --socket="$socket/socket" --pid-file="$folder/munge/pid" \
        --log-file="$folder/munge/log" --seed-file="$folder/munge/seed" 2> /dev/null
    cat > "$folder/slurm.conf" << CONFIGURATION
ClusterName=xent
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=16817
SlurmdPort=16818
AuthType=auth/munge
AuthInfo=socket=$socket/socket
CredType=cred/munge
SlurmUser=root
SlurmdUser=root
StateSaveLocation=$folder/state
SlurmdSpoolDir=$folder/spool
SlurmctldPidFile=$folder/slurmctld.pid
SlurmdPidFile=$folder/slurmd.pid
SlurmctldLogFile=$folder/slurmctld.log
SlurmdLogFile=$folder/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SchedulerType=sched/backfill
SchedulerParameters=batch_sched_delay=0,sched_interval=1,sched_min_interval=0
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
ReturnToService=2
MpiDefault=none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
NodeName=$host NodeAddr=127.0.0.1 CPUs=$(nproc) RealMemory=1000 State=UNKNOWN
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP
CONFIGURATION
    export SLURM_CONF=$folder/slurm.conf
    local begin=$EPOCHREALTIME
    slurmctld
    slurmd
    local result=0 start
    for _ in {1..50}; do
        [[ $(sinfo -h -o %T 2> /dev/null) == idle ]] && break
        sleep 0.2
    done
    start=$(awk "BEGIN { print $EPOCHREALTIME - $begin }")
    begin=$EPOCHREALTIME
    XENT=$root/scripts/clusters/xent-killed-once XENT_BINARY=$xent XENT_FOLDER=$work/slurm XENT_RETRY_SECONDS=1 \
        timeout 600 sbatch --wait --array=0-$((shards - 1)) --output="$work/slurm/%a.log" "$root/scripts/examples/slurm.sbatch" \
        "$work/plan.json" "$work/slurm" > slurm.log 2>&1 || result=1
    echo "slurm: {\"start\": $start, \"shards\": $(awk "BEGIN { print $EPOCHREALTIME - $begin }")}"
    # The merge is a job too, of the same script.
    XENT=$xent XENT_MERGE=1 timeout 300 sbatch --wait --output="$work/slurm/merge.log" "$root/scripts/examples/slurm.sbatch" \
        "$work/plan.json" "$work/slurm" "$work/slurm/report.json" >> slurm.log 2>&1 || result=1
    [[ -s $work/slurm/report.json ]] || { echo "slurm: the job that merges made no report" >&2; result=1; }
    scontrol shutdown || true
    kill "$(cat "$folder/munge/pid")" || true
    rm -rf "$socket"
    unset SLURM_CONF
    return $result
}

if wants slurm; then
    slurm || failures=$((failures + 1))
    check slurm "$work/slurm"
fi

if wants kubernetes; then
    python3 - "$root/scripts/examples/kubernetes-job.yaml" << 'PYTHON' || failures=$((failures + 1))
import sys
try:
    import yaml
except ImportError:
    sys.exit("kubernetes: python3-yaml is missing")
job = yaml.safe_load(open(sys.argv[1]))
spec = job["spec"]
assert (job["apiVersion"], job["kind"], spec["completionMode"]) == ("batch/v1", "Job", "Indexed")
assert spec["backoffLimitPerIndex"] >= 1 and spec["template"]["spec"]["restartPolicy"] == "Never", "what a limit for each index needs"
rules = {rule["action"]: rule for rule in spec["podFailurePolicy"]["rules"]}
assert rules["FailIndex"]["onExitCodes"] == {"containerName": "xent", "operator": "In", "values": [64, 65, 66]}
assert rules["Ignore"]["onPodConditions"] == [{"type": "DisruptionTarget", "status": "True"}]
container = spec["template"]["spec"]["containers"][0]
assert container["name"] == "xent" and "--shard=$(JOB_COMPLETION_INDEX)" in container["command"]
print("kubernetes: the job has the fields that it needs (it is not run)")
PYTHON
fi

# One shard withheld is named, whatever the engine.
if "$xent" merge --plan plan.json shard.partial > /dev/null 2> missing.log; then failures=$((failures + 1)); fi
grep -q '15 of 16 shards are missing: 1-15' missing.log || { echo "a merge of one shard: $(cat missing.log)" >&2; failures=$((failures + 1)); }

exit $((failures > 0))
