import Dispatch
import Foundation

/// The thread that looks for connections that are too slow.
final class Watcher: Sendable {
  private let end = DispatchSemaphore(value: 0)
  private let hasEnded = DispatchSemaphore(value: 0)

  init(_ watch: ConnectionWatch, _ table: ConnectionTable) {
    let pause = DispatchTimeInterval.nanoseconds(Int(watch.interval.wholeNanoseconds))
    Thread.detachNewThread { [end, hasEnded] in
      while end.wait(timeout: .now() + pause) == .timedOut { table.cut(watch, now: HTTPConnection.now()) }
      hasEnded.signal()
    }
  }

  /// Waits for the thread's end. To be called once.
  func stop() {
    end.signal()
    hasEnded.wait()
  }
}
