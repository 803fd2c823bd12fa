#!/usr/bin/env bash
# Tests what xent does with URLs, against stores of objects on this machine: Tests/ObjectStores/README.md.
#
#   scripts/test-object-stores.sh XENT [--speed]
#
#   --speed    measures a slow server beside the same file on disk, and tests nothing
#
# moto and botocore are installed from PyPI into .build-object-stores, once.
# Exit status: 0 all is well; 1 something is not; 64 bad usage; 69 a tool cannot be installed.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)

binary=
options=(--moto)
for argument in "$@"; do
    case "$argument" in
    -h | --help)
        sed -n '2,9s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"
        exit 0
        ;;
    --speed) options=(--speed) ;;
    -*)
        printf 'test-object-stores: unknown option %s; the only one is --speed\n' "$argument" >&2
        exit 64
        ;;
    *) binary=$argument ;;
    esac
done
if [[ -z $binary ]]; then
    printf 'test-object-stores: which binary? Usage: test-object-stores.sh XENT [--speed]\n' >&2
    exit 64
fi

environment=$root/.build-object-stores
packages=('moto[s3,server]==5.2.5' boto3 numpy)
if [[ ! -e $environment/complete ]]; then
    rm -rf "$environment"
    python3 -m venv "$environment" || exit 69
    "$environment/bin/pip" install --quiet --disable-pip-version-check "${packages[@]}" || exit 69
    touch "$environment/complete"
fi
exec "$environment/bin/python" "$root/Tests/ObjectStores/check.py" "$binary" "${options[@]}"
