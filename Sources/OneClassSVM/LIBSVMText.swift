import Files
import Foundation
import Wording

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
    let vectors = try bytes.withUnsafeBufferPointer { bytes throws(ModelError) in
      var body = BodyReader(
        bytes: bytes, offset: reader.offset, line: reader.line, count: header.count, features: features)
      return try body.read()
    }
    let columns = features ?? max(vectors.highestIndex, 1)
    guard columns * header.count <= ModelLimits.supportVectorValues else {
      throw ModelError(
        reason: "\(header.count) support vectors of \(columns) features are more than the "
          + "\(ModelLimits.supportVectorValues) numbers a model may have")
    }
    var values = [Double](repeating: 0, count: header.count * columns)
    var first = 0
    for (row, end) in vectors.ends.enumerated() {
      for entry in first..<end { values[row * columns + vectors.indices[entry] - 1] = vectors.values[entry] }
      first = end
    }
    return Content(
      kernel: header.kernel, supportVectors: FeatureMatrix(values: values, columns: columns),
      coefficients: vectors.coefficients, rho: header.rho)
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
      guard Self.keys.contains(String(key)) || Self.lists.contains(String(key)) else {
        throw fail("\(key.quoted) is not a key of a one-class model of LIBSVM")
      }
      guard values[key] == nil else { throw fail("\(key) stands here a second time") }
      if Self.lists.contains(String(key)) {
        for field in fields.dropFirst() where LIBSVMText.number(field) == nil {
          throw fail("\(key) has “\(field.prefix(40))”, not a finite number")
        }
        values[key] = ("", reader.line)
        continue
      }
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
          line: found.line, reason: "\(key) is \(found.value.prefix(40).quoted), not a finite number")
      }
      return value
    }
    func integer(_ key: Substring) throws(ModelError) -> Int {
      let found = try text(key)
      guard let value = LIBSVMText.decimal(found.value) else {
        throw ModelError(
          line: found.line, reason: "\(key) is \(found.value.prefix(40).quoted), not a whole number")
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
        line: name.line, reason: "the kernel \(name.value.prefix(40).quoted) is not one that Sonde has")
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

  /// Keys with a number of numbers, none of which enters a decision. `prob_density_marks`: LIBSVM 3.3 writes the
  /// decision values at which its estimate of a density changes, where a one-class model was trained with `-b 1`.
  private static let lists: Set<String> = ["prob_density_marks"]
}

/// What stands after `SV`: as many lines as there are support vectors.
private struct BodyReader {
  /// The vectors as the file has them: without the zeros that it leaves out.
  struct Vectors {
    var coefficients: [Double] = []
    /// Index and value of every number, vector after vector; indices from 1.
    var indices: [Int] = []
    var values: [Double] = []
    /// For each vector, the position behind its last number.
    var ends: [Int] = []
    var highestIndex = 0
  }

  let bytes: UnsafeBufferPointer<UInt8>
  var offset: Int
  /// The line before the first, from 1.
  var line: Int
  let count: Int
  let features: Int?

  mutating func read() throws(ModelError) -> Vectors {
    var vectors = Vectors()
    vectors.coefficients.reserveCapacity(min(count, bytes.count))
    vectors.ends.reserveCapacity(min(count, bytes.count))
    vectors.values.reserveCapacity((bytes.count - min(offset, bytes.count)) / 16)
    vectors.indices.reserveCapacity((bytes.count - min(offset, bytes.count)) / 16)
    while offset < bytes.count {
      line += 1
      try readLine(into: &vectors)
    }
    guard vectors.coefficients.count == count else {
      throw ModelError(
        line: line,
        reason: "the file ends after \(vectors.coefficients.count) support vectors, but total_sv is \(count)")
    }
    return vectors
  }

  private mutating func readLine(into vectors: inout Vectors) throws(ModelError) {
    guard vectors.coefficients.count < count else {
      throw fail("there are more support vectors than the \(count) of total_sv")
    }
    guard let end = lineEnd else { throw fail("the file ends in the middle of a line: it is cut off") }
    skipSpaces()
    guard offset < end else { throw fail("an empty line, where a support vector was expected") }
    var start = offset
    guard let coefficient = DecimalText.double(in: bytes, at: &offset), isAtSeparator else {
      throw fail("the coefficient \(field(from: start).quoted) is not a finite number")
    }
    vectors.coefficients.append(coefficient)
    var last = 0
    while true {
      skipSpaces()
      guard offset < end else { break }
      start = offset
      guard let index = wholeNumber(), bytes[offset] == 0x3A else { throw failEntry(start) }
      offset += 1
      guard let value = DecimalText.double(in: bytes, at: &offset), isAtSeparator else {
        throw failEntry(start)
      }
      guard index >= 1, index <= features ?? ModelLimits.features else {
        throw fail("there is no feature \(index); indices go from 1 to \(features ?? ModelLimits.features)")
      }
      guard index > last else { throw fail("the index \(index) is not above the one before it") }
      last = index
      vectors.indices.append(index)
      vectors.values.append(value)
    }
    vectors.highestIndex = max(vectors.highestIndex, last)
    vectors.ends.append(vectors.values.count)
    offset = end + 1
  }

  /// Where the next line feed is; nil where there is none.
  private var lineEnd: Int? {
    guard let start = bytes.baseAddress, let found = memchr(start + offset, 0x0A, bytes.count - offset) else {
      return nil
    }
    return UnsafeRawPointer(found) - UnsafeRawPointer(start)
  }

  /// One to nine digits. The line feed that ends the line stops it.
  private mutating func wholeNumber() -> Int? {
    var value = 0
    let start = offset
    while bytes[offset] &- 0x30 < 10 {
      guard offset - start < 9 else { return nil }
      value = value * 10 + Int(bytes[offset] - 0x30)
      offset += 1
    }
    return offset > start ? value : nil
  }

  private mutating func skipSpaces() {
    while offset < bytes.count, isSpace(bytes[offset]) { offset += 1 }
  }

  private var isAtSeparator: Bool { isSpace(bytes[offset]) || bytes[offset] == 0x0A }

  private func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0D }

  /// The text between `start` and the next separator, for messages.
  private func field(from start: Int) -> String {
    let field = bytes[start...].prefix { !isSpace($0) && $0 != 0x0A }.prefix(40)
    return String(decoding: field, as: UTF8.self)
  }

  private func failEntry(_ start: Int) -> ModelError {
    fail("\(field(from: start).quoted) is not index:value with a finite value")
  }

  private func fail(_ reason: String) -> ModelError { ModelError(line: line, reason: reason) }
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
  /// Where the next line begins.
  private(set) var offset = 0

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
