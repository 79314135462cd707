/// What a script prints, on its way into the log of its worker: so much and no more of each task, and whole lines at its end, since the
/// worker's own lines follow.
struct ScriptLog {
  /// Whether more may come.
  var isOpen = true
  private let write: ([UInt8]) -> Void
  private var logged = 0
  private var endsLine = true
  /// The end of what was printed last, for a script that ends at its start.
  private var tail: [UInt8] = []

  init(_ write: @escaping ([UInt8]) -> Void) { self.write = write }

  /// A task begins.
  mutating func begin() { logged = 0 }

  mutating func add(_ piece: [UInt8]) {
    guard let last = piece.last else { return }
    tail = Array((tail + piece.suffix(ScriptDefaults.tailBytes)).suffix(ScriptDefaults.tailBytes))
    let room = ScriptDefaults.logBytesPerTask - logged
    logged += piece.count
    guard room >= 0 else { return }
    write(Array(piece.prefix(room)))
    endsLine = last == 0x0A
    guard piece.count > room else { return }
    write(
      Array(
        "\n… the script prints more than \(ScriptDefaults.logBytesPerTask) bytes in one task; the rest is left out\n"
          .utf8))
    endsLine = true
  }

  /// A task ends.
  mutating func end() {
    guard !endsLine else { return }
    write([0x0A])
    endsLine = true
  }

  /// The last line that says something; nil where there is none.
  var lastLine: String? {
    let line = String(decoding: tail, as: UTF8.self).split(whereSeparator: \.isNewline).last {
      !$0.allSatisfy(\.isWhitespace)
    }
    return line.map(ScriptReply.oneLine)
  }
}
