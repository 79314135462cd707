import Documents
import StreamScoring

/// The keys of `stream_scoring:`.
extension ScenarioSchema {
  static let streamScoring = Mapping(
    name: "stream_scoring",
    keys: [
      Key(
        name: "max_batch_count",
        kind: .wholeNumber(minimum: 1, maximum: UInt64(StreamDefaults.mostBatchCount)),
        about: "Rows a request at most. Default \(StreamDefaults.maxBatchCount)."),
      Key(
        name: "parallel_requests",
        kind: .wholeNumber(minimum: 1, maximum: UInt64(StreamDefaults.mostParallelRequests)),
        about: "Requests under way at a time. Default \(StreamDefaults.parallelRequests)."),
      Key(
        name: "fatal_codes",
        kind: .choice(FatalCodes.allCases.map(\.rawValue)),
        about:
          "Which answers end the scoring, as Azure's texts of two years have it. 2020: all but 200 and 503; 2022, the default: 400, 401, 404 and 409. "
          + "All others are tried again."),
    ])
}
