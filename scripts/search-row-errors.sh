#!/usr/bin/env bash
# Searches for rows whose losses have large errors, and says the worst by loss and stored type. Rows are steered to where errors count most,
# and changed as long as the error grows (Tests/KernelsTests/RowErrors). Fails where an error is above what the docstrings promise.
#
#   scripts/search-row-errors.sh [SECONDS]
#
# Takes 300 seconds, or as many as are asked for, of all cores. Needs what scripts/install-dependencies.sh installs. Kernels that the processor
# cannot run are left out, but for NEON's, which run under qemu-aarch64 where XENT_NEON_KERNELS names them (Tests/Emulation/README.md).
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
cd "$root"

seconds=${1-300}
case "$seconds" in
-h | --help)
    sed -n '2,8s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"
    exit 0
    ;;
'' | *[!0-9]*)
    printf 'search-row-errors.sh: %s is no number of seconds\n' "$seconds" >&2
    exit 64
    ;;
esac

scripts/install-dependencies.sh
# Release: the oracle is slow in debug builds.
XENT_SEARCH_SECONDS=$seconds swift test -c release -Xswiftc -enable-testing --scratch-path .build-test --disable-xctest \
    --filter RowErrorSearchTests
