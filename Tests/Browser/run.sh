#!/usr/bin/env bash
# Looks at the pages of real runs in Debian's Chromium: the live page while a run goes on and after it, and report.html.
#   run.sh [RUN_DIR…]          looks at them, and at the reports of those finished runs, too
#   run.sh --self-test         damages pages in the smallest way, and demands that each damage is found
#   run.sh --pictures FOLDER   makes the pictures of README.md
# The libraries come from PyPI into a virtual environment below .build/. Without PyPI and without them nothing is checked, and it leaves with 69.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$here/../..
sonde=${SONDE:-$root/.build/release/sonde}
venv=$root/.build/browser

mkdir -p "$root/.build"
# Two at once make it once.
exec 9>"$root/.build/browser.lock"
flock 9
if ! python=$("$root/Benchmarks/venv.sh" "$here" "$venv"); then
  echo "browser-test: the libraries cannot be had from PyPI" >&2
  exit 69
fi
exec 9>&-

if [ "${1:-}" = --pictures ]; then
  shift
  exec "$python" "$here/pictures.py" --sonde "$sonde" "$@"
fi
exec "$python" "$here/check.py" --sonde "$sonde" "$@"
