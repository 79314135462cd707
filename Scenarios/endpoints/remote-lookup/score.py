"""Stands for a script that asks another service: a request takes 20 ms, in which the processor has nothing to do."""

import json
import time

LOOKUP_SECONDS = 0.02


def init():
    pass


def run(raw_data):
    rows = json.loads(raw_data)["data"]
    time.sleep(LOOKUP_SECONDS)
    return {"rows": len(rows)}
