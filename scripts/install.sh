#!/usr/bin/env bash
# Builds xent in release, and puts it in place: the one binary, its manual page, and completions for bash, zsh and fish.
#
#   scripts/install.sh [--prefix DIR] [--binary FILE]
#
#   --prefix DIR     the folder with bin and share in it; default ~/.local
#   --binary FILE    install this binary, and build nothing; the variable XENT_BINARY names one as well
#
# Works from any folder, and may be run again: what is there is replaced, each file whole or not at all.
# Exit status: 0 all is in place; 64 bad usage; 66 there is no such binary; 69 something that it is built with is missing.
set -euo pipefail

fail() {
    printf 'install.sh: %s\n' "$1" >&2
    exit "$2"
}

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
prefix=
binary=${XENT_BINARY-}
while (($# > 0)); do
    case "$1" in
    --prefix | --binary)
        (($# > 1)) || fail "$1 has no value; give $1 and a name" 64
        if [[ $1 == --prefix ]]; then prefix=$2; else binary=$2; fi
        shift 2
        ;;
    --prefix=*)
        prefix=${1#*=}
        shift
        ;;
    --binary=*)
        binary=${1#*=}
        shift
        ;;
    -h | --help)
        sed -n '2,10s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"
        exit 0
        ;;
    *) fail "unknown option $1; there are --prefix DIR and --binary FILE" 64 ;;
    esac
done
prefix=${prefix:-${HOME:?install.sh: HOME is not set; give --prefix DIR}/.local}

if [[ -z $binary ]]; then
    "$root/scripts/install-dependencies.sh"
    (cd "$root" && swift build -c release --product xent --static-swift-stdlib)
    binary=$root/.build/release/xent
fi
[[ -f $binary && -x $binary ]] || fail "$binary is not an executable file" 66

# Everything is made before anything is put in place.
work=$(mktemp -d)
unfinished=
trap 'rm -rf "$work" ${unfinished:+"$unfinished"}' EXIT
"$binary" --generate-manual >"$work/manual"
for shell in bash zsh fish; do "$binary" --generate-completion-script "$shell" >"$work/$shell"; done

# place MODE SOURCE FILE: copies a file below the prefix. It gets its name when it is whole.
place() {
    local mode=$1 source=$2 file=$prefix/$3
    mkdir -p "$(dirname "$file")"
    unfinished=$(mktemp "$(dirname "$file")/.xent-install.XXXXXX")
    cat "$source" >"$unfinished"
    chmod "$mode" "$unfinished"
    mv -f "$unfinished" "$file"
    unfinished=
    printf '%s\n' "$file"
}

place 755 "$binary" bin/xent
place 644 "$work/manual" share/man/man1/xent.1
place 644 "$work/bash" share/bash-completion/completions/xent
place 644 "$work/zsh" share/zsh/site-functions/_xent
place 644 "$work/fish" share/fish/vendor_completions.d/xent.fish

case ":$PATH:" in
*":$prefix/bin:"*) ;;
*) printf '\n%s is not in PATH. In your shell'\''s profile:  export PATH="%s:$PATH"\n' "$prefix/bin" "$prefix/bin" ;;
esac
