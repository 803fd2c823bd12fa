#!/usr/bin/env bash
# Attempts to break xent: outputs that are inputs, closed descriptors, signals, limits, streams without an end, names of any bytes, files
# that lie. Every attempt that a user without privileges can make; those that need more say so and are skipped.
#
#   scripts/break.sh [--list | --only TEXT] XENT          XENT: .build/release/xent
#
#   --list         names the attempts
#   --only TEXT    makes those whose names hold the text
#
# Prints ok, FAILED with the reason, or skipped with the reason for each attempt, and a count. Needs Python and what xent is built with.
# Exit status: 0 nothing failed; 1 something did; 64 bad usage; 66 there is no such binary.
set -uo pipefail
export LC_ALL=C.UTF-8

exec </dev/null
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
script=$root/scripts/break.sh
# The longest that an attempt may take, in seconds: what takes longer hangs.
readonly patience=100

stop() {
    printf 'break: %s\n' "$1" >&2
    exit "$2"
}

mode=run wanted=
while (($# > 0)); do
    case "$1" in
    --list) mode=list ;;
    --only)
        wanted=${2-}
        shift
        ;;
    # What this script calls itself with for each attempt.
    --attempt)
        mode=attempt wanted=$2
        shift
        ;;
    -h | --help)
        sed -n '2,12s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"
        exit 0
        ;;
    -*) stop "unknown option $1; usage: break.sh [--list | --only TEXT] XENT" 64 ;;
    *) break ;;
    esac
    shift
done
xent=${1-}
if [[ $mode != list ]]; then
    [[ -n $xent ]] || stop "which binary? Usage: break.sh [--list | --only TEXT] XENT" 64
    [[ -f $xent && -x $xent ]] || stop "$xent is not an executable file; build it with: swift build -c release --product xent" 66
    xent=$(cd "$(dirname "$xent")" && pwd -P)/$(basename "$xent")
fi

# What attempts use ------------------------------------------------------------------------------------------------------

# wrong TEXT: the attempt has failed. skip TEXT: it cannot be made here.
wrong() {
    printf '%s\n' "$1"
    exit 1
}
skip() {
    printf '%s\n' "$1"
    exit 77
}

hostile() { python3 "$root/scripts/make-hostile-data.py" "$@"; }

# try COMMAND…: runs it; its exit status is in `status`, what it says in the files out and err beside the folder.
try() {
    status=0
    "$@" >../out 2>../err || status=$?
}
told() { tail -n 1 ../err | cut -c1-160; }

# A status above 128 is a death by a signal, 70 a fault of xent's own.
is_error() { ((status != 0 && status < 128 && status != 70)); }
expect_error() { is_error || wrong "exit status $status, where an error is right: $(told)"; }
expect_status() { ((status == $1)) || wrong "exit status $status, where $1 is right: $(told)"; }
expect_mean() { [[ $(cat ../out) == "$1" ]] || wrong "the figure is '$(head -c 80 ../out)', where $1 is right: $(told)"; }
# Runs to an end of its own, whatever it is.
expect_no_crash() { ((status < 126 && status != 70)) || wrong "exit status $status: $(told)"; }

# The files of the folder are those given, and no others.
expect_names() {
    local found
    found=$(ls -A | sort | tr '\n' ' ')
    [[ $found == "$* " ]] || wrong "the folder has $found, where it should have $*"
}
expect_unchanged() {
    local name
    for name in "$@"; do cmp -s "$name" "$data/$name" || wrong "$name was changed"; done
}

# within SECONDS MEGABYTES COMMAND…: runs it, and fails if it takes more of a processor's time, or more memory.
within() {
    local report
    status=0
    report=$(python3 - "$@" 3<&0 <<'PYTHON'
import resource, subprocess, sys
seconds, megabytes = float(sys.argv[1]), float(sys.argv[2])
status = subprocess.run(sys.argv[3:], stdin=3, stdout=open("../out", "w"), stderr=open("../err", "w")).returncode
usage = resource.getrusage(resource.RUSAGE_CHILDREN)
took, peak = usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024
print(status if status >= 0 else 128 - status)
open("../took", "w").write("%d" % (1000 * took))
if took > seconds: print("it took %.1f s of a processor, where %g are enough" % (took, seconds))
if peak > megabytes: print("it took %.0f MB of memory, where %g are enough" % (peak, megabytes))
PYTHON
    ) || wrong "it could not be measured"
    status=${report%%$'\n'*}
    [[ $report == "$status" ]] || wrong "${report#*$'\n'}"
}

# as_another COMMAND…: runs it as a user whom limits hold.
as_another() {
    if ((EUID != 0)); then "$@"; else setpriv --reuid 65534 --regid 65534 --clear-groups "$@"; fi
}
need_another() {
    ((EUID != 0)) && return
    command -v setpriv >/dev/null || skip "limits do not hold root, and there is no setpriv"
    chmod -R a+rwX . && as_another test -x "$xent" -a -r . || skip "limits do not hold root, and another user cannot run $xent here"
}

# Multiclass: 4 rows of 3 classes.
rows=(--labels y.npy --task multiclass --input logits)
readonly mean=1.3602632919879811
# Binary, from a pipe: a table.
table=(--task binary --input probabilities --prediction-columns p --label-column y)

# (1) Outputs that are inputs ---------------------------------------------------------------------------------------------

# keeps INPUT COMMAND…: the command is an error, and the input is as it was.
keeps() {
    local input=$1
    shift
    try "$xent" "$@"
    expect_error
    expect_unchanged "$input"
}
keeps_linked() {
    local kind=$1 input=$2
    shift 2
    if [[ $kind == hard ]]; then ln "$input" other.npy; else ln -s "$input" other.npy; fi
    try "$xent" "$@"
    expect_error
    expect_unchanged "$input"
}
keeps_standard_input() {
    local input=$1
    shift
    try "$xent" "$@" <"$input"
    expect_error
    expect_unchanged "$input"
}
outputs_that_are_one() {
    ln -s b.json a.json
    ln -s a.json b.json
    try "$xent" eval p.npy "${rows[@]}" --json a.json --partial b.json
    expect_error
    rm a.json b.json
    ln -s c.json a.json
    try "$xent" eval p.npy "${rows[@]}" --json a.json --partial c.json
    expect_error
    [[ ! -e c.json ]] || wrong "one output took the place of the other"
}

# (2), (3) Names and kinds of outputs, descriptors ----------------------------------------------------------------------------

long_name() {
    local name
    name=$(printf 'a%.0s' {1..255})
    try "$xent" eval p.npy "${rows[@]}" --json "$name"
    expect_status 0
    python3 -c 'import json, sys; json.load(open(sys.argv[1]))' "$name" || wrong "the file of the longest name is not whole"
}
planted_links() {
    # Of every name that an unfinished file was ever given: none may be followed.
    printf victim >../victim
    local name
    for name in .j.json.unfinished j.json.unfinished j.json.tmp .j.json.tmp .j.json j.json~ j.json.partial; do ln -s ../victim "$name"; done
    try "$xent" eval p.npy "${rows[@]}" --json j.json
    expect_status 0
    [[ $(cat ../victim) == victim ]] || wrong "a planted link was followed"
}
dangling_output() {
    ln -s made.json j.json
    try "$xent" eval p.npy "${rows[@]}" --json j.json
    expect_no_crash
    if ((status == 0)); then
        python3 -c 'import json; json.load(open("made.json"))' || wrong "what the link leads to is not whole"
    elif [[ -e made.json ]]; then wrong "an error, and yet a file"; fi
    ln -s missing/made.json k.json
    try "$xent" eval p.npy "${rows[@]}" --json k.json
    expect_error
}
odd_outputs() {
    mkdir folder
    local output
    for output in folder folder/ missing/j.json . /dev/full; do
        try "$xent" eval p.npy "${rows[@]}" --json "$output"
        expect_error
    done
    try "$xent" eval p.npy "${rows[@]}" --json /dev/null
    expect_status 0
    status=0
    "$xent" eval p.npy "${rows[@]}" >/dev/full 2>../err || status=$?
    expect_status 74
}
read_only_folder() {
    need_another
    mkdir folder
    chmod 555 folder
    try as_another "$xent" eval p.npy "${rows[@]}" --json folder/j.json
    expect_status 74
}
empty_output_is_told_first() {
    mkfifo never
    try timeout -k 1 10 "$xent" eval never "${rows[@]}" --json ''
    ((status != 124 && status != 137)) || wrong "the input was waited for before the empty name was refused"
    expect_status 64
}
# closed DESCRIPTORS COMMAND…: with these descriptors closed, of 0, 1 and 2. No report goes into a file that is not its own.
closed() {
    local which=$1
    shift
    status=0
    case "$which" in
    0) "$xent" "$@" <&- >../out 2>../err || status=$? ;;
    1) "$xent" "$@" >&- 2>../err || status=$? ;;
    2) "$xent" "$@" >../out 2>&- || status=$? ;;
    01) "$xent" "$@" <&- >&- 2>../err || status=$? ;;
    12) "$xent" "$@" >&- 2>&- || status=$? ;;
    012) "$xent" "$@" <&- >&- 2>&- || status=$? ;;
    esac
}
closed_with_json() {
    closed "$@"
    expect_no_crash
    if [[ -e j.json ]]; then
        python3 -c 'import json; json.load(open("j.json"))' 2>../err || wrong "j.json is no JSON: $(head -c 60 j.json)"
    elif ((status == 0)); then wrong "exit status 0, and no report"; fi
    # What was to be printed could not be.
    if [[ $1 == *1* ]]; then expect_status 74; fi
    cmp -s p.npy "$data/p.npy" || wrong "p.npy was changed"
}
closed_with_rows() {
    closed "$1" eval p.npy "${rows[@]}" --per-row rows.csv --partial a.partial
    expect_no_crash
    if [[ -e rows.csv ]]; then [[ $(head -n 1 rows.csv) == row,loss && $(wc -l <rows.csv) == 5 ]] || wrong "rows.csv is not whole"; fi
    if [[ -e a.partial ]]; then [[ $(head -c 8 a.partial) == XENTPART ]] || wrong "a.partial is no partial"; fi
}
closed_standard_input() {
    closed 0 eval "$1" "${rows[@]}"
    expect_status 66
}

# A shell's commands in the background ignore some signals, and so would what they run.
with_default_signals() {
    exec python3 -c '
import os, signal, sys
for number in range(1, 32):
    if number not in (signal.SIGKILL, signal.SIGSTOP): signal.signal(number, signal.SIG_DFL)
os.execv(sys.argv[1], ["xent"] + sys.argv[2:])' "$@"
}
# Signals. slow_rows [OPTIONS]: an evaluation that has begun its outputs and waits for rows.
slow_rows() {
    mkfifo slow
    (
        # 2,000,000 of 4,000,000 rows, and then nothing.
        python3 -c '
import sys, time
sys.path.insert(0, sys.argv[1])
import containers
head = containers.npy([], [0], "f8").replace(b"(0, )", b"(4000000,)")
out = sys.stdout.buffer
out.write(head[:10] + (b"{\x27descr\x27: \x27<f8\x27, \x27fortran_order\x27: False, \x27shape\x27: (4000000,), }").ljust(len(head) - 11) + b"\n")
piece = containers.packed([0.5] * 1000, "f8")
for _ in range(2000): out.write(piece)
out.flush()
time.sleep(30)' "$root/Tests/Fuzz/CommandLine" >slow 2>/dev/null &
        echo $! >../writer
        wait
    ) >/dev/null 2>&1 &
    with_default_signals "$xent" eval slow --task likelihood --input probabilities --per-row rows.npy --json j.json --partial a.partial "$@" >../out 2>../err &
    runner=$!
    # Until it is xent, and no longer what starts it.
    local wait
    for ((wait = 0; wait < 100; wait++)); do
        [[ $(ps -o comm= -p "$runner") == "$(basename "$xent" | cut -c1-15)" ]] && break
        sleep 0.2
    done
    sleep 1
    kill -0 "$runner" 2>/dev/null || wrong "it ended before the signal: $(told)"
}
signalled() {
    local name=$1 number begin
    number=$(kill -l "$name")
    slow_rows
    begin=$SECONDS
    kill -s "$name" "$runner"
    status=0
    wait "$runner" || status=$?
    kill "$(cat ../writer)" 2>/dev/null
    ((SECONDS - begin < 5)) || wrong "it took $((SECONDS - begin)) s to end"
    ((status == 128 + number)) || wrong "exit status $status, where SIG$name is $((128 + number))"
    rm -f slow core
    expect_names "${names[@]}"
}
broken_pipe() {
    local name
    # The reader is gone before anything is written.
    for name in out err; do
        status=0
        if [[ $name == out ]]; then
            { "$xent" eval p.npy "${rows[@]}" --json - --per-row rows.npy --partial a.partial 2>../err; echo $? >../status; } | true
        else
            { "$xent" eval missing.npy "${rows[@]}" --json j.json 2>&1 >/dev/null; echo $? >../status; } | true
        fi
        status=$(cat ../status)
        ((status == 74 || status == 141 || status == 66 || status == 0)) || wrong "exit status $status where the reader of std$name is gone"
    done
    rm -f rows.npy a.partial
    expect_names "${names[@]}"
}
file_size_limit() {
    python3 -c '
import sys
sys.path.insert(0, sys.argv[1])
import containers
open("large.npy", "wb").write(containers.npy([0.5] * 20000, [20000], "f8"))' "$root/Tests/Fuzz/CommandLine"
    local command=(eval large.npy --task likelihood --input probabilities "$@")
    [[ $1 == pack ]] && command=("$@")
    try bash -c 'ulimit -f 8; exec "$@"' - "$xent" "${command[@]}"
    expect_status 74
    grep -q "$limited" ../err || wrong "the message does not name the file: $(told)"
    rm large.npy
    expect_names "${names[@]}"
}

# (4) Threads, memory, descriptors ---------------------------------------------------------------------------------------------

one_process() {
    need_another
    # Not one process more: no thread can be had.
    try as_another bash -c 'ulimit -u 1 || exit 99; exec "$@"' - "$xent" eval p.npy "${rows[@]}" --quiet --threads "$1"
    ((status != 99)) || skip "the number of processes cannot be limited here"
    expect_status 0
    expect_mean "$mean"
}
one_process_packs() {
    need_another
    try as_another bash -c 'ulimit -u 1 || exit 99; exec "$@"' - "$xent" pack p.npy -o out.npy.zst --threads 4
    ((status != 99)) || skip "the number of processes cannot be limited here"
    expect_status 0
    try "$xent" eval out.npy.zst "${rows[@]}" --quiet
    expect_mean "$mean"
}
little_memory() {
    [[ $(uname -s) == Linux ]] || skip "address space is limited on Linux alone"
    local size right=0
    for size in 40000 60000 70000 80000 90000 100000 120000 150000 200000 300000 500000; do
        try timeout -k 1 20 bash -c 'ulimit -v "$1"; shift; exec "$@"' - "$size" "$xent" "$@"
        case "$status" in
        0) right=$((right + 1)) ;;
        74) [[ -s ../err ]] || wrong "with $size kB of address space it says nothing" ;;
        # The loader or the C library gives up before the program begins.
        127) ;;
        *) wrong "with $size kB of address space the exit status is $status: $(told)" ;;
        esac
    done
    ((right > 0)) || wrong "not even 500 MB of address space are enough"
}
few_descriptors() {
    local count right=0
    for count in 3 4 5 6 7 8 9 10 12 16 24; do
        rm -f out.npy.zst
        try timeout -k 1 20 bash -c 'ulimit -n "$1"; shift; exec "$@"' - "$count" "$xent" "$@"
        # The loader needs one for the libraries.
        if ((status == 127)); then continue; fi
        if ((status == 0)); then right=$((right + 1)); else expect_error; fi
    done
    ((right > 0)) || wrong "not even 24 descriptors are enough: $(told)"
}

# (5) Streams without an end ------------------------------------------------------------------------------------------------------

# endless NAME SECONDS MEGABYTES STATUS OPTIONS…: refused in this time and memory.
endless() {
    local name=$1 seconds=$2 megabytes=$3 right=$4
    shift 4
    within "$seconds" "$megabytes" "$xent" eval - "$@" < <(hostile "$name" 2>/dev/null)
    expect_status "$right"
}
invalid_row_is_told_at_once() {
    local begin=$SECONDS
    within 8 200 "$xent" eval - "$@" < <(
        cat
        exec sleep 40 2>/dev/null
    )
    expect_status 65
    ((SECONDS - begin < 30)) || wrong "it was told after $((SECONDS - begin)) s, when the writer ended"
}

# (6) Time and memory ----------------------------------------------------------------------------------------------------------------

# large MEGABYTES NAME NUMBER OPTIONS…: the same from a file and from a pipe, in much the same time.
large() {
    local megabytes=$1 name=$2 number=$3 first
    shift 3
    hostile "$name" "$number" >large
    within 20 "$megabytes" "$xent" eval large "$@" --quiet
    expect_status 0
    first=$(cat ../out)
    # Three times as much, and a second.
    within "$(($(cat ../took) * 3 / 1000 + 1))" "$megabytes" "$xent" eval - "$@" --quiet < <(cat large)
    expect_status 0
    expect_mean "$first"
}
many_parts() {
    "$xent" eval p.npy "${rows[@]}" --shard 0/4 --partial one.partial --silent >/dev/null || wrong "no partial"
    hostile many-parts 100000 <one.partial >many.partial || wrong "no partial of many parts"
    within 20 300 "$xent" merge many.partial --quiet
    expect_status 0
}
wide_safetensors() {
    hostile wide-safetensors 40000000 >wide
    within 10 350 "$xent" eval wide --task likelihood --input probabilities --prediction-columns p --quiet
    expect_status 0
}

# (7) Standard input that was partly read -----------------------------------------------------------------------------------------

from_an_offset() {
    { printf 'a line before\n' && cat p.npy; } >p.offset
    { printf 'a line before\n' && cat y.npy; } >y.offset
    { printf 'a line before\n' && cat t.csv; } >t.offset
    local file=$1.offset right=$2
    shift 2
    status=0
    { IFS= read -r _ && "$xent" eval "$@" --quiet; } <"$file" >../out 2>../err || status=$?
    expect_status 0
    expect_mean "$right"
}

# (8) Names are bytes ------------------------------------------------------------------------------------------------------------------

named() {
    local name=$1
    { cp p.npy "$name"; } 2>/dev/null || skip "the file system does not take such a name"
    try "$xent" eval "./$name" "${rows[@]}" --quiet
    expect_status 0
    expect_mean "$mean"
    printf '%s\n' "$name" >names.list
    try "$xent" eval @names.list "${rows[@]}" --quiet
    expect_status 0
    expect_mean "$mean"
    try "$xent" eval p.npy "${rows[@]}" --json "$name.json" --quiet
    expect_status 0
    [[ -e $name.json ]] || wrong "the report has another name"
    rm "$name"
    try "$xent" eval "./$name" "${rows[@]}"
    expect_status 66
    iconv -f UTF-8 -t UTF-8 <../err >/dev/null 2>&1 || wrong "the message is no UTF-8"
}
# Two names that differ in their bytes, and are the same once they are normalised: é, and e with its accent after it.
readonly composed=$'\xc3\xa9' decomposed=$'e\xcc\x81'
normalised_columns() {
    printf '%s,%s,y\n0.25,0.75,1\n0.5,0.5,0\n' "$composed" "$decomposed" >t.csv
    try "$xent" eval t.csv --task multiclass --input probabilities --prediction-columns "$composed,$decomposed" --label-column y --quiet
    expect_status 0
    expect_mean 0.4904146265058631
    try "$xent" eval t.csv --task binary --input probabilities --prediction-columns "$decomposed" --label-column y --quiet
    expect_status 0
    expect_mean 0.4904146265058631
}
normalised_classes() {
    printf 'a,b,y\n0.25,0.75,%s\n0.5,0.5,%s\n' "$decomposed" "$composed" >t.csv
    try "$xent" eval t.csv --task multiclass --input probabilities --prediction-columns a,b --label-column y --classes "$composed,$decomposed" \
        --quiet
    expect_status 0
    expect_mean 0.4904146265058631
}
normalised_members() {
    python3 - "$root/Tests/Fuzz/CommandLine" "$composed" "$decomposed" <<'PYTHON'
import sys
sys.path.insert(0, sys.argv[1])
import containers
one, other = sys.argv[2:]
open("d.npz", "wb").write(containers.npz({one: containers.npy([0.25], [1], "f8"), other: containers.npy([0.5], [1], "f8")}, False))
open("d.safetensors", "wb").write(containers.safetensors({one: ([0.25], [1], "f8"), other: ([0.5], [1], "f8")}))
open("d.jsonl", "w").write('{"%s": 0.25, "%s": 0.5}\n' % (one, other))
open("d.parquet", "wb").write(containers.parquet([(one, "f8", [0.25]), (other, "f8", [0.5])], [1]))
PYTHON
    try "$xent" eval "d.$1" --task likelihood --input probabilities --prediction-columns "$decomposed" --quiet
    expect_status 0
    expect_mean 0.6931471805599453
}

# (9) Limits that differ -----------------------------------------------------------------------------------------------------------

same_from_both() {
    local first
    try "$xent" eval large "$@" --quiet
    first=$status:$(cat ../out)
    try "$xent" eval - "$@" --quiet < <(cat large)
    [[ $status:$(cat ../out) == "$first" ]] || wrong "from a file $first, from a pipe $status:$(cat ../out): $(told)"
    expect_no_crash
}
first_record() {
    hostile large-first-record "$1" >large
    same_from_both "${table[@]}"
    expect_status 0
}
raw_block() {
    hostile large-raw-block >large
    same_from_both --task likelihood --input probabilities
}
many_frames() {
    hostile "$1-frames" "$2" >large
    same_from_both --task likelihood --input probabilities
    expect_status 0
}
merge_looks_first() {
    truncate -s 1G zeros
    within 2 100 "$xent" merge zeros
    expect_error
    within 5 100 "$xent" merge - < <(cat /dev/zero)
    expect_error
}
later_malformed() {
    printf '{"p": 0.5, "y": 1, "x": true}\n{"p": 0.25, "y": 0, "x": tru}\n' >t.jsonl
    try "$xent" eval t.jsonl "${table[@]}"
    expect_status 65
}
lying_sizes() {
    [[ -d /proc/self ]] || skip "there is no /proc"
    local file
    for file in /proc/version /proc/self/maps /proc/self/environ /sys/kernel/mm/transparent_hugepage/enabled /sys/kernel/notes; do
        [[ -r $file ]] || continue
        try timeout -k 1 10 "$xent" eval "$file" "${rows[@]}"
        expect_error
        try timeout -k 1 10 "$xent" inspect "$file"
        expect_no_crash
    done
    printf '/proc/self/cwd/p.npy\n' >l
    # A list with a size of 0 that has content.
    try "$xent" eval "@/proc/self/cmdline" "${rows[@]}"
    expect_error
}

# (10) Many inputs ---------------------------------------------------------------------------------------------------------------------

many_inputs() {
    python3 - "$root/Tests/Fuzz/CommandLine" <<'PYTHON'
import sys
sys.path.insert(0, sys.argv[1])
import containers
with open("l", "w") as names:
    for index in range(3000):
        open("%d.npy" % index, "wb").write(containers.npy([0.5], [1], "f8"))
        names.write("%d.npy\n" % index)
PYTHON
    try bash -c 'ulimit -S -n "$1"; [[ $2 == hard ]] && ulimit -H -n "$1"; shift 2; exec "$@"' - "$1" "$2" \
        "$xent" eval @l --task likelihood --input probabilities --quiet
    expect_status 0
    expect_mean 0.6931471805599453
}

# Files that lie ------------------------------------------------------------------------------------------------------------------------

# lies NAME OPTIONS…: refused in little time and memory, from a file and from a pipe, and nothing is executed.
lies() {
    hostile "$1" >file || wrong "the file could not be made"
    shift
    within 15 300 "$xent" eval file "$@"
    expect_error
    within 15 300 "$xent" eval - "$@" < <(cat file)
    expect_error
    within 15 300 "$xent" inspect file
    expect_no_crash
    [[ ! -e executed ]] || wrong "what stood in the file was executed"
}
changed_while_read() {
    local round
    for round in 1 2 3; do
        python3 -c '
import sys
sys.path.insert(0, sys.argv[1])
import containers
open("large.npy", "wb").write(containers.npy([0.5] * 4000000, [4000000], "f8"))' "$root/Tests/Fuzz/CommandLine"
        { sleep "0.0$round" && truncate -s 1000 large.npy; } &
        try "$xent" eval large.npy --task likelihood --input probabilities --quiet
        wait $!
        if ((status == 0)); then expect_mean 0.6931471805599453; else expect_error; fi
    done
}
full_disk() {
    ((EUID == 0)) || skip "a small file system needs root"
    mkdir small
    python3 -c '
import sys
sys.path.insert(0, sys.argv[1])
import containers, random
dice = random.Random(1)
open("../large.npy", "wb").write(containers.npy([dice.random() for _ in range(50000)], [50000], "f8"))' "$root/Tests/Fuzz/CommandLine"
    unshare -m true 2>/dev/null || skip "a small file system needs a mount namespace"
    status=0
    unshare -m bash -c '
        mount -t tmpfs -o size=64k none small || exit 99
        cp p.npy y.npy small/ && cd small
        "$@" >../../out 2>../../err; echo $? >../../status; ls -A >../../left' - "$xent" "$@" || status=$?
    ((status != 99)) || skip "no small file system can be mounted"
    status=$(cat ../status)
    expect_status 74
    [[ $(tr '\n' ' ' <../left) == "p.npy y.npy " ]] || wrong "left behind: $(tr '\n' ' ' <../left)"
}

# The attempts -----------------------------------------------------------------------------------------------------------------------

scratch=
count=0 ok=0 failed=0 skipped=0

make_data() {
    python3 - "$root/Tests/Fuzz/CommandLine" <<'PYTHON' || stop "the data could not be made" 1
import sys
sys.path.insert(0, sys.argv[1])
sys.dont_write_bytecode = True
import containers
def write(name, data): open(name, "wb").write(data)
write("p.npy", containers.npy([0.5, -1, 2, 1, 1, 1, -3, 0.25, 0, 2, 0, 0.125], [4, 3], "f8"))
write("y.npy", containers.npy([2, 0, 0, 0], [4], "i8"))
write("w.npy", containers.npy([1, 2, 0.5, 1], [4], "f8"))
write("cw.npy", containers.npy([1, 2, 0.5], [3], "f8"))
write("b.npy", containers.npy([0.5, 0.25, 0.75, 0.125], [4], "f8"))
write("by.npy", containers.npy([1, 0, 1, 0], [4], "i8"))
write("pw.npy", containers.npy([2], [1], "f8"))
write("l.csv", b"p.npy\n")
write("t.csv", b"p,y\n0.5,1\n0.25,0\n")
PYTHON
    local shard
    for shard in 0 1; do
        "$xent" eval p.npy "${rows[@]}" --shard "$shard/2" --partial "$shard.csv" --silent >/dev/null || stop "$xent does not evaluate" 1
    done
    printf '0.csv\n1.csv\n' >m.csv
}

# attempt NAME FUNCTION ARGUMENTS…: makes the attempt in a folder of its own, by a process of its own.
attempt() {
    local name=$1 reason result=0
    count=$((count + 1))
    case "$mode" in
    list)
        printf '%s\n' "$name"
        return
        ;;
    attempt)
        if ((count == wanted)); then
            shift
            "$@"
            exit 0
        fi
        return
        ;;
    esac
    if [[ $name != *"$wanted"* ]]; then return; fi
    rm -rf "$scratch/one"
    mkdir -p "$scratch/one"
    cp -r "$data" "$scratch/one/folder"
    reason=$(cd "$scratch/one/folder" && data=$data timeout -k 2 "$patience" bash "$script" --attempt "$count" "$xent" 2>&1) || result=$?
    case "$result" in
    0) ok=$((ok + 1)) && printf '  ok       %s\n' "$name" ;;
    77) skipped=$((skipped + 1)) && printf '  skipped  %s: %s\n' "$name" "${reason##*$'\n'}" ;;
    124 | 137) failed=$((failed + 1)) && printf '  FAILED   %s: no end after %d s\n' "$name" "$patience" ;;
    *) failed=$((failed + 1)) && printf '  FAILED   %s: %s\n' "$name" "${reason##*$'\n'}" ;;
    esac
}

names=(0.csv 1.csv b.npy by.npy cw.npy l.csv m.csv p.npy pw.npy t.csv w.npy y.npy)
if [[ $mode == run ]]; then
    scratch=$(mktemp -d)
    trap 'rm -rf "$scratch"' EXIT
    chmod 755 "$scratch"
    data=$scratch/data
    mkdir "$data"
    (cd "$data" && make_data) || exit 1
fi

likelihood=(--task likelihood --input probabilities)
all() {
    local option command signal name which
    for option in --json --per-row --partial; do
        command=(eval p.npy "${rows[@]}" "$option")
        attempt "1: eval $option onto the predictions" keeps p.npy "${command[@]}" p.npy
        attempt "1: eval $option onto the labels" keeps y.npy "${command[@]}" y.npy
        attempt "1: eval $option onto the weights" keeps w.npy eval p.npy "${rows[@]}" --weights w.npy "$option" w.npy
        attempt "1: eval $option onto the list of inputs" keeps l.csv eval @l.csv "${rows[@]}" "$option" l.csv
        attempt "1: eval $option onto the class weights" keeps cw.npy eval p.npy "${rows[@]}" --class-weights cw.npy "$option" cw.npy
        attempt "1: eval $option onto the positive weights" keeps pw.npy eval b.npy --labels by.npy --task binary --input probabilities \
            --pos-weight pw.npy "$option" pw.npy
        attempt "1: eval $option onto the file that is standard input" keeps_standard_input p.npy eval - "${rows[@]}" "$option" p.npy
        attempt "1: eval $option onto a link to the labels" keeps_linked soft y.npy "${command[@]}" other.npy
        attempt "1: eval $option onto a second name of the labels" keeps_linked hard y.npy "${command[@]}" other.npy
    done
    for option in --json --partial; do
        attempt "1: merge $option onto a partial" keeps 0.csv merge 0.csv 1.csv "$option" 0.csv
        attempt "1: merge $option onto the list of partials" keeps m.csv merge @m.csv "$option" m.csv
    done
    attempt "1: inspect --json onto its input" keeps p.npy inspect p.npy --json p.npy
    attempt "1: inspect --json onto its list" keeps l.csv inspect @l.csv --json l.csv
    attempt "1: inspect --json onto the file that is standard input" keeps_standard_input p.npy inspect - --json p.npy
    attempt "1: pack -o onto its input" keeps p.npy pack p.npy -o p.npy
    attempt "1: pack --json onto its input" keeps p.npy pack p.npy -o o.npy.zst --json p.npy
    attempt "1: pack -o onto the file that is standard input" keeps_standard_input p.npy pack - -o p.npy
    attempt "1: pack --labels-output onto its input" keeps t.csv pack t.csv -o o.npy.zst --prediction-columns p --label-column y --labels-output t.csv
    attempt "1: two outputs that are one through dangling links" outputs_that_are_one

    attempt "2: an output's name of 255 bytes" long_name
    attempt "2: links planted at names of unfinished files" planted_links
    attempt "2: an output that is a dangling link" dangling_output
    attempt "3: outputs that are folders, missing folders, full devices" odd_outputs
    attempt "3: an output in a folder that cannot be written" read_only_folder
    attempt "3: an empty name of an output is told before the run" empty_output_is_told_first
    for which in 0 1 2 01 12 012; do
        attempt "3: eval --json with descriptors $which closed" closed_with_json "$which" eval p.npy "${rows[@]}" --json j.json
        attempt "3: merge --json with descriptors $which closed" closed_with_json "$which" merge 0.csv 1.csv --json j.json
        attempt "3: inspect --json with descriptors $which closed" closed_with_json "$which" inspect p.npy --json j.json
        attempt "3: eval --per-row --partial with descriptors $which closed" closed_with_rows "$which"
    done
    attempt "3: standard input closed, as -" closed_standard_input -
    attempt "3: standard input closed, as /dev/stdin" closed_standard_input /dev/stdin
    for signal in INT TERM HUP QUIT USR1 USR2 ALRM; do attempt "3: SIG$signal during a run leaves nothing" signalled "$signal"; done
    attempt "3: readers of the outputs that are gone" broken_pipe
    limited=rows.npy attempt "3: a limit of the size of files, eval --per-row" file_size_limit --per-row rows.npy
    limited=rows.csv attempt "3: a limit of the size of files, eval --per-row as text" file_size_limit --per-row rows.csv
    limited=out.npy.zst attempt "3: a limit of the size of files, pack" file_size_limit pack large.npy -o out.npy.zst --level -100000

    attempt "4: no thread to be had, eval" one_process 1
    attempt "4: no thread to be had, eval with 4 threads" one_process 4
    attempt "4: no thread to be had, pack" one_process_packs
    attempt "4: little memory, eval" little_memory eval p.npy "${rows[@]}"
    attempt "4: little memory, eval of text" little_memory eval t.csv "${table[@]}"
    attempt "4: little memory, pack" little_memory pack p.npy -o out.npy.zst
    attempt "4: little memory, merge" little_memory merge 0.csv 1.csv
    attempt "4: few descriptors, eval" few_descriptors eval p.npy "${rows[@]}" --json j.json --per-row r.npy --partial a.partial
    attempt "4: few descriptors, eval of text" few_descriptors eval t.csv "${table[@]}"
    attempt "4: few descriptors, pack" few_descriptors pack p.npy -o out.npy.zst
    attempt "4: few descriptors, merge" few_descriptors merge 0.csv 1.csv --json j.json
    attempt "4: few descriptors, inspect" few_descriptors inspect p.npy y.npy

    attempt "5: a field of a table that never ends" endless endless-field 30 400 65 "${table[@]}" --memory 32M
    attempt "5: a quoted field that never ends" endless endless-quote 30 400 65 "${table[@]}" --memory 32M
    attempt "5: a line of names that never ends" endless endless-header 30 700 65 "${table[@]}" --memory 32M
    attempt "5: a string of JSON that never ends" endless endless-string 30 400 65 "${table[@]}" --memory 32M
    attempt "5: an array of JSON that never ends" endless endless-array 30 400 65 "${table[@]}" --memory 32M
    attempt "5: brackets of JSON that never end" endless endless-depth 30 400 65 "${table[@]}" --memory 32M
    attempt "5: an array with two rows promised that never ends" endless endless-npy 5 100 65 "${likelihood[@]}"
    attempt "5: zstd with two rows promised that never ends" endless endless-zstd 5 100 65 "${likelihood[@]}"
    attempt "5: gzip with two rows promised that never ends" endless endless-gzip 5 100 65 "${likelihood[@]}"
    attempt "5: 4 GiB of gzip behind two rows" endless gzip-bomb 5 100 65 "${likelihood[@]}"
    attempt "5: a row of a table that is no number is told before the writer ends" invalid_row_is_told_at_once "${table[@]}" \
        < <(printf 'p,y\n0.5,1\nx,1\n0.5,0\n')
    attempt "5: an invalid row of a table is told before the writer ends" invalid_row_is_told_at_once "${table[@]}" \
        < <(printf 'p,y\n0.5,1\n7,1\n0.5,0\n')
    attempt "5: an invalid record is told before the writer ends" invalid_row_is_told_at_once "${table[@]}" \
        < <(printf '{"p": 0.5, "y": 1}\n{"p": 7, "y": 1}\n{"p": 0.5, "y": 0}\n')

    attempt "6: a record of 16 MiB" large 400 large-record 16777216 "${table[@]}"
    attempt "6: a record of 60 MiB" large 700 large-record 62914560 "${table[@]}"
    attempt "6: a field of 60 MiB" large 700 large-field 62914560 "${table[@]}"
    attempt "6: 200,000 prediction columns" large 900 many-columns 200000 --task multiclass --input logits --prediction-columns 'p*' --label-column y
    attempt "6: a partial of 100,000 parts" many_parts
    attempt "6: a header of safetensors of 40 MB" wide_safetensors

    attempt "7: predictions from an offset of standard input" from_an_offset p "$mean" - "${rows[@]}"
    attempt "7: predictions from an offset of /dev/stdin" from_an_offset p "$mean" /dev/stdin "${rows[@]}"
    attempt "7: labels from an offset of standard input" from_an_offset y "$mean" p.npy --labels - --task multiclass --input logits
    attempt "7: a table from an offset of standard input" from_an_offset t 0.4904146265058631 - "${table[@]}"

    attempt "8: a file's name that is no UTF-8" named $'p\xff\xfe.npy'
    attempt "8: a file's name that ends in a space" named 'p.npy '
    attempt "8: a file's name that begins with a space" named ' p.npy'
    attempt "8: a file's name with a line separator" named $'p\xe2\x80\xa8q.npy'
    attempt "8: a file's name with quotes and escapes" named $'p\'"\\\e[31m$(x)`y`.npy'
    attempt "8: columns whose names differ in normalisation" normalised_columns
    attempt "8: classes whose names differ in normalisation" normalised_classes
    for name in npz safetensors jsonl parquet; do attempt "8: $name: names that differ in normalisation" normalised_members "$name"; done

    attempt "9: a first record of 8 MiB, file and pipe" first_record 8388608
    attempt "9: a first record of 15 MiB, file and pipe" first_record 15728640
    attempt "9: a raw block of zstd of 1 MB, file and pipe" raw_block
    attempt "9: merge looks at the first bytes first" merge_looks_first
    attempt "9: malformed JSON that is not selected" later_malformed
    attempt "9: a million empty frames of zstd, file and pipe" many_frames empty 1000000
    attempt "9: a million skippable frames of zstd, file and pipe" many_frames skippable 1000000
    attempt "9: files whose size is a lie" lying_sizes

    attempt "10: 3,000 inputs with a soft limit of 64 descriptors" many_inputs 64 soft
    attempt "10: 3,000 inputs with a hard limit of 64 descriptors" many_inputs 64 hard

    for name in npy-of-exabytes npy-overflow npy-negative npy-code npy-deep npy-object pickle safetensors-of-exabytes safetensors-overlap \
        json-deep json-deep-unselected csv-nul zstd-window zip-of-itself zip-bomb parquet-lies; do
        case "$name" in
        json* | csv* | zip-of-itself) attempt "a file that lies: $name" lies "$name" "${table[@]}" ;;
        *) attempt "a file that lies: $name" lies "$name" "${likelihood[@]}" ;;
        esac
    done
    attempt "a file that is cut while it is read" changed_while_read
    attempt "a full disk, eval --per-row" full_disk eval ../../large.npy "${likelihood[@]}" --per-row rows.npy
    attempt "a full disk, pack" full_disk pack ../../large.npy -o o.npy.zst --level -100000
}
all
case "$mode" in
list) exit 0 ;;
attempt) stop "there is no attempt $wanted" 64 ;;
esac
((ok + failed + skipped > 0)) || stop "no attempt's name holds '$wanted'; --list shows them" 64
printf 'break: %d attempts held, %d failed, %d were skipped\n' "$ok" "$failed" "$skipped"
((failed == 0))
