import Files
import Foundation
import Wording

/// Runs tasks in worker processes on this machine. Nodes are what makes it look like a cluster: each has `coresPerNode`
/// workers, which stay warm between tasks and between jobs of the same command. An ``Autoscaler`` says how many nodes
/// there are; a node is provisioned when its workers are started, and has gone when they have exited.
package actor LocalTarget: ComputeTarget {
  package nonisolated let name: String
  package nonisolated let slots: Int
  private let coresPerNode: Int
  private let logFolder: String
  private let logPrefix: String
  private let observe: @Sendable (NodeTransition) -> Void
  private var scaler: Autoscaler
  private var openNodes: Set<Int> = []
  /// The node of every worker that has not exited.
  private var nodeOfWorker: [Int: Int] = [:]
  private var isRunning = false
  private var scaleDown: Task<Void, Never>?
  private let mailbox = WorkerMailbox()
  private var processes: [Int: WorkerProcess] = [:]
  private var warm: [TaskBoard.WarmWorker] = []
  private var warmCommand: WorkerCommand?
  private var nextWorker = 1
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
    self.coresPerNode = coresPerNode
    self.logFolder = logFolder
    self.logPrefix = logPrefix
    self.observe = observe
    scaler = Autoscaler(scale, tasksPerNode: coresPerNode)
    slots = nodes * coresPerNode
  }

  /// Starts the workers of the nodes that never go, so that they come up while the job is planned.
  package func prepare(for command: WorkerCommand) async {
    guard !isRunning else { return }
    if warmCommand != command {
      await endWorkers()
      warmCommand = command
    }
    forgetTheDead()
    follow(scaler.handle(.tick, at: now))
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
    if warmCommand != job.worker {
      await endWorkers()
      warmCommand = job.worker
    }
    cancelRequested = false
    forgetTheDead()
    var board = TaskBoard(
      job: job, nodes: scaler.settings.maxInstances, coresPerNode: coresPerNode, warm: warm,
      nextWorker: nextWorker, now: now, openNodes: openNodes)
    warm = []
    let ticker = Task { [mailbox] in
      while !Task.isCancelled {
        try? await Task.sleep(for: ComputeDefaults.timeoutCheckInterval)
        mailbox.wake()
      }
    }
    defer { ticker.cancel() }

    perform(board.begin(at: now), of: job, report)
    scale(&board, of: job, report)
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
      if stopRequested { perform(board.handle(.stop, at: now), of: job, report) }
      perform(board.handle(.tick, at: now), of: job, report)
      scale(&board, of: job, report)
    }
    warm = board.warmWorkers
    nextWorker = board.nextWorker
    return board.outcome
  }

  /// Tells the autoscaler what the board is at, and the board which nodes come and go.
  private func scale(
    _ board: inout TaskBoard, of job: ComputeJob, _ report: @Sendable (ComputeEvent) -> Void
  ) {
    let busy = board.busyNodes
    let starting = board.startingNodes
    var actions: [Autoscaler.Action] = []
    for node in openNodes.sorted() where !starting.contains(node) {
      // A node that nobody needs yet has no workers, and is as good as ready.
      actions += scaler.handle(.ready(node: node), at: now)
      actions += scaler.handle(busy.contains(node) ? .busy(node: node) : .idle(node: node), at: now)
    }
    actions += scaler.handle(.demand(tasks: board.demand), at: now)
    board.mayGrow = scaler.mayGrow
    for action in actions {
      switch action {
      case .provision(let node):
        openNodes.insert(node)
        perform(board.handle(.openNode(node), at: now), of: job, report)
      case .release(let node):
        openNodes.remove(node)
        perform(board.handle(.closeNode(node), at: now), of: job, report)
      case .changed(let transition): observe(transition)
      }
    }
    noteGoneNodes()
  }

  private func tell(_ actions: [Autoscaler.Action]) {
    for case .changed(let transition) in actions { observe(transition) }
  }

  /// A node that was released has gone when the last of its workers has.
  private func noteGoneNodes() {
    let present = Set(nodeOfWorker.values)
    for (node, state) in scaler.states where state == .leaving && !present.contains(node) {
      tell(scaler.handle(.gone(node: node), at: now))
    }
  }

  /// Between jobs nothing else looks at the clock, or at workers that exit.
  private func scheduleScaleDown() {
    let leaving = nodeOfWorker.filter { scaler.states[$0.value] == .leaving }.compactMap { processes[$0.key] }
    if !leaving.isEmpty {
      Task { [weak self] in
        for process in leaving { await process.wait() }
        await self?.settle()
      }
    }
    guard let release = scaler.nextRelease else { return }
    scaleDown = Task { [weak self] in
      guard let self else { return }
      try? await Task.sleep(for: release - self.now)
      if !Task.isCancelled { await self.releaseIdleNodes() }
    }
  }

  private func releaseIdleNodes() {
    guard !isRunning else { return }
    forgetTheDead()
    follow(scaler.handle(.tick, at: now))
    noteGoneNodes()
    scheduleScaleDown()
  }

  /// Does between jobs what the autoscaler asks for.
  private func follow(_ actions: [Autoscaler.Action]) {
    tell(actions)
    for action in actions {
      switch action {
      case .provision(let node):
        openNodes.insert(node)
        guard let command = warmCommand else { continue }
        for slot in (node - 1) * coresPerNode..<node * coresPerNode {
          start(nextWorker, slot: slot, command)
          warm.append(TaskBoard.WarmWorker(worker: nextWorker, slot: slot, isReady: false))
          nextWorker += 1
        }
      case .release(let node):
        openNodes.remove(node)
        for worker in warm where nodeOfWorker[worker.worker] == node {
          processes[worker.worker]?.finish()
        }
        warm.removeAll { nodeOfWorker[$0.worker] == node }
      case .changed: break
      }
    }
  }

  /// Notes what has exited. A job that has begun meanwhile does so itself.
  private func settle() {
    guard !isRunning else { return }
    forgetTheDead()
    noteGoneNodes()
  }

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

  private func perform(
    _ actions: [TaskBoard.Action], of job: ComputeJob, _ report: @Sendable (ComputeEvent) -> Void
  ) {
    for action in actions {
      switch action {
      case .startWorker(let worker, let slot): start(worker, slot: slot, job.worker)
      case .assign(let worker, let task, let attempt):
        processes[worker]?.send(WorkerRequest(input: job.input, task: task, attempt: attempt).line)
      case .kill(let worker):
        processes[worker]?.kill()
      case .finish(let worker):
        processes[worker]?.finish()
      case .report: break
      }
    }
    // Afterwards: whoever is told may write it down, and no worker should wait for that.
    for case .report(let event) in actions { report(event) }
  }

  private func start(_ worker: Int, slot: Int, _ command: WorkerCommand) {
    nodeOfWorker[worker] = slot / coresPerNode + 1
    processes[worker] = WorkerProcess(
      number: worker, command: command, logPath: log(of: worker), mailbox: mailbox)
  }

  private func log(of worker: Int) -> String { "\(logFolder)/\(logPrefix)worker-\(worker).log" }

  private func forget(_ worker: Int) {
    processes[worker] = nil
    nodeOfWorker[worker] = nil
  }

  private func event(for letter: WorkerMailbox.Letter) -> TaskBoard.Event {
    switch letter {
    case .line(let worker, let line):
      guard let reply = try? JSONDecoder().decode(WorkerReply.self, from: Data(line.utf8)) else {
        return .workerBabbled(worker: worker, text: String(line.prefix(200)))
      }
      return .workerReplied(worker: worker, reply)
    case .exited(let worker, let reason):
      forget(worker)
      return .workerExited(worker: worker, reason: "\(reason) (log: \(log(of: worker)))")
    case .notStarted(let worker, let reason):
      forget(worker)
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
    nodeOfWorker = [:]
    warm = []
    openNodes = []
    for node in scaler.states.keys.sorted() {
      // The autoscaler asks for the fewest nodes again at once; the next job opens them.
      for action in scaler.handle(.gone(node: node), at: now) {
        switch action {
        case .changed(let transition) where transition.state == nil: observe(transition)
        case .changed, .provision, .release: break
        }
      }
    }
    scaler = Autoscaler(scaler.settings, tasksPerNode: coresPerNode)
  }
}
