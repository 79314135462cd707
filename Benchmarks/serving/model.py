"""Trains one model with scikit-learn and writes it for all: for Sonde as LIBSVM's text with its scaler beside it, for Python as a pickle;
and bodies of requests of one row and of a thousand.

  model.py FOLDER

A model of n support vectors is one that was trained on n rows with nu = (n - 1/2) / n: none of them can be left out.
"""
import json
import pathlib
import sys

import joblib
import numpy
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import OneClassSVM

VECTORS, FEATURES, ROWS = 300, 12, [1, 1000]
NAME = "pump"


def main():
    folder = pathlib.Path(sys.argv[1])
    rng = numpy.random.default_rng(1)
    spread = rng.uniform(0.1, 10, FEATURES)
    rows = rng.normal(20, spread, (VECTORS, FEATURES))
    pipeline = make_pipeline(StandardScaler(), OneClassSVM(nu=(VECTORS - 0.5) / VECTORS, gamma="scale")).fit(rows)
    scaler, svm = pipeline[0], pipeline[1]
    assert len(svm.support_vectors_) == VECTORS
    models = folder / "models"
    models.mkdir()
    lines = ["svm_type one_class", "kernel_type rbf", f"gamma {float(svm._gamma)!r}", "nr_class 2", f"total_sv {VECTORS}",
             f"rho {float(-svm.intercept_[0])!r}", "SV"]
    for coefficient, vector in zip(svm.dual_coef_[0], svm.support_vectors_):
        lines.append(" ".join([repr(float(coefficient)), *(f"{i + 1}:{float(v)!r}" for i, v in enumerate(vector))]) + " ")
    (models / f"{NAME}.model").write_text("\n".join(lines) + "\n")
    (models / f"{NAME}.json").write_text(
        json.dumps({"scaler": {"mean": scaler.mean_.tolist(), "scale": scaler.scale_.tolist()}}))
    joblib.dump(pipeline, folder / "model.joblib")
    for count in ROWS:
        # Three decimals, as sensors give them, and some of them in full, as means are.
        data = rng.normal(20, spread, (count, FEATURES))
        data[:, 1::4] = data[:, 1::4].round(3)
        body = {"inputs": [{"name": "features", "shape": [count, FEATURES], "datatype": "FP64", "data": data.ravel().tolist()}]}
        (folder / f"rows-{count}.json").write_text(json.dumps(body, separators=(",", ":")))
        numpy.save(folder / f"scores-{count}.npy", pipeline.decision_function(data))


if __name__ == "__main__":
    main()
