import Dispatch
import Foundation

/// The thread that looks for connections that are too slow, or deserted.
final class Watcher: Sendable {
  private let end = DispatchSemaphore(value: 0)
  private let hasEnded = DispatchSemaphore(value: 0)

  init(_ watch: ConnectionWatch, _ table: ConnectionTable) {
    let interval = watch.interval.wholeNanoseconds
    let pause = DispatchTimeInterval.nanoseconds(Int(interval))
    Thread.detachNewThread { [end, hasEnded] in
      while end.wait(timeout: .now() + pause) == .timedOut {
        let now = HTTPConnection.now()
        table.cut(watch, now: now)
        table.cutDeserted(since: now - interval)
      }
      hasEnded.signal()
    }
  }

  /// Waits for the thread's end. To be called once.
  func stop() {
    end.signal()
    hasEnded.wait()
  }
}
