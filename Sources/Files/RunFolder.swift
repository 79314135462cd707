/// Where the files of a run are: the names are a public interface.
package struct RunFolder: Hashable, Sendable {
  package let path: String
  /// The folder of the models: the run's own, unless a deployment has others.
  package let models: String
  /// The windows; written by ingestion alone.
  package let store: String

  /// - Parameters:
  ///   - models: The folder of the models; nil for the run's own.
  ///   - store: The file of the windows; nil for the run's own.
  package init(_ path: String, models: String? = nil, store: String? = nil) {
    self.path = path
    self.models = models ?? "\(path)/models"
    self.store = store ?? "\(path)/sonde.sqlite"
  }

  /// The jobs; written by batch scoring alone.
  package var jobs: String { "\(path)/jobs.sqlite" }
  package var predictions: String { "\(path)/predictions" }
  package var labels: String { "\(path)/labels.csv" }
  /// The faults of transport, in the form of the labels.
  package var transport: String { "\(path)/transport.csv" }
  package var report: String { "\(path)/report.json" }
  package var junit: String { "\(path)/junit.xml" }
  /// The page for people.
  package var page: String { "\(path)/\(Self.pageName)" }
  package static let pageName = "report.html"
  package var manifest: String { "\(path)/manifest.json" }
  /// What the run was at, second by second.
  package var timeline: String { "\(path)/timeline.csv" }
  package var logs: String { "\(path)/logs" }
  /// What the run says of itself while it goes on: lines of ``RunLogEntry``.
  package var runLog: String { "\(logs)/run.log" }
  /// What the scoring service and the load on it leave behind.
  package var serving: String { "\(path)/serving" }
  /// What the scoring service leaves behind that the stream asks.
  package var stream: String { "\(path)/stream" }
  /// How scoring inside the stream stood, second by second.
  package var streamRecord: String { "\(path)/stream.csv" }
  /// What scoring inside the stream is told.
  package var streamSettings: String { "\(path)/stream.json" }
  /// What jobs on other cluster sizes need while they run.
  package var clusterSizes: String { "\(path)/cluster-sizes" }
  /// The log files of workers.
  package var workerLogs: String { "\(logs)/workers" }
  /// What the parts said of themselves.
  package var account: String { "\(path)/account.json" }
  /// What ingestion is told.
  package var ingestionSettings: String { "\(path)/ingest.json" }
  /// What the fleet is told.
  package var fleetSettings: String { "\(path)/simulate.json" }
  /// What the scheduler is told.
  package var schedule: String { "\(path)/schedule.json" }
  /// When the messages of the fleet arrive, as ingestion is told.
  package var arrivals: String { "\(path)/arrivals.json" }
  /// What faults tell ingestion, while the run goes on.
  package var faults: String { "\(path)/faults" }
  /// Configuration and persistence of the embedded broker.
  package var broker: String { "\(path)/broker" }

  /// The log of one part of the run.
  package func log(_ part: String) -> String { "\(logs)/\(part).log" }
}
