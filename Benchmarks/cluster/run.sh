#!/usr/bin/env bash
# The simulator of clusters against a list scheduler that knows no nodes.
set -euo pipefail
cd "$(dirname "$0")/../.."
swift build -c release --product cluster-benchmark >&2
.build/release/cluster-benchmark
