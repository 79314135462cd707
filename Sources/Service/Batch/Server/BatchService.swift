import BatchScoring
import Files
import Foundation
import HTTP
import Modelling
import Synchronization
import Telemetry
import Wording

/// The REST face of batch endpoints as a handler of requests. Whatever looks into files waits for one thread, so that requests follow each
/// other: two with one idempotency key cannot both be the first.
package final class BatchService: HTTPHandler {
  /// What a server has.
  package struct Parts: Sendable {
    package var endpoints: BatchEndpoints
    package var inputs: InputCatalog
    package var folder: JobsFolder
    /// Who may ask; nil for everybody.
    package var keys: KeyRing?
    package var log = AccessLog(descriptor: -1)
    /// Of the program.
    package var version = ""
    package var jobsAtATime = BatchDefaults.jobsAtATime
    /// The wall clock.
    package var now: @Sendable () -> Timestamp
    /// Runs the process of the job in a folder to its end. Throws where it cannot be started.
    package var runJob: @Sendable (JobPaths) async throws -> Void
    /// Is told what a person should know.
    package var notice: @Sendable (String) -> Void = { _ in }

    package init(
      endpoints: BatchEndpoints, inputs: InputCatalog, folder: JobsFolder,
      now: @escaping @Sendable () -> Timestamp, runJob: @escaping @Sendable (JobPaths) async throws -> Void
    ) {
      self.endpoints = endpoints
      self.inputs = inputs
      self.folder = folder
      self.now = now
      self.runJob = runJob
    }
  }

  let parts: Parts
  let registry: Mutex<JobRegistry>
  /// Held while somebody looks how far jobs are: what was seen first must not be noted last.
  let looking = Mutex(())
  /// The jobs whose processes this server has started and that go on, and how often it has started one.
  let processes = Mutex(Processes())
  private let metrics = Mutex(BatchMetrics())
  private let queue: RequestQueue
  private let numbers = RequestNumbers()

  struct Processes {
    var running: Set<String> = []
    var starts: [String: Int] = [:]
  }

  /// Takes up the jobs that are in the folder. Throws `FileError`.
  package init(_ parts: Parts) throws {
    self.parts = parts
    var registry = JobRegistry(jobsAtATime: parts.jobsAtATime)
    for entry in try parts.folder.load(parts.notice) { registry.add(entry) }
    self.registry = Mutex(registry)
    queue = RequestQueue(
      name: "batch", threads: 1, mostWaiting: BatchDefaults.queuedRequests, makeWorker: { NoWorker() })
  }

  /// The thread needs nothing for itself.
  private final class NoWorker: RequestQueue.Worker {}

  /// Ends its thread.
  package func stop() { queue.stop() }

  // MARK: - Heads

  package func refusal(ofHead request: HTTPRequest) -> HTTPAnswer? {
    let (route, _, fault) = route(of: request)
    var key: String?
    do throws(RequestFault) {
      try RequestID.check(request)
      key = try parts.keys?.checkedKey(of: request).digest
      if let fault {
        guard request.method == .options, !fault.allowed.isEmpty else { throw fault }
        // What a browser asks before it asks, and others to see what there is.
        let answer = HTTPAnswer(.ok, headers: ["Allow": HTTPMethod.allow(fault.allowed)])
        return finish(record(of: request, route, key: key), request, answer)
      }
      if route == .start { try Self.checkContentType(request) }
      return nil
    } catch {
      return finish(record(of: request, route, key: key), request, fault: error)
    }
  }

  package func refusal(of request: HTTPRequest, breaking limit: HTTPLimit) -> HTTPAnswer {
    finish(
      record(of: request, route(of: request).route), request,
      fault: RequestFault(limit.status, limit.description))
  }

  private func route(of request: HTTPRequest) -> (
    route: BatchRoute?, values: [Substring], fault: RequestFault?
  ) {
    var request = request
    request.path = BatchRoute.path(request.path)
    let (index, values, fault) = BatchRoute.table.route(of: request)
    return (index.flatMap(BatchRoute.init), values, fault)
  }

  private static func checkContentType(_ request: HTTPRequest) throws(RequestFault) {
    let type = request.headers["Content-Type"]?.prefix { $0 != ";" }
      .trimmingCharacters(in: .whitespaces).lowercased()
    guard type == "application/json" else {
      throw RequestFault(.unsupportedMediaType, "the body must be JSON: Content-Type: application/json")
    }
  }

  // MARK: - Answers

  package func answer(_ request: HTTPRequest, later: () -> HTTPReply) -> HTTPAnswer? {
    let (route, values, _) = route(of: request)
    let key = parts.keys == nil ? nil : KeyRing.firstDigits(authorization: request.headers["Authorization"])
    var record = record(of: request, route, key: key)
    guard let route else {
      return finish(record, request, fault: RequestFault(.notFound, "there is nothing there"))
    }
    if let endpoint = values.first { record.endpoint = String(endpoint) }
    if values.count > 1 { record.job = String(values[1]) }
    if route == .root { return finish(record, request, .text(.ok, "Healthy")) }
    let reply = later()
    let (asked, names) = (record, values.map(String.init))
    let entry = RequestQueue.Entry(
      mostWait: BatchDefaults.mostWait, deadline: asked.started + BatchDefaults.requestTimeout,
      answer: { [self] _ in
        var record = asked
        do throws(RequestFault) {
          let answer = try result(of: route, names, request, &record)
          reply.send(finish(record, request, answer))
        } catch {
          reply.send(finish(record, request, fault: error))
        }
      }, refuse: { [self] in reply.send(finish(asked, request, fault: $0)) })
    do throws(RequestFault) {
      try queue.add(entry)
    } catch {
      reply.send(finish(record, request, fault: error))
    }
    return nil
  }

  private func result(
    of route: BatchRoute, _ names: [String], _ request: HTTPRequest, _ record: inout RequestRecord
  ) throws(RequestFault) -> HTTPAnswer {
    if let endpoint = names.first { try parts.endpoints.check(endpoint) }
    let resource = JobResource(base: Self.base(of: request))
    switch route {
    case .root: return .text(.ok, "Healthy")
    case .metrics:
      let (jobs, waiting) = (registry.withLock { $0.counts }, queue.load.waiting)
      return HTTPAnswer(
        type: BatchMetrics.contentType,
        body: Array(metrics.withLock { $0.text(jobs: jobs, waiting: waiting) }.utf8))
    case .openAPI:
      try OpenAPIText.checkVersion(request)
      return .json(BatchOpenAPI.bytes(version: parts.version))
    case .endpoint:
      let (all, standard) = try parts.endpoints.deployments(of: names[0])
      return .json(resource.bytes(endpoint: names[0], defaultDeployment: standard, deployments: all))
    case .jobs: return try list(names[0], request, resource)
    case .start:
      let (answer, name) = try start(names[0], request, resource)
      record.job = name
      return answer
    case .job: return .json(resource.bytes(try entry(names)))
    case .cancel: return .json(resource.bytes(try cancel(try entry(names))))
    case .logs: return .text(.ok, logs(of: try entry(names)))
    case .output: return try output(names[2], of: try entry(names))
    }
  }

  /// Where the client has reached the server, for links in answers; empty where it says nothing that could be an address.
  private static func base(of request: HTTPRequest) -> String {
    guard let host = request.headers["Host"], host.wholeMatch(of: /[A-Za-z0-9.:\[\]_-]{1,255}/) != nil else {
      return ""
    }
    return "\(request.isEncrypted ? "https" : "http")://\(host)"
  }

  private func list(_ endpoint: String, _ request: HTTPRequest, _ resource: JobResource)
    throws(RequestFault) -> HTTPAnswer
  {
    func argument(_ name: String) throws(RequestFault) -> String? {
      guard let value = request.arguments.first(where: { $0.name == name })?.value, !value.isEmpty else {
        return nil
      }
      guard DeviceID(value) != nil else {
        throw RequestFault("\(name): expected a name, found \(value.quoted)")
      }
      return value
    }
    let (deployment, after) = (try argument("deployment"), try argument("$skiptoken"))
    let page = registry.withLock { $0.page(of: endpoint, deployment: deployment, after: after) }
    return .json(resource.bytes(page.jobs, of: endpoint, deployment: deployment, next: page.last))
  }

  // MARK: - Records

  private func record(of request: HTTPRequest, _ route: BatchRoute?, key: String? = nil) -> RequestRecord {
    numbers.record(of: request, route: route?.rawValue, pattern: route?.pattern, key: key)
  }

  private func finish(_ record: RequestRecord, _ request: HTTPRequest, fault: RequestFault)
    -> HTTPAnswer
  {
    var record = record
    record.reason = fault.description
    var answer = BatchFault.answer(fault)
    if record.route == BatchRoute.start.rawValue, Repeatability.isAsked(request) {
      answer.headers.add(Repeatability.resultHeader, "rejected")
    }
    return finish(record, request, answer)
  }

  /// Counts and logs a request that is answered with `answer`.
  private func finish(_ record: RequestRecord, _ request: HTTPRequest, _ answer: HTTPAnswer)
    -> HTTPAnswer
  {
    var answer = answer
    for field in RequestID.answered(request, id: record.id).fields {
      answer.headers.add(field.name, field.value)
    }
    metrics.withLock { $0.add(record.route.flatMap(BatchRoute.init), answer.status) }
    parts.log.add(record, status: answer.status.rawValue, duration: ContinuousClock.now - record.started)
    return answer
  }
}
