import Files
import Wording

/// The texts of a certificate's files, as the library wants them.
struct TLSTexts {
  let certificate: String
  let key: String

  /// In GnuTLS' words: what it holds to be good, but nothing older than TLS 1.2 (RFC 8996).
  static let priorities = "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2"

  init(_ files: TLSFiles) throws(HTTPServerError) {
    certificate = try Self.read(files.certificate, "-----BEGIN CERTIFICATE-----", "a certificate")
    key = try Self.read(files.key, "PRIVATE KEY-----", "a private key")
    guard !key.contains("ENCRYPTED") else {
      throw .badTLSFile(path: files.key, reason: "the key is encrypted with a password; give one that is not")
    }
  }

  private static func read(_ path: String, _ mark: String, _ what: String) throws(HTTPServerError) -> String {
    let text: String
    do {
      text = try TextFile.text(of: path)
    } catch {
      throw .badTLSFile(path: path, reason: (error as? FileError)?.reason ?? "\(error)")
    }
    guard text.contains(mark) else {
      throw .badTLSFile(path: path, reason: "it does not have \(what) in the form of PEM")
    }
    return text
  }
}
