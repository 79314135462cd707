import Foundation
import Supervision
import TestSupport
import Testing

/// The same bytes on one, two and four local nodes, also where a worker or the coordinator is killed. Slurm's are in
/// `SlurmScoringTests.swift`.
@Suite(.timeLimit(.minutes(30))) struct ByteIdentityTests {
  @Test func nodesAndDeathsDoNotChangeAByte() async throws {
    let cron = ["--cron", "0 */6 * * *"]
    let expected = try await ScoringRun.with { run in
      #expect(try await run.schedule(cron) == .exited(code: 0))
      return try run.outputs()
    }
    #expect(expected.count == 4)
    for nodes in [1, 2, 4] {
      for size in [["--nodes", "\(nodes)"], ["--max-instances", "\(nodes)"]] {
        for point in [nil, CrashPoint.partWritten, .tasksRecorded] {
          try await ScoringRun.with { run in
            let marker = "\(run.folder)/crashed"
            let environment = point.map { ["SONDE_CRASH_AT": "\($0.rawValue)#1@\(marker)"] } ?? [:]
            let arguments = cron + size + ["--mini-batch-size", "2"]
            var exit = try await run.schedule(arguments, environment: environment)
            if point == .tasksRecorded {
              #expect(exit == .killed(signal: SIGKILL))
              exit = try await run.schedule(arguments, environment: environment)
            }
            let label = "\(size), \(point?.rawValue ?? "undisturbed")"
            #expect(exit == .exited(code: 0), "\(label)")
            #expect(try run.outputs() == expected, "\(label)")
            #expect(FileManager.default.fileExists(atPath: marker) == (point != nil), "\(label)")
          }
        }
      }
    }
  }
}
