/// How messages quote what somebody else wrote: a key, a value, an id, a path, the answer of a program. A quotation is one
/// line of printable text, whatever was written, and it has a bound: a value of 250 kB must not bury the message.
package enum Quotation {
  /// The most characters of a quotation. An id has 64 at most; a sentence still fits on the screen beside it.
  package static let longest = 96
  /// The most names of a list in a message: beyond that nobody reads on.
  package static let mostNames = 64
  /// The most characters of a whole line of an error. A line that quotes is far shorter; the bound is for messages of
  /// libraries that quote what they were given.
  package static let longestLine = 8000

  /// `line` cut to ``longestLine``, with a mark where it was cut. Unlike a quotation it may contain anything.
  package static func bounded(line: some StringProtocol) -> String {
    guard line.utf8.count > longestLine else { return String(line) }
    return cut(line, longestLine) + "… (\(line.utf8.count) bytes in all)"
  }

  /// The first scalars of `text`, `count` at most.
  static func cut(_ text: some StringProtocol, _ count: Int) -> String {
    var cut = ""
    cut.unicodeScalars.append(contentsOf: text.unicodeScalars.prefix(count))
    return cut
  }
}

extension StringProtocol {
  /// In quotation marks: `“pump-0007”`. What is longer than ``Quotation/longest`` is cut, and its length is said.
  package var quoted: String {
    let isCut = unicodeScalars.dropFirst(Quotation.longest).first != nil
    return "“\(excerpt)”" + (isCut ? " (\(utf8.count) bytes)" : "")
  }

  /// As ``quoted``, without quotation marks and length.
  package var excerpt: String {
    var text = ""
    var left = Quotation.longest
    for scalar in unicodeScalars {
      guard left > 0 else { return text + "…" }
      left -= 1
      text += scalar.printable
    }
    return text
  }

  /// The whole of it, with what is not printable told, not written.
  package var printable: String {
    unicodeScalars.contains { !$0.isPrintable } ? unicodeScalars.map(\.printable).joined() : String(self)
  }
}

extension Sequence where Element: StringProtocol {
  /// Names in a message, separated by commas: ``Quotation/mostNames`` at most, and how many more there are.
  package var listed: String {
    var names: [String] = []
    var more = 0
    for name in self {
      if names.count < Quotation.mostNames { names.append(name.excerpt) } else { more += 1 }
    }
    return names.joined(separator: ", ") + (more > 0 ? " and \(more) more" : "")
  }
}

extension Unicode.Scalar {
  /// Whether it may stand in a line of text. What moves the cursor or ends a line may not, nor what YAML calls not printable: U+FFFE and
  /// U+FFFF, and the byte order mark, which it allows only before a document.
  package var isPrintable: Bool {
    switch properties.generalCategory {
    case .control, .lineSeparator, .paragraphSeparator, .surrogate: false
    default: ![0xFEFF, 0xFFFE, 0xFFFF].contains(value)
    }
  }

  fileprivate var printable: String {
    isPrintable ? String(self) : escaped(asASCII: true)
  }
}
