"""A day's worth of requests on a scoring service: whether memory and descriptors stay flat, and every answer is right and its own.

`sonde load` sends a million requests, open-loop, of which each answer must have the id of its request. Beside it two clients ask for rows
whose scores are known from the prediction files of the run, each with ids of its own, and hold every answer against them, to the last bit.
Leaves with 1 where something grew, or was wrong.
"""
import argparse
import atexit
import csv
import glob
import http.client
import json
import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time

PAGE = os.sysconf("SC_PAGE_SIZE")
# A window with its start as prediction files write it.
QUERY = "SELECT *, strftime('%Y-%m-%dT%H:%M:%S', window_start_ms / 1000, 'unixepoch') || '.000Z' AS start FROM window_values"
# By how much memory and descriptors may be greater in the last tenth of the load than after the first.
MOST_MEMORY, MOST_DESCRIPTORS = 4 << 20, 4


def resident(pid):
    with open(f"/proc/{pid}/statm") as f:
        return int(f.read().split()[1]) * PAGE


def descriptors(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


def known_rows(run):
    """Device, features by name and score, of the windows of a run's first prediction files."""
    scores = {}
    for path in sorted(glob.glob(f"{run}/predictions/*/predictions.csv"))[:3]:
        with open(path, newline="") as f:
            for row in csv.DictReader(f):
                scores[row["device"], row["window_start"]] = float(row["score"])
    rows = {}
    with sqlite3.connect(f"file:{run}/sonde.sqlite?mode=ro", uri=True) as db:
        db.row_factory = sqlite3.Row
        for window in db.execute(QUERY):
            key = window["device"], window["start"]
            if key in scores:
                values = rows.setdefault(key, {})
                for name in window.keys():
                    values[f"{window['sensor']}.{name}"] = window[name]
    return [(device, rows[device, start], score) for (device, start), score in scores.items() if (device, start) in rows]


class Asker(threading.Thread):
    """Asks one row after the other, and holds every answer against what a job has found."""

    def __init__(self, name, port, rows, features, done):
        super().__init__()
        self.name, self.port, self.rows, self.features, self.done = name, port, rows, features, done
        self.asked, self.wrong = 0, []

    def run(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        while not self.done.is_set():
            device, values, score = self.rows[self.asked % len(self.rows)]
            row = [values[feature] for feature in self.features[device]]
            body = {"id": f"{self.name}-{self.asked}", "inputs": [
                {"name": "x", "shape": [1, len(row)], "datatype": "FP64", "data": row}]}
            connection.request("POST", f"/v2/models/{device}/infer", json.dumps(body), {"Content-Type": "application/json"})
            answer = connection.getresponse()
            text = answer.read()
            self.asked += 1
            if answer.status == 503:
                continue
            found = json.loads(text)
            outputs = {output["name"]: output["data"] for output in found.get("outputs", [])}
            if answer.status != 200 or found.get("id") != body["id"] or outputs.get("score") != [score]:
                self.wrong.append(f"{body} gave {answer.status} {text[:300]!r}, and {score!r} was expected")
            time.sleep(0.001)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sonde", required=True)
    parser.add_argument("--run", required=True, help="the folder of a quickstart")
    parser.add_argument("--requests", type=int, default=1_000_000)
    parser.add_argument("--rate", type=int, default=4000)
    parser.add_argument("--output")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="sonde-soak-") as folder:
        address = os.path.join(folder, "address")
        service = subprocess.Popen(
            [args.sonde, "serve", "--models", f"{args.run}/models", "--listen", "127.0.0.1:0", "--address-file", address,
             "--access-log", "none"], stderr=subprocess.DEVNULL)
        atexit.register(service.kill)
        while not os.path.exists(address):
            time.sleep(0.05)
            if service.poll() is not None:
                sys.exit("sonde serve has ended")
        port = int(open(address).read().rpartition(":")[2])
        rows = known_rows(args.run)
        features = {}
        for device in {device for device, _, _ in rows}:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
            connection.request("GET", f"/v2/models/{device}")
            features[device] = json.loads(connection.getresponse().read())["parameters"]["features"]
            connection.close()
        done = threading.Event()
        askers = [Asker(name, port, rows, features, done) for name in ("one", "two")]
        for asker in askers:
            asker.start()
        seconds = args.requests / args.rate
        load = subprocess.Popen(
            [args.sonde, "load", f"http://127.0.0.1:{port}/v2/models/{{model}}/infer", "--run", args.run, "--rate", str(args.rate),
             "--for", f"{seconds:.3f}s", "--process", str(service.pid), "--out", f"{folder}/load", "--format", "json"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        begin, samples = time.monotonic(), []
        while load.poll() is None:
            samples.append((time.monotonic() - begin, resident(service.pid), descriptors(service.pid)))
            time.sleep(1)
        done.set()
        for asker in askers:
            asker.join()
        service.send_signal(signal.SIGTERM)
        ended = service.wait()
        with open(f"{folder}/load/load.json") as f:
            report = json.load(f)
    settled = [sample for sample in samples if sample[0] >= seconds * 0.1] or samples
    last = [sample for sample in samples if sample[0] >= seconds * 0.9] or samples
    memory = max(m for _, m, _ in last) - settled[0][1]
    files = max(d for _, _, d in last) - settled[0][2]
    wrong = [text for asker in askers for text in asker.wrong]
    result = {
        "requests": report["requests"], "answered": report["answered"], "rejected": report["rejected"], "errors": report["errors"],
        "errors_by_kind": report["errors_by_kind"], "held_against_predictions": sum(asker.asked for asker in askers),
        "wrong": len(wrong), "seconds": report["seconds"], "cpu_us_per_request": report["cpu_us_per_request"],
        "p99_ms": report["latency_ms"]["p99"], "plan_kept": report["plan_kept"], "memory_bytes": settled[0][1],
        "memory_growth_bytes": memory, "descriptor_growth": files, "exit_code": ended,
    }
    print(json.dumps(result, indent=1))
    for text in wrong[:5]:
        print(text, file=sys.stderr)
    if args.output:
        with open(args.output, "w") as f:
            json.dump(result, f, indent=1)
    faults = []
    if memory > MOST_MEMORY:
        faults.append(f"memory grew by {memory} bytes")
    if files > MOST_DESCRIPTORS:
        faults.append(f"descriptors grew by {files}")
    if wrong or report["errors"]:
        faults.append(f"{len(wrong)} answers were wrong, and {report['errors']} requests had errors")
    if report["answered"] + report["rejected"] + report["errors"] != report["requests"]:
        faults.append("requests are unaccounted for")
    if ended != 0:
        faults.append(f"the service ended with {ended}")
    if faults:
        sys.exit("; ".join(faults))


if __name__ == "__main__":
    main()
