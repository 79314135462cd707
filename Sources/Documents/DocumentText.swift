import Wording

/// What is checked of the text of a YAML document before it is parsed: the parser says less of it, or nothing at all.
package enum DocumentText {
  /// The deepest nesting of lists and mappings. The parser calls itself for each level, and the stack has an end; documents
  /// of ours have ten levels.
  static let deepest = 1000

  /// `text` without the byte order mark that some editors put before everything.
  package static func withoutByteOrderMark(_ text: String) -> String {
    text.unicodeScalars.first == "\u{FEFF}" ? String(text.unicodeScalars.dropFirst()) : text
  }

  /// Throws ``Diagnostic`` at the first character that YAML does not know, and where values are nested too deeply.
  static func check(_ text: String, location: (_ line: Int, _ column: Int) -> SourceLocation) throws {
    var line = 1
    var column = 0
    // Brackets that are open; those in comments and in quotes count too, since the bound is far from what anybody writes.
    var brackets = 0
    // The indentation and the dashes at the beginning of the line.
    var isIndent = true
    var last: Unicode.Scalar = " "
    for scalar in text.unicodeScalars {
      column += 1
      guard isKnown(scalar) else { throw fault(scalar, location(line, column)) }
      switch scalar {
      case "[", "{": brackets += 1
      case "]", "}": brackets = max(0, brackets - 1)
      default: break
      }
      isIndent = isIndent && " -?:".unicodeScalars.contains(scalar)
      guard brackets <= deepest, !isIndent || column <= deepest else {
        throw Diagnostic(
          location: location(line, column), reason: "values are nested more than \(deepest) deep")
      }
      let isSecondHalf = scalar == "\n" && last == "\r"
      if isLineBreak(scalar) {
        if !isSecondHalf { line += 1 }
        column = 0
        isIndent = true
      }
      last = scalar
    }
  }

  private static func fault(_ scalar: Unicode.Scalar, _ location: SourceLocation) -> Diagnostic {
    let number = String(scalar.value, radix: 16, uppercase: true)
    let name = "U+" + String(repeating: "0", count: max(0, 4 - number.count)) + number
    let hint = scalar.value == 0 ? "; if the file is UTF-16, save it as UTF-8" : ""
    return Diagnostic(
      location: location, reason: "not YAML: the character \(name) cannot be written in it\(hint)")
  }

  /// The printable characters of YAML 1.1 (chapter 4.1.1), which the parser keeps to.
  private static func isKnown(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x09, 0x0A, 0x0D, 0x20...0x7E, 0x85, 0xA0...0xD7FF, 0xE000...0xFEFE, 0xFF00...0xFFFD: true
    case 0x10000...0x10FFFF: true
    default: false
    }
  }

  private static func isLineBreak(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x0A, 0x0D, 0x85, 0x2028, 0x2029: true
    default: false
    }
  }
}
