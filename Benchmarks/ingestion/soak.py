"""Publisher, broker and ingestion at once, on the same cores: how many readings a second come through, and how memory and
file behave meanwhile. Writes an SVG of both where --svg names one."""
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

# compare.py has put the folder of processes.py on the path.
from compare import scenario
from processes import Broker, processor_seconds

PAGE = os.sysconf("SC_PAGE_SIZE")


def resident(process):
    with open(f"/proc/{process.pid}/statm") as f:
        return int(f.read().split()[1]) * PAGE


def size(path):
    return sum(os.path.getsize(path + end) for end in ("", "-wal") if os.path.exists(path + end))


def panel(title, unit, points, top, readings, dashed=None):
    """One plot: points are (readings, value); dashed is a bound."""
    left, width, height = 70, 620, 180
    highest = max([value for _, value in points] + ([dashed] if dashed else [])) * 1.15
    def place(x, y):
        return f"{left + width * x / readings:.1f},{top + height - height * y / highest:.1f}"
    lines = [f'<text x="{left}" y="{top - 10}" font-weight="bold">{title}</text>']
    for step in range(5):
        value = highest * step / 4
        _, y = place(0, value).split(",")
        lines.append(f'<line x1="{left}" x2="{left + width}" y1="{y}" y2="{y}" stroke="#ddd"/>')
        lines.append(f'<text x="{left - 8}" y="{float(y) + 4}" text-anchor="end">{value:.0f} {unit}</text>')
    for step in range(6):
        x, _ = place(readings * step / 5, 0).split(",")
        lines.append(f'<text x="{x}" y="{top + height + 18}" text-anchor="middle">{readings * step / 5e6:.0f} M</text>')
    if dashed:
        _, y = place(0, dashed).split(",")
        lines.append(f'<line x1="{left}" x2="{left + width}" y1="{y}" y2="{y}" stroke="#c33" stroke-dasharray="6 4"/>')
    path = " ".join(place(x, y) for x, y in points)
    lines.append(f'<polyline points="{path}" fill="none" stroke="#1668b5" stroke-width="2"/>')
    return lines


def draw(path, samples, readings, bound):
    lines = ['<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 720 500" font-family="sans-serif" font-size="12">',
             '<rect width="720" height="500" fill="white"/>']
    lines += panel("Memory of ingestion, by readings stored", "MB", [(n, m / 1e6) for n, m, _ in samples], 40, readings)
    lines += panel("File and write-ahead log; dashed: --retain-bytes", "MB", [(n, s / 1e6) for n, _, s in samples], 280,
                   readings, bound / 1e6)
    with open(path, "w") as f:
        f.write("\n".join(lines + ["</svg>"]) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sonde", required=True)
    parser.add_argument("--readings", type=int, default=10_000_000)
    parser.add_argument("--devices", type=int, default=100)
    parser.add_argument("--retain-bytes", type=int, default=200_000_000)
    parser.add_argument("--svg")
    parser.add_argument("--output")
    args = parser.parse_args()
    sensors = 10
    messages = args.readings // sensors // args.devices * args.devices
    folder = tempfile.mkdtemp(prefix="sonde-bench-")
    broker = Broker(folder)
    ingest = fleet = None
    try:
        store = os.path.join(folder, "soak.sqlite")
        ingest = subprocess.Popen(
            [args.sonde, "ingest", "--broker", f"mqtt://127.0.0.1:{broker.port}", "--store", store, "--window", "60s",
             "--client-id", "bench", "--retain-bytes", str(args.retain_bytes), "--events"],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        ingest.stdout.readline()
        begin = time.monotonic()
        fleet = subprocess.Popen(
            [args.sonde, "simulate", scenario(folder, args.devices, sensors, messages), "--broker",
             f"mqtt://127.0.0.1:{broker.port}"], stdout=subprocess.DEVNULL)
        first = None
        samples = []
        database = sqlite3.connect(f"file:{store}?mode=ro", uri=True, timeout=5)
        while True:
            count = database.execute("SELECT stored_readings FROM progress").fetchone()[0]
            if count and first is None:
                first = time.monotonic()
            if count:
                samples.append((count, resident(ingest), size(store)))
            if count >= messages * sensors:
                break
            if time.monotonic() - begin > 900 or ingest.poll() is not None:
                sys.exit("sonde ingest did not store everything")
            time.sleep(0.2)
        seconds = time.monotonic() - first
        database.close()
        parts = [("publisher", fleet), ("broker", broker.process), ("ingestion", ingest)]
        cpu = {name: processor_seconds(process) * 1e6 / messages for name, process in parts}
        ingest.send_signal(signal.SIGTERM)
        ingest.wait()
        fleet.wait()
        middle = [m for n, m, _ in samples if messages * sensors * 0.25 <= n < messages * sensors * 0.5]
        last = [m for n, m, _ in samples if n >= messages * sensors * 0.75]
        growth = (sum(last) / len(last)) / (sum(middle) / len(middle)) - 1 if middle and last else float("nan")
        largest = max(s for _, _, s in samples)
        print(f"\n{messages * sensors} readings, {sensors} a message, {args.devices} devices; publisher and broker beside it")
        print(f"  {messages * sensors / seconds:,.0f} readings/s, {messages / seconds:,.0f} messages/s")
        print("  CPU a message: " + ", ".join(f"{name} {micros:.1f} us" for name, micros in cpu.items())
              + f"; together {sum(cpu.values()):.1f} us, so at most {os.cpu_count() * 1e6 / sum(cpu.values()):,.0f} messages/s"
              + f" on {os.cpu_count()} cores")
        print(f"  memory at most {max(m for _, m, _ in samples) / 1e6:.0f} MB; last quarter over second: {growth:+.1%}")
        print(f"  file and log at most {largest / 1e6:.0f} MB, --retain-bytes {args.retain_bytes / 1e6:.0f} MB")
        if args.svg:
            draw(args.svg, samples, messages * sensors, args.retain_bytes)
        if args.output:
            with open(args.output, "w") as f:
                json.dump({"readings": messages * sensors, "seconds": seconds,
                           "readings_per_second": messages * sensors / seconds, "cpu_us_per_message": cpu,
                           "memory_growth": growth,
                           "largest_bytes": largest}, f, indent=1)
    finally:
        for process in (ingest, fleet):
            if process and process.poll() is None:
                process.kill()
                process.wait()
        broker.stop()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
