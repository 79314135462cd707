import Foundation

/// An open file that is the body of an answer: it is sent piece by piece, however long it is, and closed with the last answer that has it.
package final class HTTPFile: Sendable, Hashable {
  private let descriptor: Int32
  /// How many of its bytes are sent.
  package let count: Int

  /// - Parameter descriptor: Of the file, at its beginning. It belongs to this object from now on.
  package init(descriptor: Int32, count: Int) {
    self.descriptor = descriptor
    self.count = count
  }

  deinit { close(descriptor) }

  /// A descriptor of its own for whoever sends it; -1 where the process has too many.
  package func duplicate() -> Int32 { fcntl(descriptor, F_DUPFD_CLOEXEC, 0) }

  package static func == (first: HTTPFile, second: HTTPFile) -> Bool { first === second }

  package func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(self)) }
}
