/// Which version of MQTT is to be spoken with a broker.
package enum ProtocolChoice: String, CaseIterable, Hashable, Sendable, Codable {
  /// MQTT 5, and 3.1.1 where the broker does not take that.
  case auto
  case threeOneOne = "3.1.1"
  case five = "5"

  /// That version and no other.
  package init(_ version: ProtocolVersion) {
    switch version {
    case .threeOneOne: self = .threeOneOne
    case .five: self = .five
    }
  }

  /// Nil where the broker has a say in it.
  package var version: ProtocolVersion? {
    switch self {
    case .auto: nil
    case .threeOneOne: .threeOneOne
    case .five: .five
    }
  }
}

/// The version of MQTT that is spoken with a broker, and why.
package struct AgreedProtocol: Hashable, Sendable, Codable {
  package var version: ProtocolVersion
  /// What became of MQTT 5, where that was tried first in vain; nil where it is spoken, or was not asked for.
  package var againstFive: String?

  package init(_ version: ProtocolVersion, againstFive: String? = nil) {
    self.version = version
    self.againstFive = againstFive
  }

  /// One line for whoever did not choose the version; nil where it is MQTT 5, or was chosen.
  package var notice: String? {
    againstFive.map { "the broker does not take MQTT 5 (\($0)); MQTT 3.1.1 is spoken with it" }
  }

  /// Finds the version by `attempt`, which connects once with the version that it is given and throws ``MQTTError``.
  ///
  /// - Returns: The version of the attempt that went well.
  /// - Throws: What `attempt` has thrown where another version would not help, and ``MQTTError/noVersion(_:five:threeOneOne:)``
  ///   or ``MQTTError/refusedInOlderVersion(_:five:reason:)`` where both were tried.
  package static func find(
    _ choice: ProtocolChoice, at address: BrokerAddress, attempt: (ProtocolVersion) throws -> Void
  ) throws -> AgreedProtocol {
    if let version = choice.version {
      try attempt(version)
      return AgreedProtocol(version)
    }
    let reason: String
    do {
      try attempt(.five)
      return AgreedProtocol(.five)
    } catch let error as MQTTError {
      guard let found = error.reasonAgainstVersion else { throw error }
      reason = found
    }
    do {
      try attempt(.threeOneOne)
      return AgreedProtocol(.threeOneOne, againstFive: reason)
    } catch let error as MQTTError where error != .stopped {
      // Whoever refuses has answered: it is a broker.
      if case .refused(_, let refusal) = error {
        throw MQTTError.refusedInOlderVersion(address, five: reason, reason: refusal)
      }
      throw MQTTError.noVersion(
        address, five: reason, threeOneOne: error.reasonAgainstVersion ?? "\(error)")
    }
  }

  /// Asks the broker at `address`: a connection with a session that ends at once, and where that is refused for its version, broken or
  /// not answered, a second one. Takes at most twice ``MQTTConnection/connectTimeout``. Throws ``MQTTError``.
  ///
  /// - Parameters:
  ///   - clientID: The id of the real client, to which a suffix is added.
  ///   - alwaysConnects: Connects once also where the choice leaves nothing to ask, to see that a broker is there.
  ///   - isStopped: Asked while it waits; where it says so, ``MQTTError/stopped`` is thrown.
  package static func ask(
    _ address: BrokerAddress, clientID: String, _ choice: ProtocolChoice, alwaysConnects: Bool = false,
    until isStopped: () -> Bool = { false }
  ) throws -> AgreedProtocol {
    if let version = choice.version, !alwaysConnects { return AgreedProtocol(version) }
    return try find(choice, at: address) { version in
      let connection = try MQTTConnection(
        address: address,
        options: .init(
          clientID: "\(clientID)-version", cleanStart: true, sessionExpirySeconds: 0, queuesWrites: false,
          version: version))
      try connection.open(until: isStopped)
      connection.close()
    }
  }
}
