import Files
import Foundation
import Wording

/// Runs tasks in worker processes on this machine. Nodes are what makes it look like a cluster: each has `coresPerNode`
/// workers, which stay warm between tasks and between jobs of the same command. A node is provisioned when its workers are started,
/// and has gone when they have exited.
///
/// A ``ClusterBoard`` decides; this is the part that has processes, their messages and a clock.
package actor LocalTarget: ComputeTarget {
  package nonisolated let name: String
  package nonisolated let slots: Int
  private let logFolder: String
  private let logPrefix: String
  private let observe: @Sendable (NodeTransition) -> Void
  private var cluster: ClusterBoard
  private var isRunning = false
  private var scaleDown: Task<Void, Never>?
  private let mailbox = WorkerMailbox()
  private var processes: [Int: WorkerProcess] = [:]
  /// What the workers that are there run.
  private var command: WorkerCommand?
  /// What the requests of the job that is under way carry.
  private var input = ""
  private var stopRequested = false
  private var cancelRequested = false
  private let origin = ContinuousClock.now

  /// A target that always has `nodes` nodes; as ``init(name:scale:coresPerNode:logFolder:logPrefix:observe:)``.
  package init(name: String = "local", nodes: Int, coresPerNode: Int, logFolder: String) throws {
    try self.init(name: name, scale: .fixed(nodes), coresPerNode: coresPerNode, logFolder: logFolder)
  }

  /// A target whose workers log to `worker-<n>.log` in `logFolder`, which is created. Throws ``ComputeError`` where
  /// the numbers make no sense or the folder cannot be made.
  ///
  /// - Parameters:
  ///   - logPrefix: Comes before the names of the logs.
  ///   - observe: Is told of every node that changes its state, in order.
  package init(
    name: String = "local", scale: AutoscaleSettings, coresPerNode: Int, logFolder: String,
    logPrefix: String = "", observe: @escaping @Sendable (NodeTransition) -> Void = { _ in }
  ) throws {
    let nodes = scale.maxInstances
    guard nodes >= 1, coresPerNode >= 1, nodes <= ComputeDefaults.maxLocalWorkers,
      (0...nodes).contains(scale.minInstances),
      coresPerNode <= ComputeDefaults.maxLocalWorkers, nodes * coresPerNode <= ComputeDefaults.maxLocalWorkers
    else {
      throw ComputeError(
        "compute target \(name.quoted): \(nodes) nodes with \(coresPerNode) cores; 1 to "
          + "\(ComputeDefaults.maxLocalWorkers) workers in all can be started on this machine")
    }
    do {
      try Folder.make(logFolder)
    } catch {
      throw ComputeError("compute target \(name.quoted): \(error)")
    }
    // Writing to a worker that has just died must be an error and not the end of this process.
    signal(SIGPIPE, SIG_IGN)
    self.name = name
    self.logFolder = logFolder
    self.logPrefix = logPrefix
    self.observe = observe
    cluster = ClusterBoard(scale, coresPerNode: coresPerNode)
    slots = nodes * coresPerNode
  }

  /// Starts the workers of the nodes that never go, so that they come up while the job is planned.
  package func prepare(for command: WorkerCommand) async {
    guard !isRunning else { return }
    await use(command)
    takeMessages()
    handle(.tick)
  }

  package func run(
    _ job: ComputeJob, report: @escaping @Sendable (ComputeEvent) -> Void
  ) async throws -> ComputeOutcome {
    // Set first: while workers are waited for below, nobody else scales down.
    isRunning = true
    scaleDown?.cancel()
    defer {
      isRunning = false
      scheduleScaleDown()
    }
    await use(job.worker)
    cancelRequested = false
    takeMessages()
    let ticker = Task { [mailbox] in
      while !Task.isCancelled {
        try? await Task.sleep(for: ComputeDefaults.timeoutCheckInterval)
        mailbox.wake()
      }
    }
    defer { ticker.cancel() }

    input = job.input
    handle(.begin(job), report)
    var wakeUps = mailbox.wakeUps.makeAsyncIterator()
    while true {
      if let outcome = cluster.outcome { return outcome }
      await wakeUps.next()
      takeMessages(report)
      if cancelRequested {
        cancelRequested = false
        handle(.cancel, report)
      }
      if stopRequested { handle(.stop, report) }
      handle(.tick, report)
    }
  }

  /// Makes `command` the one that workers run.
  private func use(_ command: WorkerCommand) async {
    guard self.command != command else { return }
    await endWorkers()
    self.command = command
  }

  /// Between jobs nothing else looks at the clock, or at workers that exit.
  private func scheduleScaleDown() {
    let leaving = cluster.leavingWorkers.compactMap { processes[$0] }
    if !leaving.isEmpty {
      Task { [weak self] in
        for process in leaving { await process.wait() }
        await self?.settle()
      }
    }
    guard let release = cluster.nextRelease else { return }
    scaleDown = Task { [weak self] in
      guard let self else { return }
      try? await Task.sleep(for: release - self.now)
      if !Task.isCancelled { await self.releaseIdleNodes() }
    }
  }

  private func releaseIdleNodes() {
    guard !isRunning else { return }
    takeMessages()
    handle(.tick)
    scheduleScaleDown()
  }

  /// Notes what has exited. A job that has begun meanwhile does so itself.
  private func settle() {
    guard !isRunning else { return }
    takeMessages()
  }

  package nonisolated func host(ofWorker worker: Int) -> String? { MachineName.current }

  package func stop() {
    stopRequested = true
    mailbox.wake()
  }

  package func cancel() {
    cancelRequested = true
    mailbox.wake()
  }

  package func shutDown() async {
    isRunning = true
    scaleDown?.cancel()
    await endWorkers()
  }

  private nonisolated var now: Duration { ContinuousClock.now - origin }

  /// Tells the cluster what has happened, and does what it asks for.
  private func handle(_ event: ClusterBoard.Event, _ report: @Sendable (ComputeEvent) -> Void = { _ in }) {
    var events = [event]
    var told: [ClusterBoard.Action] = []
    while !events.isEmpty {
      for action in cluster.handle(events.removeFirst(), at: now) {
        switch action {
        // This machine is up.
        case .provision(let node): events.append(.nodeStarted(node))
        case .startWorker(let worker, _): start(worker)
        case .assign(let worker, let task, let attempt):
          processes[worker]?.send(WorkerRequest(input: input, task: task, attempt: attempt).line)
        case .kill(let worker): processes[worker]?.kill()
        case .finish(let worker): processes[worker]?.finish()
        case .report, .changed: told.append(action)
        }
      }
    }
    // Afterwards: the one that is told may write it to disk, and no worker should wait for that.
    for action in told {
      if case .report(let event) = action { report(event) }
      if case .changed(let transition) = action { observe(transition) }
    }
  }

  private func start(_ worker: Int) {
    guard let command else {
      preconditionFailure("a cluster starts workers once there is a command for them")
    }
    processes[worker] = WorkerProcess(
      number: worker, command: command, logPath: log(of: worker), mailbox: mailbox)
  }

  private func log(of worker: Int) -> String { "\(logFolder)/\(logPrefix)worker-\(worker).log" }

  /// Tells the cluster what workers have said since the last time.
  private func takeMessages(_ report: @Sendable (ComputeEvent) -> Void = { _ in }) {
    for message in mailbox.takeAll() { handle(event(for: message), report) }
  }

  private func event(for message: WorkerMailbox.Message) -> ClusterBoard.Event {
    switch message {
    case .line(let worker, let line):
      guard let reply = try? JSONDecoder().decode(WorkerReply.self, from: Data(line.utf8)) else {
        return .unexpectedOutput(worker: worker, text: String(line.prefix(200)))
      }
      return .workerReplied(worker: worker, reply)
    case .exited(let worker, let reason):
      processes[worker] = nil
      return .workerExited(worker: worker, reason: "\(reason) (log: \(log(of: worker)))")
    case .notStarted(let worker, let reason):
      processes[worker] = nil
      return .workerExited(worker: worker, reason: "could not be started (\(reason))")
    }
  }

  /// Closes every worker's standard input; a worker that is still there after the grace is killed.
  private func endWorkers() async {
    let ending = Array(processes.values)
    for process in ending { process.finish() }
    await withTaskGroup { group in
      group.addTask {
        for process in ending { await process.wait() }
      }
      group.addTask {
        try? await Task.sleep(for: ComputeDefaults.workerExitGrace)
        if !Task.isCancelled { for process in ending { process.kill() } }
      }
      await group.next()
      // Where the grace ended first, the processes' own end is still to come; otherwise this cancels the sleep.
      group.cancelAll()
    }
    _ = mailbox.takeAll()
    processes = [:]
    handle(.cleared)
  }
}
