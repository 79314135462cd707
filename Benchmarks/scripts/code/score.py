"""Scores with as little work as reading the files is, and notes how long each run() took."""

import csv
import os
import time


def init():
    global times
    times = open(os.environ["SONDE_BENCHMARK_TIMES"], "a", buffering=1)


def run(mini_batch):
    begin = time.perf_counter()
    windows = {}
    for path in mini_batch:
        with open(path, newline="") as file:
            for row in csv.DictReader(file):
                key = row["device"], row["window_start"]
                windows[key] = min(windows.get(key, 100.0), 60 - float(row["mean"]))
    rows = [key + (score,) for key, score in windows.items()]
    times.write(f"{time.perf_counter() - begin}\n")
    return rows
