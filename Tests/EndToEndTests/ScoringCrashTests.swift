import Foundation
import Supervision
import TestSupport
import Testing

/// Kills the scheduler, or a worker of it, at every step where dying could matter, at the first passage, the second, …,
/// until a schedule comes through, starts it again, and looks whether the predictions are those of a run that nobody
/// disturbed.
@Suite(.serialized, .timeLimit(.minutes(30))) struct ScoringCrashTests {
  /// A bound on the passages, far beyond what the schedule's two jobs make.
  private static let mostPassages = 30
  /// By the watermark, and by the wall clock, whose closing job scores everything here.
  private static let schedules = [["--cron", "0 */6 * * *"], ["--clock", "wall", "--cron", "0 0 1 1 *"]]

  @Test(arguments: schedules) func noCrashChangesAByteOrScoresAWindowTwice(times: [String]) async throws {
    let schedule = times + ["--mini-batch-size", "3", "--nodes", "2"]
    let reference = try await ScoringRun.with { run in
      #expect(try await run.schedule(schedule) == .exited(code: 0))
      #expect(try run.scored().count == 6 * 144)
      return try run.outputs()
    }
    #expect(reference["closing/predictions.csv"] != nil)
    for point in CrashPoint.scoring {
      var passage = 1
      while passage <= Self.mostPassages {
        let hasCrashed = try await ScoringRun.with { run in
          let marker = "\(run.folder)/crashed"
          let environment = ["SONDE_CRASH_AT": "\(point.rawValue)#\(passage)@\(marker)"]
          var exit = try await run.schedule(schedule, environment: environment)
          if exit == .killed(signal: SIGKILL) {
            exit = try await run.schedule(schedule, environment: environment)
          }
          #expect(exit == .exited(code: 0), "\(point) at passage \(passage)")
          #expect(try run.outputs() == reference, "\(point) at passage \(passage)")
          let left = try FileManager.default.contentsOfDirectory(atPath: "\(run.folder)/predictions").filter {
            FileManager.default.fileExists(atPath: "\(run.folder)/predictions/\($0)/tasks")
          }
          #expect(left.isEmpty, "\(point) at passage \(passage) leaves parts")
          return FileManager.default.fileExists(atPath: marker)
        }
        if !hasCrashed { break }
        passage += 1
      }
      #expect(passage > 1, "\(point) is never passed")
      #expect(passage <= Self.mostPassages)
      print("crash point \(point.rawValue): killed at passages 1 to \(passage - 1), each window scored once")
    }
  }
}
