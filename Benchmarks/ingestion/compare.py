"""Drains the same queue with different subscribers, one after another, and prints rates, CPU a message and ratios.

Each subscriber's session exists before anything is published; a broker of the benchmark's own then holds the messages,
the subscriber is started, and its time runs from there to the last message. So nothing but broker and subscriber works.
"""
import argparse
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time

here = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(here))
from processes import Broker


def scenario(folder, devices, sensors, messages):
    path = os.path.join(folder, f"fleet-{devices}-{sensors}.yaml")
    seconds = messages // devices
    lines = ["name: bench", "seed: 5", f"clock: {{ duration: {seconds}s, speed: max }}", "ingestion: { window: 1s }", "fleet:", "  - device: d",
             f"    count: {devices}", "    every: 1s", "    sensors:"]
    for index in range(sensors):
        lines.append(f"      s{index}: {{ signal: [{{ constant: {{ value: 20 }} }}, {{ noise: {{ stddev: 1 }} }}] }}")
    with open(path, "w") as f:
        f.write("\n".join(lines) + "\n")
    return path


def wait_cpu(process):
    """Waits for a child and returns its exit code and processor seconds."""
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return process.returncode, usage.ru_utime + usage.ru_stime


def stored(path):
    try:
        with sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=5) as db:
            return db.execute("SELECT stored_messages FROM progress").fetchone()[0]
    except sqlite3.OperationalError:
        return 0


def drain(name, args, broker, folder, count):
    """Seconds and processor seconds that subscriber `name` takes for `count` queued messages."""
    file = os.path.join(folder, f"{name}-{broker.port}.sqlite")
    port = str(broker.port)
    if name == "sonde":
        command = [args.sonde, "ingest", "--broker", f"mqtt://127.0.0.1:{port}", "--store", file, "--window", "60s",
                   "--client-id", "bench"]
    elif name == "mosquitto_sub":
        command = ["mosquitto_sub", "-p", port, "-V", "5", "-q", "1", "-i", "bench", "-c", "-x", "3600", "-D", "connect",
                   "receive-maximum", "65535", "-t", "devices/+/telemetry", "-C", str(count)]
    elif name == "c":
        command = [args.c_journal, port, "bench", file, str(count)]
    else:
        command = [args.python, os.path.join(here, "journal.py"), port, "bench", file, str(count)]
    begin = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    if name == "sonde":
        while stored(file) < count:
            time.sleep(0.02)
            if time.monotonic() - begin > 300:
                sys.exit("sonde ingest did not finish")
        seconds = time.monotonic() - begin
        process.send_signal(signal.SIGTERM)
        _, cpu = wait_cpu(process)
    else:
        _, cpu = wait_cpu(process)
        seconds = time.monotonic() - begin
    return seconds, cpu


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sonde", required=True)
    parser.add_argument("--c-journal", required=True)
    parser.add_argument("--python", default=sys.executable)
    parser.add_argument("--messages", type=int, default=200_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--output")
    args = parser.parse_args()
    results = []
    for devices, sensors in [(10, 1), (10, 3), (10, 10), (1000, 3)]:
        measured = {}
        for run in range(args.runs):
            for name in ["mosquitto_sub", "c", "sonde", "python"]:
                folder = tempfile.mkdtemp(prefix="sonde-bench-")
                broker = Broker(folder)
                try:
                    # The session, before anything is published.
                    subprocess.run(
                        ["mosquitto_sub", "-p", str(broker.port), "-V", "5", "-q", "1", "-i", "bench", "-c", "-x", "3600",
                         "-t", "devices/+/telemetry", "-E"], check=True)
                    count = args.messages // devices * devices
                    subprocess.run(
                        [args.sonde, "simulate", scenario(folder, devices, sensors, count), "--broker",
                         f"mqtt://127.0.0.1:{broker.port}"], check=True, stdout=subprocess.DEVNULL)
                    measured.setdefault(name, []).append(drain(name, args, broker, folder, count))
                finally:
                    broker.stop()
                    shutil.rmtree(folder, ignore_errors=True)
        print(f"\n{devices} devices, {sensors} sensors a message, {count} messages, median of {args.runs}")
        print(f"  {'':14} {'messages/s':>11} {'readings/s':>11} {'us CPU/msg':>11} {'rate/sub':>9} {'CPU/C':>7}")
        median = {
            name: tuple(sorted(values)[len(values) // 2] for values in zip(*runs)) for name, runs in measured.items()
        }
        for name, (seconds, cpu) in median.items():
            row = {
                "peer": name, "devices": devices, "sensors": sensors, "messages": count,
                "messages_per_second": count / seconds, "readings_per_second": count * sensors / seconds,
                "cpu_us_per_message": cpu * 1e6 / count,
                "rate_over_mosquitto_sub": median["mosquitto_sub"][0] / seconds, "cpu_over_c": cpu / median["c"][1],
            }
            results.append(row)
            print(
                f"  {name:14} {row['messages_per_second']:11,.0f} {row['readings_per_second']:11,.0f} "
                f"{row['cpu_us_per_message']:11.1f} {row['rate_over_mosquitto_sub']:9.2f} {row['cpu_over_c']:7.2f}"
            )
    if args.output:
        with open(args.output, "w") as f:
            json.dump(results, f, indent=1)


if __name__ == "__main__":
    main()
