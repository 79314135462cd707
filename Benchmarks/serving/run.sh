#!/usr/bin/env bash
# The scoring service beside its peers: FastAPI, Flask and MLServer with scikit-learn, and a bare program over libmicrohttpd.
# Prints figures and ratios, and writes them to .build/benchmarks/serving.json.
set -euo pipefail
cd "$(dirname "$0")/../.."

[ -x .build/release/sonde ] || { echo "run make build first" >&2; exit 69; }
folder=.build/benchmarks
mkdir -p "$folder"
python=$(Benchmarks/venv.sh Benchmarks/serving)
mlserver=$(Benchmarks/venv.sh Benchmarks/serving/mlserver)
cc -O2 -o "$folder/bare" Benchmarks/serving/bare.c -lmicrohttpd
"$python" Benchmarks/serving/compare.py --sonde .build/release/sonde --bare "$folder/bare" \
  --mlserver-python "$mlserver" --output "$folder/serving.json" "$@"
