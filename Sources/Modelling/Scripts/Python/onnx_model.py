"""Scores windows with an ONNX graph: one float input of the model's features, and an output with a score a row."""

import csv
import math
import os

PER = os.environ["SONDE_PER"]
FEATURES = os.environ["SONDE_FEATURES"].split(",")
# What exporters call the score of an outlier detector, the best name first; a graph with one float output needs none of them.
SCORES = ["scores", "score", "decision_function", "score_samples", "output"]


def init():
    global session, source, kind, width, target
    import numpy
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    path = os.environ["SONDE_MODEL"]
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    inputs = session.get_inputs()
    kinds = {"tensor(float)": numpy.float32, "tensor(double)": numpy.float64}
    if len(inputs) != 1 or inputs[0].type not in kinds:
        found = ", ".join(f"{value.name}: {value.type}" for value in inputs)
        raise ValueError(f"the graph needs one input of floating-point numbers; it has {found or 'none'}")
    source, kind = inputs[0].name, kinds[inputs[0].type]
    shape = inputs[0].shape
    if len(shape) != 2:
        raise ValueError(f"the input {source} needs the shape [rows, features]; it has {shape}")
    width = shape[1] if isinstance(shape[1], int) else None
    if width is not None and width % len(FEATURES) != 0 or PER == "sensor" and width not in (None, len(FEATURES)):
        raise ValueError(f"the input {source} has {width} columns, and the deployment has {len(FEATURES)} features a sensor")
    outputs = {value.name: value.type for value in session.get_outputs()}
    floating = [name for name, type in outputs.items() if type in kinds]
    named = [name for name in SCORES if name in floating]
    if not named and len(floating) != 1:
        raise ValueError(f"which output is the score? The graph has {', '.join(outputs)}; call one of them score")
    target = (named or floating)[0]


def run(mini_batch):
    import numpy

    keys, rows = [], []
    for path in mini_batch:
        windows = {}
        with open(path, encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                windows.setdefault(row["window_start"], {})[row["sensor"]] = row
        sensors = sorted({sensor for window in windows.values() for sensor in window}, key=lambda name: name.encode())
        for start, window in windows.items():
            first = next(iter(window.values()))
            values = [float(window[sensor][name] or "nan") if sensor in window else math.nan for sensor in sensors for name in FEATURES]
            if width is not None and len(values) != width:
                raise ValueError(f"{first['device']} has {len(sensors)} sensors, {len(values)} features; the graph has {width}")
            keys.append((first["device"], first["sensor"] if PER == "sensor" else "*", start))
            rows.append(values)
    matrix = numpy.array(rows, dtype=kind)
    scores = numpy.asarray(session.run([target], {source: matrix})[0], dtype=float).reshape(len(rows), -1)
    if scores.shape[1] != 1:
        raise ValueError(f"the output {target} has {scores.shape[1]} numbers a row, and not one score")
    # What is missing in a window must not be scored as if it were a number.
    complete = numpy.isfinite(matrix).all(axis=1)
    return [
        {"device": device, "sensor": sensor, "window_start": start, "score": float(score) if sound else math.nan}
        for (device, sensor, start), score, sound in zip(keys, scores[:, 0], complete)
    ]
