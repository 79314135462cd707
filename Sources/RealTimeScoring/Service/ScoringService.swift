import Files
import Foundation
import HTTP
import Synchronization
import Telemetry
import Wording

/// The scoring service as a handler of requests: it finds what is asked for, scores, and writes the answer in the client's protocol.
///
/// Short requests are answered on the server's own thread; long ones and those for scripts go into a bounded queue.
package final class ScoringService: HTTPHandler {
  private let endpoint: Mutex<ServedEndpoint>
  private let metrics = Mutex(ServiceMetrics())
  /// Long requests to one-class SVMs.
  private let queue: RequestQueue
  private let keys: KeyRing?
  private let opensHealth: Bool
  private let log: AccessLog
  private let version: String
  private let isEnding = Atomic<Bool>(false)
  private let openConnections: @Sendable () -> Int
  private let numbers = RequestNumbers()

  /// - Parameters:
  ///   - keys: Who may ask; nil for everybody.
  ///   - opensHealth: Whether everybody may ask whether it lives and is ready.
  ///   - version: Of the program.
  ///   - threads: For long requests.
  ///   - openConnections: How many connections the server has.
  init(
    _ endpoint: ServedEndpoint, keys: KeyRing?, opensHealth: Bool = false, log: AccessLog, version: String,
    threads: Int, queued: Int, openConnections: @escaping @Sendable () -> Int
  ) {
    self.endpoint = Mutex(endpoint)
    self.keys = keys
    self.opensHealth = opensHealth
    self.log = log
    self.version = version
    self.openConnections = openConnections
    queue = RequestQueue(
      name: "score", threads: threads, mostWaiting: queued, makeWorker: { NoWorker() })
  }

  /// A service of what `loader` reads of `plan`. Throws as ``ModelLoader/endpoint(_:)`` does.
  package convenience init(
    _ plan: ServingPlan, _ loader: ModelLoader, keys: KeyRing? = nil, opensHealth: Bool = false,
    log: AccessLog = AccessLog(descriptor: -1),
    version: String = "", threads: Int = 1, queued: Int = ServingDefaults.queuedRequests,
    openConnections: @escaping @Sendable () -> Int = { 0 }
  ) throws {
    self.init(
      try loader.endpoint(plan), keys: keys, opensHealth: opensHealth, log: log, version: version,
      threads: threads, queued: queued,
      openConnections: openConnections)
  }

  /// A thread that scores with one-class SVMs needs nothing for itself.
  private final class NoWorker: RequestQueue.Worker {}

  // MARK: - What changes while it runs

  /// The endpoint as it is served now.
  var current: ServedEndpoint { endpoint.withLock { $0 } }

  /// Has requests from now on answered by what `loader` reads of `plan`; those that have begun end with what they began with. Throws as
  /// ``ModelLoader/endpoint(_:)`` does, and then goes on with what it has.
  package func reload(_ plan: ServingPlan, _ loader: ModelLoader) throws {
    do {
      let next = try loader.endpoint(plan)
      endpoint.withLock { $0 = next }
      metrics.withLock { $0.addReload(isRefused: false) }
    } catch {
      metrics.withLock { $0.addReload(isRefused: true) }
      throw error
    }
  }

  /// It is about to end: it says so where it is asked whether it is ready.
  package func beginEnding() { isEnding.store(true, ordering: .relaxed) }

  /// Ends its threads.
  package func stop() { queue.stop() }

  // MARK: - Heads

  package func refusal(ofHead request: HTTPRequest) -> HTTPAnswer? {
    let (route, _, fault) = route(of: request)
    var key: String?
    do throws(RequestFault) {
      try RequestID.check(request)
      key = try checkedKey(request, route)
      guard let fault else { return nil }
      guard request.method == .options, !fault.allowed.isEmpty else { throw fault }
      // What a browser asks before it asks, and others to see what there is.
      let answer = HTTPAnswer(.ok, headers: ["Allow": HTTPMethod.allow(fault.allowed)])
      return finish(record(of: request, route, key: key), request, answer)
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
    route: ServiceRoute?, values: [Substring], fault: RequestFault?
  ) {
    let (index, values, fault) = ServiceRoute.table.route(of: request)
    return (index.flatMap(ServiceRoute.init), values, fault)
  }

  /// The first digits of the digest of the request's key; nil where none is needed. Throws ``RequestFault`` where it opens nothing.
  private func checkedKey(_ request: HTTPRequest, _ route: ServiceRoute?) throws(RequestFault) -> String? {
    guard let keys else { return nil }
    // A proxy in front asks over a socket file whether this replica lives, and a cluster over its network.
    if opensHealth || request.client == "unix", route?.isHealth ?? false { return nil }
    return try keys.checkedKey(of: request).digest
  }

  // MARK: - Answers

  package func answer(_ request: HTTPRequest, later: () -> HTTPReply) -> HTTPAnswer? {
    let (route, values, _) = route(of: request)
    let key = keys == nil ? nil : KeyRing.firstDigits(authorization: request.headers["Authorization"])
    var record = record(of: request, route, key: key)
    do throws(RequestFault) {
      guard let route else { throw RequestFault(.notFound, "there is nothing at \(request.path.quoted)") }
      guard route.isScoring else {
        return finish(record, request, try operation(route, values, request))
      }
      let current = current
      let named = request.headers[ServedEndpoint.deploymentHeader]
      let deployment: ServedDeployment
      if route == .inferVersion {
        deployment = try current.deployment(ofModel: String(values[0]), version: String(values[1]), named)
      } else {
        deployment = try current.deployment(named)
      }
      record.deployment = deployment.name
      if route != .score { record.model = String(values[0]) }
      if let script = deployment.script {
        guard route == .score else {
          throw RequestFault(
            .badRequest,
            "the deployment \(deployment.name) has a scoring script; post what it takes to /score")
        }
        ask(script, request, record, deployment.limits, later())
        return nil
      }
      if let script = deployment.windowScript {
        score(script, request, record, current.name, deployment, later())
        return nil
      }
      if request.body.count <= ServingDefaults.bodyAtOnce {
        let work = try ScoringWork(request, record.model, deployment, of: current.name)
        record.rows = work.rows.count
        if work.kernels <= ServingDefaults.kernelsAtOnce {
          return finish(record, request, try work.answer())
        }
        enqueue(request, record, current.name, deployment, work, later())
      } else {
        enqueue(request, record, current.name, deployment, nil, later())
      }
      return nil
    } catch {
      return finish(record, request, fault: error)
    }
  }

  /// Has another thread score, and answer.
  private func enqueue(
    _ request: HTTPRequest, _ record: RequestRecord, _ endpoint: String, _ deployment: ServedDeployment,
    _ work: ScoringWork?, _ reply: HTTPReply
  ) {
    let entry = RequestQueue.Entry(
      mostWait: .seconds(deployment.limits.maxQueueWaitSeconds),
      deadline: record.started + .seconds(deployment.limits.requestTimeoutSeconds),
      answer: { [self] _ in
        var record = record
        do throws(RequestFault) {
          let work =
            if let work { work } else { try ScoringWork(request, record.model, deployment, of: endpoint) }
          record.rows = work.rows.count
          let answer = try work.answer()
          reply.send(finish(record, request, answer))
        } catch {
          reply.send(finish(record, request, fault: error))
        }
      }, refuse: { [self] in reply.send(finish(record, request, fault: $0)) })
    do throws(RequestFault) {
      try queue.add(entry)
    } catch {
      reply.send(finish(record, request, fault: error))
    }
  }

  private func operation(_ route: ServiceRoute, _ values: [Substring], _ request: HTTPRequest)
    throws(RequestFault) -> HTTPAnswer
  {
    let current = current
    switch route {
    case .root: return .text(.ok, "Healthy")
    case .metrics: return HTTPAnswer(type: ServiceMetrics.contentType, body: metricsText())
    case .openAPI, .swagger:
      try OpenAPIText.checkVersion(request)
      return .json(OpenAPIDocument(version: version).bytes)
    case .server: return .json(ModelDescription.server(version: version))
    case .live: return .json(Array("{\"live\":true}".utf8))
    case .ready:
      guard !isEnding.load(ordering: .relaxed) else {
        throw RequestFault(.serviceUnavailable, "the service is about to end")
      }
      return .json(Array("{\"ready\":true}".utf8))
    case .models: return .json(ModelDescription.list(current))
    case .model, .modelVersion, .modelReady, .modelVersionReady:
      let name = String(values[0])
      let version = values.count > 1 ? String(values[1]) : nil
      let model = try ModelDescription(of: name, version: version, in: current)
      return .json(route == .model || route == .modelVersion ? model.metadata : model.readiness)
    case .infer, .inferVersion, .score: throw RequestFault(.internalError, "scoring is no operation")
    }
  }

  private func metricsText() -> [UInt8] {
    let current = current
    var (waiting, busy) = queue.load
    for load in current.deployments.map(\.scriptLoad) {
      waiting += load.waiting
      busy += load.busy
    }
    let gauges = ServiceMetrics.Gauges(
      models: current.modelCount, brokenModels: current.brokenCount, waiting: waiting, busy: busy,
      connections: openConnections())
    return Array(metrics.withLock { $0.text(gauges) }.utf8)
  }

  // MARK: - Records

  private func record(of request: HTTPRequest, _ route: ServiceRoute?, key: String? = nil) -> RequestRecord {
    var record = numbers.record(of: request, route: route?.rawValue, pattern: route?.pattern, key: key)
    record.rows = 0
    return record
  }

  func finish(_ record: RequestRecord, _ request: HTTPRequest, fault: RequestFault) -> HTTPAnswer {
    var record = record
    record.reason = fault.description
    let face = record.serviceRoute?.face ?? ServiceRoute.Face(path: request.path)
    return finish(record, request, face.answer(fault))
  }

  /// Counts and logs a request that is answered with `answer`.
  func finish(_ record: RequestRecord, _ request: HTTPRequest, _ answer: HTTPAnswer) -> HTTPAnswer {
    var answer = answer
    for field in RequestID.answered(request, id: record.id).fields {
      answer.headers.add(field.name, field.value)
    }
    if let deployment = record.deployment { answer.headers.add(ServedEndpoint.deploymentHeader, deployment) }
    let duration = ContinuousClock.now - record.started
    metrics.withLock {
      $0.add(record.serviceRoute, answer.status, rows: record.rows ?? 0, seconds: duration.seconds)
    }
    log.add(record, status: answer.status.rawValue, duration: duration)
    return answer
  }
}

extension RequestRecord {
  /// The route of a request to the scoring service.
  fileprivate var serviceRoute: ServiceRoute? { route.flatMap(ServiceRoute.init) }
}
