"""Drains the same queue of payloads as devices send them, and of the same readings in the canonical form, with sonde and with Python
(paho-mqtt, json, sqlite3) by the same mapping. Prints rates, CPU a message and ratios.

As in the benchmark of ingestion a session exists before anything is published, so that nothing but broker and subscriber works.
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
from datetime import datetime, timezone

import paho.mqtt.client as mqtt

here = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(here))
from processes import Broker

START = 1767225600
DEVICES = 10
FILTERS = {"mapped": "tele/+/SENSOR", "canonical": "devices/+/telemetry"}


def message(form, number):
    """Topic and payload of a message, of the same readings in both forms."""
    device, second = f"pump-{number % DEVICES}", number // DEVICES
    first, other, humidity = 20 + number % 97 / 10, 18 + number % 89 / 10, 40 + number % 101 / 10
    if form == "canonical":
        values = {"AM2301.Humidity": humidity, "AM2301.Temperature": other, "DS18B20.Temperature": first}
        return f"devices/{device}/telemetry", json.dumps(
            {"device": device, "ts": (START + second) * 1000, "values": values}, separators=(",", ":"))
    at = datetime.fromtimestamp(START + second, timezone.utc).strftime("%Y-%m-%dT%H:%M:%S")
    return f"tele/{device}/SENSOR", json.dumps(
        {"Time": at, "DS18B20": {"Id": "0C3A", "Temperature": first},
         "AM2301": {"Temperature": other, "Humidity": humidity}, "TempUnit": "C"}, separators=(",", ":"))


def publish(broker, form, count):
    client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2)
    client.max_inflight_messages_set(1000)
    client.max_queued_messages_set(0)
    client.connect("127.0.0.1", broker.port)
    client.loop_start()
    last = None
    for number in range(count):
        last = client.publish(*message(form, number), qos=1)
        if number % 1000 == 999:
            last.wait_for_publish(60)
    last.wait_for_publish(60)
    client.loop_stop()
    client.disconnect()


def stored(path):
    try:
        with sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=5) as db:
            return db.execute("SELECT stored_messages FROM progress").fetchone()[0]
    except sqlite3.OperationalError:
        return 0


def drain(name, form, args, broker, folder, count):
    """Seconds and processor seconds of one subscriber."""
    file = os.path.join(folder, f"{name}-{form}.sqlite")
    port = str(broker.port)
    if name == "sonde":
        command = [args.sonde, "ingest", "--broker", f"mqtt://127.0.0.1:{port}", "--store", file, "--window", "60s",
                   "--client-id", "bench"]
        if form == "mapped":
            command += ["--payload", os.path.join(here, "mapping.yaml")]
    else:
        command = [sys.executable, os.path.join(here, "mapped.py"), port, "bench", file, str(count)]
    begin = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    if name == "sonde":
        while stored(file) < count:
            time.sleep(0.02)
            if time.monotonic() - begin > 300:
                sys.exit(f"sonde ingest did not finish: {stored(file)} of {count}")
        seconds = time.monotonic() - begin
        process.send_signal(signal.SIGTERM)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if name != "sonde":
        seconds = time.monotonic() - begin
    return seconds, usage.ru_utime + usage.ru_stime


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sonde", required=True)
    parser.add_argument("--messages", type=int, default=100_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--output")
    args = parser.parse_args()
    measured = {}
    for _ in range(args.runs):
        for name, form in [("sonde", "canonical"), ("sonde", "mapped"), ("python", "mapped")]:
            folder = tempfile.mkdtemp(prefix="sonde-bench-")
            broker = Broker(folder)
            try:
                # The session, before anything is published.
                subprocess.run(
                    ["mosquitto_sub", "-p", str(broker.port), "-V", "5", "-q", "1", "-i", "bench", "-c", "-x", "3600",
                     "-t", FILTERS[form], "-E"], check=True)
                publish(broker, form, args.messages)
                measured.setdefault((name, form), []).append(drain(name, form, args, broker, folder, args.messages))
            finally:
                broker.stop()
                shutil.rmtree(folder, ignore_errors=True)
    median = {key: tuple(sorted(part)[len(part) // 2] for part in zip(*runs)) for key, runs in measured.items()}
    canonical = median["sonde", "canonical"]
    print(f"{args.messages} messages of three readings, median of {args.runs}")
    print(f"  {'':18} {'messages/s':>11} {'us CPU/msg':>11} {'CPU/canonical':>14}")
    results = []
    for (name, form), (seconds, cpu) in median.items():
        row = {
            "peer": name, "form": form, "messages": args.messages, "messages_per_second": args.messages / seconds,
            "cpu_us_per_message": cpu * 1e6 / args.messages, "cpu_over_canonical": cpu / canonical[1]}
        results.append(row)
        print(f"  {name + ' ' + form:18} {row['messages_per_second']:11,.0f} {row['cpu_us_per_message']:11.1f} "
              f"{row['cpu_over_canonical']:14.2f}")
    if args.output:
        with open(args.output, "w") as f:
            json.dump(results, f, indent=1)


if __name__ == "__main__":
    main()
