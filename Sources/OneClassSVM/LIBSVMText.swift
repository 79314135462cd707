/// LIBSVM's text format of a model (`svm_save_model` of LIBSVM 3): a header of `key value` lines, `SV`, then a line
/// `coefficient index:value …` a support vector, indices from 1.
enum LIBSVMText {
  struct Content {
    let kernel: Kernel
    let supportVectors: FeatureMatrix
    let coefficients: [Double]
    let rho: Double
  }

  /// Numbers are the shortest decimals that read back to the same double. Zeros are written, so that the number of
  /// features survives.
  static func write(
    kernel: Kernel, supportVectors: FeatureMatrix, coefficients: [Double], rho: Double
  ) -> String {
    var text = "svm_type one_class\nkernel_type \(kernel.family.libsvmName)\n"
    if let degree = kernel.degree { text += "degree \(degree)\n" }
    if let gamma = kernel.gamma { text += "gamma \(gamma)\n" }
    if let coef0 = kernel.coef0 { text += "coef0 \(coef0)\n" }
    text += "nr_class 2\ntotal_sv \(coefficients.count)\nrho \(rho)\nSV\n"
    for (index, coefficient) in coefficients.enumerated() {
      text += "\(coefficient)"
      for (column, value) in supportVectors[row: index].enumerated() { text += " \(column + 1):\(value)" }
      text += " \n"
    }
    return text
  }

  /// Reads a model. `features` is how many a row has where that is known from elsewhere (the scaler); otherwise it
  /// is the highest index in the file, and indices that are left out are zero.
  ///
  /// Throws ``ModelError`` with the line for anything that `svm_save_model` would not have written: another type of
  /// SVM, an unknown key, a number that is not finite, indices that do not ascend, another number of vectors than
  /// `total_sv`, a last line without its line feed (a cut-off file, whose last number may have lost digits).
  static func read(_ bytes: [UInt8], features: Int?) throws(ModelError) -> Content {
    var reader = LineReader(bytes: bytes)
    let header = try Header(reading: &reader)
    var rows: [[(index: Int, value: Double)]] = []
    var coefficients: [Double] = []
    var highest = 0
    while let line = reader.next() {
      func fail(_ reason: String) -> ModelError { ModelError(line: reader.line, reason: reason) }
      guard coefficients.count < header.count else {
        throw fail("there are more support vectors than the \(header.count) of total_sv")
      }
      guard line.isEnded else { throw fail("the file ends in the middle of a line: it is cut off") }
      let fields = line.fields
      guard let first = fields.first else { throw fail("an empty line, where a support vector was expected") }
      guard let coefficient = number(first) else {
        throw fail("the coefficient “\(first)” is not a finite number")
      }
      var row: [(index: Int, value: Double)] = []
      row.reserveCapacity(fields.count - 1)
      for field in fields.dropFirst() {
        let parts = field.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, let index = decimal(parts[0]), let value = number(parts[1]) else {
          throw fail("“\(field.prefix(40))” is not index:value with a finite value")
        }
        guard index >= 1, index <= features ?? ModelLimits.features else {
          throw fail("there is no feature \(index); indices go from 1 to \(features ?? ModelLimits.features)")
        }
        guard index > row.last?.index ?? 0 else {
          throw fail("the index \(index) is not above the one before it")
        }
        row.append((index, value))
      }
      highest = max(highest, row.last?.index ?? 0)
      rows.append(row)
      coefficients.append(coefficient)
    }
    guard coefficients.count == header.count else {
      throw ModelError(
        line: reader.line,
        reason: "the file ends after \(coefficients.count) support vectors, but total_sv is \(header.count)")
    }
    let columns = features ?? max(highest, 1)
    guard columns * rows.count <= ModelLimits.supportVectorValues else {
      throw ModelError(
        reason: "\(rows.count) support vectors of \(columns) features are more than the "
          + "\(ModelLimits.supportVectorValues) numbers a model may have")
    }
    var values = [Double](repeating: 0, count: rows.count * columns)
    for (position, row) in rows.enumerated() {
      for (index, value) in row { values[position * columns + index - 1] = value }
    }
    return Content(
      kernel: header.kernel, supportVectors: FeatureMatrix(values: values, columns: columns),
      coefficients: coefficients, rho: header.rho)
  }

  /// A finite decimal number in full. Swift's own parser would also take `0x1p3`, `inf` and `nan`.
  static func number(_ text: Substring) -> Double? {
    let allowed = text.utf8.allSatisfy {
      (0x30...0x39).contains($0) || $0 == 0x2E || $0 == 0x2B || $0 == 0x2D || $0 == 0x65 || $0 == 0x45
    }
    guard allowed, let value = Double(text), value.isFinite else { return nil }
    return value
  }

  /// A number of one to nine digits.
  static func decimal(_ text: Substring) -> Int? {
    guard (1...9).contains(text.utf8.count), text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
      return nil
    }
    return Int(text)
  }
}

/// What stands before `SV`.
private struct Header {
  let kernel: Kernel
  let count: Int
  let rho: Double

  init(reading reader: inout LineReader) throws(ModelError) {
    var values: [Substring: (value: Substring, line: Int)] = [:]
    var ended = false
    while let line = reader.next() {
      func fail(_ reason: String) -> ModelError { ModelError(line: reader.line, reason: reason) }
      guard line.isEnded else { throw fail("the file ends in the middle of its header: it is cut off") }
      let fields = line.fields
      if fields == ["SV"] {
        ended = true
        break
      }
      guard let key = fields.first else { throw fail("an empty line in the header") }
      guard Self.keys.contains(String(key)) else {
        throw fail("“\(key.prefix(40))” is not a key of a LIBSVM model")
      }
      guard values[key] == nil else { throw fail("\(key) stands here a second time") }
      guard fields.count == 2 else { throw fail("\(key) has \(fields.count - 1) values; one was expected") }
      values[key] = (fields[1], reader.line)
    }
    guard ended else {
      throw ModelError(
        line: reader.line, reason: "the file ends before its SV line: it is cut off or not a LIBSVM model")
    }
    let line = reader.line

    func text(_ key: Substring) throws(ModelError) -> (value: Substring, line: Int) {
      guard let found = values[key] else { throw ModelError(line: line, reason: "the header has no \(key)") }
      return found
    }
    func double(_ key: Substring) throws(ModelError) -> Double {
      let found = try text(key)
      guard let value = LIBSVMText.number(found.value) else {
        throw ModelError(
          line: found.line, reason: "\(key) is “\(found.value.prefix(40))”, not a finite number")
      }
      return value
    }
    func integer(_ key: Substring) throws(ModelError) -> Int {
      let found = try text(key)
      guard let value = LIBSVMText.decimal(found.value) else {
        throw ModelError(
          line: found.line, reason: "\(key) is “\(found.value.prefix(40))”, not a whole number")
      }
      return value
    }

    let type = try text("svm_type")
    guard type.value == "one_class" else {
      throw ModelError(
        line: type.line, reason: "the SVM is of type \(type.value.prefix(40)); only one_class is read")
    }
    if values["nr_class"] != nil {
      let classes = try integer("nr_class")
      guard classes == 2 else {
        throw ModelError(
          line: values["nr_class"]?.line, reason: "nr_class is \(classes); a one-class model has 2")
      }
    }
    let name = try text("kernel_type")
    switch name.value {
    case "rbf": kernel = .rbf(gamma: try double("gamma"))
    case "linear": kernel = .linear
    case "polynomial":
      kernel = .polynomial(
        gamma: try double("gamma"), coef0: try double("coef0"), degree: try integer("degree"))
    case "sigmoid": kernel = .sigmoid(gamma: try double("gamma"), coef0: try double("coef0"))
    default:
      throw ModelError(
        line: name.line, reason: "the kernel “\(name.value.prefix(40))” is not one that Sonde has")
    }
    if let fault = kernel.fault { throw ModelError(line: name.line, reason: fault) }
    count = try integer("total_sv")
    guard (1...ModelLimits.supportVectors).contains(count) else {
      throw ModelError(
        line: values["total_sv"]?.line,
        reason: "total_sv is \(count); it must be between 1 and \(ModelLimits.supportVectors)")
    }
    rho = try double("rho")
  }

  private static let keys: Set<String> = [
    "svm_type", "kernel_type", "degree", "gamma", "coef0", "nr_class", "total_sv", "rho",
  ]
}

/// Lines of ASCII text, one at a time.
private struct LineReader {
  struct Line {
    let fields: [Substring]
    /// Whether a line feed follows.
    let isEnded: Bool
  }

  let bytes: [UInt8]
  /// The line that `next()` gave last, from 1.
  private(set) var line = 0
  private var offset = 0

  init(bytes: [UInt8]) { self.bytes = bytes }

  mutating func next() -> Line? {
    guard offset < bytes.count else { return nil }
    line += 1
    let rest = bytes[offset...]
    let end = rest.firstIndex(of: 0x0A) ?? bytes.endIndex
    offset = end + 1
    let text = String(decoding: bytes[rest.startIndex..<end], as: UTF8.self)
    // By Unicode scalar: as characters, a space and an accent after it would be one.
    let fields = text.unicodeScalars.split { $0 == " " || $0 == "\t" || $0 == "\r" }.map { Substring($0) }
    return Line(fields: fields, isEnded: end < bytes.endIndex)
  }
}

extension KernelFamily {
  fileprivate var libsvmName: String { rawValue }
}
