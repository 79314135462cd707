extension String {
  /// As a key or a value of YAML: as it is where every reader of YAML takes it for the same text, and else in double quotes.
  package var yamlScalar: String {
    // Letters first: numbers, dates, times and signs of YAML begin otherwise. Options begin with two hyphens.
    let name = utf8.dropFirst(hasPrefix("--") ? 2 : 0)
    let isPlain =
      name.first.map { $0.isLetter || $0 == UInt8(ascii: "/") } ?? false
      && name.allSatisfy { $0.isLetter || (0x30...0x39).contains($0) || "_./-+".utf8.contains($0) }
    return isPlain && !Self.wordsOfYAML.contains(lowercased()) ? self : yamlQuoted
  }

  /// In double quotes, with what they need escaped.
  package var yamlQuoted: String {
    var quoted = "\""
    for scalar in unicodeScalars {
      switch scalar {
      case "\"": quoted += "\\\""
      case "\\": quoted += "\\\\"
      case "\n": quoted += "\\n"
      case "\t": quoted += "\\t"
      case _ where !scalar.isPrintable:
        // All of them have four digits at most (YAML 1.1, 5.6).
        let digits = String(scalar.value, radix: 16, uppercase: true)
        quoted += "\\u" + String(repeating: "0", count: 4 - digits.utf8.count) + digits
      default: quoted.unicodeScalars.append(scalar)
      }
    }
    return quoted + "\""
  }

  /// What YAML 1.1, which Kubernetes reads, takes for something else than text, in small letters.
  private static let wordsOfYAML: Set<String> = ["null", "true", "false", "yes", "no", "on", "off", "y", "n"]
}

extension UInt8 {
  fileprivate var isLetter: Bool { (0x61...0x7A).contains(self | 0x20) }
}
