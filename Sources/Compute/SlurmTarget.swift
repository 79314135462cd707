import Files
import Foundation
import Subprocess
import Supervision
import SystemPackage
import Wording

/// Runs tasks as job arrays of a Slurm cluster whose nodes share the run's folder with this machine.
///
/// Starting an array element takes Slurm about a tenth of a second, so an element is a worker that does many tasks: it
/// reads its requests from a file and writes its replies into one, in the protocol of ``WorkerRequest``. Tasks that an
/// element leaves undone, because it crashed, hung or was taken away, go into the next array.
package actor SlurmTarget: ComputeTarget {
  package nonisolated let name: String
  package nonisolated let slots: Int
  private let logFolder: String
  private let logPrefix: String
  private let scale: AutoscaleSettings
  private let coresPerNode: Int
  private let observe: @Sendable (NodeTransition) -> Void
  /// Slurm's names of nodes, and the numbers they have here.
  private var nodes: [String: Int] = [:]
  private var hasTold = false
  private let origin = ContinuousClock.now
  private let sbatch: String
  private let squeue: String
  private let scancel: String
  private let scontrol: String
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
    func command(_ program: String) throws -> String {
      guard let path = ExecutablePath.find(program) else {
        throw ComputeError(
          "compute target \(name.quoted): there is no \(program.quoted) on this machine; install the package slurm-wlm "
            + "(apt-get install slurm-wlm), or use the target local", isUnavailable: true)
      }
      return path
    }
    sbatch = try command("sbatch")
    squeue = try command("squeue")
    scancel = try command("scancel")
    scontrol = try command("scontrol")
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
    try await endArray(named: label)
    if !hasTold, scale.minInstances < scale.maxInstances {
      hasTold = true
      report(.notice(try await powerSaving().sentence))
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

  /// What the cluster does with nodes that nobody needs.
  package func powerSaving() async throws -> SlurmPowerSaving {
    SlurmPowerSaving(configuration: try await call(scontrol, ["show", "config"]))
  }

  // MARK: - One array

  /// Submits an array, follows it to its end, and returns the last reason for which an element ended early.
  private func runArray(
    _ elements: [ArrayBoard.Element], _ job: ComputeJob, _ label: String, _ folder: String,
    _ board: inout ArrayBoard, _ report: @Sendable (ComputeEvent) -> Void
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
    let id = try await submit(
      [
        "--array=0-\(elements.count - 1)", "--job-name=\(label)", "--ntasks=1", "--cpus-per-task=1",
        "--requeue",
      ]
        + [
          "--chdir=\(folder)",
          "--output=\(logFolder.replacing("%", with: "%%"))/\(logPrefix)slurm-%A-%a.log",
          "--open-mode=append",
        ]
        + ["\(folder)/element.sh"])

    let clock = ContinuousClock()
    let origin = clock.now
    var tails = elements.indices.map { ReplyTail(folder: folder, element: $0) }
    var live = Set(elements.indices)
    var occupied: [Int: Set<Int>] = [:]
    var lastReason = "none"
    var endingSince: Duration?
    var isCanceled = false
    var saidToWait = false
    var nextLook = origin
    var lastAnswer = origin
    while !live.isEmpty {
      if isStopping || isCanceling {
        endingSince = endingSince ?? clock.now - origin
        // Until Slurm takes it: its controller may be busy.
        if !isCanceled { isCanceled = await cancel(array: id) }
        // An element whose node does not answer ends when Slurm gives the node up, which takes minutes.
        if let since = endingSince, clock.now - origin - since > ComputeDefaults.stopGrace {
          for index in live { leave(index, &occupied) }
          for index in live { board.dropped(elements[index].worker) }
          if !isCanceled { report(.notice("Slurm does not cancel the array \(id), which may still run")) }
          break
        }
      }
      // Looked at before the replies are read: what an element wrote before its end is then seen. An element that has replied
      // before it was seen to run is looked for at once, because only Slurm knows its node.
      var states: [Int: ElementState]?
      if clock.now >= nextLook
        || live.contains(where: { tails[$0].hasLines && !board.hasStarted(elements[$0].worker) })
      {
        do {
          states = try await elementStates(of: id)
          lastAnswer = clock.now
        } catch {
          // A controller that is busy, or just being started again, answers later; the elements do not need it.
          guard clock.now - lastAnswer < ComputeDefaults.slurmPatience else {
            await cancel(array: id)
            throw error
          }
        }
        nextLook = clock.now + ComputeDefaults.slurmStateInterval
      }
      if !saidToWait, clock.now - origin > ComputeDefaults.slurmSilence, let states,
        live.allSatisfy({ states[$0]?.isWaiting ?? false }),
        let reason = live.min().flatMap({ states[$0]?.reason })
      {
        saidToWait = true
        report(.notice("the array \(id) waits: \(reason)"))
      }
      for index in live.sorted() {
        let now = clock.now - origin
        if let node = states?[index]?.node {
          let number = nodes[node] ?? nodes.count + 1
          nodes[node] = number
          if occupied[number, default: []].isEmpty {
            observe(NodeTransition(node: number, state: .running, at: clock.now - self.origin))
          }
          occupied[number, default: []].insert(index)
          board.started(elements[index].worker, node: number, at: now).forEach(report)
        }
        for line in tails[index].newLines() {
          guard let reply = try? JSONDecoder().decode(WorkerReply.self, from: Data(line.utf8)) else {
            continue
          }
          board.handle(reply, from: elements[index].worker, at: now).forEach(report)
        }
        // Taken off its node to begin anew, for which it may have to wait.
        if let state = states?[index], state.isWaiting, board.hasStarted(elements[index].worker) {
          leave(index, &occupied)
          board.requeued(elements[index].worker)
          report(.notice("element \(id)_\(index) begins anew: \(state.reason)"))
        }
        if let states, states[index]?.isLive != true {
          live.remove(index)
          leave(index, &occupied)
          let reason = states[index]?.reason ?? "Slurm knows it no more"
          if endingSince != nil {
            board.dropped(elements[index].worker)
          } else {
            let events = board.ended(
              elements[index].worker,
              reason: "\(reason) (log: \(logFolder)/\(logPrefix)slurm-\(id)-\(index).log)",
              at: now)
            if !events.isEmpty { lastReason = reason }
            events.forEach(report)
          }
        } else if board.isOverdue(elements[index].worker, at: now) {
          await cancel(array: "\(id)_\(index)")
          let events = board.ended(
            elements[index].worker,
            reason: "no answer within \(job.retry.timeout.formattedSeconds); canceled",
            at: now)
          events.forEach(report)
          // Not waited for: its node may be one that does not answer any more.
          live.remove(index)
          leave(index, &occupied)
        }
      }
      if !live.isEmpty { try await Task.sleep(for: ComputeDefaults.slurmReplyInterval) }
    }
    return lastReason
  }

  /// Notes that an element is on no node any more.
  private func leave(_ element: Int, _ occupied: inout [Int: Set<Int>]) {
    for node in occupied.keys.sorted()
    where occupied[node]?.remove(element) != nil && occupied[node]?.isEmpty == true {
      observe(NodeTransition(node: node, state: nil, at: ContinuousClock.now - origin))
    }
  }

  // MARK: - Slurm's commands

  private struct ElementState {
    var isLive: Bool
    /// Whether it is on no node yet, or not any more.
    var isWaiting: Bool
    var node: String?
    var reason: String
  }

  private func submit(_ arguments: [String]) async throws -> String {
    let output = try await call(sbatch, ["--parsable"] + arguments)
    // Of several clusters the name follows after a semicolon.
    let id = output.prefix { $0.isNumber }
    guard !id.isEmpty else {
      throw ComputeError("sbatch answered \(output.quoted) where a job number was expected")
    }
    return String(id)
  }

  /// The states of the elements of an array, as far as Slurm still knows them.
  private func elementStates(of id: String) async throws -> [Int: ElementState] {
    let output: String
    do {
      output = try await call(
        squeue, ["--array", "--noheader", "--states=all", "--jobs=\(id)", "--format=%K|%T|%N|%r"])
    } catch let error as ComputeError where error.description.contains("Invalid job id") {
      return [:]
    }
    var states: [Int: ElementState] = [:]
    for line in output.split(separator: "\n") {
      let fields = line.split(separator: "|", omittingEmptySubsequences: false).map(String.init)
      guard fields.count >= 4, let index = Int(fields[0]) else { continue }
      let state = fields[1]
      // What is not final; a preempted or requeued element comes back as pending.
      let isLive = [
        "PENDING", "CONFIGURING", "RUNNING", "COMPLETING", "SUSPENDED", "REQUEUED", "REQUEUE_HOLD",
        "STAGE_OUT",
        "SIGNALING", "STOPPED", "RESIZING", "PREEMPTED", "NODE_FAIL",
      ].contains(state)
      // A short element is done before anybody has seen it run; where it was is known all the same.
      states[index] = ElementState(
        isLive: isLive, isWaiting: ["PENDING", "REQUEUED", "REQUEUE_HOLD"].contains(state),
        node: state == "PENDING" || fields[2].isEmpty ? nil : fields[2],
        reason: "Slurm says \(state)" + (fields[3].isEmpty || fields[3] == "None" ? "" : ", \(fields[3])"))
    }
    return states
  }

  /// Cancels an array, or an element of one; false where Slurm does not do that. What an element still writes is what any other
  /// attempt writes.
  @discardableResult
  private func cancel(array id: String) async -> Bool { (try? await call(scancel, [id])) != nil }

  /// Cancels what runs under `label` and waits for its end, but not for what is ending: a node that does not answer keeps that for
  /// minutes.
  private func endArray(named label: String) async throws {
    let clock = ContinuousClock()
    let deadline = clock.now + ComputeDefaults.slurmEndWait
    let states = "--states=PENDING,RUNNING,SUSPENDED,CONFIGURING"
    while try await !call(squeue, ["--noheader", "--name=\(label)", states, "--format=%A"]).isEmpty {
      guard clock.now < deadline else {
        throw ComputeError(
          "an earlier array \(label.quoted) does not end; see “squeue --name=\(label)”", isUnavailable: true)
      }
      _ = try await call(scancel, ["--name=\(label)"])
      try await Task.sleep(for: ComputeDefaults.slurmStateInterval)
    }
  }

  /// What `program` prints. Throws ``ComputeError`` with what it complains about.
  private func call(_ program: String, _ arguments: [String]) async throws -> String {
    let result = try await Subprocess.run(
      .path(FilePath(program)), arguments: Arguments(arguments), output: .string(limit: 1 << 24),
      error: .string(limit: 1 << 16))
    guard result.terminationStatus == .exited(0) else {
      let text = result.standardError.trimmingCharacters(in: .whitespacesAndNewlines)
      throw ComputeError("compute target \(name.quoted): \(program): \(text)", isUnavailable: true)
    }
    return result.standardOutput.trimmingCharacters(in: .whitespacesAndNewlines)
  }

  /// `text` as one word of a shell.
  private static func quoted(_ text: String) -> String {
    "'\(text.replacing("'", with: "'\\''"))'"
  }
}

/// Reads the lines that an array element has written so far, each once. An element that Slurm has started again has a
/// new file; the newest one counts.
private struct ReplyTail {
  let folder: String
  let element: Int
  private var restart = 0
  private var offset: UInt64 = 0
  private var rest = Data()

  init(folder: String, element: Int) {
    self.folder = folder
    self.element = element
  }

  /// Whether there is something that has not been read.
  var hasLines: Bool {
    var status = stat()
    return stat(path(newestRestart ?? restart), &status) == 0
      && (newestRestart != nil || UInt64(status.st_size) > offset)
  }

  /// The number of a later start than the one that is read; nil where there is none. One that Slurm has taken away before it
  /// began leaves no file, so a few numbers are looked at.
  private var newestRestart: Int? {
    (restart + 1...restart + Self.mostLostStarts).last { access(path($0), F_OK) == 0 }
  }

  private static let mostLostStarts = 8

  mutating func newLines() -> [String] {
    if let newest = newestRestart {
      restart = newest
      offset = 0
      rest = Data()
    }
    guard let file = FileHandle(forReadingAtPath: path(restart)) else { return [] }
    defer { try? file.close() }
    guard (try? file.seek(toOffset: offset)) != nil, let data = try? file.readToEnd() else { return [] }
    offset += UInt64(data.count)
    var lines = (rest + data).split(separator: 0x0A, omittingEmptySubsequences: false)
    rest = Data(lines.popLast() ?? Data())
    return lines.map { String(decoding: $0, as: UTF8.self) }
  }

  private func path(_ restart: Int) -> String { "\(folder)/replies-\(element)-\(restart)" }
}
