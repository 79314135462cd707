#!/usr/bin/env bash
# Payloads by a mapping: what reading one costs beside the canonical form, and ingestion of them beside Python with paho-mqtt, json and
# sqlite3. Prints rates and ratios, and writes them to .build/benchmarks/payloads.json and payload-ingestion.json.
set -euo pipefail
cd "$(dirname "$0")/../.."

command -v mosquitto_sub >/dev/null || { echo "payload benchmark: apt-get install mosquitto-clients" >&2; exit 69; }
folder=.build/benchmarks
mkdir -p "$folder"
.build/release/payload-benchmark "$folder/payloads.json"
python=$(Benchmarks/venv.sh Benchmarks/payloads)
"$python" Benchmarks/payloads/compare.py --sonde .build/release/sonde --output "$folder/payload-ingestion.json" "$@"
