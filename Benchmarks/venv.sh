#!/bin/sh
# Makes the virtual environment of a benchmark's peers where it is missing, and prints the path of its Python.
#   venv.sh FOLDER [VENV]    with the requirements.txt; by default the environment is beside it
set -eu
folder=$1
venv=${2:-$folder/.venv}
if ! cmp -s "$folder/requirements.txt" "$venv/requirements.txt"; then
  python3 -m venv "$venv" >&2
  "$venv/bin/pip" install --quiet --disable-pip-version-check -r "$folder/requirements.txt" >&2
  cp "$folder/requirements.txt" "$venv/requirements.txt"
fi
echo "$venv/bin/python"
