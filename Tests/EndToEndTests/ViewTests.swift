import Files
import Foundation
import Supervision
import Synchronization
import TestSupport
import Testing

/// Live pages of real runs.
@Suite(.serialized, .timeLimit(.minutes(30))) struct ViewTests {
  /// A page that somebody has the address of.
  private struct Page: Sendable {
    let port: Int

    /// - Parameter text: A text with the address in it.
    init?(in text: String) {
      guard let match = text.firstMatch(of: #/http://127\.0\.0\.1:(\d+)//#), let port = Int(match.1) else {
        return nil
      }
      self.port = port
    }

    private func open(_ path: String) throws -> RawClient {
      let client = try RawClient(port: port)
      client.send("GET \(path) HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\nConnection: close\r\n\r\n")
      return client
    }

    func ask(_ path: String) async throws -> RawClient.Response {
      try await onThread { try open(path).response() }
    }

    func state() async throws -> [String: Any] {
      try #require(
        try JSONSerialization.jsonObject(with: Data(try await ask("/state.json").body)) as? [String: Any])
    }

    /// Asks every second until `flag` is set. A page that nobody has asked for a minute leaves, and on a busy machine the next
    /// step of a test may come later than that.
    func keep(until flag: StopFlag) {
      Thread.detachNewThread {
        let deadline = ContinuousClock.now + .seconds(1800)
        while !flag.isSet, ContinuousClock.now < deadline {
          _ = try? open("/state.json").response()
          Thread.sleep(forTimeInterval: 1)
        }
      }
    }

    /// The whole of a stream; empty where the run was over. `begun` is called when its first bytes have come.
    func stream(begun: @escaping @Sendable () -> Void) async throws -> (text: String, isWhole: Bool) {
      try await onThread {
        let opened = Result { () throws -> (RawClient, RawClient.Response) in
          let client = try open("/events")
          return (client, try client.response())
        }
        // Also where it failed: somebody waits for all to have come.
        begun()
        let (client, head) = try opened.get()
        guard head.status == 200 else { return ("", false) }
        return ChunkedBody.text(client.rest())
      }
    }
  }

  /// A program that a test has started, with what it says.
  private final class Program: Sendable {
    let service: Service
    let errors: String
    private let output = Mutex("")

    init(_ arguments: [String], errors: String, environment: [String: String] = [:]) async throws {
      self.errors = errors
      service = try await Service.start(
        name: "sonde", executable: SondeProgram.path, arguments: arguments, log: errors,
        environment: environment)
      let lines = service.lines
      Task { for await line in lines { self.output.withLock { $0 += line + "\n" } } }
    }

    var said: String { output.withLock { $0 } + ((try? TextFile.text(of: errors)) ?? "") }

    /// Waits for the address, on a thread of its own: tasks wait for each other on a busy machine.
    ///
    /// - Parameters:
    ///   - flag: Until it is set, the page is asked from the moment on at which it is there.
    ///   - signal: Sent to the program as soon as the address is there.
    func page(keptUntil flag: StopFlag, thenSend signal: Int32? = nil) async throws -> Page {
      try await onThread {
        let deadline = ContinuousClock.now + .seconds(600)
        while ContinuousClock.now < deadline {
          let hasEnded = [nil, "Z"].contains(Processes.state(of: self.service.processID))
          if let page = Page(in: self.said) {
            page.keep(until: flag)
            if let signal { self.service.send(signal: signal) }
            return page
          }
          guard !hasEnded else { break }
          Thread.sleep(forTimeInterval: 0.01)
        }
        throw RawClient.Broken(description: "no address: \(self.said)")
      }
    }
  }

  /// How many watch.
  private final class Watchers: Sendable {
    private let number = Mutex(0)

    var count: Int { number.withLock { $0 } }

    @Sendable func add() { number.withLock { $0 += 1 } }
  }

  /// The processes `sonde view` of `folder`.
  private static func viewers(of folder: String) -> [Int32] {
    (try? Processes.all())?.filter { id in
      let words = Processes.commandLine(of: id)
      return words.contains("view") && words.contains(Substring(folder)) && Processes.state(of: id) != "Z"
    } ?? []
  }

  /// The busier the machine, the later somebody comes to watch, and the longer the run must be.
  @Test func aRunIsWatchedAndComesToTheSame() async throws {
    for devices in [4, 16, 64, 256] {
      if try await isWatched(devices: devices) { return }
    }
    Issue.record("every run was over before anybody could watch it")
  }

  /// Whether somebody came in time to watch a run of so many devices; then it is held to one that nobody watched.
  private func isWatched(devices: Int) async throws -> Bool {
    try await withTemporaryFolder { folder in
      let scenario =
        ["run", "\(SondeProgram.packageRoot)/Scenarios/quickstart.yaml"] + smallScenario + [
          "--set", "fleet[0].count=\(devices)", "--set",
          "faults=[{ at: 2h, pause: ingestion, for: 3s }]",
        ]
      let run = "\(folder)/run"
      let program = try await Program(scenario + ["--out", run, "--view"], errors: "\(folder)/errors")
      defer { for id in Self.viewers(of: run) { kill(id, SIGKILL) } }
      // The run stands still until all have come, so that it cannot be over before.
      let kept = StopFlag()
      defer { kept.set() }
      let page = try await program.page(keptUntil: kept, thenSend: SIGSTOP)
      let beside = try await Program(["view", run], errors: "\(folder)/beside")
      let second = try await beside.page(keptUntil: kept)
      #expect(second.port != page.port)
      let html = try await page.ask("/")
      #expect(html.status == 200 && html.text.hasPrefix("<!DOCTYPE html>"))
      let begun = Watchers()
      async let first = page.stream(begun: begun.add)
      async let another = page.stream(begun: begun.add)
      async let third = second.stream(begun: begun.add)
      while begun.count < 3 { try await Task.sleep(for: .milliseconds(10)) }
      program.service.send(signal: SIGCONT)
      let streams = try await [first, another, third]
      // Nobody waits for those who watch: the run has ended, and its page is still there.
      let exit = try await program.service.exit()
      #expect(exit == .exited(code: 0), "\(program.said)")
      guard streams.allSatisfy({ !$0.text.isEmpty }) else {
        try await beside.service.stop(grace: .seconds(600))
        return false
      }
      let ends = try streams.map { stream in
        #expect(stream.isWhole && stream.text.hasPrefix("retry: "))
        let end = stream.text.components(separatedBy: "event: end\n").last
        return try #require(end?.firstMatch(of: /data: (.*)\n/)?.1)
      }
      for end in ends {
        let last = try #require(
          try JSONSerialization.jsonObject(with: Data(end.utf8)) as? [String: Any])
        #expect((last["end"] as? [String: Any])?["verdict"] as? String == "passed")
        #expect((last["point"] as? [Double])?[2] == Double(2160 * devices))
        #expect((last["faults"] as? [[Any]])?.first?[1] is String, "the fault has happened: \(end)")
        #expect(((last["jobs"] as? [String: Any])?["completed"] as? Int ?? 0) > 0)
      }
      #expect(try await page.ask("/events").status == 204)
      #expect((try await page.state()["devices"] as? [String: Any])?["total"] as? Int == devices)
      #expect(try await second.ask("/events").status == 204)
      #expect(try await beside.service.stop(grace: .seconds(600)) == .exited(code: 0))
      // The files are what they are without anybody who watches, to the digest of each.
      let alone = try await SondeProgram.run(scenario + ["--out", "\(folder)/alone"])
      #expect(alone.status == 0, "\(alone.errors)")
      #expect(try Remains(of: run) == Remains(of: "\(folder)/alone"))
      let verified = try await SondeProgram.run(["verify", run])
      #expect(verified.status == 0, "\(verified.output)\(verified.errors)")
      #expect(Self.viewers(of: run).count == 1)
      return true
    }
  }

  @Test func aPageOfAFinishedRunShowsItsLastState() async throws {
    try await withTemporaryFolder { folder in
      let outcome = try await SondeProgram.run(
        ["run", "\(SondeProgram.packageRoot)/Scenarios/quickstart.yaml", "--out", "\(folder)/run"]
          + smallScenario)
      #expect(outcome.status == 0)
      // A browser that only notes what it is to open.
      try "#!/bin/sh\necho \"$1\" > \(folder)/opened.part\nmv \(folder)/opened.part \(folder)/opened\n"
        .write(toFile: "\(folder)/xdg-open", atomically: true, encoding: .utf8)
      chmod("\(folder)/xdg-open", 0o755)
      let program = try await Program(
        ["view", "\(folder)/run", "--open"], errors: "\(folder)/errors",
        environment: ["PATH": "\(folder):\(ProcessInfo.processInfo.environment["PATH"] ?? "")"])
      let kept = StopFlag()
      defer { kept.set() }
      let page = try await program.page(keptUntil: kept)
      while try await page.ask("/events").status != 204 { try await Task.sleep(for: .milliseconds(20)) }
      let state = try await page.state()
      #expect((state["state"] as? [String: Any])?["phase"] as? String == "ended")
      let cells = try #require((state["devices"] as? [String: Any])?["cells"] as? [[Any]])
      #expect(cells.count == 4)
      for cell in cells { #expect(cell[2] is Double && cell[4] is Double, "a value and a score: \(cell)") }
      while !FileManager.default.fileExists(atPath: "\(folder)/opened") {
        try await Task.sleep(for: .milliseconds(20))
      }
      #expect(try TextFile.text(of: "\(folder)/opened") == "http://127.0.0.1:\(page.port)/\n")
      #expect(try await program.service.stop(grace: .seconds(600)) == .exited(code: 0))
    }
  }

  @Test func withoutABrowserItIsSaid() async throws {
    try await withTemporaryFolder { folder in
      try FileManager.default.createDirectory(atPath: "\(folder)/run/logs", withIntermediateDirectories: true)
      let program = try await Program(
        ["view", "\(folder)/run", "--open"], errors: "\(folder)/errors", environment: ["PATH": folder])
      let kept = StopFlag()
      defer { kept.set() }
      _ = try await program.page(keptUntil: kept)
      while !program.said.contains("xdg-open") { try await Task.sleep(for: .milliseconds(10)) }
      #expect(program.said.contains("no browser was opened"))
      try await program.service.stop(grace: .seconds(600))
    }
  }

  @Test func whatIsNoRunIsRefused() async throws {
    try await withTemporaryFolder { folder in
      for arguments in [
        [folder], ["\(folder)/none"], ["\(folder)", "--listen", "unix:/tmp/x"],
        ["\(folder)", "--listen", "8080"],
      ] {
        let outcome = try await SondeProgram.run(["view"] + arguments)
        #expect(outcome.status == 64, "\(arguments): \(outcome.errors)")
        #expect(outcome.output.isEmpty && !outcome.errors.isEmpty)
      }
      let scenario = "\(SondeProgram.packageRoot)/Scenarios/quickstart.yaml"
      for arguments in [[scenario, scenario, "--view"], [scenario, "--view", "--seeds", "1..2"]] {
        let outcome = try await SondeProgram.run(["run", "--out", "\(folder)/run"] + arguments)
        #expect(
          outcome.status == 64 && outcome.errors.contains("a live page shows one run"), "\(outcome.errors)")
      }
    }
  }
}

/// Runs `body` on a thread of its own: it waits for sockets, which the threads of tests must not.
private func onThread<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
  try await withCheckedThrowingContinuation { continuation in
    Thread.detachNewThread { continuation.resume(with: Result { try body() }) }
  }
}
