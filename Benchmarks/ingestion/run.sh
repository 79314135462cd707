#!/usr/bin/env bash
# Ingestion beside its peers: mosquitto_sub as a bare sink, a minimal C program, and Python with paho-mqtt.
# Prints rates and ratios, and writes them to .build/benchmarks/ingestion.json.
set -euo pipefail
cd "$(dirname "$0")/../.."

command -v mosquitto_sub >/dev/null || { echo "ingestion benchmark: apt-get install mosquitto-clients" >&2; exit 69; }
folder=.build/benchmarks
mkdir -p "$folder"
python=$(Benchmarks/venv.sh Benchmarks/ingestion)
cc -O2 -o "$folder/journal" Benchmarks/ingestion/journal.c -lmosquitto -lsqlite3
"$python" Benchmarks/ingestion/compare.py --sonde .build/release/sonde --c-journal "$folder/journal" \
  --output "$folder/ingestion.json" "$@"
"$python" Benchmarks/ingestion/recovery.py --sonde .build/release/sonde --output "$folder/recovery.json"
"$python" Benchmarks/ingestion/soak.py --sonde .build/release/sonde --readings 5000000 \
  --output "$folder/beside.json"
