#!/usr/bin/env bash
# Installs what is missing, builds xent in release, and evaluates the predictions in scripts/demo/ (see scripts/demo/README.md).
# Works from any folder.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# Shows a command as one would type it, then runs it.
show() {
    printf '\n$ %s\n' "$*"
    "$@"
}
xent() {
    .build/release/xent "$@"
}

scripts/install-dependencies.sh
show swift build -c release --product xent --static-swift-stdlib

printf '\nA neural network on 1,797 handwritten digits: logits of ten classes, in a seekable zstd file.\n'
show xent eval scripts/demo/digits.logits.npy.zst --labels scripts/demo/digits.labels.npy --task multiclass --input logits

printf '\nA logistic regression on 569 tumours: the probability of the label 1.\n'
show xent eval scripts/demo/cancer.probabilities.npy --labels scripts/demo/cancer.labels.npy --task binary --input probabilities

cat <<'END'

The true means, computed with 200-bit arithmetic, are in scripts/demo/truth.json. For the exact bits, add --json -
xent is .build/release/xent; next, try

    .build/release/xent eval --help
    .build/release/xent eval PREDICTIONS.npy --labels LABELS.npy --task multiclass --input logits
END
