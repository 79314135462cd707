"""Lets schemathesis ask Sonde whatever its own OpenAPI documents allow, and forbid, and hold the answers against them: that of the scoring
service, and that of batch endpoints.

  check.py SONDE RUN_DIR [EXAMPLES]

Leaves with 1 where it finds anything.
"""
import glob
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

here = os.path.dirname(os.path.abspath(__file__))


def started(command):
    """A server, and its port."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    server = subprocess.Popen(command + ["--listen", f"127.0.0.1:{port}", "--access-log", "none"])
    for _ in range(600):
        with socket.socket() as s:
            if s.connect_ex(("127.0.0.1", port)) == 0:
                break
        time.sleep(0.1)
    return server, port


def ask(port, configuration, examples, folder, variables):
    return subprocess.run(
        [os.path.join(os.path.dirname(sys.executable), "schemathesis"), "--config-file", os.path.join(here, configuration), "run",
         f"http://127.0.0.1:{port}/openapi.json", "--max-examples", examples, "--seed", "7", "--continue-on-failure",
         # Whether a shape fits its data, rows their model, and a name an input, is more than a schema can say.
         "--exclude-checks", "positive_data_acceptance"],
        cwd=folder, env=dict(os.environ, **variables),
        # It takes two minutes; an hour of continuous integration is not its own.
        timeout=1200).returncode


def scoring(program, run, examples, folder):
    with open(sorted(glob.glob(os.path.join(run, "models", "device_*.json")))[0]) as f:
        model = json.load(f)
    server, port = started([program, "serve", "--models", os.path.join(run, "models")])
    try:
        status = ask(
            port, "schemathesis.toml", examples, folder,
            dict(SONDE_MODEL=model["device"], SONDE_MODEL_VERSION=model["version"]))
    finally:
        server.terminate()
        ended = server.wait()
    return status or ended


def batch(program, run, examples, folder):
    run = os.path.abspath(run)
    server, port = started([program, "serve", "--batch", run, "--state", os.path.join(folder, "state")])
    try:
        jobs = f"http://127.0.0.1:{port}/batchEndpoints/default/jobs"
        body = {"properties": {"InputData": {
            "windows": {"JobInputType": "UriFolder", "Uri": run},
            "after": {"JobInputType": "Literal", "Value": "2025-12-31T00:00:00Z"},
            # Its end is its name: those who ask before this have another one.
            "through": {"JobInputType": "Literal", "Value": "2026-01-01T20:30:00Z"}}}}
        request = urllib.request.Request(jobs, json.dumps(body).encode(), {"Content-Type": "application/json"})
        job = json.load(urllib.request.urlopen(request))["name"]
        status = None
        while status not in ("Completed", "Failed"):
            time.sleep(0.1)
            status = json.load(urllib.request.urlopen(f"{jobs}/{job}"))["properties"]["status"]
        if status != "Completed":
            sys.exit(f"openapi: the job that schemathesis is to look at has the status {status}")
        status = ask(port, "batch.toml", examples, folder, dict(SONDE_JOB=job))
    finally:
        server.terminate()
        ended = server.wait()
    return status or ended


def main():
    program, run, examples = sys.argv[1], sys.argv[2], sys.argv[3] if len(sys.argv) > 3 else "40"
    with tempfile.TemporaryDirectory(prefix="sonde-openapi-") as folder:
        found = [face(program, run, examples, folder) for face in (scoring, batch)]
    sys.exit(1 if any(found) else 0)


if __name__ == "__main__":
    main()
