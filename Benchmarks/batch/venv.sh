#!/bin/sh
# Makes the virtual environment of the peer where it is missing, and prints the path of its Python.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
venv=$here/.venv
if ! cmp -s "$here/requirements.txt" "$venv/requirements.txt"; then
  python3 -m venv "$venv" >&2
  "$venv/bin/pip" install --quiet --disable-pip-version-check -r "$here/requirements.txt" >&2
  cp "$here/requirements.txt" "$venv/requirements.txt"
fi
echo "$venv/bin/python"
