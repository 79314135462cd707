"""Holds the aggregates of windows against arbitrary precision: each has to be the double nearest to its true value.

    python exact.py --sonde .build/release/sonde --devices 200 --seed 1    draws hard readings, ingests them, and checks
    python exact.py --store runs/…/sonde.sqlite                            checks the windows of a store that there is

Everything is computed in Python's fractions, which do not round, from the view stored_readings. Of a store, windows of fixed
length can be checked whose readings were all in time and are still kept.
"""

import argparse
import json
import math
import os
import random
import signal
import sqlite3
import struct
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from fractions import Fraction

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
LARGEST = sys.float_info.max
COLUMNS = ["count", "mean", "stddev", "min", "max", "first", "last", "slope", "p05", "p25", "median", "p75", "p95"]


def nearest(value):
    """The double nearest to a fraction; None beyond the largest. A zero is +0."""
    try:
        return value.numerator / value.denominator + 0.0
    except OverflowError:
        return None


def nearest_root(value):
    """The double nearest to the root of a fraction: of more digits than a double can have, and one that says whether others follow."""
    shift = 2 * 1300
    quotient, rest = divmod(value.numerator << shift, value.denominator)
    root = math.isqrt(quotient)
    more = rest != 0 or root * root != quotient
    return nearest(Fraction(2 * root + more, 2 << (shift // 2)))


def quantile(ordered, percent):
    place = Fraction((len(ordered) - 1) * percent, 100)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return nearest(ordered[below] + (place - below) * (ordered[above] - ordered[below]))


def aggregates(readings):
    """Of (time in ms, value) in canonical order."""
    values = [Fraction(value) for _, value in readings]
    times = [Fraction(at, 1000) for at, _ in readings]
    count = len(values)
    mean, mean_time = sum(values) / count, sum(times) / count
    spread = sum((at - mean_time) ** 2 for at in times)
    products = sum((at - mean_time) * (value - mean) for at, value in zip(times, values))
    ordered = sorted(values)
    return [
        count, nearest(mean), nearest_root(sum((value - mean) ** 2 for value in values) / count), nearest(ordered[0]),
        nearest(ordered[-1]), nearest(values[0]), nearest(values[-1]), nearest(products / spread) if spread else 0.0,
        *(quantile(ordered, percent) for percent in (5, 25, 50, 75, 95))]


def bits(value):
    return value if value is None or isinstance(value, int) else struct.pack("<d", value)


def check(path):
    """How many windows the store has, and how many of their aggregates are not the nearest doubles."""
    database = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    readings = defaultdict(list)
    for device, sensor, at, value in database.execute(
            "SELECT device, sensor, ts_ms, value FROM stored_readings WHERE value IS NOT NULL ORDER BY ts_ms, epoch, seq, value"):
        readings[device, sensor].append((at, value))
    windows, wrong = 0, 0
    for device, sensor, start, end, *found in database.execute(
            "SELECT device, sensor, window_start_ms, window_end_ms, count, mean, stddev, min, max, first, last, slope, p05, p25,"
            " median, p75, p95 FROM window_values JOIN window_aggregates USING (device, sensor, window_start_ms, window_end_ms)"):
        windows += 1
        inside = [reading for reading in readings[device, sensor] if start <= reading[0] < end]
        for column, stored, exact in zip(COLUMNS, found, aggregates(inside)):
            if bits(stored) != bits(exact):
                wrong += 1
                if wrong <= 10:
                    print(f"{device} {sensor} at {start}: {column} is {stored}, but the nearest double is {exact}")
    return windows, wrong


def value(draw, kind):
    sign = draw.choice([-1.0, 1.0])
    if kind == "mixed":
        kind = draw.choice(["plain", "around zero", "offset", "largest", "denormal", "zero", "bits"])
    if kind == "plain":
        return round(draw.gauss(20, 1), 2)
    if kind == "around zero":
        return draw.gauss(0, 1)
    if kind == "offset":
        return 1e15 + draw.randrange(8) / 8
    if kind == "largest":
        return sign * draw.choice([LARGEST, LARGEST * draw.random()])
    if kind == "denormal":
        return sign * draw.getrandbits(draw.randrange(1, 53)) * 5e-324
    if kind == "zero":
        return sign * 0.0
    while True:
        drawn = struct.unpack("<d", struct.pack("<Q", draw.getrandbits(64)))[0]
        if math.isfinite(drawn):
            return drawn


def ingest(arguments, folder):
    """Has `sonde ingest` make a store of windows of hard readings, and returns its path."""
    import paho.mqtt.client as mqtt
    from processes import Broker

    draw = random.Random(arguments.seed)
    kinds = ["plain", "around zero", "offset", "largest", "denormal", "zero", "bits", "mixed", "equal"]
    broker = Broker(folder)
    store = os.path.join(folder, "sonde.sqlite")
    log = open(os.path.join(folder, "ingest.log"), "w+")
    sonde = subprocess.Popen(
        [arguments.sonde, "ingest", "--broker", f"mqtt://127.0.0.1:{broker.port}", "--store", store, "--window", "60s",
         "--out-of-orderness", "60s"], stderr=log, stdout=log)
    try:
        while "ingesting devices" not in open(log.name).read():
            if sonde.poll() is not None:
                sys.exit(open(log.name).read())
            time.sleep(0.05)
        client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2)
        client.max_inflight_messages_set(1000)
        client.connect("127.0.0.1", broker.port)
        client.loop_start()
        start, published, sent = 1767225600000, 0, None
        for device in range(arguments.devices):
            kind = kinds[device % len(kinds)]
            same = value(draw, "bits")
            times = sorted(draw.sample(range(0, 600_000), draw.choice([10, 60, 600])))
            messages = [
                {"device": f"d{device}", "epoch": 1, "seq": number, "ts": start + at,
                 "values": {"x": same if kind == "equal" else value(draw, kind)}} for number, at in enumerate(times)]
            # Within what is waited for, so that nothing is late.
            for place in range(0, len(messages) - 1, 2):
                if messages[place + 1]["ts"] - messages[place]["ts"] < 60_000 and draw.random() < 0.5:
                    messages[place], messages[place + 1] = messages[place + 1], messages[place]
            messages.append({"device": f"d{device}", "epoch": 1, "seq": len(messages), "ts": start + 900_000, "values": {"x": 0}})
            for message in messages:
                sent = client.publish(f"devices/d{device}/telemetry", json.dumps(message), qos=1)
                published += 1
            sent.wait_for_publish()
        while sqlite3.connect(store).execute("SELECT messages FROM progress").fetchone()[0] < published:
            time.sleep(0.1)
        client.loop_stop()
        sonde.send_signal(signal.SIGTERM)
        sonde.wait()
    finally:
        sonde.kill()
        broker.stop()
    closed = sqlite3.connect(store).execute("SELECT windows_closed FROM progress").fetchone()[0]
    rows = sqlite3.connect(store).execute("SELECT count(*) FROM window_values").fetchone()[0]
    if rows != closed:
        sys.exit(f"{closed} windows were closed, but there are {rows} rows")
    return store


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--store")
    parser.add_argument("--sonde", default=".build/release/sonde")
    parser.add_argument("--devices", type=int, default=200)
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 32))
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if not arguments.store:
            print(f"seed {arguments.seed}")
        windows, wrong = check(arguments.store or ingest(arguments, folder))
    print(f"{windows} windows, {wrong} aggregates that are not the nearest doubles")
    sys.exit(1 if wrong or not windows else 0)


if __name__ == "__main__":
    main()
