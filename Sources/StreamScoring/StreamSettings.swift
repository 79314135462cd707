import Files
import HTTPLoad
import Modelling
import Telemetry
import Wording

/// Everything that scoring inside the stream is told. As a file it is a run's `stream.json`.
package struct StreamSettings: Hashable, Sendable, Codable {
  /// The folder of the run, whose windows are scored.
  package var run: String
  /// The URL of `infer` of the model that takes rows of many devices: `http://127.0.0.1:8080/v2/models/models/infer`.
  package var service: String
  /// The folder of the models that the service serves; nil for the run's own.
  package var models: String?
  /// Where a script scores in place of models: what a score is of.
  package var script: ModelScope?
  /// Windows visible at this time are not scored; nil: all are.
  package var from: Timestamp?
  package var maxBatchCount = StreamDefaults.maxBatchCount
  package var parallelRequests = StreamDefaults.parallelRequests
  package var fatalCodes = FatalCodes.text2022
  /// The file with the key for the service; nil for none.
  package var keyFile: String?

  package init(run: String, service: String) {
    self.run = run
    self.service = service
  }

  /// What cannot be, in a sentence; nil where nothing is wrong. Names are those of scenarios.
  package var fault: String? {
    if !(1...StreamDefaults.mostBatchCount).contains(maxBatchCount) {
      return "max_batch_count is 1 to \(StreamDefaults.mostBatchCount), not \(maxBatchCount)"
    }
    if !(1...StreamDefaults.mostParallelRequests).contains(parallelRequests) {
      return "parallel_requests is 1 to \(StreamDefaults.mostParallelRequests), not \(parallelRequests)"
    }
    do {
      let target = try LoadTarget(service)
      guard target.model != nil, target.path.hasSuffix("/infer") else {
        return "the service is the URL of a model, such as http://127.0.0.1:8080/v2/models/models/infer"
      }
    } catch {
      return "\(error)"
    }
    return nil
  }

  /// Reads the file at `path`. Throws `FileError`, and `JSONFileError` where it says what cannot be.
  package init(path: String) throws {
    self = try JSONFile.read(StreamSettings.self, path)
    if let fault { throw JSONFileError(path: path, reason: fault) }
  }
}

/// What scoring inside the stream tells while it goes on: a line of JSON each.
package enum StreamEvent: Hashable, Sendable, Codable {
  case progress(StreamState)
  /// It has scored everything that it was told to.
  case drained(StreamState)
}

/// How scoring inside the stream stands.
package struct StreamState: Hashable, Sendable, Codable {
  package var functionRequests = 0
  package var functionEvents = 0
  package var failedFunctionRequests = 0
  package var retries = 0
  /// Rows that have closed and have no score yet.
  package var backloggedWindows = 0
  /// By how much the fleet's watermark is ahead of the oldest window without a score, in milliseconds of event time.
  package var watermarkDelayMs: Int64 = 0

  package init() {}
}

/// Why scoring inside the stream has ended before its time.
package struct StreamError: ExitingError {
  package let description: String
  package let exitStatus: ExitStatus

  package init(_ description: String, _ exitStatus: ExitStatus = .expectationFailed) {
    self.description = description
    self.exitStatus = exitStatus
  }
}
