/// What a graph does with the value of its SVM. The node is the same for a one-class SVM and for a regression, so what
/// follows it is what tells them apart.
struct ONNXOutcome {
  private let graph: Onnx_GraphProto

  init(_ graph: Onnx_GraphProto) { self.graph = graph }

  /// Nodes that pass a value on as it is, but for its type and shape.
  static let passing: Set<String> = ["Cast", "Identity", "Reshape", "Flatten", "Squeeze", "Unsqueeze"]

  /// Throws ``ModelError`` where the graph's outcome is not the sign of `svm`, or where it has a node that neither leads to
  /// the SVM (`before`) nor comes behind it.
  func requireOneClass(_ svm: Onnx_NodeProto, before: [Onnx_NodeProto]) throws(ModelError) {
    let behind = try nodes(behind: svm)
    guard graph.node.count == behind.count + before.count + 1 else {
      let known = Set((behind + before + [svm]).flatMap(\.output))
      let other = graph.node.first { !known.isSuperset(of: $0.output) } ?? svm
      throw ModelError(
        reason: "\(other.opType.prefix(40)) stands beside the SVM; a one-class SVM has nothing beside it")
    }
    // The operator gives the sign by itself where it is told that it is a one-class SVM.
    let saysSo = svm.attribute.contains { $0.name == "one_class" && $0.i != 0 }
    let signs = saysSo ? [svm] : signs(of: svm)
    guard signs.contains(where: leadsToOutput) else {
      throw ModelError(
        reason:
          "the graph does not give the sign of the SVM's value, as a one-class SVM does: it is a regression, or "
          + "something else that uses the same node")
    }
  }

  /// The nodes that take the sign of the SVM's value.
  private func signs(of svm: Onnx_NodeProto) -> [Onnx_NodeProto] {
    var found: [Onnx_NodeProto] = []
    var values = Set(svm.output)
    // As often as there are nodes: each round passes at least one, or is the last that matters.
    for _ in graph.node {
      for node in graph.node where node.input.first.map(values.contains) == true {
        if Self.isStandard(node), Self.passing.contains(node.opType) { values.formUnion(node.output) }
      }
    }
    for node in graph.node where Self.isStandard(node) && node.opType == "Sign" {
      if node.input.first.map(values.contains) == true { found.append(node) }
    }
    return found
  }

  /// Whether the value of `node` becomes an output of the graph as it is.
  private func leadsToOutput(_ node: Onnx_NodeProto) -> Bool {
    let outputs = Set(graph.output.map(\.name))
    var values = Set(node.output)
    for _ in graph.node {
      for next in graph.node where next.input.first.map(values.contains) == true {
        if Self.isStandard(next), Self.passing.contains(next.opType) { values.formUnion(next.output) }
      }
    }
    return !outputs.isDisjoint(with: values)
  }

  /// All nodes that depend on the SVM's value.
  private func nodes(behind svm: Onnx_NodeProto) throws(ModelError) -> [Onnx_NodeProto] {
    guard graph.node.count <= Self.mostNodes else {
      throw ModelError(
        reason: "the graph has \(graph.node.count) nodes; a one-class SVM needs no more than ten")
    }
    var values = Set(svm.output)
    for _ in graph.node {
      for node in graph.node where !values.isDisjoint(with: node.input) { values.formUnion(node.output) }
    }
    return graph.node.filter { !values.isDisjoint(with: $0.input) }
  }

  /// Far more than skl2onnx writes. Every node is looked at for every other.
  private static let mostNodes = 100

  /// Whether it is of ONNX's own operators.
  private static func isStandard(_ node: Onnx_NodeProto) -> Bool { ["", "ai.onnx"].contains(node.domain) }
}
