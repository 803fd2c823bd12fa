#!/usr/bin/env bash
# Builds the documentation of the library's modules and fails on any warning, such as a link that leads nowhere.
#
#   scripts/build-documentation.sh [OUTPUT FOLDER]
#
# The release build must be there (scripts/test.sh makes it). Without a folder the pages are thrown away.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
output=${1:-$scratch/pages}
mkdir -p "$output"

modules=.build/release/Modules
options=(-I "$modules" -target "$(swiftc -print-target-info | sed -n 's/.*"triple": "\(.*\)".*/\1/p' | head -n 1)")
# The C targets that the modules import: those that SwiftPM wrote a map for, and those with a map of their own.
for map in .build/release/*.build/module.modulemap Sources/*/module.modulemap Sources/*/include/module.modulemap \
    .build/checkouts/swift-system/Sources/CSystem/include/module.modulemap; do
    if [[ -f $map ]]; then options+=(-Xcc "-fmodule-map-file=$PWD/$map"); fi
done
for folder in Sources/*/include; do options+=(-Xcc "-I$PWD/$folder"); done

for module in Messages WorkStealing Outputs Formats Scoring Insight Engine Unattended; do
    graphs=$scratch/$module
    mkdir -p "$graphs"
    swift symbolgraph-extract -module-name "$module" "${options[@]}" -minimum-access-level public -output-dir "$graphs"
    docc convert "Sources/$module/$module.docc" --additional-symbol-graph-dir "$graphs" --fallback-display-name "$module" \
        --fallback-bundle-identifier "xent.$module" --warnings-as-errors --output-path "$output/$module.doccarchive" --no-transform-for-static-hosting
    printf 'documentation of %s: built without warnings\n' "$module"
done
