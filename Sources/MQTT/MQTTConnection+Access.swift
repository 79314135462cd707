import CMosquitto
import Files

/// Who we are to the broker, and whom we trust.
extension MQTTConnection {
  /// Tells the library who we are and whom to trust.
  func present(_ address: BrokerAddress) throws {
    let access = address.access
    if let username = access.username {
      let password = try access.passwordFile.map { try Self.firstLine(of: $0) }
      try MQTTError.check(mosquitto_username_pw_set(handle, username, password), "credentials")
    }
    guard address.isEncrypted else { return }
    if let authorities = access.authorityFile {
      let code = mosquitto_tls_set(handle, authorities, nil, access.certificateFile, access.keyFile, nil)
      guard code == MOSQ_ERR_SUCCESS.rawValue.signed else {
        throw MQTTError.library(
          operation: "TLS",
          reason: "\(MQTTError.reason(code)) (are \(access.files.joined(separator: " and ")) there, in PEM?)")
      }
    } else {
      try MQTTError.check(mosquitto_int_option(handle, MOSQ_OPT_TLS_USE_OS_CERTS, 1), "TLS")
      if access.certificateFile != nil {
        throw MQTTError.library(
          operation: "TLS", reason: "a certificate of our own needs a file of authorities beside it")
      }
    }
  }

  private static func firstLine(of path: String) throws -> String {
    guard let text = try? TextFile.text(of: path) else {
      throw MQTTError.library(operation: "credentials", reason: "the password file \(path) cannot be read")
    }
    // Some editors put a byte order mark before the text; it is no part of the password.
    let unmarked = text.unicodeScalars.first == "\u{FEFF}" ? String(text.unicodeScalars.dropFirst()) : text
    return String(unmarked.prefix { !$0.isNewline })
  }
}
