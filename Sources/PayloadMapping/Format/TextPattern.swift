/// Text in which `*` stands for any characters, also none.
struct TextPattern: Hashable, Sendable {
  /// What stands between the stars: one piece where there is none.
  private let pieces: [[UInt8]]

  init(pieces: [String]) { self.pieces = pieces.map { Array($0.utf8) } }

  init(_ text: String) {
    self.init(pieces: text.split(separator: "*", omittingEmptySubsequences: false).map(String.init))
  }

  /// Whether it matches everything.
  var isAny: Bool { pieces.count > 1 && pieces.allSatisfy(\.isEmpty) }

  /// A text that it matches: with `filler` in place of the star that is all of it, and with nothing for other stars.
  func example(_ filler: String) -> String {
    isAny ? filler : String(decoding: pieces.joined(), as: UTF8.self)
  }

  func matches(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
    let first = pieces[0]
    guard pieces.count > 1 else { return text.count == first.count && text.elementsEqual(first) }
    let last = pieces[pieces.count - 1]
    guard text.count >= first.count + last.count, text.starts(with: first),
      text.suffix(last.count).elementsEqual(last)
    else { return false }
    // The pieces between, each at its first place: the leftmost leaves the most room for those that follow.
    var start = first.count
    let end = text.count - last.count
    for piece in pieces[1..<(pieces.count - 1)] {
      while start + piece.count <= end, !text[start..<start + piece.count].elementsEqual(piece) { start += 1 }
      guard start + piece.count <= end else { return false }
      start += piece.count
    }
    return true
  }

  func matches(_ text: String) -> Bool {
    var text = text
    return text.withUTF8 { matches($0) }
  }
}
