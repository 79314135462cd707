"""Sonde's scoring service beside others that serve the same model: FastAPI, Flask and MLServer with scikit-learn, and a bare program
over the same HTTP library that only sums up what it reads.

All servers run at once, on loopback, each with one process or thread that scores; they are asked in turn, in rounds. Requests come
open-loop (Poisson arrivals), first at one rate for all, half of FastAPI's greatest, then at half of each one's own greatest rate: a server
that is asked seldom wakes up for each request, and pays for that more than for the request. A latency counts from the instant at which the
request was to be sent. The processor's time is that of all processes of a server.
"""
import argparse
import http.client
import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time

import numpy

here = os.path.dirname(os.path.abspath(__file__))
CONNECTIONS = 16
PATH = "/v2/models/pump/infer"
# What this benchmark is to show; Sonde is meant to stay below these.
AIMS = {
    1: {"cpu_over_fastapi": 1 / 25, "cpu_over_bare": 1.5, "p99_over_fastapi": 1 / 10},
    1000: {"cpu_over_fastapi": 1 / 10},
}
# Requests a second that are beyond the programs in C and Swift, and beyond those in Python, by rows a request.
BEYOND = {1: (40_000, 4000), 1000: (2000, 400)}
ONE_THREAD = {name: "1" for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")}


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Server:
    """A server of the model, in a session of its own, so that all of its processes are found."""

    def __init__(self, name, command, folder, environment=None):
        self.name, self.folder = name, folder
        self.port = free_port()
        command = [str(self.port) if part == "PORT" else part.replace(":PORT", f":{self.port}") for part in command]
        self.log = os.path.join(folder, f"{name}.log")
        with open(self.log, "w") as log:
            self.process = subprocess.Popen(
                command, stdout=log, stderr=log, cwd=folder, start_new_session=True,
                env=dict(os.environ, MODEL=os.path.join(folder, "model.joblib"), **ONE_THREAD, **(environment or {})))

    def processes(self):
        """Those of its session."""
        found = []
        for entry in os.listdir("/proc"):
            if entry.isdigit():
                try:
                    with open(f"/proc/{entry}/stat") as f:
                        fields = f.read().rpartition(")")[2].split()
                except OSError:
                    continue
                if int(fields[3]) == self.process.pid:
                    found.append(int(entry))
        return found

    def processor_seconds(self):
        """Of all its threads so far, in nanoseconds' steps; those of a stat file are of 10 ms."""
        total = 0
        for process in self.processes():
            try:
                for thread in os.listdir(f"/proc/{process}/task"):
                    with open(f"/proc/{process}/task/{thread}/schedstat") as f:
                        total += int(f.read().split()[0])
            except OSError:
                continue
        return total / 1e9

    def ask(self, rows):
        """The scores of the body with so many rows; None while it does not answer."""
        with open(os.path.join(self.folder, f"rows-{rows}.json"), "rb") as f:
            body = f.read()
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request("POST", PATH, body, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            content = answer.read()
        except OSError:
            return None
        finally:
            connection.close()
        if answer.status != 200:
            return None
        return numpy.array([output for output in json.loads(content)["outputs"] if output["name"] == "score"][0]["data"])

    def wait(self):
        for _ in range(600):
            if self.process.poll() is not None:
                break
            if self.ask(1) is not None:
                return
            time.sleep(0.1)
        with open(self.log) as f:
            sys.exit(f"{self.name} does not answer: {f.read()[-2000:]}")

    def stop(self):
        try:
            os.killpg(self.process.pid, signal.SIGTERM)
            self.process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


class Drive:
    """Asks a server at a rate: the one place that knows the load generator."""

    def __init__(self, program):
        self.program = program

    def __call__(self, server, rate, seconds, rows, seed=1, timeout=60):
        """Requests by what became of them, and latencies in milliseconds."""
        command = [
            self.program, "load", f"http://127.0.0.1:{server.port}{PATH}", "--body", os.path.join(server.folder, f"rows-{rows}.json"),
            "--rows", rows, "--rate", rate, "--for", f"{round(seconds * 1000)}ms", "--connections", CONNECTIONS, "--seed", seed,
            "--timeout", f"{timeout}s", "--allow-errors", "--format", "json"]
        run = subprocess.run(list(map(str, command)), capture_output=True, text=True)
        # 3: the generator was late itself, and says so.
        if run.returncode not in (0, 3):
            sys.exit(f"sonde load has failed: {run.stderr[-2000:]}")
        load = json.loads(run.stdout)
        return {
            "requests": load["requests"], "answered": load["answered"], "failed": load["requests"] - load["answered"],
            "achieved_per_second": load["achieved_per_second"], "p50_ms": load["latency_ms"]["p50"], "p99_ms": load["latency_ms"]["p99"],
            "max_ms": load["latency_ms"]["max"], "generator_late": run.returncode == 3}

    def greatest_rate(self, server, seconds, rows):
        """What is answered a second of more than can be answered."""
        rate = BEYOND[rows][0 if server.name in ("sonde", "bare") else 1]
        return self(server, rate, seconds, rows, timeout=2)["achieved_per_second"]


def mlserver_folder(folder):
    path = os.path.join(folder, "mlserver")
    os.makedirs(os.path.join(path, "pump"))
    settings = {
        "host": "127.0.0.1", "http_port": free_port(), "grpc_port": free_port(), "metrics_port": free_port(), "parallel_workers": 0,
        "debug": False,
    }
    for name, content in (("settings", settings), ("pump/model-settings", {"name": "pump", "implementation": "runtime.Pump"})):
        with open(os.path.join(path, f"{name}.json"), "w") as f:
            json.dump(content, f)
    return path, settings["http_port"]


def start(args, folder):
    binaries = os.path.dirname(sys.executable)
    servers = [
        Server("sonde", [args.sonde, "serve", "--models", os.path.join(folder, "models"), "--listen", "127.0.0.1:PORT",
                         "--access-log", "none"], folder),
        Server("bare", [args.bare, "PORT"], folder),
        Server("fastapi", [os.path.join(binaries, "uvicorn"), "web_fastapi:app", "--app-dir", here, "--host", "127.0.0.1", "--port",
                           "PORT", "--loop", "uvloop", "--http", "httptools", "--no-access-log", "--log-level", "warning"], folder),
        Server("flask", [os.path.join(binaries, "gunicorn"), "--chdir", here, "-b", "127.0.0.1:PORT", "-w", "1", "-k", "gthread",
                         "--threads", "4", "web_flask:app"], folder),
    ]
    if args.mlserver_python:
        path, port = mlserver_folder(folder)
        server = Server(
            "mlserver", [os.path.join(os.path.dirname(os.path.abspath(args.mlserver_python)), "mlserver"), "start", path], folder,
            {"PYTHONPATH": os.path.join(here, "mlserver")})
        server.port = port
        servers.append(server)
    return servers


def measure(drive, server, rate, seconds, rows, seed):
    before = server.processor_seconds()
    figures = drive(server, rate, seconds, rows, seed)
    cpu = server.processor_seconds() - before
    figures["cpu_us_per_request"] = cpu * 1e6 / max(1, figures["answered"])
    return figures


def rounds(drive, servers, args, rows, rates):
    """The median figures of each server at its rate."""
    runs = {server.name: [] for server in servers}
    for turn in range(args.rounds):
        # Each comes first in turn: that one finds the machine as another peer has left it.
        for server in servers[turn % len(servers):] + servers[:turn % len(servers)]:
            # The same arrivals for all.
            runs[server.name].append(measure(drive, server, rates[server.name], args.seconds, rows, turn + 1))
    median = {}
    for name, all_runs in runs.items():
        median[name] = {key: statistics.median(run[key] for run in all_runs) for key in all_runs[0] if key != "generator_late"}
        median[name]["generator_late_rounds"] = sum(run["generator_late"] for run in all_runs)
    return median


def show(title, median, args, rows, rates, results):
    print(f"\n{title}, median of {args.rounds}")
    print(f"  {'':10} {'planned/s':>10} {'failed':>7} {'CPU us/request':>15} {'CPU us/row':>11} {'p50 ms':>9} {'p99 ms':>9} {'CPU / Sonde':>12} {'p99 / Sonde':>12}")
    for name, figures in median.items():
        row = {
            "peer": name, "rows": rows, "rates": title, "rate": rates[name], **figures, "cpu_us_per_row": figures["cpu_us_per_request"] / rows,
            "cpu_over_sonde": figures["cpu_us_per_request"] / median["sonde"]["cpu_us_per_request"],
            "p99_over_sonde": figures["p99_ms"] / median["sonde"]["p99_ms"],
        }
        results.append(row)
        # Who does not keep up has no latency worth a figure, and neither has a late generator.
        remark = "   does not keep up" if figures["failed"] > 0 or figures["p50_ms"] > 1000 else ""
        if figures["generator_late_rounds"]:
            remark += f"   the generator was late in {figures['generator_late_rounds']} of {args.rounds} rounds"
        print(
            f"  {name:10} {rates[name]:10,.0f} {figures['failed']:7,.0f} {figures['cpu_us_per_request']:15,.1f} {row['cpu_us_per_row']:11,.2f} "
            f"{figures['p50_ms']:9.2f} {figures['p99_ms']:9.2f} {row['cpu_over_sonde']:12.2f} {row['p99_over_sonde']:12.2f}{remark}")


def compare(drive, servers, args, rows, results):
    for server in servers:
        drive(server, 20, 1, rows)
    greatest = {server.name: drive.greatest_rate(server, args.seconds / 2, rows) for server in servers}
    count = "1 row" if rows == 1 else f"{rows:,} rows"
    same = {name: greatest["fastapi"] / 2 for name in greatest}
    at_one_rate = rounds(drive, servers, args, rows, same)
    show(f"{count} a request, all at half of FastAPI's greatest rate", at_one_rate, args, rows, same, results)
    own = {name: rate / 2 for name, rate in greatest.items()}
    own["bare"] = own["sonde"]
    at_own_rates = rounds(drive, servers, args, rows, own)
    show(f"{count} a request, each at half of its own greatest rate, the bare program at Sonde's", at_own_rates, args, rows, own, results)
    print(f"  greatest rates: {', '.join(f'{name} {rate:,.0f}/s' for name, rate in greatest.items())}")
    results.append({"greatest_rates": greatest, "rows": rows})

    def over(median, key, peer):
        return median["sonde"][key] / median[peer][key]

    shown = {
        "cpu_over_fastapi": ("CPU a request / FastAPI's, each at half of its own greatest rate", over(at_own_rates, "cpu_us_per_request", "fastapi")),
        "cpu_over_bare": ("CPU a request / the bare program's, at the same rate", over(at_own_rates, "cpu_us_per_request", "bare")),
        "p99_over_fastapi": ("p99 / FastAPI's, at half of FastAPI's greatest rate", over(at_one_rate, "p99_ms", "fastapi")),
    }
    for key, aim in AIMS[rows].items():
        label, value = shown[key]
        print(f"  Sonde's {label}: {value:.3f} (aim: at most {aim:.2f})")
        results.append({"aim": key, "rows": rows, "value": value, "at_most": aim})


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sonde", required=True)
    parser.add_argument("--bare", required=True)
    parser.add_argument("--load", help="the program with “sonde load”; by default the one that is measured")
    parser.add_argument("--mlserver-python")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=8)
    parser.add_argument("--output")
    args = parser.parse_args()
    args.sonde, args.bare = os.path.abspath(args.sonde), os.path.abspath(args.bare)
    drive = Drive(os.path.abspath(args.load or args.sonde))
    results, servers = [], []
    with tempfile.TemporaryDirectory(prefix="sonde-bench-") as folder:
        subprocess.run([sys.executable, os.path.join(here, "model.py"), folder], check=True, env=dict(os.environ, **ONE_THREAD))
        try:
            servers = start(args, folder)
            for server in servers:
                server.wait()
                if server.name == "bare":
                    continue
                for rows in AIMS:
                    expected, scores = numpy.load(os.path.join(folder, f"scores-{rows}.npy")), server.ask(rows)
                    difference = float(numpy.max(numpy.abs(scores - expected)))
                    if len(scores) != rows or not difference <= 1e-9 * max(1, float(numpy.max(numpy.abs(expected)))):
                        sys.exit(f"{server.name} scores otherwise: {difference}")
            for rows in AIMS:
                compare(drive, servers, args, rows, results)
        finally:
            for server in servers:
                server.stop()
    if args.output:
        with open(args.output, "w") as f:
            json.dump(results, f, indent=1)


if __name__ == "__main__":
    main()
