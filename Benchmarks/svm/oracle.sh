#!/bin/sh
# Makes the models and decisions that the tests compare with: 240 models of scikit-learn, 1.2 million rows.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
out=${1:-$here/../../.build/svm-oracle}
python=$("$here/../venv.sh" "$here")
"$python" -W ignore "$here/oracle.py" "$out" --models 240 --rows 5000 --seed 1
echo "written: $out; now: swift test -c release --filter ScikitLearnTests"
