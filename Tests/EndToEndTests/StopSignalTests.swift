import Foundation
import Supervision
import TestSupport
import Testing

/// What becomes of a signal to stop that comes as soon as it can.
@Suite(.serialized) struct StopSignalTests {
  /// The bit of SIGTERM in the masks of proc_pid_status(5).
  private static let bit: UInt64 = 1 << UInt64(SIGTERM - 1)

  /// Whether the process treats SIGTERM in any other way than the system does by itself.
  private static func minds(_ process: Int32) -> Bool {
    guard let status = try? String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8) else {
      return true
    }
    return status.split(separator: "\n").contains { line in
      guard line.hasPrefix("SigIgn:") || line.hasPrefix("SigCgt:") else { return false }
      return UInt64(line.dropFirst(7).trimmingCharacters(in: .whitespaces), radix: 16).map { $0 & bit != 0 }
        ?? false
    }
  }

  /// The process that was started with `word`, as soon as it minds SIGTERM; nil while there is none.
  private static func mindful(_ word: String) -> Int32? {
    guard let process = (try? Processes.naming(word))?.first else { return nil }
    // Without a pause: between two steps of the start there is little time.
    while !minds(process) {}
    return process
  }

  @Test(.timeLimit(.minutes(30))) func aSignalAtTheBeginningIsNotLost() async throws {
    try await withTemporaryFolder { folder in
      try await withBroker(in: folder) { broker in
        for round in 1...20 {
          let store = "\(folder)/\(round).sqlite"
          let stop = PromptAction(when: "it minds the signal", { Self.mindful(store) }) { kill($0, SIGTERM) }
          let service = try await Service.start(
            name: "ingest", executable: SondeProgram.path,
            arguments: ["ingest", "--broker", "\(broker)", "--store", store, "--window", "10s"],
            log: "\(folder)/ingest.log")
          let process = service.processID
          try await stop.finish()
          try await waitUntil("ingestion \(round) ends") { Processes.state(of: process) == nil }
          if Processes.state(of: process) != nil { service.send(signal: SIGKILL) }
          #expect(try await service.exit() == .exited(code: 0))
        }
      }
    }
  }
}
