#!/usr/bin/env bash
# Holds `sonde serve` against others' clients and servers, with the models and windows of a finished run:
#   azure     Azure's own inference server answers a table of requests, good and bad, as Sonde does
#   protocol  KServe's and Triton's clients read the scores of the run's prediction files, to the last bit
#   batch     Azure's own client starts and lists batch jobs (sonde serve --batch)
#   openapi   schemathesis finds nothing against the services' own OpenAPI documents
#   kubernetes  the manifests of a service and of batch jobs pass the schemas of two versions of Kubernetes; needs no run
#   sparkplug   two implementations of Sparkplug B and Sonde's read each other's messages (sonde ingest, sonde simulate); needs no run, but mosquitto
#
#   run.sh [RUN_DIR [azure|protocol|batch|openapi|kubernetes|sparkplug]…]
# Without a run it makes a quickstart first; those that need none take any RUN_DIR.
# The peers come from PyPI into virtual environments beside the scripts. Without PyPI and without them nothing is checked, and it leaves with 69.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$here/../..
sonde=${SONDE:-$root/.build/release/sonde}
if [ $# -gt 0 ]; then
  run=$1
  shift
else
  folder=$(mktemp -d)
  trap 'rm -rf "$folder"' EXIT
  run=$folder/run
  "$sonde" run "$root/Scenarios/quickstart.yaml" --out "$run" >/dev/null
fi
[ $# -gt 0 ] || set -- azure protocol batch openapi kubernetes sparkplug

for peer in "$@"; do
  if ! python=$("$root/Benchmarks/venv.sh" "$here/$peer"); then
    echo "clients: the packages of $peer cannot be had from PyPI" >&2
    exit 69
  fi
  echo "-- $peer"
  case $peer in
    azure) "$python" "$here/azure/compare.py" "$sonde" "$run/models" ;;
    protocol) "$python" "$here/protocol/check.py" "$sonde" "$run" ;;
    batch) "$python" "$here/batch/check.py" "$sonde" "$run" ;;
    openapi) "$python" "$here/openapi/check.py" "$sonde" "$run" ;;
    kubernetes) "$python" "$here/kubernetes/check.py" "$sonde" ;;
    sparkplug) "$python" "$here/sparkplug/check.py" "$sonde" ;;
    *) echo "clients: there is no $peer" >&2; exit 64 ;;
  esac
done
