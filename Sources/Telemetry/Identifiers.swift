import Wording

/// The rule for device and sensor ids: `[A-Za-z0-9][A-Za-z0-9._-]{0,63}`.
public enum IdentifierRule {
  /// The longest id, in bytes.
  public static let maximumLength = 64
  /// The rule for people, after “… is not an id,”.
  package static let sentence =
    "which has 1 to \(maximumLength) letters A-Z and a-z, digits, '.', '_' and '-', and begins with a letter or digit"

  /// Whether `bytes` form an id.
  @inlinable
  public static func accepts(_ bytes: some Collection<UInt8>) -> Bool {
    guard let first = bytes.first, isAlphanumeric(first), bytes.count <= maximumLength else { return false }
    return bytes.dropFirst().allSatisfy { isAlphanumeric($0) || $0 == 0x2E || $0 == 0x5F || $0 == 0x2D }
  }

  /// Whether an id may have `scalar`, not as its first.
  static func allows(_ scalar: Unicode.Scalar) -> Bool {
    guard let byte = UInt8(exactly: scalar.value) else { return false }
    return isAlphanumeric(byte) || byte == 0x2E || byte == 0x5F || byte == 0x2D
  }

  @inlinable
  static func isAlphanumeric(_ byte: UInt8) -> Bool {
    (byte >= 0x30 && byte <= 0x39) || (byte >= 0x41 && byte <= 0x5A) || (byte >= 0x61 && byte <= 0x7A)
  }
}

/// The name of a device, such as `pump-0007`. Always of the form that ``IdentifierRule`` asks for.
public struct DeviceID: Hashable, Comparable, Sendable, Codable, CustomStringConvertible {
  public let name: String

  /// Nil where `name` does not follow ``IdentifierRule``.
  @inlinable public init?(_ name: some StringProtocol) {
    guard IdentifierRule.accepts(name.utf8) else { return nil }
    self.name = String(name)
  }

  /// - Parameter name: Known to follow ``IdentifierRule``.
  init(checked name: String) { self.name = name }

  public init(from decoder: any Decoder) throws {
    name = try decodedIdentifier(decoder, "device")
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(name)
  }

  public var description: String { name }

  /// Byte order, which is also SQLite's order of text. Of ASCII text, which ids are, it is Swift's order too.
  @inlinable public static func < (a: DeviceID, b: DeviceID) -> Bool { a.name < b.name }

  // Written out, because what the compiler writes is not inlined into other modules, which look ids up for every reading.

  @inlinable public static func == (a: DeviceID, b: DeviceID) -> Bool { a.name == b.name }

  @inlinable public func hash(into hasher: inout Hasher) { hasher.combine(name) }
}

/// The name of a sensor of a device, such as `temperature`. Always of the form that ``IdentifierRule`` asks for.
public struct SensorID: Hashable, Comparable, Sendable, Codable, CustomStringConvertible {
  public let name: String

  /// Nil where `name` does not follow ``IdentifierRule``.
  @inlinable public init?(_ name: some StringProtocol) {
    guard IdentifierRule.accepts(name.utf8) else { return nil }
    self.name = String(name)
  }

  /// - Parameter name: Known to follow ``IdentifierRule``.
  init(checked name: String) { self.name = name }

  public init(from decoder: any Decoder) throws {
    name = try decodedIdentifier(decoder, "sensor")
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(name)
  }

  public var description: String { name }

  /// Byte order, which is also SQLite's order of text. Of ASCII text, which ids are, it is Swift's order too.
  @inlinable public static func < (a: SensorID, b: SensorID) -> Bool { a.name < b.name }

  // Written out, because what the compiler writes is not inlined into other modules, which look ids up for every reading.

  @inlinable public static func == (a: SensorID, b: SensorID) -> Bool { a.name == b.name }

  @inlinable public func hash(into hasher: inout Hasher) { hasher.combine(name) }
}

private func decodedIdentifier(_ decoder: any Decoder, _ what: String) throws -> String {
  let container = try decoder.singleValueContainer()
  let name = try container.decode(String.self)
  guard IdentifierRule.accepts(name.utf8) else {
    throw DecodingError.dataCorruptedError(
      in: container, debugDescription: "\(name.quoted) is not a \(what) id, \(IdentifierRule.sentence)")
  }
  return name
}
