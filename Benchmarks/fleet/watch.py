"""Runs a command and says how much memory the publishing processes under it hold, at most.

Private memory is what nobody shares; the proportional set size (PSS) adds each process's part of the pages of programs and
libraries; resident memory (RSS) counts those once for each process. All are summed over all processes. The command's exit
status is passed on.
"""

import argparse
import json
import os
import subprocess
import time


def children(of: int) -> list[int]:
    parents: dict[int, list[int]] = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                with open(f"/proc/{name}/stat", "rb") as file:
                    parent = int(file.read().rsplit(b")", 1)[1].split()[1])
            except (OSError, IndexError):
                continue
            parents.setdefault(parent, []).append(int(name))
    found, waiting = [], [of]
    while waiting:
        for child in parents.get(waiting.pop(), []):
            found.append(child)
            waiting.append(child)
    return found


def memory(process: int, word: bytes) -> dict[str, int] | None:
    """Of a process whose command line has `word`; None for others."""
    try:
        with open(f"/proc/{process}/cmdline", "rb") as file:
            arguments = file.read().split(b"\0")
        if word not in arguments[:2] and not arguments[0].endswith(b"/" + word):
            return None
        with open(f"/proc/{process}/smaps_rollup") as file:
            lines = (line.split() for line in file.read().splitlines()[1:])
            sizes = {line[0].rstrip(":"): int(line[1]) * 1024 for line in lines}
    except OSError:
        return None
    return {"private": sizes["Anonymous"], "rss": sizes["Rss"], "pss": sizes["Pss"]}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--devices", type=int, required=True)
    parser.add_argument("--output", help="takes the figures as JSON")
    parser.add_argument("--every", type=float, default=2.0, help="seconds between two looks")
    parser.add_argument("command", nargs=argparse.REMAINDER)
    options = parser.parse_args()
    process = subprocess.Popen([part for part in options.command if part != "--"])
    most: dict[str, dict[str, int]] = {}
    while process.poll() is None:
        for name, word in [("publishers", b"simulate"), ("broker", b"mosquitto")]:
            found = [m for m in (memory(child, word) for child in children(process.pid)) if m]
            total = {key: sum(m[key] for m in found) for key in ("private", "rss", "pss")} | {"processes": len(found)}
            if total["rss"] > most.get(name, {"rss": 0})["rss"]:
                most[name] = total
        time.sleep(options.every)
    figures = {
        name: {
            "processes": total["processes"],
            **{f"{key}_mb": round(total[key] / 1e6, 1) for key in ("private", "pss", "rss")},
            **{f"{key}_bytes_per_device": round(total[key] / options.devices) for key in ("private", "pss", "rss")},
        }
        for name, total in most.items()
    }
    for name, sizes in figures.items():
        print(f"{name}: {sizes}")
    if options.output:
        with open(options.output, "w") as file:
            json.dump(figures, file, indent=2)
    return process.returncode


if __name__ == "__main__":
    raise SystemExit(main())
