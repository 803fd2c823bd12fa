#!/usr/bin/env bash
# Writes the table of losses, as `xent losses --markdown` prints it, into README.md and the article on losses. Run it after a change to a
# dialect; XentTests fail while the two differ from the code.
#
#   scripts/write-loss-tables.sh
#
# Builds xent first, or uses the binary that XENT_BINARY names. Needs what scripts/install-dependencies.sh installs.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
cd "$root"

case "${1-}" in
'') ;;
-h | --help)
    sed -n '2,8s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"
    exit 0
    ;;
*)
    printf 'write-loss-tables.sh: unknown argument %s; it takes none\n' "$1" >&2
    exit 64
    ;;
esac

if [[ -z ${XENT_BINARY-} ]]; then
    scripts/install-dependencies.sh
    swift build -c release --product xent --static-swift-stdlib
    XENT_BINARY=.build/release/xent
fi

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
"$XENT_BINARY" losses --markdown >"$scratch/table"

for file in README.md Sources/Scoring/Scoring.docc/Losses.md; do
    # Both marks, each once and in order, or nothing is written.
    awk -v file="$file" -v table="$scratch/table" '
        $0 == "<!-- the loss table ends -->" { ends++; isInside = 0 }
        !isInside { print }
        $0 == "<!-- the loss table -->" {
            begins++; isInside = 1
            print ""
            while ((getline line < table) > 0) print line
            print ""
        }
        END {
            if (begins != 1 || ends != 1 || isInside) {
                print "write-loss-tables.sh: " file ": the comments around the table are not there once each, in order" > "/dev/stderr"
                exit 65
            }
        }' "$file" >"$scratch/new"
    if cmp -s "$scratch/new" "$file"; then
        printf '%s: up to date\n' "$file"
    else
        cat "$scratch/new" >"$file"
        printf '%s: written\n' "$file"
    fi
done
