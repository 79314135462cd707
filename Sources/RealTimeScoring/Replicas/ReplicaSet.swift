import Files
import Foundation
import HTTP
import Supervision
import Telemetry

/// Replicas of a service behind haproxy: processes that are started, watched, started again, drained and stopped.
///
/// What is to be done is decided by ``ReplicaBoard`` and ``ReplicaAutoscaler``. This does it: one loop takes events, one after the other.
package actor ReplicaSet {
  /// Where clients connect, with the port that was chosen.
  package nonisolated let address: ListenAddress

  let settings: ReplicaSettings
  let sockets: ReplicaSockets
  let folderIsTemporary: Bool
  let executable: String
  let control: HAProxyControl
  let log: @Sendable (String) -> Void
  let sink: AsyncStream<Event>.Continuation

  var board: ReplicaBoard
  var autoscaler: ReplicaAutoscaler
  var sampler = LoadSampler()
  var usage = ReplicaUsage()
  var record: GrowingFile
  var statistics: HAProxyStatistics?
  var replicas: [Int: Running] = [:]
  var lives = 0

  var front: Service?
  var frontIsReady = false
  var frontStarted = Duration.zero
  var frontFailures = 0
  var frontIsSilent = false

  var phase = Phase.running
  var wasReady = false
  var failure: ReplicaError?
  private var waiters: [CheckedContinuation<Void, Never>] = []

  /// What the loop is told.
  enum Event: Sendable {
    case tick
    /// The process of a replica, of this life, says that it is ready.
    case answered(Int, life: Int)
    case ended(Int, life: Int, ReplicaEnd)
    /// The haproxy with this process number has ended.
    case frontEnded(Int32, String)
    case stop
  }

  enum Phase: Hashable, Sendable {
    case running
    /// haproxy answers what it has accepted, until this time.
    case drainingFront(until: Duration)
    case endingReplicas
    case ended
  }

  /// The process of a replica.
  struct Running {
    var life: Int
    /// Nil where it could not be started.
    var service: Service?
    var probe: Task<Void, Never>?
  }

  /// Starts haproxy and the replicas that stay, and returns when all of these are ready.
  ///
  /// - Parameter log: Takes a line for people at each change.
  /// - Throws: ``ReplicaError``, also where haproxy is not installed, and ``FileError``.
  package static func start(
    _ settings: ReplicaSettings, log: @escaping @Sendable (String) -> Void
  ) async throws -> ReplicaSet {
    let executable = try HAProxyProgram.path()
    try await checkPlace(settings)
    for attempt in 1...ReplicaDefaults.portAttempts {
      let address = try withPort(settings.listen)
      let (events, sink) = AsyncStream.makeStream(of: Event.self)
      let set = try ReplicaSet(settings, address: address, executable: executable, sink: sink, log: log)
      do {
        try await set.begin(events)
        return set
      } catch let error as ReplicaError {
        guard case .front = error, address != settings.listen, attempt < ReplicaDefaults.portAttempts else {
          throw error
        }
      }
    }
    preconditionFailure("the loop above returns or throws")
  }

  private init(
    _ settings: ReplicaSettings, address: ListenAddress, executable: String,
    sink: AsyncStream<Event>.Continuation, log: @escaping @Sendable (String) -> Void
  ) throws {
    self.settings = settings
    self.address = address
    self.executable = executable
    self.log = log
    self.sink = sink
    try Folder.make("\(settings.folder)/logs")
    (sockets, folderIsTemporary) = try ReplicaSockets.make(below: settings.folder)
    control = HAProxyControl(socket: sockets.control)
    (record, usage) = try ReplicaRecord.goOn(in: "\(settings.folder)/replicas.csv", at: Self.wallClock)
    var limits = ReplicaBoard.Limits()
    limits.start = settings.startTimeout
    limits.drain = settings.requestTimeout
    limits.exit = min(limits.exit, settings.stopDeadline / ReplicaDefaults.exitShare)
    board = ReplicaBoard(
      wanted: settings.scale.minInstances, most: settings.scale.maxInstances, limits: limits)
    autoscaler = ReplicaAutoscaler(settings.scale, scaleDownTime: settings.scaleDownTime)
  }

  /// Runs until `flag` is set, and then stops as ``stop()`` does. Throws ``ReplicaError`` where the set cannot go on; nothing of it is
  /// left then.
  package func run(until flag: StopFlag) async throws {
    while !flag.isSet, phase != .ended {
      // Where the task is cancelled, the set stops too.
      do { try await Task.sleep(for: ReplicaDefaults.stopInterval) } catch { break }
    }
    await stop()
    if let failure { throw failure }
  }

  /// Stops: no new connection is accepted, what was accepted is answered, and nothing is left behind after
  /// ``ReplicaSettings/stopDeadline``.
  package func stop() async {
    sink.yield(.stop)
    await withCheckedContinuation { continuation in
      if phase == .ended { continuation.resume() } else { waiters.append(continuation) }
    }
  }

  /// What the set is at.
  package func figures() -> ReplicaFigures {
    let states = board.states.values
    func count(_ state: ReplicaState) -> Int { states.count { $0 == state } }
    return ReplicaFigures(
      wanted: board.wanted, starting: count(.starting), ready: count(.ready), draining: count(.draining),
      most: usage.mostReplicas, restarts: board.restarts, statistics: statistics,
      processes: replicas.compactMapValues { $0.service?.processID })
  }

  /// haproxy's process; nil where there is none at this moment.
  package var frontProcess: Int32? { front?.processID }

  /// Starts what must be there, and waits for it.
  private func begin(_ events: AsyncStream<Event>) async throws {
    do {
      try await startFront()
    } catch {
      removeSockets()
      throw error
    }
    Task {
      for await event in events {
        await take(event)
        if phase == .ended { break }
      }
    }
    sink.yield(.tick)
    do {
      while statistics?.replicas.count(where: \.isUp) ?? 0 < settings.scale.minInstances {
        if phase == .ended { break }
        try await Task.sleep(for: ReplicaDefaults.probeInterval)
      }
    } catch {
      await stop()
      throw error
    }
    if let failure {
      await stop()
      throw failure
    }
    wasReady = true
  }

  /// The last thing that the loop does.
  func finish() {
    phase = .ended
    sink.finish()
    removeSockets()
    for waiter in waiters { waiter.resume() }
    waiters = []
  }

  private func removeSockets() {
    if folderIsTemporary {
      try? FileManager.default.removeItem(atPath: sockets.folder)
    } else {
      let replicas = (1...settings.scale.maxInstances).map(sockets.replica)
      for path in [sockets.control, sockets.waitingRoom, sockets.certificate] + replicas { unlink(path) }
      rmdir(sockets.folder)
    }
    if case .socketFile(let path) = settings.listen.place { unlink(path) }
  }

  static var wallClock: Timestamp {
    Timestamp(milliseconds: Int64(Date().timeIntervalSince1970 * 1000))
  }
}
