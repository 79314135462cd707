"""Lets schemathesis ask Sonde whatever its own OpenAPI document allows, and forbids, and hold the answers against it.

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

here = os.path.dirname(os.path.abspath(__file__))


def main():
    program, run, examples = sys.argv[1], sys.argv[2], sys.argv[3] if len(sys.argv) > 3 else "40"
    with open(sorted(glob.glob(os.path.join(run, "models", "device_*.json")))[0]) as f:
        model = json.load(f)
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    with tempfile.TemporaryDirectory(prefix="sonde-openapi-") as folder:
        server = subprocess.Popen(
            [program, "serve", "--models", os.path.join(run, "models"), "--listen", f"127.0.0.1:{port}", "--access-log", "none"])
        try:
            for _ in range(600):
                with socket.socket() as s:
                    if s.connect_ex(("127.0.0.1", port)) == 0:
                        break
                time.sleep(0.1)
            status = subprocess.run(
                [os.path.join(os.path.dirname(sys.executable), "schemathesis"), "--config-file", os.path.join(here, "schemathesis.toml"), "run",
                 f"http://127.0.0.1:{port}/openapi.json", "--max-examples", examples, "--seed", "7", "--continue-on-failure",
                 # Whether a shape fits its data, and rows their model, is more than a schema can say.
                 "--exclude-checks", "positive_data_acceptance"],
                cwd=folder, env=dict(os.environ, SONDE_MODEL=model["device"], SONDE_MODEL_VERSION=model["version"]),
                # It takes two minutes; an hour of continuous integration is not its own.
                timeout=1200).returncode
        finally:
            server.terminate()
            ended = server.wait()
    sys.exit(status or ended)


if __name__ == "__main__":
    main()
