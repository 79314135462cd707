/// Where a broker listens: `mqtt://host:port`.
public struct BrokerAddress: Hashable, Sendable, CustomStringConvertible {
  public var host: String
  public var port: UInt16

  /// The port that MQTT without TLS is registered for.
  public static let standardPort: UInt16 = 1883

  public init(host: String, port: UInt16 = standardPort) {
    self.host = host
    self.port = port
  }

  /// Reads `mqtt://host:port`, `mqtt://host`, `mqtt://[::1]:port`. Nil for anything else.
  public init?(_ text: String) {
    guard text.hasPrefix("mqtt://") else { return nil }
    var rest = text.dropFirst("mqtt://".count)
    if rest.hasSuffix("/") { rest = rest.dropLast() }
    var portText: Substring?
    if rest.hasPrefix("[") {
      guard let close = rest.firstIndex(of: "]") else { return nil }
      let after = rest[rest.index(after: close)...]
      guard after.isEmpty || after.hasPrefix(":") else { return nil }
      portText = after.isEmpty ? nil : after.dropFirst()
      rest = rest[rest.index(after: rest.startIndex)..<close]
    } else if let colon = rest.lastIndex(of: ":") {
      portText = rest[rest.index(after: colon)...]
      rest = rest[..<colon]
    }
    guard !rest.isEmpty, !rest.contains("/"), !rest.contains("@") else { return nil }
    host = String(rest)
    if let portText {
      guard let number = UInt16(portText), number > 0 else { return nil }
      port = number
    } else {
      port = Self.standardPort
    }
  }

  public var description: String {
    host.contains(":") ? "mqtt://[\(host)]:\(port)" : "mqtt://\(host):\(port)"
  }
}
