import Telemetry

/// How documents and options write quantities.
package enum QuantityText {
  /// Reads `500MB`, `2GiB` or a plain number of bytes. Nil for anything else, and for no bytes at all.
  package static func bytes(_ text: String) -> Int? {
    let digits = text.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
    let sizes: [String: Double] = [
      "": 1, "B": 1, "kB": 1e3, "KB": 1e3, "MB": 1e6, "GB": 1e9, "TB": 1e12,
      "KiB": 0x1p10, "MiB": 0x1p20, "GiB": 0x1p30, "TiB": 0x1p40,
    ]
    guard let number = plainNumber(digits), let size = sizes[String(text.dropFirst(digits.count))] else {
      return nil
    }
    let bytes = (number * size).rounded()
    return bytes >= 1 && bytes < 0x1p62 ? Int(bytes) : nil
  }

  /// Reads `10%` or `2.5%` as a share from 0 to 1.
  package static func share(_ text: String) -> Double? {
    guard text.hasSuffix("%"), let number = plainNumber(text.dropLast()), (0...100).contains(number) else {
      return nil
    }
    return number / 100
  }

  /// Reads `2.3s`, `15ms` or `40us` as seconds.
  package static func shortSeconds(_ text: String) -> Double? {
    if text.hasSuffix("us") {
      guard let number = plainNumber(text.dropLast(2)), number >= 0 else { return nil }
      return number * 1e-6
    }
    return Duration(text: text)?.seconds
  }

  /// Reads `150%` as 1.5; there is no upper bound.
  package static func level(_ text: String) -> Double? {
    guard text.hasSuffix("%"), let number = plainNumber(text.dropLast()), number >= 0 else { return nil }
    return number / 100
  }

  /// A finite decimal number: no hexadecimal, no `nan`, no `inf`.
  package static func plainNumber(_ text: some StringProtocol) -> Double? {
    guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) || "+-.eE".utf8.contains($0) }),
      let number = Double(text), number.isFinite
    else { return nil }
    return number
  }
}
