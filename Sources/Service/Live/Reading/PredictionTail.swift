import Files

/// Finds the last score of each device in prediction files, piece by piece, so that no look takes long.
///
/// A file is sorted by device, sensor and window: what counts of each is its last row.
package struct PredictionTail {
  private struct File {
    var path: String
    var offset = 0
    /// The last whole row so far of the device and sensor that the next piece goes on with.
    var pending: [UInt8] = []
  }

  private var waiting: [File] = []
  private var known: Set<String> = []

  package init() {}

  /// Files of jobs that have completed, the newest first. Those that are new are read, the older before the newer; of many at once the
  /// newest alone, since they have the last scores.
  package mutating func add(_ paths: [String]) {
    let new = paths.filter { !known.contains($0) }
    known = Set(paths)
    waiting = (waiting + new.reversed().map { File(path: $0) }).suffix(LiveDefaults.predictionFiles)
  }

  /// Whether there is something that has not been read.
  package var hasMore: Bool { !waiting.isEmpty }

  /// The scores of the next piece.
  package mutating func next(most: Int = LiveDefaults.predictionBytesPerLook) -> [LiveDevices.Score] {
    guard !waiting.isEmpty else { return [] }
    let bytes = FilePiece.read(waiting[0].path, from: waiting[0].offset, most: most)
    guard let end = bytes.lastIndex(of: 0x0A) else {
      // Its end, or what is no such file.
      let last = waiting.removeFirst().pending
      return Self.score(last[...]).map { [$0] } ?? []
    }
    waiting[0].offset += end + 1
    return Self.scores(bytes[...end], pending: &waiting[0].pending)
  }

  /// The last rows of all devices and sensors in `rows` but the last one, which is left in `pending`.
  static func scores(_ rows: ArraySlice<UInt8>, pending: inout [UInt8]) -> [LiveDevices.Score] {
    var found: [LiveDevices.Score] = []
    var last = pending[...]
    var lastKey = key(last)
    var from = rows.startIndex
    while from < rows.endIndex, let end = rows[from...].firstIndex(of: 0x0A) {
      let row = rows[from..<end]
      from = end + 1
      // Mostly the key is the one before, and so nothing is looked for.
      if lastKey.count > 0, row.starts(with: lastKey) {
        last = row
        continue
      }
      if let score = score(last) { found.append(score) }
      last = row
      lastKey = key(row)
    }
    pending = Array(last)
    return found
  }

  /// Device and sensor of a row, with the comma behind each.
  private static func key(_ row: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    guard let first = row.firstIndex(of: 0x2C), let second = row[(first + 1)...].firstIndex(of: 0x2C) else {
      return []
    }
    return row[...second]
  }

  /// Reads a row; nil for the header, and for what is none.
  private static func score(_ row: ArraySlice<UInt8>) -> LiveDevices.Score? {
    let fields = row.split(separator: 0x2C, omittingEmptySubsequences: false)
    guard fields.count >= 6 else { return nil }
    func text(_ place: Int) -> String { String(decoding: fields[place], as: UTF8.self) }
    guard let score = Double(text(4)), score.isFinite else { return nil }
    return LiveDevices.Score(
      device: text(0), end: text(3), score: score, isAnomalous: fields[5].elementsEqual([0x31]))
  }
}
