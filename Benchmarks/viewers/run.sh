#!/usr/bin/env bash
# What the live page costs the run that it shows: ingestion with three viewers and without, in turn, then the page's own processor time
# in real time. Prints figures, and writes them to .build/benchmarks/viewers.json.
#   run.sh [--pairs 7] [--viewers 3] [--hours 1] [--paced-seconds 90]
set -euo pipefail
cd "$(dirname "$0")/../.."

[ -x .build/release/sonde ] || { echo "run make build first" >&2; exit 69; }
command -v curl >/dev/null || { echo "viewers benchmark: apt-get install curl" >&2; exit 69; }
mkdir -p .build/benchmarks
python3 Benchmarks/viewers/measure.py --sonde .build/release/sonde --output .build/benchmarks/viewers.json "$@"
