import Histogram

/// What became of the requests of a load, counted as it goes on. Times are nanoseconds.
package struct LoadAccount: Sendable {
  /// Requests of one stage, or of all.
  package struct Part: Sendable {
    /// That were taken up.
    package internal(set) var requests = 0
    /// That have the right answer.
    package internal(set) var answered = 0
    package internal(set) var rejected = 0
    package internal(set) var timeouts = 0
    package internal(set) var connectionErrors = 0
    package internal(set) var wrongIDs = 0
    package internal(set) var unreadable = 0
    /// By status, of those that are neither success nor overload.
    package internal(set) var statuses: [Int: Int] = [:]
    /// That had no end yet when the load was stopped. They are no errors, and in no latency.
    package internal(set) var unfinished = 0
    /// From the planned send to the end: of right answers, and of requests whose time ran out, which waited that long at least.
    package internal(set) var latency = Histogram<UInt64>(numberOfSignificantValueDigits: .three)

    package var statusErrors: Int { statuses.values.reduce(0, +) }
    package var errors: Int { statusErrors + timeouts + connectionErrors + wrongIDs + unreadable }

    mutating func add(_ other: Part) {
      requests += other.requests
      answered += other.answered
      rejected += other.rejected
      timeouts += other.timeouts
      connectionErrors += other.connectionErrors
      wrongIDs += other.wrongIDs
      unreadable += other.unreadable
      statuses.merge(other.statuses, uniquingKeysWith: +)
      unfinished += other.unfinished
      latency.add(other.latency)
    }
  }

  /// One second of the load.
  package struct Second: Sendable {
    /// Requests that were planned for it.
    package internal(set) var planned = 0
    /// What ended in it.
    package internal(set) var answered = 0
    package internal(set) var rejected = 0
    package internal(set) var errors = 0
    /// Latencies of the answers that came in it, in milliseconds; nil where none came.
    package internal(set) var p50Ms: Double?
    package internal(set) var p99Ms: Double?
    package internal(set) var maxMs: Double?
    /// Requests that waited for a connection at its end.
    package internal(set) var waiting = 0
  }

  /// A part a stage of the plan.
  package private(set) var stages: [Part]
  /// From the real send to the answer, of right answers.
  package private(set) var service = Histogram<UInt64>(numberOfSignificantValueDigits: .three)
  /// From the planned send to the real one.
  package private(set) var sendLag = Histogram<UInt64>(numberOfSignificantValueDigits: .three)
  /// The generator's own part of that: until the request was taken up, and where it did not wait for a connection, until it was sent.
  package private(set) var ownLag = Histogram<UInt64>(numberOfSignificantValueDigits: .three)
  /// Every second that has begun.
  package private(set) var timeline = [Second()]

  /// When the plan begins, and when the last request was taken up, the last answer came.
  private let start: Int64
  private var lastTaken: Int64
  private var lastEnd: Int64
  private var current = Histogram<UInt64>(numberOfSignificantValueDigits: .two)
  private var second = 0

  /// - Parameters:
  ///   - stages: How many the plan has.
  ///   - start: When it begins.
  package init(stages: Int, start: Int64) {
    self.stages = Array(repeating: Part(), count: stages)
    self.start = start
    lastTaken = start
    lastEnd = start
  }

  /// All stages together.
  package var all: Part { stages.dropFirst().reduce(into: stages[0]) { $0.add($1) } }

  /// Seconds from the start of the plan to the last request that was taken up, and to the last one that ended.
  package var takenSeconds: Double { Double(lastTaken - start) / 1e9 }
  package var endedSeconds: Double { Double(lastEnd - start) / 1e9 }

  // MARK: - What happens

  mutating func taken(_ request: PlannedRequest) {
    stages[request.stage].requests += 1
    lastTaken = max(lastTaken, request.taken)
    let planned = Int((request.planned - start) / 1_000_000_000)
    while timeline.count <= planned { timeline.append(Second()) }
    timeline[planned].planned += 1
  }

  mutating func sent(_ request: PlannedRequest, at now: Int64) {
    guard !request.isResent else { return }
    sendLag.record(UInt64(max(0, now - request.planned)))
    ownLag.record(UInt64(max(0, (request.hasWaited ? request.taken : now) - request.planned)))
  }

  /// - Parameter sentAt: When it really left, the last time; of right answers alone.
  mutating func ended(_ request: PlannedRequest, _ outcome: RequestOutcome, sentAt: Int64?, at now: Int64) {
    let stage = request.stage
    lastEnd = max(lastEnd, now)
    let latency = UInt64(max(0, now - request.planned))
    switch outcome {
    case .right:
      stages[stage].answered += 1
      stages[stage].latency.record(latency)
      if let sentAt { service.record(UInt64(max(0, now - sentAt))) }
      current.record(latency)
      timeline[second].answered += 1
    case .rejected:
      stages[stage].rejected += 1
      timeline[second].rejected += 1
    case .failed(let failure):
      timeline[second].errors += 1
      switch failure {
      case .status(let status): stages[stage].statuses[status, default: 0] += 1
      case .connection: stages[stage].connectionErrors += 1
      case .wrongID: stages[stage].wrongIDs += 1
      case .unreadable: stages[stage].unreadable += 1
      case .timeout:
        stages[stage].timeouts += 1
        stages[stage].latency.record(latency)
        current.record(latency)
      }
      // What never left was late by all of its time.
      if !request.wasSent {
        sendLag.record(latency)
        ownLag.record(UInt64(max(0, request.taken - request.planned)))
      }
    }
  }

  mutating func unfinished(_ request: PlannedRequest) { stages[request.stage].unfinished += 1 }

  /// Time has come to `now`: seconds that have passed are closed.
  mutating func advance(to now: Int64, waiting: Int) {
    let reached = Int(max(0, now - start) / 1_000_000_000)
    while timeline.count <= max(reached, second) { timeline.append(Second()) }
    while second < reached {
      closeSecond(waiting: waiting)
      second += 1
    }
  }

  /// Closes the last second.
  mutating func finish(at now: Int64) {
    advance(to: now, waiting: 0)
    closeSecond(waiting: 0)
  }

  private mutating func closeSecond(waiting: Int) {
    timeline[second].waiting = waiting
    guard current.totalCount > 0 else { return }
    timeline[second].p50Ms = Double(current.valueAtPercentile(50)) / 1e6
    timeline[second].p99Ms = Double(current.valueAtPercentile(99)) / 1e6
    timeline[second].maxMs = Double(current.maxRecorded) / 1e6
    current.reset()
  }
}
