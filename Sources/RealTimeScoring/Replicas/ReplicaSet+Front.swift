import Files
import Foundation
import HTTP
import Supervision
import Telemetry
import Wording

/// haproxy's process: its start, its end, and where it listens.
extension ReplicaSet {
  var frontLog: String { "\(settings.folder)/logs/haproxy.log" }

  /// Starts haproxy, and returns when its runtime socket answers. Throws ``ReplicaError/front(reason:log:)`` and ``FileError``.
  func startFront() async throws {
    let file = "\(settings.folder)/haproxy.cfg"
    try writeCertificate()
    try AtomicFile.write(configuration.text, to: file, existing: .replace)
    let logged = (try? TextFile.bytes(of: frontLog).count) ?? 0
    let service: Service
    do {
      service = try await Service.start(
        name: ReplicaDefaults.program, executable: executable, arguments: ["-db", "-f", file], log: frontLog)
    } catch let error as ServiceError {
      throw ReplicaError.front(reason: "cannot be started: \(error.reason)", log: frontLog)
    }
    front = service
    frontIsReady = false
    frontStarted = MachineClock.now
    Task { for await _ in service.lines {} }
    Task { [sink] in
      let words = (try? await service.exit())?.description ?? "it could not be waited for"
      sink.yield(.frontEnded(service.processID, words))
      await frontHasEnded(service.processID)
    }
    let deadline = MachineClock.now + ReplicaDefaults.frontStartTimeout
    while front != nil {
      if (try? await control.statistics()) != nil, front != nil {
        frontIsReady = true
        return
      }
      if MachineClock.now >= deadline { service.send(signal: SIGKILL) }
      try await Task.sleep(for: ReplicaDefaults.probeInterval)
    }
    throw ReplicaError.front(
      reason: "did not start: \(firstAlert(after: logged) ?? "it gave no reason")", log: frontLog)
  }

  /// Its start need not be waited for any longer.
  private func frontHasEnded(_ process: Int32) {
    if !frontIsReady, front?.processID == process { front = nil }
  }

  func frontEnded(_ words: String, at now: Duration) async {
    front = nil
    // While it starts, its end is waited for there.
    guard frontIsReady else { return }
    frontIsReady = false
    switch phase {
    case .running: await startFrontAgain(words)
    case .drainingFront: await endReplicas(at: now)
    case .endingReplicas, .ended: break
    }
  }

  /// Replicas go on meanwhile; their slots are switched on when the figures show that they are off.
  private func startFrontAgain(_ words: String) async {
    log("haproxy has ended by itself (\(words)), and is started again")
    while phase == .running {
      frontFailures += 1
      do {
        guard frontFailures <= ReplicaDefaults.frontFailures else {
          throw ReplicaError.front(
            reason: "has ended \(frontFailures) times in a row (\(words))", log: frontLog)
        }
        try await Task.sleep(for: ReplicaBoard.backOff(after: frontFailures))
        return try await startFront()
      } catch let error as ReplicaError where frontFailures <= ReplicaDefaults.frontFailures {
        log(error.description)
      } catch {
        failure = error as? ReplicaError ?? .front(reason: "\(error)", log: frontLog)
        return await beginStop(at: MachineClock.now)
      }
    }
  }

  /// Has haproxy accept nothing more, and answer what it has.
  func beginStop(at now: Duration) async {
    guard phase == .running else { return }
    log("the replicas stop: what was accepted is answered")
    phase = .drainingFront(until: now + settings.stopDeadline - board.limits.exit)
    await perform(board.handle(.close, at: now))
    if let front { front.send(signal: SIGUSR1) } else { await endReplicas(at: now) }
  }

  private func endReplicas(at now: Duration) async {
    phase = .endingReplicas
    await perform(board.handle(.stop, at: now))
  }

  private var configuration: HAProxyConfiguration {
    var configuration = HAProxyConfiguration(
      listen: address, sockets: sockets, slots: settings.scale.maxInstances,
      requestsPerReplica: settings.scale.requestsAtATime + ReplicaDefaults.handedAhead)
    configuration.certificate = settings.tls == nil ? nil : sockets.certificate
    configuration.queueTimeout = settings.queueTimeout
    configuration.queueLength = settings.queueLength
    configuration.requestTimeout = settings.requestTimeout
    configuration.arrivalTimeout = settings.arrivalTimeout
    configuration.connections = min(settings.connections, Self.mostConnections(settings.scale.maxInstances))
    configuration.stopDeadline = settings.stopDeadline - board.limits.exit
    configuration.metricsSocket = settings.metricsSocket
    return configuration
  }

  /// A connection of a client takes two descriptors, and haproxy does not start where it may not have all of them.
  private static func mostConnections(_ replicas: Int) -> Int {
    var limit = rlimit()
    guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return .max }
    return max(1, (Int(clamping: limit.rlim_max) - ReplicaDefaults.reservedDescriptors - 4 * replicas) / 2)
  }

  /// Puts certificate and key into one file that nobody else may read. Throws ``FileError``.
  private func writeCertificate() throws {
    guard let tls = settings.tls else { return }
    let text = try TextFile.text(of: tls.certificate) + "\n" + TextFile.text(of: tls.key)
    let path = sockets.certificate
    unlink(path)
    // It is made with this mode, so that there is no moment at which others can open it.
    let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else {
      throw FileError(path: path, action: .create, reason: String(cString: strerror(errno)))
    }
    close(descriptor)
    let file = try GrowingFile(path: path)
    try file.write(Array(text.utf8))
    try file.close()
  }

  /// The first line of haproxy's log after `offset` that says what is wrong; those after it say that it therefore ends.
  private func firstAlert(after offset: Int) -> String? {
    guard let bytes = try? TextFile.bytes(of: frontLog) else { return nil }
    return String(decoding: bytes.dropFirst(offset), as: UTF8.self).split(separator: "\n")
      .first { $0.contains("[ALERT]") }
      .map { line in line.split(separator: " : ", maxSplits: 1).last.map(String.init) ?? String(line) }
  }

  /// Refuses what haproxy would take silently: a socket's path that it would change, and one on which somebody listens, which it would
  /// take away.
  static func checkPlace(_ settings: ReplicaSettings) async throws {
    let absolute = URL(fileURLWithPath: settings.folder).standardizedFileURL.path
    if (try? await HAProxyControl(socket: "\(absolute)/sockets/control").statistics()) != nil {
      throw ReplicaError.settings(reason: "replicas run in the folder \(settings.folder) already")
    }
    if let path = settings.metricsSocket, !ReplicaSockets.isSafe(path) {
      throw ReplicaError.settings(
        reason: "haproxy cannot ask \(path.quoted) for metrics: its path has signs that haproxy reads")
    }
    guard case .socketFile(let path) = settings.listen.place else { return }
    guard ReplicaSockets.isSafe(path), path.utf8.count <= ReplicaDefaults.socketPathBytes else {
      throw ReplicaError.settings(
        reason:
          "haproxy cannot listen on \(path.quoted): a socket's path has \(ReplicaDefaults.socketPathBytes)"
          + " bytes at most, and no dollar sign, comma or quotation mark")
    }
    guard !SocketExchange.isListening(path) else {
      throw ReplicaError.settings(reason: "somebody listens on \(settings.listen) already")
    }
  }

  /// `address` with a port that is free at this moment, where it leaves the choice.
  static func withPort(_ address: ListenAddress) throws -> ListenAddress {
    guard case .network(let host, 0) = address.place else { return address }
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    defer { close(descriptor) }
    var bound = sockaddr_in()
    bound.sin_family = sa_family_t(AF_INET)
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let isBound = withUnsafeMutablePointer(to: &bound) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, length) == 0 && getsockname(descriptor, $0, &length) == 0
      }
    }
    guard isBound else {
      throw ReplicaError.settings(
        reason: "no port is free for \(address): \(String(cString: strerror(errno)))")
    }
    return ListenAddress(.network(host: host, port: Int(UInt16(bigEndian: bound.sin_port))))
  }
}
