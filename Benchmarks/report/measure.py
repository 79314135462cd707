"""Makes the page of runs again and again, and says what that takes: wall time, the most memory, and the size of the file. The runs are
real; those that the folder has already are taken as they are. Each page must be the same bytes every time.
"""

import argparse
import gzip
import hashlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

here = os.path.dirname(os.path.abspath(__file__))
root = os.path.dirname(os.path.dirname(here))
# What this benchmark is to show: bytes of the page, and seconds.
AIMS = {"quickstart": (300_000, 0.3), "10000": (1_500_000, 3.0)}


def make(sonde, folder, name):
    """The folder of a run, which is carried out where it is not there."""
    path = os.path.join(folder, name)
    if os.path.exists(os.path.join(path, "manifest.json")):
        return path
    if name == "quickstart":
        command = [sonde, "run", os.path.join(root, "Scenarios/quickstart.yaml")]
    else:
        command = [sonde, "run", os.path.join(here, "fleet.yaml"), "--set", f"fleet[0].count={name}"]
    began = time.monotonic()
    with open(path + ".log", "w") as log:
        status = subprocess.run(command + ["--out", path], stdout=log, stderr=log).returncode
    if status != 0:
        sys.exit(f"the run of {name} left with {status}: see {path}.log")
    print(f"{name}: the run took {time.monotonic() - began:.0f} s", file=sys.stderr)
    return path


def write(sonde, run, page):
    """Writes the page of a run once: seconds, seconds of processor time, and the most bytes of memory."""
    began = time.monotonic()
    process = subprocess.Popen([sonde, "report", run, "--out", page], stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    elapsed = time.monotonic() - began
    if status != 0:
        sys.exit(f"sonde report {run}: {os.waitstatus_to_exitcode(status)}")
    return elapsed, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024


def measure(sonde, run, page, rounds):
    times, processor, memory, digests = [], [], [], set()
    for _ in range(rounds):
        elapsed, used, most = write(sonde, run, page)
        times.append(elapsed)
        processor.append(used)
        memory.append(most)
        with open(page, "rb") as file:
            text = file.read()
        digests.add(hashlib.sha256(text).hexdigest())
    if len(digests) != 1:
        sys.exit(f"{run}: {len(digests)} different pages of one run")
    with open(os.path.join(run, "report.html"), "rb") as file:
        is_own = hashlib.sha256(file.read()).hexdigest() in digests
    with open(os.path.join(run, "report.json")) as file:
        report = json.load(file)
    return {
        "predictions": (report.get("scoring") or {}).get("predictions"),
        "seconds": round(statistics.median(times), 3),
        "worst_seconds": round(max(times), 3),
        "cpu_seconds": round(statistics.median(processor), 3),
        "memory_bytes": max(memory),
        "bytes": len(text),
        "gzip_bytes": len(gzip.compress(text, mtime=0)),
        "sha256": digests.pop(),
        # A run that another version of the program has made may have another page.
        "as_the_run_wrote_it": is_own,
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sonde", required=True)
    parser.add_argument("--devices", default="100,1000,10000", help="sizes of fleets, beside the quickstart")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--folder", help="keeps the runs, and takes those that are there")
    parser.add_argument("--output", required=True)
    options = parser.parse_args()
    names = ["quickstart"] + [size for size in options.devices.split(",") if size]
    figures, missed = {}, []
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.folder or temporary
        os.makedirs(folder, exist_ok=True)
        print("run        predictions   bytes    gzip   seconds (worst)   CPU s   memory MB")
        for name in names:
            run = make(options.sonde, folder, name)
            one = figures[name] = measure(options.sonde, run, os.path.join(temporary, "page.html"), options.rounds)
            print(
                f"{name:10} {one['predictions']:11,} {one['bytes']:9,} {one['gzip_bytes']:7,} {one['seconds']:9.3f} "
                f"({one['worst_seconds']:.3f}) {one['cpu_seconds']:7.3f} {one['memory_bytes'] / 1e6:9.1f}"
                + ("" if one["as_the_run_wrote_it"] else "   not the page that the run wrote"))
            most_bytes, most_seconds = AIMS.get(name, (None, None))
            if most_bytes is not None and (one["bytes"] > most_bytes or one["seconds"] > most_seconds):
                missed.append(f"{name}: aim is at most {most_bytes:,} bytes and {most_seconds} s")
    with open(options.output, "w") as file:
        json.dump(figures, file, indent=2)
    for line in missed:
        print(f"missed: {line}")
    return 1 if missed else 0


if __name__ == "__main__":
    raise SystemExit(main())
