#!/bin/sh
# Times one batch job beside the same job in Python (sqlite3, scikit-learn, joblib over all cores), in one run:
# 10,000 devices x 60 windows, a model of 100 support vectors and 12 features each, read from SQLite, predictions written.
#   run.sh [--quick] [RESULT.json]
# Needs Python 3 with venv; the peer comes from PyPI into a virtual environment beside this file.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
devices=10000
if [ "${1:-}" = --quick ]; then devices=1000; shift; fi
result=${1:-$root/.build/batch-benchmark.json}
python=$("$here/../venv.sh" "$here")
cd "$root"
# The configuration that everything else is built in, so that this compiles nothing twice.
swift build -c release --build-tests >&2
bin=$(swift build -c release --show-bin-path)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"$bin/batch-benchmark" "$folder" "$devices" 60 >&2
"$python" "$here/score.py" prepare "$folder"
"$python" "$here/score.py" measure "$folder" "$bin/sonde" "$result"
echo "written: $result"
