#!/usr/bin/env bash
# The fleet: processor time a message beside a minimal C publisher, then 18,000 devices on connections of their own and
# 200,000 behind 500 gateways, each for two minutes through the whole pipeline. Prints figures, and writes them to
# .build/benchmarks/fleet*.json. With --no-scale only the first part.
set -euo pipefail
cd "$(dirname "$0")/../.."

command -v mosquitto >/dev/null || [ -x /usr/sbin/mosquitto ] || { echo "fleet benchmark: apt-get install mosquitto" >&2; exit 69; }
sonde=.build/release/sonde
folder=.build/benchmarks
mkdir -p "$folder"
cc -O2 -o "$folder/publisher" Benchmarks/fleet/publisher.c -lmosquitto -lm
python3 Benchmarks/fleet/compare.py --sonde "$sonde" --c-publisher "$folder/publisher" --output "$folder/fleet.json"
[ "${1:-}" = --no-scale ] && exit 0

status=0
for pair in own-connections:18000 gateways:200000; do
  name=${pair%:*}
  rm -rf "$folder/fleet-$name"
  python3 Benchmarks/fleet/watch.py --devices "${pair#*:}" --output "$folder/fleet-$name.json" -- \
    "$sonde" run "Benchmarks/fleet/$name.yaml" --out "$folder/fleet-$name" || status=1
done
exit $status
