/// Where a broker listens, `mqtt://host:port` or `mqtts://host:port`, and what it asks of those who connect.
package struct BrokerAddress: Hashable, Sendable, CustomStringConvertible {
  package var host: String
  package var port: UInt16
  /// Whether the connection is made with TLS.
  package var isEncrypted: Bool
  /// Beside the rest, because connections by the thousand hold an address each, and few need this.
  private var secrets: Secrets?

  private indirect enum Secrets: Hashable, Sendable { case access(BrokerAccess) }

  package var access: BrokerAccess {
    get { if case .access(let access) = secrets { access } else { BrokerAccess() } }
    set { secrets = newValue == BrokerAccess() ? nil : .access(newValue) }
  }

  /// The port that MQTT without TLS is registered for.
  package static let standardPort: UInt16 = 1883
  /// The port that MQTT with TLS is registered for.
  package static let standardEncryptedPort: UInt16 = 8883

  package init(host: String, port: UInt16 = standardPort, isEncrypted: Bool = false) {
    self.host = host
    self.port = port
    self.isEncrypted = isEncrypted
  }

  /// Reads `mqtt://host:port`, `mqtt://host`, `mqtt://[::1]:port`, and the same with `mqtts://`. Nil for anything else.
  package init?(_ text: String) {
    isEncrypted = text.hasPrefix("mqtts://")
    guard isEncrypted || text.hasPrefix("mqtt://") else { return nil }
    var rest = text.dropFirst(isEncrypted ? "mqtts://".count : "mqtt://".count)
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
    guard !rest.isEmpty, !rest.contains("/"), !Self.holdsCredentials(rest) else { return nil }
    host = String(rest)
    if let portText {
      guard let number = UInt16(portText), number > 0 else { return nil }
      port = number
    } else {
      port = isEncrypted ? Self.standardEncryptedPort : Self.standardPort
    }
  }

  /// Whether `text`, given for an address, has a name or a password in it, as in `mqtt://user:password@host`. Such an address is
  /// refused, and must not be shown: what is on a command line, in a scenario or in a log can be read by others.
  package static func holdsCredentials(_ text: some StringProtocol) -> Bool { text.contains("@") }

  /// Without what ``access`` holds.
  package var description: String {
    let scheme = isEncrypted ? "mqtts" : "mqtt"
    return host.contains(":") ? "\(scheme)://[\(host)]:\(port)" : "\(scheme)://\(host):\(port)"
  }
}

/// What a broker asks of those who connect: who they are, and how it is known to be the right one. Secrets stay in files,
/// so that they are in no scenario and on no command line.
package struct BrokerAccess: Hashable, Sendable {
  package var username: String?
  /// A file whose first line is the password.
  package var passwordFile: String?
  /// Certificates of the authorities that are trusted, PEM; nil: those of this machine.
  package var authorityFile: String?
  /// Our certificate, PEM, for brokers that ask for one.
  package var certificateFile: String?
  /// The key of that certificate, PEM, not encrypted.
  package var keyFile: String?

  package init(
    username: String? = nil, passwordFile: String? = nil, authorityFile: String? = nil,
    certificateFile: String? = nil, keyFile: String? = nil
  ) {
    self.username = username
    self.passwordFile = passwordFile
    self.authorityFile = authorityFile
    self.certificateFile = certificateFile
    self.keyFile = keyFile
  }

  /// As options of the commands that take a broker.
  package var arguments: [String] {
    let options = [
      ("--username", username), ("--password-file", passwordFile), ("--ca-file", authorityFile),
      ("--cert-file", certificateFile), ("--key-file", keyFile),
    ]
    return options.flatMap { name, value in value.map { [name, $0] } ?? [] }
  }

  /// What does not go together, in a sentence; nil where all does.
  ///
  /// - Parameter isEncrypted: Whether the address asks for TLS.
  package func fault(isEncrypted: Bool) -> String? {
    if passwordFile != nil, username == nil { return "a password needs a username" }
    if (certificateFile == nil) != (keyFile == nil) { return "a certificate and its key go together" }
    if !isEncrypted, authorityFile != nil || certificateFile != nil {
      return "certificates are for TLS; write the broker as mqtts://host:port"
    }
    return nil
  }

  /// The files that are named.
  var files: [String] { [authorityFile, certificateFile, keyFile].compactMap(\.self) }
}
