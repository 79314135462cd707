import Files
import Foundation
import Supervision

/// How many processors of this machine other programs are at: what the kernel says of all, less what it says of us and of the
/// children that we have waited for.
struct ProcessorWatch {
  private let begin = ContinuousClock.now
  private let busyBefore: Double
  private let ownBefore: Double

  init() {
    busyBefore = Self.busySeconds
    ownBefore = Self.ownSeconds
  }

  /// The average since the watch was made; 0 where the kernel says nothing.
  var otherProcessors: Double {
    let elapsed = (ContinuousClock.now - begin) / .seconds(1)
    guard elapsed > 0 else { return 0 }
    return max(0, (Self.busySeconds - busyBefore) - (Self.ownSeconds - ownBefore)) / elapsed
  }

  /// Of all processors since they were started, of programs of this machine.
  private static var busySeconds: Double {
    guard let line = (try? TextFile.text(of: "/proc/stat"))?.split(separator: "\n").first else { return 0 }
    return ProcessorTicks.busy(line) / Double(max(1, sysconf(Int32(_SC_CLK_TCK))))
  }

  private static var ownSeconds: Double {
    func seconds(_ who: __rusage_who_t) -> Double {
      var usage = rusage()
      getrusage(who, &usage)
      func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) * 1e-6 }
      return seconds(usage.ru_utime) + seconds(usage.ru_stime)
    }
    return seconds(__rusage_who_t(RUSAGE_SELF.rawValue)) + seconds(__rusage_who_t(RUSAGE_CHILDREN.rawValue))
  }
}
