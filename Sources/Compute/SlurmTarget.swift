import Files
import Foundation
import Synchronization
import Wording

/// Runs tasks as job arrays of a Slurm cluster whose nodes share the run's folder with this machine.
///
/// Starting an array element takes Slurm about a tenth of a second, so an element is a worker that does many tasks: it
/// reads its requests from a file and writes its replies into one, in the protocol of ``WorkerRequest``. Tasks that an
/// element leaves undone, because it crashed, hung or was taken away, go into the next array.
///
/// An ``ArrayBoard`` says which element does which tasks, an ``ArrayWatch`` what becomes of an array; this is the part that has
/// Slurm's commands, files and a clock.
package actor SlurmTarget: ComputeTarget {
  package nonisolated let name: String
  package nonisolated let slots: Int
  private let logFolder: String
  private let logPrefix: String
  private let scale: AutoscaleSettings
  private let coresPerNode: Int
  private let observe: @Sendable (NodeTransition) -> Void
  private var nodes = ArrayWatch.NodeNumbers()
  /// Slurm's names of the nodes of workers.
  private nonisolated let hosts = Mutex<[Int: String]>([:])
  private var hasTold = false
  private let origin = ContinuousClock.now
  private let slurm: SlurmCommands
  private var isStopping = false
  private var isCanceling = false
  private var nextWorker = 1

  /// A target that runs at most `scale.maxInstances` × `coresPerNode` workers at a time, which log to `logFolder`. The
  /// cluster is the one that Slurm's commands find, by `SLURM_CONF` where that is set. Throws ``ComputeError`` where
  /// they are missing.
  ///
  /// - Parameters:
  ///   - logPrefix: Comes before the names of the logs.
  ///   - observe: Is told of every node that begins to run elements, and of every one that runs none any more.
  package init(
    name: String = "slurm", scale: AutoscaleSettings, coresPerNode: Int, logFolder: String,
    logPrefix: String = "", observe: @escaping @Sendable (NodeTransition) -> Void = { _ in }
  ) throws {
    let nodes = scale.maxInstances
    let workers = nodes.multipliedReportingOverflow(by: coresPerNode)
    guard nodes >= 1, coresPerNode >= 1, !workers.overflow,
      workers.partialValue <= ComputeDefaults.maxSlurmWorkers
    else {
      throw ComputeError(
        "compute target \(name.quoted): \(nodes) nodes with \(coresPerNode) cores; 1 to "
          + "\(ComputeDefaults.maxSlurmWorkers) workers in all make an array")
    }
    slurm = try SlurmCommands(for: name)
    do {
      try Folder.make(logFolder)
    } catch {
      throw ComputeError("compute target \(name.quoted): \(error)")
    }
    // Slurm would take the backslash out, and find no such folder.
    guard !logFolder.contains("\\") else {
      throw ComputeError(
        "compute target \(name.quoted): Slurm cannot write logs to \(logFolder), because its name has a backslash"
      )
    }
    self.name = name
    self.logFolder = logFolder
    self.logPrefix = logPrefix
    self.scale = scale
    self.coresPerNode = coresPerNode
    self.observe = observe
    slots = workers.partialValue
  }

  package func run(_ job: ComputeJob, report: @escaping @Sendable (ComputeEvent) -> Void) async throws
    -> ComputeOutcome
  {
    isCanceling = false
    let label = "sonde-\(Digest.sha256(text: job.input).prefix(12))"
    // A coordinator that was killed has left its array behind, which would do the same tasks beside the new one.
    try await slurm.endArray(named: label)
    if !hasTold, scale.minInstances < scale.maxInstances {
      hasTold = true
      report(.notice(try await slurm.powerSaving().sentence))
    }
    let arrays = (job.input as NSString).deletingLastPathComponent + "/slurm"
    var board = ArrayBoard(tasks: job.tasks, retry: job.retry)
    var fruitless = 0
    while !board.isFinished, !isStopping, !isCanceling {
      try? FileManager.default.removeItem(atPath: arrays)
      // Of its own: an element of an earlier array that comes back from a lost node finds nothing to do, and writes nowhere.
      let folder = "\(arrays)/\(UUID().uuidString)"
      try Folder.make(folder)
      let before = board.settled
      let width = scale.nodes(for: board.waitingTasks, tasksPerNode: coresPerNode) * coresPerNode
      let elements = board.nextArray(slots: width, firstWorker: nextWorker)
      nextWorker += elements.count
      let reason = try await runArray(elements, job, label, folder, &board, report)
      fruitless = board.settled == before ? fruitless + 1 : 0
      if fruitless > job.retry.maxRetries, !board.isFinished {
        return board.outcome(.gaveUp(reason: "\(fruitless) arrays in a row did nothing; last: \(reason)"))
      }
    }
    try? FileManager.default.removeItem(atPath: arrays)
    return board.outcome(board.isFinished ? .finished : isCanceling ? .canceled : .stopped)
  }

  /// Ends the array at once: its elements are others' processes, and what they have not finished is done again.
  package func stop() { isStopping = true }

  package func cancel() { isCanceling = true }

  package func shutDown() {}

  package nonisolated func host(ofWorker worker: Int) -> String? { hosts.withLock { $0[worker] } }

  /// What the cluster does with nodes that nobody needs.
  package func powerSaving() async throws -> SlurmPowerSaving { try await slurm.powerSaving() }

  // MARK: - One array

  /// Submits an array, follows it to its end, and returns the last reason for which an element ended early.
  private func runArray(
    _ elements: [ArrayBoard.Element], _ job: ComputeJob, _ label: String, _ folder: String,
    _ board: inout ArrayBoard, _ report: @Sendable (ComputeEvent) -> Void
  ) async throws -> String {
    let id = try await submit(elements, job, label, folder)
    var watch = ArrayWatch(
      array: id, elements: elements, board: board, nodes: nodes, timeout: job.retry.timeout, at: now,
      log: { [logFolder, logPrefix] in "\(logFolder)/\(logPrefix)slurm-\(id)-\($0).log" })
    var tails = elements.indices.map { ReplyTail(folder: folder, element: $0) }
    while !watch.isOver {
      if isStopping || isCanceling {
        // Until Slurm takes it: its controller may be busy.
        let isTaken = watch.isCanceled ? true : await slurm.cancel(array: id)
        await perform(watch.end(cancelTaken: isTaken, at: now), on: id, report)
        if watch.isOver { break }
      }
      let states = try await states(of: id, &watch, tails)
      let lines = watch.live.map { ($0, tails[$0].newLines()) }
      let actions = watch.look(states, lines: Dictionary(uniqueKeysWithValues: lines), at: now)
      // Before the tasks are reported that they have started.
      hosts.withLock { $0.merge(watch.hosts) { $1 } }
      await perform(actions, on: id, report)
      if !watch.isOver { try await Task.sleep(for: ComputeDefaults.slurmReplyInterval) }
    }
    board = watch.board
    nodes = watch.nodes
    return watch.lastReason
  }

  /// Writes the requests of the elements, and submits them as an array, whose number is returned.
  private func submit(
    _ elements: [ArrayBoard.Element], _ job: ComputeJob, _ label: String, _ folder: String
  ) async throws -> String {
    for (index, element) in elements.enumerated() {
      let lines = element.requests.map {
        WorkerRequest(input: job.input, task: $0.task, attempt: $0.attempt).line
      }
      try AtomicFile.write(Array(lines.joined().utf8), to: "\(folder)/requests-\(index)")
    }
    let words = ([job.worker.executable] + job.worker.arguments).map(Self.quoted).joined(separator: " ")
    let script = """
      #!/bin/sh
      # Slurm starts an element again that has lost its node; its replies then begin anew.
      exec \(words) <\(Self.quoted(folder))/requests-$SLURM_ARRAY_TASK_ID \\
        >\(Self.quoted(folder))/replies-$SLURM_ARRAY_TASK_ID-${SLURM_RESTART_COUNT:-0}

      """
    try AtomicFile.write(Array(script.utf8), to: "\(folder)/element.sh")
    return try await slurm.submit([
      "--array=0-\(elements.count - 1)", "--job-name=\(label)", "--ntasks=1", "--cpus-per-task=1",
      "--requeue",
      "--chdir=\(folder)", "--output=\(logFolder.replacing("%", with: "%%"))/\(logPrefix)slurm-%A-%a.log",
      "--open-mode=append", "\(folder)/element.sh",
    ])
  }

  /// What Slurm says of the elements, where it is time to ask. Throws, and cancels the array, where it has not answered for long.
  private func states(of id: String, _ watch: inout ArrayWatch, _ tails: [ReplyTail]) async throws
    -> [Int: ElementState]?
  {
    guard watch.isLookDue(at: now, hasReplied: { tails[$0].hasLines }) else { return nil }
    do {
      return try await slurm.elementStates(of: id)
    } catch {
      guard watch.noteSilence(at: now) else { return nil }
      await slurm.cancel(array: id)
      throw error
    }
  }

  private func perform(
    _ actions: [ArrayWatch.Action], on id: String, _ report: @Sendable (ComputeEvent) -> Void
  ) async {
    for action in actions {
      switch action {
      case .report(let event): report(event)
      case .changed(let transition): observe(transition)
      case .cancel(let element): await slurm.cancel(array: "\(id)_\(element)")
      }
    }
  }

  private var now: Duration { ContinuousClock.now - origin }

  /// `text` as one word of a shell.
  private static func quoted(_ text: String) -> String {
    "'\(text.replacing("'", with: "'\\''"))'"
  }
}
