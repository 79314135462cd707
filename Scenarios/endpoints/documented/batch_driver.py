import os

import joblib
import pandas as pd


def init():
    global model

    # AZUREML_MODEL_DIR is the folder of the model that the deployment names.
    model_path = os.path.join(os.environ["AZUREML_MODEL_DIR"], "model.joblib")
    model = joblib.load(model_path)


def run(mini_batch):
    print(f"run method start: {__file__}, run({len(mini_batch)} files)")
    results = []

    for file_path in mini_batch:
        data = pd.read_csv(file_path)
        data["score"] = model.decision_function(data[["mean", "stddev", "min", "max"]])
        data["prediction"] = (model.predict(data[["mean", "stddev", "min", "max"]]) < 0).astype(int)
        results.append(data[["device", "sensor", "window_start", "score", "prediction"]])

    return pd.concat(results)
