/// A text that others wrote, told from others by its bytes.
///
/// Two texts that are equal as `String` may have other bytes: `é` is one character of Unicode, or an `e` with an accent behind it. Who
/// publishes both has two names, and so they stay two.
package struct ExactText: Hashable, Sendable {
  package let text: String

  package init(_ text: String) { self.text = text }

  package static func == (one: Self, other: Self) -> Bool {
    var (one, other) = (one.text, other.text)
    return one.withUTF8 { bytes in
      other.withUTF8 { bytes.count == $0.count && bytes.elementsEqual($0) }
    }
  }

  package func hash(into hasher: inout Hasher) {
    var text = text
    text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
  }
}
