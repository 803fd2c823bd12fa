#!/usr/bin/env bash
# Fetches Prometheus's promtool and node exporter from Debian's or Ubuntu's archive, without installing them: no service is started.
#
#   scripts/fetch-prometheus.sh
#
# They lie in .build-prometheus afterwards, where tests and scripts/check-metrics.sh find them. Does nothing if they are there.
# Exit status: 0 they are there; 69 they cannot be fetched here.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

folder=.build-prometheus
if [[ -x $folder/usr/bin/promtool && -x $folder/usr/bin/prometheus-node-exporter ]]; then exit 0; fi
if ! command -v apt-get > /dev/null || ! command -v dpkg-deb > /dev/null; then
    printf 'fetch-prometheus: there is no apt-get here; install promtool and prometheus-node-exporter by hand\n' >&2
    exit 69
fi
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
# apt's own user reads and writes there.
chmod 755 "$scratch"
(cd "$scratch" && apt-get download -qq prometheus prometheus-node-exporter) || exit 69
mkdir -p "$scratch/tree"
for package in "$scratch"/*.deb; do dpkg-deb -x "$package" "$scratch/tree"; done
mkdir -p "$folder/usr/bin"
cp "$scratch"/tree/usr/bin/{promtool,prometheus-node-exporter} "$folder/usr/bin/"
