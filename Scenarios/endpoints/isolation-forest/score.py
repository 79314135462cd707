"""Isolation Forest over all features of a device, whatever sensors it has. The script trains a forest a device itself."""

import os
import pickle

import pandas as pd
from sklearn.ensemble import IsolationForest

FEATURES = os.environ["SONDE_FEATURES"].split(",")


def features_of(windows):
    """A row a window, and columns such as (mean, temperature)."""
    return windows.pivot(index="window_start", columns="sensor", values=FEATURES)


def train(windows_path, model_dir):
    windows = pd.read_csv(windows_path, dtype={"device": str, "sensor": str})
    models = {}
    for device, rows in windows.groupby("device"):
        table = features_of(rows).dropna()
        forest = IsolationForest(n_estimators=100, random_state=0, contamination=0.01).fit(table.to_numpy())
        models[device] = (list(table.columns), forest)
    with open(os.path.join(model_dir, "forests.pickle"), "wb") as file:
        pickle.dump(models, file)


def init():
    global models
    with open(os.path.join(os.environ["AZUREML_MODEL_DIR"], "forests.pickle"), "rb") as file:
        models = pickle.load(file)


def run(windows):
    results = []
    for device, rows in windows.groupby("device"):
        if device not in models:
            continue
        columns, forest = models[device]
        # Windows in which a sensor is missing are left out, and fail.
        table = features_of(rows).reindex(columns=columns).dropna()
        if len(table):
            scores = forest.decision_function(table.to_numpy())
            results.append(pd.DataFrame({"device": device, "window_start": table.index, "score": scores}))
    return pd.concat(results) if results else []
