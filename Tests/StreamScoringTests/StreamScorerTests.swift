import Foundation
import StreamScoring
import Supervision
import Synchronization
import TestSupport
import Testing
import WindowStore

/// Scoring a store by services that a test writes.
@Suite(.timeLimit(.minutes(30))) struct StreamScorerTests {
  /// What a life of the scorer came to.
  private struct Outcome {
    var progress = StreamProgress()
    var error: String?
    /// The rows that are stored, as device and revision.
    var stored: [String] = []
    var notices: [String] = []
    var isDrained = false
  }

  /// Scores the rows of sensors in `store` by a script at `port`, in a thread of its own: it waits there without harm to others.
  private func score(
    _ store: StreamStore, port: UInt16, batch: Int = 1000, codes: FatalCodes = .text2022,
    notice: @escaping @Sendable (String) -> Void = { _ in },
    observe: @escaping @Sendable (StreamScorer, StreamEvent, StopFlag) -> Void = { _, _, _ in }
  ) async throws -> Outcome {
    let notices = Mutex<[String]>([])
    let isDrained = Mutex(false)
    let said = Mutex<String?>(nil)
    let (folder, path) = (store.folder, store.path)
    await withCheckedContinuation { continuation in
      Thread.detachNewThread {
        do {
          var settings = StreamSettings(
            run: folder, service: "http://127.0.0.1:\(port)/v2/models/models/infer")
          settings.script = .sensor
          settings.maxBatchCount = batch
          settings.fatalCodes = codes
          let scorer = try StreamScorer(settings, .script(.sensor), store: path, key: nil) { text in
            notices.withLock { $0.append(text) }
            notice(text)
          }
          let stop = StopFlag()
          try scorer.run(until: stop, isEnded: { true }) { event in
            if case .drained = event { isDrained.withLock { $0 = true } }
            observe(scorer, event, stop)
          }
        } catch {
          said.withLock { $0 = "\(error)" }
        }
        continuation.resume()
      }
    }
    var outcome = Outcome()
    outcome.progress = try StreamScoreStore(path: store.path).progress()
    outcome.error = said.withLock { $0 }
    outcome.notices = notices.withLock { $0 }
    outcome.isDrained = isDrained.withLock { $0 }
    let reader = try WindowStoreReader(path: store.path)
    outcome.stored = try reader.devices().flatMap { device in
      try reader.streamPredictions(of: device).map { "\(device)r\($0.revision)" }
    }
    return outcome
  }

  /// What a service says that takes everything.
  private static func answer(_ request: ScriptedServer.Request) -> [UInt8] {
    guard let read = try? InferenceRequest(headers: request.headers, body: request.body) else {
      return ScriptedServer.answer("{}", status: "400 Bad Request")
    }
    return answer(read)
  }

  private static func answer(_ request: InferenceRequest) -> [UInt8] {
    let count = request["device"]?.texts.count ?? 0
    return InferenceAnswer(id: request.id, scores: Array(repeating: 0.5, count: count)).message
  }

  private func threeWindows(_ store: StreamStore) throws {
    for device in ["a", "b", "c"] { try store.commit(window(device, "s")) }
  }

  @Test func everythingIsScoredOnce() async throws {
    try await StreamStore.with { store in
      try threeWindows(store)
      try await withScriptedServer({ .bytes(Self.answer($0)) }) { server in
        let first = try await score(store, port: server.port, batch: 2)
        #expect(first.error == nil && first.isDrained && first.notices.isEmpty)
        #expect(first.stored == ["ar1", "br1", "cr1"])
        #expect(first.progress.functionRequests == 2 && first.progress.functionEvents == 3)
        #expect(first.progress.batch == 3 && first.progress.retries == 0)
        // The next life has only what came since.
        try store.commit(window("a", "s", revision: 2, visibleFrom: 90_000))
        let second = try await score(store, port: server.port, batch: 2)
        #expect(second.stored == ["ar1", "ar2", "br1", "cr1"])
        #expect(second.progress.functionRequests == 3 && second.progress.functionEvents == 4)
        #expect(server.requests.count == 3)
      }
    }
  }

  @Test func afterAFatalAnswerNothingMoreIsAsked() async throws {
    try await StreamStore.with { store in
      try threeWindows(store)
      let no = ScriptedServer.answer(#"{"error":"row 0 is odd"}"#, status: "400 Bad Request")
      try await withScriptedServer({ .bytes($0.number == 0 ? Self.answer($0) : no) }) { server in
        let outcome = try await score(store, port: server.port, batch: 1)
        #expect(outcome.error?.contains("the service answered 400") == true, "\(outcome)")
        #expect(outcome.progress.failure?.contains("row 0 is odd") == true)
        #expect(outcome.stored == ["ar1"] && !outcome.isDrained)
        #expect(outcome.progress.functionRequests == 2)
        #expect(outcome.progress.failedFunctionRequests == 1)
        #expect(server.requests.count == 2)
        // What was not scored is scored by the next life, which begins anew.
        let again = try await score(store, port: server.port, batch: 1)
        #expect(again.error != nil && again.stored == ["ar1"] && again.progress.functionRequests == 3)
      }
    }
  }

  /// A service that is full may end the connection too; it has still said when to come again.
  @Test func whatTheServiceAsksForIsWaitedThoughTheConnectionEnds() async throws {
    try await StreamStore.with { store in
      try threeWindows(store)
      let times = Mutex<[ContinuousClock.Instant]>([])
      try await withScriptedServer { request in
        times.withLock { $0.append(.now) }
        return request.number > 0
          ? .bytes(Self.answer(request))
          : .lastBytes(
            ScriptedServer.answer("{}", status: "503 Service Unavailable", headers: ["Retry-After: 2"]))
      } _: { server in
        let outcome = try await score(store, port: server.port, codes: .text2020)
        #expect(outcome.error == nil && outcome.stored.count == 3)
        #expect(outcome.progress.functionRequests == 2 && outcome.progress.retries == 1)
        #expect(outcome.progress.failedFunctionRequests == 1)
        #expect(outcome.notices.first?.contains("the service answered 503") == true)
        #expect(outcome.notices.last == "the service answers again")
      }
      let found = times.withLock { $0 }
      #expect(found.count == 2 && found[1] - found[0] >= .seconds(2))
    }
  }

  /// A connection that ends is asked for again. A request that could not even leave is no retry.
  @Test func onlyWhatWasSentIsSentAgain() async throws {
    try await StreamStore.with { store in
      try threeWindows(store)
      let server = try LateServer()
      let outcome = try await score(
        store, port: server.port, notice: { _ in server.open { Self.answer($0) } })
      #expect(outcome.error == nil && outcome.stored.count == 3, "\(outcome)")
      #expect(outcome.notices.first?.contains("cannot connect") == true, "\(outcome.notices)")
      #expect(outcome.progress.functionRequests == 1 && outcome.progress.functionEvents == 3)
      #expect(outcome.progress.retries == 0 && outcome.progress.failedFunctionRequests == 0)
      withExtendedLifetime(server) {}
    }
  }

  /// A script is given no window twice in one request: it refuses that, and a refusal would be fatal.
  @Test func twoRevisionsOfAWindowAreTwoRequestsToAScript() async throws {
    try await StreamStore.with { store in
      try store.commit(
        window("a", "s"), window("a", "s", revision: 2, visibleFrom: 60_000), window("b", "s"))
      try await withScriptedServer({ .bytes(Self.answer($0)) }) { server in
        let outcome = try await score(store, port: server.port)
        #expect(outcome.stored == ["ar1", "ar2", "br1"])
        let requests = try server.requests.map { try InferenceRequest(headers: $0.headers, body: $0.body) }
        for request in requests {
          let windows = zip(request["device"]?.texts ?? [], request["window_start_ms"]?.words ?? [])
            .map { "\($0)@\($1)" }
          #expect(Set(windows).count == windows.count, "\(windows)")
        }
        #expect(requests.reduce(0) { $0 + ($1["device"]?.texts.count ?? 0) } == 3)
      }
    }
  }

  /// What waits in memory is bounded; the rest waits in the store, and is counted.
  @Test func moreThanTheBoundWaitsInTheStore() async throws {
    try await StreamStore.with { store in
      let (batches, devices) = (30, 1000)
      for batch in Int64(0)..<Int64(batches) {
        try store.commit((0..<devices).map { window("d\($0)", "s", start: 60_000 * batch) })
      }
      let found = Mutex<(waiting: Int, backlogged: Int)?>(nil)
      try await withScriptedServer({ _ in .silence }) { server in
        _ = try await score(
          store, port: server.port, batch: 10,
          observe: { scorer, event, stop in
            if case .progress(let state) = event {
              found.withLock { $0 = (scorer.waitingRows, state.backloggedWindows) }
            }
            stop.set()
          })
      }
      let state = try #require(found.withLock { $0 })
      // At the bound one batch more may have begun.
      #expect(
        state.waiting >= StreamDefaults.queuedRows - devices
          && state.waiting <= StreamDefaults.queuedRows + devices, "\(state.waiting)")
      #expect(state.backlogged == batches * devices)
    }
  }
}

/// A port of loopback that refuses connections until it is opened.
private final class LateServer: Sendable {
  let port: UInt16
  private let socket: Int32
  private let isOpen = Mutex(false)

  init() throws {
    let socket = Foundation.socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let result = withUnsafeMutablePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(socket, $0, length) == 0 ? getsockname(socket, $0, &length) : -1
      }
    }
    guard socket >= 0, result == 0 else { throw POSIXError(.EADDRNOTAVAIL) }
    self.socket = socket
    port = UInt16(bigEndian: address.sin_port)
  }

  deinit { close(socket) }

  /// Answers the requests of the next connection.
  func open(_ answer: @escaping @Sendable (InferenceRequest) -> [UInt8]) {
    let isFirst = isOpen.withLock { isOpen in
      defer { isOpen = true }
      return !isOpen
    }
    guard isFirst else { return }
    listen(socket, 8)
    Thread.detachNewThread { [socket] in
      let connection = accept(socket, nil, nil)
      guard connection >= 0 else { return }
      defer { close(connection) }
      var bytes: [UInt8] = []
      var buffer = [UInt8](repeating: 0, count: 1 << 16)
      while true {
        let count = recv(connection, &buffer, buffer.count, 0)
        guard count > 0 else { return }
        bytes += buffer.prefix(count)
        guard let request = try? InferenceRequest(bytes: bytes) else { continue }
        bytes = []
        let reply = answer(request)
        _ = reply.withUnsafeBytes { send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
      }
    }
  }
}
