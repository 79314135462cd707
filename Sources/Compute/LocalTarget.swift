import Foundation

/// Runs tasks in worker processes on this machine. Nodes are what makes it look like a cluster: `nodes` ×
/// `coresPerNode` workers, which stay warm between tasks and between jobs of the same command.
public actor LocalTarget: ComputeTarget {
  public nonisolated let name: String
  public nonisolated let slots: Int
  private let nodes: Int
  private let coresPerNode: Int
  private let logFolder: String
  private let mailbox = WorkerMailbox()
  private var processes: [Int: WorkerProcess] = [:]
  private var warm: [TaskBoard.WarmWorker] = []
  private var warmCommand: WorkerCommand?
  private var nextWorker = 1
  private var stopRequested = false
  private var cancelRequested = false
  private let origin = ContinuousClock.now

  /// A target whose workers log to `worker-<n>.log` in `logFolder`, which is created. Throws ``ComputeError`` where
  /// the numbers make no sense or the folder cannot be made.
  public init(name: String = "local", nodes: Int, coresPerNode: Int, logFolder: String) throws {
    guard nodes >= 1, coresPerNode >= 1, nodes <= ComputeDefaults.maxLocalWorkers,
      coresPerNode <= ComputeDefaults.maxLocalWorkers, nodes * coresPerNode <= ComputeDefaults.maxLocalWorkers
    else {
      throw ComputeError(
        "compute target “\(name)”: \(nodes) nodes with \(coresPerNode) cores; 1 to "
          + "\(ComputeDefaults.maxLocalWorkers) workers in all can be started on this machine")
    }
    do {
      try FileManager.default.createDirectory(atPath: logFolder, withIntermediateDirectories: true)
    } catch {
      throw ComputeError("compute target “\(name)”: cannot make the log folder \(logFolder): \(error)")
    }
    // Writing to a worker that has just died must be an error and not the end of this process.
    signal(SIGPIPE, SIG_IGN)
    self.name = name
    self.nodes = nodes
    self.coresPerNode = coresPerNode
    self.logFolder = logFolder
    slots = nodes * coresPerNode
  }

  public func run(
    _ job: ComputeJob, report: @escaping @Sendable (ComputeEvent) -> Void
  ) async throws -> ComputeOutcome {
    if warmCommand != job.worker {
      await endWorkers()
      warmCommand = job.worker
    }
    cancelRequested = false
    forgetTheDead()
    var board = TaskBoard(
      job: job, nodes: nodes, coresPerNode: coresPerNode, warm: warm, nextWorker: nextWorker, now: now)
    warm = []
    let ticker = Task { [mailbox] in
      while !Task.isCancelled {
        try? await Task.sleep(for: ComputeDefaults.timeoutCheckInterval)
        mailbox.wake()
      }
    }
    defer { ticker.cancel() }

    perform(board.begin(at: now), of: job, report)
    var wakeUps = mailbox.wakeUps.makeAsyncIterator()
    while !board.isFinished {
      await wakeUps.next()
      for letter in mailbox.takeAll() {
        perform(board.handle(event(for: letter), at: now), of: job, report)
      }
      if cancelRequested {
        cancelRequested = false
        perform(board.handle(.cancel, at: now), of: job, report)
      }
      perform(board.handle(stopRequested ? .stop : .tick, at: now), of: job, report)
    }
    warm = board.warmWorkers
    nextWorker = board.nextWorker
    return board.outcome
  }

  public func stop() {
    stopRequested = true
    mailbox.wake()
  }

  public func cancel() {
    cancelRequested = true
    mailbox.wake()
  }

  public func shutDown() async { await endWorkers() }

  private var now: Duration { ContinuousClock.now - origin }

  private func perform(
    _ actions: [TaskBoard.Action], of job: ComputeJob, _ report: @Sendable (ComputeEvent) -> Void
  ) {
    for action in actions {
      switch action {
      case .startWorker(let worker, _):
        processes[worker] = WorkerProcess(
          number: worker, command: job.worker, logPath: "\(logFolder)/worker-\(worker).log", mailbox: mailbox)
      case .assign(let worker, let task, let attempt):
        processes[worker]?.send(WorkerRequest(input: job.input, task: task, attempt: attempt).line)
      case .kill(let worker):
        processes[worker]?.kill()
      case .report(let event):
        report(event)
      }
    }
  }

  private func event(for letter: WorkerMailbox.Letter) -> TaskBoard.Event {
    switch letter {
    case .line(let worker, let line):
      guard let reply = try? JSONDecoder().decode(WorkerReply.self, from: Data(line.utf8)) else {
        return .workerBabbled(worker: worker, text: String(line.prefix(200)))
      }
      return .workerReplied(worker: worker, reply)
    case .exited(let worker, let reason):
      processes[worker] = nil
      return .workerExited(worker: worker, reason: "\(reason) (log: \(logFolder)/worker-\(worker).log)")
    case .notStarted(let worker, let reason):
      processes[worker] = nil
      return .workerExited(worker: worker, reason: "could not be started (\(reason))")
    }
  }

  /// Strikes out the warm workers that have died since the last job, and notes those that have become ready.
  private func forgetTheDead() {
    for letter in mailbox.takeAll() {
      switch event(for: letter) {
      case .workerReplied(let worker, .ready):
        for index in warm.indices where warm[index].worker == worker { warm[index].isReady = true }
      case .workerExited(let worker, _):
        warm.removeAll { $0.worker == worker }
      default:
        break
      }
    }
  }

  /// Closes every worker's standard input; who is still there after the grace is killed.
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
    warm = []
  }
}
