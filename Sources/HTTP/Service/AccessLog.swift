import Files
import Foundation
import Synchronization
import Telemetry

/// Writes a line of JSON a request: what was asked and what came of it, never what was in it, and never a key.
package final class AccessLog: Sendable {
  private struct State {
    var bytes: [UInt8] = []
    var lastWrite = ContinuousClock.now
    var isBroken = false
    /// The time of the last line, which others often share, and its text.
    var milliseconds: Int64 = 0
    var time = ""
  }

  private let state = Mutex(State())
  private let descriptor: Int32

  /// - Parameter descriptor: Of the file that takes the lines, in pieces; -1 for none.
  package init(descriptor: Int32) { self.descriptor = descriptor }

  /// How much is kept before it is written, and for how long.
  private static let pieceBytes = 32 << 10
  private static let longestWait = Duration.milliseconds(200)

  /// Adds the line of a request that was answered with `status`.
  package func add(_ record: RequestRecord, status: Int, duration: Duration) {
    guard descriptor >= 0 else { return }
    let milliseconds = Int64((Date().timeIntervalSince1970 * 1000).rounded())
    state.withLock { state in
      if milliseconds != state.milliseconds {
        state.milliseconds = milliseconds
        state.time = "\(Timestamp(milliseconds: milliseconds))"
      }
      record.write(status: status, duration: duration, at: state.time, to: &state.bytes)
      if state.bytes.count >= Self.pieceBytes || ContinuousClock.now - state.lastWrite > Self.longestWait {
        write(&state)
      }
    }
  }

  /// Writes what is kept.
  package func flush() {
    guard descriptor >= 0 else { return }
    state.withLock { write(&$0) }
  }

  private func write(_ state: inout State) {
    var rest = state.bytes[...]
    while !rest.isEmpty, !state.isBroken {
      let count = rest.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
      if count > 0 {
        rest = rest.dropFirst(count)
      } else if errno != EINTR {
        // A log that cannot be written, as on a full disk, keeps nobody from being answered.
        state.isBroken = errno != ENOSPC && errno != EAGAIN
        break
      }
    }
    state.bytes.removeAll(keepingCapacity: true)
    state.lastWrite = .now
  }
}
