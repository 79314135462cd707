#!/bin/sh
# Ingests hard readings, and holds each aggregate against Python's fractions. Options go to exact.py.
set -eu
cd "$(dirname "$0")/../.."
python=$(Benchmarks/venv.sh Benchmarks/ingestion)
exec "$python" Benchmarks/ingestion/exact.py --sonde .build/release/sonde "$@"
