"""Kills ingestion with a million journal rows behind its checkpoint, starts it again, and says how long that takes until it
listens: opening the store, folding the rows, the self-test, connecting."""
import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

# compare.py has put the folder of processes.py on the path.
from compare import scenario, stored
from processes import Broker, processor_seconds


def start(args, broker, store, rows):
    return subprocess.Popen(
        [args.sonde, "ingest", "--broker", f"mqtt://127.0.0.1:{broker.port}", "--store", store, "--window", "60s",
         "--client-id", "bench", "--events", "--messages-per-checkpoint", str(rows * 10)],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sonde", required=True)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--devices", type=int, default=1000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--output")
    args = parser.parse_args()
    rows = args.rows // args.devices * args.devices
    folder = tempfile.mkdtemp(prefix="sonde-bench-")
    broker = Broker(folder)
    process = None
    try:
        store = os.path.join(folder, "recovery.sqlite")
        process = start(args, broker, store, rows)
        process.stdout.readline()
        subprocess.run([args.sonde, "simulate", scenario(folder, args.devices, 3, rows), "--broker",
                        f"mqtt://127.0.0.1:{broker.port}"], check=True, stdout=subprocess.DEVNULL)
        deadline = time.monotonic() + 300
        while stored(store) < rows:
            if time.monotonic() > deadline:
                sys.exit("sonde ingest did not store everything")
            time.sleep(0.1)
        seconds, cpu = [], []
        for _ in range(args.runs):
            process.send_signal(signal.SIGKILL)
            process.wait()
            begin = time.monotonic()
            process = start(args, broker, store, rows)
            ready = json.loads(process.stdout.readline())
            seconds.append(time.monotonic() - begin)
            cpu.append(processor_seconds(process))
            recovered = ready["ready"]["_0"]["recoveredMessages"]
            if recovered < rows:
                sys.exit(f"only {recovered} rows were behind the checkpoint")
        median = sorted(seconds)[len(seconds) // 2]
        print(f"\nrestart after kill -9, {rows} journal rows behind the checkpoint, {args.devices} devices, 3 sensors")
        print(f"  until it listens: {median:.2f} s, of them {sorted(cpu)[len(cpu) // 2]:.2f} s of processor time; median of {args.runs}")
        if args.output:
            with open(args.output, "w") as f:
                json.dump({"rows": rows, "devices": args.devices, "seconds": seconds, "cpu_seconds": cpu,
                           "median": median}, f, indent=1)
    finally:
        if process:
            process.kill()
            process.wait()
        broker.stop()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
