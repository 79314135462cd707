"""Writes detector.onnx: a graph that takes the features mean, stddev, min and max of a window of one sensor, and gives a score.

    python make.py        with the package onnx

The score is 1 less how far a sixth of the range is from the standard deviation: enough to show how a graph is run.
"""

import onnx
from onnx import TensorProto, helper


def main():
    floats = TensorProto.FLOAT
    features = helper.make_tensor_value_info("features", floats, ["rows", 4])
    score = helper.make_tensor_value_info("score", floats, ["rows", 1])
    # (max - min) / 6 - stddev, as one product with a column of weights: of mean, stddev, min and max.
    weights = helper.make_tensor("weights", floats, [4, 1], [0.0, -1.0, -1 / 6, 1 / 6])
    one = helper.make_tensor("one", floats, [1], [1.0])
    nodes = [
        helper.make_node("MatMul", ["features", "weights"], ["difference"]),
        helper.make_node("Abs", ["difference"], ["distance"]),
        helper.make_node("Sub", ["one", "distance"], ["score"]),
    ]
    graph = helper.make_graph(nodes, "spread", [features], [score], [weights, one])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8, producer_name="make.py")
    onnx.checker.check_model(model)
    onnx.save(model, "detector.onnx")


if __name__ == "__main__":
    main()
