"""One-class SVMs of a run, scored as somebody would who has read Azure's documentation and the model files' format.

It shares no line with Sonde: what both say of a request is then worth comparing.
"""
import json
import math
import os

models = {}


def load(folder):
    """Reads every model of a run's folder."""
    for name in sorted(os.listdir(folder)):
        if not name.endswith(".model"):
            continue
        with open(os.path.join(folder, name[:-6] + ".json")) as f:
            described = json.load(f)
        with open(os.path.join(folder, name)) as f:
            head, _, vectors = f.read().partition("\nSV\n")
        values = dict(line.split(" ", 1) for line in head.splitlines())
        parsed = []
        for line in vectors.splitlines():
            parts = line.split()
            parsed.append((float(parts[0]), [float(part.split(":")[1]) for part in parts[1:]]))
        models[described["device"]] = {
            "features": described["features"], "version": described["version"],
            "mean": described["scaler"]["mean"], "scale": described["scaler"]["scale"],
            "gamma": float(values["gamma"]), "rho": float(values["rho"]), "vectors": parsed,
        }


def decision(model, row):
    scaled = [(value - mean) / scale for value, mean, scale in zip(row, model["mean"], model["scale"])]
    return sum(
        weight * math.exp(-model["gamma"] * sum((a - b) ** 2 for a, b in zip(scaled, vector)))
        for weight, vector in model["vectors"]
    ) - model["rho"]


def answer(row):
    """The answer to a row: an object with its device and the features by their names, or a list that begins with the device."""
    if isinstance(row, dict):
        model = models[row["device"]]
        device, values = row["device"], [row[feature] for feature in model["features"]]
    elif isinstance(row, list):
        device, *values = row
        model = models[device]
        if len(values) != len(model["features"]):
            raise ValueError(f"{len(values)} values, and the model has {len(model['features'])} features")
    else:
        raise ValueError("a row is neither a list nor an object")
    if not all(isinstance(value, (int, float)) for value in values):
        raise ValueError("a feature is no number")
    score = decision(model, values)
    return {"device": device, "score": score, "prediction": 1 if score < 0 else 0, "model_version": model["version"]}


def table(value):
    """The rows of `data`, of `input_data` and of an input of a web service."""
    if isinstance(value, dict):
        columns, data = value.get("columns"), value["data"]
        if columns is None:
            return table(data)
        if not isinstance(data, list) or any(len(row) != len(columns) for row in data):
            raise ValueError("the rows have another number of values than there are columns")
        return [dict(zip(columns, row)) for row in data]
    if not isinstance(value, list):
        raise ValueError("the table is no list")
    return value


def no_constant(text):
    raise ValueError(f"{text} is no JSON")


def score(raw_data):
    """What a body is answered with. Throws ValueError, KeyError and TypeError where the body is wrong."""
    body = json.loads(raw_data, parse_constant=no_constant)
    if not isinstance(body, dict):
        raise ValueError("the body is no object")
    if "Inputs" in body:
        (rows,) = body["Inputs"].values()
        return {"Results": {"WebServiceOutput0": [answer(row) for row in table(rows)]}}
    rows = body["data"] if "data" in body else body["input_data"]
    return [answer(row) for row in table(rows)]
