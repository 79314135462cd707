"""Knows nothing: scores that look random, and are the same each time. Whatever is no better than this is no detector."""

import csv
import hashlib


def init():
    pass


def run(mini_batch):
    windows = {}
    for path in mini_batch:
        with open(path, newline="") as file:
            for row in csv.DictReader(file):
                windows[row["device"], row["window_start"]] = None
    return [key + (score_of(*key),) for key in windows]


def score_of(device, start):
    number = int.from_bytes(hashlib.sha256(f"{device} {start}".encode()).digest()[:8], "big") / 2**64
    return number - 0.01
