import Wording

/// Text of a chart: how it is written in XML, and how much room it takes.
package enum ChartText {
  /// With the characters that mean something in XML replaced, also for attributes in double quotes. A character that XML 1.0 does
  /// not allow becomes U+FFFD.
  package static func escaped(_ text: String) -> String {
    var escaped = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": escaped += "&amp;"
      case "<": escaped += "&lt;"
      case ">": escaped += "&gt;"
      case "\"": escaped += "&quot;"
      case "\t", "\n", "\r": escaped += " "
      default:
        let isAllowed = scalar.value >= 0x20 && scalar.value != 0xFFFE && scalar.value != 0xFFFF
        escaped.unicodeScalars.append(isAllowed ? scalar : "\u{FFFD}")
      }
    }
    return escaped
  }

  /// How wide `text` is at most, in pixels. Which font a reader has is not known; this is what a wide one takes (DejaVu Sans).
  package static func width(_ text: String, size: Double = ChartDefaults.fontSize) -> Double {
    text.reduce(0) { $0 + advance($1) } * size
  }

  /// In parts of the font's size.
  private static func advance(_ character: Character) -> Double {
    switch character {
    case "i", "j", "l", "I", "'", "|", " ", ".", ",", ":", ";", "!": 0.34
    case "f", "t", "r", "-", "(", ")", "[", "]", "/", "\"": 0.42
    case "m", "M", "W", "w", "@", "%", "…": 1
    case "<", ">", "+", "=", "#", "~", "&": 0.84
    case "a"..."z", "0"..."9", "$", "_", "?": 0.64
    default: character.isASCII ? 0.78 : 0.85 * Double(String(character).columns)
    }
  }

  /// As much of `text` as fits, with an ellipsis in the middle where something is left out: names of a kind differ at their ends.
  package static func fitted(_ text: String, to room: Double, size: Double = ChartDefaults.fontSize) -> String
  {
    if width(text, size: size) <= room { return text }
    let characters = Array(text)
    var (front, back) = (0, 0)
    var used = width("…", size: size)
    while front + back < characters.count {
      let isFront = front <= back
      used += advance(isFront ? characters[front] : characters[characters.count - 1 - back]) * size
      guard used <= room else { break }
      if isFront { front += 1 } else { back += 1 }
    }
    return String(characters.prefix(front)) + "…" + String(characters.suffix(back))
  }

  /// `text` in lines that fit, broken between words; a word that is too long is cut.
  package static func wrapped(_ text: String, to room: Double) -> [String] {
    var lines: [String] = []
    var line = ""
    for word in text.split(separator: " ") {
      let longer = line.isEmpty ? String(word) : line + " " + word
      if line.isEmpty || width(longer) <= room {
        line = longer
      } else {
        lines.append(line)
        line = String(word)
      }
    }
    if !line.isEmpty { lines.append(line) }
    return lines.map { fitted($0, to: room) }
  }
}
