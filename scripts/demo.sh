#!/usr/bin/env bash
# Installs what is missing, builds xent in release, and evaluates the predictions in Demo/ (see Demo/README.md).
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
show xent eval Demo/digits.logits.npy.zst --labels Demo/digits.labels.npy --task multiclass --input logits

printf '\nA logistic regression on 569 tumours: the probability of the label 1.\n'
show xent eval Demo/cancer.probabilities.npy --labels Demo/cancer.labels.npy --task binary --input probabilities

cat <<'END'

The true means, computed with 200-bit arithmetic, are in Demo/truth.json. For the exact bits, add --json -
xent is .build/release/xent; next, try

    .build/release/xent eval --help
    .build/release/xent eval PREDICTIONS.npy --labels LABELS.npy --task multiclass --input logits
END
