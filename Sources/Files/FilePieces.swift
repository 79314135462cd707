import Foundation

/// Reads a part of a file, piece by piece, into the same memory: for what is too long to be held.
package enum FilePieces {
  /// How much is read at a time: it stays in the processor's cache while it is written and digested.
  private static let pieceBytes = 1 << 18

  /// Hands the bytes `range` of the file at `path` to `body`, in order. Throws ``FileError``, also where the file is
  /// shorter.
  package static func read(
    _ path: String, _ range: Range<Int>, _ body: (UnsafeRawBufferPointer) throws -> Void
  ) throws {
    guard !range.isEmpty else { return }
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw FileError(path: path, action: .read) }
    defer { close(descriptor) }
    var offset = range.lowerBound
    try withUnsafeTemporaryAllocation(byteCount: pieceBytes, alignment: 64) { piece in
      while offset < range.upperBound {
        let count = pread(descriptor, piece.baseAddress, min(piece.count, range.upperBound - offset), offset)
        if count < 0 {
          if errno == EINTR { continue }
          throw FileError(path: path, action: .read)
        }
        guard count > 0 else { throw FileError(path: path, action: .read, reason: "it is cut off") }
        try body(UnsafeRawBufferPointer(rebasing: piece[..<count]))
        offset += count
      }
    }
  }
}
