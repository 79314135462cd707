"""Runs one scenario with several viewers of its live page and without, in turn: messages a second, ingestion's processor time a message,
and how large the write-ahead log becomes. A viewer is a `curl` that reads the page's event stream. Then once in real time, where the
machine has little to do: the page's own processor time.

Each pair of runs gives a ratio. Noise is the interval that has the median of such ratios in it, from their order alone and whatever their
distribution: where 1 lies inside, nothing was seen. Pairs begin with either kind in turn, so that a drift of the machine cancels out.
"""

import argparse
import hashlib
import json
import math
import os
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time

here = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(here))
from processes import processor_seconds

# What this benchmark is to show: the part of a processor that the page takes.
AIM = 0.05
# How often an interval of noise has the median in it.
SURE = 0.95
KINDS = ("without", "with")
FIGURES = {
    "messages_per_second": "messages/s",
    "cpu_us_per_message": "us of ingestion's CPU a message",
    "log_bytes": "bytes of write-ahead log at most",
}


class Watch(threading.Thread):
    """Looks at the size of a run's write-ahead log again and again."""

    def __init__(self, run):
        super().__init__(daemon=True)
        self.path, self.most, self.over = os.path.join(run, "sonde.sqlite-wal"), 0, threading.Event()

    def run(self):
        while not self.over.wait(0.02):
            try:
                self.most = max(self.most, os.path.getsize(self.path))
            except OSError:
                continue


class Page:
    """The live page of a run, and those who watch it."""

    def __init__(self, sonde, run, viewers, folder):
        self.process = subprocess.Popen([sonde, "view", run], stdout=subprocess.PIPE, text=True)
        address = self.process.stdout.readline().strip()
        if not address.startswith("http://"):
            self.process.wait()
            raise RuntimeError(f"sonde view says no address, and {address!r}")
        # From here on: what its start takes, it takes once.
        self.began, self.used = time.monotonic(), processor_seconds(self.process)
        self.streams = [os.path.join(folder, f"stream-{number}") for number in range(viewers)]
        self.clients = [
            subprocess.Popen(["curl", "--silent", "--no-buffer", "--output", stream, f"{address}events"])
            for stream in self.streams
        ]

    def figures(self):
        """To be asked while the page is there."""
        seconds = time.monotonic() - self.began
        return {"page_cores": (processor_seconds(self.process) - self.used) / seconds, "page_seconds": seconds}

    def stop(self):
        """Ends all, and says what the viewers were sent: bytes a second each, and states."""
        seconds = time.monotonic() - self.began
        for process in self.clients + [self.process]:
            process.terminate()
            process.wait()
        sizes = [os.path.getsize(stream) if os.path.exists(stream) else 0 for stream in self.streams]
        states = []
        for stream in self.streams:
            if os.path.exists(stream):
                with open(stream, "rb") as file:
                    states.append(file.read().count(b"event: state\n"))
        return {"viewer_bytes_per_second": statistics.mean(sizes) / seconds, "states": min(states, default=0)}


def windows(run):
    """A digest of every window of a run."""
    store = sqlite3.connect(f"file:{run}/sonde.sqlite?mode=ro", uri=True)
    digest = hashlib.sha256()
    for row in store.execute("SELECT * FROM window_values ORDER BY device, sensor, window_start_ms"):
        digest.update(repr(row).encode())
    store.close()
    return digest.hexdigest()


def run_once(sonde, folder, viewers, changes):
    """One run, with so many viewers; without a page where there are none."""
    run = os.path.join(folder, "run")
    shutil.rmtree(run, ignore_errors=True)
    command = [sonde, "run", os.path.join(here, "fleet.yaml"), "--out", run]
    for change in changes:
        command += ["--set", change]
    with open(os.path.join(folder, "run.log"), "w") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    watch, page = Watch(run), None
    watch.start()
    while process.poll() is None and not os.path.exists(os.path.join(run, "sonde.sqlite")):
        time.sleep(0.01)
    figures = {}
    try:
        if viewers and process.poll() is None:
            page = Page(sonde, run, viewers, folder)
        # The page is looked at while the run goes on; afterwards it reads no more.
        status = process.wait()
        if page:
            figures |= page.figures()
    finally:
        if page:
            figures |= page.stop()
        watch.over.set()
        watch.join()
    if status != 0:
        with open(os.path.join(folder, "run.log")) as log:
            sys.exit(f"the run left with {status}\n{log.read()}")
    if viewers and figures.get("states", 0) < 2:
        sys.exit("the run was over before anybody could watch it: make it longer")
    with open(os.path.join(run, "report.json")) as file:
        report = json.load(file)
    figures |= {name: report["ingestion"][name] for name in ("messages_per_second", "cpu_us_per_message")}
    figures |= {"log_bytes": watch.most, "windows": windows(run)}
    return figures


def interval(ratios):
    """The ends of the narrowest interval between two ratios of their order that has the median in it as often as we want to be sure,
    and how often it has. Of five ratios and fewer there is no such interval; then it is all of them."""
    ordered, count = sorted(ratios), len(ratios)
    chosen = 0
    for left_out in range(count // 2):
        if share(count, left_out) >= SURE:
            chosen = left_out
    return ordered[chosen], ordered[count - 1 - chosen], share(count, chosen)


def share(count, left_out):
    """How often the median lies between the ratios without the `left_out` least and greatest: a sign test."""
    return 1 - 2 * sum(math.comb(count, k) for k in range(left_out + 1)) / 2**count


def compare(runs):
    figures = {}
    for name, words in FIGURES.items():
        medians = {kind: statistics.median(one[name] for one in runs[kind]) for kind in KINDS}
        ratios = [b[name] / a[name] for a, b in zip(runs["without"], runs["with"]) if a[name]]
        if not ratios:
            continue
        low, high, confidence = interval(ratios)
        verdict = "too few pairs to say" if confidence < SURE else "within noise" if low <= 1 <= high else "more than noise"
        figures[name] = {
            **{kind: round(value, 2) for kind, value in medians.items()}, "ratio": round(statistics.median(ratios), 4),
            "from": round(low, 4), "to": round(high, 4), "confidence": round(confidence, 4), "verdict": verdict,
        }
        print(
            f"{words:32} without {medians['without']:12,.2f}   with {medians['with']:12,.2f}   "
            f"ratio {statistics.median(ratios):.3f} ({low:.3f} to {high:.3f}, {confidence:.1%}): {verdict}")
    return figures


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sonde", required=True)
    parser.add_argument("--pairs", type=int, default=7)
    parser.add_argument("--viewers", type=int, default=3)
    parser.add_argument("--devices", type=int, default=1000)
    parser.add_argument("--hours", type=float, default=1, help="of the scenario's clock; an hour is 360 messages a device")
    parser.add_argument("--paced-seconds", type=int, default=90, help="how long the run in real time is; 0 leaves it out")
    parser.add_argument("--output", required=True)
    options = parser.parse_args()
    half = round(options.hours * 1800)
    changes = [
        f"fleet[0].count={options.devices}", f"clock.duration={2 * half}s", f"model.train_on=[0s, {half}s]",
        f"scoring.from={half}s", f"fleet[0].anomalies[0].between=[{half}s, {2 * half}s]",
        f"fleet[0].anomalies[0].for={half // 4}s",
    ]
    runs = {kind: [] for kind in KINDS}
    with tempfile.TemporaryDirectory() as folder:
        for pair in range(options.pairs):
            for kind in KINDS if pair % 2 == 0 else reversed(KINDS):
                one = run_once(options.sonde, folder, options.viewers if kind == "with" else 0, changes)
                runs[kind].append(one)
                print(
                    f"{pair + 1} {kind:7} {one['messages_per_second']:9,.0f} messages/s {one['cpu_us_per_message']:7.2f} us a message, "
                    f"log {one['log_bytes']:,} bytes"
                    + (f", page {one['page_cores']:.2%} of a core over {one['page_seconds']:.0f} s, "
                       f"{one['viewer_bytes_per_second']:,.0f} bytes/s a viewer" if kind == "with" else ""),
                    flush=True)
        paced = None
        if options.paced_seconds:
            paced = run_once(options.sonde, folder, options.viewers, [
                f"fleet[0].count={options.devices}", "fleet[0].every=1s", "clock.speed=real",
                f"clock.duration={options.paced_seconds}s", "ingestion.window=2s", "ingestion.out_of_orderness=1s",
                "ingestion.allowed_lateness=2s", "fleet[0].anomalies=[]", "model.train_on=[0s, 40s]", "scoring.from=40s",
                "scoring.cron='* * * * *'",
            ])
    figures = compare(runs)
    same = len({one["windows"] for kind in KINDS for one in runs[kind]}) == 1
    page = statistics.median(one["page_cores"] for one in runs["with"])
    print(f"every window of all runs is the same: {'yes' if same else 'NO'}")
    print(f"the page, as fast as it goes: {page:.2%} of a core (median; {options.devices:,} devices, {options.viewers} viewers)")
    if paced:
        print(
            f"the page, in real time:       {paced['page_cores']:.2%} of a core over {paced['page_seconds']:.0f} s; "
            f"{paced['viewer_bytes_per_second']:,.0f} bytes/s a viewer")
    with open(options.output, "w") as file:
        json.dump({
            "devices": options.devices, "viewers": options.viewers, "pairs": options.pairs, "figures": figures,
            "same_windows": same, "page_cores": page, "page_cores_real_time": paced and paced["page_cores"], "runs": runs,
        }, file, indent=2)
    most = max(page, paced["page_cores"] if paced else 0)
    if most >= AIM:
        print(f"missed: aim is less than {AIM:.0%} of a core")
    return 0 if same and most < AIM else 1


if __name__ == "__main__":
    raise SystemExit(main())
