import ClusterModel
import DeviceFleet
import Files
import Ingestion
import Telemetry
import WindowStore

/// What the parts of a run said of themselves, and what was done to them: all that a verdict needs and that is nowhere else in the
/// run's folder. As a file it is `account.json`.
package struct RunAccount: Sendable, Codable {
  /// When the run began, on the wall clock.
  package let startedAt: Timestamp
  /// Wall-clock time from the start of the first part to the end of the last.
  package var elapsedSeconds = 0.0
  package var fleet: FleetLedger?
  /// Of the last life of ingestion, with every latency that it measured.
  package var ingestion: IngestionStatistics?
  /// How often ingestion was started again because of faults, and after deaths that nobody planned.
  package var plannedRestarts = 0
  package var unplannedRestarts = 0
  package var faults: [FaultOutcome] = []
  /// Whether the broker may have forgotten what it had acknowledged.
  package var brokerWasKilled = false
  /// From the end of the last fault, or of publishing where that was later, until everything was stored.
  package var drainedSeconds: Double?

  /// Of the cluster sizes; nil where none were looked at.
  package var sweep: SweepAccount?
  /// What was seen of the load, stage by stage; nil in runs of versions that did not look.
  package var load: LoadAccount?
  /// Of the scoring service; nil where nothing was served.
  package var serving: ServingAccount?
  /// Of scoring inside the stream; nil where there was none.
  package var stream: StreamFigures?

  package init(startedAt: Timestamp) { self.startedAt = startedAt }

  /// Reads the file at `path`. Throws `FileError` and `JSONFileError`.
  package init(path: String) throws { self = try JSONFile.read(RunAccount.self, path, keys: .asDeclared) }

  /// Writes it to `path`, in place of an older one. Throws `FileError`.
  package func write(to path: String) throws { try JSONFile.write(self, to: path, keys: .asDeclared) }

  private enum CodingKeys: String, CodingKey {
    case fleet, ingestion, faults, sweep, load, serving, stream
    case startedAt = "started_at"
    case elapsedSeconds = "elapsed_seconds"
    case plannedRestarts = "planned_restarts"
    case unplannedRestarts = "unplanned_restarts"
    case brokerWasKilled = "broker_was_killed"
    case drainedSeconds = "drained_seconds"
  }
}

/// What a report is made of.
package struct RunMeasurements: Sendable {
  package let subject: RunSubject
  package var account: RunAccount
  /// What is in the folder of the run; nil where the run did not come so far.
  package var judged: JudgedFolder?
  /// The rows of the cluster sizes; nil where none were looked at.
  package var sweep: ClusterTable?

  package init(
    _ subject: RunSubject, _ account: RunAccount, judged: JudgedFolder? = nil, sweep: ClusterTable? = nil
  ) {
    self.subject = subject
    self.account = account
    self.judged = judged
    self.sweep = sweep
  }

  /// Which size to take; nil where none was looked at.
  package var answers: ClusterAnswers? {
    guard let sweep, let account = account.sweep else { return nil }
    return ClusterAnswers(sweep, account)
  }
}
