import Foundation
import Telemetry
import Wording

/// The clients that may use a service, and the digests of their keys: what a key file has.
///
/// A client has a primary and, if it wants, a secondary key, and either is good. So a key is renewed without a gap: the client is given the
/// secondary one, and goes over to it; then the primary one is renewed.
package struct AccessKeys: Hashable, Sendable, Codable {
  /// A client.
  package struct Client: Hashable, Sendable, Codable {
    package var name: String
    package var primary: KeyDigest
    package var secondary: KeyDigest?
    package var created: Timestamp
    /// Nil is as often as it likes.
    package var requestsPerSecond: Double?

    enum CodingKeys: String, CodingKey {
      case name, primary, secondary, created
      case requestsPerSecond = "requests_per_second"
    }
  }

  package private(set) var clients: [Client]

  enum CodingKeys: String, CodingKey { case clients = "keys" }

  package init() { clients = [] }

  /// Which of a client's two keys.
  package enum Which: Sendable {
    case primary, secondary
  }

  /// The most clients of a file: each request is compared with all of them.
  package static let mostClients = 1_000
  /// The greatest rate: beyond it a limit limits nothing.
  package static let greatestRate = 1e6

  /// Adds a client, and returns its key. Throws ``KeyFileError/Reason``.
  package mutating func create(_ name: String, requestsPerSecond: Double?, at now: Timestamp)
    throws(AccessKeyError) -> AccessKey
  {
    guard !clients.contains(where: { $0.name == name }) else { throw .exists(name) }
    let key = AccessKey()
    clients.append(
      Client(
        name: name, primary: key.digest, secondary: nil, created: now, requestsPerSecond: requestsPerSecond))
    do {
      try check()
    } catch {
      clients.removeLast()
      throw error
    }
    return key
  }

  /// Gives a client a new key in place of one of its two, and returns it. The other one stays good.
  package mutating func rotate(_ name: String, _ which: Which) throws(AccessKeyError) -> AccessKey {
    let index = try index(of: name)
    let key = AccessKey()
    switch which {
    case .primary: clients[index].primary = key.digest
    case .secondary: clients[index].secondary = key.digest
    }
    return key
  }

  /// Takes both keys of a client.
  package mutating func remove(_ name: String) throws(AccessKeyError) {
    clients.remove(at: try index(of: name))
  }

  private func index(of name: String) throws(AccessKeyError) -> Int {
    guard let index = clients.firstIndex(where: { $0.name == name }) else {
      throw .isMissing(name, names: clients.map(\.name))
    }
    return index
  }

  /// What a file may have. Throws where it has anything else.
  func check() throws(AccessKeyError) {
    guard clients.count <= Self.mostClients else { throw .tooMany(clients.count) }
    var names: Set<String> = []
    var digests: Set<KeyDigest> = []
    for client in clients {
      guard Self.isName(client.name) else { throw .badName(client.name) }
      guard names.insert(client.name).inserted else { throw .exists(client.name) }
      for digest in [client.primary, client.secondary].compactMap({ $0 }) {
        guard digests.insert(digest).inserted else { throw .sameKeyTwice(client.name) }
      }
      if let rate = client.requestsPerSecond {
        guard rate > 0, rate <= Self.greatestRate else { throw .badRate(client.name) }
      }
    }
  }

  /// As names of devices are: they stand in logs.
  private static func isName(_ text: String) -> Bool {
    func isLetterOrDigit(_ byte: UInt8) -> Bool {
      (byte >= 0x30 && byte <= 0x39) || (byte | 0x20 >= 0x61 && byte | 0x20 <= 0x7A)
    }
    let bytes = text.utf8
    guard let first = bytes.first, bytes.count <= 64, isLetterOrDigit(first) else { return false }
    return bytes.allSatisfy { isLetterOrDigit($0) || $0 == 0x2D || $0 == 0x2E || $0 == 0x5F }
  }
}

extension KeyDigest: Codable {
  package init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    // What stands there is not quoted: it may be a key.
    guard let digest = KeyDigest(try container.decode(String.self)) else {
      throw DecodingError.dataCorruptedError(
        in: container,
        debugDescription: "it is no SHA-256 in 64 hexadecimal digits; a key itself has no place here")
    }
    self = digest
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(text)
  }
}

/// What cannot be done with clients and their keys.
package enum AccessKeyError: ExitingError, Hashable {
  case exists(String)
  case isMissing(String, names: [String])
  case badName(String)
  case badRate(String)
  case sameKeyTwice(String)
  case tooMany(Int)

  package var exitStatus: ExitStatus { .usage }

  package var description: String {
    switch self {
    case .exists(let name): "there is a client \(name.quoted) already"
    case .isMissing(let name, let names):
      "there is no client \(name.quoted); " + (names.isEmpty ? "there are none" : "there are \(names.listed)")
    case .badName(let name):
      "\(name.quoted) is no name of a client: a letter or digit, then up to 63 letters, digits, dots, dashes and underscores"
    case .badRate(let name):
      "the rate of \(name.quoted) must be more than 0 and at most \(Int(AccessKeys.greatestRate)) requests a second"
    case .sameKeyTwice(let name): "a key of \(name.quoted) is in the file twice"
    case .tooMany(let count): "\(count) clients are too many; \(AccessKeys.mostClients) are the most"
    }
  }
}
