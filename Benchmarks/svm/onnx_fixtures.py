"""Writes the ONNX files in Tests/OneClassSVMTests/Fixtures/onnx, with what scikit-learn decides in expected.json.

    python onnx_fixtures.py Tests/OneClassSVMTests/Fixtures/onnx
"""

import json
import pathlib
import sys

import numpy
from skl2onnx import to_onnx
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler
from sklearn.svm import SVC, OneClassSVM


def main():
    out = pathlib.Path(sys.argv[1])
    out.mkdir(parents=True, exist_ok=True)
    random = numpy.random.RandomState(5)
    train = 2 + 3 * random.randn(60, 3)
    wide = train.astype(numpy.float64)[:1]
    narrow = train.astype(numpy.float32)[:1]
    svm = {
        "rbf": OneClassSVM(nu=0.1), "linear": OneClassSVM(kernel="linear", nu=0.1),
        "poly": OneClassSVM(kernel="poly", nu=0.1, degree=2, coef0=0.5),
        "sigmoid": OneClassSVM(kernel="sigmoid", nu=0.1, gamma=0.01, coef0=-0.5),
    }
    cases = {name: (model, narrow) for name, model in svm.items()}
    cases |= {
        "pipeline_float": (make_pipeline(StandardScaler(), OneClassSVM(nu=0.1)), narrow),
        "pipeline_double": (make_pipeline(StandardScaler(), OneClassSVM(nu=0.1)), wide),
        "pipeline_without_mean": (make_pipeline(StandardScaler(with_mean=False), OneClassSVM(nu=0.1)), wide),
        "pipeline_without_std": (make_pipeline(StandardScaler(with_std=False), OneClassSVM(nu=0.1)), wide),
    }
    rows = numpy.vstack([train[:6], 2 + 6 * random.randn(6, 3)])
    expected = {"rows": rows.ravel().tolist(), "decisions": {}}
    for name, (model, sample) in cases.items():
        model.fit(train)
        (out / f"{name}.onnx").write_bytes(to_onnx(model, sample).SerializeToString())
        expected["decisions"][name] = model.decision_function(rows).tolist()
    refused = {
        "refused_min_max": make_pipeline(MinMaxScaler(), OneClassSVM(nu=0.1)).fit(train),
        "refused_classifier": SVC().fit(train, train[:, 0] > 2),
        "refused_regression": LinearRegression().fit(train, train[:, 0]),
    }
    for name, model in refused.items():
        (out / f"{name}.onnx").write_bytes(to_onnx(model, narrow).SerializeToString())
    (out / "expected.json").write_text(json.dumps(expected, indent=1) + "\n")


if __name__ == "__main__":
    main()
