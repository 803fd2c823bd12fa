#!/usr/bin/env bash
# Tests the Python package: its wheel is built with a binary, installed into an empty environment, and tested there.
#
#   scripts/test-python.sh [--all] XENT [PYTEST ARGUMENTS…]          XENT: the command, such as .build/release/xent
#
#   --all    with pandas, Polars, PyArrow and ml_dtypes, and PyTorch without CUDA where pip finds it; what is not installed is not tested
#
# The environment lies in XENT_PYTHON_ENVIRONMENT (default: a temporary folder, removed at the end), and is kept if that is set. It ends with
# pytest's own summary. Needs Python 3.11 or newer with venv, and PyPI for numpy, pytest and mypy.
# Exit status: pytest's; 64 bad usage; 66 there is no such binary; 69 something cannot be installed.
set -euo pipefail

fail() {
    printf 'test-python.sh: %s\n' "$1" >&2
    exit "$2"
}

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
all=false
if [[ ${1-} == --all ]]; then
    all=true
    shift
fi
(($# > 0)) || fail "which binary? Usage: test-python.sh [--all] XENT" 64
[[ $1 == -h || $1 == --help ]] && {
    sed -n '2,11s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"
    exit 0
}
[[ -f $1 && -x $1 ]] || fail "$1 is not an executable file" 66
binary=$(cd "$(dirname "$1")" && pwd -P)/$(basename "$1")
shift
case "${1-}" in --all) fail "--all stands before the binary" 64 ;; esac

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
environment=${XENT_PYTHON_ENVIRONMENT:-$work/environment}
if [[ ! -x $environment/bin/python ]]; then python3 -m venv "$environment" || fail "python3 -m venv failed; Debian has it in python3-venv" 69; fi
pip() { "$environment/bin/python" -m pip --disable-pip-version-check -q "$@"; }

pip install numpy pytest mypy typing_extensions || fail "pip could not install numpy, pytest and mypy" 69
if $all; then
    pip install pandas polars pyarrow ml_dtypes || fail "pip could not install pandas, polars, pyarrow and ml_dtypes" 69
    # The build without CUDA alone: PyPI's is ten times the size.
    pip install 'torch==2.13.0+cpu' 2>/dev/null ||
        pip install --retries 1 --extra-index-url https://download.pytorch.org/whl/cpu 'torch==2.13.0+cpu' 2>/dev/null ||
        printf 'test-python.sh: there is no build of PyTorch without CUDA in reach; tensors are not tested\n' >&2
fi

# Debugging symbols would make a wheel of some ten times the size.
if command -v strip >/dev/null; then
    strip --strip-debug -o "$work/xent" "$binary"
    binary=$work/xent
fi
wheel=$("$root/scripts/build-wheel.sh" --binary "$binary" --output "$work/wheel")
pip install --force-reinstall --no-deps "$wheel" || fail "pip could not install $wheel" 69

# The package is the installed one, and the command the one beside it.
unset XENT_BINARY PYTHONPATH
cd "$work"
found=$(PATH=/usr/bin:/bin "$environment/bin/python" -c 'import xent; print(xent.binary())')
[[ $found == "$environment/bin/xent" ]] || fail "the package finds $found, and not $environment/bin/xent" 1
"$environment/bin/python" -m pytest -c "$root/python/pyproject.toml" --rootdir "$root/python" -p no:cacheprovider "$root/python/tests" "$@"
