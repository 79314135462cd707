#!/usr/bin/env bash
# Ten million readings with publisher and broker beside ingestion; draws memory and file size into docs/soak.svg.
set -euo pipefail
cd "$(dirname "$0")/../.."
mkdir -p .build/benchmarks
python3 Benchmarks/ingestion/soak.py --sonde .build/release/sonde --svg docs/soak.svg --output .build/benchmarks/soak.json "$@"
