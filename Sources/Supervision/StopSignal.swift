import Dispatch
import Foundation
import Synchronization

/// A switch that signal handlers throw and loops look at.
package final class StopFlag: Sendable {
  private let value = Atomic<Bool>(false)

  package init() {}

  package func set() { value.store(true, ordering: .relaxed) }
  package var isSet: Bool { value.load(ordering: .relaxed) }
}

/// Turns SIGTERM and SIGINT into a flag, so that a service can finish what it has begun. A second signal ends the
/// process at once.
package final class StopSignal: Sendable {
  /// Set by the first signal.
  package let flag = StopFlag()
  /// The first signal that came, or 0.
  package var received: Int32 { first.load(ordering: .relaxed) }

  private let first = Atomic<Int32>(0)

  /// Makes writing to a closed pipe an error instead of a death.
  package static func ignoreBrokenPipes() { signal(SIGPIPE, SIG_IGN) }

  /// Takes over both signals. One that comes before ends the process, which has begun nothing yet.
  ///
  /// - Parameter onFirst: Called once, on a thread of Dispatch.
  package init(onFirst: @escaping @Sendable () -> Void = {}) {
    let registered = DispatchGroup()
    for number in [SIGTERM, SIGINT] {
      // Dispatch puts a handler of its own there, on another thread. A signal that was ignored until then would be lost for good.
      let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
      registered.enter()
      source.setRegistrationHandler { registered.leave() }
      source.setEventHandler { [self] in
        // The handler holds its source, and so both live as long as the process.
        _ = source
        guard first.compareExchange(expected: 0, desired: number, ordering: .relaxed).exchanged else {
          _exit(130)
        }
        flag.set()
        onFirst()
      }
      source.activate()
    }
    registered.wait()
  }
}
