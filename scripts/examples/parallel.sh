#!/bin/sh
# The shards of a plan by GNU parallel, on this machine or, with --sshloginfile, on many.
#
#   xent plan logits.npy.zst --labels labels.npy --task multiclass --input logits --shards 16 -o plan.json
#   scripts/examples/parallel.sh plan.json partials 16
#   xent merge --plan plan.json partials/*.partial --json report.json
#
# A shard whose partial is there is not evaluated again. --retries tries each shard up to three times; of those that fail for good
# (64, 65, 66) the later tries fail at once, since the files are looked at first.
set -eu
plan=$1 folder=$2 shards=$3
mkdir -p -- "$folder"
export XENT="${XENT:-xent}" plan folder
seq 0 "$((shards - 1))" | parallel --will-cite --retries 3 --jobs "${JOBS:-100%}" \
    'test -e "$folder/{}.partial" || "$XENT" eval --plan "$plan" --shard {} --partial "$folder/{}.partial" --threads 1 --exit-with-parent --silent'
