import Files

/// Reads the JSON beside a model as Sonde writes it, which is most of it by far: the known keys, strings without escapes,
/// numbers. `JSONDecoder` takes several times as long, which shows where a job reads a model a device; it is what reads every
/// other spelling, and what says what is wrong.
struct ModelCardScanner {
  private let bytes: UnsafeBufferPointer<UInt8>
  private var offset = 0

  /// The card in `bytes`; nil where they are to be read by `JSONDecoder`.
  static func scan(_ bytes: [UInt8]) -> ModelCard? {
    bytes.withUnsafeBufferPointer { bytes in
      var scanner = ModelCardScanner(bytes: bytes)
      return scanner.card()
    }
  }

  private init(bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

  private mutating func card() -> ModelCard? {
    var card = ModelCard()
    var seen: Set<ModelCard.CodingKeys> = []
    let isRead = members { scanner, name in
      guard let key = ModelCard.CodingKeys(rawValue: name), seen.insert(key).inserted else { return false }
      return scanner.value(of: key, into: &card)
    }
    skipSpace()
    return isRead && offset == bytes.count ? card : nil
  }

  private mutating func value(of key: ModelCard.CodingKeys, into card: inout ModelCard) -> Bool {
    switch key {
    case .device: read(&card.device) { $0.string().map(ModelCard.Name.init) }
    case .sensor: read(&card.sensor) { $0.string().map(ModelCard.Name.init) }
    case .features: read(&card.features) { $0.array { $0.string() } }
    case .scaler: read(&card.scaler) { $0.scaler() }
    case .nu: read(&card.nu) { $0.number() }
    case .trainedSamples: read(&card.trainedSamples) { $0.wholeNumber().map { Int($0) } }
    case .trainingFromMs: read(&card.trainingFromMs) { $0.wholeNumber() }
    case .trainingToMs: read(&card.trainingToMs) { $0.wholeNumber() }
    case .seed: read(&card.seed) { $0.wholeNumber().map { UInt64($0) } }
    case .tolerance: read(&card.tolerance) { $0.number() }
    case .threshold: read(&card.threshold) { $0.string() }
    case .thresholdFolds: read(&card.thresholdFolds) { $0.wholeNumber().map { Int($0) } }
    case .rhoLoweredBy: read(&card.rhoLoweredBy) { $0.number() }
    case .flaggedTrainingShare: read(&card.flaggedTrainingShare) { $0.number() }
    case .constantFeatures: read(&card.constantFeatures) { $0.array { $0.string() } }
    case .source: read(&card.source) { $0.string() }
    case .sourceSklearn: read(&card.sourceSklearn) { $0.string() }
    case .version: read(&card.version) { $0.string() }
    case .modelSHA256: read(&card.modelSHA256) { $0.string() }
    }
  }

  private mutating func read<Value>(
    _ target: inout Value?, _ value: (inout ModelCardScanner) -> Value?
  ) -> Bool {
    target = value(&self)
    return target != nil
  }

  private mutating func scaler() -> ModelCard.ScalerValues? {
    var mean: [Double]?
    var scale: [Double]?
    let isRead = members { scanner, name in
      switch name {
      case "mean" where mean == nil: scanner.read(&mean) { $0.array { $0.number() } }
      case "scale" where scale == nil: scanner.read(&scale) { $0.array { $0.number() } }
      default: false
      }
    }
    guard isRead, let mean, let scale else { return nil }
    return ModelCard.ScalerValues(mean: mean, scale: scale)
  }

  // MARK: - JSON

  /// An object, whose values `value` reads.
  private mutating func members(_ value: (inout ModelCardScanner, String) -> Bool) -> Bool {
    guard skip("{") else { return false }
    repeat {
      guard let name = string(), skip(":"), value(&self, name) else { return false }
    } while skip(",")
    return skip("}")
  }

  /// An array that is not empty.
  private mutating func array<Element>(_ element: (inout ModelCardScanner) -> Element?) -> [Element]? {
    guard skip("[") else { return nil }
    var elements: [Element] = []
    repeat {
      guard let next = element(&self) else { return nil }
      elements.append(next)
    } while skip(",")
    return skip("]") ? elements : nil
  }

  /// A string of printable ASCII without escapes.
  private mutating func string() -> String? {
    guard skip("\"") else { return nil }
    let start = offset
    while offset < bytes.count, bytes[offset] != UInt8(ascii: "\"") {
      guard 0x20..<0x7F ~= bytes[offset], bytes[offset] != UInt8(ascii: "\\") else { return nil }
      offset += 1
    }
    guard offset < bytes.count else { return nil }
    defer { offset += 1 }
    return String(decoding: UnsafeBufferPointer(rebasing: bytes[start..<offset]), as: UTF8.self)
  }

  /// A number as JSON allows it: digits before and after a point, no zero in front of others.
  private mutating func number() -> Double? {
    skipSpace()
    let start = offset
    guard let value = DecimalText.double(in: bytes, at: &offset) else { return nil }
    var text = bytes[start..<offset]
    if text.first == UInt8(ascii: "-") { text = text.dropFirst() }
    guard let first = text.first, isDigit(first) else { return nil }
    if first == UInt8(ascii: "0"), text.count > 1, isDigit(text[text.startIndex + 1]) { return nil }
    if let point = text.firstIndex(of: UInt8(ascii: ".")) {
      guard point + 1 < text.endIndex, isDigit(text[point + 1]) else { return nil }
    }
    return value
  }

  /// A number of up to eighteen digits alone.
  private mutating func wholeNumber() -> Int64? {
    skipSpace()
    let start = offset
    var value: Int64 = 0
    while offset < bytes.count, isDigit(bytes[offset]) {
      guard offset - start < 18 else { return nil }
      value = value * 10 + Int64(bytes[offset] - 0x30)
      offset += 1
    }
    guard offset > start, offset - start == 1 || bytes[start] != UInt8(ascii: "0") else { return nil }
    return value
  }

  private func isDigit(_ byte: UInt8) -> Bool { byte &- 0x30 < 10 }

  private mutating func skip(_ character: Unicode.Scalar) -> Bool {
    skipSpace()
    guard offset < bytes.count, bytes[offset] == UInt8(ascii: character) else { return false }
    offset += 1
    return true
  }

  private mutating func skipSpace() {
    while offset < bytes.count,
      bytes[offset] == 0x20 || bytes[offset] == 0x0A || bytes[offset] == 0x0D || bytes[offset] == 0x09
    { offset += 1 }
  }
}
