"""Writes the ONNX files in Tests/OneClassSVMTests/Fixtures/onnx, with what scikit-learn decides in expected.json.

    python onnx_fixtures.py Tests/OneClassSVMTests/Fixtures/onnx
"""

import json
import pathlib
import sys

import numpy
import onnx
from onnx import helper
from skl2onnx import to_onnx
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler
from sklearn.svm import SVC, SVR, OneClassSVM


def changed(out, model):
    """Graphs that nobody's converter writes, out of one of a one-class SVM."""

    def save(name, change):
        graph = onnx.ModelProto()
        graph.CopyFrom(model)
        change(graph.graph)
        (out / f"{name}.onnx").write_bytes(graph.SerializeToString())

    def alone(graph):
        svm = next(node for node in graph.node if node.op_type == "SVMRegressor")
        del graph.node[:], graph.output[:]
        graph.node.extend([svm])
        graph.output.extend([helper.make_tensor_value_info(svm.output[0], onnx.TensorProto.FLOAT, [None, 1])])

    def one_class(graph):
        alone(graph)
        graph.node[0].attribute.append(helper.make_attribute("one_class", 1))

    def replaced(output, op_type):
        def change(graph):
            node = next(node for node in graph.node if node.output[0] == output)
            node.op_type = op_type
            del node.attribute[:]
        return change

    def halves(graph):
        graph.node.insert(0, helper.make_node("Cast", ["X"], ["half"], to=onnx.TensorProto.FLOAT16))
        next(node for node in graph.node if node.op_type == "SVMRegressor").input[0] = "half"

    def beside(graph):
        graph.node.append(helper.make_node("Abs", ["X"], ["size"]))
        graph.output.extend([helper.make_tensor_value_info("size", onnx.TensorProto.FLOAT, [None, 3])])

    save("one_class_attribute", one_class)
    save("refused_value", alone)
    save("refused_negated", replaced("label", "Neg"))
    save("refused_unsigned", replaced("float_prediction", "Abs"))
    save("refused_halves", halves)
    save("refused_beside", beside)


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
        "refused_svr": SVR().fit(train, train[:, 0]),
    }
    for name, model in refused.items():
        (out / f"{name}.onnx").write_bytes(to_onnx(model, narrow).SerializeToString())
    changed(out, onnx.load(out / "rbf.onnx"))
    (out / "expected.json").write_text(json.dumps(expected, indent=1) + "\n")


if __name__ == "__main__":
    main()
