import Files
import Foundation
import HTTPLoad
import Histogram
import Supervision
import Synchronization
import TestSupport
import Testing

/// Loads on a server that answers as each test wants. Nothing here depends on how fast the machine is: what is demanded are kinds and ratios.
@Suite(.timeLimit(.minutes(30))) struct LoadGeneratorTests {
  /// The figures of a load.
  private typealias Load = (report: LoadReport, outcome: LoadOutcome)

  private static let answers: ScriptedServer.Script = { request in
    .bytes(ScriptedServer.answer(ScriptedServer.inference(request.id)))
  }

  /// Runs a load at equal gaps on a thread of its own, because it blocks, and tests share few threads.
  private func load(
    _ server: ScriptedServer, rate: Double = 200, seconds: Int = 1, connections: Int = 4, rows: Int = 1,
    timeout: Duration = .seconds(60), socket: String? = nil, stop: StopFlag = StopFlag()
  ) async throws -> Load {
    let target = try LoadTarget(
      "http://127.0.0.1:\(max(1, server.port))/v2/models/m/infer", socket: socket)
    let plan = try ArrivalPlan(
      [ArrivalPlan.Stage(rate: rate, duration: .seconds(seconds))], spacing: .even, seed: 1)
    let requests = try RequestWriter(
      .rows(.madeUp(width: 3, seed: 1), perRequest: rows, .oip, isBinary: false), to: target, session: "t")
    let address = try #require(try LoadAddress.all(of: target.place).first)
    let outcome: LoadOutcome = try await withCheckedThrowingContinuation { continuation in
      Thread.detachNewThread {
        continuation.resume(
          with: Result {
            try LoadGenerator(plan, requests, to: address, connections: connections, timeout: timeout)
              .run(until: stop)
          })
      }
    }
    let setting = LoadReport.Setting(
      target: target, plan: plan, requests: requests, connections: connections)
    return (LoadReport(outcome, of: setting), outcome)
  }

  @Test func everyRequestHasItsAnswer() async throws {
    try await withScriptedServer(Self.answers) { server in
      let (report, outcome) = try await load(server, rows: 5)
      #expect(report.requests == 200 && report.answered == 200 && report.errors == 0 && report.rejected == 0)
      #expect(report.rows == 1000 && report.complete && report.unfinished == 0)
      #expect(Set(server.requests.map(\.id)).count == 200)
      #expect(server.connections == 4 && report.reopened == 0 && report.resent == 0)
      #expect(report.offeredPerSecond == 200)
      // Latency counts from before the send.
      let (latency, service) = (try #require(report.latencyMs.p50), try #require(report.serviceTimeMs.p50))
      #expect(latency >= service * 0.99 && report.latencyMs.p999 == nil)
      #expect(outcome.account.timeline.reduce(0) { $0 + $1.planned } == 200)
      #expect(outcome.account.timeline.reduce(0) { $0 + $1.answered } == 200)
      #expect(LoadReportFiles.timeline(outcome.account).split(separator: "\n").count > 1)
    }
  }

  /// What a scenario reads is what the load has written.
  @Test func aReportIsReadAsItWasWritten() async throws {
    try await withTemporaryFolder { folder in
      try await withScriptedServer(Self.answers) { server in
        let (report, outcome) = try await load(server, rate: 50)
        try LoadReportFiles(folder: "\(folder)/load").write(report, outcome.account)
        let read = try JSONFile.read(LoadReport.self, "\(folder)/load/load.json")
        #expect(read.requests == 50 && read.answered == 50 && read.errorsByKind == report.errorsByKind)
        #expect(read.latencyMs.p99 == report.latencyMs.p99 && read.latencyMs.p999 == nil)
        #expect(read.planKept == report.planKept && read.missed == report.missed)
        #expect(read.cpuUsPerRequest == nil && read.stages.map(\.requests) == [50])
      }
    }
  }

  @Test func aSocketFileIsAsGood() async throws {
    try await withTemporaryFolder { folder in
      try await withScriptedServer(socket: "\(folder)/s", Self.answers) { server in
        let (report, _) = try await load(server, socket: "\(folder)/s")
        #expect(report.answered == 200 && report.errors == 0)
      }
    }
  }

  /// The server stands still for half a second, once. Two connections meet that, and a hundred requests that are due meanwhile.
  @Test func aStallShowsInTheLatencyFromThePlannedSendAlone() async throws {
    let stall = Mutex(false)
    try await withScriptedServer { request in
      stall.withLock { hasStalled in
        if request.number >= 100, !hasStalled {
          hasStalled = true
          Thread.sleep(forTimeInterval: 0.5)
        }
      }
      return Self.answers(request)
    } _: { server in
      let (report, _) = try await load(server, seconds: 3, connections: 2)
      #expect(report.answered == 600 && report.errors == 0)
      let (latency, service) = (report.latencyMs, report.serviceTimeMs)
      // One request in a hundred are six; they were due in the first thirty milliseconds of the stall.
      #expect(try #require(latency.p99) >= 400)
      #expect(try #require(service.p90) < #require(latency.p99) / 2)
      #expect(report.waited > 50)
    }
  }

  @Test func answersToOthersAreErrorsOfTheirOwnKind() async throws {
    try await withScriptedServer { request in
      .bytes(ScriptedServer.answer(ScriptedServer.inference(request.number % 10 == 0 ? "t-x" : request.id)))
    } _: { server in
      let (report, _) = try await load(server)
      #expect(report.errorsByKind.wrongId == 20 && report.errors == 20 && report.answered == 180)
    }
  }

  @Test(arguments: ["503 Service Unavailable", "429 Too Many Requests"])
  func whatIsTurnedAwayIsNoError(status: String) async throws {
    try await withScriptedServer { request in
      request.number % 2 == 0
        ? .bytes(ScriptedServer.answer("{}", status: status, headers: ["Retry-After: 1"]))
        : Self.answers(request)
    } _: { server in
      let (report, outcome) = try await load(server)
      #expect(report.rejected == 100 && report.answered == 100 && report.errors == 0)
      #expect(outcome.account.all.latency.totalCount == 100)
    }
  }

  @Test func otherStatusesAreErrors() async throws {
    try await withScriptedServer { request in
      request.number % 4 == 0 ? .bytes(ScriptedServer.answer("{}", status: "500 Oh")) : Self.answers(request)
    } _: { server in
      let (report, _) = try await load(server)
      #expect(report.statuses == ["500": 50] && report.errorsByKind.status == 50)
    }
  }

  @Test func connectionsThatEndBehindEachAnswerAreOpenedAgain() async throws {
    try await withScriptedServer { request in
      .lastBytes(
        ScriptedServer.answer(ScriptedServer.inference(request.id), headers: ["Connection: close"]))
    } _: { server in
      let (report, _) = try await load(server, rate: 100)
      #expect(report.answered == 100 && report.errors == 0 && report.resent == 0)
      #expect(report.reopened >= 96)
      #expect(server.requests.allSatisfy { $0.numberInConnection == 0 })
    }
  }

  @Test func aConnectionThatIsClosedUnderARequestIsTriedAgainOnce() async throws {
    let hasClosed = Mutex(false)
    try await withScriptedServer { request in
      let closes = hasClosed.withLock { hasClosed in
        guard request.numberInConnection > 0, !hasClosed else { return false }
        hasClosed = true
        return true
      }
      return closes ? .lastBytes([]) : Self.answers(request)
    } _: { server in
      let (report, _) = try await load(server, rate: 50, connections: 2)
      #expect(report.answered == 50 && report.errors == 0)
      #expect(report.resent == 1 && server.requests.count == 51)
      // The same request, with the same id.
      #expect(Set(server.requests.map(\.id)).count == 50)
    }
  }

  @Test func halfAnAnswerIsNoAnswer() async throws {
    try await withScriptedServer { request in
      let whole = ScriptedServer.answer(ScriptedServer.inference(request.id))
      return request.number % 5 == 4 ? .lastBytes(Array(whole.dropLast(10))) : .bytes(whole)
    } _: { server in
      let (report, _) = try await load(server, rate: 100)
      #expect(report.errorsByKind.connection == 20 && report.errors == 20 && report.answered == 80)
      #expect(report.resent == 0 && server.requests.count == 100)
    }
  }

  @Test func whatIsNeverAnsweredRunsOutOfTime() async throws {
    try await withScriptedServer { _ in
      .silence
    } _: { server in
      let (report, _) = try await load(server, rate: 20, connections: 4, timeout: .milliseconds(300))
      #expect(report.answered == 0 && report.errors == 20)
      // Where no connection is free in time, they run out of time as well.
      #expect(report.errorsByKind.timeout + report.errorsByKind.connection == 20)
      #expect(report.errorsByKind.timeout >= 4)
      #expect(try #require(report.latencyMs.p50) >= 299)
      #expect(report.serviceTimeMs.p50 == nil && report.achievedPerSecond == 0)
    }
  }

  @Test func whatIsNoAnswerOfTheProtocolIsUnreadable() async throws {
    try await withScriptedServer { request in
      switch request.number % 4 {
      case 0: .bytes(ScriptedServer.answer("hello"))
      case 1: .bytes(Array("SSH-2.0-OpenSSH_9.2p1\r\n".utf8))
      default: Self.answers(request)
      }
    } _: { server in
      let (report, _) = try await load(server, rate: 100)
      #expect(report.errorsByKind.unreadable == 50 && report.errors == 50 && report.answered == 50)
    }
  }

  @Test func chunkedAnswersAndInterimOnesAreRead() async throws {
    try await withScriptedServer { request in
      let body = ScriptedServer.inference(request.id)
      let (first, second) = (body.prefix(7), body.dropFirst(7))
      let text =
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        + "7\r\n\(first)\r\n\(String(second.utf8.count, radix: 16))\r\n\(second)\r\n0\r\n\r\n"
      return .bytes(Array(text.utf8))
    } _: { server in
      let (report, _) = try await load(server, rate: 100)
      #expect(report.answered == 100 && report.errors == 0 && server.connections == 4)
    }
  }

  @Test func aLoadThatIsStoppedTellsWhatItHas() async throws {
    let stop = StopFlag()
    try await withScriptedServer { request in
      if request.number == 20 { stop.set() }
      return Self.answers(request)
    } _: { server in
      let (report, _) = try await load(server, rate: 50, seconds: 3600, stop: stop)
      #expect(!report.complete && report.answered > 20 && report.errors == 0)
      #expect(report.answered + report.unfinished == report.requests && report.requests < 50_000)
      #expect(report.seconds < 3600)
    }
  }

  @Test func whereNobodyListensThatIsSaid() throws {
    let target = try LoadTarget("http://x/score", socket: "/nonexistent/socket")
    let error = #expect(throws: HTTPLoadError.self) {
      try LoadAddress.listening(LoadAddress.all(of: target.place), target, within: .seconds(5))
    }
    #expect(error?.exitStatus == .unavailable)
    #expect(error?.description.contains("/nonexistent/socket") ?? false)
  }

  @Test func requestsAreLargerThanASocketTakesAtOnce() async throws {
    try await withScriptedServer(Self.answers) { server in
      let (report, _) = try await load(server, rate: 4, rows: 20_000)
      #expect(report.answered == 4 && report.errors == 0)
      #expect(server.requests.allSatisfy { $0.body.count > 1_000_000 })
    }
  }
}
