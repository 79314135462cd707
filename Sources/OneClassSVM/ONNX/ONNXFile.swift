import Files
import Foundation
import SwiftProtobuf

/// One-class SVMs in ONNX files, as skl2onnx writes them for scikit-learn's `OneClassSVM` alone and for a pipeline of
/// `StandardScaler` and `OneClassSVM`.
///
/// ONNX holds the parameters of an SVM in single precision, and so does the model that is read: its decisions differ
/// from scikit-learn's by about 1e-7 of Σα, which can flip the label of a row that close to the boundary. The
/// arithmetic on them is in double precision.
package enum ONNXFile {
  /// Reads the model in the file at `path`.
  ///
  /// `featureNames` name the columns; nil leaves the defaults. `provenance` goes into the model, with what wrote the
  /// file as its `source`. What a graph is follows from its attributes and from what becomes of the SVM's value, not from
  /// names alone. Throws ``ModelError`` where the file is broken or holds another graph than those two, and
  /// `FileError` where it cannot be read.
  package static func read(
    _ path: String, featureNames: [String]? = nil, provenance: ModelMetadata = ModelMetadata()
  ) throws -> OneClassModel {
    let bytes = try TextFile.bytes(of: path)
    do throws(ModelError) {
      return try read(bytes: bytes, featureNames: featureNames, provenance: provenance)
    } catch {
      throw error.inFile(path)
    }
  }

  /// ``read(_:featureNames:provenance:)`` of a file's content.
  package static func read(
    bytes: [UInt8], featureNames: [String]? = nil, provenance: ModelMetadata = ModelMetadata()
  ) throws(ModelError) -> OneClassModel {
    guard bytes.count <= ModelLimits.fileBytes else {
      throw ModelError(reason: "the file has \(bytes.count) bytes; that is no model of a device")
    }
    let file: Onnx_ModelProto
    do {
      var options = BinaryDecodingOptions()
      options.discardUnknownFields = true
      file = try Onnx_ModelProto(serializedBytes: bytes, options: options)
    } catch {
      throw ModelError(reason: "the file is not ONNX, or it is cut off")
    }
    guard file.hasGraph else {
      throw ModelError(reason: "the file has no ONNX graph: it is not ONNX, or it is cut off")
    }
    let graph = ONNXGraph(file.graph)
    let node = try graph.svm()
    let svm = try SVMRegressor(node)
    let steps = try graph.steps(before: node, features: svm.supportVectors.columns)
    try ONNXOutcome(file.graph).requireOneClass(node, before: steps)
    let scaling = try graph.scaling(steps, features: svm.supportVectors.columns)
    var metadata = provenance
    if metadata.source == nil, !file.producerName.isEmpty {
      metadata.source =
        file.producerVersion.isEmpty ? file.producerName : "\(file.producerName) \(file.producerVersion)"
    }
    return try OneClassModel(
      kernel: svm.kernel, supportVectors: svm.supportVectors, coefficients: svm.coefficients, rho: svm.rho,
      scaler: scaling, featureNames: featureNames, metadata: metadata)
  }
}

/// The nodes of a graph and how they hang together.
private struct ONNXGraph {
  let graph: Onnx_GraphProto

  /// Steps between the graph's input and the SVM, at most. skl2onnx writes no more than two.
  private static let mostSteps = 8

  init(_ graph: Onnx_GraphProto) { self.graph = graph }

  /// The only SVM.
  func svm() throws(ModelError) -> Onnx_NodeProto {
    let found = graph.node.filter { $0.opType == "SVMRegressor" && $0.domain == "ai.onnx.ml" }
    guard let node = found.first, found.count == 1 else {
      if graph.node.contains(where: { $0.opType == "SVMClassifier" }) {
        throw ModelError(reason: "the graph is a classifier; only a one-class SVM is read")
      }
      let types = Set(graph.node.map(\.opType)).sorted().joined(separator: ", ").prefix(200)
      throw ModelError(
        reason: found.isEmpty
          ? "the graph has no SVMRegressor, which is how a one-class SVM is written (it has: \(types))"
          : "the graph has \(found.count) SVMs; one was expected")
    }
    return node
  }

  /// The nodes from the graph's input to the SVM, what is done first first.
  func steps(before svm: Onnx_NodeProto, features: Int) throws(ModelError) -> [Onnx_NodeProto] {
    let initializers = Set(graph.initializer.map(\.name))
    let inputs = graph.input.filter { !initializers.contains($0.name) }
    guard let input = inputs.first, inputs.count == 1 else {
      throw ModelError(
        reason: "the graph has \(inputs.count) inputs; export it with one, of shape [None, \(features)]")
    }
    let dimensions = input.type.tensorType.shape.dim
    if dimensions.count == 2, dimensions[1].hasDimValue, dimensions[1].dimValue != Int64(features) {
      throw ModelError(
        reason: "the input has \(dimensions[1].dimValue) features, but the support vectors have \(features)")
    }
    // From the SVM back to the input; what is met last is done first.
    var steps: [Onnx_NodeProto] = []
    var name = svm.input.first ?? ""
    while name != input.name {
      guard steps.count < Self.mostSteps, let node = graph.node.first(where: { $0.output.contains(name) })
      else {
        throw ModelError(reason: "the SVM's input “\(name.prefix(40))” does not come from the graph's input")
      }
      steps.append(node)
      name = node.input.first ?? ""
    }
    return steps.reversed()
  }

  /// What `steps` do to rows before they reach the SVM; nil for nothing.
  func scaling(_ steps: [Onnx_NodeProto], features: Int) throws(ModelError) -> Scaler? {
    var mean: [Double]?
    var scale: [Double]?
    for node in steps {
      switch (node.opType, node.domain) {
      case ("Identity", _): break
      case ("Cast", _):
        // Another type would change the values: whole numbers, or halves of single precision.
        let type = node.attribute.first { $0.name == "to" }?.i ?? 0
        guard [Onnx_TensorProto.float, Onnx_TensorProto.double].map(Int64.init).contains(type) else {
          throw ModelError(reason: "a Cast before the SVM is to type \(type), not to floats or doubles")
        }
      case ("Scaler", "ai.onnx.ml") where mean == nil && scale == nil:
        mean = try floats(node, "offset", features)
        scale = []
        // ONNX multiplies by the inverse of the standard deviation.
        for factor in try floats(node, "scale", features) { scale?.append(1 / factor) }
      case ("Sub", _) where mean == nil && scale == nil: mean = try constant(node, features)
      case ("Div", _) where scale == nil: scale = try constant(node, features)
      default:
        throw ModelError(
          reason: "\(node.opType.prefix(40)) stands before the SVM; only a StandardScaler may")
      }
    }
    guard mean != nil || scale != nil else { return nil }
    let scaler = Scaler(
      mean: mean ?? [Double](repeating: 0, count: features),
      scale: scale ?? [Double](repeating: 1, count: features))
    guard scaler.scale.allSatisfy({ $0.isFinite && $0 != 0 }) else {
      throw ModelError(reason: "the scaler has a scale that is zero or not finite")
    }
    return scaler
  }

  /// The values of a list attribute: one a feature, or one for all.
  private func floats(_ node: Onnx_NodeProto, _ name: String, _ features: Int) throws(ModelError) -> [Double]
  {
    let values = node.attribute.first { $0.name == name }?.floats.map(Double.init) ?? []
    return try widened(values, features, what: "\(node.opType)'s \(name)")
  }

  /// The values of the tensor that is a node's second input.
  private func constant(_ node: Onnx_NodeProto, _ features: Int) throws(ModelError) -> [Double] {
    guard node.input.count == 2, let tensor = graph.initializer.first(where: { $0.name == node.input[1] })
    else {
      throw ModelError(reason: "\(node.opType)'s second operand is not a constant of the file")
    }
    return try widened(try tensor.doubles(), features, what: "\(node.opType)'s operand")
  }

  private func widened(_ values: [Double], _ features: Int, what: String) throws(ModelError) -> [Double] {
    guard values.count == features || values.count == 1 else {
      throw ModelError(
        reason: "\(what) has \(values.count) values, but the support vectors have \(features) features")
    }
    return values.count == features ? values : [Double](repeating: values[0], count: features)
  }
}

extension Onnx_TensorProto {
  /// ONNX's numbers for the two types.
  fileprivate static let float: Int32 = 1
  fileprivate static let double: Int32 = 11

  /// The values, which must be floats or doubles and inside the file.
  fileprivate func doubles() throws(ModelError) -> [Double] {
    func words<Word: FixedWidthInteger>(_ type: Word.Type) throws(ModelError) -> [Word] {
      let size = MemoryLayout<Word>.size
      guard rawData.count % size == 0 else {
        throw ModelError(
          reason: "the tensor \(name.prefix(40)) has \(rawData.count) bytes, not whole numbers")
      }
      return rawData.withUnsafeBytes { raw in
        (0..<raw.count / size).map {
          Word(littleEndian: raw.loadUnaligned(fromByteOffset: $0 * size, as: Word.self))
        }
      }
    }
    switch dataType {
    case Self.float:
      return hasRawData
        ? try words(UInt32.self).map { Double(Float(bitPattern: $0)) } : floatData.map(Double.init)
    case Self.double: return hasRawData ? try words(UInt64.self).map(Double.init(bitPattern:)) : doubleData
    default:
      throw ModelError(
        reason: "the tensor \(name.prefix(40)) is of type \(dataType), not of floats or doubles")
    }
  }
}

/// The operator ai.onnx.ml.SVMRegressor: Σ coefficientᵢ · K(supportVectorᵢ, x) + rho.
private struct SVMRegressor {
  let kernel: Kernel
  let supportVectors: FeatureMatrix
  let coefficients: [Double]
  let rho: Double

  init(_ node: Onnx_NodeProto) throws(ModelError) {
    func attribute(_ name: String) throws(ModelError) -> Onnx_AttributeProto {
      guard let attribute = node.attribute.first(where: { $0.name == name }) else {
        throw ModelError(reason: "the SVM has no \(name)")
      }
      return attribute
    }
    let transform = node.attribute.first { $0.name == "post_transform" }
    if let transform, transform.s != Data("NONE".utf8) {
      throw ModelError(reason: "the SVM's post_transform is \(Self.text(transform)); only NONE is read")
    }
    coefficients = try attribute("coefficients").floats.map(Double.init)
    guard (1...ModelLimits.supportVectors).contains(coefficients.count) else {
      throw ModelError(
        reason: "the SVM has \(coefficients.count) coefficients; there must be between 1 and "
          + "\(ModelLimits.supportVectors)")
    }
    guard coefficients.allSatisfy({ $0 > 0 }) else {
      throw ModelError(
        reason:
          "the SVM has coefficients that are not above zero, which those of a one-class SVM are: it is a regression"
      )
    }
    let count = try attribute("n_supports").i
    guard count == Int64(coefficients.count) else {
      throw ModelError(reason: "n_supports is \(count), but the SVM has \(coefficients.count) coefficients")
    }
    let values = try attribute("support_vectors").floats
    guard !values.isEmpty, values.count % coefficients.count == 0 else {
      throw ModelError(
        reason:
          "the SVM's support vectors have \(values.count) values, which are not \(coefficients.count) rows")
    }
    supportVectors = FeatureMatrix(
      values: values.map(Double.init), columns: values.count / coefficients.count)
    let offsets = try attribute("rho").floats
    guard offsets.count == 1 else {
      throw ModelError(reason: "the SVM has \(offsets.count) values of rho; a one-class SVM has one")
    }
    // ONNX adds what LIBSVM takes away.
    rho = -Double(offsets[0])
    kernel = try Self.kernel(
      type: try attribute("kernel_type"), parameters: try attribute("kernel_params").floats)
  }

  private static func kernel(
    type: Onnx_AttributeProto, parameters: [Float]
  ) throws(ModelError) -> Kernel {
    guard parameters.count == 3 else {
      throw ModelError(
        reason: "the SVM has \(parameters.count) kernel_params; gamma, coef0 and degree were expected")
    }
    let gamma = Double(parameters[0])
    let coef0 = Double(parameters[1])
    switch text(type) {
    case "RBF": return .rbf(gamma: gamma)
    case "LINEAR": return .linear
    case "SIGMOID": return .sigmoid(gamma: gamma, coef0: coef0)
    case "POLY":
      guard let degree = Int(exactly: parameters[2]) else {
        throw ModelError(reason: "the SVM's degree is \(parameters[2]); it must be a whole number")
      }
      return .polynomial(gamma: gamma, coef0: coef0, degree: degree)
    case let other: throw ModelError(reason: "the SVM's kernel “\(other)” is not one that Sonde has")
    }
  }

  private static func text(_ attribute: Onnx_AttributeProto) -> String {
    String(String(decoding: attribute.s, as: UTF8.self).prefix(40))
  }
}
