#!/usr/bin/env bash
# Installs what Xent is built with, where it is missing, on Debian and Ubuntu. Elsewhere says what is needed.
#
#   scripts/install-dependencies.sh [--tests]
#
#   --tests    also what scripts/test.sh uses: binutils, python3-venv, and on x86-64 qemu-user
#
# Exit status: 0 everything is there; 64 bad usage; 69 something is missing that this script cannot install.
set -euo pipefail

readonly swift_major=6 swift_minor=3

fail() {
    printf 'install-dependencies: %s\n' "$1" >&2
    exit "${2:-69}"
}

tests=false
for argument in "$@"; do
    case "$argument" in
    --tests) tests=true ;;
    -h | --help)
        sed -n '2,8s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"
        exit 0
        ;;
    *) fail "unknown option $argument; the only one is --tests" 64 ;;
    esac
done

# Swift itself is not packaged by Debian in a version that we can use.
need_swift="Swift $swift_major.$swift_minor or newer is needed, from https://www.swift.org/install/linux/ with its usr/bin in PATH"
command -v swift >/dev/null || fail "swift was not found. $need_swift"
version_text=$(swift --version 2>/dev/null) || fail "swift is in PATH but 'swift --version' fails. $need_swift"
if ! [[ $version_text =~ Swift\ version\ ([0-9]+)\.([0-9]+) ]]; then
    fail "'swift --version' does not say its version. $need_swift"
fi
major=${BASH_REMATCH[1]} minor=${BASH_REMATCH[2]}
if ((major < swift_major || (major == swift_major && minor < swift_minor))); then
    fail "swift is version $major.$minor. $need_swift"
fi

has_command() {
    command -v "$1" >/dev/null
}

# Whether the library has its header and its link name where a compiler finds them. Arguments: pkg-config's name, the header.
has_library() {
    if has_command pkg-config && pkg-config --exists "$1"; then return 0; fi
    local folder
    for folder in /usr/include /usr/local/include "/usr/include/$(uname -m)-linux-gnu" /opt/homebrew/include; do
        if [[ -e $folder/$2 ]]; then return 0; fi
    done
    return 1
}

missing=()
has_library libzstd zstd.h || missing+=(libzstd-dev)
has_library libxxhash xxhash.h || missing+=(libxxhash-dev)
has_library zlib zlib.h || missing+=(zlib1g-dev)
has_library snappy snappy-c.h || missing+=(libsnappy-dev)
has_library liblz4 lz4.h || missing+=(liblz4-dev)
has_library libbrotlidec brotli/decode.h || missing+=(libbrotli-dev)
has_library simdjson simdjson.h || missing+=(libsimdjson-dev)
has_library fast_float fast_float/fast_float.h || missing+=(libfast-float-dev)
if ! has_command zstd || ! has_command pzstd; then missing+=(zstd); fi
has_command python3 || missing+=(python3)
if $tests; then
    if ! has_command nm || ! has_command objdump || ! has_command readelf; then missing+=(binutils); fi
    if has_command python3 && ! python3 -c 'import ensurepip, venv' 2>/dev/null; then missing+=(python3-venv); fi
    if [[ $(uname -m) == x86_64 ]] && { ! has_command qemu-x86_64 || ! has_command qemu-aarch64; }; then missing+=(qemu-user); fi
fi

if ((${#missing[@]} == 0)); then
    printf 'install-dependencies: nothing is missing (Swift %s.%s)\n' "$major" "$minor"
    exit 0
fi

if ! has_command apt-get || ! has_command dpkg; then
    fail "this is not Debian or Ubuntu, and something is missing. Install what these Debian packages hold: ${missing[*]}"
fi

as_root=()
if ((EUID != 0)); then
    has_command sudo || fail "not root, and there is no sudo. As root, run: apt-get install ${missing[*]}"
    as_root=(sudo)
fi
apt() {
    ${as_root[@]+"${as_root[@]}"} env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 "$@"
}

printf 'install-dependencies: installing %s\n' "${missing[*]}"
# Old package lists may still do: the installation decides.
apt update -q || printf 'install-dependencies: apt-get update failed; trying with the lists that are here\n' >&2
apt install -y -q --no-install-recommends "${missing[@]}" || fail "apt-get could not install ${missing[*]}"
