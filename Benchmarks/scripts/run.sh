#!/bin/sh
# What a scoring script costs beside its own time: 200 devices x 60 windows of three sensors, a device a task and ten devices a task, on one
# worker. Beside it the same windows with Sonde's own one-class SVMs.
#   run.sh [RESULT.json]
# Needs Python 3, and no packages.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
result=${1:-$root/.build/scripts-benchmark.json}
cd "$root"
swift build -c release --build-tests >&2
bin=$(swift build -c release --show-bin-path)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"$bin/batch-benchmark" "$folder" 200 60 >&2
python3 "$here/overhead.py" "$folder" "$bin/sonde" "$result"
echo "written: $result"
