import Files
import Foundation
import Telemetry

/// Reads a prediction file device by device, a piece of the file at a time: for files that are too long to be held.
///
/// Rows as Sonde writes them are read straight from their bytes (``PredictionRowParser``). Any other row is read by
/// ``ScoredWindow/read(_:)``, so that both ways of reading a file say the same.
struct PredictionCursor {
  /// The columns of the files that Sonde writes, in their order.
  private static let plainHeader =
    "device,sensor,window_start,window_end,score,prediction,model_version,revision"
  /// How much of all files is in memory, in bytes: a run has a file a job, and of each a piece is held.
  private static let allPieces = 8 << 20
  /// What is read of a file at a time, in bytes: below, calls of the system show; above, nothing is gained.
  private static let pieceBounds = (least: 1 << 12, most: 1 << 16)
  /// The longest line, in bytes: ids have 64 characters at most, and numbers 25.
  private static let longestLine = 1 << 20

  let path: String
  /// The device of the rows that come next; nil at the end of the file.
  private(set) var device: DeviceID?
  private let size: Int
  private let pieceBytes: Int
  /// Where ``bytes`` end in the file.
  private var offset = 0
  private var bytes: [UInt8] = []
  /// The line that comes next, in ``bytes`` and without its end, and where the one after it begins.
  private var row = 0..<0
  private var next = 0
  /// The number of that line, from 1.
  private var line = 0
  private var header: [UInt8] = []
  private var isPlain = false
  /// The name of ``device``.
  private var name: [UInt8] = []
  /// The row, where it had to be read to know its device.
  private var known: ScoredWindow?
  private var parser = PredictionRowParser()

  /// Opens the file at `path`. Throws `FileError`, and `CSVError` where it has no header or the first row is broken.
  ///
  /// - Parameter beside: How many files are read at the same time.
  init(path: String, beside files: Int = 1) throws {
    guard let size = try? FileManager.default.attributesOfItem(atPath: path)[.size] as? Int else {
      throw FileError(path: path, action: .read, reason: "there is no such file")
    }
    self.path = path
    self.size = size
    pieceBytes = max(Self.pieceBounds.least, min(Self.pieceBounds.most, Self.allPieces / max(1, files)))
    guard try nextLine() else {
      throw CSVError(path: path, line: 1, reason: "the file is empty; a header line was expected")
    }
    header = Array(bytes[row])
    // Throws where a column is missing.
    _ = try ScoredWindow.read(CSVReader(bytes: header + [0x0A], path: path))
    isPlain = header.elementsEqual(Self.plainHeader.utf8)
    try advance()
  }

  /// Hands over the rows of ``device``, in the file's order, and goes on to the next device. Throws `FileError` and `CSVError`, also
  /// where a device comes again that the file has left behind.
  mutating func takeRows(_ body: (ScoredWindow) -> Void) throws {
    guard let device else { return }
    while self.device == device {
      body(try window(of: device))
      try advance()
    }
  }

  /// Goes on to the next device without looking at the rows of ``device``.
  mutating func skipRows() throws {
    guard let device else { return }
    while self.device == device { try advance() }
  }

  private mutating func window(of device: DeviceID) throws -> ScoredWindow {
    if let known { return known }
    if isPlain,
      let window = bytes.withUnsafeBufferPointer({
        parser.window(UnsafeBufferPointer(rebasing: $0[row]), of: device, nameLength: name.count)
      })
    {
      return window
    }
    return try slowRow()
  }

  /// Goes to the next row, and finds its device.
  private mutating func advance() throws {
    known = nil
    repeat {
      guard try nextLine() else {
        device = nil
        return
      }
    } while row.isEmpty
    let next: DeviceID
    if isPlain {
      if isOfSameDevice() { return }
      let id = bytes[row].prefix { $0 != 0x2C }
      if let device = DeviceID(String(decoding: id, as: UTF8.self)) {
        next = device
      } else {
        next = try read().device
      }
    } else {
      next = try read().device
    }
    if next == device { return }
    if let device, next < device {
      throw CSVError(
        path: path, line: line,
        reason: "\(next) comes after \(device); the rows of a prediction file are ordered by device")
    }
    device = next
    name = Array(next.name.utf8)
  }

  private func isOfSameDevice() -> Bool {
    guard device != nil, row.count > name.count else { return false }
    return bytes.withUnsafeBufferPointer { bytes in
      bytes[row.lowerBound + name.count] == 0x2C
        && memcmp(bytes.baseAddress! + row.lowerBound, name, name.count) == 0
    }
  }

  private mutating func read() throws -> ScoredWindow {
    let window = try slowRow()
    known = window
    return window
  }

  /// The window of the line, as ``ScoredWindow/read(_:)`` reads it.
  private func slowRow() throws -> ScoredWindow {
    do {
      let reader = try CSVReader(bytes: header + [0x0A] + bytes[row] + [0x0A], path: path)
      if let window = try ScoredWindow.read(reader).first { return window }
    } catch let error as CSVError {
      throw CSVError(path: path, line: line, reason: error.reason)
    }
    throw CSVError(path: path, line: line, reason: "the line is no row")
  }

  /// Finds the next line; false at the end of the file.
  private mutating func nextLine() throws -> Bool {
    var searched = next
    while true {
      if let end = lineEnd(from: searched) {
        take(next..<end)
        next = end + 1
        return true
      }
      guard offset < size else {
        // The last line need not have an end.
        guard next < bytes.count else { return false }
        take(next..<bytes.count)
        next = bytes.count
        return true
      }
      guard bytes.count - next <= Self.longestLine else {
        throw CSVError(
          path: path, line: line + 1, reason: "the line is longer than \(Self.longestLine) bytes")
      }
      bytes.removeFirst(next)
      searched = bytes.count
      next = 0
      let end = min(offset + pieceBytes, size)
      try FilePieces.read(path, offset..<end) { bytes.append(contentsOf: $0) }
      offset = end
    }
  }

  private mutating func take(_ range: Range<Int>) {
    line += 1
    let hasReturn = !range.isEmpty && bytes[range.upperBound - 1] == 0x0D
    row = range.lowerBound..<range.upperBound - (hasReturn ? 1 : 0)
  }

  private func lineEnd(from start: Int) -> Int? {
    bytes.withUnsafeBytes { all in
      guard start < all.count, let base = all.baseAddress,
        let found = memchr(base + start, 0x0A, all.count - start)
      else { return nil }
      return UnsafeRawPointer(found) - base
    }
  }
}
