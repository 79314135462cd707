/// How wide text is on a terminal, in columns.
extension StringProtocol {
  /// Nothing for marks that combine with the character before, two for East Asian wide characters and emoji, one for the
  /// others (Unicode Standard Annex 11).
  package var columns: Int { reduce(0) { $0 + $1.columns } }

  /// As much of the text as fits into `columns`; control characters are left out, because they move the cursor.
  package func fitted(to columns: Int) -> String {
    var text = ""
    var left = columns
    for character in self where !character.isControl {
      left -= character.columns
      guard left >= 0 else { break }
      text.append(character)
    }
    return text
  }
}

extension Character {
  /// Of a character with several scalars, the first tells the width.
  fileprivate var columns: Int {
    guard let scalar = unicodeScalars.first else { return 0 }
    switch scalar.properties.generalCategory {
    case .nonspacingMark, .enclosingMark, .format, .control: return 0
    default: break
    }
    let hasEmojiStyle = unicodeScalars.contains { $0.value == 0xFE0F }
    return hasEmojiStyle || Self.wide.contains { $0.contains(scalar.value) } ? 2 : 1
  }

  fileprivate var isControl: Bool {
    unicodeScalars.first?.properties.generalCategory == .control
  }

  /// The blocks whose characters have the property East_Asian_Width W or F.
  private static let wide: [ClosedRange<UInt32>] = [
    0x1100...0x115F, 0x231A...0x231B, 0x23E9...0x23EC, 0x2E80...0x303E, 0x3041...0xA4CF, 0xA960...0xA97C,
    0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F, 0xFF01...0xFF60, 0xFFE0...0xFFE6, 0x16FE0...0x18DFF,
    0x1B000...0x1B2FF, 0x1F004...0x1F004, 0x1F0CF...0x1F0CF, 0x1F18E...0x1F19A, 0x1F200...0x1F320,
    0x1F32D...0x1F64F, 0x1F680...0x1F6FC, 0x1F7E0...0x1F7F0, 0x1F90C...0x1FAFF, 0x20000...0x3FFFD,
  ]
}
