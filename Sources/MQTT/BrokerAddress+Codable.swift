import Wording

/// In a file an address is one mapping, with what the broker asks of those who connect; secrets stay in files of their own.
extension BrokerAddress: Codable {
  private enum CodingKeys: String, CodingKey {
    case address, username, passwordFile, caFile, certFile, keyFile
  }

  package init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    let text = try container.decode(String.self, forKey: .address)
    guard !Self.holdsCredentials(text), let address = BrokerAddress(text) else {
      throw DecodingError.dataCorruptedError(
        forKey: .address, in: container, debugDescription: "expected mqtt://host:port or mqtts://host:port")
    }
    self = address
    func field(_ key: CodingKeys) throws -> String? {
      try container.decodeIfPresent(String.self, forKey: key)
    }
    access = BrokerAccess(
      username: try field(.username), passwordFile: try field(.passwordFile),
      authorityFile: try field(.caFile),
      certificateFile: try field(.certFile), keyFile: try field(.keyFile))
    if let fault = access.fault(isEncrypted: isEncrypted) {
      throw DecodingError.dataCorruptedError(forKey: .address, in: container, debugDescription: fault)
    }
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(description, forKey: .address)
    try container.encodeIfPresent(access.username, forKey: .username)
    try container.encodeIfPresent(access.passwordFile, forKey: .passwordFile)
    try container.encodeIfPresent(access.authorityFile, forKey: .caFile)
    try container.encodeIfPresent(access.certificateFile, forKey: .certFile)
    try container.encodeIfPresent(access.keyFile, forKey: .keyFile)
  }
}
