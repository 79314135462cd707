import HTTP
import Wording

/// A request to infer in the Open Inference Protocol v2, read and held against itself: shapes fit their data, names are there.
/// https://github.com/kserve/open-inference-protocol
struct InferenceRequest: Hashable, Sendable {
  /// One of its tensors.
  struct Tensor: Hashable, Sendable {
    enum Elements: Hashable, Sendable {
      case numbers([Double])
      case texts([String])
    }

    var name: String
    var type: TensorType
    /// Positive or zero.
    var shape: [Int]
    /// As many as the shape has.
    var elements: Elements
  }

  /// What the client gave it for a name, and reads again in the answer.
  var id: String?
  var inputs: [Tensor]
  /// The tensors that the answer has; nil for all.
  var outputs: [Output]?
  /// Whether the tensors of the answer are binary unless they say something else themselves.
  var prefersBinary = false

  /// A tensor that is asked for.
  struct Output: Hashable, Sendable {
    var name: String
    /// Nil where it does not say.
    var isBinary: Bool?
  }

  /// The header that says how long the JSON is, where binary tensors follow it.
  static let jsonLengthHeader = "Inference-Header-Content-Length"

  /// Reads a body.
  ///
  /// - Parameter jsonLength: How many bytes of it are JSON, as ``jsonLengthHeader`` says; nil for all.
  /// - Throws: ``RequestFault``.
  init(_ body: [UInt8], jsonLength: String? = nil) throws(RequestFault) {
    var length = body.count
    if let jsonLength {
      guard let number = Int(jsonLength), number >= 0, number <= body.count else {
        throw RequestFault(
          "\(Self.jsonLengthHeader) is \(jsonLength.quoted), and the body has \(body.count) bytes")
      }
      length = number
    }
    var reader = InferenceReader()
    do {
      try body.withUnsafeBufferPointer { bytes throws(JSONFault) in
        try reader.read(UnsafeBufferPointer(rebasing: bytes[..<length]))
      }
    } catch {
      throw RequestFault(error)
    }
    id = reader.id
    outputs = reader.outputs
    prefersBinary = reader.prefersBinary
    var offset = length
    inputs = []
    for input in reader.inputs ?? [] {
      inputs.append(try input.tensor(binary: body, from: &offset))
    }
    guard reader.inputs != nil else { throw RequestFault("the request has no inputs") }
    guard offset == body.count else {
      throw RequestFault(
        "\(body.count - offset) bytes follow the JSON and its binary tensors; each tensor says how many are its own by binary_data_size"
      )
    }
  }
}

/// What the JSON of a request says, before its parts are held against each other.
private struct InferenceReader {
  /// An input as it is written.
  struct Input {
    var name: String?
    var type: TensorType?
    var unknownType: String?
    var shape: [Int]?
    var numbers: [Double] = []
    var texts: [String] = []
    var hasData = false
    /// Whether `true` and `false` are among the elements.
    var hasWords = false
    var binarySize: Int?
  }

  var id: String?
  var inputs: [Input]?
  var outputs: [InferenceRequest.Output]?
  var prefersBinary = false

  mutating func read(_ bytes: UnsafeBufferPointer<UInt8>) throws(JSONFault) {
    var scanner = JSONScanner(bytes)
    try scanner.beginObject()
    var isFirst = true
    while let key = try scanner.key(isFirst: &isFirst) {
      if scanner.isEqual(key, "inputs") {
        guard inputs == nil else { throw scanner.fault("inputs once") }
        inputs = try Self.inputs(&scanner)
      } else if scanner.isEqual(key, "id") {
        id = scanner.skip("null") ? nil : try scanner.decoded(try scanner.text())
      } else if scanner.isEqual(key, "outputs") {
        outputs = scanner.skip("null") ? nil : try Self.outputs(&scanner)
      } else if scanner.isEqual(key, "parameters"), scanner.peek() == 0x7B {
        try Self.parameters(&scanner) { name, scanner throws(JSONFault) in
          guard scanner.isEqual(name, "binary_data_output") else { return false }
          prefersBinary = try scanner.bool()
          return true
        }
      } else {
        try scanner.skipValue()
      }
    }
    try scanner.finish()
  }

  private static func inputs(_ scanner: inout JSONScanner) throws(JSONFault) -> [Input] {
    var inputs: [Input] = []
    try scanner.beginArray()
    var isFirst = true
    while try scanner.element(isFirst: &isFirst) {
      guard inputs.count < ServingDefaults.mostTensors else {
        throw scanner.fault("no more than \(ServingDefaults.mostTensors) tensors")
      }
      inputs.append(try input(&scanner))
    }
    return inputs
  }

  private static func input(_ scanner: inout JSONScanner) throws(JSONFault) -> Input {
    var input = Input()
    try scanner.beginObject()
    var isFirst = true
    while let key = try scanner.key(isFirst: &isFirst) {
      if scanner.isEqual(key, "data") {
        guard !input.hasData else { throw scanner.fault("data once") }
        input.hasData = true
        // Mostly the shape comes first, and says how many there are.
        if let count = input.shape?.reduce(1, { $0.multipliedReportingOverflow(by: $1).partialValue }),
          count > 0, count <= ServingDefaults.mostReserved
        {
          input.numbers.reserveCapacity(count)
        }
        try elements(&scanner, &input, depth: 0)
      } else if scanner.isEqual(key, "shape") {
        input.shape = try shape(&scanner)
      } else if scanner.isEqual(key, "name") {
        input.name = try scanner.decoded(try scanner.text())
      } else if scanner.isEqual(key, "datatype") {
        let text = try scanner.text()
        if scanner.isEqual(text, "FP64") {
          input.type = .fp64
        } else {
          let name = try scanner.decoded(text)
          input.type = TensorType(rawValue: name)
          if input.type == nil { input.unknownType = name }
        }
      } else if scanner.isEqual(key, "parameters"), scanner.peek() == 0x7B {
        try parameters(&scanner) { name, scanner throws(JSONFault) in
          guard scanner.isEqual(name, "binary_data_size") else { return false }
          let size = try scanner.wholeNumber()
          guard size >= 0 else { throw scanner.fault("a size of at least 0") }
          input.binarySize = size
          return true
        }
      } else {
        try scanner.skipValue()
      }
    }
    return input
  }

  private static func shape(_ scanner: inout JSONScanner) throws(JSONFault) -> [Int] {
    var shape: [Int] = []
    try scanner.beginArray()
    var isFirst = true
    while try scanner.element(isFirst: &isFirst) {
      let length = try scanner.wholeNumber()
      guard length >= 0, shape.count < ServingDefaults.mostDimensions else {
        throw scanner.fault("at most \(ServingDefaults.mostDimensions) dimensions of at least 0")
      }
      shape.append(length)
    }
    return shape
  }

  /// The elements of a list, nested or flat.
  private static func elements(_ scanner: inout JSONScanner, _ input: inout Input, depth: Int)
    throws(JSONFault)
  {
    guard depth < ServingDefaults.mostDimensions else {
      throw scanner.fault("lists nested no deeper than \(ServingDefaults.mostDimensions)")
    }
    try scanner.beginArray()
    var isFirst = true
    while try scanner.element(isFirst: &isFirst) {
      if scanner.isNumberNext() {
        input.numbers.append(try scanner.number())
      } else if scanner.peek() == 0x22 {
        input.texts.append(try scanner.decoded(try scanner.text()))
      } else if scanner.peek() == 0x5B {
        try elements(&scanner, &input, depth: depth + 1)
      } else {
        input.numbers.append(try scanner.bool() ? 1 : 0)
        input.hasWords = true
      }
    }
  }

  private static func outputs(_ scanner: inout JSONScanner) throws(JSONFault) -> [InferenceRequest.Output] {
    var outputs: [InferenceRequest.Output] = []
    try scanner.beginArray()
    var isFirst = true
    while try scanner.element(isFirst: &isFirst) {
      guard outputs.count < ServingDefaults.mostTensors else {
        throw scanner.fault("no more than \(ServingDefaults.mostTensors) tensors")
      }
      var output = InferenceRequest.Output(name: "")
      try scanner.beginObject()
      var isFirstKey = true
      while let key = try scanner.key(isFirst: &isFirstKey) {
        if scanner.isEqual(key, "name") {
          output.name = try scanner.decoded(try scanner.text())
        } else if scanner.isEqual(key, "parameters"), scanner.peek() == 0x7B {
          try parameters(&scanner) { name, scanner throws(JSONFault) in
            guard scanner.isEqual(name, "binary_data") else { return false }
            output.isBinary = try scanner.bool()
            return true
          }
        } else {
          try scanner.skipValue()
        }
      }
      outputs.append(output)
    }
    return outputs
  }

  /// Reads an object of parameters: `take` takes those that it knows, and says so.
  private static func parameters(
    _ scanner: inout JSONScanner,
    _ take: (JSONScanner.Text, inout JSONScanner) throws(JSONFault) -> Bool
  ) throws(JSONFault) {
    try scanner.beginObject()
    var isFirst = true
    while let key = try scanner.key(isFirst: &isFirst) {
      if try !take(key, &scanner) { try scanner.skipValue() }
    }
  }
}

extension InferenceReader.Input {
  /// The tensor, where it is sound; a binary one begins at `offset` in `body`, which moves behind it.
  func tensor(binary body: [UInt8], from offset: inout Int) throws(RequestFault) -> InferenceRequest.Tensor {
    guard let name else { throw RequestFault("an input has no name") }
    guard let type else {
      throw RequestFault(
        unknownType.map {
          "the input \(name.quoted) has the datatype \($0.quoted); it is one of \(TensorType.allCases.map(\.rawValue).listed)"
        } ?? "the input \(name.quoted) has no datatype")
    }
    guard let shape else { throw RequestFault("the input \(name.quoted) has no shape") }
    var count = 1
    for length in shape {
      let product = count.multipliedReportingOverflow(by: length)
      guard !product.overflow else { throw RequestFault("the shape of \(name.quoted) is too large") }
      count = product.partialValue
    }
    let elements: InferenceRequest.Tensor.Elements
    if let binarySize {
      guard !hasData else {
        throw RequestFault("the input \(name.quoted) has both data and a binary_data_size")
      }
      guard binarySize <= body.count - offset else {
        throw RequestFault(
          "the input \(name.quoted) says that \(binarySize) bytes of it follow the JSON, and \(body.count - offset) do"
        )
      }
      let bytes = body[offset..<offset + binarySize]
      offset += binarySize
      elements = try BinaryTensor.elements(of: bytes, type, count: count, name: name)
    } else {
      guard hasData else { throw RequestFault("the input \(name.quoted) has no data") }
      elements = try decimalElements(type, name)
    }
    let found =
      switch elements {
      case .numbers(let numbers): numbers.count
      case .texts(let texts): texts.count
      }
    guard found == count else {
      throw RequestFault(
        "the input \(name.quoted) has \(found) elements, and its shape \(shape) is of \(count)")
    }
    return InferenceRequest.Tensor(name: name, type: type, shape: shape, elements: elements)
  }

  private func decimalElements(_ type: TensorType, _ name: String) throws(RequestFault)
    -> InferenceRequest.Tensor.Elements
  {
    if type == .bytes {
      guard numbers.isEmpty else {
        throw RequestFault("the input \(name.quoted) is of BYTES, and has numbers")
      }
      return .texts(texts)
    }
    guard texts.isEmpty else {
      throw RequestFault("the input \(name.quoted) is of \(type.rawValue), and has texts")
    }
    guard !hasWords || type == .bool else {
      throw RequestFault("the input \(name.quoted) is of \(type.rawValue), and has true or false")
    }
    guard type != .fp64 else { return .numbers(numbers) }
    var held: [Double] = []
    held.reserveCapacity(numbers.count)
    for number in numbers {
      guard let value = type.holding(number) else {
        throw RequestFault("the input \(name.quoted) has \(number), which is no \(type.rawValue)")
      }
      held.append(value)
    }
    return .numbers(held)
  }
}
