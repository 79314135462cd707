import Foundation
import Supervision
import Synchronization
import Telemetry
import Wording

/// What a publishing process says of itself, a line each.
package enum FleetEvent: Sendable, Codable {
  /// Every connection has been made.
  case connected
  /// How many messages have left, and the time up to which all have been acknowledged.
  case progress(published: Int, reached: Timestamp)
  /// The schedule has begun, at a time of the wall clock in microseconds since 1970.
  case began(microseconds: Int64)
  case finished(FleetLedger, ScheduleLag)
}

/// A publishing process that ended before it had finished.
package struct FleetProcessError: ExitingError {
  package let process: Int
  package let exit: ServiceExit

  package var exitStatus: ExitStatus {
    exit == .exited(code: ExitStatus.unavailable.rawValue) ? .unavailable : .internalFault
  }

  package var description: String { "process \(process + 1) of the fleet ended with \(exit); see above" }
}

/// A fleet published by several processes, each with connections and devices of its own.
///
/// What is published does not depend on their number: each device draws from streams of its own. Each process is told up to
/// which event time it may publish; the first such line is also the start of the schedule, which all share.
package struct FleetProcesses: Sendable {
  /// How often the processes are looked at: often enough that none waits for its horizon.
  static let pollInterval = Duration.milliseconds(2)

  /// How far processes may go.
  package enum Limit: Hashable, Sendable {
    /// So many messages, all together.
    case messages(Int)
    /// Up to an event time, in milliseconds since 1970; nil: not at all yet.
    case horizon(Int64?)
  }

  private let executable: String
  private let arguments: [String]
  private let count: Int

  /// - Parameter arguments: Of a process, to which its share is added as `--share 1/3`.
  package init(executable: String, arguments: [String], count: Int) {
    self.executable = executable
    self.arguments = arguments
    self.count = count
  }

  /// Publishes what `outline` describes, of which each process makes the plan anew. Where a process says what it has published and then
  /// fails, as when the broker has gone, the others are stopped, and `failure` is that one's. Throws `ServiceError`, and
  /// ``FleetProcessError`` where one ends without a word; none is left running.
  ///
  /// - Parameters:
  ///   - limit: How far they may go by now; nil: to the end.
  ///   - observe: Told when the schedule begins, and again and again how many messages have left.
  package func run(
    _ outline: FleetOutline, clock: PublishingClock, until stop: StopFlag,
    limit: (@Sendable () -> Limit)?, observe: (FleetEvent) -> Void = { _ in }
  ) async throws -> (ledger: FleetLedger, failure: FleetProcessError?) {
    var children: [Child] = []
    do {
      for index in 0..<count {
        children.append(
          try await Child.start(executable, arguments + ["--share", "\(index + 1)/\(count)"], index))
      }
      return try await govern(children, outline, clock, stop, limit, observe)
    } catch {
      for child in children { _ = try? await child.service.stop(grace: .seconds(2)) }
      throw error
    }
  }

  private func govern(
    _ children: [Child], _ outline: FleetOutline, _ clock: PublishingClock, _ stop: StopFlag,
    _ limit: (@Sendable () -> Limit)?, _ observe: (FleetEvent) -> Void
  ) async throws -> (ledger: FleetLedger, failure: FleetProcessError?) {
    var governor = FleetGovernor(
      start: outline.start, end: outline.end, messages: outline.messages, processes: count, clock: clock)
    var isStopping = false
    var hasBegun = false
    var failure: FleetProcessError?
    while true {
      // Asked before the processes are looked at: one that ends after that is looked at once more.
      let haveEnded = children.allSatisfy(\.hasEnded)
      if stop.isSet || failure != nil, !isStopping {
        isStopping = true
        for child in children { child.service.closeInput() }
      }
      for child in children {
        let state = child.state
        if let exit = state.exit, exit != .exited(code: 0) || state.result == nil {
          let error = FleetProcessError(process: child.index, exit: exit)
          guard state.result != nil else { throw error }
          failure = failure ?? error
        }
        if state.result != nil {
          governor.noteEnd(process: child.index)
        } else if let progress = state.progress {
          governor.note(process: child.index, published: progress.published, reached: progress.reached)
        }
      }
      observe(.progress(published: governor.publishedInAll, reached: outline.start))
      if haveEnded { break }
      if !isStopping, children.allSatisfy({ $0.state.isConnected }),
        let horizon = governor.advance(limit?() ?? .messages(.max))
      {
        for child in children { child.service.write("\(horizon)") }
        if !hasBegun { observe(.began(microseconds: Int64(Date().timeIntervalSince1970 * 1e6))) }
        hasBegun = true
      }
      try await Task.sleep(for: Self.pollInterval)
    }
    var total = FleetLedger()
    var lag = ScheduleLag()
    for child in children {
      guard let result = child.state.result else { continue }
      total.add(result.ledger)
      lag.add(result.lag)
    }
    total.note(lag)
    total.processes = count
    return (total, failure)
  }

  /// One publishing process and what it has said.
  private final class Child: Sendable {
    struct State {
      var isConnected = false
      var progress: (published: Int, reached: Timestamp)?
      var result: (ledger: FleetLedger, lag: ScheduleLag)?
      var exit: ServiceExit?
    }

    let index: Int
    let service: Service
    private let shared = Mutex(State())

    var state: State { shared.withLock { $0 } }
    var hasEnded: Bool { shared.withLock { $0.exit != nil } }

    static func start(_ executable: String, _ arguments: [String], _ index: Int) async throws -> Child {
      let service = try await Service.start(
        name: "simulate", executable: executable, arguments: arguments, log: nil)
      let child = Child(index: index, service: service)
      Task {
        for await line in service.lines { child.hear(line) }
        let exit = (try? await service.exit()) ?? .exited(code: -1)
        child.shared.withLock { $0.exit = exit }
      }
      return child
    }

    private init(index: Int, service: Service) {
      self.index = index
      self.service = service
    }

    private func hear(_ line: String) {
      guard let event = try? JSONDecoder().decode(FleetEvent.self, from: Data(line.utf8)) else { return }
      shared.withLock { state in
        switch event {
        case .connected: state.isConnected = true
        case .began: break
        case .progress(let published, let reached): state.progress = (published, reached)
        case .finished(let ledger, let lag): state.result = (ledger, lag)
        }
      }
    }
  }
}

/// What those who govern processes need to know of a fleet, so that they need not keep it.
package struct FleetOutline: Sendable {
  package var start: Timestamp
  package var end: Timestamp
  package var messages: Int

  package init(start: Timestamp, end: Timestamp, messages: Int) {
    self.start = start
    self.end = end
    self.messages = messages
  }
}
