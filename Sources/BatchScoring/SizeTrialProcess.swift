import ClusterModel
import Files
import Foundation
import Supervision
import Telemetry

/// One job of a ``SizeTrial`` as a process with children of its own, so that the whole of it can be stopped and continued.
///
///     process → starter   {"ready":{}}                once it can begin
///     starter → process   an empty line               begin
///     process → starter   {"finished":{"_0":{…}}}     a SizeTrial.Outcome
///                      or {"failed":{"_0":"…"}}
///
/// It leaves when its standard input ends.
package struct SizeTrialProcess: Hashable, Sendable, Codable {
  /// A line on the process's standard output.
  package enum Word: Sendable, Codable {
    case ready
    case finished(SizeTrial.Outcome)
    case failed(String)
  }

  /// The folder of the run.
  package var run: String
  package var deployment: Deployment
  /// Windows visible at this time are not scored.
  package var after: Timestamp
  package var cell: ClusterCell
  /// The folder of the job's own files, which must not exist.
  package var scratch: String

  package init(run: String, deployment: Deployment, after: Timestamp, cell: ClusterCell, scratch: String) {
    self.run = run
    self.deployment = deployment
    self.after = after
    self.cell = cell
    self.scratch = scratch
  }

  /// The arguments of the process that reads these settings from the file at `path`.
  package static func arguments(_ path: String) -> [String] { ["score-size", path] }

  /// The process itself.
  package func perform(executable: String) async {
    ProcessGroup.lead()
    do {
      let trial = try await SizeTrial(RunFolder(run), deployment, after: after, executable: executable)
      let outcome = try await trial.run(cell, scratch: scratch) {
        Self.say(.ready)
        guard readLine() != nil else { throw CancellationError() }
      }
      Self.say(.finished(outcome))
    } catch {
      Self.say(.failed("\(error)"))
    }
    while readLine() != nil {}
  }

  private static func say(_ word: Word) {
    guard let data = try? JSONEncoder().encode(word) else {
      preconditionFailure("texts and finite numbers always encode")
    }
    // Where nobody reads any more, standard input has ended too.
    try? FileHandle.standardOutput.write(contentsOf: data + [0x0A])
  }
}
