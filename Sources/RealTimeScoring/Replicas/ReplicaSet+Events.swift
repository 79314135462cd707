import Foundation
import Supervision
import Telemetry

/// What the loop does at each event, one after the other.
extension ReplicaSet {
  func take(_ event: Event) async {
    let now = MachineClock.now
    switch event {
    case .tick: await tick(at: now)
    case .answered(let replica, let life):
      guard replicas[replica]?.life == life else { return }
      await perform(board.handle(.answered(replica), at: now))
    case .ended(let replica, let life, let end):
      guard let running = replicas[replica], running.life == life else { return }
      running.probe?.cancel()
      await perform(board.handle(.ended(replica, end), at: now))
      if replicas[replica]?.life == life { replicas[replica] = nil }
      giveUpWhereNoneStarts(replica, end)
    case .frontEnded(let process, let words):
      guard front?.processID == process else { return }
      await frontEnded(words, at: now)
    case .stop: await beginStop(at: now)
    }
    if phase == .endingReplicas, board.isEmpty { finish() }
  }

  private func tick(at now: Duration) async {
    switch phase {
    case .running: await watch(at: now)
    case .drainingFront(let until):
      if now >= until { front?.send(signal: SIGKILL) }
      await perform(board.handle(.tick, at: now))
    case .endingReplicas: await perform(board.handle(.tick, at: now))
    case .ended: return
    }
    // The next one comes after this one is done, so that they never pile up.
    Task { [sink] in
      try? await Task.sleep(for: ReplicaDefaults.tickInterval)
      sink.yield(.tick)
    }
  }

  /// Looks at haproxy's figures, and does what follows from them.
  private func watch(at now: Duration) async {
    let seen: HAProxyStatistics
    do {
      seen = try await control.statistics()
      frontIsSilent = false
    } catch {
      if !frontIsSilent { log(error.description) }
      frontIsSilent = true
      return await perform(board.handle(.tick, at: now))
    }
    statistics = seen
    if now - frontStarted >= ReplicaDefaults.steadyTime { frontFailures = 0 }
    await correctSlots(seen)
    var observations: [Int: ReplicaBoard.Observation] = [:]
    for replica in 1...settings.scale.maxInstances {
      guard let row = seen.replica(replica) else { continue }
      observations[replica] = .init(requests: row.current + row.queued, isUp: row.isUp)
    }
    await perform(board.handle(.observed(observations), at: now))
    sampler.add(
      busy: seen.inFlight, queued: seen.queued, ready: seen.replicas.count(where: \.isUp))
    guard let average = sampler.average(at: now) else { return }
    let before = autoscaler.wanted
    let wanted = autoscaler.observe(average, at: now)
    guard wanted != before else { return }
    let percent = Int((autoscaler.utilization(average) * 100).rounded())
    log("\(wanted) replicas are wanted instead of \(before): the utilization was \(percent)%")
    await perform(board.handle(.wanted(wanted), at: now))
  }

  /// Slots that are not as they should be: haproxy has been started again, or did not take a command.
  private func correctSlots(_ seen: HAProxyStatistics) async {
    for (replica, state) in board.states {
      guard let row = seen.replica(replica) else { continue }
      switch state {
      case .ready where row.status.hasPrefix("MAINT") || row.status.hasPrefix("DRAIN"):
        await set(replica, .ready)
      case .draining where row.isUp: await set(replica, .drain)
      default: break
      }
    }
  }

  private func set(_ replica: Int, _ state: HAProxyControl.SlotState) async {
    do {
      try await control.set(replica, state)
    } catch {
      // The next look at the figures finds it. While haproxy ends, it answers nobody.
      if phase == .running { log("replica \(replica) cannot be set to \(state.rawValue): \(error)") }
    }
  }

  func perform(_ actions: [ReplicaBoard.Action]) async {
    for action in actions {
      switch action {
      case .start(let replica): await startReplica(replica)
      case .slot(let replica, let state): if phase == .running { await set(replica, state) }
      case .terminate(let replica): replicas[replica]?.service?.send(signal: SIGTERM)
      case .kill(let replica): replicas[replica]?.service?.send(signal: SIGKILL)
      case .changed(let transition): note(transition)
      }
    }
  }

  private func startReplica(_ replica: Int) async {
    lives += 1
    let life = lives
    let socket = sockets.replica(replica)
    // A replica that was killed has left it, and would be asked in place of the new one.
    unlink(socket)
    do {
      let service = try await Service.start(
        name: "replica \(replica)", executable: settings.program,
        arguments: settings.arguments + ["--listen", "unix:\(socket)"], log: logFile(of: replica),
        environment: settings.environment)
      let probe = Task { [sink] in
        while !(await ReplicaProbe.isReady(socket)) {
          do { try await Task.sleep(for: ReplicaDefaults.probeInterval) } catch { return }
        }
        sink.yield(.answered(replica, life: life))
      }
      replicas[replica] = Running(life: life, service: service, probe: probe)
      Task { [output = settings.output] in
        for await line in service.lines { output(replica, line) }
      }
      Task { [sink] in
        let end: ReplicaEnd
        do { end = .exit(try await service.exit()) } catch { end = .notStarted(reason: "\(error)") }
        sink.yield(.ended(replica, life: life, end))
      }
    } catch {
      replicas[replica] = Running(life: life, service: nil, probe: nil)
      sink.yield(.ended(replica, life: life, .notStarted(reason: "\(error)")))
    }
  }

  func logFile(of replica: Int) -> String { "\(settings.folder)/logs/replica-\(replica).log" }

  private func note(_ transition: ReplicaTransition) {
    let line = ReplicaRecord(
      at: Self.wallClock, replica: transition.replica,
      process: replicas[transition.replica]?.service?.processID, state: transition.state,
      reason: transition.reason)
    usage.add(line)
    do {
      try record.write(Array(line.line.utf8))
    } catch {
      log("\(error)")
    }
    log("replica \(transition.replica) \(transition.state.words): \(transition.reason)")
  }

  /// Before any replica was ready, each that fails may be a broken command, which no waiting mends.
  private func giveUpWhereNoneStarts(_ replica: Int, _ end: ReplicaEnd) {
    guard !wasReady, phase == .running, failure == nil else { return }
    if board.states.values.contains(.ready) {
      wasReady = true
      return
    }
    guard board.failures[replica, default: 0] >= ReplicaDefaults.startFailures else { return }
    failure = .replica(
      replica, reason: "has ended \(ReplicaDefaults.startFailures) times before it was ready: \(end.words)",
      log: logFile(of: replica))
    sink.yield(.stop)
  }
}
