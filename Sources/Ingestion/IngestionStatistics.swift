import Foundation
import Histogram

/// How fast one life of the ingestion service was.
package struct IngestionStatistics: Sendable, Codable {
  package var messages = 0
  package var readings = 0
  package var commits = 0
  /// From the first message to the end of the last commit.
  package var activeSeconds = 0.0
  /// Processor time of the process over the same span.
  package var cpuSeconds = 0.0
  /// How long transactions took, in microseconds.
  package var commitMicroseconds = Histogram<UInt64>(numberOfSignificantValueDigits: .three)

  /// From the time at which a message was meant to be sent to the end of the commit that made it durable, in microseconds.
  /// Of messages that say when that was: those of a fleet that keeps a schedule.
  package var endToEndMicroseconds = Histogram<UInt64>(numberOfSignificantValueDigits: .three)

  /// The same stage by stage of the load; absent where publications do not say their stage.
  package var stages: [StageStatistics]?

  package init() {}

  enum CodingKeys: String, CodingKey {
    case messages, readings, commits, stages
    case activeSeconds = "active_seconds"
    case cpuSeconds = "cpu_seconds"
    case commitMicroseconds = "commit_us"
    case endToEndMicroseconds = "end_to_end_us"
  }

  /// Processor time that this process has used, user and system.
  static func processorSeconds() -> Double {
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) * 1e-6 }
    return seconds(usage.ru_utime) + seconds(usage.ru_stime)
  }
}

/// What the service tells the process that started it, one JSON object a line.
package enum IngestionEvent: Sendable, Codable {
  /// It listens.
  case ready(IngestionService.Start)
  /// There is nothing more to read at this moment: how the newest stage of the load came in, and how many messages the store knows.
  case stage(StageStatistics, known: Int)
  /// It has stored and acknowledged everything it read.
  case stopped(IngestionStatistics)
}
