import Wording

/// A name that Kubernetes takes for every kind of object: a label of a host name that begins with a letter (RFC 1035, 2.3.1), which
/// Services ask for, of ``ManifestDefaults/longestName`` characters at most.
package struct ResourceName: Hashable, Sendable, CustomStringConvertible {
  package let description: String

  /// Takes `text` as it is. Throws ``ManifestError``, which says the name that was probably meant.
  ///
  /// - Parameter option: Whose value it is, for the message.
  package init(_ text: String, option: String) throws(ManifestError) {
    guard Self.isName(text, longest: ManifestDefaults.longestName) else {
      let near = Self(near: text)
      throw ManifestError(
        "\(option) \(text.quoted): Kubernetes takes small letters, digits and dashes, a letter first, no dash last, "
          + "\(ManifestDefaults.longestName) characters at most" + (near.map { "; such as \($0)" } ?? ""))
    }
    description = text
  }

  /// The name that comes nearest to `text`; nil where nothing of it can be in a name.
  package init?(near text: String) {
    var name = ""
    for scalar in text.lowercased().unicodeScalars {
      if scalar.isNamePart, scalar != "-" {
        name.unicodeScalars.append(scalar)
      } else if !name.isEmpty, !name.hasSuffix("-") {
        name += "-"
      }
    }
    if let first = name.first, first.isNumber { name = "sonde-" + name }
    name = String(name.prefix(ManifestDefaults.longestName))
    while name.hasSuffix("-") { name.removeLast() }
    guard Self.isName(name, longest: ManifestDefaults.longestName) else { return nil }
    description = name
  }

  private static func isName(_ text: String, longest: Int) -> Bool {
    text.unicodeScalars.count <= longest && text.wholeMatch(of: /[a-z](?:[a-z0-9-]*[a-z0-9])?/) != nil
  }

  /// Checks the name of a namespace (RFC 1123, 2.1: a digit may be first). Throws ``ManifestError``.
  package static func namespace(_ text: String) throws(ManifestError) -> String {
    guard text.unicodeScalars.count <= 63, text.wholeMatch(of: /[a-z0-9](?:[a-z0-9-]*[a-z0-9])?/) != nil
    else {
      throw ManifestError(
        "--namespace \(text.quoted): Kubernetes takes small letters, digits and dashes, no dash first or last, 63 characters at most"
      )
    }
    return text
  }

  /// Checks a name with dots (RFC 1123, 2.1), as hosts and claims have it. Throws ``ManifestError``.
  package static func dotted(_ text: String, _ what: String) throws(ManifestError) -> String {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    guard text.utf8.count <= 253,
      parts.allSatisfy({ $0.count <= 63 && $0.wholeMatch(of: /[a-z0-9](?:[a-z0-9-]*[a-z0-9])?/) != nil })
    else {
      throw ManifestError(
        "\(what) \(text.quoted): Kubernetes takes small letters, digits and dashes between dots, 253 characters at most"
      )
    }
    return text
  }
}

extension Unicode.Scalar {
  fileprivate var isNamePart: Bool {
    (self >= "a" && self <= "z") || (self >= "0" && self <= "9") || self == "-"
  }
}
