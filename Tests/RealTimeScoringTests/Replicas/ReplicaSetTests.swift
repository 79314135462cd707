import Files
import Foundation
import HTTP
import RealTimeScoring
import Supervision
import TestSupport
import Testing

/// Stand-in replicas behind a real haproxy. Nothing here waits for less than ten minutes.
@Suite(
  .serialized, .timeLimit(.minutes(30)),
  .enabled(if: ReplicaFixture.isMissing == nil, Comment(rawValue: ReplicaFixture.isMissing ?? "")))
struct ReplicaSetTests {
  private func pid(_ answer: FrontClient.Answer) -> Int32? {
    answer.body.firstMatch(of: /"pid": (\d+)/).flatMap { Int32($0.1) }
  }

  private func row(_ replica: Int, _ set: ReplicaSet) async -> HAProxyStatistics.Row? {
    await set.figures().statistics?.replica(replica)
  }

  /// The property that a service with replicas is for.
  @Test func killedReplicasCostNoAcceptedRequest() async throws {
    try await withTemporaryFolder { folder in
      try await ReplicaFixture.with(in: folder, try .fixed(3)) { set, notices in
        let stream = RequestStream(6, to: set.address)
        let kills = 8
        for round in 0..<kills {
          // Every one is up, and clients are being served.
          let before = stream.answered
          try await ReplicaFixture.wait {
            let figures = await set.figures()
            return figures.ready == 3 && figures.statistics?.replicas.allSatisfy(\.isUp) == true
              && stream.answered >= before + 50
          }
          let process = try #require(await set.figures().processes[round % 3 + 1])
          // Every other one has requests that it has not even read.
          if round % 2 == 1 {
            kill(process, SIGSTOP)
            try await ReplicaFixture.wait { await row(round % 3 + 1, set)?.current ?? 0 > 0 }
          }
          kill(process, SIGKILL)
          try await ReplicaFixture.wait { await set.figures().restarts == round + 1 }
        }
        try await ReplicaFixture.wait { await set.figures().ready == 3 }
        await stream.stop()
        #expect(stream.wrong.isEmpty, "\(stream.wrong.first ?? "")")
        #expect(stream.answered >= kills * 50)
        // Some were tried again, or the test has shown nothing.
        let seen = try #require(await set.figures().statistics)
        #expect(seen.backend.map { $0.redispatches + $0.retries } ?? 0 > 0)
        #expect(notices.all.contains("replica 1 was killed: it ended by itself: signal 9"))
        let records = try ReplicaRecord.read("\(folder)/set/replicas.csv")
        #expect(records.count { $0.state == .killed } == kills)
        #expect(ReplicaUsage(records).mostReplicas == 3)
      }
    }
  }

  /// Where the only replica is killed, requests wait for its successor.
  @Test func aRequestWaitsWhileTheOnlyReplicaIsStartedAgain() async throws {
    try await withTemporaryFolder { folder in
      try await ReplicaFixture.with(in: folder, try .fixed(1)) { set, _ in
        let first = try await FrontClient.post("/score", to: set.address).value
        let process = try #require(await set.figures().processes[1])
        #expect(pid(first) == process)
        kill(process, SIGKILL)
        try await ReplicaFixture.wait { await set.figures().restarts == 1 }
        let asked = ContinuousClock.now
        let second = try await FrontClient.post("/score", to: set.address).value
        if second.status == 200 {
          let processes = await set.figures().processes
          #expect(pid(second) != process && pid(second) == processes[1])
        } else {
          // On a machine that is too slow for the successor, it has at least waited.
          #expect(second.status == 503 && ContinuousClock.now - asked >= .seconds(3))
        }
      }
    }
  }

  @Test func replicasComeWithTheLoadAndGoAfterIt() async throws {
    try await withTemporaryFolder { folder in
      try AtomicFile.write("", to: "\(folder)/a")
      try await ReplicaFixture.with(
        in: folder, try ReplicaScale(minInstances: 1, maxInstances: 3), arguments: ["--hold", folder],
        change: { $0.scaleDownTime = .seconds(1) }
      ) { set, notices in
        #expect(await set.figures().ready == 1)
        let held = (1...5).map { FrontClient.post("/score/\($0)/hold/a", to: set.address) }
        try await ReplicaFixture.wait { await set.figures().ready == 3 }
        try FileManager.default.removeItem(atPath: "\(folder)/a")
        for request in held { #expect(try await request.value.status == 200) }
        try await ReplicaFixture.wait {
          let figures = await set.figures()
          return figures.ready == 1 && figures.processes.count == 1
        }
        let figures = await set.figures()
        #expect(figures.most == 3 && figures.wanted == 1 && figures.restarts == 0)
        #expect(figures.processes.keys.sorted() == [1])
        let states = try ReplicaRecord.read("\(folder)/set/replicas.csv").filter { $0.replica == 3 }.map(
          \.state)
        #expect(states == [.starting, .ready, .draining, .gone])
        // On a slow machine the second one is wanted before the third, of a part of the requests.
        let isSaid = notices.all.contains { notice in
          [1, 2].contains { notice.hasPrefix("3 replicas are wanted instead of \($0): the utilization was ") }
        }
        #expect(isSaid, "\(notices.all)")
      }
    }
  }

  @Test func aReplicaThatGoesAnswersWhatItHas() async throws {
    try await withTemporaryFolder { folder in
      for file in ["a", "b"] { try AtomicFile.write("", to: "\(folder)/\(file)") }
      let scale = try ReplicaScale(minInstances: 1, maxInstances: 2, requestsAtATime: 4)
      try await ReplicaFixture.with(
        in: folder, scale, arguments: ["--hold", folder], change: { $0.scaleDownTime = .seconds(1) }
      ) { set, _ in
        // Seven are as many as a replica is given, and so the eighth goes to the second one.
        let first = (1...7).map { FrontClient.post("/score/\($0)/hold/a", to: set.address) }
        try await ReplicaFixture.wait { await row(2, set)?.isUp == true }
        try await ReplicaFixture.wait { await row(1, set)?.current == 7 }
        let last = FrontClient.post("/score/8/hold/b", to: set.address)
        try await ReplicaFixture.wait { await row(2, set)?.current == 1 }
        let process = await set.figures().processes[2]
        try FileManager.default.removeItem(atPath: "\(folder)/a")
        for request in first { #expect(try await request.value.status == 200) }
        try await ReplicaFixture.wait { await row(2, set)?.status.hasPrefix("DRAIN") == true }
        // What comes meanwhile goes to the other one.
        #expect(pid(try await FrontClient.post("/score/9", to: set.address).value) != process)
        #expect(await set.figures().draining == 1)
        try FileManager.default.removeItem(atPath: "\(folder)/b")
        let answer = try await last.value
        #expect(answer.status == 200 && pid(answer) == process)
        try await ReplicaFixture.wait { await set.figures().processes.count == 1 }
      }
    }
  }

  @Test func stoppingAnswersWhatWasAcceptedAndLeavesNothing() async throws {
    try await withTemporaryFolder { folder in
      try AtomicFile.write("", to: "\(folder)/a")
      try await ReplicaFixture.with(
        in: folder, try .fixed(2), arguments: ["--hold", folder], change: { $0.stopDeadline = .seconds(600) }
      ) { set, _ in
        // A connection that is kept, and has nothing to ask.
        let idle = FrontClient(set.address)
        #expect(try idle.post("/score").status == 200)
        let held = FrontClient.post("/score/hold/a", to: set.address)
        try await ReplicaFixture.wait { await set.figures().statistics?.inFlight == 1 }
        let stopping = Task { await set.stop() }
        try await ReplicaFixture.wait {
          (try? await FrontClient.post("/score", to: set.address).value) == nil
        }
        #expect(try Processes.naming(folder).count == 3)
        try FileManager.default.removeItem(atPath: "\(folder)/a")
        #expect(try await held.value.status == 200)
        await stopping.value
        #expect(try Processes.naming(folder).isEmpty)
        let left = try FileManager.default.contentsOfDirectory(atPath: "\(folder)/set").sorted()
        #expect(left == ["haproxy.cfg", "logs", "replicas.csv"])
        #expect(!FileManager.default.fileExists(atPath: "\(folder)/front"))
        let records = try ReplicaRecord.read("\(folder)/set/replicas.csv")
        #expect(records.suffix(2).allSatisfy { $0.state == .gone })
      }
    }
  }

  @Test func whatDoesNotEndIsKilled() async throws {
    try await withTemporaryFolder { folder in
      try AtomicFile.write("", to: "\(folder)/a")
      let flag = StopFlag()
      try await ReplicaFixture.with(
        in: folder, try .fixed(1), arguments: ["--deaf", "--hold", folder],
        change: { $0.stopDeadline = .seconds(5) }
      ) { set, _ in
        let held = FrontClient.post("/score/hold/a", to: set.address)
        try await ReplicaFixture.wait { await set.figures().statistics?.inFlight == 1 }
        flag.set()
        try await set.run(until: flag)
        #expect(try Processes.naming(folder).isEmpty)
        #expect((try? await held.value.status) != 200)
        let last = try ReplicaRecord.read("\(folder)/set/replicas.csv").last
        #expect(last?.state == .killed && last?.reason == "it did not end within 1 s")
      }
    }
  }

  @Test func haproxyIsStartedAgainToo() async throws {
    try await withTemporaryFolder { folder in
      try await ReplicaFixture.with(in: folder, try .fixed(2)) { set, notices in
        let front = try #require(await set.frontProcess)
        kill(front, SIGKILL)
        try await ReplicaFixture.wait {
          guard let now = await set.frontProcess, now != front else { return false }
          return (try? await FrontClient.post("/score", to: set.address).value.status) == 200
        }
        try await ReplicaFixture.wait { await set.figures().statistics?.replicas.allSatisfy(\.isUp) == true }
        #expect(await set.figures().restarts == 0)
        #expect(notices.all.contains("haproxy has ended by itself (signal 9), and is started again"))
      }
    }
  }

  @Test func aCommandThatCannotWorkIsSaid() async throws {
    try await withTemporaryFolder { folder in
      let settings = ReplicaFixture.settings(in: folder, try .fixed(2), arguments: ["--broken"])
      let error = await #expect(throws: ReplicaError.self) { try await ReplicaSet.start(settings) { _ in } }
      #expect(error?.exitStatus == .unavailable)
      let words = "has ended 3 times before it was ready: exit code 1; its log is \(folder)/set/logs/replica-"
      #expect(error?.description.contains(words) == true, "\(error?.description ?? "")")
      #expect(try TextFile.text(of: "\(folder)/set/logs/replica-1.log").contains("this model cannot be read"))
      #expect(try Processes.naming(folder).isEmpty)
      #expect(!FileManager.default.fileExists(atPath: "\(folder)/set/sockets"))
    }
  }

  @Test func aTakenPortIsSaid() async throws {
    try await withTemporaryFolder { folder in
      try await ReplicaFixture.with(
        in: "\(folder)", try .fixed(1),
        change: { $0.listen = ListenAddress(.network(host: "127.0.0.1", port: 0)) }
      ) { set, _ in
        #expect(try await FrontClient.post("/score", to: set.address).value.status == 200)
        var second = ReplicaFixture.settings(in: "\(folder)/second", try .fixed(1))
        second.listen = set.address
        let error = await #expect(throws: ReplicaError.self) { try await ReplicaSet.start(second) { _ in } }
        #expect(
          error?.description.contains("cannot bind socket (Address already in use)") == true,
          "\(error?.description ?? "")")
      }
    }
  }

  /// Two sets, one of them in a folder whose sockets would have too long paths.
  @Test func setsDoNotDisturbEachOther() async throws {
    try await withTemporaryFolder { folder in
      let deep = folder + "/" + String(repeating: "x", count: 100)
      try Folder.make(deep)
      try await ReplicaFixture.with(in: folder, try .fixed(1)) { one, _ in
        try await ReplicaFixture.with(
          in: deep, try .fixed(1), change: { $0.listen = ListenAddress(.socketFile("\(folder)/other")) }
        ) { other, _ in
          let pids = (
            pid(try await FrontClient.post("/score", to: one.address).value),
            pid(try await FrontClient.post("/score", to: other.address).value)
          )
          let processes = await (one.figures().processes, other.figures().processes)
          #expect(pids.0 == processes.0[1] && pids.1 == processes.1[1])
          // The same folder, and the same socket, are refused.
          var third = ReplicaFixture.settings(in: folder, try .fixed(1))
          var error = await #expect(throws: ReplicaError.self) { try await ReplicaSet.start(third) { _ in } }
          #expect(error?.description == "replicas run in the folder \(folder)/set already")
          third.folder = "\(folder)/third"
          error = await #expect(throws: ReplicaError.self) { try await ReplicaSet.start(third) { _ in } }
          #expect(error?.description == "somebody listens on unix:\(folder)/front already")
        }
        #expect(try await FrontClient.post("/score", to: one.address).value.status == 200)
      }
    }
  }

  @Test func controlErrorsAreSaid() async throws {
    try await withTemporaryFolder { folder in
      try await ReplicaFixture.with(in: folder, try .fixed(1)) { set, _ in
        let control = HAProxyControl(socket: "\(folder)/set/sockets/control")
        let seen = try await control.statistics()
        #expect(seen.replicas.map(\.name) == ["r1"])
        let refused = await #expect(throws: HAProxyError.self) { try await control.set(2, .ready) }
        #expect(
          refused == .refused(command: "set server replicas/r2 state ready", answer: "No such server.\n\n"))
        let nobody = HAProxyControl(socket: "\(folder)/nobody")
        let error = await #expect(throws: HAProxyError.self) { _ = try await nobody.statistics() }
        #expect(error?.description == "haproxy cannot be asked: \(folder)/nobody: No such file or directory")
      }
    }
  }
}
