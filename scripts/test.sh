#!/usr/bin/env bash
# Installs what is missing, builds xent in release, and checks everything that can be checked on this machine.
#
#   scripts/test.sh [--quick]
#
#   --quick    leaves out the thread sanitizer, which needs a build of its own, and what runs under an emulator
#
# Stops at the first stage that fails, names it, and exits with that stage's status. Works from any folder.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
cd "$root"

quick=false
for argument in "$@"; do
    case "$argument" in
    --quick) quick=true ;;
    -h | --help)
        sed -n '2,8s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"
        exit 0
        ;;
    *)
        printf 'test.sh: unknown option %s; the only one is --quick\n' "$argument" >&2
        exit 64
        ;;
    esac
done

# Package.swift turns warnings into errors, for our targets and not for our dependencies', where this is set.
export XENT_WARNINGS_AS_ERRORS=1
# The tests of the command line run this binary.
export XENT_BINARY=$root/.build/release/xent
# The first race ends the process: what comes after it explains nothing.
export TSAN_OPTIONS=${TSAN_OPTIONS:-halt_on_error=1}

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
results=()

# Sets processor_seconds to the processor time of all commands that have ended. No function that prints: in `$(…)` it would be that of another shell.
count_processor_seconds() {
    times > "$scratch/times"
    processor_seconds=$(awk 'NR == 2 { split($1, own, /[ms]/); split($2, kernel, /[ms]/); printf "%d", 60 * (own[1] + kernel[1]) + own[2] + kernel[2] }' \
        "$scratch/times")
}

# stage NAME COMMAND…: runs the command under a heading; ends the script if it fails.
stage() {
    local name=$1 started=$SECONDS status=0 before
    count_processor_seconds
    before=$processor_seconds
    shift
    printf '\n=== %s\n' "$name"
    "$@" || status=$?
    if ((status != 0)); then
        printf '\n=== %s FAILED with exit status %d after %d s\n' "$name" "$status" $((SECONDS - started)) >&2
        exit "$status"
    fi
    count_processor_seconds
    printf '=== %s: %d s, of processors %d s\n' "$name" $((SECONDS - started)) $((processor_seconds - before))
}

# Within a stage `set -e` has no effect, so every command that can fail says what then.

build() {
    swift build -c release --product xent --static-swift-stdlib --explicit-target-dependency-import-check error
}

# run_tests LABEL OPTION…: runs `swift test`, and fails as well where no test ran, which it calls a success.
run_tests() {
    local label=$1 count
    shift
    swift test --disable-xctest --explicit-target-dependency-import-check error "$@" 2>&1 | tee "$scratch/log" || return
    count=$(sed -n 's/.*Test run with \([0-9][0-9]*\) tests\{0,1\} .*passed.*/\1/p' "$scratch/log" | tail -n 1)
    if ((${count:-0} == 0)); then
        printf 'No test ran: is there still one that these options match? %s\n' "$*" >&2
        return 1
    fi
    results+=("$count $label")
}

release_tests=(-c release -Xswiftc -enable-testing --scratch-path .build-test)

check_binary() {
    local options=()
    if $quick; then options=(--no-qemu); fi
    scripts/check-binary.sh ${options[@]+"${options[@]}"} .build/release/xent
}

# The cases of this version are those of true values, in the dialect `exact`.
stage "dependencies" scripts/install-dependencies.sh --tests
if command -v apt-get > /dev/null; then stage "Prometheus's tools" scripts/fetch-prometheus.sh; fi
stage "release build" build
# Every public declaration has a docstring, and the pages are built without a warning.
stage "docstrings" scripts/check-documentation.py
if command -v docc > /dev/null; then stage "documentation" scripts/build-documentation.sh; fi
# C and C++ as they are compiled where `char` has no sign.
stage "unsigned char" Tests/UnsignedChar/run
# The same, with the sanitizers, over texts that the fuzzer found.
stage "sanitizers" Tests/Sanitizers/run
# Where NEON is not the processor's own, the tests of kernels run it under the emulator.
if ! $quick && [[ $(uname -s) == Linux && $(uname -m) == x86_64 ]]; then
    stage "NEON kernels" Tests/Emulation/build .build-neon/xent-kernels
    stage "planes of bytes by NEON" Tests/Emulation/planes
    export XENT_NEON_KERNELS=$root/.build-neon/xent-kernels
fi
# The command line's tests in a process of their own: Foundation's Process copies whole directory entries of /proc/self/fd, beyond the end of
# their buffer where another test has some 1,300 files open.
stage "tests" run_tests "tests" "${release_tests[@]}" --parallel --skip 'Stress|XentTests'
stage "command line tests" run_tests "tests of the command line" "${release_tests[@]}" --parallel --filter XentTests --skip Stress
stage "stress tests" run_tests "stress tests" "${release_tests[@]}" --no-parallel --filter Stress
# The wheel in an environment of its own, with the libraries whose objects it takes.
test_python() {
    if $quick; then scripts/test-python.sh "$XENT_BINARY"; else scripts/test-python.sh --all "$XENT_BINARY"; fi
}
if [[ $(uname -s) == Linux ]]; then stage "Python package" test_python; fi
if [[ $(uname -s) == Linux ]]; then stage "attempts to break it" scripts/break.sh "$XENT_BINARY"; fi
stage "objects in stores" scripts/test-object-stores.sh "$XENT_BINARY"
stage "clusters" scripts/test-clusters.sh --only parallel,ray,dask "$XENT_BINARY"
if [[ -d .build-prometheus ]]; then stage "metrics in a node exporter" scripts/check-metrics.sh "$XENT_BINARY"; fi
stage "damaged files" scripts/damage-files.py --count 150
stage "kept random dumps" scripts/fuzz-command-line.py --replay
stage "random dumps" scripts/fuzz-command-line.py --minutes 1 --seed 20261129
if ! $quick; then
    # Package.swift leaves the other tests out of this build.
    export XENT_SANITIZED_TESTS=1
    stage "thread sanitizer" run_tests "tests under the thread sanitizer" \
        --sanitize=thread --scratch-path .build-tsan --no-parallel --filter 'WorkStealing|EngineThreads|ContainerTests.(FileSource|ByteSource|Stream)' --skip OrderedQueueTests
    unset XENT_SANITIZED_TESTS
fi
stage "binary" check_binary
printf -v passed ', %s' "${results[@]}"
printf '\ntest.sh: all passed in %d min %d s%s: %s\n' $((SECONDS / 60)) $((SECONDS % 60)) "$($quick && printf ' (quick)')" "${passed:2}"
