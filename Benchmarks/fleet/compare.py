"""Publishes the same load with `sonde simulate` and with a minimal C program on the same client library, in turn.

Both hold a hundred connections, publish at QoS 1 as fast as the broker takes it, and make every value and payload anew.
Processor time is that of the whole process, from its start to its end.
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time

here = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(here))
from processes import Broker
CONNECTIONS = 100
MESSAGES = 300_000

SCENARIO = f"""
name: bench
seed: 5
clock: {{ duration: {MESSAGES // CONNECTIONS * 10}s, speed: max }}
ingestion: {{ window: 10s }}
fleet:
  - device: meter
    count: {CONNECTIONS}
    every: 10s
    sensors:
      temperature: {{ signal: [{{ sine: {{ offset: 60, amplitude: 4, period: 6h }} }}, {{ noise: {{ stddev: 0.5 }} }}] }}
      vibration: {{ signal: [{{ constant: {{ value: 1 }} }}, {{ noise: {{ stddev: 0.1 }} }}] }}
"""


def run(command: list[str]) -> dict[str, float]:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.monotonic()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    elapsed = time.monotonic() - began
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"cpu_us_per_message": used / MESSAGES * 1e6, "messages_per_second": MESSAGES / elapsed}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sonde", required=True)
    parser.add_argument("--c-publisher", required=True)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--output", required=True)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        scenario = os.path.join(folder, "scenario.yaml")
        with open(scenario, "w") as file:
            file.write(SCENARIO)
        broker = Broker(folder)
        commands = {
            "sonde": [options.sonde, "simulate", scenario, "--broker", f"mqtt://127.0.0.1:{broker.port}"],
            "c": [options.c_publisher, str(broker.port), str(CONNECTIONS), str(MESSAGES)],
        }
        try:
            rounds = [{name: run(command) for name, command in commands.items()} for _ in range(options.rounds)]
        finally:
            broker.stop()
    figures = {}
    for name in commands:
        figures[name] = {
            key: round(statistics.median(r[name][key] for r in rounds), 2) for key in rounds[0][name]
        }
        print(f"{name:6} {figures[name]['cpu_us_per_message']:7.2f} us of CPU a message  "
              f"{figures[name]['messages_per_second']:9.0f} messages/s")
    ratios = [r["sonde"]["cpu_us_per_message"] / r["c"]["cpu_us_per_message"] for r in rounds]
    figures["cpu_ratio"] = {"median": round(statistics.median(ratios), 2), "worst": round(max(ratios), 2)}
    print(f"CPU a message, sonde to C: {figures['cpu_ratio']['median']} (worst of {len(ratios)}: {figures['cpu_ratio']['worst']})")
    with open(options.output, "w") as file:
        json.dump(figures, file, indent=2)


if __name__ == "__main__":
    main()
