import Foundation

/// The clock that all processes of a machine share, and that never goes back: what they write down by it can be compared.
package enum MachineClock {
  /// Since some time in the past, the same for all (`CLOCK_MONOTONIC`).
  package static var now: Duration {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return .seconds(Int64(time.tv_sec)) + .nanoseconds(Int64(time.tv_nsec))
  }
}
