"""Stands for a model whose cost is stated: a request takes so many milliseconds, and each of its rows so many more.

It waits for as long and computes nothing, so that every machine is equally fast. What a request takes besides (JSON, the way to this script and
back) comes on top.
"""

import json
import os
import time


def init():
    global costs
    with open(os.path.join(os.environ["AZUREML_MODEL_DIR"], "costs.json"), encoding="utf-8") as file:
        costs = json.load(file)


def run(raw_data):
    request = json.loads(raw_data)
    # Windows of a run come as a table of "input_data", made-up rows as "data".
    rows = len(request["input_data"]["data"] if "input_data" in request else request["data"])
    time.sleep((costs["request_ms"] + rows * costs["row_ms"]) / 1000)
    return {"rows": rows}
