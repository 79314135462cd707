#!/bin/sh
# Times the one-class SVMs beside scikit-learn, ONNX Runtime and LIBSVM, in one run.
#   run.sh [--quick] [RESULT.json]
# Needs Python 3 with venv; the peers come from PyPI into a virtual environment beside this file.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
quick=
if [ "${1:-}" = --quick ]; then quick=--quick; shift; fi
result=${1:-$root/.build/svm-benchmark.json}
python=$("$here/../venv.sh" "$here")
cd "$root"
[ -x .build/release/svm-benchmark ] || { echo "run make build first" >&2; exit 69; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"$python" "$here/peers.py" "$folder" $quick
"$(swift build -c release --show-bin-path)/svm-benchmark" "$folder" "$result"
echo "written: $result"
