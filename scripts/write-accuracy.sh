#!/usr/bin/env bash
# Measures the errors of exp, log, log1p and of all row losses, and writes the tables of Sources/Scoring/Scoring.docc/Accuracy.md. Run it
# after a change to a kernel; AccuracyTests fail where a result became worse than the page says.
#
#   scripts/write-accuracy.sh [--rows]
#
#   --rows    measures the losses alone, for a change that leaves the bits of exp, log and log1p as they are
#
# Takes about half an hour of two cores, and all that there are. Needs an x86-64 processor with glibc, whose Float80 functions are
# the yardstick for all Float32 numbers, and what scripts/install-dependencies.sh installs. Kernels that the processor cannot run are not
# measured, but for NEON's, which run under qemu-aarch64.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
cd "$root"

extent=all
case "${1-}" in
'') ;;
--rows) extent=rows ;;
-h | --help)
    sed -n '2,12s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"
    exit 0
    ;;
*)
    printf 'write-accuracy.sh: unknown argument %s; it takes --rows alone\n' "$1" >&2
    exit 64
    ;;
esac

page=Sources/Scoring/Scoring.docc/Accuracy.md
scripts/install-dependencies.sh --tests
before=$(cksum "$page")
Tests/Emulation/build .build-neon/xent-kernels
export XENT_NEON_KERNELS=$root/.build-neon/xent-kernels
# A test writes the page: the samples and the rows' truths are the tests'. Release: their oracle is slow in debug builds.
XENT_WRITE_ACCURACY=$extent swift test -c release -Xswiftc -enable-testing --scratch-path .build-test --disable-xctest --filter AccuracyTests
if [[ $(cksum "$page") == "$before" ]]; then
    printf '%s: up to date\n' "$page"
else
    printf '%s: written\n' "$page"
fi
