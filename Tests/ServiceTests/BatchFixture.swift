import Compute
import Files
import Foundation
import HTTP
import Modelling
import OneClassSVM
import Service
import Supervision
import Synchronization
import Telemetry
import TestSupport

/// A service of batch endpoints over a folder with models and CSV files, asked without a socket. Its jobs run in this process, as they do in
/// one of their own.
final class BatchFixture: Sendable {
  /// The served folder, called `run`, as the server sees it.
  let root: String
  let state: String
  let service: BatchService
  /// How often a job was begun.
  let begun: Counter

  final class Counter: Sendable {
    private let count = Mutex(0)
    var value: Int { count.withLock { $0 } }
    func add() { count.withLock { $0 += 1 } }
  }

  /// What becomes of the process of a job.
  enum Process: Sendable {
    case runs
    /// It dies before it has done anything.
    case dies
    /// It waits until the flag is set.
    case waits(StopFlag)
  }

  static let features = ["mean", "stddev"]
  static let device = "pump-1"

  /// Makes the served folder below `folder`: models of one sensor, and two CSV files.
  static func prepare(in folder: String) throws -> String {
    let root = "\(folder)/run"
    for path in ["\(root)/models", "\(root)/csv", "\(root)/others"] { try Folder.make(path) }
    var generator = SeededGenerator(seed: 7, stream: "rows")
    func row() -> [Double] {
      [50 + Double.random(in: -1...1, using: &generator), 1 + Double.random(in: 0...1, using: &generator)]
    }
    let model = try OneClassModel.train(
      rows: FeatureMatrix(rows: (0..<80).map { _ in row() }), featureNames: features,
      provenance: ModelMetadata(device: device, sensor: "temperature")
    ).model
    try ModelFile.write(
      model, folder: "\(root)/models", stem: ModelFile.stem(device: device, sensor: "temperature"))
    for (name, day) in [("csv/b.csv", 1), ("csv/a.csv", 2), ("others/c.csv", 3)] {
      var text = "device,sensor,window_start,mean,stddev\n"
      for hour in 0..<5 {
        let values = row()
        text += "\(device),temperature,2026-01-0\(day)T0\(hour):00:00Z,\(values[0]),\(values[1])\n"
      }
      text += "unknown,temperature,2026-01-0\(day)T00:00:00Z,1,1\n"
      try AtomicFile.write(text, to: "\(root)/\(name)")
    }
    return root
  }

  init(in folder: String, _ process: Process = .runs, keys: KeyRing? = nil, jobsAtATime: Int = 4) throws {
    let folders = try ServedFolders(["\(folder)/run"])
    root = folders.roots[0].path
    state = "\(folder)/state"
    let begun = Counter()
    self.begun = begun
    try Folder.make(state)
    var parts = BatchService.Parts(
      endpoints: try BatchEndpoints(files: []), inputs: InputCatalog(folders: folders),
      folder: JobsFolder(state), now: { Self.now() },
      runJob: { paths in
        begun.add()
        switch process {
        case .runs: break
        case .dies: return
        case .waits(let flag): while !flag.isSet { try await Task.sleep(for: .milliseconds(5)) }
        }
        try await Self.run(paths)
      })
    parts.keys = keys
    parts.version = "1.2.3"
    parts.jobsAtATime = jobsAtATime
    service = try BatchService(parts)
  }

  deinit { service.stop() }

  static func now() -> Timestamp {
    Timestamp(milliseconds: Int64((Date().timeIntervalSince1970 * 1000).rounded()))
  }

  /// What the process of a job does.
  static func run(_ paths: JobPaths) async throws {
    try await BatchJobRun(
      paths, worker: { _ in WorkerCommand(executable: "/bin/false") },
      target: { _, _, _, _ in throw ScoringError("these tests score files") }, stop: StopFlag(),
      now: { now() }, log: { _ in }
    ).run()
  }

  // MARK: - Requests

  static let jobs = "/batchEndpoints/default/jobs"

  static func body(_ uri: String = "run/csv", more: String = "") -> String {
    #"{"properties":{"InputData":{"rows":{"JobInputType":"UriFolder","Uri":"\#(uri)"}}\#(more)}}"#
  }

  func ask(
    _ method: HTTPMethod, _ path: String, _ body: String = "", headers: HTTPHeaders = HTTPHeaders(),
    arguments: [(String, String)] = []
  ) async -> HTTPAnswer {
    var query = HTTPHeaders()
    for (name, value) in arguments { query.add(name, value) }
    var request = HTTPRequest(method, path, arguments: query.fields, headers: headers)
    if let refusal = service.refusal(ofHead: request) { return refusal }
    request.body = Array(body.utf8)
    let whole = request
    return await withCheckedContinuation { continuation in
      let answer = service.answer(whole) { HTTPReply { continuation.resume(returning: $0) } }
      if let answer { continuation.resume(returning: answer) }
    }
  }

  /// Starts a job, with the key `key`.
  func start(
    _ body: String = BatchFixture.body(), key: String? = nil, header: String = "repeatability-request-id"
  )
    async -> HTTPAnswer
  {
    var headers: HTTPHeaders = ["Content-Type": "application/json"]
    if let key { headers.add(header, key) }
    return await ask(.post, Self.jobs, body, headers: headers)
  }

  /// Waits for the end of a job, and returns it.
  func end(of name: String) async throws -> HTTPAnswer {
    let deadline = ContinuousClock.now + .seconds(600)
    while ContinuousClock.now < deadline {
      service.look()
      let answer = await ask(.get, "\(Self.jobs)/\(name)")
      if ["Completed", "Failed", "Canceled"].contains(answer.job.status) { return answer }
      try await Task.sleep(for: .milliseconds(10))
    }
    throw ScoringError("the job \(name) has not ended")
  }
}

/// A field that says whether two things are the same.
struct JobFields: Hashable {
  var name = ""
  var status = ""
  var own: [String: String] = [:]
}

extension HTTPAnswer {
  var text: String { String(decoding: body, as: UTF8.self) }

  var json: [String: Any] {
    (try? JSONSerialization.jsonObject(with: Data(body))) as? [String: Any] ?? [:]
  }

  var job: JobFields { Self.fields(json) }

  /// The jobs of a list.
  var jobs: [JobFields] { (json["value"] as? [[String: Any]] ?? []).map(Self.fields) }

  private static func fields(_ job: [String: Any]) -> JobFields {
    let properties = job["properties"] as? [String: Any] ?? [:]
    return JobFields(
      name: job["name"] as? String ?? "", status: properties["status"] as? String ?? "",
      own: properties["properties"] as? [String: String] ?? [:])
  }

  var error: (code: String, message: String)? {
    guard let error = json["error"] as? [String: String], let code = error["code"],
      let message = error["message"]
    else { return nil }
    return (code, message)
  }

  /// What a file that is sent has in it.
  var fileText: String? {
    file.map { file in
      let handle = FileHandle(fileDescriptor: file.duplicate(), closeOnDealloc: true)
      return String(decoding: (try? handle.readToEnd()) ?? Data(), as: UTF8.self)
    }
  }
}
