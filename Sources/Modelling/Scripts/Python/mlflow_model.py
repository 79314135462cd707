"""Scores windows with a model of MLflow that has the python_function flavour: features in, a score or a prediction a row out."""

import csv
import math
import os

PER = os.environ["SONDE_PER"]
FEATURES = os.environ["SONDE_FEATURES"].split(",")


def init():
    global model, names
    import mlflow.pyfunc

    model = mlflow.pyfunc.load_model(os.environ["SONDE_MODEL"])
    schema = model.metadata.get_input_schema()
    # A schema of tensors has no names of columns; then the features come in their order.
    names = schema.input_names() if schema is not None and schema.has_input_names() else None
    for name in names or []:
        if name.rpartition(".")[2] not in FEATURES or (PER == "sensor") == ("." in name):
            known = ", ".join(FEATURES if PER == "sensor" else [f"SENSOR.{feature}" for feature in FEATURES])
            raise ValueError(f"the model wants the column {name}; the deployment has {known}")


def run(mini_batch):
    import pandas

    keys, rows = [], []
    for path in mini_batch:
        windows = {}
        with open(path, encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                windows.setdefault(row["window_start"], {})[row["sensor"]] = row
        for start, window in windows.items():
            first = next(iter(window.values()))
            values = {}
            for sensor in sorted(window, key=lambda name: name.encode()):
                for feature in FEATURES:
                    name = feature if PER == "sensor" else f"{sensor}.{feature}"
                    values[name] = float(window[sensor][feature] or "nan")
            keys.append((first["device"], first["sensor"] if PER == "sensor" else "*", start))
            rows.append(values)
    table = pandas.DataFrame(rows)
    missing = [name for name in names or [] if name not in table.columns]
    if missing:
        raise ValueError(f"no window has {', '.join(missing)}, which the model wants")
    table = table[names] if names else table
    sound = table.notna().all(axis=1)
    scores = list(scores_of(model.predict(table[sound]), int(sound.sum()))) if sound.any() else []
    result, place = [], 0
    for (device, sensor, start), is_sound in zip(keys, sound):
        score = math.nan
        if is_sound:
            score, place = float(scores[place]), place + 1
        result.append({"device": device, "sensor": sensor, "window_start": start, "score": score})
    return result


def scores_of(predicted, count):
    """One number a row, of whatever predict() returns: an array, a list, a Series, or a DataFrame with a column score."""
    if hasattr(predicted, "columns"):
        if "score" in predicted.columns:
            predicted = predicted["score"]
        elif len(predicted.columns) == 1:
            predicted = predicted.iloc[:, 0]
        else:
            raise ValueError(f"predict() returned the columns {', '.join(map(str, predicted.columns))}, and none is called score")
    if hasattr(predicted, "reshape"):
        predicted = predicted.reshape(count, -1)
        if predicted.shape[1] != 1:
            raise ValueError(f"predict() returned {predicted.shape[1]} numbers a row, and not one score")
        predicted = predicted[:, 0]
    predicted = list(predicted)
    if len(predicted) != count:
        raise ValueError(f"predict() returned {len(predicted)} scores for {count} rows")
    return predicted
