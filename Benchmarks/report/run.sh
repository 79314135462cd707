#!/usr/bin/env bash
# What the page of a run takes to write: wall time, memory and size, of the quickstart and of fleets of 100, 1,000 and 10,000 devices of
# which sixty windows each are scored. Prints figures, and writes them to .build/benchmarks/report.json.
#   run.sh [--devices 100,1000] [--rounds 5] [--folder FOLDER]
set -euo pipefail
cd "$(dirname "$0")/../.."

[ -x .build/release/sonde ] || { echo "run make build first" >&2; exit 69; }
mkdir -p .build/benchmarks
python3 Benchmarks/report/measure.py --sonde .build/release/sonde --output .build/benchmarks/report.json "$@"
