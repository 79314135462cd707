"""A pipeline of scikit-learn a device and sensor: each feature scaled, then a one-class SVM. The script trains them itself."""

import os
import pickle

import pandas as pd
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import OneClassSVM

FEATURES = os.environ["SONDE_FEATURES"].split(",")


def train(windows_path, model_dir):
    windows = pd.read_csv(windows_path, dtype={"device": str, "sensor": str})
    models = {}
    for key, rows in windows.groupby(["device", "sensor"]):
        pipeline = make_pipeline(StandardScaler(), OneClassSVM(nu=0.01, gamma="scale"))
        models[key] = pipeline.fit(rows[FEATURES].to_numpy())
    with open(os.path.join(model_dir, "pipelines.pickle"), "wb") as file:
        pickle.dump(models, file)


def init():
    global models
    with open(os.path.join(os.environ["AZUREML_MODEL_DIR"], "pipelines.pickle"), "rb") as file:
        models = pickle.load(file)


def run(mini_batch):
    results = []
    for path in mini_batch:
        windows = pd.read_csv(path, dtype={"device": str, "sensor": str})
        key = windows["device"][0], windows["sensor"][0]
        # A sensor that was not there in training has no rows here, so its windows fail, and no others.
        if key in models:
            windows["score"] = models[key].decision_function(windows[FEATURES].to_numpy())
            results.append(windows[["device", "sensor", "window_start", "score"]])
    return pd.concat(results) if results else []
